//! One sheet of a workbook into sparse rows.
//!
//! It must not make room for a cell before it holds something: formatted but empty cells reach down to row
//! 1,048,576 in files saved by WPS, and a reference costs an attacker nothing.

use std::io::Read;

use chrono::NaiveDate;
use quick_xml::events::{BytesStart, Event};

use super::strings::read_rich_text;
use super::styles::Styles;
use super::xml::{Xml, attribute};
use super::{Allowance, ReadError, ReadLimits};
use crate::sheet::{Cell, DateSystem, Merge, Row, Sheet, column_name, serial_date};

/// The last row and column that the format knows.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: usize = 16_384;
/// Stands in a cell whose formula was never calculated.
const UNCALCULATED: &str = "formula without a value; open the file in WPS or Excel and save it";

pub(super) struct Context<'a> {
    pub(super) strings: &'a [String],
    pub(super) styles: &'a Styles,
    pub(super) date_system: DateSystem,
    pub(super) limits: &'a ReadLimits,
}

pub(super) fn read<R: Read>(
    mut part: Xml<R>,
    name: String,
    visible: bool,
    context: &Context<'_>,
    allowance: &mut Allowance,
) -> Result<Sheet, ReadError> {
    let mut rows = Rows { sheet: &name, context, allowance, rows: Vec::new() };
    let mut merges = Vec::new();
    let mut row = 0_u32;
    let mut next_column = 0_usize;
    let mut saw_sheet = false;
    loop {
        let started = match part.next()? {
            Event::Start(element) => match element.local_name().into_inner() {
                "worksheet" => {
                    saw_sheet = true;
                    None
                }
                "row" => {
                    row = match attribute(&element, "r") {
                        Some(number) => number.trim().parse().unwrap_or(0),
                        None => row.saturating_add(1),
                    };
                    next_column = 0;
                    // Blank rows cost a few bytes each and time to skip; beyond the format's end they are no accident.
                    if row > LAST_ROW {
                        let limit = context.limits.rows;
                        return Err(ReadError::TooManyRows { sheet: name, row: u64::from(row), limit });
                    }
                    None
                }
                "c" => Some(CellStart::of(&element, row, next_column)),
                "mergeCell" => {
                    rows.allowance.take_merge(context.limits)?;
                    let area = attribute(&element, "ref").and_then(|area| parse_area(&area));
                    merges.extend(area.and_then(|area| within(area, context.limits)));
                    None
                }
                _ => None,
            },
            Event::Eof => break,
            _ => None,
        };
        if let Some(start) = started {
            let Some((row, column)) = start.position else {
                return Err(part.damaged("a cell has no valid position"));
            };
            next_column = column + 1;
            let cell = read_cell(&mut part, &start, row, column, &name, context)?;
            rows.put(row, column, cell)?;
        }
    }
    if !saw_sheet {
        return Err(part.damaged("it is not a worksheet"));
    }
    let rows = rows.finish();
    let sheet = Sheet { name, visible, rows, merges };
    for merge in &sheet.merges {
        charge(&sheet, merge, allowance, context.limits)?;
    }
    // Rows that a merged area makes longer; with what it fills charged, walking through them is cheap.
    for ((_, cells), row) in sheet.rows_through_merges().zip(&sheet.rows) {
        allowance.take_cells(cells.len().saturating_sub(row.cells.len()), context.limits)?;
    }
    Ok(sheet)
}

/// The part of an area in which cells may hold anything: titles are merged up to the last column of all.
fn within(area: Merge, limits: &ReadLimits) -> Option<Merge> {
    let last_column = area.last_column.min(limits.columns.checked_sub(1)?);
    let last_row = area.last_row.min(limits.rows);
    let is_left = area.first_column <= last_column && area.first_row <= last_row;
    is_left.then_some(Merge { last_row, last_column, ..area })
}

