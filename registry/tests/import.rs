//! Importing plain rows: one small workbook, bent in one way per test.

use chrono::NaiveDate;
use model::credit_code::CreditCode;
use model::id::CountingMint;
use model::region::RegionTable;
use model::register::Register;
use registry::change::apply;
use registry::columns::SheetKey;
use registry::import::{Import, ImportOutcome, Mode};
use registry::table::{CellIn, RowIn, Table};

fn today() -> NaiveDate {
    day("2026-11-22")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

fn code(n: u32) -> String {
    CreditCode::with_check_symbol(&format!("11440100MADE{n:05}")).expect("17 symbols").to_string()
}

/// Lines of cells joined by `|`; `$1` stands for the credit code of unit 1.
fn table(sheet: &str, lines: &str) -> Table {
    let mut text = lines.to_owned();
    for n in 1..=9 {
        text = text.replace(&format!("${n}"), &code(n));
    }
    let rows = (1..).zip(text.lines().map(str::trim)).map(|(number, line)| RowIn {
        number,
        cells: line.split('|').map(|cell| CellIn::Text(cell.to_owned())).collect(),
    });
    Table { sheet: sheet.to_owned(), rows: rows.collect(), ..Table::default() }
}

const UNITS: &str = "单位名称|统一社会信用代码|上级单位信用代码|行政区划代码
    示例市|$1||440100
    示例一局|$2|$1|440106
    示例二局|$3|示例市|440103";

const PEOPLE: &str = "单位信用代码|姓名|电话
    $2|虚构甲|020-0000-0001
    $2|虚构乙|020-0000-0002
    示例二局|虚构丙|";

const SYSTEMS: &str = "单位信用代码|系统名称|等保级别|主管责任人|运营责任人|使用责任人
    $2|虚构门户|三级|虚构甲|虚构乙|虚构丙@$3";

const ASSETS: &str = "单位信用代码|所属系统|资产|归属起|归属止|授权批准人|授权起|授权止|主管责任人|备注
    $2|虚构门户|192.0.2.0/25|||虚构丁|2026-01-01|2026-12-31||
    $2||192.0.2.8-9||||||虚构甲|
    $3||198.51.100.0/24||||||| ";

const EXCLUSIONS: &str = "单位信用代码|目标|原因|截止日期
    $2|192.0.2.8|医疗设备|2026-12-31";

const SERVICES: &str = "单位信用代码|目标|端口|传输协议|服务|用途|批准人|截止日期
    $2|192.0.2.1|443|tcp|https|门户|虚构丁|2026-12-31";

fn workbook() -> Vec<Table> {
    vec![
        table("单位", UNITS),
        table("人员", PEOPLE),
        table("系统", SYSTEMS),
        table("资产", ASSETS),
        table("排除", EXCLUSIONS),
        table("备案服务", SERVICES),
    ]
}

/// The workbook with further lines on one sheet.
fn with(sheet: &str, lines: &str) -> Vec<Table> {
    let mut tables = workbook();
    let more = table(sheet, lines);
    let to = tables.iter_mut().find(|table| table.sheet == sheet).expect(sheet);
    let next = to.rows.last().map_or(1, |row| row.number + 1);
    to.rows.extend((next..).zip(more.rows).map(|(number, row)| RowIn { number, ..row }));
    tables
}

/// The workbook with one sheet replaced.
fn instead(sheet: &str, lines: &str) -> Vec<Table> {
    let replaced = |old: Table| if old.sheet == sheet { table(sheet, lines) } else { old };
    workbook().into_iter().map(replaced).collect()
}

struct World {
    register: Register,
    mint: CountingMint,
}

impl World {
    fn new() -> World {
        World { register: Register::default(), mint: CountingMint::default() }
    }

    fn run(&mut self, tables: &[Table], mode: Mode) -> ImportOutcome {
        let regions = RegionTable::embedded();
        let import = Import { tables, register: &self.register, regions: &regions, today: today(), mode };
        let outcome = import.run(&mut self.mint);
        self.register = apply(&self.register, &outcome.change);
        outcome
    }
}

/// Errors of an import into an empty register, each cut to what the expectation states; both languages are there.
#[track_caller]
fn check(tables: Vec<Table>, expected: &[&str]) {
    let outcome = World::new().run(&tables, Mode::AllOrNothing);
    check_errors(&outcome, expected);
    assert!(outcome.change.is_empty() || expected.is_empty(), "nothing may change");
}

#[track_caller]
fn check_errors(outcome: &ImportOutcome, expected: &[&str]) {
    let errors: Vec<String> = outcome.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        let filled = (1..=9).fold((*expected).to_owned(), |text, n| text.replace(&format!("${n}"), &code(n)));
        let all_there = filled.split(" … ").all(|part| error.contains(part));
        assert!(all_there, "{error:?} does not say {filled:?}");
    }
    for error in &outcome.errors {
        assert!(error.zh().chars().any(|c| c >= '\u{4e00}'), "{}", error.zh());
    }
}

