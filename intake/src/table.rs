//! The plain rows that importing takes and exporting gives. The root converts them from and to files.
//!
//! Nothing here knows what a row means.

use chrono::NaiveDate;

/// One sheet of a file, or a whole CSV file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Name of the sheet, or of the file where it has none.
    pub sheet: String,
    /// In ascending order of `number`; blank rows may be left out.
    pub rows: Vec<RowIn>,
    /// Not shown to whoever opens the file.
    pub hidden: bool,
    /// Bare numbers that stand for dates count from 1904, as workbooks made on old Macs do, and not from 1900.
    pub dates_from_1904: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowIn {
    /// As a person sees it at the edge of the sheet, from 1.
    pub number: u32,
    pub cells: Vec<CellIn>,
}

/// What a cell holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum CellIn {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    Date(NaiveDate),
    /// An error value of the spreadsheet, such as `#REF!`.
    Error(String),
}

/// A sheet to be written: headers, rows, and what a writer needs to lay it out.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetOut {
    pub name: String,
    pub columns: Vec<ColumnOut>,
    pub rows: Vec<Vec<CellIn>>,
    pub marks: Vec<Mark>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnOut {
    pub header: String,
    /// In characters of half width.
    pub width: u16,
    pub required: bool,
    /// Cells are to be formatted as text, so that a spreadsheet keeps every digit.
    pub as_text: bool,
    /// Cells hold dates; a spreadsheet is to show them as such.
    pub as_date: bool,
    /// Long text is to be broken into lines, so that none of it is out of sight.
    pub wraps: bool,
    /// What may be chosen; empty if anything may be written.
    pub choices: Vec<String>,
    /// Shown when the cell is selected; empty if there is nothing to say.
    pub note: String,
}

/// A cell to be coloured, with a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Index into [`SheetOut::rows`].
    pub row: usize,
    /// Index into [`SheetOut::columns`].
    pub column: usize,
    pub note: String,
}

impl SheetOut {
    /// The sheet as it would be read back: headers in row 1, rows from row 2.
    pub fn to_table(&self) -> Table {
        let header = self.columns.iter().map(|column| CellIn::Text(column.header.clone())).collect();
        let rows = std::iter::once(header).chain(self.rows.iter().cloned());
        let rows = (1..).zip(rows).map(|(number, cells)| RowIn { number, cells }).collect();
        Table { sheet: self.name.clone(), rows, ..Table::default() }
    }
}

/// The letters over a column: 0 is `A`, 26 is `AA`.
pub fn column_letters(column: usize) -> String {
    let mut letters = String::new();
    let mut rest = column;
    loop {
        let letter = u8::try_from(rest % 26).map_or('?', |n| char::from(b'A' + n));
        letters.insert(0, letter);
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => return letters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::column_letters;

    #[test]
    fn columns_are_lettered_as_spreadsheets_do() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(column), letters);
        }
    }
}
