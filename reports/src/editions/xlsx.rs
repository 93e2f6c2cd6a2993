//! The report as a workbook in Chinese: a sheet a table, with all rows.
//!
//! Column titles that occur twice under different headings get the heading in front, since a sheet has one header row.

use documents::write::{CellDoc, ColumnDoc, ColumnKind, SheetDoc, WorkbookDoc, write_workbook};

use crate::error::ReportError;
use crate::figures::Figures;
use crate::table::{Column, Kind, Table, Value};
use crate::text::{
    Language, beijing, facts, per_mille, ports_words, service_words, severity_word, show_text,
};

/// A spreadsheet's cell takes 32,767 characters; nobody reads as many.
const CELL_TEXT: usize = 4000;

pub fn xlsx(figures: &Figures) -> Result<Vec<u8>, ReportError> {
    let doc = WorkbookDoc {
        title: format!("暴露面检测报告 {}", figures.head.number),
        creator: format!("sentrypost {}", figures.head.software_version),
        created_at: figures.head.made_at.with_timezone(&beijing()).naive_local(),
        sheets: figures.tables.iter().map(sheet).collect(),
    };
    Ok(write_workbook(&doc)?)
}

fn sheet(table: &Table) -> SheetDoc {
    let columns = table.columns.iter().map(column).collect();
    // Without the sums: a filter or a sort would take them for a row.
    let rows = table
        .rows
        .iter()
        .map(|row| row.iter().zip(&table.columns).map(|(value, column)| cell(value, column)).collect());
    SheetDoc::table(table.sheet, columns, rows.collect())
}

fn column(column: &Column) -> ColumnDoc {
    let kind = match column.kind {
        Kind::Text | Kind::Code | Kind::Place => ColumnKind::Text,
        Kind::Long | Kind::Verbatim => ColumnKind::LongText,
        Kind::Count => ColumnKind::Count,
        Kind::Number => ColumnKind::Integer,
        Kind::Share => ColumnKind::Percent,
        Kind::Instant => ColumnKind::DateTime,
        Kind::Date => ColumnKind::Date,
        Kind::Severity => ColumnKind::Severity,
    };
    let header = match &column.group {
        Some(group) => format!("{}·{}", group.zh, column.title.zh),
        None => column.title.zh.to_string(),
    };
    // Two columns of ASCII for each character, and room for the filter's arrow.
    let needed = header.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<u16>() + 4;
    ColumnDoc::new(header, column.width.max(needed), kind)
}

fn cell(value: &Value, column: &Column) -> CellDoc {
    match value {
        Value::None => CellDoc::Empty,
        Value::Text(text) => text_cell(text),
        Value::Words(words) => text_cell(&words.zh),
        Value::Term(term) => text_cell(&term.words.zh),
        Value::Facts(seen) => text_cell(&facts(seen).zh),
        Value::Service(name) => text_cell(&service_words(name).zh),
        Value::Count(count) => {
            i64::try_from(*count).map_or_else(|_| text_cell(&count.to_string()), CellDoc::Integer)
        }
        Value::Number(number) | Value::Change(number) => CellDoc::Integer(*number),
        Value::Share { n, of } => share(*n, *of),
        Value::Ports(ports) => text_cell(&ports_words(ports).zh),
        Value::Instant(at) => {
            let local = at.with_timezone(&beijing()).naive_local();
            if column.kind == Kind::Date { CellDoc::Date(local.date()) } else { CellDoc::DateTime(local) }
        }
        Value::Date(date) => CellDoc::Date(*date),
        Value::Severity(severity) => {
            CellDoc::Severity(*severity, severity_word(*severity, Language::Zh).to_owned())
        }
    }
}

/// Rounded as on the page: a sheet that is shown with one decimal would make 100.0 % of nearly all.
fn share(n: u64, of: u64) -> CellDoc {
    per_mille(n, of).map_or(CellDoc::Empty, |tenths| CellDoc::Decimal(tenths as f64 / 1000.0))
}

fn text_cell(text: &str) -> CellDoc {
    if text.is_empty() { CellDoc::Empty } else { CellDoc::Text(show_text(text, CELL_TEXT)) }
}
