//! What holds for any file.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use intake::table::{CellIn, RowIn, SheetOut, Table};
use proptest::prelude::*;
use training::columns::{ColumnSpec, Key, Kind, SHEETS, SheetSpec};
use training::import::{ImportOutcome, Mode, import_anything};

use crate::world::{World, code, messages, tables, today};

fn any_cell() -> BoxedStrategy<CellIn> {
    prop_oneof![
        Just(CellIn::Empty),
        any::<String>().prop_map(CellIn::Text),
        "[0-9./:\\-年月日～@/ ]{0,20}".prop_map(CellIn::Text),
        any::<f64>().prop_map(CellIn::Number),
        (0.0..3e7).prop_map(CellIn::Number),
        any::<bool>().prop_map(CellIn::Bool),
        any::<u16>().prop_map(|n| CellIn::Date(today() - chrono::Days::new(u64::from(n)))),
        Just(CellIn::Date(NaiveDate::MAX)),
        any::<String>().prop_map(CellIn::Error),
    ]
    .boxed()
}

/// A cell that mostly makes sense in its column, and now and then breaks a rule.
fn likely_cell(column: &ColumnSpec) -> BoxedStrategy<CellIn> {
    let (likely, unlikely): (&[&str], &[&str]) = match (column.key, column.kind) {
        (Key::Examiner, _) => (&["虚构官", "虚构官", ""], &["虚构师"]),
        (Key::Trainer, _) => (&["虚构师", ""], &["虚构官"]),
        (Key::Topics, _) => (&["FG、WH", "WH"], &["厨艺"]),
        (Key::Topic, _) => (&["WH", "FG", "WH"], &["", "KF"]),
        (Key::Category, _) => (&["WH", "WH", ""], &["XX"]),
        (Key::Name, Kind::Name) => (&["第一期"], &[""]),
        (_, Kind::PersonName) => (&["示例甲", "示例乙", "示例丙", "示例丁"], &[""]),
        (_, Kind::PersonRef) => {
            (&["示例甲", "示例乙", "示例甲/0001", "示例丙@$1"], &["000001199001010014", "示例戊"])
        }
        (_, Kind::UnitRef) => (&["$1", "$2", "$1"], &["示例一局", "示例九局", ""]),
        (_, Kind::SystemRef) => (&["", "虚构门户", "虚构办公@$1"], &["无"]),
        (_, Kind::Phone) => (&["020-0000-0001", "020-0000-0002", "020-0000-0003", "", ""], &["无"]),
        (_, Kind::Email) => (&["", "a@unit.example"], &["a"]),
        (_, Kind::IdNumber) => {
            (&["", "", "", "000001199001010014", "000001199001010022"], &["000001199001010000"])
        }
        (_, Kind::Employment) => (&["在编", "", "外包"], &["临时"]),
        (_, Kind::Post) => (&["维护人员", "主管"], &[""]),
        (_, Kind::Role) => (&["A", "B", ""], &["C"]),
        (Key::Until, _) => (&["", "2026-12-31", "2027-06-30", "2026-05-31"], &["2020-01-01"]),
        (_, Kind::Date) => (&["2026-03-01", "2026年4月1日", "2026-06-20"], &["", "2028-01-01", "昨天"]),
        (_, Kind::Time) => (&["", "9:00"], &["早上"]),
        (_, Kind::Hours) => (&["8", ""], &["八"]),
        (Key::Number, _) => (&["1", "2", "3"], &[""]),
        (_, Kind::Code) => (&["K1", "K1", "K2", "2026-1"], &["", "2026-1/K1"]),
        (_, Kind::SittingKind) => (&["考试", "考试", "授课"], &["自习"]),
        (_, Kind::Presence) => (&["出勤", "缺勤", "请假"], &["√"]),
        (_, Kind::Score) => (&["60", "85.5", "缺考"], &["101"]),
        (_, Kind::Ignored) => (&[""], &["示例"]),
        (_, Kind::Name | Kind::Note) => (&["", "示例", "虚构丁"], &[""]),
    };
    let from = |pool: &'static [&'static str]| {
        proptest::sample::select(pool).prop_map(|text| {
            CellIn::Text((1..3).fold(text.to_owned(), |text, n| text.replace(&format!("${n}"), &code(n))))
        })
    };
    prop_oneof![90 => from(likely), 3 => from(unlikely), 1 => any_cell()].boxed()
}

fn likely_table(spec: &'static SheetSpec) -> impl Strategy<Value = Table> {
    let row: Vec<_> = spec.columns.iter().map(likely_cell).collect();
    prop::collection::vec(row, 0..7).prop_map(move |rows| {
        let header = spec.columns.iter().map(|column| CellIn::Text(column.header.to_owned())).collect();
        let rows = std::iter::once(header).chain(rows);
        let rows = (1..).zip(rows).map(|(number, cells)| RowIn { number, cells }).collect();
        Table { sheet: spec.name.to_owned(), rows, ..Table::default() }
    })
}

fn likely_file() -> impl Strategy<Value = Vec<Table>> {
    SHEETS.iter().map(likely_table).collect::<Vec<_>>()
}

