//! An exclusion that is wrong must never widen what is probed.

use chrono::NaiveDate;
use model::credit_code::CreditCode;
use model::id::CountingMint;
use model::region::RegionTable;
use model::register::Register;
use registry::change::apply;
use registry::columns::{Key, SheetKey, sheet};
use registry::import::{Import, ImportOutcome, Mode};
use registry::table::{CellIn, RowIn, Table};

fn code(n: u32) -> String {
    CreditCode::with_check_symbol(&format!("11440100MADE{n:05}")).expect("17 symbols").to_string()
}

/// Lines of cells joined by `|`; `$1` stands for the credit code of unit 1.
fn table(sheet: &str, lines: &str) -> Table {
    let text = (1..=9).fold(lines.to_owned(), |text, n| text.replace(&format!("${n}"), &code(n)));
    let rows = (1..).zip(text.lines().map(str::trim)).map(|(number, line)| RowIn {
        number,
        cells: line.split('|').map(|cell| CellIn::Text(cell.to_owned())).collect(),
    });
    Table { sheet: sheet.to_owned(), rows: rows.collect(), ..Table::default() }
}

const ASSETS: &str = "单位信用代码|资产|备注
    $1|192.0.2.0/25|
    $1|192.0.2.128/25|
    $2|198.51.100.0/24|";

/// Two units with assets of their own, and exclusions.
fn file(assets: &str, exclusions: Table) -> Vec<Table> {
    let units = table("单位", "单位名称|统一社会信用代码\n示例一局|$1\n示例二局|$2");
    vec![units, table("资产", assets), exclusions]
}

fn exclusions(line: &str) -> Table {
    table("排除", &format!("单位信用代码|目标|原因|截止日期\n{line}"))
}

fn import(tables: &[Table], register: &Register, mint: &mut CountingMint) -> ImportOutcome {
    let regions = RegionTable::embedded();
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
    Import { tables, register, regions: &regions, today, mode: Mode::GoodRows }.run(mint)
}

/// The assets that an import of the good rows brings, and what is said of those that it holds back.
#[track_caller]
fn check(exclusions: Table, expected: &[&str], said: &str) {
    let mint = &mut CountingMint::default();
    let outcome = import(&file(ASSETS, exclusions), &Register::default(), mint);
    let brought: Vec<String> = outcome.change.assets.iter().map(|asset| asset.target.to_string()).collect();
    assert_eq!(brought, expected, "{:#?}", outcome.errors);
    let held_back: Vec<String> =
        outcome.errors.iter().map(ToString::to_string).filter(|error| error.starts_with("资产")).collect();
    assert_eq!(held_back.len(), 3 - expected.len(), "{held_back:#?}");
    assert!(held_back.iter().all(|error| error.contains(said)), "{held_back:#?}");
    assert_eq!(outcome.counts.get(&SheetKey::Assets).map(|count| count.n_bad), Some(held_back.len()));
}

const ALL: &[&str] = &["192.0.2.0/25", "192.0.2.128/25", "198.51.100.0/24"];
const OF_UNIT_2: &[&str] = &["198.51.100.0/24"];
const BEHIND_THE_FIRST: &[&str] = &["192.0.2.128/25", "198.51.100.0/24"];
const OF_ANOTHER_RANGE: &[&str] = &["192.0.2.0/25", "198.51.100.0/24"];

#[test]
fn a_bad_exclusion_holds_back_the_assets_of_its_unit() {
    let said = "not imported while the exclusion in 排除 row 2 has an error";
    check(exclusions("$1|192.0.2.8|医疗设备|2026-12-31"), ALL, said);
    check(exclusions("$1|192.0.2.8|医疗设备|长期"), OF_UNIT_2, said);
    check(exclusions("$1|203.0.113.9|医疗设备|长期"), OF_UNIT_2, said);
    check(exclusions("$1|192.0.2.8|医疗设备|"), OF_UNIT_2, said);
    check(exclusions("$1|192.0.2.300|医疗设备|2026-12-31"), OF_UNIT_2, said);
    check(exclusions("示例一局|portal.example|医疗设备|2026-12-31"), OF_UNIT_2, said);
    // Two that contradict each other are both bad.
    check(exclusions("$1|192.0.2.8|甲|2026-12-31\n$1|192.0.2.8|甲|2027-12-31"), OF_UNIT_2, said);
}

#[test]
fn an_exclusion_of_nobody_known_holds_back_what_it_covers() {
    let said = "not imported while the exclusion in 排除 row 2 has an error";
    for unit in ["", "示例九局", "11440100MADE000000"] {
        check(exclusions(&format!("{unit}|192.0.2.8|医疗设备|2026-12-31")), BEHIND_THE_FIRST, said);
        check(exclusions(&format!("{unit}|192.0.2.100-192.0.2.200|医疗设备|2026-12-31")), OF_UNIT_2, said);
        check(exclusions(&format!("{unit}|203.0.113.9|医疗设备|2026-12-31")), ALL, said);
        // Nobody can tell what it was to protect.
        check(exclusions(&format!("{unit}|192.0.2.300|医疗设备|2026-12-31")), &[], said);
        check(exclusions(&format!("{unit}||医疗设备|2026-12-31")), &[], said);
    }
    let contradicts = "单位名称|单位信用代码|目标|原因|截止日期\n示例一局|$2|192.0.2.8|医疗设备|2026-12-31";
    check(table("排除", contradicts), BEHIND_THE_FIRST, said);
}

