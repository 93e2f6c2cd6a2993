//! What came of an import.

use std::collections::BTreeMap;
use std::fmt;

use crate::cell;
use crate::changes::ChangedRow;
use crate::context::Context;
use crate::reason::Reason;
use crate::schema::{Schema, Told};
use crate::table::{RowIn, SheetOut, column_letters};
use crate::warning::Warning;

/// What to do with the good rows of a file that has bad ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One error, and nothing changes.
    AllOrNothing,
    /// Good rows are stored, bad ones come back in [`Outcome::error_sheets`].
    GoodRows,
}

/// So many errors are listed; the others are counted.
pub const MAX_ERRORS: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<S: Schema, C> {
    /// What is to be stored; empty if nothing is.
    pub change: C,
    /// Every entry that is new or changed, whatever the mode: what would change if nothing were wrong.
    pub changes: Vec<ChangedRow<S>>,
    /// In the order of sheets, rows and columns, at most [`MAX_ERRORS`].
    pub errors: Vec<RowError<S::Reason>>,
    /// How many errors are not listed.
    pub n_more_errors: usize,
    pub warnings: Vec<Warning<S::Remark>>,
    /// For each sheet that the file has rows of. New and changed ones are counted whatever the mode.
    pub counts: BTreeMap<S::Sheet, Count>,
    /// The bad rows, to be corrected and imported again; empty if there are none.
    pub error_sheets: Vec<SheetOut>,
}

impl<S: Schema, C> Outcome<S, C> {
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// How the rows of a sheet came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub n_new: usize,
    pub n_changed: usize,
    pub n_unchanged: usize,
    /// Rows that say once more what an earlier row says.
    pub n_repeats: usize,
    pub n_bad: usize,
}

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct RowError<R> {
    /// Empty if it is about the whole file.
    pub sheet: String,
    /// As the spreadsheet numbers it; `None` if it is about the whole sheet.
    pub row: Option<u32>,
    pub column: Option<ColumnAt>,
    /// What the cell holds as far as it may be told ([`Schema::told`]); empty if it is blank or none is meant.
    pub value: String,
    pub reason: Reason<R>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnAt {
    /// As the file has it.
    pub header: String,
    /// Letter over the column.
    pub letter: String,
}

/// `资产 row 7, column C 资产, "10.0.0.0/7": wider than …`
impl<R: fmt::Display> fmt::Display for RowError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if !self.sheet.is_empty() {
            f.write_str(&self.sheet)?;
            separator = " ";
        }
        if let Some(row) = self.row {
            write!(f, "{separator}row {row}")?;
            separator = ", ";
        }
        if let Some(column) = &self.column {
            write!(f, "{separator}column {}", column.letter)?;
            if !column.header.is_empty() {
                write!(f, " {}", column.header)?;
            }
            separator = ", ";
        }
        if !self.value.is_empty() {
            write!(f, "{separator}{:?}", self.value)?;
            separator = ": ";
        } else if !separator.is_empty() {
            separator = ": ";
        }
        write!(f, "{separator}{}", self.reason)
    }
}

impl<R: fmt::Display + fmt::Debug> std::error::Error for RowError<R> {}

impl<R: Told> RowError<R> {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        let mut text = String::new();
        if !self.sheet.is_empty() {
            text.push_str(&format!("“{}”表", self.sheet));
        }
        if let Some(row) = self.row {
            text.push_str(&format!("第{row}行"));
        }
        if let Some(column) = &self.column {
            text.push_str(&format!("{}列", column.letter));
            if !column.header.is_empty() {
                text.push_str(&format!("“{}”", column.header));
            }
        }
        if !self.value.is_empty() {
            text.push_str(&format!("，“{}”", self.value));
        }
        if !text.is_empty() {
            text.push('：');
        }
        text + &self.reason.zh()
    }
}

pub(crate) fn build<S: Schema, C>(
    context: Context<'_, S>,
    change: C,
    changes: Vec<ChangedRow<S>>,
    counts: BTreeMap<S::Sheet, Count>,
    error_sheets: Vec<SheetOut>,
) -> Outcome<S, C> {
    let n_more_errors = context.faults.len().saturating_sub(MAX_ERRORS);
    let Context { sources, faults, warnings, .. } = context;
    let errors = faults.into_iter().take(MAX_ERRORS).map(|fault| {
        let source = fault.source.and_then(|source| sources.get(source));
        let table = source.map(|source| source.table);
        let row = table.zip(fault.row).and_then(|(table, row)| table.rows.get(row));
        let header = source.and_then(|source| source.header.as_ref());
        let header_row = table.zip(header).and_then(|(table, header)| table.rows.get(header.row));
        let spec_of = |column: usize| {
            let (_, spec) = header?.columns.iter().find(|(i, _)| *i == column)?;
            Some(*spec)
        };
        let text = |column: usize, row: Option<&RowIn>, kind: Option<S::Kind>| {
            let whole = row.and_then(|row| row.cells.get(column)).map(cell::text).unwrap_or_default();
            cell::shortened(S::told(kind, whole))
        };
        RowError {
            sheet: table.map(|table| table.sheet.clone()).unwrap_or_default(),
            row: row.map(|row| row.number),
            column: fault.column.map(|column| ColumnAt {
                header: text(column, header_row, None),
                letter: column_letters(column),
            }),
            value: fault
                .column
                .map(|column| text(column, row, spec_of(column).map(|spec| spec.kind)))
                .unwrap_or_default(),
            reason: fault.reason,
        }
    });
    Outcome { change, changes, errors: errors.collect(), n_more_errors, warnings, counts, error_sheets }
}
