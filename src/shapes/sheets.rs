//! Sheets between files (`documents`) and the register (`registry`).

use chrono::NaiveDateTime;
use documents::sheet::{Cell, DateSystem, Sheet, Workbook};
use documents::write::{CellDoc, ColumnDoc, ColumnKind, LayoutDoc, MarkDoc, SheetDoc, WorkbookDoc};
use registry::table::{CellIn, ColumnOut, RowIn, SheetOut, Table};

/// Rows that a template leaves formatted for people to fill in.
const SPARE_ROWS: u32 = 500;

/// The sheets of a file as the register's importer takes them, hidden ones too: what to say of those is its to
/// know.
pub fn tables(workbook: &Workbook) -> Vec<Table> {
    workbook.sheets.iter().map(|sheet| table(sheet, workbook.date_system)).collect()
}

fn table(sheet: &Sheet, dates: DateSystem) -> Table {
    // A unit's name merged over its rows stands for each of them.
    let rows = sheet
        .rows_through_merges()
        .map(|(number, cells)| RowIn { number, cells: cells.into_iter().map(cell_in).collect() });
    Table {
        sheet: sheet.name.clone(),
        rows: rows.collect(),
        hidden: !sheet.visible,
        dates_from_1904: dates == DateSystem::From1904,
    }
}

fn cell_in(cell: &Cell) -> CellIn {
    match cell {
        Cell::Empty => CellIn::Empty,
        Cell::Text(text) => CellIn::Text(text.clone()),
        Cell::Number(number) => CellIn::Number(*number),
        Cell::Bool(value) => CellIn::Bool(*value),
        Cell::Date(date) => CellIn::Date(*date),
        Cell::Error(error) => CellIn::Error(error.clone()),
    }
}

/// How a workbook is to be used: filled in, or read and corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    FillIn,
    Read,
}

/// Sheets of the register as a workbook.
pub fn workbook(
    title: &str,
    sheets: &[SheetOut],
    purpose: Purpose,
    created_at: NaiveDateTime,
) -> WorkbookDoc {
    WorkbookDoc {
        title: title.to_owned(),
        creator: concat!("sentrypost ", env!("CARGO_PKG_VERSION")).to_owned(),
        created_at,
        sheets: sheets.iter().map(|sheet| sheet_doc(sheet, purpose)).collect(),
    }
}

/// One sheet of the register, for a CSV file.
pub fn sheet_doc(sheet: &SheetOut, purpose: Purpose) -> SheetDoc {
    let is_form = sheet.name != registry::template::INSTRUCTIONS;
    SheetDoc {
        name: sheet.name.clone(),
        title: None,
        columns: sheet.columns.iter().map(|column| column_doc(column, purpose)).collect(),
        rows: sheet.rows.iter().map(|row| row.iter().map(cell_doc).collect()).collect(),
        marks: sheet
            .marks
            .iter()
            .map(|mark| MarkDoc { row: mark.row, column: mark.column, note: mark.note.clone() })
            .collect(),
        spare_rows: if purpose == Purpose::FillIn && is_form { SPARE_ROWS } else { 0 },
        layout: LayoutDoc { autofilter: is_form, ..LayoutDoc::default() },
    }
}

fn column_doc(column: &ColumnOut, purpose: Purpose) -> ColumnDoc {
    // The importer looks past the star.
    let star = if column.required && purpose == Purpose::FillIn { "*" } else { "" };
    ColumnDoc {
        header: format!("{}{star}", column.header),
        width: column.width,
        kind: match (column.as_date, column.as_text) {
            (true, _) => ColumnKind::Date,
            (false, true) if column.wraps => ColumnKind::LongText,
            (false, true) => ColumnKind::Text,
            (false, false) => ColumnKind::Integer,
        },
        choices: column.choices.clone(),
        note: (!column.note.is_empty()).then(|| column.note.clone()),
    }
}

fn cell_doc(cell: &CellIn) -> CellDoc {
    match cell {
        CellIn::Empty => CellDoc::Empty,
        CellIn::Text(text) | CellIn::Error(text) => CellDoc::Text(text.clone()),
        CellIn::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            let digits = format!("{number:.0}");
            digits.parse().map_or(CellDoc::Text(digits), CellDoc::Integer)
        }
        CellIn::Number(number) => CellDoc::Decimal(*number),
        CellIn::Bool(value) => CellDoc::Bool(*value),
        CellIn::Date(date) => CellDoc::Date(*date),
    }
}

#[cfg(test)]
mod tests {
    use documents::sheet::{Merge, Row};

    use super::*;

    #[test]
    fn merged_columns_hidden_sheets_and_bare_numbers_reach_the_importer() {
        let row = |number, cells| Row { number, cells };
        let approver = Cell::Text("虚构丁".into());
        let sheet = Sheet {
            name: "资产".into(),
            visible: false,
            rows: vec![row(3, vec![Cell::Number(44_591.0), approver]), row(4, vec![Cell::Number(65_535.0)])],
            merges: vec![Merge { first_row: 3, last_row: 6, first_column: 1, last_column: 1 }],
        };
        let workbook = Workbook { sheets: vec![sheet], date_system: DateSystem::From1904 };
        let row = |number, first| RowIn {
            number,
            cells: vec![CellIn::Number(first), CellIn::Text("虚构丁".into())],
        };
        let expected = Table {
            sheet: "资产".into(),
            rows: vec![row(3, 44_591.0), row(4, 65_535.0)],
            hidden: true,
            dates_from_1904: true,
        };
        assert_eq!(tables(&workbook), [expected]);
    }
}
