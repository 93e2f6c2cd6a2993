//! Cells of a sheet into sparse rows, whatever format they were read from.
//!
//! It must not make room for a cell before it was counted against the limits.

use super::{Allowance, ReadError, ReadLimits};
use crate::sheet::{Cell, DateSystem, Merge, Row, Sheet, column_name, serial_date};

/// The cells of one sheet as they come.
pub(super) struct Rows<'a> {
    sheet: &'a str,
    limits: &'a ReadLimits,
    pub(super) allowance: &'a mut Allowance,
    rows: Vec<Row>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(sheet: &'a str, limits: &'a ReadLimits, allowance: &'a mut Allowance) -> Rows<'a> {
        Rows { sheet, limits, allowance, rows: Vec::new() }
    }

    /// Keeps a cell, the last one where several are of one place. One that is empty isn't kept and counts all the same, since
    /// reading it took as long.
    pub(super) fn put(&mut self, number: u32, column: usize, cell: Cell) -> Result<(), ReadError> {
        let limits = self.limits;
        if cell.is_empty() {
            return self.allowance.take_cells(1, limits);
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
    pub(super) fn finish(self) -> Vec<Row> {
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

/// The sheet, with what its merged areas fill counted.
pub(super) fn finish_sheet(
    sheet: Sheet,
    allowance: &mut Allowance,
    limits: &ReadLimits,
) -> Result<Sheet, ReadError> {
    for merge in &sheet.merges {
        charge(&sheet, merge, allowance, limits)?;
    }
    // Rows that a merged area makes longer; with what it fills charged, walking through them is cheap.
    for ((_, cells), row) in sheet.rows_through_merges().zip(&sheet.rows) {
        allowance.take_cells(cells.len().saturating_sub(row.cells.len()), limits)?;
    }
    Ok(sheet)
}

/// The part of an area in which cells may hold anything: titles are merged up to the last column of all.
pub(super) fn within(area: Merge, limits: &ReadLimits) -> Option<Merge> {
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

/// A text that cells share, as it is kept: a blank one as nothing, so that no cell has to look through it.
pub(super) fn shared_text(text: String) -> String {
    if text.trim().is_empty() { String::new() } else { text }
}

/// The cell that points at a shared text; `None` where there is no such text.
pub(super) fn shared_cell(strings: &[String], index: usize) -> Option<Cell> {
    let text = strings.get(index)?;
    Some(if text.is_empty() { Cell::Empty } else { Cell::Text(text.clone()) })
}

pub(super) fn text_cell(text: String) -> Cell {
    if text.trim().is_empty() { Cell::Empty } else { Cell::Text(text) }
}

pub(super) fn number_cell(number: f64, is_date: bool, system: DateSystem) -> Cell {
    match is_date.then(|| serial_date(number, system)).flatten() {
        Some(date) => Cell::Date(date),
        None => Cell::Number(number),
    }
}
