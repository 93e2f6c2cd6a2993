//! Pieces of the page: any table, and findings grouped by check.

use askama::Template;

use crate::figures::{CheckGroup, Figures, FindingEntry};
use crate::table::{Column, Kind, PAGE_TEXT, Table, Value};
use crate::text::{Language, facts, service_words, severity_word, show_count, show_day, show_text};

/// Findings that the page prints in all, and of one check.
const FINDINGS: usize = 1000;
const FINDINGS_OF_CHECK: usize = 300;
/// Rows of a table that is kept on one printed page.
const SHORT: usize = 8;
/// Characters of evidence.
const EVIDENCE: usize = 300;

#[derive(Template)]
#[template(path = "table.html")]
pub(super) struct TablePart {
    id: &'static str,
    title: String,
    note: String,
    empty: String,
    sheet: &'static str,
    columns: Vec<HeadPart>,
    /// Headings over columns; empty without any.
    groups: Vec<HeadPart>,
    rows: Vec<Vec<CellPart>>,
    total: Vec<CellPart>,
    /// How many rows there are, where not all are printed.
    cut: Option<String>,
    language: Language,
}

struct HeadPart {
    title: String,
    class: &'static str,
    percent: String,
    span: usize,
    /// Whether it stands under a heading of its own row.
    grouped: bool,
}

struct CellPart {
    text: String,
    /// What follows after a place where the line may break: the port of a place.
    tail: String,
    class: String,
}

impl TablePart {
    pub(super) fn of(table: &Table, language: Language) -> TablePart {
        let shown: Vec<usize> = (0..table.columns.len())
            .filter(|&at| table.columns.get(at).is_some_and(|column| column.on_page))
            .collect();
        let columns: Vec<&Column> = shown.iter().filter_map(|&at| table.columns.get(at)).collect();
        let whole: u32 = columns.iter().map(|column| u32::from(column.width)).sum();
        let heads = columns.iter().map(|column| HeadPart {
            title: column.title.in_language(language).to_owned(),
            class: class_of(column.kind),
            percent: format!("{:.2}", f64::from(column.width) / f64::from(whole.max(1)) * 100.0),
            span: 1,
            grouped: column.group.is_some(),
        });
        let cells = |row: &Vec<Value>| -> Vec<CellPart> {
            shown
                .iter()
                .filter_map(|&at| Some(cell(row.get(at)?, table.columns.get(at)?, language)))
                .collect()
        };
        TablePart {
            id: table.id,
            title: table.title.in_language(language).to_owned(),
            note: table.note.as_ref().map(|note| note.in_language(language).to_owned()).unwrap_or_default(),
            empty: table.empty.in_language(language).to_owned(),
            sheet: table.sheet,
            columns: heads.collect(),
            groups: groups_over(&columns, language),
            rows: table.rows.iter().take(table.page_limit).map(cells).collect(),
            total: table.total.as_ref().map(cells).unwrap_or_default(),
            cut: (table.rows.len() > table.page_limit).then(|| show_count(table.rows.len() as u64)),
            language,
        }
    }

    /// For an id that no table has, which a test excludes.
    pub(super) fn none() -> TablePart {
        TablePart {
            id: "",
            title: String::new(),
            note: String::new(),
            empty: String::new(),
            sheet: "",
            columns: Vec::new(),
            groups: Vec::new(),
            rows: Vec::new(),
            total: Vec::new(),
            cut: None,
            language: Language::Zh,
        }
    }

    /// It fits on a printed page as a whole, and isn't torn from its heading.
    fn is_short(&self) -> bool {
        self.rows.len() <= SHORT
    }

    fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        crate::editions::prose::pick(self.language, zh, en)
    }
}

fn class_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Count | Kind::Number | Kind::Share => "n",
        Kind::Instant | Kind::Date => "d",
        Kind::Text | Kind::Long | Kind::Severity => "t",
        Kind::Code => "t code",
        Kind::Verbatim => "t verbatim",
        Kind::Place => "t place",
    }
}

fn groups_over(columns: &[&Column], language: Language) -> Vec<HeadPart> {
    if columns.iter().all(|column| column.group.is_none()) {
        return Vec::new();
    }
    let mut heads: Vec<HeadPart> = Vec::new();
    let mut last: Option<&str> = None;
    for column in columns {
        let group = column.group.as_ref().map(|group| group.in_language(language));
        match (group, heads.last_mut()) {
            (Some(group), Some(head)) if last == Some(group) => head.span += 1,
            (group, _) => heads.push(HeadPart {
                title: group.unwrap_or(column.title.in_language(language)).to_owned(),
                class: class_of(column.kind),
                percent: String::new(),
                span: 1,
                grouped: group.is_some(),
            }),
        }
        last = group;
    }
    heads
}

fn cell(value: &Value, column: &Column, language: Language) -> CellPart {
    let mut class = class_of(column.kind).to_owned();
    match value {
        Value::Severity(severity) => class = format!("sev {}", severity.as_str()),
        Value::Term(term) => class = format!("{class} term {}", term.code),
        Value::Count(0) | Value::None => class.push_str(" zero"),
        Value::Number(number) if *number < 0 => class.push_str(" below"),
        Value::Text(_)
        | Value::Words(_)
        | Value::Facts(_)
        | Value::Service(_)
        | Value::Count(_)
        | Value::Number(_)
        | Value::Change(_)
        | Value::Share { .. }
        | Value::Ports(_)
        | Value::Instant(_)
        | Value::Date(_) => {}
    }
    let text = value.show(language, column.kind);
    let (text, tail) = if column.kind == Kind::Place { at_the_port(&text) } else { (text, String::new()) };
    CellPart { text, tail, class }
}

