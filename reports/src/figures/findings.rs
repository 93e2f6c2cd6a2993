//! Outstanding findings with evidence and the people who answer for them; grouped by check for the page.

use std::collections::{BTreeMap, HashMap};

use model::severity::Severity;

use crate::rows::{CheckRow, FindingRow, Standing};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Term, Words, method_term, proof_term, term, words};
use crate::view::{Movement, View};

/// The outstanding findings of one check.
#[derive(Debug, Clone)]
pub(crate) struct CheckGroup {
    pub(crate) check: String,
    pub(crate) title: Words,
    pub(crate) advice: Words,
    pub(crate) source: String,
    pub(crate) severity: Severity,
    /// The worst first, then by unit and place.
    pub(crate) findings: Vec<FindingEntry>,
}

/// One finding with the names that its ids stand for.
#[derive(Debug, Clone)]
pub(crate) struct FindingEntry {
    pub(crate) row: FindingRow,
    pub(crate) movement: Movement,
    pub(crate) unit: String,
    pub(crate) system: Option<String>,
}

impl FindingEntry {
    /// Address or name with port, as people write it.
    pub(crate) fn place(&self) -> String {
        place(&self.row.target, self.row.port, &self.row.transport)
    }
}

pub(super) fn place(target: &str, port: u32, transport: &str) -> String {
    match target.contains(':') {
        true => format!("[{target}]:{port}/{transport}"),
        false => format!("{target}:{port}/{transport}"),
    }
}

pub(super) fn standing_term(standing: Standing) -> Term {
    match standing {
        Standing::Open => term("open", "未整改", "Open"),
        Standing::Missing => term("missing", "疑似消除", "Seen gone"),
        Standing::Closed => term("closed", "已销号", "Closed"),
    }
}

/// What people read of a check; an id that the policy no longer has stands for itself.
pub(super) fn check_words(checks: &HashMap<&str, &CheckRow>, id: &str) -> (Words, Words, String) {
    match checks.get(id) {
        Some(check) => (
            Words::of(check.title_zh.clone(), check.title_en.clone()),
            Words::of(check.advice_zh.clone(), check.advice_en.clone()),
            check.source.clone(),
        ),
        None => (Words::of(id.to_owned(), id.to_owned()), words("", ""), String::new()),
    }
}

pub(super) fn checks_by_id(view: &View) -> HashMap<&str, &CheckRow> {
    view.checks.iter().map(|check| (check.id.as_str(), check)).collect()
}

pub(super) fn entries(view: &View, wanted: impl Fn(&FindingRow, Movement) -> bool) -> Vec<FindingEntry> {
    let names: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let wanted = view.findings.iter().filter(|(row, movement)| wanted(row, *movement));
    let mut entries: Vec<FindingEntry> =
        wanted.map(|(row, movement)| entry(view, &names, row, *movement)).collect();
    entries.sort_by(|a, b| {
        let key = |entry: &FindingEntry| (std::cmp::Reverse(entry.row.severity), entry.unit.clone());
        let place =
            |entry: &FindingEntry| (address_key(&entry.row.target), entry.row.port, entry.row.check.clone());
        key(a).cmp(&key(b)).then_with(|| place(a).cmp(&place(b))).then_with(|| a.row.id.cmp(&b.row.id))
    });
    entries
}

pub(super) fn withdrawn(view: &View) -> Vec<FindingEntry> {
    let names: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    view.withdrawn.iter().map(|row| entry(view, &names, row, Movement::Withdrawn)).collect()
}

fn entry(view: &View, names: &HashMap<&str, &str>, row: &FindingRow, movement: Movement) -> FindingEntry {
    FindingEntry {
        row: row.clone(),
        movement,
        unit: names.get(row.unit.as_str()).map_or_else(|| row.unit.clone(), |name| (*name).to_owned()),
        system: view.system_name(&row.system),
    }
}

/// Addresses in the order of their numbers, before names.
pub(super) fn address_key(target: &str) -> (Option<std::cmp::Reverse<()>>, Option<std::net::IpAddr>, String) {
    match target.parse() {
        Ok(addr) => (None, Some(addr), String::new()),
        Err(_) => (Some(std::cmp::Reverse(())), None, target.to_owned()),
    }
}

pub(super) fn groups(view: &View) -> Vec<CheckGroup> {
    let checks = checks_by_id(view);
    let mut by_check: BTreeMap<String, Vec<FindingEntry>> = BTreeMap::new();
    for entry in entries(view, |row, _| row.standing != Standing::Closed) {
        by_check.entry(entry.row.check.clone()).or_default().push(entry);
    }
    let mut groups: Vec<CheckGroup> = by_check
        .into_iter()
        .map(|(check, findings)| {
            let (title, advice, source) = check_words(&checks, &check);
            let severity = findings.iter().map(|entry| entry.row.severity).max().unwrap_or(Severity::Low);
            CheckGroup { check, title, advice, source, severity, findings }
        })
        .collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.severity), std::cmp::Reverse(group.findings.len())));
    groups
}

