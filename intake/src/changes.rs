//! What an import changes, cell by cell as people read it.
//!
//! It must not decide anything: the change is settled when it is told.

use std::collections::HashMap;

use crate::cell;
use crate::context::Context;
use crate::schema::{Schema, sheet};
use crate::stage::{Registered, Settled};
use crate::table::CellIn;

/// An entry that is new or changes, and the row that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRow<S: Schema> {
    pub kind: S::Sheet,
    /// Name of the sheet in the file, and the row as the spreadsheet numbers it.
    pub sheet: String,
    pub row: u32,
    /// Name of the unit that it belongs to, after the import; empty if it belongs to none.
    pub unit: String,
    /// What the entry is known by.
    pub entry: String,
    pub is_new: bool,
    /// Of a new entry all cells that aren't blank, of a changed one those that differ.
    pub cells: Vec<ChangedCell>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedCell {
    /// Header of the column in the template.
    pub header: &'static str,
    /// Empty if nothing is registered there.
    pub old: String,
    pub new: String,
}

/// The changed rows of one sheet after the other.
pub struct List<'a, 'c, S: Schema> {
    context: &'a Context<'c, S>,
    settled: &'a Settled<S>,
    rows: Vec<ChangedRow<S>>,
}

impl<'a, 'c, S: Schema> List<'a, 'c, S> {
    pub fn new(context: &'a Context<'c, S>, settled: &'a Settled<S>) -> List<'a, 'c, S> {
        List { context, settled, rows: Vec::new() }
    }

    /// `changed` as it was settled; `cell` is what an export writes of an entry in a column, `known_by` the name of
    /// its unit and what it is known by itself.
    pub fn add<T: Registered<S>>(
        &mut self,
        registered: &[T],
        changed: &[T],
        cell: impl Fn(&T, S::Key) -> CellIn,
        known_by: impl Fn(&T) -> (String, String),
    ) {
        let known: HashMap<T::Id, &T> = registered.iter().map(|value| (value.id(), value)).collect();
        let columns = sheet::<S>(T::SHEET).map_or(&[][..], |spec| spec.columns);
        let places = self.settled.places_of(T::SHEET);
        let rows = changed.iter().zip(places).map(|(new, at)| {
            let old = known.get(&new.id()).copied();
            let cells = columns.iter().filter_map(|column| {
                let old = old.map(|old| cell::text(&cell(old, column.key))).unwrap_or_default();
                let new = cell::text(&cell(new, column.key));
                (old != new).then_some(ChangedCell { header: column.header, old, new })
            });
            let (unit, entry) = known_by(new);
            let at = self.context.row_at(*at);
            ChangedRow {
                kind: T::SHEET,
                sheet: at.sheet,
                row: at.row,
                unit,
                entry,
                is_new: old.is_none(),
                cells: cells.collect(),
            }
        });
        self.rows.extend(rows);
    }

    pub fn into_rows(self) -> Vec<ChangedRow<S>> {
        self.rows
    }
}
