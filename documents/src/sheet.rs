//! Plain sheets: what a spreadsheet or CSV file holds, cell by cell, with the row numbers a person sees.
//!
//! It must not guess meanings: which row is the header and which column is the phone number is the importer's
//! business, and so is reading a cell as a code or a date. What it offers is a cell as a person sees it,
//! [`Cell::text`], and rows in which merged areas are filled, [`Sheet::rows_through_merges`].

mod date;

use chrono::NaiveDate;

pub use date::DateSystem;
pub(crate) use date::from_serial as serial_date;

/// All sheets of one file, hidden ones included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workbook {
    pub sheets: Vec<Sheet>,
    pub date_system: DateSystem,
}

impl Workbook {
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.name == name)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub name: String,
    pub visible: bool,
    /// Rows that hold anything, in ascending order of [`Row::number`]; blank rows are left out.
    pub rows: Vec<Row>,
    pub merges: Vec<Merge>,
}

impl Sheet {
    /// The cell at a spreadsheet row (1-based) and column (0-based); empty when there is none.
    pub fn cell(&self, row_number: u32, column: usize) -> &Cell {
        match self.rows.binary_search_by_key(&row_number, |row| row.number) {
            Ok(at) => self.rows.get(at).map_or(&Cell::Empty, |row| row.cell(column)),
            Err(_) => &Cell::Empty,
        }
    }

    /// Number and cells of each row, with every cell of a merged area holding the area's value, as a person reads
    /// it. An area that reaches down over several rows also makes the rows as long as it is wide.
    ///
    /// The reader's limits bound what this comes to.
    pub fn rows_through_merges(&self) -> impl Iterator<Item = (u32, Vec<&Cell>)> {
        let mut merges: Vec<&Merge> = self.merges.iter().collect();
        merges.sort_by_key(|merge| merge.first_row);
        let mut coming = merges.into_iter().peekable();
        // Areas that the row lies in, each with its value: rows go down, so an area enters and leaves once.
        let mut here: Vec<(&Merge, &Cell)> = Vec::new();
        self.rows.iter().map(move |row| {
            here.retain(|(merge, _)| row.number <= merge.last_row);
            while let Some(merge) = coming.next_if(|merge| merge.first_row <= row.number) {
                if row.number <= merge.last_row {
                    here.push((merge, self.cell(merge.first_row, merge.first_column)));
                }
            }
            let mut cells: Vec<&Cell> = row.cells.iter().collect();
            for (merge, value) in &here {
                if merge.first_row < merge.last_row && cells.len() <= merge.last_column {
                    cells.resize(merge.last_column + 1, &Cell::Empty);
                }
                cells
                    .iter_mut()
                    .take(merge.last_column + 1)
                    .skip(merge.first_column)
                    .for_each(|cell| *cell = value);
            }
            (row.number, cells)
        })
    }
}

/// One row; `cells` ends at the last cell that holds anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// 1-based, as the spreadsheet shows it at the left edge.
    pub number: u32,
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell in a column (0-based); empty beyond the last one.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }
}

/// A merged area, both ends included; rows 1-based, columns 0-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    pub first_row: u32,
    pub last_row: u32,
    pub first_column: usize,
    pub last_column: usize,
}

/// What one cell holds. Text of nothing but spaces is read as `Empty`.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// A number that the file formats as a date; a time of day in it is dropped.
    Date(NaiveDate),
    /// An error value of the spreadsheet, such as `#REF!`.
    Error(String),
}

impl Cell {
    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Empty)
    }

    /// The cell as a person reads it, without spaces around: whole numbers without `.0`, dates as `2026-01-31`,
    /// numbers to the 15 digits that a spreadsheet keeps.
    pub fn text(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Error(text) => trim(text).to_owned(),
            Cell::Number(number) => number_text(*number),
            Cell::Bool(true) => "TRUE".to_owned(),
            Cell::Bool(false) => "FALSE".to_owned(),
            Cell::Date(date) => date.format("%Y-%m-%d").to_string(),
        }
    }
}