#[test]
fn the_workbook_is_imported_and_a_second_time_changes_nothing() {
    let mut world = World::new();
    let first = world.run(&workbook(), Mode::AllOrNothing);
    check_errors(&first, &[]);
    let new: Vec<usize> = first.counts.values().map(|count| count.n_new).collect();
    assert_eq!(new, [3, 3, 1, 3, 1, 1]);
    let register = world.register.clone();
    assert_eq!(register.units[1].parent, Some(register.units[0].id));
    assert_eq!(register.units[2].parent, Some(register.units[0].id));
    let system = &register.systems[0];
    assert_eq!(system.answerable.user, Some(register.people[2].id), "of another unit, by name@unit");
    assert_eq!(register.assets[0].system, Some(system.id));
    assert_eq!(register.assets[1].answerable.in_charge, Some(register.people[0].id));

    let second = world.run(&workbook(), Mode::AllOrNothing);
    check_errors(&second, &[]);
    assert!(second.change.is_empty(), "{:?}", second.change);
    assert!(second.counts.values().all(|count| count.n_new == 0 && count.n_changed == 0));
    assert_eq!(second.counts[&SheetKey::Assets].n_unchanged, 3);
    assert_eq!(world.register, register);
}

#[test]
fn only_what_differs_is_changed_and_keeps_its_id() {
    let mut world = World::new();
    world.run(&workbook(), Mode::AllOrNothing);
    let before = world.register.clone();
    let outcome = world.run(
        &[table("资产", "单位信用代码|资产|备注\n$2|192.0.2.0-192.0.2.127|机房甲\n$3|198.51.100.0/24|")],
        Mode::AllOrNothing,
    );
    check_errors(&outcome, &[]);
    assert_eq!(outcome.change.len(), 1);
    let (asset, old) = (&world.register.assets[0], &before.assets[0]);
    assert_eq!((asset.id, asset.note.as_deref()), (old.id, Some("机房甲")));
    assert_eq!(
        (&asset.authorisation, asset.system),
        (&old.authorisation, old.system),
        "absent columns say nothing"
    );
}

#[test]
fn every_error_says_where_and_why() {
    check(
        with("单位", "示例三局|11440100MADE000010||\n示例四局|$4||44010"),
        &[
            "单位 row 5, column B 统一社会信用代码, \"11440100MADE000010\": the check symbol should be",
            "单位 row 6, column D 行政区划代码, \"44010\": not a region code",
        ],
    );
    check(
        with(
            "备案服务",
            "$2|192.0.2.1|0|tcp|ssh|运维|虚构丁|2026-12-31\n$2|192.0.2.1|70000|tcp|ssh|运维|虚构丁|长期",
        ),
        &[
            "备案服务 row 3, column C 端口, \"0\": not a port: a whole number from 1 to 65535",
            "row 4, column C 端口, \"70000\"",
            "row 4, column H 截止日期, \"长期\": it is not a date",
        ],
    );
    check(
        with("系统", "$2|虚构系统二|6|||"),
        &["系统 row 3, column C 等保级别, \"6\": not a classified-protection"],
    );
    check(
        with("排除", "$3|198.51.100.9||\n$3|198.51.100.10|设备|\n$3|portal.example|设备|2026-12-31"),
        &[
            "资产 row 4, column C 资产, \"198.51.100.0/24\": not imported while the exclusion in 排除 row 4 has an error",
            "排除 row 3, column C 原因: required",
            "排除 row 3, column D 截止日期: required",
            "排除 row 4, column D",
            "排除 row 5, column B 目标, \"portal.example\": an exclusion is a range of addresses … give the host's addresses",
        ],
    );
}

