//! What is exposed most: open services by exposure class, and by service and port.

use std::collections::{BTreeSet, HashMap};

use polars::prelude::{col, lit};

use super::{all, counts_by};
use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::ServiceRow;
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Words, words};
use crate::view::View;

pub(super) fn by_class(view: &View) -> Result<Table, ReportError> {
    let frame = || view.frame(ServiceRow::FRAME);
    let n_services = counts_by(frame(), all(), ["class"])?;
    let undeclared = counts_by(frame(), col("declaration").neq(lit("declared")), ["class"])?;
    let new = counts_by(frame(), col("novelty").eq(lit("new")), ["class"])?;
    let units = counts_by(frame(), all(), ["class", "unit"])?;
    let mut places: HashMap<&str, (u64, BTreeSet<u32>)> = HashMap::new();
    for [class, _] in units.keys() {
        places.entry(class).or_default().0 += 1;
    }
    for (row, _) in &view.services {
        places.entry(row.class.as_deref().unwrap_or_default()).or_default().1.insert(row.port);
    }
    let checks: HashMap<&str, _> = view.checks.iter().map(|check| (check.id.as_str(), check)).collect();

    let mut rows: Vec<(u64, Vec<Value>)> = n_services
        .iter()
        .map(|(key, &n)| {
            let [class] = key;
            let check = checks.get(class.as_str());
            let title = match check {
                Some(check) => Words::of(check.title_zh.clone(), check.title_en.clone()),
                None if class.is_empty() => words("其他服务", "Other services"),
                None => Words::of(class.clone(), class.clone()),
            };
            let (n_units, ports) = places.remove(class.as_str()).unwrap_or_default();
            let count = |map: &std::collections::BTreeMap<[String; 1], u64>| {
                Value::Count(map.get(key).copied().unwrap_or(0))
            };
            let row = vec![
                Value::Words(title),
                check.map_or(Value::None, |check| Value::Severity(check.severity)),
                Value::Count(n),
                count(&undeclared),
                count(&new),
                Value::Count(n_units),
                Value::Text(port_list(&ports)),
                Value::Text(class.clone()),
            ];
            (n, row)
        })
        .collect();
    rows.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let table = Table {
        id: "exposures",
        title: words("主要暴露面（按类别）", "Exposures by class"),
        note: None,
        empty: words("没有发现开放的服务。", "No open services were found."),
        columns: vec![
            Column::new("class", "类别", "Class", Kind::Text, 34),
            Column::new("severity", "未备案时级别", "If undeclared", Kind::Severity, 14),
            Column::new("services", "服务数", "Services", Kind::Count, 10),
            Column::new("undeclared", "未备案", "Undeclared", Kind::Count, 11),
            Column::new("new", "新开放", "Newly open", Kind::Count, 11),
            Column::new("units", "涉及单位", "Units", Kind::Count, 10),
            Column::new("ports", "端口", "Ports", Kind::Text, 30),
            Column::new("check", "规则编号", "Check", Kind::Code, 24).off_page(),
        ],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        total: None,
        sheet: "暴露面",
        page_limit: 30,
    };
    Ok(table)
}

pub(super) fn by_port(view: &View) -> Result<Table, ReportError> {
    let mut counts: HashMap<(&str, u32, &str), PortCount<'_>> = HashMap::new();
    for (row, novelty) in &view.services {
        let count = counts.entry((&row.service, row.port, &row.transport)).or_default();
        count.n += 1;
        count.n_undeclared += u64::from(row.declaration != crate::rows::Declaration::Declared);
        count.n_new += u64::from(*novelty == crate::view::Novelty::New);
        count.units.insert(&row.unit);
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.n.cmp(&a.1.n).then(a.0.cmp(&b.0)));
    let row = |((service, port, transport), count): ((&str, u32, &str), PortCount<'_>)| {
        vec![
            Value::Service(service.to_owned()),
            Value::Text(format!("{port}/{transport}")),
            Value::Count(count.n),
            Value::Count(count.n_undeclared),
            Value::Count(count.n_new),
            Value::Count(count.units.len() as u64),
        ]
    };
    Ok(Table {
        id: "ports",
        title: words("主要暴露面（按服务与端口）", "Exposures by service and port"),
        note: None,
        empty: words("没有发现开放的服务。", "No open services were found."),
        columns: vec![
            Column::new("service", "服务", "Service", Kind::Text, 24),
            Column::new("port", "端口", "Port", Kind::Text, 12),
            Column::new("services", "服务数", "Services", Kind::Count, 12),
            Column::new("undeclared", "未备案", "Undeclared", Kind::Count, 12),
            Column::new("new", "新开放", "Newly open", Kind::Count, 12),
            Column::new("units", "涉及单位", "Units", Kind::Count, 12),
        ],
        rows: rows.into_iter().map(row).collect(),
        total: None,
        sheet: "服务端口",
        page_limit: 12,
    })
}

#[derive(Default)]
struct PortCount<'v> {
    n: u64,
    n_undeclared: u64,
    n_new: u64,
    units: BTreeSet<&'v str>,
}

/// The first few ports, and how many more there are.
fn port_list(ports: &BTreeSet<u32>) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = ports.iter().take(SHOWN).map(u32::to_string).collect();
    match ports.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} +{more}", shown.join(", ")),
    }
}