/// Counts what an area fills, row by row, as if the file had written it out.
fn charge(
    sheet: &Sheet,
    merge: &Merge,
    allowance: &mut Allowance,
    limits: &ReadLimits,
) -> Result<(), ReadError> {
    let n_above = sheet.rows.partition_point(|row| row.number < merge.first_row);
    let n_to_end = sheet.rows.partition_point(|row| row.number <= merge.last_row);
    // Neither overflows: rows and columns are within the limits, and a cell's text is too.
    let cells = (n_to_end - n_above) * (merge.last_column - merge.first_column + 1);
    allowance.take_cells(cells, limits)?;
    match sheet.cell(merge.first_row, merge.first_column) {
        Cell::Text(text) | Cell::Error(text) => allowance.take_text(cells.saturating_mul(text.len()), limits),
        Cell::Empty | Cell::Number(_) | Cell::Bool(_) | Cell::Date(_) => Ok(()),
    }
}

struct CellStart {
    position: Option<(u32, usize)>,
    style: Option<usize>,
    kind: String,
}

impl CellStart {
    fn of(element: &BytesStart<'_>, row: u32, next_column: usize) -> Self {
        let mut position = Some((row, next_column));
        let mut style = None;
        let mut kind = String::new();
        for attribute in element.attributes().with_checks(false).flatten() {
            let value = attribute.value.as_ref();
            match attribute.key.into_inner() {
                "r" => position = parse_reference(value),
                "s" => style = value.parse().ok(),
                "t" => value.chars().take(16).for_each(|c| kind.push(c)),
                _ => {}
            }
        }
        let exists = |(row, column): &(u32, usize)| (1..=LAST_ROW).contains(row) && *column < LAST_COLUMN;
        CellStart { position: position.filter(exists), style, kind }
    }
}

/// Reads up to the end of the `c` element.
fn read_cell<R: Read>(
    part: &mut Xml<R>,
    start: &CellStart,
    row: u32,
    column: usize,
    sheet: &str,
    context: &Context<'_>,
) -> Result<Cell, ReadError> {
    let limit = context.limits.cell_chars;
    let mut cell = Cell::Empty;
    let mut has_formula = false;
    let mut has_value = false;
    let mut inside = 0_usize;
    loop {
        let text = match part.next()? {
            Event::Start(element) => match element.local_name().into_inner() {
                "is" if inside == 0 => Some(read_rich_text(part, limit)?),
                "v" if inside == 0 => Some(part.text_to_end(limit)?),
                other => {
                    has_formula |= other == "f" && inside == 0;
                    inside += 1;
                    None
                }
            },
            // Written by a program that doesn't calculate: what the person will see there is unknown, not empty.
            Event::End(_) if inside == 0 && has_formula && !has_value => {
                return Ok(Cell::Error(UNCALCULATED.to_owned()));
            }
            Event::End(_) if inside == 0 => return Ok(cell),
            Event::End(_) => {
                inside -= 1;
                None
            }
            Event::Eof => return Err(part.damaged("it ends in the middle")),
            _ => None,
        };
        let Some(text) = text else { continue };
        let Some(text) = text else {
            let place = format!("cell {}{row} of sheet {sheet:?}", column_name(column));
            return Err(ReadError::CellTooLong { place, limit });
        };
        // An inline cell may repeat itself in an empty value, and a formula that nobody calculated has one too.
        // A text that was calculated to nothing says that it is text.
        has_value |= !text.is_empty() || start.kind == "str";
        if !text.is_empty() {
            cell = match value_of(text, start, context) {
                Some(cell) => cell,
                None => {
                    return Err(part.damaged(format!("cell {}{row} points at no text", column_name(column))));
                }
            };
        }
    }
}

/// `None` when the cell points at a shared text that isn't there.
fn value_of(text: String, start: &CellStart, context: &Context<'_>) -> Option<Cell> {
    let cell = match start.kind.as_str() {
        "s" => text_cell(context.strings.get(text.trim().parse::<usize>().ok()?)?.clone()),
        "b" => match text.trim() {
            "1" | "true" | "TRUE" => Cell::Bool(true),
            "0" | "false" | "FALSE" => Cell::Bool(false),
            _ => text_cell(text),
        },
        "e" => Cell::Error(text),
        "d" => match NaiveDate::parse_from_str(text.get(..10).unwrap_or(&text), "%Y-%m-%d") {
            Ok(date) => Cell::Date(date),
            Err(_) => text_cell(text),
        },
        "n" | "" => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => number_cell(number, start.style, context),
            _ => text_cell(text),
        },
        // inlineStr, str, and whatever else carries its text in place.
        _ => text_cell(text),
    };
    Some(cell)
}

