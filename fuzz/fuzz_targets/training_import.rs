//! A training workbook as somebody fills it in, sheet by sheet: errors or a change, never a panic.
#![no_main]

use intake::table::{CellIn, RowIn, Table};
use libfuzzer_sys::fuzz_target;

const SHEETS: [&str; 9] = ["人员", "岗位", "期次", "场次", "签到", "成绩", "旧证", "等效", "导出"];

fuzz_target!(|text: &str| {
    // Sheets end with a form feed, rows with a line, cells with a bar; the first letter says which sheet it is.
    let tables = text.split('\u{c}').take(SHEETS.len()).map(|part| {
        let first = part.chars().next().map_or(0, |c| c as usize);
        let rows = (1..).zip(part.lines()).map(|(number, line)| RowIn {
            number,
            cells: line.split('|').map(|cell| CellIn::Text(cell.to_owned())).collect(),
        });
        let sheet = SHEETS.get(first % SHEETS.len()).copied().unwrap_or_default();
        Table { sheet: sheet.to_owned(), rows: rows.collect(), ..Table::default() }
    });
    let tables: Vec<Table> = tables.collect();
    let Some(today) = chrono::NaiveDate::from_ymd_opt(2026, 11, 22) else { return };
    let outcome = training::import::import_anything(&tables, today);
    for error in &outcome.errors {
        assert!(!error.to_string().is_empty() && !error.zh().is_empty());
    }
});