/// A place before and from the colon of its port, where a line may break.
fn at_the_port(place: &str) -> (String, String) {
    let at = place.rfind(':').unwrap_or(place.len());
    let (host, port) = place.split_at(at);
    (host.to_owned(), port.to_owned())
}

/// The findings of one check.
pub(super) struct GroupPart {
    pub(super) check: String,
    pub(super) title: String,
    pub(super) severity: &'static str,
    pub(super) severity_word: &'static str,
    pub(super) count: String,
    pub(super) advice: String,
    pub(super) source: String,
    pub(super) findings: Vec<FindingPart>,
    /// Set where not all are printed.
    pub(super) cut: bool,
}

pub(super) struct FindingPart {
    pub(super) id: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) service: String,
    pub(super) observed: String,
    pub(super) unit: String,
    pub(super) system: String,
    pub(super) people: Vec<PersonPart>,
    pub(super) first_seen: String,
    pub(super) last_seen: String,
    pub(super) movement: String,
    pub(super) movement_code: &'static str,
    pub(super) note: String,
    pub(super) severity_word: &'static str,
    pub(super) severity: &'static str,
}

pub(super) struct PersonPart {
    pub(super) role: &'static str,
    pub(super) name: String,
    pub(super) phone: String,
}

/// All groups, with as many findings as fit; and how many those are.
pub(super) fn group_parts(figures: &Figures, language: Language) -> (Vec<GroupPart>, usize) {
    let mut left = FINDINGS;
    let mut parts = Vec::new();
    for group in &figures.groups {
        let n = group.findings.len().min(left).min(FINDINGS_OF_CHECK);
        left -= n;
        parts.push(group_part(group, n, language));
    }
    (parts, FINDINGS - left)
}

/// A text as part of an id on the page.
fn anchor(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' };
    text.chars().take(80).map(plain).collect()
}

fn group_part(group: &CheckGroup, n: usize, language: Language) -> GroupPart {
    GroupPart {
        check: anchor(&group.check),
        title: show_text(group.title.in_language(language), PAGE_TEXT),
        severity: group.severity.as_str(),
        severity_word: severity_word(group.severity, language),
        count: how_many(group.findings.len(), language),
        advice: show_text(group.advice.in_language(language), 1000),
        source: show_text(&group.source, 1000),
        findings: group.findings.iter().take(n).map(|entry| finding_part(entry, language)).collect(),
        cut: n < group.findings.len(),
    }
}

fn how_many(findings: usize, language: Language) -> String {
    let n = show_count(findings as u64);
    match (language, findings) {
        (Language::Zh, _) => format!("{n} 项"),
        (Language::En, 1) => "1 finding".to_owned(),
        (Language::En, _) => format!("{n} findings"),
    }
}

fn finding_part(entry: &FindingEntry, language: Language) -> FindingPart {
    let row = &entry.row;
    let pick = |zh, en| crate::editions::prose::pick(language, zh, en);
    let person = |role, name: &Option<String>, phone: &Option<String>| {
        let name = show_text(name.as_deref()?, 40);
        Some(PersonPart { role, name, phone: show_text(phone.as_deref().unwrap_or_default(), 40) })
    };
    let mut people: Vec<PersonPart> = [
        person(pick("主管", "In charge"), &row.in_charge, &row.in_charge_phone),
        person(pick("运营", "Operator"), &row.operator, &row.operator_phone),
        person(pick("使用", "User"), &row.user, &row.user_phone),
    ]
    .into_iter()
    .flatten()
    .collect();
    if people.is_empty() {
        let name = pick("未登记", "not registered").to_owned();
        people.push(PersonPart { role: pick("责任人", "In charge"), name, phone: String::new() });
    }
    let note = match (row.unverifiable_since, row.n_recurrences) {
        (Some(since), _) => format!("{} {}", pick("无法判定自", "can't tell since"), show_day(since)),
        (None, 0) => String::new(),
        (None, n) => format!("{} {n} {}", pick("复现", "came back"), pick("次", "times")),
    };
    let (host, port) = at_the_port(&show_text(&entry.place(), 120));
    FindingPart {
        id: anchor(&row.id),
        host,
        port,
        service: show_text(service_words(&row.service).in_language(language), 60),
        observed: show_text(facts(&row.observed).in_language(language), EVIDENCE),
        unit: show_text(&entry.unit, 120),
        system: entry.system.as_deref().map(|system| show_text(system, 120)).unwrap_or_default(),
        people,
        first_seen: show_day(row.first_seen),
        last_seen: show_day(row.last_seen),
        movement: entry.movement.term().words.in_language(language).to_owned(),
        movement_code: entry.movement.as_str(),
        note,
        severity_word: severity_word(row.severity, language),
        severity: row.severity.as_str(),
    }
}