fn text_cell(text: String) -> Cell {
    if text.trim().is_empty() { Cell::Empty } else { Cell::Text(text) }
}

fn number_cell(number: f64, style: Option<usize>, context: &Context<'_>) -> Cell {
    match context.styles.is_date(style).then(|| serial_date(number, context.date_system)).flatten() {
        Some(date) => Cell::Date(date),
        None => Cell::Number(number),
    }
}

struct Rows<'a> {
    sheet: &'a str,
    context: &'a Context<'a>,
    allowance: &'a mut Allowance,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn put(&mut self, number: u32, column: usize, cell: Cell) -> Result<(), ReadError> {
        let limits = self.context.limits;
        if cell.is_empty() {
            return Ok(());
        }
        if number > limits.rows {
            let sheet = self.sheet.to_owned();
            return Err(ReadError::TooManyRows { sheet, row: u64::from(number), limit: limits.rows });
        }
        if column >= limits.columns {
            let cell = format!("{}{number}", column_name(column));
            return Err(ReadError::TooManyColumns {
                sheet: self.sheet.to_owned(),
                cell,
                limit: limits.columns,
            });
        }
        if let Cell::Text(text) | Cell::Error(text) = &cell {
            self.allowance.take_text(text.len(), limits)?;
        }
        if self.rows.last().is_none_or(|row| row.number != number) {
            // The row itself counts too, so that a million rows of one cell are not free.
            self.allowance.take_cells(1, limits)?;
            self.rows.push(Row { number, cells: Vec::new() });
        }
        let row = self.rows.last_mut().expect("a row was pushed if there was none");
        if row.cells.len() <= column {
            self.allowance.take_cells(column + 1 - row.cells.len(), limits)?;
            row.cells.resize(column + 1, Cell::Empty);
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = cell;
        }
        Ok(())
    }

    /// Rows in order; a file that names a row twice has its cells put together.
    fn finish(self) -> Vec<Row> {
        let mut rows = self.rows;
        if rows.is_sorted_by(|a, b| a.number < b.number) {
            return rows;
        }
        rows.sort_by_key(|row| row.number);
        let mut merged: Vec<Row> = Vec::new();
        for row in rows {
            match merged.last_mut() {
                Some(last) if last.number == row.number => overlay(&mut last.cells, row.cells),
                _ => merged.push(row),
            }
        }
        merged
    }
}

fn overlay(under: &mut Vec<Cell>, over: Vec<Cell>) {
    if under.len() < over.len() {
        under.resize(over.len(), Cell::Empty);
    }
    for (place, cell) in under.iter_mut().zip(over) {
        if !cell.is_empty() {
            *place = cell;
        }
    }
}

/// `B7` as row 7 and column 1.
fn parse_reference(reference: &str) -> Option<(u32, usize)> {
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = reference.split_at(digits);
    let mut column = 0_usize;
    for letter in letters.bytes() {
        let value = letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?;
        column = column.checked_mul(26)?.checked_add(usize::from(value) + 1)?;
    }
    Some((number.parse().ok()?, column.checked_sub(1)?))
}

fn parse_area(area: &str) -> Option<Merge> {
    let (first, last) = area.split_once(':')?;
    let (first_row, first_column) = parse_reference(first)?;
    let (last_row, last_column) = parse_reference(last)?;
    let sound = first_row >= 1 && first_row <= last_row && first_column <= last_column;
    (sound && last_row <= LAST_ROW && last_column < LAST_COLUMN).then_some(Merge {
        first_row,
        last_row,
        first_column,
        last_column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_references_without_overflow() {
        let long = "A".repeat(40) + "1";
        let cases = [
            ("A1", Some((1, 0))),
            ("xfd1048576", Some((1_048_576, 16_383))),
            ("A99999999999", None),
            ("7", None),
            ("A", None),
            ("Ä1", None),
            (long.as_str(), None),
        ];
        for (reference, expected) in cases {
            assert_eq!(parse_reference(reference), expected, "{reference}");
        }
    }
}
