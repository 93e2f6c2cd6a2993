//! What is handed out, and comes back.

use intake::table::{CellIn, SheetOut};
use training::columns::{SHEETS, SheetKey};
use training::forms::{roster, roster_sheet, score_sheet, sign_in_sheet};
use training::scheme::Scheme;
use training::template::{INSTRUCTIONS, template};

use crate::world::{World, attendance, counts, table, tables, world};

fn cells(sheet: &SheetOut, row: usize) -> Vec<String> {
    sheet.rows[row].iter().map(intake::cell::text).collect()
}

#[test]
fn an_untouched_template_imports_nothing() {
    let sheets = template(&Scheme::embedded());
    assert_eq!(sheets.len(), SHEETS.len() + 1);
    assert_eq!(sheets[0].name, INSTRUCTIONS);
    let mut world = World::default();
    let outcome = world.good(&tables(&sheets));
    assert!(outcome.change.is_empty());
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
}

#[test]
fn the_examples_of_the_template_are_right_in_themselves() {
    let mut world = World::default();
    // The unit and the system that the examples name.
    world.register.units[0].code = "11440100MADE000017".parse().expect("a code");
    world.register.systems[0].name = "示例门户网站".into();
    let mut sheets = template(&world.scheme);
    for row in sheets.iter_mut().flat_map(|sheet| &mut sheet.rows) {
        if let Some(mark) = row.last_mut().filter(|mark| **mark == CellIn::Text("示例".into())) {
            *mark = CellIn::Empty;
        }
    }
    let outcome = world.good(&tables(&sheets));
    for spec in &SHEETS {
        assert_eq!(counts(&outcome, spec.key), [1, 0, 0, 0, 0], "{}", spec.name);
    }
    let topics = &sheets[4].columns[2];
    assert_eq!((topics.header.as_str(), topics.choices.first().map(String::as_str)), ("科目", Some("FG")));
}

#[test]
fn a_score_sheet_comes_back_filled_in() {
    let mut world = world();
    world.good(&[attendance("WH-1|虚构甲|出勤|\nWH-1|虚构乙|出勤|\nWH-1|虚构丙|缺勤|")]);
    world.good(&[table("人员", "姓名|单位|电话\n虚构甲|$2|020-0000-0009")]);
    let exam = world.records.sittings[1].clone();
    let people = roster(&world.records, exam.term, "WH");
    assert_eq!(people.len(), 3);
    let mut sheet = score_sheet(&world.records, &world.register, exam.id, &people);
    assert_eq!(
        cells(&sheet, 0)[..5],
        ["2026-1", "WH-K1", "WH", "2026-06-20", "虚构丙"],
        "in the order of names"
    );
    assert_eq!(cells(&sheet, 2)[4], "虚构甲/0001");
    // Empty scores are told, not guessed.
    world.check(&tables(&[sheet.clone()]), &["column G 成绩: required, but empty"; 3]);
    for (row, score) in sheet.rows.iter_mut().zip(["60", "缺考", "99.5"]) {
        row[6] = CellIn::Text(score.into());
    }
    let outcome = world.good(&tables(&[sheet]));
    assert_eq!(counts(&outcome, SheetKey::Scores), [3, 0, 0, 0, 0]);
    let filled = score_sheet(&world.records, &world.register, exam.id, &people);
    assert!(world.good(&tables(&[filled])).change.is_empty());
}

#[test]
fn a_sign_in_sheet_comes_back_signed() {
    let mut world = world();
    let lesson = world.records.sittings[0].id;
    let people: Vec<_> = world.records.staff.iter().map(|one| one.id).collect();
    let mut sheet = sign_in_sheet(&world.records, &world.register, lesson, &people);
    assert!(sheet.columns.iter().any(|column| column.header == "签名"));
    for row in &mut sheet.rows {
        row[4] = CellIn::Text("迟到".into());
        row[6] = CellIn::Text("（签名）".into());
    }
    let outcome = world.good(&tables(&[sheet]));
    assert_eq!(counts(&outcome, SheetKey::Attendance), [3, 0, 0, 0, 0]);
    let again = sign_in_sheet(&world.records, &world.register, lesson, &people);
    assert!(world.good(&tables(&[again])).change.is_empty());
}

#[test]
fn a_roster_sheet_imports_as_itself() {
    let mut world = world();
    let people: Vec<_> = world.records.staff.iter().map(|one| one.id).collect();
    let sheet = roster_sheet(&world.records, &world.register, &people);
    let outcome = world.good(&tables(&[sheet]));
    assert!(outcome.change.is_empty(), "{:#?}", outcome.changes);
    assert_eq!(counts(&outcome, SheetKey::Staff), [0, 0, 3, 0, 0]);
}
