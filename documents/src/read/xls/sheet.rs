//! The records of one worksheet into sparse rows.
//!
//! It must not look at what stands in a sheet beside cells and merged areas; charts in it have records of cells too, and
//! are passed over.

use std::ops::Range;

use super::record::{Bytes, Record, Records};
use super::text::{Length, TooLong};
use super::{BOF, EOF, Globals, Listed, damaged_at};
use crate::read::rows::{Rows, finish_sheet, number_cell, shared_cell, text_cell, within};
use crate::read::{self, Allowance, Damage, ReadError, ReadLimits};
use crate::sheet::{Cell, Merge, Sheet, column_name};

/// The highest column that the format knows, counted from 0.
const LAST_COLUMN: u16 = 255;

/// The sheet, and the place of its records in the stream.
pub(super) fn read(
    stream: &[u8],
    listed: &Listed,
    globals: &Globals,
    limits: &ReadLimits,
    allowance: &mut Allowance,
) -> Result<(Sheet, Range<usize>), ReadError> {
    let mut records = Records::from(stream, listed.at);
    if records.next()?.kind != BOF {
        return Err(damaged_at(listed.at, Damage::NoSheetHere { sheet: listed.name.clone() }));
    }
    let reader = Reader { name: &listed.name, globals, limits };
    let mut rows = Rows::new(&listed.name, limits, allowance);
    let mut merges = Vec::new();
    // Charts that are open, one in another.
    let mut depth = 0_usize;
    // The cell of a formula whose text comes in a record of its own.
    let mut awaiting: Option<Place> = None;
    let end = loop {
        let record = records.next()?;
        match record.kind {
            EOF if depth == 0 => break record.end(),
            EOF => depth -= 1,
            BOF => depth += 1,
            _ if depth > 0 => {}
            // MergeCells
            0x00e5 => reader.merges(&record, &mut rows, &mut merges)?,
            // String: the value of the formula before it.
            0x0207 => {
                if let Some(place) = awaiting.take() {
                    let cell =
                        reader.text(&mut record.bytes(), place).ok_or_else(|| reader.short(&record))??;
                    reader.put(&mut rows, place, cell)?;
                }
            }
            kind if CELLS.contains(&kind) => {
                awaiting = reader.cells(&record, &mut rows)?;
            }
            _ => {}
        }
    };
    let rows = rows.finish();
    let sheet = Sheet { name: listed.name.clone(), visible: listed.is_visible, rows, merges };
    Ok((finish_sheet(sheet, allowance, limits)?, listed.at..end))
}

/// Number, Label, RString, BoolErr, RK, LabelSst, MulRk, Formula.
const CELLS: [u16; 8] = [0x0203, 0x0204, 0x00d6, 0x0205, 0x027e, 0x00fd, 0x00bd, 0x0006];

/// Row and column, both counted from 0.
#[derive(Clone, Copy)]
struct Place {
    row: u16,
    column: u16,
}

struct Reader<'a> {
    name: &'a str,
    globals: &'a Globals,
    limits: &'a ReadLimits,
}