#[test]
fn references_must_lead_somewhere() {
    check(
        with("人员", "示例九局|虚构丁|"),
        &["人员 row 5, column A 单位信用代码, \"示例九局\": no such unit"],
    );
    check(with("人员", "$9|虚构丁|"), &["no such unit"]);
    check(
        with("系统", "$2|虚构系统二||虚构丙||"),
        &["column D 主管责任人, \"虚构丙\": no such person of this unit"],
    );
    check(
        with("资产", "$3|虚构门户|203.0.113.1||||||"),
        &["column B 所属系统, \"虚构门户\": no such system"],
    );
    check(
        with("单位", "示例一局|$4||\n示例五局|$5|示例一局|"),
        &["row 6, column C 上级单位信用代码, \"示例一局\": several units have this name: $2, $4"],
    );
    check(
        with("人员", "$2|虚构甲|020-0000-0009"),
        &[
            "系统 row 2, column D 主管责任人, \"虚构甲\": several people … 虚构甲/020-0000-0001, 虚构甲/020-0000-0009",
            "资产 row 2, column B 所属系统, \"虚构门户\": it refers to 系统 row 2, which has an error itself",
            "资产 row 3, column I 主管责任人, \"虚构甲\": several people",
            "备案服务 row 2, column B 目标, \"192.0.2.1\": it refers to 资产 row 2",
        ],
    );
}

#[test]
fn a_person_may_be_named_with_the_phone() {
    let mut tables = with("人员", "$2|虚构戊|020-0000-0008\n$2|虚构戊|020-0000-0009\n$2|虚构戊|");
    tables[2] =
        table("系统", "单位信用代码|系统名称|主管责任人|运营责任人\n$2|虚构门户|虚构戊/02000000009|虚构戊/");
    let mut world = World::new();
    let outcome = world.run(&tables, Mode::AllOrNothing);
    check_errors(&outcome, &[]);
    let answerable = world.register.systems[0].answerable;
    assert_eq!(answerable.in_charge, Some(world.register.people[4].id));
    assert_eq!(answerable.operator, Some(world.register.people[5].id));
}

#[test]
fn a_plain_name_means_the_person_that_the_file_lists() {
    let mut world = World::new();
    world.run(&workbook(), Mode::AllOrNothing);
    let mut tables = workbook();
    tables[1] = table("人员", &PEOPLE.replace("020-0000-0001", "020-0000-0007"));
    let outcome = world.run(&tables, Mode::AllOrNothing);
    check_errors(&outcome, &[]);
    let person = world.register.people.last().expect("the person with the new phone");
    assert_eq!(person.phone.as_deref(), Some("020-0000-0007"));
    assert_eq!(world.register.systems[0].answerable.in_charge, Some(person.id));
}

#[test]
fn no_unit_is_its_own_superior() {
    check(
        instead("单位", "单位名称|统一社会信用代码|上级单位\n示例市|$1|$3\n示例一局|$2|$1\n示例二局|$3|$2"),
        &[
            "单位 row 2, column C 上级单位, \"$3\": the unit would be its own superior: 示例市 → 示例二局 → 示例一局 → 示例市",
            "单位 row 3",
            "单位 row 4",
            "人员 row 2, column A 单位信用代码, \"$2\": it refers to 单位 row 3, which has an error itself",
            "人员 row 3",
            "人员 row 4",
            "系统",
            "资产",
            "资产",
            "资产",
            "排除",
            "备案服务",
        ],
    );
    let mut world = World::new();
    world.run(&workbook(), Mode::AllOrNothing);
    let lines = "单位名称|统一社会信用代码|上级单位\n示例市|$1|$2";
    let outcome = world.run(&[table("单位", lines)], Mode::AllOrNothing);
    check_errors(&outcome, &["its own superior: 示例市 → 示例一局 → 示例市"]);
    let lines = "单位名称|统一社会信用代码|上级单位\n示例市|$1|$1";
    let outcome = world.run(&[table("单位", lines)], Mode::AllOrNothing);
    check_errors(&outcome, &["its own superior: 示例市 → 示例市"]);
}