/// The letters over a column: 0 is `A`, 26 is `AA`.
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).expect("a remainder of 26 fits")));
        match rest / 26 {
            0 => break,
            next => rest = next - 1,
        }
    }
    letters.iter().rev().collect()
}

fn number_text(number: f64) -> String {
    // Fifteen significant digits, so that 0.1 + 0.2 reads 0.3 here as it does on the person's screen.
    let shown = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    if shown == 0.0 { "0".to_owned() } else { shown.to_string() }
}

/// Without spaces of any kind around, and without the zero-width characters that come along when text is copied.
fn trim(text: &str) -> &str {
    let is_zero_width =
        |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}');
    text.trim_matches(|c: char| c.is_whitespace() || is_zero_width(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(cell: Cell, expected: &str) {
        assert_eq!(cell.text(), expected);
    }

    #[test]
    fn prints_numbers_as_the_spreadsheet_shows_them() {
        check_text(Cell::Number(440_106.0), "440106");
        check_text(Cell::Number(-0.0), "0");
        check_text(Cell::Number(0.1 + 0.2), "0.3");
        check_text(Cell::Number(1.5), "1.5");
        check_text(Cell::Number(13_800_000_001.0), "13800000001");
    }

    #[test]
    fn trims_every_kind_of_space() {
        check_text(Cell::Text("\u{feff}\u{3000} 虚构局\u{a0}\r\n".into()), "虚构局");
    }

    #[test]
    fn names_columns_as_the_spreadsheet_does() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (255, "IV"), (701, "ZZ"), (16_383, "XFD")] {
            assert_eq!(column_name(column), name);
        }
    }

    /// Areas in, rows as `number: cell|cell` out, of a sheet that holds three rows with gaps between them.
    fn check_merges(areas: &[[usize; 4]], expected: [&str; 3]) {
        let row = |number, cells: &[&str]| Row {
            number,
            cells: cells
                .iter()
                .map(|text| if text.is_empty() { Cell::Empty } else { Cell::Text((*text).into()) })
                .collect(),
        };
        let area = |&[first_row, last_row, first_column, last_column]: &[usize; 4]| Merge {
            first_row: u32::try_from(first_row).unwrap(),
            last_row: u32::try_from(last_row).unwrap(),
            first_column,
            last_column,
        };
        let sheet = Sheet {
            name: "示例".into(),
            visible: true,
            rows: vec![row(2, &["甲", "a", "x"]), row(4, &["", "b"]), row(7, &["", "c"])],
            merges: areas.iter().map(area).collect(),
        };
        let line = |(number, cells): (u32, Vec<&Cell>)| {
            format!("{number}: {}", cells.iter().map(|cell| cell.text()).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(sheet.rows_through_merges().map(line).collect::<Vec<_>>(), expected, "{areas:?}");
    }

    #[test]
    fn reads_a_merged_area_as_one_value() {
        check_merges(&[], ["2: 甲|a|x", "4: |b", "7: |c"]);
        check_merges(&[[2, 5, 0, 0]], ["2: 甲|a|x", "4: 甲|b", "7: |c"]);
        check_merges(&[[2, 2, 0, 1]], ["2: 甲|甲|x", "4: |b", "7: |c"]);
        check_merges(&[[4, 7, 1, 1], [2, 4, 0, 0]], ["2: 甲|a|x", "4: 甲|b", "7: |b"]);
        check_merges(&[[3, 3, 0, 9], [8, 9, 0, 9]], ["2: 甲|a|x", "4: |b", "7: |c"]);
    }

    #[test]
    fn columns_merged_downwards_reach_rows_that_end_before_them() {
        check_merges(&[[2, 7, 2, 2]], ["2: 甲|a|x", "4: |b|x", "7: |c|x"]);
        // A title or note across the sheet says nothing about how wide the table is.
        check_merges(&[[4, 4, 1, 200]], ["2: 甲|a|x", "4: |b", "7: |c"]);
    }
}
