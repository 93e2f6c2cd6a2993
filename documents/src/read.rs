//! Files into plain rows: XLSX and XLS workbooks and CSV, told apart by content, never by the name's ending.
//!
//! It must not trust the file: sizes that a container declares are checked first and enforced again while
//! inflating, rows are kept sparse, and every limit has its own error. The workbook readers are our own, over
//! `zip` and `quick-xml` and over `cfb`: calamine, which the tests compare with, reserves memory from counts written in
//! the file and copies format codes for every style, and an allocation that fails can't be caught.

mod compound;
mod container;
mod csv;
mod damage;
mod encoding;
mod error;
mod package;
mod rows;
mod strings;
mod styles;
mod worksheet;
mod xls;
mod xml;

use crate::sheet::Workbook;

pub use self::csv::read_csv;
pub use damage::{Damage, Place};
pub use error::ReadError;

/// What a file may ask of us at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of the file itself.
    pub file_bytes: usize,
    /// Bytes of all parts of a workbook together, once inflated.
    pub inflated_bytes: u64,
    /// Files inside a workbook's container.
    pub parts: usize,
    pub sheets: usize,
    /// The highest row number that may hold anything.
    pub rows: u32,
    pub columns: usize,
    /// Characters in one cell; 32,767 is the spreadsheets' own limit.
    pub cell_chars: usize,
    /// Cells of all sheets together, empty ones left of a filled one included.
    pub cells: usize,
    /// Bytes of text in all cells together: one shared text may be pointed at by a million cells.
    pub text_bytes: usize,
    /// Merged areas of all sheets together. The cells that they fill count as cells, and their text as text.
    pub merges: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits {
            file_bytes: 20 << 20,
            inflated_bytes: 200 << 20,
            parts: 4_096,
            sheets: 64,
            rows: 200_000,
            columns: 256,
            cell_chars: 32_767,
            cells: 2_000_000,
            text_bytes: 64 << 20,
            merges: 200_000,
        }
    }
}

/// Reads whatever the bytes are. `name` is the file's name; a CSV's only sheet is called after it.
pub fn read_file_bytes(name: &str, bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, ReadError> {
    check_size(bytes, limits)?;
    match container::kind_of(bytes) {
        container::Kind::Zip | container::Kind::Compound => read_workbook(bytes, limits),
        container::Kind::Text => read_csv(bytes, sheet_name_of(name), limits),
        container::Kind::OldWorkbook => Err(ReadError::OldWorkbook),
        container::Kind::WebPage => Err(ReadError::WebPage),
        container::Kind::Other(found) => Err(ReadError::NotAWorkbook { found }),
    }
}

/// Reads a workbook as Excel, WPS or LibreOffice save it: XLSX, or XLS since Excel 5.
pub fn read_workbook(bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, ReadError> {
    check_size(bytes, limits)?;
    let read = match container::kind_of(bytes) {
        container::Kind::Zip => package::read,
        container::Kind::Compound => xls::read,
        container::Kind::OldWorkbook => return Err(ReadError::OldWorkbook),
        container::Kind::WebPage => return Err(ReadError::WebPage),
        container::Kind::Text => return Err(ReadError::NotAWorkbook { found: "a text file" }),
        container::Kind::Other(found) => return Err(ReadError::NotAWorkbook { found }),
    };
    // The libraries below parse what strangers send; a panic in one of them is a bad file, not the end of an import.
    std::panic::catch_unwind(|| read(bytes, limits)).unwrap_or(Err(ReadError::ParserFailed))
}

fn check_size(bytes: &[u8], limits: &ReadLimits) -> Result<(), ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::EmptyFile);
    }
    if bytes.len() > limits.file_bytes {
        return Err(ReadError::FileTooLarge { bytes: bytes.len(), limit: limits.file_bytes });
    }
    Ok(())
}

/// The file's name without folders and ending.
fn sheet_name_of(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

/// What is left of the limits that all sheets of a file share.
#[derive(Debug)]
struct Allowance {
    cells: usize,
    text_bytes: usize,
    merges: usize,
}

impl Allowance {
    fn new(limits: &ReadLimits) -> Self {
        Allowance { cells: limits.cells, text_bytes: limits.text_bytes, merges: limits.merges }
    }

    fn take_merge(&mut self, limits: &ReadLimits) -> Result<(), ReadError> {
        self.merges = self.merges.checked_sub(1).ok_or(ReadError::TooManyMerges { limit: limits.merges })?;
        Ok(())
    }

    fn take_cells(&mut self, cells: usize, limits: &ReadLimits) -> Result<(), ReadError> {
        self.cells = self.cells.checked_sub(cells).ok_or(ReadError::TooManyCells { limit: limits.cells })?;
        Ok(())
    }

    fn take_text(&mut self, bytes: usize, limits: &ReadLimits) -> Result<(), ReadError> {
        self.text_bytes =
            self.text_bytes.checked_sub(bytes).ok_or(ReadError::TooMuchText { limit: limits.text_bytes })?;
        Ok(())
    }
}
