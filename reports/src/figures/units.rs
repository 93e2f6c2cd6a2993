//! The table by unit: who is in charge, what was reached, what stands open.

use std::collections::HashMap;

use model::severity::Severity;
use polars::prelude::{IntoLazy, col, lit};

use super::{all, counts_by};
use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::{FindingRow, HostRow, ServiceRow, UnitRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::words;
use crate::view::{Movement, Outcome, View};

/// Index of the first column that a probe decides; those before tell what is registered.
const FIRST_RESULT: usize = 7;

pub(super) fn table(view: &View) -> Result<Table, ReportError> {
    let outcomes = counts_by(view.frame(HostRow::FRAME), all(), ["unit", "outcome"])?;
    let services = counts_by(view.frame(ServiceRow::FRAME), all(), ["unit"])?;
    let outstanding = || col("standing").neq(lit("closed"));
    let severities = counts_by(view.frame(FindingRow::FRAME), outstanding(), ["unit", "severity"])?;
    let movements = counts_by(view.frame(FindingRow::FRAME), all(), ["unit", "movement"])?;
    let cannot_tell = col("unverifiable_since").is_not_null();
    let unverifiable = counts_by(view.frame(FindingRow::FRAME), outstanding().and(cannot_tell), ["unit"])?;
    let oldest = oldest_open(view)?;

    let names: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let mut rows = Vec::with_capacity(view.units.len());
    for unit in view.all_units() {
        let of = |map: &std::collections::BTreeMap<[String; 2], u64>, key: &str| {
            map.get(&[unit.id.clone(), key.to_owned()]).copied().unwrap_or(0)
        };
        let reached = |outcome: Outcome| of(&outcomes, outcome.term().code);
        let probed: u64 = Outcome::ALL.into_iter().map(reached).sum();
        let moved = |movement: Movement| of(&movements, movement.as_str());
        let single = |map: &std::collections::BTreeMap<[String; 1], u64>| {
            Value::Count(map.get(std::slice::from_ref(&unit.id)).copied().unwrap_or(0))
        };
        let mut row = vec![
            Value::Text(unit.name.clone()),
            Value::text(&unit.in_charge),
            Value::text(&unit.in_charge_phone),
            Value::Count(u64::from(unit.n_systems)),
            Value::Count(u64::from(unit.n_assets)),
            Value::Count(unit.n_authorised),
            Value::Count(probed),
            Value::Count(reached(Outcome::Answered)),
            Value::Count(reached(Outcome::Unverifiable)),
            single(&services),
        ];
        row.extend(Severity::ALL.map(|severity| Value::Count(of(&severities, severity.as_str()))));
        row.extend([
            Value::Count(moved(Movement::New) + moved(Movement::FirstMeasured) + moved(Movement::Reopened)),
            Value::Count(moved(Movement::Missing)),
            Value::Count(moved(Movement::Closed)),
            single(&unverifiable),
            oldest.get(&unit.id).cloned().unwrap_or(Value::None),
            Value::Text(unit.code.clone()),
            Value::text(
                &unit.parent.as_ref().and_then(|id| names.get(id.as_str())).map(|name| (*name).to_owned()),
            ),
            Value::text(&unit.region),
        ]);
        if probed == 0 {
            // A unit that was never probed shows no zeros that could be read as clean.
            for value in row.iter_mut().skip(FIRST_RESULT).filter(|value| **value == Value::Count(0)) {
                *value = Value::None;
            }
        }
        rows.push(row);
    }
    let addresses = |column: Column| column.under("地址", "Addresses");
    let findings = |column: Column| column.under("未销号问题", "Outstanding findings");
    let moves = |column: Column| column.under("变化", "Change");
    let table = Table {
        id: "units",
        title: words("各单位情况", "By unit"),
        note: Some(words(
            "“无法判定”指探测无应答，既不计为安全，也不计为问题；新增一列含首次测得与复现。",
            "\"Cannot tell\" is silence: neither counted as safe nor as a finding. New includes first measured and reopened.",
        )),
        empty: words("登记册中没有单位。", "The register holds no units."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 26),
            Column::new("in_charge", "主管责任人", "In charge", Kind::Text, 13),
            Column::new("in_charge_phone", "联系电话", "Phone", Kind::Text, 16).off_page(),
            Column::new("n_systems", "信息系统", "Systems", Kind::Count, 10).off_page(),
            Column::new("n_assets", "资产", "Assets", Kind::Count, 7),
            addresses(Column::new("authorised", "授权", "Auth.", Kind::Count, 8)),
            addresses(Column::new("probed", "探测", "Probed", Kind::Count, 8)),
            addresses(Column::new("answered", "应答", "Answ.", Kind::Count, 8)),
            addresses(Column::new("unverifiable_addresses", "无法判定", "Can't tell", Kind::Count, 8)),
            Column::new("services", "开放服务", "Services", Kind::Count, 8),
            findings(Column::new("critical", "超危", "Crit.", Kind::Count, 7)),
            findings(Column::new("high", "高危", "High", Kind::Count, 7)),
            findings(Column::new("medium", "中危", "Med.", Kind::Count, 7)),
            findings(Column::new("low", "低危", "Low", Kind::Count, 7)),
            moves(Column::new("new", "新增", "New", Kind::Count, 7)),
            moves(Column::new("missing", "疑似消除", "Gone", Kind::Count, 7)),
            moves(Column::new("closed", "已销号", "Closed", Kind::Count, 7)),
            moves(Column::new("unverifiable", "无法判定", "Can't tell", Kind::Count, 7)),
            Column::new("oldest_open", "最早未销号", "Oldest open", Kind::Date, 15),
            Column::new("code", "统一社会信用代码", "Credit code", Kind::Code, 22).off_page(),
            Column::new("parent", "上级单位", "Unit above", Kind::Text, 24).off_page(),
            Column::new("region", "行政区划", "Region", Kind::Text, 10).off_page(),
        ],
        rows,
        total: None,
        sheet: "各单位",
        page_limit: usize::MAX,
    };
    Ok(table.with_total(words("合计", "Total")))
}

pub(super) fn unscanned(view: &View) -> Vec<String> {
    let scanned: std::collections::HashSet<&str> = view.hosts.iter().map(|host| host.unit.as_str()).collect();
    let not_scanned = view.units.iter().filter(|unit: &&UnitRow| !scanned.contains(unit.id.as_str()));
    not_scanned.map(|unit| unit.name.clone()).collect()
}

/// The earliest first sight of an outstanding finding, by unit. Instants are text of fixed width, so the least text
/// is the earliest.
fn oldest_open(view: &View) -> Result<HashMap<String, Value>, ReportError> {
    let failed = || ReportError::compute("the oldest findings");
    let out = view
        .frame(FindingRow::FRAME)
        .lazy()
        .filter(col("standing").neq(lit("closed")))
        .group_by([col("unit")])
        .agg([col("first_seen").min()])
        .collect()
        .map_err(failed())?;
    let units = out.column("unit").map_err(failed())?.str().map_err(failed())?;
    let oldest = out.column("first_seen").map_err(failed())?.str().map_err(failed())?;
    let entry = |(unit, at): (Option<&str>, Option<&str>)| {
        let at = chrono::DateTime::parse_from_rfc3339(at?).ok()?;
        Some((unit?.to_owned(), Value::Instant(at.to_utc())))
    };
    Ok(units.iter().zip(oldest.iter()).filter_map(entry).collect())
}