/// Columns of a list of findings; shared by the list of outstanding ones and that of changes.
pub(super) fn columns() -> Vec<Column> {
    vec![
        Column::new("severity", "级别", "Severity", Kind::Severity, 17),
        Column::new("movement", "变化", "Change", Kind::Text, 15),
        Column::new("title", "问题", "Finding", Kind::Long, 28),
        Column::new("unit", "单位", "Unit", Kind::Text, 24),
        Column::new("system", "信息系统", "System", Kind::Text, 20).off_page(),
        Column::new("place", "位置", "Place", Kind::Place, 28),
        Column::new("service", "服务", "Service", Kind::Text, 12).off_page(),
        Column::new("observed", "证据", "Evidence", Kind::Long, 44),
        Column::new("standing", "状态", "State", Kind::Text, 10).off_page(),
        Column::new("first_seen", "首次发现", "First seen", Kind::Instant, 17).off_page(),
        Column::new("last_seen", "最近发现", "Last seen", Kind::Date, 16),
        Column::new("closed_at", "销号时间", "Closed at", Kind::Instant, 17).off_page(),
        Column::new("proof", "消除依据", "Proof", Kind::Text, 12).off_page(),
        Column::new("unverifiable_since", "无法判定起始", "Can't tell since", Kind::Instant, 17).off_page(),
        Column::new("n_recurrences", "复现次数", "Recurrences", Kind::Count, 10).off_page(),
        Column::new("in_charge", "主管责任人", "In charge", Kind::Text, 12).off_page(),
        Column::new("in_charge_phone", "主管电话", "Phone", Kind::Text, 16).off_page(),
        Column::new("operator", "运营责任人", "Operator", Kind::Text, 12).off_page(),
        Column::new("operator_phone", "运营电话", "Phone", Kind::Text, 16).off_page(),
        Column::new("user", "使用责任人", "User", Kind::Text, 12).off_page(),
        Column::new("user_phone", "使用电话", "Phone", Kind::Text, 16).off_page(),
        Column::new("advice", "整改建议", "Advice", Kind::Long, 46).off_page(),
        Column::new("source", "依据", "Source", Kind::Long, 34).off_page(),
        Column::new("method", "探测方法", "Method", Kind::Text, 12).off_page(),
        Column::new("check", "规则编号", "Check", Kind::Code, 26).off_page(),
        Column::new("id", "问题编号", "Id", Kind::Code, 38).off_page(),
    ]
}

pub(super) fn row(entry: &FindingEntry, checks: &HashMap<&str, &CheckRow>) -> Vec<Value> {
    let FindingEntry { row, movement, unit, system } = entry;
    let (title, advice, source) = check_words(checks, &row.check);
    vec![
        Value::Severity(row.severity),
        Value::Term(movement.term()),
        Value::Words(title),
        Value::Text(unit.clone()),
        Value::text(system),
        Value::Text(entry.place()),
        Value::Service(row.service.clone()),
        Value::Facts(row.observed.clone()),
        Value::Term(standing_term(row.standing)),
        Value::Instant(row.first_seen),
        Value::Instant(row.last_seen),
        Value::instant(row.closed_at),
        row.proof.map_or(Value::None, |proof| Value::Term(proof_term(proof))),
        Value::instant(row.unverifiable_since),
        Value::Count(u64::from(row.n_recurrences)),
        Value::text(&row.in_charge),
        Value::text(&row.in_charge_phone),
        Value::text(&row.operator),
        Value::text(&row.operator_phone),
        Value::text(&row.user),
        Value::text(&row.user_phone),
        Value::Words(advice),
        Value::Text(source),
        Value::Term(method_term(row.method)),
        Value::Text(row.check.clone()),
        Value::Text(row.id.clone()),
    ]
}

pub(super) fn table(view: &View) -> Table {
    let checks = checks_by_id(view);
    let outstanding = entries(view, |row, _| row.standing != Standing::Closed);
    Table {
        id: "findings",
        title: words("问题清单", "Findings"),
        note: None,
        empty: words("没有未销号的问题。", "No outstanding findings."),
        columns: columns(),
        rows: outstanding.iter().map(|entry| row(entry, &checks)).collect(),
        total: None,
        sheet: "问题清单",
        // The page prints them grouped by check.
        page_limit: 0,
    }
}

/// One line a check: how many, what to do, by which source.
pub(super) fn advice(groups: &[CheckGroup]) -> Table {
    let row = |group: &CheckGroup| {
        vec![
            Value::Severity(group.severity),
            Value::Words(group.title.clone()),
            Value::Count(group.findings.len() as u64),
            Value::Words(group.advice.clone()),
            Value::Text(group.source.clone()),
            Value::Text(group.check.clone()),
        ]
    };
    Table {
        id: "advice",
        title: words("整改建议", "Advice"),
        note: None,
        empty: words("没有未销号的问题。", "No outstanding findings."),
        columns: vec![
            Column::new("severity", "级别", "Severity", Kind::Severity, 10),
            Column::new("title", "问题", "Finding", Kind::Long, 30),
            Column::new("findings", "未销号", "Outstanding", Kind::Count, 10),
            Column::new("advice", "整改建议", "Advice", Kind::Long, 60),
            Column::new("source", "依据", "Source", Kind::Long, 40),
            Column::new("check", "规则编号", "Check", Kind::Code, 26),
        ],
        rows: groups.iter().map(row).collect(),
        total: None,
        sheet: "整改建议",
        page_limit: 0,
    }
}
