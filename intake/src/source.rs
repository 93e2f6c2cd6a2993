//! Tables become records: sheets and headers recognised, cells read by the kinds of their columns.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::cell::{self, name_key};
use crate::columns::{EXAMPLE_WORD, SheetSpec};
use crate::context::{At, Context, Record, Source};
use crate::furniture::{self, Furniture};
use crate::header::{self, Header, Recognised};
use crate::reason::Reason;
use crate::schema::Schema;
use crate::table::{CellIn, RowIn, Table, column_letters};
use crate::template;
use crate::warning::{RowList, Warning};

/// The records of each sheet.
pub type Records<S> = BTreeMap<<S as Schema>::Sheet, Vec<Record<S>>>;

/// Reads all tables of the import; faults and warnings go to the context. `known` are the names that rows may refer
/// to, as [`name_key`]s: no row that has one is taken for furniture.
pub fn read_all<S: Schema>(context: &mut Context<'_, S>, known: &HashSet<String>) -> Records<S> {
    let mut records: Records<S> = BTreeMap::new();
    let tables = context.tables;
    for table in tables {
        if template::is_instructions(table) {
            context.warnings.extend(template::newer_version::<S>(table).map(Warning::NewerTemplate));
            continue;
        }
        match header::recognise::<S>(table) {
            Some(Recognised { spec, .. }) if table.hidden => hidden_sheet(context, table, spec),
            Some(Recognised { spec, suspected }) => {
                let header = header::find(table, spec);
                context.sources.push(Source { spec, table, header: None });
                let source = context.sources.len() - 1;
                let furniture = header.as_ref().map(|header| furniture::find(table, header, spec.key, known));
                let passed_over: BTreeSet<usize> = furniture.iter().flatten().map(|(row, _)| *row).collect();
                if let Some(header) = check_header(context, source, header, suspected, &passed_over) {
                    tell_of(context, table, furniture.unwrap_or_default());
                    let rows = read_rows(context, source, table, &header, &passed_over);
                    records.entry(spec.key).or_default().extend(rows);
                }
            }
            // Lists of choices, our own among them, are kept on hidden sheets.
            None if table.hidden || table.rows.iter().all(is_blank) => {}
            None => {
                context.warnings.push(Warning::UnknownSheet { sheet: table.sheet.clone(), book: S::BOOK })
            }
        }
    }
    if context.sources.is_empty() {
        let expected = S::sheets().iter().map(|spec| spec.name.to_owned()).collect();
        context.file_fault(Reason::NoKnownSheet { book: S::BOOK, expected });
    }
    records
}

/// The names that sheets of a kind register, as the file says them: what stands in the column `name` of rows whose
/// `code` isn't blank. A row without a code is no entry but a note, and its text no name.
pub fn names_in<S: Schema>(
    tables: &[Table],
    sheet: S::Sheet,
    name: S::Key,
    code: S::Key,
) -> impl Iterator<Item = String> {
    let tables = tables.iter().filter_map(move |table| {
        let known = header::recognise::<S>(table).filter(|known| known.spec.key == sheet)?;
        let header = header::find(table, known.spec)?;
        let (name, code) = (header.column_of(name)?, header.column_of(code)?);
        Some(table.rows.iter().skip(header.row + 1).filter_map(move |row| {
            row.cells.get(code).filter(|cell| !cell::is_blank(cell))?;
            row.cells.get(name).map(|cell| name_key(&cell::shown(cell))).filter(|name| !name.is_empty())
        }))
    });
    tables.flatten()
}

/// One remark for all rows of a sheet that look alike.
fn tell_of<S: Schema>(context: &mut Context<'_, S>, table: &Table, furniture: Vec<(usize, Furniture)>) {
    let mut by_kind: BTreeMap<Furniture, RowList> = BTreeMap::new();
    for (row, what) in furniture {
        let number = table.rows.get(row).map_or(0, |row| row.number);
        by_kind.entry(what).or_default().push(number);
    }
    let sheet = &table.sheet;
    let remarks = by_kind.into_iter();
    let remarks = remarks.map(|(what, rows)| Warning::IgnoredRows { sheet: sheet.clone(), rows, what });
    context.warnings.extend(remarks);
}

