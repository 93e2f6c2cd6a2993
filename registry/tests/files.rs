//! Whole files: their structure, the template, the error workbook, and how far good rows get.

use chrono::NaiveDate;
use model::credit_code::CreditCode;
use model::id::CountingMint;
use model::region::RegionTable;
use model::register::Register;
use registry::change::apply;
use registry::columns::{Key, SHEETS, SheetKey};
use registry::import::{Import, ImportOutcome, MAX_ERRORS, Mode, Warning};
use registry::reason::{Own, Reason};
use registry::table::{CellIn, RowIn, SheetOut, Table};
use registry::template::{TEMPLATE_VERSION, template};

fn code(n: u32) -> String {
    CreditCode::with_check_symbol(&format!("11440100MADE{n:05}")).expect("17 symbols").to_string()
}

/// Lines of cells joined by `|`; an empty line is a blank row, `$1` the credit code of unit 1.
fn table(sheet: &str, lines: &str) -> Table {
    let text = (1..=9).fold(lines.to_owned(), |text, n| text.replace(&format!("${n}"), &code(n)));
    let rows = (1..).zip(text.lines().map(str::trim)).map(|(number, line)| RowIn {
        number,
        cells: line.split('|').map(|cell| CellIn::Text(cell.to_owned())).collect(),
    });
    Table { sheet: sheet.to_owned(), rows: rows.collect(), ..Table::default() }
}

fn import(tables: &[Table], register: &Register, mode: Mode, mint: &mut CountingMint) -> ImportOutcome {
    let regions = RegionTable::embedded();
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
    Import { tables, register, regions: &regions, today, mode }.run(mint)
}

fn import_fresh(tables: &[Table]) -> ImportOutcome {
    import(tables, &Register::default(), Mode::AllOrNothing, &mut CountingMint::default())
}

/// The errors of a file, its warnings, and how many units it would register.
#[track_caller]
fn check(tables: &[Table], errors: &[&str], warnings: &[&str], n_units: usize) {
    let outcome = import_fresh(tables);
    let found: Vec<String> = outcome.errors.iter().map(ToString::to_string).collect();
    assert_eq!(found, errors);
    let found: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(found, warnings);
    assert!(outcome.warnings.iter().all(|warning| warning.zh() != warning.to_string()));
    assert_eq!(outcome.counts.get(&SheetKey::Units).map_or(0, |count| count.n_new), n_units);
}

#[test]
fn titles_notes_blank_rows_and_trailing_blanks_are_looked_past() {
    check(
        &[
            table(
                "单位 ",
                "示例市单位登记表||||\n填表日期：|2026年11月22日\n\n序号说明\n单位名称*|统一社会\u{3000}信用代码（18位）||\n\n示例市|$1||\n  | |\n示例一局|$2|||\n\n",
            ),
            table("Sheet2", ""),
        ],
        &[],
        &[],
        2,
    );
}

#[test]
fn unknown_columns_are_named() {
    check(
        &[table("单位", "单位名称|统一社会信用代码|传真||邮编\n示例市|$1|020-0000-0001||")],
        &["单位 column C 传真: unknown column with content; rename it after the template or delete it"],
        &["单位 column E 邮编: unknown, and empty"],
        0,
    );
    // Content beyond the last header has no name, but a place.
    check(
        &[table("单位", "单位名称|统一社会信用代码\n示例市|$1|多余")],
        &["单位 column C: unknown column with content; rename it after the template or delete it"],
        &[],
        0,
    );
}

#[test]
fn missing_and_repeated_columns_and_sheets_are_named() {
    check(
        &[table("单位", "单位名称|行政区划代码\n示例市|440100")],
        &["单位: required columns are missing: 统一社会信用代码"],
        &[],
        0,
    );
    check(
        &[table("单位", "单位名称|信用代码|统一社会信用代码\n示例市|$1|$1")],
        &["单位 column C 统一社会信用代码: the column is there twice, first in B"],
        &[],
        0,
    );
    check(
        &[table("单位", "示例市|$1\n示例一局|$2")],
        &["单位: no header row found in the first 30 rows; it needs the columns: 单位名称, 统一社会信用代码"],
        &[],
        0,
    );
    check(
        &[table("随笔", "今天|明天")],
        &["no sheet of the register is in the file; it needs one of: 单位, 人员, 系统, 资产, 排除, 备案服务"],
        &["the sheet 随笔 is not one of the register and was not read"],
        0,
    );
    check(
        &[],
        &["no sheet of the register is in the file; it needs one of: 单位, 人员, 系统, 资产, 排除, 备案服务"],
        &[],
        0,
    );
}

