//! Posts: history, transfers, overlaps.

use training::columns::SheetKey;

use crate::world::{counts, day, staff, table, world};

fn posts(lines: &str) -> [intake::table::Table; 1] {
    [table("岗位", &format!("姓名|单位|系统|岗位|A/B角|起始日期|截止日期|离岗原因\n{lines}"))]
}

#[test]
fn a_last_day_ends_a_post_and_an_old_list_does_not_open_it_again() {
    let mut world = world();
    let ended = world.good(&posts("虚构甲|$1|虚构门户|维护人员|A|2025-01-01|2026-10-31|调动"));
    assert_eq!(counts(&ended, SheetKey::Holdings), [0, 1, 0, 0, 0]);
    let again = world.good(&posts("虚构甲|$1|虚构门户|维护人员|A|2025-01-01||"));
    assert!(again.change.is_empty());
    assert_eq!(world.records.holdings[0].until, Some(day("2026-10-31")));
    assert_eq!(world.records.holdings[0].ended_because.as_deref(), Some("调动"));
}

#[test]
fn a_transfer_says_which_post_to_close_unless_the_file_does() {
    let mut world = world();
    let moved = "虚构甲|$2||维护人员||2026-11-01||";
    world.check_warnings(
        &posts(moved),
        &["岗位 row 2: 虚构甲 still holds 维护人员 in 示例一局 since 2025-01-01; after a transfer"],
    );
    let both = format!("{moved}\n虚构甲|$1|虚构门户|维护人员|A|2025-01-01|2026-10-31|调动");
    world.check_warnings(&posts(&both), &[]);
}

#[test]
fn one_post_is_not_held_twice_at_a_time() {
    let mut world = world();
    world.check(
        &posts("虚构甲|$1|虚构门户|维护人员|A|2026-03-01||"),
        &["row 2, column F 起始日期, \"2026-03-01\": the same person holds the same post in the registered entry 维护人员 at the same time (2025-01-01 –)"],
    );
    world.check(
        &posts("虚构甲|$1|虚构办公|维护人员|A|2026-03-01|2026-05-31|\n虚构甲|$1|虚构办公|维护人员|B|2026-05-31||"),
        &["in 岗位 row 3 at the same time (2026-05-31 –)", "in 岗位 row 2 at the same time (2026-03-01 – 2026-05-31)"],
    );
    // Another system, another post and other days are others.
    world.check(
        &posts(
            "虚构甲|$1|虚构办公|维护人员|A|2026-03-01|2026-05-31|
            虚构甲|$1|虚构办公|维护人员|A|2026-06-01||
            虚构甲|$1|虚构办公|主管||2026-03-01||",
        ),
        &[],
    );
    // A bad row gives way to what is registered, which then overlaps.
    world.check(
        &posts(
            "虚构甲|$1|虚构门户|维护人员|A|2025-01-01|2025-06-30|
            虚构甲|$1|虚构门户|维护人员|A|2025-07-01|2025-12-31|
            虚构甲|$1|虚构门户|维护人员|A|2025-06-30|2025-06-30|",
        ),
        &["in 岗位 row 4", "in the registered entry", "in 岗位 row 2"],
    );
}

#[test]
fn cells_of_a_post_are_checked() {
    let mut world = world();
    world.check(
        &posts(
            "虚构甲|$1|虚构门户网|维护人员|A|2026-03-01||
            虚构甲|$1||维修人员||2026-03-01||
            虚构甲|$1||主管|C|2026-03-01|2026-02-01|",
        ),
        &[
            "no such system of this unit",
            "not a post",
            "not a role",
            "the last day 2026-02-01 lies before the first day",
        ],
    );
}

#[test]
fn a_post_tells_no_namesakes_apart() {
    let mut world = world();
    world.good(&staff("虚构庚|$2|020-0000-0031|||\n虚构庚|$2|020-0000-0032|||"));
    world.good(&posts("虚构庚/0032|$2||维护人员|B|2026-01-01||"));
    world.check(&posts("虚构庚|$2||主管||2026-01-01||"), &["several people have this name"]);
    // Not even the very post that one of them holds: the other may begin on that day too.
    world.check(
        &posts("虚构庚|$2||维护人员|B|2026-01-01|2026-06-30|调动"),
        &["several people have this name"],
    );
    let ended = world.good(&posts("虚构庚/0032|$2||维护人员|B|2026-01-01|2026-06-30|调动"));
    assert_eq!(counts(&ended, SheetKey::Holdings), [0, 1, 0, 0, 0]);
}

#[test]
fn posts_of_a_file_tell_its_own_namesakes_apart_neither_the_first_time_nor_the_second() {
    let mut world = world();
    world.good(&staff("虚构庚|$1|020-0000-0031|||\n虚构庚|$1|020-0000-0032|||"));
    let file = posts("虚构庚|$2||主管||2026-02-01||\n虚构庚/0031|$2||维护人员||2026-01-01||");
    for _ in 0..2 {
        let outcome = world.import(&file);
        assert!(outcome.errors[0].to_string().contains("several people"), "{:?}", outcome.errors);
        assert_eq!(outcome.errors.len(), 1);
    }
    assert_eq!(world.records.holdings.iter().filter(|one| one.unit == world.register.units[1].id).count(), 1);
}
