//! The report for machines: versioned, fields in a stable order, instants in UTC, enumerated values as codes.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::error::ReportError;
use crate::figures::{Figure, Figures};
use crate::frame::instant_text;
use crate::table::{Column, Table, Value};
use crate::text::Words;

/// Raised whenever a reader of the old format would misread the new one.
const FORMAT: &str = "sentrypost-report/1";

pub fn json(figures: &Figures) -> Result<String, ReportError> {
    let document = Document {
        format: FORMAT,
        number: &figures.head.number,
        issuer: &figures.head.issuer,
        made_at: instant_text(figures.head.made_at),
        data_as_of: instant_text(figures.head.data_as_of),
        policy_version: &figures.head.policy_version,
        software_version: &figures.head.software_version,
        snapshot_sha256: &figures.snapshot_hash,
        previous: figures.previous.as_ref().map(|previous| PreviousJson {
            number: &previous.number,
            data_as_of: instant_text(previous.data_as_of),
            snapshot_sha256: &previous.snapshot_hash,
        }),
        figures: figures.figures.iter().map(figure).collect(),
        tables: figures.tables.iter().filter(|table| table.id != "figures").map(TableJson::of).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct Document<'f> {
    format: &'static str,
    number: &'f str,
    issuer: &'f str,
    made_at: String,
    data_as_of: String,
    policy_version: &'f str,
    software_version: &'f str,
    snapshot_sha256: &'f str,
    previous: Option<PreviousJson<'f>>,
    figures: Vec<FigureJson<'f>>,
    tables: Vec<TableJson<'f>>,
}

#[derive(Serialize)]
struct PreviousJson<'f> {
    number: &'f str,
    data_as_of: String,
    snapshot_sha256: &'f str,
}

#[derive(Serialize)]
struct FigureJson<'f> {
    id: &'f str,
    title: Both<'f>,
    unit: Both<'f>,
    value: u64,
    previous: Option<u64>,
    change: Option<i64>,
    frame: &'f str,
    filter: Both<'f>,
    rows: &'f str,
}

fn figure(figure: &Figure) -> FigureJson<'_> {
    FigureJson {
        id: figure.id,
        title: Both::of(&figure.title),
        unit: Both::of(&figure.unit),
        value: figure.value,
        previous: figure.previous,
        change: figure.change(),
        frame: figure.frame,
        filter: Both::of(&figure.filter),
        rows: figure.rows,
    }
}

#[derive(Serialize)]
struct Both<'f> {
    zh: &'f str,
    en: &'f str,
}

impl Both<'_> {
    fn of(words: &Words) -> Both<'_> {
        Both { zh: &words.zh, en: &words.en }
    }
}

#[derive(Serialize)]
struct TableJson<'f> {
    id: &'f str,
    title: Both<'f>,
    rows: Vec<RowJson<'f>>,
}

impl<'f> TableJson<'f> {
    fn of(table: &'f Table) -> TableJson<'f> {
        let rows = table.rows.iter().map(|row| RowJson { columns: &table.columns, row });
        TableJson { id: table.id, title: Both::of(&table.title), rows: rows.collect() }
    }
}

/// A fraction of 1, unlike what people read not rounded; none of nothing is no share.
fn share(n: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| n as f64 / of as f64)
}

/// An object whose keys are the columns, in their order.
struct RowJson<'f> {
    columns: &'f [Column],
    row: &'f [Value],
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, value) in self.columns.iter().zip(self.row) {
            match value {
                Value::None => map.serialize_entry(column.key, &())?,
                Value::Text(text) => map.serialize_entry(column.key, text)?,
                Value::Words(words) => map.serialize_entry(column.key, &Both::of(words))?,
                Value::Facts(facts) => map.serialize_entry(column.key, facts)?,
                Value::Service(name) => map.serialize_entry(column.key, name)?,
                Value::Term(term) => map.serialize_entry(column.key, term.code)?,
                Value::Count(count) => map.serialize_entry(column.key, count)?,
                Value::Number(number) | Value::Change(number) => map.serialize_entry(column.key, number)?,
                Value::Share { n, of } => map.serialize_entry(column.key, &share(*n, *of))?,
                Value::Ports(ports) => map.serialize_entry(column.key, ports)?,
                Value::Instant(at) => map.serialize_entry(column.key, &instant_text(*at))?,
                Value::Date(date) => map.serialize_entry(column.key, &crate::text::show_date(*date))?,
                Value::Severity(severity) => map.serialize_entry(column.key, severity.as_str())?,
            }
        }
        map.end()
    }
}