#[test]
fn region_codes_are_judged_by_the_day_on_which_they_are_carried() {
    let head = "单位名称|统一社会信用代码|行政区划代码|区划启用日期|区划停用日期";
    let units = |line: &str| vec![table("单位", &format!("{head}\n{line}"))];
    check(
        units("示例局|$1|440116||"),
        &["440116 萝岗区 was abolished: its last day was 2014-12-31; 440112 took over"],
    );
    check(units("示例局|$1|440116||2013-12-31"), &[]);
    check(units("示例局|$1|440116||2014-12-31"), &[]);
    check(units("示例局|$1|440116||2015-01-01"), &["abolished"]);
    check(units("示例局|$1|440118||2014-01-01"), &[]);
    check(units("示例局|$1|440118||2013-06-30"), &["begins only on 2014-01-01"]);
    check(units("示例局|$1|999999||"), &[]);
    check(
        units("示例局|$1|440106|2026-02-01|2026-01-31"),
        &[
            "column E 区划停用日期, \"2026-01-31\": the last day 2026-01-31 lies before the first day 2026-02-01 (区划启用日期)",
        ],
    );
}

#[test]
fn an_authorisation_has_an_approver_and_an_end() {
    let head = "单位信用代码|资产|授权批准人|授权起|授权止|归属起|归属止";
    let assets = |line: &str| {
        let mut tables = workbook();
        tables.truncate(3);
        tables.push(table("资产", &format!("{head}\n{line}")));
        tables
    };
    check(assets("$2|192.0.2.1|虚构丁||||"), &["column E 授权止: an authorisation needs its last day"]);
    check(
        assets("$2|192.0.2.1|||2026-12-31||"),
        &["column C 授权批准人: an authorisation needs its approver"],
    );
    check(assets("$2|192.0.2.1||2026-01-01|||"), &["needs its approver", "needs its last day"]);
    check(assets("$2|192.0.2.1|虚构丁||某天||"), &["\"某天\": it is not a date"]);
    check(
        assets("$2|192.0.2.1|虚构丁|2026-02-01|2026-01-01||"),
        &["before the first day 2026-02-01 (授权起)"],
    );
    check(assets("$2|192.0.2.1||||2026-02-01|2026-01-01"), &["before the first day 2026-02-01 (归属起)"]);
    check(assets("$2|192.0.2.1|虚构丁|2026-02-01|2026-02-01|2026-02-01|2026-02-01"), &[]);
}

#[test]
fn assets_have_a_greatest_width() {
    let asset = |target: &str| {
        let mut tables = workbook();
        tables.truncate(3);
        tables.push(table("资产", &format!("单位信用代码|资产\n$2|{target}")));
        tables
    };
    check(asset("10.0.0.0/8"), &[]);
    check(asset("10.0.0.0/7"), &["\"10.0.0.0/7\": wider than a unit may own: at most /8"]);
    check(asset("10.0.0.0-11.0.0.0"), &["at most /8"]);
    check(asset("2001:db8::/48"), &[]);
    check(asset("2001:db8::/47"), &["at most /48"]);
    check(asset("::/0"), &["at most /48"]);
}

#[test]
fn ranges_of_two_units_must_not_overlap_on_one_day() {
    check(
        with("资产", "$3||192.0.2.96/27"),
        &[
            "资产 row 2, column C 资产, \"192.0.2.0/25\": 192.0.2.0/25 of 示例一局 overlaps 192.0.2.96/27 of 示例二局 (资产 row 5)",
            "资产 row 5, column C 资产, \"192.0.2.96/27\": 192.0.2.96/27 of 示例二局 overlaps 192.0.2.0/25 of 示例一局 (资产 row 2)",
            "备案服务 row 2, column B 目标, \"192.0.2.1\": it refers to 资产 row 2, which has an error itself",
        ],
    );
    check(with("资产", "$2||192.0.2.96/27"), &[]);
    check(
        with("资产", "$3||portal.example\n$2||Portal.Example."),
        &["portal.example of 示例二局 overlaps", "资产 row 6"],
    );
    check(with("资产", "$3||203.0.113.0/24||2026-06-30\n$2||203.0.113.0/24|2026-07-01|"), &[]);
    check(
        with("资产", "$3||203.0.113.0/24||2026-07-01\n$2||203.0.113.0/24|2026-07-01|"),
        &["overlaps", "overlaps"],
    );
}