impl Reader<'_> {
    /// Keeps what a record of cells holds; the place of a formula whose text is yet to come.
    fn cells(&self, record: &Record<'_>, rows: &mut Rows<'_>) -> Result<Option<Place>, ReadError> {
        let mut bytes = record.bytes();
        let short = || self.short(record);
        let place = Place { row: bytes.u16().ok_or_else(short)?, column: bytes.u16().ok_or_else(short)? };
        if record.kind == 0x00bd {
            self.many_numbers(bytes, place, rows).ok_or_else(short)??;
            return Ok(None);
        }
        let style = bytes.u16().ok_or_else(short)?;
        let cell = match record.kind {
            0x0203 => self.number(bytes.f64().ok_or_else(short)?, style),
            0x027e => self.number(rk(bytes.u32().ok_or_else(short)?), style),
            0x0205 => {
                let (value, kind) = (bytes.u8().ok_or_else(short)?, bytes.u8().ok_or_else(short)?);
                if kind == 0 { Cell::Bool(value != 0) } else { error_cell(value) }
            }
            0x00fd => {
                let index = bytes.u32().ok_or_else(short)? as usize;
                shared_cell(&self.globals.strings, index)
                    .ok_or_else(|| damaged_at(record.end(), Damage::CellWithoutText { cell: name(place) }))?
            }
            0x0006 => match self.value(bytes.array().ok_or_else(short)?, style) {
                Some(cell) => cell,
                None => return Ok(Some(place)),
            },
            _ => self.text(&mut bytes, place).ok_or_else(short)??,
        };
        self.put(rows, place, cell)?;
        Ok(None)
    }

    /// A row of numbers, each with its style, and the last column after them (MS-XLS 2.4.175).
    fn many_numbers(
        &self,
        mut bytes: Bytes<'_>,
        first: Place,
        rows: &mut Rows<'_>,
    ) -> Option<Result<(), ReadError>> {
        let mut place = first;
        while let Some(style) = bytes.u16() {
            // Two bytes are left before the end: the last column.
            let Some(value) = bytes.u32() else { return Some(Ok(())) };
            if let Err(error) = self.put(rows, place, self.number(rk(value), style)) {
                return Some(Err(error));
            }
            place.column = place.column.checked_add(1)?;
        }
        None
    }

    /// What a formula came to (MS-XLS 2.5.133); `None` if it is a text, which stands in the next record.
    fn value(&self, value: [u8; 8], style: u16) -> Option<Cell> {
        let [kind, _, content, _, _, _, 0xff, 0xff] = value else {
            return Some(self.number(f64::from_le_bytes(value), style));
        };
        match kind {
            0 => None,
            1 => Some(Cell::Bool(content != 0)),
            2 => Some(error_cell(content)),
            _ => Some(Cell::Empty),
        }
    }

    fn number(&self, number: f64, style: u16) -> Cell {
        if !number.is_finite() {
            return error_cell(NUM);
        }
        let is_date = self.globals.styles.is_date(Some(usize::from(style)));
        number_cell(number, is_date, self.globals.date_system)
    }

    fn text(&self, bytes: &mut Bytes<'_>, place: Place) -> Option<Result<Cell, ReadError>> {
        let limit = self.limits.cell_chars;
        let text = self.globals.texts.read(bytes, Length::Long, limit)?;
        Some(text.map(text_cell).map_err(|TooLong| {
            let place = read::Place::Cell { cell: name(place), sheet: Some(self.name.to_owned()) };
            ReadError::CellTooLong { place, limit }
        }))
    }

    fn put(&self, rows: &mut Rows<'_>, place: Place, cell: Cell) -> Result<(), ReadError> {
        rows.put(u32::from(place.row) + 1, usize::from(place.column), cell)
    }

    /// Merged areas (MS-XLS 2.4.168); those whose ends are the wrong way round are none.
    fn merges(
        &self,
        record: &Record<'_>,
        rows: &mut Rows<'_>,
        merges: &mut Vec<Merge>,
    ) -> Result<(), ReadError> {
        let mut bytes = record.bytes();
        let n = bytes.u16().ok_or_else(|| self.short(record))?;
        for _ in 0..n {
            let mut next = || bytes.u16().ok_or_else(|| self.short(record));
            let (first_row, last_row, first_column, last_column) = (next()?, next()?, next()?, next()?);
            rows.allowance.take_merge(self.limits)?;
            let is_sound = first_row <= last_row && first_column <= last_column;
            if !is_sound || last_column > LAST_COLUMN {
                continue;
            }
            let area = Merge {
                first_row: u32::from(first_row) + 1,
                last_row: u32::from(last_row) + 1,
                first_column: usize::from(first_column),
                last_column: usize::from(last_column),
            };
            merges.extend(within(area, self.limits));
        }
        Ok(())
    }

    fn short(&self, record: &Record<'_>) -> ReadError {
        let (kind, sheet) = (record.kind, self.name.to_owned());
        damaged_at(record.end(), Damage::ShortRecordOfSheet { kind, sheet })
    }
}

fn name(place: Place) -> String {
    format!("{}{}", column_name(usize::from(place.column)), u32::from(place.row) + 1)
}

/// A number in 30 bits (MS-XLS 2.5.217): a whole one or the upper part of a fraction, either as hundredths.
fn rk(bits: u32) -> f64 {
    let number = if bits & 0x02 != 0 {
        f64::from(bits.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(bits & !0x03) << 32)
    };
    if bits & 0x01 != 0 { number / 100.0 } else { number }
}

const NUM: u8 = 0x24;

/// Errors by their number (MS-XLS 2.5.10), as the spreadsheet shows them.
fn error_cell(code: u8) -> Cell {
    let shown = match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        NUM => "#NUM!",
        0x2a => "#N/A",
        0x2b => "#GETTING_DATA",
        _ => "#ERROR!",
    };
    Cell::Error(shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_of_thirty_bits() {
        let whole = |n: i32| (n << 2).cast_unsigned() | 0x02;
        for (bits, expected) in [
            (whole(1), 1.0),
            (whole(-5), -5.0),
            (whole(12_345) | 0x01, 123.45),
            (0x3ff0_0000, 1.0),
            (0x4058_c000 | 0x01, 0.99),
            (0, 0.0),
        ] {
            assert_eq!(rk(bits), expected, "{bits:#x}");
        }
    }
}
