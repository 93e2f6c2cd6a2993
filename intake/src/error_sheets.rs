//! The bad rows as sheets that can be corrected and imported again: the file's own columns and cells, and a last
//! column that says what is wrong. The first column is the number that the row had in the file, which reasons cite.
//!
//! Cells are given back as they were, also those that messages must not tell ([`Schema::told`]): it is the clerk's
//! own data going back to the clerk, and must import once it is corrected. Reasons and marks hold no cell.

use std::collections::BTreeMap;

use crate::cell;
use crate::columns::ColumnSpec;
use crate::context::{Context, Fault, Source};
use crate::reason::Reason;
use crate::schema::{Layout, Schema};
use crate::table::{CellIn, ColumnOut, Mark, SheetOut};

/// A reason and the column that it is about.
type OfCell<'a, S> = (Option<usize>, &'a Reason<<S as Schema>::Reason>);

/// Width of a column that isn't known, in characters of half width.
const UNKNOWN_WIDTH: u16 = 15;

/// One sheet for each of the file's that has a fault, as far as its header was found. Of a sheet that couldn't
/// be read as a whole, all rows.
pub(crate) fn build<S: Schema>(context: &Context<'_, S>) -> Vec<SheetOut> {
    let mut by_source: BTreeMap<usize, Vec<&Fault<S>>> = BTreeMap::new();
    for fault in &context.faults {
        if let Some(source) = fault.source {
            by_source.entry(source).or_default().push(fault);
        }
    }
    let mut sheets: Vec<SheetOut> = Vec::new();
    for (source, faults) in by_source {
        let built = context.sources.get(source).and_then(|source| sheet(source, &faults));
        if let Some(mut sheet) = built {
            let n_same = sheets.iter().filter(|other| other.name.starts_with(&sheet.name)).count();
            if n_same > 0 {
                sheet.name = format!("{}{}", sheet.name, n_same + 1);
            }
            sheets.push(sheet);
        }
    }
    sheets
}

fn sheet<S: Schema>(source: &Source<'_, S>, faults: &[&Fault<S>]) -> Option<SheetOut> {
    let header = source.header.as_ref()?;
    let rows = &source.table.rows;
    let header_row = rows.get(header.row)?;
    let is_whole = faults.iter().any(|fault| fault.row.is_none());
    let mut reasons: BTreeMap<usize, Vec<OfCell<'_, S>>> = BTreeMap::new();
    for fault in faults {
        if let Some(row) = fault.row {
            reasons.entry(row).or_default().push((fault.column, &fault.reason));
        }
    }
    // Known columns under their own headers, and unknown ones as they are, so that they can be put right.
    let spec_of = |column: usize| header.columns.iter().find(|(i, _)| *i == column).map(|(_, spec)| *spec);
    let n_columns = rows.iter().skip(header.row).map(|row| row.cells.len()).max().unwrap_or(0);
    let is_used = |column: usize| match spec_of(column) {
        Some(spec) => spec.kind != S::IGNORED,
        None => rows
            .iter()
            .skip(header.row)
            .any(|row| row.cells.get(column).is_some_and(|cell| !cell::is_blank(cell))),
    };
    let kept: Vec<usize> = (0..n_columns).filter(|column| is_used(*column)).collect();
    let mut columns = vec![ColumnOut { as_text: false, ..column_out(&S::common().from_row) }];
    columns.extend(kept.iter().map(|&column| match spec_of(column) {
        Some(spec) => column_out(spec),
        None => {
            let header = header_row.cells.get(column).map(cell::shown).unwrap_or_default();
            ColumnOut { header, width: UNKNOWN_WIDTH, as_text: true, ..ColumnOut::default() }
        }
    }));
    columns.push(column_out(&S::common().fault));
    let mut out =
        SheetOut { name: source.spec.name.to_owned(), columns, rows: Vec::new(), marks: Vec::new() };
    for (i, row) in rows.iter().enumerate().skip(header.row + 1) {
        let of_row = reasons.get(&i);
        if !is_whole && of_row.is_none() || row.cells.iter().all(cell::is_blank) {
            continue;
        }
        let mut texts: Vec<String> = Vec::new();
        for (column, reason) in of_row.into_iter().flatten() {
            let position = column.and_then(|column| kept.iter().position(|kept| *kept == column));
            let position = position.map(|position| position + 1);
            let header = position.and_then(|position| out.columns.get(position)).map(|column| &column.header);
            texts.push(header.map_or_else(|| reason.zh(), |header| format!("{header}：{}", reason.zh())));
            if let Some(position) = position {
                out.marks.push(Mark { row: out.rows.len(), column: position, note: reason.zh() });
            }
        }
        if is_whole {
            let of_sheet = faults.iter().filter(|fault| fault.row.is_none());
            texts.extend(of_sheet.map(|fault| format!("整张表未导入：{}", fault.reason.zh())));
        }
        let cell = |column: &usize| {
            let cell = row.cells.get(*column).cloned().unwrap_or_default();
            let is_date = spec_of(*column).is_some_and(|spec| S::layout(spec.kind) == Layout::Date);
            // What is written counts from 1900, so a bare number would become another day.
            let counted_otherwise = is_date && source.table.dates_from_1904;
            let date = counted_otherwise.then(|| cell::date(&cell, true).ok().flatten()).flatten();
            date.map_or(cell, CellIn::Date)
        };
        let mut cells = vec![CellIn::Number(f64::from(row.number))];
        cells.extend(kept.iter().map(cell));
        cells.push(CellIn::Text(texts.join("；")));
        out.rows.push(cells);
    }
    Some(out)
}

/// A column as the table of columns has it, for any sheet that is written.
pub fn column_out<S: Schema>(spec: &ColumnSpec<S>) -> ColumnOut {
    let layout = S::layout(spec.kind);
    ColumnOut {
        header: spec.header.to_owned(),
        width: spec.width,
        required: spec.required,
        as_text: matches!(layout, Layout::Text | Layout::LongText),
        as_date: layout == Layout::Date,
        wraps: layout == Layout::LongText || spec.key == S::common().fault.key,
        choices: spec.choices.iter().map(|choice| (*choice).to_owned()).collect(),
        note: spec.note.to_owned(),
    }
}
