//! CSV into rows.
//!
//! It must not lose count: row numbers are those that a spreadsheet shows for the same file, blank lines included,
//! and a quotation mark that is never closed is an error, not one huge last cell. That is why the parser is ours
//! (tests hold it against the `csv` crate).

use super::{Allowance, Place, ReadError, ReadLimits, check_size, encoding};
use crate::sheet::{Cell, DateSystem, Merge, Row, Sheet, Workbook, column_name};
use crate::write::unguarded;

/// Reads CSV in UTF-8, UTF-16 with a byte order mark, or GB18030, separated by commas, tabs or semicolons.
pub fn read_csv(bytes: &[u8], sheet_name: &str, limits: &ReadLimits) -> Result<Workbook, ReadError> {
    check_size(bytes, limits)?;
    let text = encoding::decode(bytes)?;
    // Old editors end a text file with Ctrl-Z.
    let text = text.strip_suffix('\u{1a}').unwrap_or(&text);
    let mut allowance = Allowance::new(limits);
    let mut records = Records::new(text, delimiter_of(text));
    let mut rows = Vec::new();
    while let Some(record) = records.next_record() {
        let row = row_of(record?, sheet_name, limits, &mut allowance)?;
        if !row.cells.is_empty() {
            rows.push(row);
        }
    }
    let merges: Vec<Merge> = Vec::new();
    let sheet = Sheet { name: sheet_name.to_owned(), visible: true, rows, merges };
    Ok(Workbook { sheets: vec![sheet], date_system: DateSystem::From1900 })
}

fn row_of(
    record: Record,
    sheet_name: &str,
    limits: &ReadLimits,
    allowance: &mut Allowance,
) -> Result<Row, ReadError> {
    let number = record.number;
    let mut cells = Vec::new();
    // Our own CSV guards text that looks like a formula.
    let fields: Vec<&str> = record.fields.iter().map(|field| unguarded(field)).collect();
    let filled = fields.iter().rposition(|field| !field.trim().is_empty()).map_or(0, |last| last + 1);
    if filled > 0 && number > limits.rows {
        let sheet = sheet_name.to_owned();
        return Err(ReadError::TooManyRows { sheet, row: u64::from(number), limit: limits.rows });
    }
    if filled > limits.columns {
        let cell = format!("{}{number}", column_name(filled - 1));
        return Err(ReadError::TooManyColumns { sheet: sheet_name.to_owned(), cell, limit: limits.columns });
    }
    allowance.take_cells(filled + usize::from(filled > 0), limits)?;
    for (column, field) in fields.into_iter().take(filled).enumerate() {
        if field.len() > limits.cell_chars && field.chars().count() > limits.cell_chars {
            let place = Place::Cell { cell: format!("{}{number}", column_name(column)), sheet: None };
            return Err(ReadError::CellTooLong { place, limit: limits.cell_chars });
        }
        allowance.take_text(field.len(), limits)?;
        cells.push(if field.trim().is_empty() { Cell::Empty } else { Cell::Text(field.to_owned()) });
    }
    Ok(Row { number, cells })
}

/// In order of likelihood, which settles a tie.
const DELIMITERS: [char; 3] = [',', '\t', ';'];
/// Records looked at to choose a delimiter, and at most this much text of them.
const SAMPLE_RECORDS: usize = 20;
const SAMPLE_BYTES: usize = 64 << 10;

/// The delimiter that cuts most of the first records into the same number of fields.
fn delimiter_of(text: &str) -> char {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= SAMPLE_BYTES).unwrap_or(text.len());
    let sample = text.get(..end).unwrap_or(text);
    let score = |delimiter: char| {
        let mut records = Records::new(sample, delimiter);
        let counts: Vec<usize> = std::iter::from_fn(|| records.next_record())
            .take(SAMPLE_RECORDS)
            .filter_map(|record| record.ok().map(|record| record.fields.len()))
            .filter(|fields| *fields > 1)
            .collect();
        counts.iter().map(|count| counts.iter().filter(|other| *other == count).count()).max().unwrap_or(0)
    };
    let mut best = (',', 0);
    for delimiter in DELIMITERS {
        let found = score(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    best.0
}

/// Columns of the largest sheet that a spreadsheet makes; the limits allow fewer.
const MOST_FIELDS: usize = 16_384;

struct Record {
    number: u32,
    fields: Vec<String>,
}

struct Records<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    delimiter: char,
    number: u32,
    failed: bool,
}

impl<'t> Records<'t> {
    fn new(text: &'t str, delimiter: char) -> Self {
        Records { rest: text.chars().peekable(), delimiter, number: 0, failed: false }
    }

    /// The next line or group of lines, blank ones as a record of one empty field.
    fn next_record(&mut self) -> Option<Result<Record, ReadError>> {
        if self.failed || self.rest.peek().is_none() {
            return None;
        }
        self.number = self.number.saturating_add(1);
        let mut fields = Vec::new();
        loop {
            let (field, more) = match self.next_field() {
                Ok(found) => found,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            };
            // Trailing delimiters without end are not worth their memory.
            if fields.len() < MOST_FIELDS || (fields.len() == MOST_FIELDS && !field.trim().is_empty()) {
                fields.push(field);
            }
            if !more {
                return Some(Ok(Record { number: self.number, fields }));
            }
        }
    }

    /// A field, and whether another one follows in the same record.
    fn next_field(&mut self) -> Result<(String, bool), ReadError> {
        let mut field = String::new();
        if self.rest.next_if_eq(&'"').is_some() {
            self.read_quoted(&mut field)?;
        }
        loop {
            match self.rest.next() {
                None | Some('\n') => return Ok((field, false)),
                Some('\r') => {
                    self.rest.next_if_eq(&'\n');
                    return Ok((field, false));
                }
                Some(c) if c == self.delimiter => return Ok((field, true)),
                Some(c) => field.push(c),
            }
        }
    }

    fn read_quoted(&mut self, field: &mut String) -> Result<(), ReadError> {
        loop {
            match self.rest.next() {
                None => return Err(ReadError::UnclosedQuote { row: self.number }),
                Some('"') if self.rest.next_if_eq(&'"').is_some() => field.push('"'),
                Some('"') => return Ok(()),
                Some(c) => field.push(c),
            }
        }
    }
}