#[test]
fn a_sheet_that_cannot_be_read_is_the_reason_of_what_refers_to_it() {
    let tables = [table("单位", "单位名称\n示例市"), table("人员", "单位|姓名\n示例市|虚构甲")];
    let reasons: Vec<Reason> = import_fresh(&tables).errors.into_iter().map(|error| error.reason).collect();
    assert!(
        matches!(reasons.as_slice(), [Reason::NoHeader { .. }, Reason::RefersToUnreadSheet { .. }]),
        "{reasons:?}"
    );
}

#[test]
fn cells_of_every_kind_are_read() {
    let mut units =
        table("单位", "单位名称|统一社会信用代码|行政区划代码|单位启用日期|区划启用日期\n示例市|$1|x|x|x");
    units.rows[1].cells[2] = CellIn::Number(440_100.0);
    units.rows[1].cells[3] = CellIn::Number(46_053.0);
    units.rows[1].cells[4] = CellIn::Date("2026-01-30".parse().expect("a day"));
    let outcome = import_fresh(&[units]);
    assert_eq!(outcome.errors, []);
    let unit = &outcome.change.units[0];
    assert_eq!(unit.region.as_ref().map(ToString::to_string).as_deref(), Some("440100"));
    assert_eq!(unit.valid.from().map(|day| day.to_string()).as_deref(), Some("2026-01-31"));
    assert_eq!(unit.region_valid.from().map(|day| day.to_string()).as_deref(), Some("2026-01-30"));
}

#[test]
fn errors_are_counted_beyond_those_listed() {
    let lines: String = (0..MAX_ERRORS + 7).map(|n| format!("\n示例{n}|x")).collect();
    let outcome = import_fresh(&[table("单位", &format!("单位名称|统一社会信用代码{lines}"))]);
    assert_eq!((outcome.errors.len(), outcome.n_more_errors), (MAX_ERRORS, 7));
    assert_eq!(outcome.error_sheets[0].rows.len(), MAX_ERRORS + 7, "the error workbook has them all");
}

#[test]
fn ports_and_dates_of_a_workbook_that_counts_from_1904_are_what_people_see() {
    let mut services = table(
        "备案服务",
        "单位信用代码|目标|端口|传输协议|服务|用途|批准人|备案日期|截止日期\n$1|192.0.2.1|x|tcp|x|门户|虚构丁|x|x",
    );
    services.dates_from_1904 = true;
    services.rows[1].cells[2] = CellIn::Number(65_535.0);
    services.rows[1].cells[7] = CellIn::Number(44_591.0);
    services.rows[1].cells[8] = CellIn::Number(44_592.0);
    let mut tables = vec![
        table("单位", "单位名称|统一社会信用代码\n示例市|$1"),
        table("资产", "单位信用代码|资产\n$1|192.0.2.0/24"),
        services,
    ];
    tables[2].rows[1].cells[4] = CellIn::Text("网页".into());
    let outcome = import_fresh(&tables);
    assert!(matches!(outcome.errors.as_slice(), [error] if error.reason == Reason::Own(Own::Service)));
    // The error workbook counts from 1900 and must mean the same days.
    let date = |text: &str| CellIn::Date(text.parse().expect("a day"));
    let row = &outcome.error_sheets[0].rows[0];
    assert_eq!(row[8..10], [date("2026-01-31"), date("2026-02-01")]);
    assert_eq!(row[3], CellIn::Number(65_535.0));

    tables[2].rows[1].cells[4] = CellIn::Text("https".into());
    let outcome = import_fresh(&tables);
    assert_eq!(outcome.errors, []);
    let service = &outcome.change.services[0];
    assert_eq!(service.port, 65_535);
    assert_eq!(
        (service.declared_on, service.until),
        ("2026-01-31".parse().ok(), "2026-02-01".parse().expect("a day"))
    );
}

