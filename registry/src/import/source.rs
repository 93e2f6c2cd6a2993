//! Tables become records: sheets and headers recognised, cells read by the kinds of their columns.

use std::collections::BTreeMap;

use super::context::{At, Context, Record, Source};
use super::header::{self, Header};
use super::outcome::Warning;
use super::value;
use crate::cell;
use crate::columns::{EXAMPLE_WORD, Key, Kind, SHEETS, SheetKey, SheetSpec};
use crate::reason::Reason;
use crate::table::{CellIn, RowIn, Table, column_letters};
use crate::template;

/// Reads all tables of the import; faults and warnings go to the context.
pub(crate) fn read_all(context: &mut Context<'_>) -> BTreeMap<SheetKey, Vec<Record>> {
    let mut records: BTreeMap<SheetKey, Vec<Record>> = BTreeMap::new();
    let tables = context.import.tables;
    for table in tables {
        if table.sheet.trim() == template::INSTRUCTIONS {
            context.warnings.extend(template::newer_version(table).map(Warning::NewerTemplate));
            continue;
        }
        match header::recognise(table) {
            Some(spec) if table.hidden => hidden_sheet(context, table, spec),
            Some(spec) => {
                let header = header::find(table, spec);
                context.sources.push(Source { spec, table, header: None });
                let source = context.sources.len() - 1;
                if let Some(header) = check_header(context, source, header) {
                    let rows = read_rows(context, source, table, &header);
                    records.entry(spec.key).or_default().extend(rows);
                }
            }
            // Lists of choices, our own among them, are kept on hidden sheets.
            None if table.hidden || table.rows.iter().all(is_blank) => {}
            None => context.warnings.push(Warning::UnknownSheet { sheet: table.sheet.clone() }),
        }
    }
    if context.sources.is_empty() {
        let expected = SHEETS.iter().map(|spec| spec.name.to_owned()).collect();
        context.file_fault(Reason::NoKnownSheet { expected });
    }
    records
}

/// Nobody sees what stands there, so it is neither imported nor dropped without a word. One that holds nothing
/// but headers and the template's example says nothing.
fn hidden_sheet<'a>(context: &mut Context<'a>, table: &'a Table, spec: &'static SheetSpec) {
    let header = header::find(table, spec);
    let says_nothing = match &header {
        Some(header) => table.rows.iter().skip(header.row + 1).all(|row| is_left_out(row, header)),
        None => table.rows.iter().all(is_blank),
    };
    context.sources.push(Source { spec, table, header });
    if !says_nothing {
        context.sheet_fault(context.sources.len() - 1, None, Reason::HiddenSheet);
    }
}

/// Says what is wrong with a header, and gives it back if rows can be read by it.
fn check_header(context: &mut Context<'_>, source: usize, header: Option<Header>) -> Option<Header> {
    let Source { spec, table, .. } = *context.sources.get(source)?;
    let Some(header) = header else {
        if table.rows.iter().all(is_blank) {
            return None;
        }
        let required = spec.columns.iter().filter(|column| column.required);
        let required = required.map(|column| column.header.to_owned()).collect();
        context.sheet_fault(source, None, Reason::NoHeader { looked_at: header::MAX_ROWS_ABOVE, required });
        return None;
    };
    let mut is_sound = true;
    let missing: Vec<String> = header.missing(spec).iter().map(|column| column.header.to_owned()).collect();
    if !missing.is_empty() {
        is_sound = false;
        context.sheet_fault(source, None, Reason::MissingColumns(missing));
    }
    for &(column, first) in &header.repeated {
        is_sound = false;
        context.sheet_fault(source, Some(column), Reason::RepeatedColumn { first: column_letters(first) });
    }
    for column in unknown_columns(table, &header) {
        let mut below = table.rows.iter().skip(header.row + 1).filter_map(|row| row.cells.get(column));
        let has_name = header_cell(table, &header, column).is_some_and(|cell| !cell::is_blank(cell));
        if below.any(|cell| !cell::is_blank(cell)) {
            is_sound = false;
            context.sheet_fault(source, Some(column), Reason::UnknownColumn);
        } else if has_name {
            let header = header_cell(table, &header, column).map(cell::shown).unwrap_or_default();
            let (sheet, letter) = (table.sheet.clone(), column_letters(column));
            context.warnings.push(Warning::EmptyUnknownColumn { sheet, letter, header });
        }
    }
    if let Some(source) = context.sources.get_mut(source) {
        source.header = Some(header.clone());
    }
    is_sound.then_some(header)
}

/// Also those beyond the header's last cell, where rows are longer than it.
fn unknown_columns(table: &Table, header: &Header) -> Vec<usize> {
    let n_header = table.rows.get(header.row).map_or(0, |row| row.cells.len());
    let n_below = table.rows.iter().skip(header.row + 1).map(|row| row.cells.len()).max().unwrap_or(0);
    header.unknown.iter().copied().chain(n_header..n_below).collect()
}

fn header_cell<'a>(table: &'a Table, header: &Header, column: usize) -> Option<&'a CellIn> {
    table.rows.get(header.row)?.cells.get(column)
}

fn read_rows(context: &mut Context<'_>, source: usize, table: &Table, header: &Header) -> Vec<Record> {
    let mut records = Vec::new();
    for (i, row) in table.rows.iter().enumerate().skip(header.row + 1) {
        if is_left_out(row, header) {
            continue;
        }
        let at = At { source, row: i };
        let mut values = BTreeMap::new();
        for &(column, spec) in &header.columns {
            let cell = row.cells.get(column).unwrap_or(&CellIn::Empty);
            let read = match value::read(spec.kind, cell, table.dates_from_1904) {
                Ok(None) if spec.required => Err(Reason::Empty),
                other => other,
            };
            let value = read.unwrap_or_else(|reason| {
                context.fault_in_column(at, Some(column), reason);
                None
            });
            values.insert(spec.key, value);
        }
        records.push(Record { at, values });
    }
    records
}

/// Blank rows, and the template's example.
fn is_left_out(row: &RowIn, header: &Header) -> bool {
    let mut read = header.columns.iter().filter(|(_, column)| column.kind != Kind::Ignored);
    let is_blank = read.all(|(i, _)| row.cells.get(*i).is_none_or(cell::is_blank));
    let mark = header.column_of(Key::ExampleMark).and_then(|i| row.cells.get(i));
    is_blank || mark.is_some_and(|mark| cell::shown(mark) == EXAMPLE_WORD)
}

fn is_blank(row: &RowIn) -> bool {
    row.cells.iter().all(cell::is_blank)
}
