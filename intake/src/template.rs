//! The workbook that is handed out to be filled in: instructions, and every sheet with an example row.

use crate::cell;
use crate::columns::{ColumnSpec, SheetSpec};
use crate::error_sheets::column_out;
use crate::schema::Schema;
use crate::table::{CellIn, ColumnOut, RowIn, SheetOut, Table};

/// Name of the sheet of instructions.
pub const INSTRUCTIONS: &str = "说明";

const VERSION_LABEL: &str = "模板版本";

/// Instructions first, `general` ones above those of the columns, then the sheets of the schema.
pub fn template<S: Schema>(general: &[&str]) -> Vec<SheetOut> {
    let mut sheets = vec![instructions::<S>(general)];
    sheets.extend(S::sheets().iter().map(with_example));
    sheets
}

fn with_example<S: Schema>(spec: &SheetSpec<S>) -> SheetOut {
    let example = spec.columns.iter().map(|column| match column.example {
        "" => CellIn::Empty,
        text => CellIn::Text(text.to_owned()),
    });
    SheetOut {
        name: spec.name.to_owned(),
        columns: spec.columns.iter().map(column_out).collect(),
        rows: vec![example.collect()],
        marks: Vec::new(),
    }
}

/// Entries with the columns of the template, its mark of examples left out.
pub fn filled_in<S: Schema, T>(
    spec: &SheetSpec<S>,
    entries: impl Iterator<Item = T>,
    cell: impl Fn(&T, S::Key) -> CellIn,
) -> SheetOut {
    let is_written = |column: &&ColumnSpec<S>| column.key != S::common().example_mark;
    let columns: Vec<_> = spec.columns.iter().filter(is_written).collect();
    let rows = entries.map(|entry| columns.iter().map(|column| cell(&entry, column.key)).collect()).collect();
    let columns = columns.into_iter().map(column_out).collect();
    SheetOut { name: spec.name.to_owned(), columns, rows, marks: Vec::new() }
}

fn instructions<S: Schema>(general: &[&str]) -> SheetOut {
    let text = |text: &str| CellIn::Text(text.to_owned());
    let mut rows = vec![vec![text(VERSION_LABEL), text(&S::TEMPLATE_VERSION.to_string())]];
    // In the widest column, where it breaks into lines.
    rows.extend(general.iter().map(|line| vec![text("总则"), CellIn::Empty, CellIn::Empty, text(line)]));
    for spec in S::sheets() {
        for column in spec.columns {
            let must = if column.required { "必填" } else { "选填" };
            rows.push(vec![text(spec.name), text(column.header), text(must), text(column.note)]);
        }
    }
    let column = |header: &str, width: u16| ColumnOut {
        header: header.to_owned(),
        width,
        as_text: true,
        wraps: true,
        ..ColumnOut::default()
    };
    let columns = vec![column("项目", 14), column("内容", 22), column("要求", 8), column("填写方法", 70)];
    SheetOut { name: INSTRUCTIONS.to_owned(), columns, rows, marks: Vec::new() }
}

/// The sheet of instructions, also if somebody renamed it.
pub(crate) fn is_instructions(table: &Table) -> bool {
    let is_version = |row: &RowIn| row.cells.first().is_some_and(|cell| cell::shown(cell) == VERSION_LABEL);
    table.sheet.trim() == INSTRUCTIONS || table.rows.iter().take(3).any(is_version)
}

/// The version that a sheet of instructions states, if this program doesn't know it yet.
pub(crate) fn newer_version<S: Schema>(instructions: &Table) -> Option<u32> {
    let mut rows = instructions.rows.iter();
    let row = rows.find(|row| row.cells.first().is_some_and(|cell| cell::shown(cell) == VERSION_LABEL))?;
    let version: u32 = cell::shown(row.cells.get(1)?).parse().ok()?;
    (version > S::TEMPLATE_VERSION).then_some(version)
}