fn any_table() -> impl Strategy<Value = Table> {
    let names: Vec<&str> = SHEETS.iter().map(|spec| spec.name).chain(["说明", "Sheet1", ""]).collect();
    let headers: Vec<&str> =
        SHEETS.iter().flat_map(|spec| spec.columns).map(|column| column.header).collect();
    let header = proptest::sample::select(headers).prop_map(|header| CellIn::Text(header.to_owned()));
    let cell = prop_oneof![2 => any_cell(), 1 => header];
    let row = (any::<u32>(), prop::collection::vec(cell, 0..12));
    let rows = prop::collection::vec(row, 0..8);
    (proptest::sample::select(names), rows, any::<bool>(), any::<bool>()).prop_map(
        |(sheet, rows, hidden, dates_from_1904)| Table {
            sheet: sheet.to_owned(),
            rows: rows.into_iter().map(|(number, cells)| RowIn { number, cells }).collect(),
            hidden,
            dates_from_1904,
        },
    )
}

/// What is told of a file, without the rows that a reason names: an error workbook numbers them anew.
fn places(sheets: &[SheetOut]) -> usize {
    sheets.iter().map(|sheet| sheet.rows.len()).sum()
}

/// The rows that are refused.
fn bad(outcome: &ImportOutcome) -> BTreeSet<(&str, Option<u32>)> {
    outcome.errors.iter().map(|error| (error.sheet.as_str(), error.row)).collect()
}

proptest! {
    // Whole files are large values; a part of the usual number keeps this in seconds.
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(tables in prop::collection::vec(any_table(), 0..4)) {
        let outcome = import_anything(&tables, today());
        for error in &outcome.errors {
            prop_assert!(!error.to_string().is_empty() && !error.zh().is_empty());
        }
    }

    #[test]
    fn a_file_imported_twice_changes_nothing_and_both_modes_find_the_same(
        tables in likely_file(),
        more in likely_file(),
    ) {
        let mut world = World::default();
        for file in [tables, more] {
            world.mode = Mode::AllOrNothing;
            let strict = world.dry_run(&file);
            world.mode = Mode::GoodRows;
            let first = world.import(&file);
            prop_assert_eq!(&strict.errors, &first.errors);
            prop_assert!(strict.errors.is_empty() || strict.change.is_empty());
            let second = world.dry_run(&file);
            prop_assert_eq!(bad(&first), bad(&second), "{:#?}\n{:#?}", messages(&first), messages(&second));
            prop_assert!(second.change.is_empty(), "{:#?}\n{:#?}\n{:#?}", second.changes, messages(&first), messages(&second));
        }
    }

    #[test]
    fn the_error_workbook_holds_exactly_the_bad_rows_and_imports_again(tables in likely_file()) {
        let mut world = World::default();
        let first = world.import(&tables);
        let n_bad: usize = first.counts.values().map(|count| count.n_bad).sum();
        let is_whole = first.errors.iter().any(|error| error.row.is_none());
        prop_assert!(is_whole || n_bad == places(&first.error_sheets), "{n_bad} {:?}", messages(&first));
        for sheet in &first.error_sheets {
            for mark in &sheet.marks {
                prop_assert!(mark.row < sheet.rows.len() && mark.column < sheet.columns.len());
            }
        }
        // Read back it is understood, and holds no row that wasn't wrong before.
        let again = world.import(&crate::world::tables(&first.error_sheets));
        prop_assert!(again.errors.iter().all(|error| error.row.is_some()) || is_whole, "{:?}", messages(&again));
        let n_rows: usize = again
            .counts
            .values()
            .map(|count| count.n_bad + count.n_new + count.n_changed + count.n_unchanged + count.n_repeats)
            .sum();
        prop_assert!(is_whole || n_rows == places(&first.error_sheets), "{n_rows}");
    }

    #[test]
    fn no_message_tells_an_id_number(tables in likely_file(), number in "[0-9]{17}[0-9X]", at in 0usize..7) {
        let mut tables = tables;
        for row in tables.iter_mut().flat_map(|table| table.rows.iter_mut().skip(1)) {
            if let Some(cell) = row.cells.get_mut(at) {
                *cell = CellIn::Text(number.clone());
            }
        }
        let outcome = World::default().dry_run(&tables);
        let told = outcome.errors.iter().flat_map(|error| [error.to_string(), error.zh()]);
        let told = told.chain(outcome.warnings.iter().flat_map(|warning| [warning.to_string(), warning.zh()]));
        let marks = outcome.error_sheets.iter().flat_map(|sheet| sheet.marks.iter().map(|mark| mark.note.clone()));
        for told in told.chain(marks) {
            prop_assert!(!told.contains(&number[..14]), "{}", told);
        }
        // Where a person is named, nothing that was typed as an ID number is listed.
        let of_staff = outcome.changes.iter().filter(|row| row.kind == training::columns::SheetKey::Holdings);
        for cell in of_staff.flat_map(|row| &row.cells) {
            prop_assert!(at != 0 || !cell.new.contains(&number), "{:?}", cell);
        }
    }
}

#[test]
fn the_workbook_of_errors_is_read_by_its_sheets_names() {
    let mut world = World::default();
    let file = [crate::world::table("岗位2", "姓名|单位|岗位|起始日期\n虚构甲|$1|主管|2026-01-01")];
    let outcome = world.import(&file);
    let again = world.import(&tables(&outcome.error_sheets));
    assert_eq!(messages(&again).len(), 1);
    assert!(messages(&again)[0].starts_with("岗位 row 2"), "{:?}", messages(&again));
}
