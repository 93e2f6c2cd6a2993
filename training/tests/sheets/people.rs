//! Who is who: ID numbers, phones, namesakes.

use intake::table::CellIn;
use training::columns::SheetKey;
use training::import::{Mode, RowError};
use training::people::Employment;

use crate::world::{World, base, counts, messages, staff, table, tables, today, world};

#[test]
fn one_file_imported_twice_changes_nothing() {
    let mut world = World::default();
    let first = world.good(&base());
    assert_eq!(counts(&first, SheetKey::Staff), [3, 0, 0, 0, 0]);
    assert_eq!(counts(&first, SheetKey::Holdings), [3, 0, 0, 0, 0]);
    assert_eq!(world.records.staff[1].employment, Employment::Outsourced);
    assert_eq!(world.records.staff[1].id_number.as_ref().unwrap().index, "220010100991100000");
    let second = world.good(&base());
    assert!(second.change.is_empty(), "{:#?}", second.change);
    assert_eq!(counts(&second, SheetKey::Staff), [0, 0, 3, 0, 0]);
    assert!(second.changes.is_empty());
}

#[test]
fn a_dry_run_lists_what_changes_cell_by_cell() {
    let mut world = world();
    let outcome = world.check(
        &staff(
            "虚构甲|$1|020-0000-0001|jia2@unit.example|在编|000001199001010014\n虚构丁|$2|020-0000-0004|||",
        ),
        &[],
    );
    let told: Vec<String> = outcome
        .changes
        .iter()
        .map(|row| {
            let cells: Vec<String> =
                row.cells.iter().map(|cell| format!("{}:{}>{}", cell.header, cell.old, cell.new)).collect();
            format!("{} {} {}", row.row, row.entry, cells.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "2 虚构甲 邮箱:jia@unit.example>jia2@unit.example 身份证号:>（已登记）",
            "3 虚构丁 姓名:>虚构丁 单位信用代码:>11440100MADE00002A 电话:>020-0000-0004 用工性质:>在编"
        ]
    );
}

#[test]
fn the_id_number_finds_a_person_under_another_name_and_phone() {
    let mut world = world();
    let renamed = staff("虚构乙乙|$2|020-0000-0009||外包|00000119900101 0022");
    world.check_warnings(&renamed, &["renamed from 虚构乙 to 虚构乙乙"]);
    let before = world.person("虚构乙");
    world.good(&renamed);
    assert_eq!(world.person("虚构乙乙"), before);
}

#[test]
fn blank_phones_and_numbers_erase_nothing() {
    let mut world = world();
    let outcome = world.good(&staff("虚构甲|$1||jia@unit.example|在编|\n虚构乙|$1||||"));
    assert_eq!(counts(&outcome, SheetKey::Staff), [0, 1, 1, 0, 0], "{:#?}", outcome.changes);
    assert!(world.records.staff[1].id_number.is_some() && world.records.staff[1].phone.is_some());
}

#[test]
fn a_person_with_two_id_numbers_is_an_error_that_says_where_the_other_is() {
    let mut world = world();
    world.check(
        &staff("虚构乙|$2|020-0000-0002|||000001199001010030"),
        &["row 2, column F 身份证号, \"**************0030\": the registered entry 虚构乙 has the same name and phone and another ID number"],
    );
    world.check(
        &staff("虚构戊|$2|020-0000-0005|||000001199001010030\n虚构戊|$2|020-0000-0005|||000001199001010049"),
        &["row 3, column F 身份证号, \"**************0049\": 人员 row 2 has the same name and phone and another"],
    );
    world.check(
        &staff("虚构甲|$1|020-0000-0001|||000001199001010022"),
        &["the registered entry 虚构甲 has this name and phone, and the registered entry 虚构乙 this ID number"],
    );
}

#[test]
fn the_same_person_twice_in_one_file_is_one_or_an_error() {
    let mut world = World::default();
    let same =
        staff("虚构甲|$1|020-0000-0001|||000001199001010014\n虚构甲|$2|02000000001|||000001199001010014");
    world.check(&same, &["the same entry as 人员 row 3, with other content", "the same entry as 人员 row 2"]);
    let same =
        staff("虚构甲|$1|020-0000-0001|||000001199001010014\n虚构甲|$1|020-0000-0001|||000001199001010014");
    let outcome = world.check(&same, &[]);
    assert_eq!(counts(&outcome, SheetKey::Staff), [1, 0, 0, 1, 0]);
}

#[test]
fn namesakes_are_told_apart_or_refused() {
    let mut world = world();
    world.check(
        &staff("虚构丙|$2||||"),
        &["row 2, column A 姓名, \"虚构丙\": the registered entry 虚构丙 is of the same name and can't be told apart"],
    );
    world.check(
        &staff("虚构己|$1||||\n虚构己|$2||||"),
        &["row 3, column A 姓名, \"虚构己\": 人员 row 2 is of the same name and can't be told apart"],
    );
    let mut alone = World::default();
    alone.good(&staff("虚构己|$1||||\n虚构己|$2|020-0000-0006|||"));
    let again = alone.good(&staff("虚构己|$1||||\n虚构己|$2|020-0000-0006|||"));
    assert!(again.change.is_empty());
    world.check_warnings(
        &staff("虚构甲|$1|020-0000-0077|||"),
        &["row 2: new people of a name that is registered in the same unit", "no post is registered"],
    );
}

#[test]
fn the_name_and_phone_that_a_row_with_the_id_number_replaces_lead_to_nobody_any_more() {
    let mut world = world();
    // 虚构乙 has that number, and a phone of the same name is somebody else's from now on.
    let file = staff("虚构乙乙|$1|020-0000-0009||外包|000001199001010022\n虚构乙|$1|020-0000-0002||在编|");
    let n_before = world.records.staff.len();
    world.good(&file);
    assert_eq!(world.records.staff.len(), n_before + 1);
    assert!(world.good(&file).change.is_empty());
}

#[test]
fn a_row_that_nobody_can_place_blocks_those_that_may_be_about_the_same_person() {
    let mut world = world();
    // 虚构乙 has another number; whose that of row 2 is, nobody knows then.
    world.check(
        &staff("虚构乙|$1|020-0000-0002|||000001199001010030\n虚构己|$2|020-0000-0006|||000001199001010030"),
        &["one person has two, or a number is mistyped", "人员 row 2 is of the same name"],
    );
}

#[test]
fn an_id_number_on_another_persons_row_takes_neither_over() {
    // 虚构乙 is registered with the number, and 虚构丁 with the phone; in either order.
    for roster in [
        "虚构乙|$1|020-0000-0002|||000001199001010022\n虚构丁|$1|020-0000-0004|||",
        "虚构丁|$1|020-0000-0004|||\n虚构乙|$1|020-0000-0002|||000001199001010022",
    ] {
        let mut world = World::default();
        world.good(&staff(roster));
        let wrong = "虚构丁|$1|020-0000-0004|||000001199001010022";
        let expected = "the registered entry 虚构丁 has this name and phone, and the registered entry 虚构乙 this ID number";
        world.check(&staff(wrong), &[expected]);
        world.check(&staff(&format!("{wrong}\n虚构乙|$1|020-0000-0002|||")), &[expected]);
    }
}

#[test]
fn whoever_was_forgotten_is_nobody_elses_past() {
    let mut world = world();
    let left = world.person("虚构甲");
    let forgotten = world.records.staff.iter_mut().find(|one| one.id == left).expect("虚构甲");
    (forgotten.phone, forgotten.id_number) = (None, None);
    forgotten.forgotten_on = Some(today());
    world.check(&staff("虚构甲|$1||||"), &["the registered entry 虚构甲 is of the same name"]);
    world.check_warnings(
        &staff("虚构甲|$1|020-0000-0071|||"),
        &["new people of a name that is registered in the same unit", "no post is registered"],
    );
    world.good(&staff("虚构甲|$1|020-0000-0071|||000001199001010030"));
    let post = [table("岗位", "姓名|单位|岗位|起始日期\n虚构甲|$1|主管|2026-11-01")];
    world.good(&post);
    let new = world.records.holdings.last().expect("the post").staff;
    assert!(new != left && world.records.holdings.iter().filter(|one| one.staff == left).count() == 1);
}

#[test]
fn a_row_of_another_unit_isnt_given_to_the_only_person_of_the_name() {
    let mut world = world();
    let waiver = |person: &str, unit: &str| {
        [table(
            "等效",
            &format!("姓名|单位|证书类别|依据|批准人|截止日期\n{person}|{unit}|WH|CISP|虚构丁|2027-12-31"),
        )]
    };
    world.check(&waiver("虚构甲", "$2"), &["the only person of this name is of another unit"]);
    world.check(&waiver("虚构甲/0001", "$2"), &[]);
    world.check(&waiver("虚构甲", "$1"), &[]);
}

#[test]
fn a_name_that_is_only_spaced_otherwise_stays() {
    let mut world = world();
    assert!(world.good(&staff(" 虚构 甲 |$1|020-0000-0001|jia@unit.example|在编|")).change.is_empty());
}

#[test]
fn people_are_named_by_phone_tail_unit_or_id_number() {
    let mut world = world();
    world.good(&staff("虚构甲|$2|020-0000-0007||在编|\n虚构甲|$2|020-0000-0008||在编|"));
    let post =
        |person: &str| [table("岗位", &format!("姓名|单位|岗位|起始日期\n{person}|$2|主管|2026-01-01"))];
    for known in [
        "虚构甲/0007",
        "虚构甲／020 0000 0007",
        "虚构甲/0001@$1",
        "虚构乙",
        "000001199001010022",
        "虚构丙@$1",
    ] {
        world.check(&post(known), &[]);
    }
    world.check(
        &post("虚构甲"),
        &["several people have this name; write one of: 虚构甲/020-0000-0007, 虚构甲/020-0000-0008"],
    );
    for unknown in ["虚构甲/0009", "虚构甲/007", "虚构辛", "虚构甲/0007@$1"] {
        world.check(&post(unknown), &["no such person"]);
    }
    world.check(&post("虚构甲@虚构局"), &["no such unit"]);
    world.check(
        &post("000001199001010057"),
        &["row 2, column A 姓名, \"**************0057\": no such person"],
    );
}

#[test]
fn a_row_that_refers_to_a_bad_row_says_which() {
    let mut world = World::default();
    let bad = [
        table("人员", "姓名|单位|电话\n虚构甲|示例九局|020-0000-0001"),
        table("岗位", "姓名|单位|岗位|起始日期\n虚构甲|$1|主管|2026-01-01"),
    ];
    world
        .check(&bad, &["no such unit in the register", "it refers to 人员 row 2, which has an error itself"]);
    let unread = [
        table("人员", "单位|电话\n$1|020-0000-0001"),
        table("岗位", "姓名|单位|岗位|起始日期\n虚构甲|$1|主管|2026-01-01"),
    ];
    world.check(&unread, &["required columns are missing: 姓名", "it may refer to the sheet 人员"]);
}

#[test]
fn a_destroyed_id_number_is_named_and_none_is_told_but_comes_back_in_the_error_workbook() {
    let mut world = World::default();
    let mut file = staff(
        "虚构甲|$1|020-0000-0001|||000001199001010000\n虚构乙|$1|020-0000-0002|||4.40106E+17\n虚构丙|$1|020-0000-0003|||00000119900101O028",
    );
    let outcome = world.check(
        &file,
        &[
            "has destroyed this ID number",
            "has destroyed this ID number",
            "place 15 of the ID number is not a digit",
        ],
    );
    let told: Vec<String> =
        outcome.errors.iter().flat_map(|error: &RowError| [error.to_string(), error.zh()]).collect();
    assert!(told.iter().all(|told| !told.contains("00000119")), "{told:#?}");
    let sheet = &outcome.error_sheets[0];
    assert_eq!(sheet.rows[0][6], CellIn::Text("000001199001010000".into()));
    let remarks: Vec<String> = sheet.marks.iter().map(|mark| mark.note.clone()).collect();
    assert!(remarks.iter().all(|note| !note.contains("0000011")), "{remarks:?}");

    // Corrected, it imports.
    let mut corrected = tables(&outcome.error_sheets);
    for (row, last) in corrected[0].rows.iter_mut().skip(1).zip([
        "000001199001010014",
        "000001199001010022",
        "000001199001010030",
    ]) {
        row.cells[6] = CellIn::Text(last.into());
    }
    let outcome = world.good(&corrected);
    assert_eq!(counts(&outcome, SheetKey::Staff), [3, 0, 0, 0, 0]);
    // A number typed into a numeric cell has lost its digits.
    file[0].rows[1].cells[5] = CellIn::Number(440_106_199_001_010_000.0);
    let outcome = world.check(
        &file,
        &["has destroyed this ID number", "has destroyed this ID number", "place 15 of the ID number"],
    );
    assert!(outcome.errors.iter().all(|error| !error.to_string().contains("44010619")));
}

#[test]
fn without_a_key_id_numbers_are_refused() {
    let mut outcome = None;
    let world = World::default();
    let tables = staff("虚构甲|$1|020-0000-0001|||000001199001010014");
    let import = training::import::Import {
        tables: &tables,
        records: &world.records,
        register: &world.register,
        scheme: &world.scheme,
        identity: None,
        today: world.today,
        now: crate::world::now(),
        actor: "",
        mode: Mode::AllOrNothing,
    };
    let found = outcome.insert(import.run(&mut model::id::CountingMint::default()));
    assert!(messages(found)[0].contains("ID numbers are not kept here"), "{:?}", messages(found));
}

#[test]
fn all_or_nothing_stores_nothing_and_finds_the_same() {
    let mut world = World::default();
    let file = staff("虚构甲|$1|020-0000-0001|||\n虚构乙|示例九局|020-0000-0002|||");
    world.mode = Mode::AllOrNothing;
    let strict = world.import(&file);
    assert!(strict.change.is_empty() && world.records.staff.is_empty());
    assert_eq!(counts(&strict, SheetKey::Staff), [1, 0, 0, 0, 1]);
    world.mode = Mode::GoodRows;
    let good = world.import(&file);
    assert_eq!(good.errors, strict.errors);
    assert_eq!(world.records.staff.len(), 1);
}

#[test]
fn totals_and_signatures_around_a_roster_are_passed_over() {
    let mut world = World::default();
    let file = [table(
        "花名册",
        "虚构单位培训人员花名册
        序号|姓名|单位名称|单位信用代码|联系电话
        示例|示例甲|示例一局|$1|020-0000-0001
        1|虚构甲|示例一局|$1|020-0000-0001
        2|虚构乙|示例一局|$2|020-0000-0002
        合计|2人
        填表人：虚构甲||||日期：2026-11-22",
    )];
    let outcome =
        world.check(&file, &["row 5, column C 单位名称, \"示例一局\": the credit code is that of 示例二局"]);
    assert_eq!(counts(&outcome, SheetKey::Staff), [1, 0, 0, 0, 1]);
}

#[test]
fn people_are_found_by_numbers_that_were_kept_under_an_older_key() {
    let mut world = world();
    world.identity.is_rotated = true;
    assert!(world.good(&base()).change.is_empty());
    world.good(&staff("虚构甲|$1|020-0000-0001|||000001199001010014"));
    assert!(world.records.staff[0].id_number.as_ref().is_some_and(|kept| kept.index.starts_with("new ")));
}
