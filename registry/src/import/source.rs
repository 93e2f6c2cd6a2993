//! Tables become records: sheets and headers recognised, cells read by the kinds of their columns.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::context::{At, Context, Record, Source};
use super::furniture::{self, Furniture};
use super::header::{self, Header, Recognised};
use super::outcome::{RowList, Warning};
use super::value;
use crate::cell::{self, name_key};
use crate::columns::{EXAMPLE_WORD, Key, Kind, SHEETS, SheetKey, SheetSpec};
use crate::reason::Reason;
use crate::table::{CellIn, RowIn, Table, column_letters};
use crate::template;

/// Reads all tables of the import; faults and warnings go to the context.
pub(crate) fn read_all(context: &mut Context<'_>) -> BTreeMap<SheetKey, Vec<Record>> {
    let mut records: BTreeMap<SheetKey, Vec<Record>> = BTreeMap::new();
    let tables = context.import.tables;
    let units = unit_names(context);
    for table in tables {
        if template::is_instructions(table) {
            context.warnings.extend(template::newer_version(table).map(Warning::NewerTemplate));
            continue;
        }
        match header::recognise(table) {
            Some(Recognised { spec, .. }) if table.hidden => hidden_sheet(context, table, spec),
            Some(Recognised { spec, may_exclude }) => {
                let header = header::find(table, spec);
                context.sources.push(Source { spec, table, header: None });
                let source = context.sources.len() - 1;
                let furniture =
                    header.as_ref().map(|header| furniture::find(table, header, spec.key, &units));
                let passed_over: BTreeSet<usize> = furniture.iter().flatten().map(|(row, _)| *row).collect();
                if let Some(header) = check_header(context, source, header, may_exclude, &passed_over) {
                    tell_of(context, table, furniture.unwrap_or_default());
                    let rows = read_rows(context, source, table, &header, &passed_over);
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

/// Names and codes by which rows may refer to units, those of the file as it says them.
fn unit_names(context: &Context<'_>) -> HashSet<String> {
    let registered = context.import.register.units.iter();
    let mut names: HashSet<String> =
        registered.flat_map(|unit| [name_key(&unit.name), name_key(unit.code.as_str())]).collect();
    for table in context.import.tables {
        let known = header::recognise(table).filter(|known| known.spec.key == SheetKey::Units);
        let Some(header) = known.and_then(|known| header::find(table, known.spec)) else { continue };
        let Some(column) = header.column_of(Key::Name) else { continue };
        // A row without a code is no unit but a note, and its text no name.
        let code = |row: &RowIn| {
            let column = header.column_of(Key::CreditCode)?;
            row.cells.get(column).filter(|cell| !cell::is_blank(cell)).map(drop)
        };
        let rows = table.rows.iter().skip(header.row + 1).filter(|row| code(row).is_some());
        let cells = rows.filter_map(|row| row.cells.get(column));
        names.extend(cells.map(|cell| name_key(&cell::shown(cell))));
    }
    names.remove("");
    names
}

/// One remark for all rows of a sheet that look alike.
fn tell_of(context: &mut Context<'_>, table: &Table, furniture: Vec<(usize, Furniture)>) {
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
fn check_header(
    context: &mut Context<'_>,
    source: usize,
    header: Option<Header>,
    may_exclude: Option<String>,
    passed_over: &BTreeSet<usize>,
) -> Option<Header> {
    let Source { spec, table, .. } = *context.sources.get(source)?;
    let lacks_columns = header.as_ref().is_none_or(|header| !header.missing(spec).is_empty());
    if let Some(why) = may_exclude.filter(|_| lacks_columns) {
        let required = spec.columns.iter().filter(|column| column.required);
        let required = required.map(|column| column.header.to_owned()).collect();
        context.sheet_fault(source, None, Reason::MaybeExclusions { why, required });
        return None;
    }
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
fn unknown_columns(table: &Table, header: &Header, data: &[&RowIn]) -> Vec<usize> {
    let n_header = table.rows.get(header.row).map_or(0, |row| row.cells.len());
    let n_below = data.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    header.unknown.iter().copied().chain(n_header..n_below).collect()
}

fn header_cell<'a>(table: &'a Table, header: &Header, column: usize) -> Option<&'a CellIn> {
    table.rows.get(header.row)?.cells.get(column)
}

fn read_rows(
    context: &mut Context<'_>,
    source: usize,
    table: &Table,
    header: &Header,
    passed_over: &BTreeSet<usize>,
) -> Vec<Record> {
    let mut records = Vec::new();
    for (i, row) in table.rows.iter().enumerate().skip(header.row + 1) {
        if is_left_out(row, header) || passed_over.contains(&i) {
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
