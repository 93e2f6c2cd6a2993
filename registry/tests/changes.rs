//! What an import would change, cell by cell, and what of that is pointed out.

use chrono::NaiveDate;
use model::credit_code::CreditCode;
use model::id::CountingMint;
use model::region::RegionTable;
use model::register::Register;
use registry::change::apply;
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

fn import(tables: &[Table], register: &Register, mint: &mut CountingMint, mode: Mode) -> ImportOutcome {
    let regions = RegionTable::embedded();
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
    Import { tables, register, regions: &regions, today, mode }.run(mint)
}

fn registered() -> (Register, CountingMint) {
    let mut mint = CountingMint::default();
    let tables = [
        table("单位", "单位名称|统一社会信用代码\n示例一局|$1\n示例二局|$2"),
        table("人员", "单位信用代码|姓名|电话\n$1|虚构甲|020-0000-0001"),
        table(
            "资产",
            "单位信用代码|资产|授权批准人|授权止|主管责任人|备注\n$1|192.0.2.0/24|虚构丁|2026-12-31|虚构甲|机房",
        ),
        table(
            "备案服务",
            "单位信用代码|目标|端口|传输协议|服务|用途|批准人|截止日期\n$1|192.0.2.1|443|tcp|https|门户|虚构丁|2026-12-31",
        ),
    ];
    let outcome = import(&tables, &Register::default(), &mut mint, Mode::AllOrNothing);
    assert_eq!((outcome.errors, outcome.warnings), (vec![], vec![]));
    (apply(&Register::default(), &outcome.change), mint)
}

/// Changes as `sheet row unit entry: header "old" -> "new"`, and the warnings.
#[track_caller]
fn check(tables: &[Table], changes: &[&str], warnings: &[&str]) {
    let (register, mut mint) = registered();
    for mode in [Mode::GoodRows, Mode::AllOrNothing] {
        let outcome = import(tables, &register, &mut mint, mode);
        let shown = outcome.changes.iter().map(|row| {
            let word = if row.is_new { "new" } else { "changed" };
            let cells =
                row.cells.iter().map(|cell| format!(" {} {:?}->{:?}", cell.header, cell.old, cell.new));
            format!(
                "{} {} {} {}: {word}{}",
                row.sheet,
                row.row,
                row.unit,
                row.entry,
                cells.collect::<String>()
            )
        });
        let expected: Vec<String> =
            changes.iter().map(|line| line.replace("$3", &code(3)).replace("$2", &code(2))).collect();
        assert_eq!(shown.collect::<Vec<_>>(), expected, "{:#?}", outcome.errors);
        let found: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
        let expected: Vec<String> = warnings.iter().map(|line| line.replace("$2", &code(2))).collect();
        assert_eq!(found, expected);
        assert!(outcome.warnings.iter().all(|warning| warning.zh().chars().any(|c| c > '\u{4e00}')));
    }
}

#[test]
fn what_is_the_same_is_no_change() {
    check(
        &[
            table("单位 ", "单位名称|统一社会信用代码\n示例一局|$1"),
            table("资产", "单位信用代码|资产|备注\n$1|192.0.2.0/24|机房"),
        ],
        &[],
        &[],
    );
}

#[test]
fn every_cell_that_differs_is_told_with_old_and_new() {
    check(
        &[
            table("人员", "单位信用代码|姓名|电话|职务\n$1|虚构甲|020-0000-0001|科长"),
            table(
                "资产2",
                "标题\n单位信用代码|资产|授权批准人|授权止|备注\n$1|192.0.2.0/24|虚构丁|2027-12-31|",
            ),
        ],
        &[
            "人员 2 示例一局 虚构甲: changed 职务 \"\"->\"科长\"",
            "资产2 3 示例一局 192.0.2.0/24: changed 授权止 \"2026-12-31\"->\"2027-12-31\" 备注 \"机房\"->\"\"",
        ],
        &[],
    );
    check(
        &[
            table("单位", "单位名称|统一社会信用代码\n示例三局|$3"),
            table(
                "备案服务",
                "单位信用代码|目标|端口|传输协议|服务|用途|批准人|截止日期\n$1|192.0.2.1|443|tcp|http|门户|虚构丁|2026-12-31",
            ),
        ],
        &[
            "单位 2 示例三局 $3: new 单位名称 \"\"->\"示例三局\" 统一社会信用代码 \"\"->\"$3\"",
            "备案服务 2 示例一局 192.0.2.1 443/tcp: changed 服务 \"https\"->\"http\"",
        ],
        &[],
    );
}

