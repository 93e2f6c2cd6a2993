//! One sheet of a workbook into sparse rows.
//!
//! It must not make room for a cell before it holds something: formatted but empty cells reach down to row
//! 1,048,576 in files saved by WPS, and a reference costs an attacker nothing.

use std::io::Read;

use chrono::NaiveDate;
use quick_xml::events::{BytesStart, Event};

use super::rows::{Rows, finish_sheet, number_cell, shared_cell, text_cell, within};
use super::strings::read_rich_text;
use super::styles::Styles;
use super::xml::{Xml, attribute};
use super::{Allowance, Damage, Place, ReadError, ReadLimits};
use crate::sheet::{Cell, DateSystem, Merge, Sheet, column_name};

/// The last row and column that the format knows.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: usize = 16_384;
/// The type of a cell that points at a shared text.
const SHARED: &str = "s";
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
    let mut rows = Rows::new(&name, context.limits, allowance);
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
                return Err(part.damaged(Damage::CellNowhere));
            };
            next_column = column + 1;
            let cell = read_cell(&mut part, &start, row, column, &name, context)?;
            // Formatted cells of nothing reach down to the last row; what they take is bounded by what inflates.
            if !cell.is_empty() || start.kind == SHARED {
                rows.put(row, column, cell)?;
            }
        }
    }
    if !saw_sheet {
        return Err(part.damaged(Damage::NotAWorksheet));
    }
    let rows = rows.finish();
    finish_sheet(Sheet { name, visible, rows, merges }, allowance, context.limits)
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
            Event::Eof => return Err(part.damaged(Damage::EndsInTheMiddle)),
            _ => None,
        };
        let Some(text) = text else { continue };
        let Some(text) = text else {
            let cell = format!("{}{row}", column_name(column));
            let place = Place::Cell { cell, sheet: Some(sheet.to_owned()) };
            return Err(ReadError::CellTooLong { place, limit });
        };
        // An inline cell may repeat itself in an empty value, and a formula that nobody calculated has one too.
        // A text that was calculated to nothing says that it is text.
        has_value |= !text.is_empty() || start.kind == "str";
        if !text.is_empty() {
            cell = match value_of(text, start, context) {
                Some(cell) => cell,
                None => {
                    let cell = format!("{}{row}", column_name(column));
                    return Err(part.damaged(Damage::CellWithoutText { cell }));
                }
            };
        }
    }
}

/// `None` when the cell points at a shared text that isn't there.
fn value_of(text: String, start: &CellStart, context: &Context<'_>) -> Option<Cell> {
    let cell = match start.kind.as_str() {
        SHARED => shared_cell(context.strings, text.trim().parse().ok()?)?,
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
            Ok(number) if number.is_finite() => {
                number_cell(number, context.styles.is_date(start.style), context.date_system)
            }
            _ => text_cell(text),
        },
        // inlineStr, str, and whatever else carries its text in place.
        _ => text_cell(text),
    };
    Some(cell)
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
