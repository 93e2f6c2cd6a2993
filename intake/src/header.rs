//! Which sheet a table is, and which row of it the header.

use crate::cell;
use crate::columns::{ColumnSpec, SheetSpec};
use crate::reason::Reason;
use crate::schema::Schema;
use crate::table::{CellIn, Table};

/// Titles, notes and merged cells above the header are looked past, up to so many rows that hold anything.
pub const MAX_ROWS_ABOVE: usize = 30;

/// Two columns must be recognised: a title such as “单位” alone is not a header.
const MIN_COLUMNS: usize = 2;

/// The header row of a table.
#[derive(Debug, Clone)]
pub struct Header<S: Schema> {
    /// Index into the table's rows.
    pub row: usize,
    /// Column index and its entry, the first of each key.
    pub columns: Vec<(usize, &'static ColumnSpec<S>)>,
    /// Columns that repeat a key, with the index of the first one.
    pub repeated: Vec<(usize, usize)>,
    /// Columns with a header that isn't known, or none.
    pub unknown: Vec<usize>,
}

impl<S: Schema> Header<S> {
    pub fn column_of(&self, key: S::Key) -> Option<usize> {
        self.columns.iter().find(|(_, column)| column.key == key).map(|(i, _)| *i)
    }

    /// A second column of what is known by code or name, if one is the code and the other the name: the code says
    /// which it is, and the name is checked against it.
    fn take_pair(&mut self, second: usize, first_is_code: bool, text: &str) -> bool {
        let Some((key, name)) = S::code_and_name() else { return false };
        if names_code(text) == first_is_code || self.column_of(name.key).is_some() {
            return false;
        }
        let Some(place) = self.columns.iter().position(|(_, column)| column.key == key) else {
            return false;
        };
        match self.columns.get_mut(place) {
            Some((_, column)) if !first_is_code => {
                let code = std::mem::replace(column, name);
                self.columns.push((second, code));
            }
            _ => self.columns.push((second, name)),
        }
        true
    }

    fn n_recognised(&self) -> usize {
        self.columns.iter().filter(|(_, column)| column.kind != S::IGNORED).count()
    }

    pub fn missing(&self, spec: &SheetSpec<S>) -> Vec<&'static ColumnSpec<S>> {
        let columns = spec.columns.iter();
        columns.filter(|column| column.required && self.column_of(column.key).is_none()).collect()
    }
}

/// A table that is taken for a sheet of the schema.
#[derive(Debug, Clone)]
pub struct Recognised<S: Schema> {
    pub spec: &'static SheetSpec<S>,
    /// What is wrong if its columns are missing, where only its content makes it that sheet.
    pub suspected: Option<Reason<S::Reason>>,
}

/// The sheet that a table is by its name, else by its header.
pub fn recognise<S: Schema>(table: &Table) -> Option<Recognised<S>> {
    let name = header_key(&table.sheet);
    // A second sheet of one kind is often called 资产2.
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let by_name = S::sheets()
        .iter()
        .find(|spec| spec.aliases.iter().chain([&spec.name]).any(|known| header_key(known) == name));
    if let Some(spec) = by_name {
        return Some(Recognised { spec, suspected: None });
    }
    if let Some(suspect) = S::suspect(table) {
        return Some(Recognised { spec: suspect.spec, suspected: Some(suspect.reason) });
    }
    let by_header = || {
        let complete = S::sheets().iter().filter_map(|spec| {
            let header = find(table, spec)?;
            header.missing(spec).is_empty().then(|| (header.n_recognised(), spec))
        });
        // Of two that tie the earlier sheet: `max_by_key` takes the last, hence the reversal.
        complete.rev().max_by_key(|(n, _)| *n).map(|(_, spec)| spec)
    };
    by_header().map(|spec| Recognised { spec, suspected: None })
}

/// The row in which most columns of the sheet are recognised; the first of several.
pub fn find<S: Schema>(table: &Table, spec: &SheetSpec<S>) -> Option<Header<S>> {
    let rows = table.rows.iter().enumerate();
    let rows = rows.filter(|(_, row)| !row.cells.iter().all(cell::is_blank)).take(MAX_ROWS_ABOVE);
    let headers = rows.map(|(i, row)| read(i, &row.cells, spec));
    let mut best: Option<Header<S>> = None;
    for header in headers {
        if header.n_recognised() > best.as_ref().map_or(MIN_COLUMNS - 1, Header::n_recognised) {
            best = Some(header);
        }
    }
    best
}

/// A row as if it were the header.
pub fn read<S: Schema>(row: usize, cells: &[CellIn], spec: &SheetSpec<S>) -> Header<S> {
    let mut header = Header { row, columns: Vec::new(), repeated: Vec::new(), unknown: Vec::new() };
    let paired = S::code_and_name().map(|(key, _)| key);
    let mut first_is_code = false;
    for (i, cell) in cells.iter().enumerate() {
        let text = match cell {
            CellIn::Text(text) => header_key(text),
            CellIn::Empty | CellIn::Number(_) | CellIn::Bool(_) | CellIn::Date(_) | CellIn::Error(_) => {
                String::new()
            }
        };
        match column_named(spec, &text) {
            None => header.unknown.push(i),
            Some(column) => match header.column_of(column.key) {
                None => {
                    first_is_code |= paired == Some(column.key) && names_code(&text);
                    header.columns.push((i, column));
                }
                Some(_) if paired == Some(column.key) && header.take_pair(i, first_is_code, &text) => {}
                Some(first) => header.repeated.push((i, first)),
            },
        }
    }
    header
}

/// Whether the header of a column asks for the code and not for the name.
fn names_code(key: &str) -> bool {
    key.contains("代码") || key.contains("code")
}

fn column_named<S: Schema>(spec: &SheetSpec<S>, key: &str) -> Option<&'static ColumnSpec<S>> {
    if key.is_empty() {
        return None;
    }
    let is_named = |column: &&ColumnSpec<S>| {
        column.aliases.iter().chain([&column.header]).any(|name| header_key(name) == key)
    };
    // 原因 may be a column of the sheet's own, and is the importer's remark in the others.
    spec.columns.iter().find(is_named).or_else(|| S::common().always_understood().into_iter().find(is_named))
}

/// What headers are compared by: without width, case, spaces, underscores, the star of a required column, and
/// whatever stands in brackets.
pub fn header_key(text: &str) -> String {
    let mut depth = 0usize;
    let outside: String = cell::fold(text)
        .chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            '*' | '_' | '-' | ':' => false,
            _ => depth == 0,
        })
        .collect();
    cell::name_key(&outside)
}
