//! Certificates by the time that is left to them.

use std::collections::HashMap;

use super::findings::place;
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Term, term, words};
use crate::view::{Certificate, View};

fn state(days_left: i64) -> Term {
    match days_left {
        ..0 => term("expired", "已过期", "Expired"),
        0..=7 => term("within-7", "7 天内", "7 days"),
        8..=30 => term("within-30", "30 天内", "30 days"),
        31..=90 => term("within-90", "90 天内", "90 days"),
        91.. => term("valid", "有效", "Valid"),
    }
}

pub(super) fn table(view: &View) -> Table {
    let units: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let row = |certificate: &Certificate| {
        let row = &certificate.row;
        let kind = if row.self_signed {
            term("self-signed", "自签名", "Self-signed")
        } else {
            term("issued", "机构签发", "Issued")
        };
        vec![
            Value::Term(state(certificate.days_left)),
            Value::Number(certificate.days_left),
            Value::Instant(row.not_after),
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::text(&view.system_name(&row.system)),
            Value::Text(place(&row.addr, row.port, "tcp")),
            Value::Text(certificate.server_names.join(", ")),
            Value::Text(row.subject.clone()),
            Value::Text(row.issuer.clone()),
            Value::Text(row.names.join(", ")),
            Value::Text(row.key.clone()),
            Value::Text(row.signature.clone()),
            Value::Term(kind),
            Value::Instant(row.not_before),
            Value::Text(row.sha256.clone()),
        ]
    };
    Table {
        id: "certificates",
        title: words("证书到期", "Certificates expiring"),
        note: Some(words(
            "按剩余天数排列，自数据截止时刻起计。",
            "Soonest first; days are counted from the instant of the data.",
        )),
        empty: words("没有发现证书。", "No certificates were found."),
        columns: vec![
            Column::new("state", "状态", "State", Kind::Text, 10),
            Column::new("days_left", "剩余天数", "Days left", Kind::Number, 8),
            Column::new("not_after", "到期日", "Ends", Kind::Date, 14),
            Column::new("unit", "单位", "Unit", Kind::Text, 22),
            Column::new("system", "信息系统", "System", Kind::Text, 20).off_page(),
            Column::new("place", "位置", "Place", Kind::Place, 25),
            Column::new("server_names", "请求的名称", "Asked for", Kind::Text, 24).off_page(),
            Column::new("subject", "主体", "Subject", Kind::Verbatim, 33),
            Column::new("issuer", "签发者", "Issuer", Kind::Verbatim, 28),
            Column::new("names", "证书名称", "Names", Kind::Verbatim, 30).off_page(),
            Column::new("key", "公钥", "Key", Kind::Text, 13),
            Column::new("signature", "签名算法", "Signature", Kind::Text, 24).off_page(),
            Column::new("kind", "签发方式", "Signed by", Kind::Text, 12).off_page(),
            Column::new("not_before", "生效日", "Begins", Kind::Date, 12).off_page(),
            Column::new("sha256", "指纹 SHA-256", "Fingerprint SHA-256", Kind::Code, 66).off_page(),
        ],
        rows: view.certificates.iter().map(row).collect(),
        total: None,
        sheet: "证书",
        page_limit: 200,
    }
}