/// Nobody sees what stands there, so it is neither imported nor dropped without a word. One that holds nothing
/// but headers and the template's example says nothing.
fn hidden_sheet<'a, S: Schema>(context: &mut Context<'a, S>, table: &'a Table, spec: &'static SheetSpec<S>) {
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
fn check_header<S: Schema>(
    context: &mut Context<'_, S>,
    source: usize,
    header: Option<Header<S>>,
    suspected: Option<Reason<S::Reason>>,
    passed_over: &BTreeSet<usize>,
) -> Option<Header<S>> {
    let &Source { spec, table, .. } = context.sources.get(source)?;
    let lacks_columns = header.as_ref().is_none_or(|header| !header.missing(spec).is_empty());
    if let Some(reason) = suspected.filter(|_| lacks_columns) {
        context.sheet_fault(source, None, reason);
        return None;
    }
    let Some(header) = header else {
        if table.rows.iter().all(is_blank) {
            return None;
        }
        let required = spec.required();
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
    let data: Vec<&RowIn> = {
        let rows = table.rows.iter().enumerate().skip(header.row + 1);
        rows.filter(|(i, _)| !passed_over.contains(i)).map(|(_, row)| row).collect()
    };
    for column in unknown_columns(table, &header, &data) {
        let mut below = data.iter().filter_map(|row| row.cells.get(column));
        let has_name = header_cell(table, &header, column).is_some_and(|cell| !cell::is_blank(cell));
        if below.any(|cell| !cell::is_blank(cell)) {
            is_sound = false;
            context.sheet_fault(source, Some(column), Reason::UnknownColumn);
        } else if has_name {
            let header = header_cell(table, &header, column).map(cell::text).unwrap_or_default();
            let header = cell::shortened(S::told(None, header));
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
fn unknown_columns<S: Schema>(table: &Table, header: &Header<S>, data: &[&RowIn]) -> Vec<usize> {
    let n_header = table.rows.get(header.row).map_or(0, |row| row.cells.len());
    let n_below = data.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    header.unknown.iter().copied().chain(n_header..n_below).collect()
}

fn header_cell<'a, S: Schema>(table: &'a Table, header: &Header<S>, column: usize) -> Option<&'a CellIn> {
    table.rows.get(header.row)?.cells.get(column)
}

fn read_rows<S: Schema>(
    context: &mut Context<'_, S>,
    source: usize,
    table: &Table,
    header: &Header<S>,
    passed_over: &BTreeSet<usize>,
) -> Vec<Record<S>> {
    let mut records = Vec::new();
    for (i, row) in table.rows.iter().enumerate().skip(header.row + 1) {
        if is_left_out(row, header) || passed_over.contains(&i) {
            continue;
        }
        let at = At { source, row: i };
        let mut values = BTreeMap::new();
        for &(column, spec) in &header.columns {
            let cell = row.cells.get(column).unwrap_or(&CellIn::Empty);
            let read = match S::read(spec.kind, cell, table.dates_from_1904) {
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
fn is_left_out<S: Schema>(row: &RowIn, header: &Header<S>) -> bool {
    let mut read = header.columns.iter().filter(|(_, column)| column.kind != S::IGNORED);
    let is_blank = read.all(|(i, _)| row.cells.get(*i).is_none_or(cell::is_blank));
    let mark = header.column_of(S::common().example_mark).and_then(|i| row.cells.get(i));
    is_blank || mark.is_some_and(|mark| cell::shown(mark) == EXAMPLE_WORD)
}

fn is_blank(row: &RowIn) -> bool {
    row.cells.iter().all(cell::is_blank)
}
