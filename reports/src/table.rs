//! Tables as the editions print them: columns with words in both languages, rows of typed values.
//!
//! A table holds all of its rows; how many fit on a page is the page's business and is said there. It must not know
//! HTML, workbooks or JSON.

use chrono::{DateTime, NaiveDate, Utc};
use model::fact::Facts;
use model::severity::Severity;

use crate::text::{
    Language, Term, Words, facts, ports_words, service_words, severity_word, show_change, show_count,
    show_date, show_day, show_instant, show_share, show_text,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Stable; anchor on the page and key in JSON.
    pub id: &'static str,
    pub title: Words,
    /// One sentence on how to read it.
    pub note: Option<Words>,
    /// Said in place of a table without rows.
    pub empty: Words,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// Sums under the columns.
    pub total: Option<Vec<Value>>,
    /// Name of its sheet in the workbook.
    pub sheet: &'static str,
    /// Most rows that the page prints; the workbook has all.
    pub page_limit: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Stable; key in JSON.
    pub key: &'static str,
    pub title: Words,
    /// Heading over several columns.
    pub group: Option<Words>,
    pub kind: Kind,
    /// In characters of ASCII; on the page the share of the width.
    pub width: u16,
    /// Whether the page shows it; workbook and JSON always do.
    pub on_page: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Text that runs over lines.
    Long,
    /// How many.
    Count,
    /// A number that isn't a quantity, such as a port.
    Number,
    /// How many of how many.
    Share,
    Instant,
    Date,
    Severity,
    /// A name for machines, the same in every language: an id, a hash, a key of the ledger.
    Code,
    /// Word for word what a stranger says of itself.
    Verbatim,
    /// An address or host name with port and transport.
    Place,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    None,
    Text(String),
    /// Text that exists in both languages.
    Words(Words),
    Term(Term),
    Facts(Facts),
    /// Of a service, as machines know it.
    Service(String),
    Count(u64),
    Number(i64),
    /// How much more, or less, than before.
    Change(i64),
    /// So many of so many, shown in percent.
    Share {
        n: u64,
        of: u64,
    },
    /// A set of ports as `model::port::PortSet` writes it; people see how many they are and the first of them.
    Ports(String),
    Instant(DateTime<Utc>),
    Date(NaiveDate),
    Severity(Severity),
}

/// The longest text in a cell of a page; the workbook has all of it.
pub(crate) const PAGE_TEXT: usize = 160;

impl Value {
    pub(crate) fn text(text: &Option<String>) -> Value {
        text.as_ref().map_or(Value::None, |text| Value::Text(text.clone()))
    }

    pub(crate) fn instant(at: Option<DateTime<Utc>>) -> Value {
        at.map_or(Value::None, Value::Instant)
    }

    /// As a person reads it on a page; instants as days where the column is narrow is the column's choice (`Date`).
    pub fn show(&self, language: Language, kind: Kind) -> String {
        match self {
            Value::None => "—".to_owned(),
            Value::Text(text) => show_text(text, PAGE_TEXT),
            Value::Words(words) => show_text(words.in_language(language), PAGE_TEXT),
            Value::Term(term) => term.words.in_language(language).to_owned(),
            Value::Facts(seen) => show_text(facts(seen).in_language(language), PAGE_TEXT),
            Value::Service(name) => show_text(service_words(name).in_language(language), PAGE_TEXT),
            Value::Count(count) => show_count(*count),
            Value::Number(number) => number.to_string(),
            Value::Change(change) => show_change(*change),
            Value::Share { n, of } => show_share(*n, *of),
            Value::Ports(ports) => show_text(ports_words(ports).in_language(language), PAGE_TEXT),
            Value::Instant(at) if kind == Kind::Date => show_day(*at),
            Value::Instant(at) => show_instant(*at),
            Value::Date(date) => show_date(*date),
            Value::Severity(severity) => severity_word(*severity, language).to_owned(),
        }
    }
}

impl Column {
    pub(crate) fn new(
        key: &'static str,
        zh: &'static str,
        en: &'static str,
        kind: Kind,
        width: u16,
    ) -> Column {
        Column { key, title: crate::text::words(zh, en), group: None, kind, width, on_page: true }
    }

    pub(crate) fn under(mut self, zh: &'static str, en: &'static str) -> Column {
        self.group = Some(crate::text::words(zh, en));
        self
    }

    pub(crate) fn off_page(mut self) -> Column {
        self.on_page = false;
        self
    }
}

impl Table {
    /// The values of one column, for checks and charts.
    pub fn column(&self, key: &str) -> Vec<&Value> {
        let Some(at) = self.columns.iter().position(|column| column.key == key) else { return Vec::new() };
        self.rows.iter().filter_map(|row| row.get(at)).collect()
    }

    /// Puts the sums of all count columns under the table, `word` in its first cell.
    pub(crate) fn with_total(mut self, word: Words) -> Table {
        let sum = |at: usize| {
            let counts = self.rows.iter().filter_map(|row| match row.get(at) {
                Some(Value::Count(count)) => Some(*count),
                _ => None,
            });
            Value::Count(counts.fold(0, u64::saturating_add))
        };
        let cells = self.columns.iter().enumerate().map(|(at, column)| match (at, column.kind) {
            (0, _) => Value::Words(word.clone()),
            (_, Kind::Count) => sum(at),
            _ => Value::Text(String::new()),
        });
        let total = cells.collect();
        self.total = Some(total);
        self
    }
}