#[test]
fn a_bad_exclusion_holds_back_the_assets_of_another_unit_only_where_it_covers_them() {
    let said = "not imported while the exclusion in 排除 row 2 has an error";
    check(exclusions("$2|192.0.2.200|医疗设备|长期"), &["192.0.2.0/25"], said);
    check(exclusions("$2|203.0.113.9|医疗设备|长期"), &["192.0.2.0/25", "192.0.2.128/25"], said);
    check(exclusions("$2|垃圾|医疗设备|长期"), &["192.0.2.0/25", "192.0.2.128/25"], said);
}

#[test]
fn a_host_name_may_lead_to_what_nobody_known_excludes() {
    let assets = format!("{ASSETS}\n$1|portal.example|");
    let held_back = |line: &str| {
        let mint = &mut CountingMint::default();
        let outcome = import(&file(&assets, exclusions(line)), &Register::default(), mint);
        !outcome.change.assets.iter().any(|asset| asset.target.to_string() == "portal.example")
    };
    assert!(held_back("示例九局|203.0.113.9|医疗设备|2026-12-31"));
    assert!(held_back("$1|203.0.113.9|医疗设备|长期"));
    assert!(!held_back("$2|203.0.113.9|医疗设备|长期"));
    assert!(!held_back("$2|198.51.100.9|医疗设备|2026-12-31"));
}

#[test]
fn a_sheet_that_could_be_exclusions_is_never_passed_over_nor_taken_for_assets() {
    let said = "not imported while the sheet 排除 can't be read";
    for (name, lines) in [
        ("不扫描清单", "单位信用代码|地址|说明\n$1|192.0.2.8|医疗设备"),
        ("排除名单2026", "192.0.2.8\n192.0.2.9"),
        ("白名单", "IP|说明\n192.0.2.8|医疗设备"),
        ("Do-Not-Scan", "x|y\n1|2"),
        ("Sheet3", "单位信用代码|目标|原因\n$1|192.0.2.8|医疗设备"),
        ("Sheet3", "目标|原因\n192.0.2.8|医疗设备"),
        ("Sheet3", "目标|截止日期\n192.0.2.8|2026-12-31"),
        ("Sheet3", "示例市不扫描的地址\n单位信用代码|地址|说明\n$1|192.0.2.8|医疗设备"),
        ("Sheet3", "IP|不扫描的理由\n192.0.2.8|医疗设备"),
    ] {
        check(table(name, lines), &[], said);
        let tables = file(ASSETS, table(name, lines));
        let outcome = import(&tables, &Register::default(), &mut CountingMint::default());
        let fault = outcome.errors.iter().find(|error| error.sheet == name).expect("an error of the sheet");
        assert!(fault.to_string().contains("could be a list of exclusions"), "{fault}");
        assert!(fault.zh().contains("可能是排除清单"), "{}", fault.zh());
    }
    // It can be read, whatever it is called.
    check(table("不扫描清单", "单位信用代码|目标|原因|截止日期\n$1|192.0.2.8|医疗设备|2026-12-31"), ALL, "");
    // What tells of no address, or of other things about it, is passed over with a warning.
    for (name, lines) in [
        ("随笔", "今天|明天\n192.0.2.8|x"),
        ("Sheet3", "目标|端口|截止日期\n192.0.2.8|443|2026-12-31"),
        ("不扫描清单", ""),
    ] {
        check(table(name, lines), ALL, "");
    }
}

#[test]
fn a_footer_under_exclusions_holds_back_nothing_unless_it_names_an_address() {
    let said = "not imported while the exclusion in 排除 row 3 has an error";
    let good = "$1|192.0.2.8|医疗设备|2026-12-31";
    for footer in
        ["填表人：虚构甲||审核人：虚构乙|", "合计|1||", "备注：以科室为准|||", "|||日期：2026.11.22"]
    {
        check(exclusions(&format!("{good}\n{footer}")), ALL, said);
    }
    for data in ["备注：192.0.2.9 也不要扫描|||", "备注：192.0.2.* 停扫|||", "说明：2001:db8::1|||"]
    {
        check(exclusions(&format!("{good}\n{data}")), &[], said);
    }
    check(exclusions(&format!("{good}\n备注|192.0.2.130||")), OF_ANOTHER_RANGE, said);
    check(exclusions(&format!("{good}\n备注|portal.example||")), &[], said);
}

#[test]
fn exclusions_that_cannot_be_read_hold_back_every_asset() {
    let said = "not imported while the sheet 排除 can't be read";
    check(table("排除", "单位信用代码|目标|原因\n$1|192.0.2.8|医疗设备"), &[], said);
    check(table("排除", "$1|192.0.2.8|医疗设备|2026-12-31"), &[], said);
    let hidden = Table { hidden: true, ..exclusions("$1|192.0.2.8|医疗设备|2026-12-31") };
    check(hidden, &[], said);
    check(table("排除", ""), ALL, said);
}

#[test]
fn assets_that_the_register_holds_as_they_are_stay_good() {
    let mint = &mut CountingMint::default();
    let first = import(&file(ASSETS, table("排除", "")), &Register::default(), mint);
    let register = apply(&Register::default(), &first.change);
    let assets =
        format!("{}\n$1|203.0.113.0/24|", ASSETS.replace("192.0.2.128/25|", "192.0.2.128/25|机房甲"));
    let outcome = import(&file(&assets, exclusions("$1|192.0.2.8|医疗设备|")), &register, mint);
    let rows: Vec<Option<u32>> =
        outcome.errors.iter().filter(|error| error.sheet == "资产").map(|error| error.row).collect();
    assert_eq!(rows, [Some(3), Some(5)], "the changed one and the new one");
    assert!(outcome.change.is_empty());
}

#[test]
fn the_column_says_that_names_are_not_taken() {
    let column = sheet(SheetKey::Exclusions).column(Key::Target).expect("a column");
    assert!(column.note.contains("不能写域名"), "{}", column.note);
}