#[test]
fn what_is_registered_counts_in_an_overlap() {
    let mut world = World::new();
    world.run(&workbook(), Mode::AllOrNothing);
    let taken = "单位信用代码|资产|归属起|归属止\n$3|192.0.2.0/25|2026-07-01|";
    let outcome = world.run(&[table("资产", taken)], Mode::AllOrNothing);
    check_errors(
        &outcome,
        &[
            "192.0.2.0/25 of 示例二局 overlaps 192.0.2.0/25 of 示例一局 (registered) … \"192.0.2.0/25\"",
            "192.0.2.8/31 of 示例一局 (registered)",
        ],
    );
    // Handed over in one file.
    let given = format!("{taken}\n$2|192.0.2.0/25||2026-06-30\n$2|192.0.2.8-9||2026-06-30");
    let outcome = world.run(&[table("资产", &given)], Mode::AllOrNothing);
    check_errors(&outcome, &[]);
    assert_eq!(
        (outcome.counts[&SheetKey::Assets].n_new, outcome.counts[&SheetKey::Assets].n_changed),
        (1, 2)
    );
}

#[test]
fn a_bad_row_gives_way_to_what_the_register_holds() {
    let mut world = World::new();
    world.run(&workbook(), Mode::AllOrNothing);
    // The hand-over fails on the giving side, so the taking side fails as well.
    let lines = "单位信用代码|资产|归属起|归属止\n$3|192.0.2.0/25|2026-07-01|\n$2|192.0.2.0/25||某天\n$2|192.0.2.8-9||2026-06-30";
    let outcome = world.run(&[table("资产", lines)], Mode::GoodRows);
    check_errors(&outcome, &["资产 row 2 … overlaps 192.0.2.0/25 of 示例一局 (registered)", "row 3 … 某天"]);
    assert_eq!(outcome.change.len(), 1, "the third row is good");
}

#[test]
fn declared_services_lie_within_the_assets_of_the_unit() {
    check(
        with("备案服务", "$3|192.0.2.1|22|tcp|ssh|运维|虚构丁|2026-12-31"),
        &["备案服务 row 3, column B 目标, \"192.0.2.1\": outside the assets of the unit"],
    );
    let mut tables = with("资产", "$2||192.0.2.128/25");
    let service = table(
        "备案服务",
        &format!("{SERVICES}\n$2|192.0.2.120-192.0.2.130|22|tcp|ssh|运维|虚构丁|2026-12-31"),
    );
    tables[5] = service;
    check(tables, &[]);
}

#[test]
fn a_service_refers_to_the_bad_row_that_would_hold_it() {
    let services = "单位信用代码|目标|端口|传输协议|服务|用途|批准人|截止日期\n$2|203.0.113.9|443|tcp|https|门户|虚构丁|2026-12-31";
    let refers = |assets: &str, row: u32| {
        let mut tables = instead("资产", &format!("单位信用代码|资产|授权批准人\n{assets}"));
        tables[4] = table("排除", "");
        tables[5] = table("备案服务", services);
        let errors = World::new().run(&tables, Mode::AllOrNothing).errors;
        let said = errors.iter().find(|error| error.sheet == "备案服务").expect("an error").to_string();
        assert!(said.contains(&format!("it refers to 资产 row {row}, which has an error itself")), "{said}");
    };
    // An approver without an end is the error of the sensible rows.
    refers("$2|0.0.0.0/0|\n$2|203.0.113.0/24|虚构丁", 3);
    refers("$2|203.0.113.0/24|虚构丁\n$2|0.0.0.0/0|\n$2|203.0.113.8/30|虚构丁", 4);
    refers("$2|0.0.0.0/0|", 2);
}

#[test]
fn contradicting_rows_name_each_other() {
    check(
        with("资产", "$3||198.51.100.0-198.51.100.255||||||虚构丙|"),
        &[
            "资产 row 4, column C 资产, \"198.51.100.0/24\": the same entry as 资产 row 5, with other content",
            "资产 row 5, column C 资产, \"198.51.100.0-198.51.100.255\": the same entry as 资产 row 4",
        ],
    );
    let mut tables = workbook();
    tables.truncate(1);
    tables[0] = table("单位", &format!("{UNITS}\n示例二局|$3|$2|440103"));
    check(tables, &["单位 row 4 … 单位 row 5, with other content", "单位 row 5 … 单位 row 4"]);
    let repeated = World::new().run(&with("单位", "示例一局|$2|$1|440106"), Mode::AllOrNothing);
    check_errors(&repeated, &[]);
    assert_eq!(repeated.counts[&SheetKey::Units].n_repeats, 1);
}
