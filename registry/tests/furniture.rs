//! What clerks put around a table is passed over with a remark, and no entry with it.

use chrono::NaiveDate;
use model::credit_code::CreditCode;
use model::id::CountingMint;
use model::region::RegionTable;
use model::register::Register;
use registry::import::{Import, ImportOutcome, Mode, Warning};
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

fn import(tables: &[Table]) -> ImportOutcome {
    let (register, regions) = (Register::default(), RegionTable::embedded());
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
    let import = Import { tables, register: &register, regions: &regions, today, mode: Mode::GoodRows };
    import.run(&mut CountingMint::default())
}

const UNITS: &str = "单位名称|统一社会信用代码\n示例一局|$1\n审核中心|$2";

/// The remarks and errors of a sheet beside two units, and how many entries of it are imported.
#[track_caller]
fn check(sheet: &str, lines: &str, remarks: &[&str], errors: &[&str], n_taken: usize) {
    let mut tables = vec![table("单位", UNITS)];
    if sheet == "备案服务" {
        tables.push(table("资产", "单位信用代码|资产\n$1|192.0.2.0/24"));
    }
    let n_before = import(&tables).change.len();
    tables.push(table(sheet, lines));
    let outcome = import(&tables);
    let found: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(found, remarks);
    assert!(outcome.warnings.iter().all(|warning| warning.zh().contains("忽略")));
    let found: Vec<String> = outcome.errors.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), errors.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(errors) {
        assert!(found.contains(expected), "{found} lacks {expected}");
    }
    assert_eq!(outcome.change.len() - n_before, n_taken);
}

#[test]
fn a_numbering_before_the_table_is_ignored() {
    check("资产", "序号|单位信用代码|资产\n1|$1|192.0.2.0/24\n2|$2|198.51.100.7", &[], &[], 2);
    check("人员", "No.|单位信用代码|姓名\n1|$1|虚构甲\n2||", &[], &[], 1);
    check("人员", "＃|单位信用代码|姓名\n1|$1|虚构甲", &[], &[], 1);
}

#[test]
fn notes_and_examples_right_under_the_header_are_ignored() {
    check(
        "资产",
        "序号|单位信用代码|资产|备注\n|必填|必填，一行一个|选填\n|文本|文本|文本\n例|$2|198.51.100.0/24|略\n1|$1|192.0.2.0/24|",
        &[
            "资产 rows 2, 3 ignored: looks like a note under the header",
            "资产 row 4 ignored: looks like an example under the header",
        ],
        &[],
        1,
    );
    check(
        "资产",
        "单位信用代码|资产\n（必填）|（必填）如192.0.2.0/24\n例如：|例：192.0.2.0/24\n$1|192.0.2.0/24",
        &[
            "资产 row 2 ignored: looks like a note under the header",
            "资产 row 3 ignored: looks like an example under the header",
        ],
        &[],
        1,
    );
    // Further down they are errors like any other row.
    check(
        "资产",
        "单位信用代码|资产\n$1|192.0.2.0/28\n$1|192.0.2.16/28\n$1|192.0.2.32/28\n必填|必填",
        &[],
        &["row 5, column A", "row 5, column B"],
        3,
    );
}

#[test]
fn footers_are_ignored_in_every_sheet() {
    for (sheet, table, n_taken) in [
        ("单位", "单位名称|统一社会信用代码|行政区划代码\n示例三局|$3|", 1),
        ("人员", "单位信用代码|姓名|电话\n$1|虚构甲|", 1),
        ("系统", "单位信用代码|系统名称|等保级别\n$1|虚构门户|3", 1),
        ("资产", "单位信用代码|资产|备注\n$1|192.0.2.0/24|", 1),
        ("排除", "单位信用代码|目标|原因|截止日期\n$1|192.0.2.8|设备|2026-12-31", 1),
        (
            "备案服务",
            "单位信用代码|目标|端口|传输协议|服务|用途|批准人|截止日期\n$1|192.0.2.1|443|tcp|https|门户|虚构丁|2026-12-31",
            1,
        ),
    ] {
        for footer in [
            "填表人：虚构甲|审核人：虚构乙|",
            "填 表 人|虚构甲|审 核|虚构乙",
            "合计|1|",
            "备注：本表一式两份||",
            "备注：本表一式两份|备注：本表一式两份|备注：本表一式两份",
            "制表：虚构甲||||||||||2026年11月22日",
            "|||注：略",
        ] {
            let remark = format!("{sheet} row 4 ignored: looks like a footer");
            check(sheet, &format!("{table}\n\n{footer}"), &[&remark], &[], n_taken);
        }
    }
}

#[test]
fn a_header_that_is_repeated_is_ignored() {
    check(
        "资产",
        "单位信用代码|资产*\n$1|192.0.2.0/25\n单位信用代码|资产*\n$1|192.0.2.128/25",
        &["资产 row 3 ignored: looks like the header once more"],
        &[],
        2,
    );
}

#[test]
fn a_row_with_a_key_is_an_entry_whatever_it_is_called() {
    check("单位", "单位名称|统一社会信用代码\n合计|$3\n示例|$4\n备注|$5", &[], &[], 3);
    check("资产", "单位|资产\n审核中心|192.0.2.0/24\n备注|198.51.100.1", &[], &["row 3, column A"], 1);
    check("人员", "序号|单位|姓名\n备注|示例一局|虚构甲\n合计|$1|虚构乙", &[], &[], 2);
    check("人员", "单位|姓名\n审核中心|虚构甲\n审核中心|", &[], &["row 3, column B"], 1);
    // Neither a footer nor an entry: an error, as ever.
    check(
        "资产",
        "单位|资产\n$1|192.0.2.0/24\n注册中心|垃圾",
        &[],
        &["row 3, column A", "row 3, column B"],
        1,
    );
}

#[test]
fn a_footer_that_says_what_not_to_scan_is_no_footer() {
    check(
        "资产",
        "单位信用代码|资产\n$1|192.0.2.0/24\n备注：192.0.2.9 请勿扫描|",
        &[],
        &["row 3, column A", "row 3, column B"],
        1,
    );
}

#[test]
fn many_rows_that_look_alike_are_told_once() {
    let rows = "\n合计|1".repeat(40);
    let remark = "资产 rows 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 30 more ignored: looks like a footer";
    check("资产", &format!("单位信用代码|资产\n$1|192.0.2.0/24{rows}"), &[remark], &[], 1);
    assert!(matches!(
        import(&[table("单位", "单位名称|统一社会信用代码\n合计|")]).warnings.as_slice(),
        [Warning::IgnoredRows { .. }, Warning::NothingThere]
    ));
}