#[test]
fn a_hidden_sheet_of_the_register_is_an_error_and_another_is_passed_over() {
    let units = || table("单位", "单位名称|统一社会信用代码\n示例市|$1");
    let hidden = |table| Table { hidden: true, ..table };
    let people = "单位信用代码|姓名\n$1|虚构甲";
    let fault = "人员: the sheet is hidden and was not read; unhide it to import it, or delete it";
    check(&[units(), hidden(table("人员", people))], &[fault], &[], 1);
    check(&[units(), hidden(table("Sheet9", people))], &[&fault.replace("人员", "Sheet9")], &[], 1);
    let choices = table("_choices", "tcp|1\nudp|2");
    check(&[units(), hidden(choices.clone())], &[], &[], 1);
    check(&[units(), choices], &[], &["the sheet _choices is not one of the register and was not read"], 1);
    // Sheets of the template that were hidden because they aren't needed.
    let spare = template().into_iter().skip(2).map(|sheet| hidden(sheet.to_table()));
    check(&std::iter::once(units()).chain(spare).collect::<Vec<_>>(), &[], &[], 1);
    // Its rows come back, to be imported from a sheet that can be seen.
    let outcome = import_fresh(&[units(), hidden(table("人员", people))]);
    assert_eq!(outcome.error_sheets[0].rows.len(), 1);
}

#[test]
fn name_and_credit_code_side_by_side_must_agree() {
    let units = || table("单位", "单位名称|统一社会信用代码\n示例市|$1\n示例一局|$2");
    let people = |rows: &str| table("人员", &format!("单位名称|单位信用代码|姓名\n{rows}"));
    check(&[units(), people("示例市|$1|虚构甲\n |$2|虚构乙\n$2|$2|虚构丙")], &[], &[], 2);
    check(
        &[units(), people("示例一局|$1|虚构甲\n示例市||虚构乙")],
        &[
            "人员 row 2, column A 单位名称, \"示例一局\": the credit code is that of 示例市; correct the name or the code",
            "人员 row 3, column B 单位信用代码: required, but empty",
        ],
        &[],
        2,
    );
}

fn half_good() -> [Table; 3] {
    [
        table(
            "单位",
            "标题\n单位名称|统一社会信用代码|上级单位\n示例市|$1|\n示例一局|11440100MADE000020|$1\n示例二局|$3|示例一局\n示例三局|$4|$1",
        ),
        table("人员", "单位信用代码|姓名|职务\n$1|虚构甲|主任\n示例一局|虚构乙|科长\n$4|虚构丙|科长"),
        table("排除", "单位信用代码|目标|原因|截止日期\n$4|192.0.2.1|设备|"),
    ]
}

#[test]
fn good_rows_are_imported_without_what_hangs_on_bad_ones() {
    let outcome = import(&half_good(), &Register::default(), Mode::GoodRows, &mut CountingMint::default());
    let names: Vec<&str> = outcome.change.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["示例市", "示例三局"], "示例二局 hangs on 示例一局, whose code is wrong");
    let names: Vec<&str> = outcome.change.people.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(names, ["虚构甲", "虚构丙"]);
    assert_eq!(outcome.counts[&SheetKey::Units].n_bad, 2);
    let refers =
        outcome.errors.iter().filter(|error| matches!(error.reason, Reason::RefersToBadRow(_))).count();
    assert_eq!(refers, 2);
    // The other mode finds the same errors and changes nothing.
    let strict = import(&half_good(), &Register::default(), Mode::AllOrNothing, &mut CountingMint::default());
    assert_eq!((strict.errors, strict.change.is_empty()), (outcome.errors, true));
}