#[test]
fn a_difference_far_into_a_long_text_is_told() {
    let long = "机".repeat(300);
    check(
        &[table("资产", &format!("单位信用代码|资产|备注\n$1|192.0.2.0/24|{long}甲"))],
        &[&format!("资产 2 示例一局 192.0.2.0/24: changed 备注 \"机房\"->\"{long}甲\"")],
        &[],
    );
}

#[test]
fn a_namesake_changes_nobody_who_refers_to_the_first() {
    check(
        &[
            table("人员", "单位信用代码|姓名|电话\n$1|虚构甲|020-0000-0009\n$1|虚构甲|020-0000-0001"),
            table("资产", "单位信用代码|资产|备注\n$1|192.0.2.0/24|乙楼"),
        ],
        &[
            "人员 2 示例一局 虚构甲: new 单位信用代码 \"\"->\"$1\" 姓名 \"\"->\"虚构甲\" 电话 \"\"->\"020-0000-0009\""
                .replace("$1", &code(1))
                .as_str(),
            "资产 2 示例一局 192.0.2.0/24: changed 备注 \"机房\"->\"乙楼\"",
        ],
        &[],
    );
}

#[test]
fn a_code_that_renames_another_unit_is_pointed_out() {
    check(
        &[table("单位", "单位名称|统一社会信用代码\n示例三局|$2")],
        &["单位 2 示例三局 $2: changed 单位名称 \"示例二局\"->\"示例三局\""],
        &[
            "单位 row 2: the unit of the credit code $2 is renamed from 示例二局 to 示例三局; if these are two units, the code is wrong",
        ],
    );
    // Width and spaces don't make another name.
    check(
        &[table("单位", "单位名称|统一社会信用代码\n示例 二局|$2")],
        &["单位 2 示例 二局 $2: changed 单位名称 \"示例二局\"->\"示例 二局\""],
        &[],
    );
}

#[test]
fn what_ended_before_today_is_pointed_out() {
    let (day, past) = ("2026-11-22", "2020-01-31");
    let tables = |until: &str| {
        [
            table(
                "资产",
                &format!(
                    "单位信用代码|资产|授权批准人|授权止\n$2|198.51.100.1|虚构丁|{until}\n$2|198.51.100.2|虚构丁|2026-11-21\n$2|198.51.100.3||"
                ),
            ),
            table("排除", &format!("单位信用代码|目标|原因|截止日期\n$2|198.51.100.1|设备|{until}")),
            table(
                "备案服务",
                &format!(
                    "单位信用代码|目标|端口|传输协议|服务|用途|批准人|截止日期\n$2|198.51.100.1|443|tcp|https|门户|虚构丁|{until}"
                ),
            ),
        ]
    };
    let warnings = |until: &str| -> Vec<String> {
        let (register, mut mint) = registered();
        let outcome = import(&tables(until), &register, &mut mint, Mode::AllOrNothing);
        assert_eq!(outcome.errors, []);
        outcome.warnings.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        warnings(day),
        [
            "资产 row 3: the authorisation ended before today, so that the asset is not probed (the earliest on 2026-11-21)"
        ]
    );
    assert_eq!(
        warnings(past),
        [
            "资产 rows 2, 3: the authorisation ended before today, so that the asset is not probed (the earliest on 2020-01-31)",
            "排除 row 2: the exclusion ended before today, so that it protects nothing (the earliest on 2020-01-31)",
            "备案服务 row 2: the declaration ended before today, so that the service counts as undeclared (the earliest on 2020-01-31)",
        ]
    );
}

#[test]
fn changes_are_told_though_another_row_keeps_them_out() {
    let (register, mut mint) = registered();
    let tables = [table("单位", "单位名称|统一社会信用代码\n示例三局|$2\n示例四局|x")];
    let outcome = import(&tables, &register, &mut mint, Mode::AllOrNothing);
    assert!(outcome.has_errors() && outcome.change.is_empty());
    assert_eq!((outcome.changes.len(), outcome.warnings.len()), (1, 1));
}
