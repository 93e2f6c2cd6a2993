//! What we write, read again by us and by calamine.

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use chrono::{NaiveDate, NaiveDateTime};
use documents::read::{ReadLimits, read_csv};
use documents::sheet::Cell;
use documents::write::{
    CellDoc, ColumnDoc, ColumnKind, MarkDoc, SheetDoc, WorkbookDoc, WriteError, write_csv, write_workbook,
};
use model::severity::Severity;

use crate::fixture::{first_sheet, lines_of, read};

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 31).unwrap()
}

fn at() -> NaiveDateTime {
    date().and_hms_opt(8, 30, 0).unwrap()
}

fn book(sheets: Vec<SheetDoc>) -> WorkbookDoc {
    WorkbookDoc { title: "示例".into(), creator: "Sentrypost".into(), created_at: at(), sheets }
}

fn sample() -> SheetDoc {
    let columns = vec![
        ColumnDoc::new("单位", 24, ColumnKind::Text).with_note("全称"),
        ColumnDoc::new("电话", 18, ColumnKind::Text),
        ColumnDoc::new("端口", 8, ColumnKind::Integer),
        ColumnDoc::new("到期", 12, ColumnKind::Date),
        ColumnDoc::new("等级", 8, ColumnKind::Severity).with_choices(["超危", "高危", "中危", "低危"]),
        ColumnDoc::new("时间", 18, ColumnKind::DateTime),
        ColumnDoc::new("占比", 0, ColumnKind::Percent),
    ];
    let rows = vec![
        vec![
            "示例局".into(),
            "020-0000-0001".into(),
            CellDoc::Integer(443),
            CellDoc::Date(date()),
            CellDoc::Severity(Severity::Critical, "超危".into()),
            CellDoc::DateTime(at()),
            CellDoc::Decimal(0.25),
        ],
        vec!["=HYPERLINK(\"x\")".into(), "007".into(), CellDoc::Empty, CellDoc::Bool(true)],
        vec!["440106199001011234".into(), "+86".into(), CellDoc::Integer(440_106_199_001_011_234)],
    ];
    let mut sheet = SheetDoc::table("名录", columns, rows);
    sheet.title = Some("示例登记表".into());
    sheet.marks = vec![MarkDoc { row: 1, column: 1, note: "电话太短".into() }];
    sheet.spare_rows = 20;
    sheet
}

const SAMPLE_LINES: [&str; 5] = [
    "1: 示例登记表",
    "2: 单位|电话|端口|到期|等级|时间|占比",
    "3: 示例局|020-0000-0001|443|2026-01-31|超危|2026-01-31|0.25",
    "4: =HYPERLINK(\"x\")|007||TRUE",
    "5: 440106199001011234|+86|440106199001011234",
];

/// The text of one part of a written workbook.
fn part(bytes: &[u8], path: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    std::io::read_to_string(archive.by_name(path).unwrap()).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let bytes = write_workbook(&book(vec![sample()])).unwrap();
    let sheet = first_sheet(&bytes);
    assert_eq!(lines_of(&sheet), SAMPLE_LINES);
    assert!(sheet.merges.iter().any(|merge| merge.first_row == 1), "the title is merged");
    assert_eq!(sheet.cell(3, 3), &Cell::Date(date()));
    assert_eq!(sheet.cell(4, 1), &Cell::Text("007".into()));
}

#[test]
fn calamine_reads_the_same_cells_as_we_do() {
    let bytes = write_workbook(&book(vec![sample()])).unwrap();
    let mut theirs: Xlsx<_> = open_workbook_from_rs(std::io::Cursor::new(&bytes)).unwrap();
    let range = theirs.worksheet_range("名录").unwrap();
    let ours = first_sheet(&bytes);
    let mut compared = 0;
    for (row, column, data) in range.used_cells() {
        let cell = ours.cell(u32::try_from(row).unwrap() + 1, column);
        let same = match data {
            Data::String(text) => cell == &Cell::Text(text.clone()),
            Data::Float(number) => cell == &Cell::Number(*number),
            Data::Int(number) => cell == &Cell::Number(*number as f64),
            Data::Bool(flag) => cell == &Cell::Bool(*flag),
            Data::DateTime(_) => cell == &Cell::Date(date()),
            other => panic!("{other:?}"),
        };
        assert!(same, "{row},{column}: {data:?} and {cell:?}");
        compared += 1;
    }
    assert_eq!(compared, ours.rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.is_empty()).count());
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let doc = book(vec![sample()]);
    assert_eq!(write_workbook(&doc).unwrap(), write_workbook(&doc).unwrap());
}

#[test]
fn text_is_never_written_as_a_formula_and_lists_reach_the_spare_rows() {
    let bytes = write_workbook(&book(vec![sample()])).unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "{sheet}");
    assert!(sheet.contains("sqref=\"E3:E25\"") && sheet.contains("超危,高危,中危,低危"), "{sheet}");
    for expected in
        ["<autoFilter ref=\"A2:G5\"", "ySplit=\"2\"", "orientation=\"landscape\"", "paperSize=\"9\""]
    {
        assert!(sheet.contains(expected), "{expected} in {sheet}");
    }
    assert!(part(&bytes, "xl/workbook.xml").contains("$2:$2"));
    let notes = part(&bytes, "xl/comments1.xml");
    assert!(notes.contains("电话太短") && notes.contains("全称"), "{notes}");
    assert!(part(&bytes, "docProps/core.xml").contains("2026-01-31T08:30:00Z"));
}

