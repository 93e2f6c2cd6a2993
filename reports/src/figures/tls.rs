//! TLS servers: how they are graded, and each of them with what keeps its grade down.

use std::collections::{BTreeMap, HashMap};

use model::tls::TlsReached;

use super::findings::{address_key, place};
use crate::rows::{CheckRow, TlsServerRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Words, cap_words, offered_term, reached_term, words};
use crate::view::{GradeLevel, View};

/// Servers by grade, best first, as the scale of their policy has it.
pub(super) fn grades(view: &View) -> Table {
    type Count<'v> = (u64, std::collections::BTreeSet<&'v str>, u64);
    let mut counts: BTreeMap<(u32, &str), Count<'_>> = BTreeMap::new();
    for row in view.tls.iter().filter(|row| row.reached == TlsReached::Tls) {
        let Some(grade) = &row.grade else { continue };
        let count = counts.entry((row.grade_place.unwrap_or(u32::MAX), grade)).or_default();
        count.0 += 1;
        count.1.insert(&row.unit);
        count.2 += u64::from(row.n_critical) + u64::from(row.n_high);
    }
    let row = |((_, grade), (n, units, n_grave)): ((u32, &str), Count<'_>)| {
        vec![
            Value::Text(grade.to_owned()),
            Value::Count(n),
            Value::Count(units.len() as u64),
            Value::Count(n_grave),
        ]
    };
    Table {
        id: "tls-grades",
        title: words("TLS 评级分布", "TLS grades"),
        note: Some(words(
            "评级按所用评级规则给出，由好到差排列；证书不可信的为 T，名称不符的为 M。",
            "By the rules of grading that were used, best first; T is for certificates that aren't trusted, M for names that don't match.",
        )),
        empty: words("没有检测 TLS 服务。", "No TLS server was assessed."),
        columns: vec![
            Column::new("grade", "评级", "Grade", Kind::Text, 12),
            Column::new("servers", "服务器", "Servers", Kind::Count, 12),
            Column::new("units", "涉及单位", "Units", Kind::Count, 12),
            Column::new("grave", "超危与高危问题", "Critical and high faults", Kind::Count, 20),
        ],
        rows: counts.into_iter().map(row).collect(),
        total: None,
        sheet: "TLS评级",
        page_limit: usize::MAX,
    }
}

pub(super) fn table(view: &View) -> Table {
    let units: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let checks: HashMap<&str, &CheckRow> =
        view.checks.iter().map(|check| (check.id.as_str(), check)).collect();
    let mut servers: Vec<&TlsServerRow> = view.tls.iter().collect();
    // The worst first; what couldn't be told last.
    servers.sort_by_cached_key(|row| {
        let grade = row.grade_place.filter(|_| row.reached == TlsReached::Tls);
        let graves = std::cmp::Reverse((row.n_critical, row.n_high, row.n_medium, row.n_low));
        (
            grade.is_none(),
            std::cmp::Reverse(grade),
            graves,
            address_key(&row.addr),
            row.port,
            row.server_name.clone(),
        )
    });
    let row = |row: &TlsServerRow| {
        let is_tls = row.reached == TlsReached::Tls;
        let count = |n: u32| if is_tls { Value::Count(u64::from(n)) } else { Value::None };
        vec![
            Value::text(&row.grade),
            Value::Text(place(&row.addr, row.port, "tcp")),
            Value::text(&row.server_name),
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::text(&view.system_name(&row.system)),
            if row.versions.is_empty() {
                Value::Term(reached_term(row.reached))
            } else {
                Value::Text(row.versions.join(", "))
            },
            if is_tls { Value::Term(offered_term(row.tlcp)) } else { Value::None },
            if row.caps.is_empty() { Value::None } else { Value::Words(caps(row, &checks)) },
            count(row.n_critical),
            count(row.n_high),
            count(row.n_medium),
            count(row.n_low),
            row.not_after.map_or(Value::None, Value::Instant),
            row.score.map_or(Value::None, |score| Value::Number(i64::from(score))),
            Value::text(&row.start_tls),
            Value::Term(reached_term(row.reached)),
            Value::Term(GradeLevel::of(row).term()),
            Value::Instant(row.assessed_at),
            Value::Text(row.run.clone()),
        ]
    };
    let faults = |column: Column| column.under("问题", "Faults");
    Table {
        id: "tls",
        title: words("TLS 服务器", "TLS servers"),
        note: Some(words(
            "每台以最近一次能够判定的检测为准，评级差的在前；限于一栏说明评级不能更高的原因。",
            "Each by the newest assessment that could tell, worst first; \"capped by\" says what keeps the grade from being better.",
        )),
        empty: words("没有检测 TLS 服务。", "No TLS server was assessed."),
        columns: vec![
            Column::new("grade", "评级", "Grade", Kind::Text, 8),
            Column::new("place", "位置", "Place", Kind::Place, 24),
            Column::new("server_name", "服务器名", "Server name", Kind::Text, 27),
            Column::new("unit", "单位", "Unit", Kind::Text, 22),
            Column::new("system", "信息系统", "System", Kind::Text, 20).off_page(),
            Column::new("versions", "版本", "Versions", Kind::Text, 18),
            Column::new("tlcp", "国密 TLCP", "TLCP", Kind::Text, 12),
            Column::new("caps", "限于", "Capped by", Kind::Long, 34),
            faults(Column::new("critical", "超危", "Crit.", Kind::Count, 7)),
            faults(Column::new("high", "高危", "High", Kind::Count, 7)),
            faults(Column::new("medium", "中危", "Med.", Kind::Count, 7)),
            faults(Column::new("low", "低危", "Low", Kind::Count, 7)),
            Column::new("not_after", "证书到期", "Certificate ends", Kind::Date, 14),
            Column::new("score", "分数", "Score", Kind::Number, 8).off_page(),
            Column::new("start_tls", "先行明文协议", "STARTTLS", Kind::Text, 12).off_page(),
            Column::new("reached", "结论", "Outcome", Kind::Text, 16).off_page(),
            Column::new("level", "档次", "Level", Kind::Text, 10).off_page(),
            Column::new("assessed_at", "检测时间", "Assessed at", Kind::Instant, 17).off_page(),
            Column::new("run", "任务编号", "Run", Kind::Code, 38).off_page(),
        ],
        rows: servers.into_iter().map(row).collect(),
        total: None,
        sheet: "TLS服务器",
        page_limit: 300,
    }
}

/// Each cap with what it is for, for example `T：证书不受信任`.
fn caps(row: &TlsServerRow, checks: &HashMap<&str, &CheckRow>) -> Words {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for cap in &row.caps {
        let (grade, because) = cap.split_once(' ').unwrap_or(("", cap));
        let words = match checks.get(because) {
            Some(check) => Words::of(check.title_zh.clone(), check.title_en.clone()),
            None => cap_words(because),
        };
        zh.push(format!("{grade}：{}", words.zh));
        en.push(format!("{grade}: {}", words.en));
    }
    Words::of(zh.join("；"), en.join("; "))
}
