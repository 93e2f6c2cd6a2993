//! Document values into bytes: XLSX workbooks and CSV.
//!
//! It must not decide what is shown: columns, words and marks come from the caller. What it guarantees is that text
//! stays text — codes keep their zeros, and nothing that a stranger wrote becomes a formula.

mod csv;
mod xlsx;

use chrono::{NaiveDate, NaiveDateTime};
use model::severity::Severity;

pub(crate) use self::csv::unguarded;
pub use self::csv::write_csv;
pub use xlsx::{WriteError, write_workbook};

/// A workbook to be written. The same value gives the same bytes: the time comes from the caller.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkbookDoc {
    pub title: String,
    pub creator: String,
    /// Kept in the file's properties.
    pub created_at: NaiveDateTime,
    pub sheets: Vec<SheetDoc>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct SheetDoc {
    /// At most 31 characters, none of `[ ] : * ? / \`.
    pub name: String,
    /// A merged row above the header.
    pub title: Option<String>,
    pub columns: Vec<ColumnDoc>,
    /// Shorter rows than the header are filled with empty cells; longer ones are an error.
    pub rows: Vec<Vec<CellDoc>>,
    pub marks: Vec<MarkDoc>,
    /// Empty rows below the last one that keep formats and drop-down lists, for people to fill in.
    pub spare_rows: u32,
    pub layout: LayoutDoc,
}

impl SheetDoc {
    pub fn table(name: impl Into<String>, columns: Vec<ColumnDoc>, rows: Vec<Vec<CellDoc>>) -> Self {
        SheetDoc { name: name.into(), columns, rows, ..SheetDoc::default() }
    }

    /// Index of the header row in the written sheet.
    fn header_row(&self) -> u32 {
        u32::from(self.title.is_some())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutDoc {
    pub freeze_header: bool,
    pub autofilter: bool,
    pub repeat_header_on_print: bool,
    pub landscape: bool,
    pub hidden: bool,
}

impl Default for LayoutDoc {
    fn default() -> Self {
        LayoutDoc {
            freeze_header: true,
            autofilter: true,
            repeat_header_on_print: true,
            landscape: true,
            hidden: false,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnDoc {
    pub header: String,
    /// In characters of ASCII; a Chinese character takes two. 0 leaves the width to the header's length.
    pub width: u16,
    pub kind: ColumnKind,
    /// Offered as a drop-down list; other values are refused by the spreadsheet.
    pub choices: Vec<String>,
    /// Shown when the pointer rests on the header.
    pub note: Option<String>,
}

impl ColumnDoc {
    pub fn new(header: impl Into<String>, width: u16, kind: ColumnKind) -> Self {
        ColumnDoc { header: header.into(), width, kind, ..ColumnDoc::default() }
    }

    pub fn with_choices(mut self, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }

    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// How cells of a column are formatted, filled or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    #[default]
    Text,
    /// Text that wraps.
    LongText,
    /// Whole numbers as they are: ports, years.
    Integer,
    /// Whole numbers with separators: how many.
    Count,
    /// Two decimals.
    Decimal,
    /// A share of 1, shown in percent.
    Percent,
    Date,
    DateTime,
    Severity,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum CellDoc {
    #[default]
    Empty,
    Text(String),
    Integer(i64),
    Decimal(f64),
    Bool(bool),
    Date(NaiveDate),
    DateTime(NaiveDateTime),
    /// Coloured after the severity; the word is the caller's, in the language of the document.
    Severity(Severity, String),
}

impl CellDoc {
    pub fn text(text: impl Into<String>) -> Self {
        CellDoc::Text(text.into())
    }
}

impl From<&str> for CellDoc {
    fn from(text: &str) -> Self {
        CellDoc::Text(text.to_owned())
    }
}

impl From<String> for CellDoc {
    fn from(text: String) -> Self {
        CellDoc::Text(text)
    }
}

/// A cell that needs attention: coloured, with a note that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkDoc {
    /// Index into [`SheetDoc::rows`].
    pub row: usize,
    /// Index into [`SheetDoc::columns`].
    pub column: usize,
    pub note: String,
}