#[test]
fn long_lists_of_choices_move_to_a_hidden_sheet() {
    let many: Vec<String> = (0..200).map(|n| format!("虚构单位{n}")).collect();
    let columns = vec![
        ColumnDoc::new("甲", 10, ColumnKind::Text).with_choices(many.clone()),
        ColumnDoc::new("乙", 10, ColumnKind::Text).with_choices(["有,逗号"]),
        ColumnDoc::new("丙", 10, ColumnKind::Text).with_choices(many),
    ];
    let bytes = write_workbook(&book(vec![SheetDoc::table("名录", columns, vec![vec![]])])).unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert_eq!(sheet.matches("'_choices'!$A$1:$A$200").count(), 2, "{sheet}");
    assert!(sheet.contains("'_choices'!$B$1:$B$1"), "{sheet}");
    let workbook = read(&bytes).unwrap();
    assert!(!workbook.sheet("_choices").unwrap().visible);
}

#[test]
fn characters_that_xml_forbids_survive() {
    let text = "SSH-2.0\u{1}\u{b}x_x000D_y\u{fffe} <&>\r\nend";
    let columns = vec![ColumnDoc::new("证据", 20, ColumnKind::LongText)];
    let doc = book(vec![SheetDoc::table("名录", columns, vec![vec![text.into()]])]);
    let sheet = first_sheet(&write_workbook(&doc).unwrap());
    let Cell::Text(read) = sheet.cell(2, 0) else { panic!("{sheet:?}") };
    // The line end and the character that not even an escape can name may change, nothing else.
    assert_eq!(read.replace("\r\n", "\n"), text.replace("\r\n", "\n"));
}

/// Height of the first row below the header of a sheet with one column, in points; 15 if none is written.
#[track_caller]
fn check_height(kind: ColumnKind, text: &str, expected: &str) {
    let sheet = SheetDoc::table("名录", vec![ColumnDoc::new("说明", 21, kind)], vec![vec![text.into()]]);
    let xml = part(&write_workbook(&book(vec![sheet])).unwrap(), "xl/worksheets/sheet1.xml");
    let row = xml.split("<row r=\"2\"").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
    let height = row.split("ht=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("15");
    assert_eq!(height, expected, "{row}");
}

#[test]
fn rows_are_as_high_as_their_longest_text_needs() {
    check_height(ColumnKind::LongText, "十个汉字刚好占满一行", "15");
    check_height(ColumnKind::LongText, "十一个汉字就要占两行了", "30");
    check_height(ColumnKind::LongText, "one\ntwo\nthree", "45");
    check_height(ColumnKind::LongText, &"很长".repeat(1_000), "408");
    check_height(ColumnKind::Text, "这一列不换行所以再长也只有一行高", "15");
}

#[test]
fn an_empty_report_is_still_a_sheet_with_a_header() {
    let columns = vec![ColumnDoc::new("单位", 10, ColumnKind::Text)];
    let sheet = first_sheet(&write_workbook(&book(vec![SheetDoc::table("名录", columns, vec![])])).unwrap());
    assert_eq!(lines_of(&sheet), ["1: 单位"]);
    assert!(write_workbook(&book(vec![SheetDoc::table("空", vec![], vec![])])).is_ok());
}

#[test]
fn documents_that_do_not_fit_are_errors() {
    let check = |sheet: SheetDoc, expected: &str| {
        let error = write_workbook(&book(vec![sheet])).unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    };
    let columns = || vec![ColumnDoc::new("单位", 10, ColumnKind::Text)];
    check(SheetDoc::table("名录", columns(), vec![vec!["a".into(), "b".into()]]), "RowTooWide");
    check(SheetDoc::table("a/b", columns(), vec![]), "Sheet");
    check(SheetDoc::table("名录", columns(), vec![vec!["x".repeat(32_768).into()]]), "Sheet");
    let mut marked = SheetDoc::table("名录", columns(), vec![]);
    marked.marks.push(MarkDoc { row: 0, column: 0, note: String::new() });
    check(marked, "MarkOutside");
    let odd = SheetDoc::table("名录", columns(), vec![vec![CellDoc::Decimal(f64::NAN)]]);
    assert_eq!(first_sheet(&write_workbook(&book(vec![odd])).unwrap()).cell(2, 0).text(), "#NUM!");
    assert!(matches!(
        write_workbook(&book(vec![SheetDoc { spare_rows: u32::MAX, ..sample() }])),
        Err(WriteError::TooLarge { .. })
    ));
}

#[test]
fn csv_reads_back_with_its_guards_taken_off() {
    let bytes = write_csv(&sample());
    assert!(bytes.starts_with("\u{feff}单位,".as_bytes()));
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\"") && text.contains(",'+86,"), "{text}");
    let workbook = read_csv(&bytes, "名录", &ReadLimits::default()).unwrap();
    let expected = [
        "1: 单位|电话|端口|到期|等级|时间|占比",
        "2: 示例局|020-0000-0001|443|2026-01-31|超危|2026-01-31 08:30:00|0.25",
        "3: =HYPERLINK(\"x\")|007||TRUE",
        "4: 440106199001011234|+86|440106199001011234",
    ];
    assert_eq!(lines_of(&workbook.sheets[0]), expected);
}