#[test]
fn the_error_workbook_can_be_corrected_and_imported() {
    let mut mint = CountingMint::default();
    let outcome = import(&half_good(), &Register::default(), Mode::GoodRows, &mut mint);
    let register = apply(&Register::default(), &outcome.change);
    let names: Vec<&str> = outcome.error_sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(names, ["单位", "人员", "排除"]);
    let units = &outcome.error_sheets[0];
    let headers: Vec<&str> = units.columns.iter().map(|column| column.header.as_str()).collect();
    assert_eq!(headers, ["原行号", "单位名称", "统一社会信用代码", "上级单位信用代码", "错误原因"]);
    assert_eq!(units.rows.len(), 2);
    assert_eq!((units.marks[0].row, units.marks[0].column), (0, 2));
    let CellIn::Text(why) = &units.rows[0][4] else { panic!("a reason") };
    assert!(why.starts_with("统一社会信用代码：信用代码校验码不符"), "{why}");
    // Reasons cite rows of the file, and so does the first column.
    let CellIn::Text(why) = &units.rows[1][4] else { panic!("a reason") };
    assert!(why.contains("“单位”表第4行"), "{why}");
    let numbers: Vec<&CellIn> = units.rows.iter().map(|row| &row[0]).collect();
    assert_eq!(numbers, [&CellIn::Number(4.0), &CellIn::Number(5.0)]);

    // As it is, it has the same errors again; its reasons are not taken for data.
    let mut tables: Vec<Table> = outcome.error_sheets.iter().map(SheetOut::to_table).collect();
    let again = import(&tables, &register, Mode::GoodRows, &mut mint);
    assert_eq!((again.errors.len(), again.change.len()), (outcome.errors.len(), 0), "{:?}", again.errors);

    assert_eq!(again.error_sheets[0].columns.len(), units.columns.len(), "no column is added a second time");
    assert_eq!(again.error_sheets[0].rows[0][0], CellIn::Number(2.0), "rows are those of the last file");

    tables[0].rows[1].cells[2] = CellIn::Text(code(2));
    tables[2].rows[1].cells[4] = CellIn::Text("2026年12月31日".into());
    let corrected = import(&tables, &register, Mode::AllOrNothing, &mut mint);
    assert_eq!(corrected.errors, []);
    assert_eq!(corrected.change.len(), 4);
}

#[test]
fn a_sheet_that_could_not_be_read_comes_back_whole() {
    let outcome = import_fresh(&[table("单位", "单位名称|信用代码|传真\n示例市|$1|1\n示例一局|$2|2")]);
    let sheet = &outcome.error_sheets[0];
    assert_eq!(sheet.rows.len(), 2);
    assert_eq!(sheet.columns[3].header, "传真");
    assert!(matches!(&sheet.rows[0][4], CellIn::Text(why) if why.starts_with("整张表未导入")));
}

#[test]
fn the_template_as_handed_out_imports_nothing() {
    let tables: Vec<Table> = template().iter().map(SheetOut::to_table).collect();
    let outcome = import_fresh(&tables);
    assert_eq!((outcome.errors, outcome.warnings), (vec![], vec![Warning::NothingThere]));
    assert!(outcome.change.is_empty());
}

#[test]
fn the_examples_of_the_template_are_right() {
    let mut tables: Vec<Table> = template().iter().skip(1).map(SheetOut::to_table).collect();
    for table in &mut tables {
        let mark = table.rows[0].cells.len() - 1;
        table.rows[1].cells[mark] = CellIn::Empty;
    }
    // The example of one person cannot hold the three that the others name.
    for name in ["示例乙", "示例丙"] {
        let mut cells = tables[1].rows[1].cells.clone();
        cells[1] = CellIn::Text(name.into());
        let number = u32::try_from(tables[1].rows.len() + 1).expect("few rows");
        tables[1].rows.push(RowIn { number, cells });
    }
    let outcome = import_fresh(&tables);
    let errors: Vec<String> = outcome.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(outcome.change.len(), SHEETS.len() + 2);
}

#[test]
fn a_newer_template_is_noticed() {
    let mut tables: Vec<Table> = template().iter().map(SheetOut::to_table).collect();
    tables[0].rows[1].cells[1] = CellIn::Text((TEMPLATE_VERSION + 1).to_string());
    let newer = Warning::NewerTemplate(TEMPLATE_VERSION + 1);
    assert_eq!(import_fresh(&tables).warnings, [newer.clone(), Warning::NothingThere]);
    tables[0].sheet = "填写说明".into();
    assert_eq!(import_fresh(&tables).warnings, [newer, Warning::NothingThere], "under another name");
}

#[test]
fn the_instructions_tell_of_every_column() {
    let instructions = &template()[0];
    for column in SHEETS.iter().flat_map(|sheet| sheet.columns).filter(|column| column.key != Key::Fault) {
        let is_told = instructions.rows.iter().any(|row| row.contains(&CellIn::Text(column.header.into())));
        assert!(is_told, "{}", column.header);
    }
}
