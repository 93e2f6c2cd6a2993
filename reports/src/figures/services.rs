//! Open services, and declared ones that keep silent.

use std::collections::HashMap;

use super::findings::{address_key, place};
use crate::rows::{Declaration, ServiceRow, SilentRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Term, Words, access_term, term, words};
use crate::view::{Novelty, View};

fn declaration_term(declaration: Declaration) -> Term {
    match declaration {
        Declaration::Declared => term("declared", "已备案", "Declared"),
        Declaration::Undeclared => term("undeclared", "未备案", "Undeclared"),
        Declaration::Expired => term("expired", "备案过期", "Expired"),
        Declaration::Mismatch => term("mismatch", "与备案不符", "Mismatch"),
    }
}

/// What a service says; nothing where it says nothing.
fn said(text: &str) -> Value {
    if text.is_empty() { Value::None } else { Value::Text(text.to_owned()) }
}

pub(super) fn table(view: &View) -> Table {
    let units: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let checks: HashMap<&str, _> = view.checks.iter().map(|check| (check.id.as_str(), check)).collect();
    let mut services: Vec<&(ServiceRow, Novelty)> = view.services.iter().collect();
    services.sort_by_cached_key(|(row, _)| {
        let unit = units.get(row.unit.as_str()).copied().unwrap_or(&row.unit);
        (unit, address_key(&row.addr), row.port, row.transport.as_str())
    });
    let row = |(row, novelty): &(ServiceRow, Novelty)| {
        let class = row.class.as_deref().map(|id| match checks.get(id) {
            Some(check) => Words::of(check.title_zh.clone(), check.title_en.clone()),
            None => Words::of(id.to_owned(), id.to_owned()),
        });
        let product = [row.product.as_deref(), row.version.as_deref()];
        let product = product.into_iter().flatten().collect::<Vec<_>>().join(" ");
        vec![
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::text(&view.system_name(&row.system)),
            Value::Text(place(&row.addr, row.port, &row.transport)),
            Value::Text(row.names.join(", ")),
            Value::Text(row.addr.clone()),
            Value::Number(i64::from(row.port)),
            Value::Service(row.service.clone()),
            said(&product),
            Value::text(&row.tls),
            row.access.map_or(Value::None, |access| Value::Term(access_term(access))),
            Value::Term(declaration_term(row.declaration)),
            Value::Term(novelty.term()),
            said(&row.evidence),
            class.map_or(Value::None, Value::Words),
            row.rtt_us.map_or(Value::None, |rtt| Value::Number(i64::from(rtt))),
            Value::Term(if row.suspect {
                term("suspect", "存疑", "Suspect")
            } else {
                term("open", "开放", "Open")
            }),
            Value::Instant(row.seen_at),
        ]
    };
    Table {
        id: "services",
        title: words("开放服务清单", "Open services"),
        note: None,
        empty: words("没有发现开放的服务。", "No open services were found."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 21),
            Column::new("system", "信息系统", "System", Kind::Text, 20).off_page(),
            Column::new("place", "位置", "Place", Kind::Place, 27),
            Column::new("names", "域名", "Names", Kind::Text, 24).off_page(),
            Column::new("addr", "地址", "Address", Kind::Text, 18).off_page(),
            Column::new("port", "端口", "Port", Kind::Number, 8).off_page(),
            Column::new("service", "服务", "Service", Kind::Text, 14),
            Column::new("product", "产品与版本", "Product", Kind::Text, 16),
            Column::new("tls", "TLS", "TLS", Kind::Text, 11),
            Column::new("access", "鉴别", "Log-in", Kind::Text, 14),
            Column::new("declaration", "备案", "Declaration", Kind::Text, 15),
            Column::new("novelty", "变化", "Change", Kind::Text, 15),
            Column::new("evidence", "首行应答", "First line", Kind::Verbatim, 28),
            Column::new("class", "类别", "Class", Kind::Text, 28).off_page(),
            Column::new("rtt_us", "往返时延（微秒）", "Round trip (us)", Kind::Number, 14).off_page(),
            Column::new("state", "端口状态", "Port state", Kind::Text, 10).off_page(),
            Column::new("seen_at", "探测时间", "Seen at", Kind::Instant, 17).off_page(),
        ],
        rows: services.into_iter().map(row).collect(),
        total: None,
        sheet: "开放服务",
        page_limit: 1000,
    }
}

pub(super) fn silent(view: &View) -> Table {
    let units: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let row = |row: &SilentRow| {
        vec![
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::Text(place(&row.target, row.port, &row.transport)),
            Value::Service(row.service.clone()),
            Value::Text(row.purpose.clone()),
            Value::instant(row.last_seen),
            row.declared_until.map_or(Value::None, Value::Date),
        ]
    };
    Table {
        id: "silent",
        title: words("静默备案服务", "Silent declared services"),
        note: Some(words(
            "已备案但未应答；长期静默的应撤销备案。",
            "Declared and not answering; one that stays silent should be withdrawn.",
        )),
        empty: words("已备案的服务均有应答。", "Every declared service answered."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 26),
            Column::new("place", "位置", "Place", Kind::Place, 26),
            Column::new("service", "服务", "Service", Kind::Text, 12),
            Column::new("purpose", "用途", "Purpose", Kind::Long, 30),
            Column::new("last_seen", "最近应答", "Last answer", Kind::Instant, 17),
            Column::new("declared_until", "备案截止", "Declared until", Kind::Date, 14),
        ],
        rows: view.silent.iter().map(row).collect(),
        total: None,
        sheet: "静默服务",
        page_limit: 200,
    }
}
