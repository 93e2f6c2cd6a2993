//! Terms, sittings, attendance and scores.

use training::columns::SheetKey;
use training::sittings::Release;

use crate::world::{World, attendance, base, counts, now, scores, table, world};

fn sittings(lines: &str) -> [intake::table::Table; 1] {
    [table("场次", &format!("场次代码|期次|科目|日期|学时|授课人|考官|类型\n{lines}"))]
}

#[test]
fn attendance_and_scores_import_once() {
    let mut world = world();
    let file = [
        attendance("WH-1|虚构甲|出勤|\nWH-1|虚构乙|请假|"),
        scores("WH-K1|虚构甲|85.5|\n2026-1/WH-K1|虚构乙|缺考|虚构录"),
    ];
    let first = world.good(&file);
    assert_eq!(counts(&first, SheetKey::Attendance), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&first, SheetKey::Scores), [2, 0, 0, 0, 0]);
    let entered: Vec<(Option<String>, &str)> = world
        .records
        .attempts
        .iter()
        .map(|one| (one.score.map(|score| score.to_string()), one.entered_by.as_str()))
        .collect();
    assert_eq!(entered, [(Some("85.5".to_owned()), "虚构经办"), (None, "虚构录")]);
    world.actor = "虚构别人".into();
    assert!(world.good(&file).change.is_empty());
}

#[test]
fn an_exam_is_known_by_term_topic_and_day_as_well() {
    let mut world = world();
    let by_day = |line: &str| [table("成绩", &format!("期次|科目|日期|姓名|成绩\n{line}"))];
    world.check(&by_day("2026-1|安全运维|2026/6/20|虚构甲|60"), &[]);
    world.check(
        &by_day("2026-1|安全运维|2026/4/1|虚构甲|60"),
        &["column C 日期, \"2026/4/1\": no such sitting"],
    );
    world.check(&by_day("2026-1||2026/6/20|虚构甲|60"), &["the exam isn't told"]);
    world.check(&by_day("2026-9|WH|2026/6/20|虚构甲|60"), &["no such term"]);
    world.check(&[scores("WH-1|虚构甲|60|")], &["it is a lesson, and only exams have scores"]);
    world.good(&[
        table("期次", "期次代码|期次名称|起始日期|截止日期|科目\n2026-2|第二期|2026-07-01|2026-12-31|WH"),
        table("场次", "场次代码|期次|科目|日期|考官|类型\nWH-K1|2026-2|WH|2026-10-01|虚构官|考试"),
    ]);
    world.check(&[scores("WH-K1|虚构甲|60|")], &["several sittings fit: 2026-1/WH-K1, 2026-2/WH-K1"]);
    world.check(&[scores("2026-2/WH-K1|虚构甲|60|")], &[]);
}

#[test]
fn a_second_entry_is_somebody_elses_and_a_third_is_refused() {
    let mut world = world();
    world.good(&[scores("WH-K1|虚构甲|85|虚构录")]);
    world.good(&[scores("WH-K1|虚构甲|86|虚构核")]);
    let one = &world.records.attempts[0];
    assert_eq!(one.score.map(|score| score.to_string()).as_deref(), Some("85"));
    assert_eq!(one.second.as_ref().map(|second| second.entered_by.as_str()), Some("虚构核"));
    world.check(
        &[scores("WH-K1|虚构甲|87|虚构三")],
        &["it was entered twice already, by 虚构录 and by 虚构核"],
    );
    let corrected = world.good(&[scores("WH-K1|虚构甲|85|虚构核")]);
    assert_eq!(counts(&corrected, SheetKey::Scores), [0, 1, 0, 0, 0]);
    world.records.attempts[0].released = Some(Release { by: "虚构审".into(), at: now() });
    world.check(&[scores("WH-K1|虚构甲|90|虚构录")], &["the score was released as 85 by 虚构审"]);
    world.check(&[scores("WH-K1|虚构甲|85|虚构录")], &[]);
}

#[test]
fn a_mark_is_changed_afterwards_with_a_reason_only() {
    let mut world = world();
    let first = [attendance("WH-1|虚构甲|缺勤|")];
    world.check_warnings(&first, &["签到 row 2: entered after the day, and no reason given"]);
    world.good(&first);
    world.check(&[attendance("WH-1|虚构甲|出勤|")], &["it was entered as 缺勤 before"]);
    world.good(&[attendance("WH-1|虚构甲|出勤|补交签到表")]);
    let again = world.good(&[attendance("WH-1|虚构甲|出勤|")]);
    assert!(again.change.is_empty());
}

#[test]
fn nobody_is_present_or_marked_before_the_day() {
    let mut world = world();
    world.today = "2026-03-31".parse().expect("a day");
    world.check(&[attendance("WH-1|虚构甲|出勤|")], &["it is held only on 2026-04-01"]);
    world.check(&[scores("WH-K1|虚构甲|60|")], &["it is held only on 2026-06-20"]);
}

#[test]
fn nobody_examines_in_what_they_teach() {
    let mut world = world();
    let told = "虚构师 teaches this topic in this term and can't examine in it";
    world.check(&sittings("WH-K2|2026-1|WH|2026-06-25|||虚构师|考试"), &[told]);
    world.check(&sittings("WH-K2|2026-1|FG|2026-06-25|||虚构师|考试"), &[]);
    world.check(
        &sittings("WH-2|2026-1|WH|2026-05-01|8|虚构官||授课"),
        &["column F 授课人, \"虚构官\": 虚构官 teaches this topic in this term"],
    );
    world.check(
        &sittings("WH-2|2026-1|WH|2026-05-01|8|||授课\nWH-K2|2026-1|WH|2026-06-25||||考试"),
        &["needs who teaches", "needs who examines"],
    );
}

#[test]
fn a_sitting_with_scores_moves_with_a_warning_and_keeps_its_topic() {
    let mut world = world();
    world.good(&[scores("WH-K1|虚构甲|85|")]);
    let moved = sittings("WH-K1|2026-1|WH|2026-06-21|||虚构官|考试");
    world.check_warnings(&moved, &["WH-K1 moves from 2026-06-20 to 2026-06-21, though 1 scores are in"]);
    world.check(&sittings("WH-K1|2026-1|FG|2026-06-20|||虚构官|考试"), &["scores are in already"]);
    world.check(
        &sittings("WH-K1|2026-1|WH|2026-11-23|||虚构官|考试"),
        &["scores are in already, so that it can't be held as late as 2026-11-23"],
    );
    world.check_warnings(
        &sittings("WH-K3|2026-1|WH|2026-08-01|||虚构官|考试"),
        &["场次 row 2: outside the days of the term"],
    );
}

#[test]
fn a_score_of_somebody_absent_is_pointed_out_on_either_sheet() {
    let mut world = world();
    let marked = |mark: &str| [attendance(&format!("WH-K1|虚构甲|{mark}|补录"))];
    let score = [scores("WH-K1|虚构甲|85|")];
    world.good(&marked("缺勤"));
    world.check_warnings(&score, &["成绩 row 2: a score of somebody who was absent by the sign-in sheet"]);
    world.good(&marked("出勤"));
    world.check_warnings(&score, &[]);
    world.good(&score);
    world.check_warnings(&marked("缺勤"), &["签到 row 2: a score of somebody who was absent"]);
}

#[test]
fn attendance_that_changes_under_a_certificate_is_pointed_out() {
    let mut world = world();
    let marked = |mark: &str| [attendance(&format!("WH-K1|虚构甲|{mark}|补录"))];
    let old = |day: &str| {
        [table(
            "旧证",
            &format!(
                "证书编号|证书类别|姓名|发证日期|有效期至|发证机关\n1|WH|虚构甲|{day}|2029-06-30|示例中心"
            ),
        )]
    };
    world.good(&marked("出勤"));
    world.check_warnings(&marked("缺勤"), &[]);
    world.good(&old("2026-07-01"));
    world.check_warnings(
        &marked("缺勤"),
        &["签到 row 2: certificates were issued to these people after the sitting"],
    );
}

#[test]
fn topics_are_those_of_the_scheme_and_of_the_term() {
    let mut world = world();
    let term = |topics: &str| {
        [table(
            "期次",
            &format!(
                "期次代码|期次名称|起始日期|截止日期|科目\n2026-3|第三期|2026-03-01|2026-02-01|{topics}"
            ),
        )]
    };
    world.check(
        &term("FG、厨艺"),
        &["lies before the first day", "there is no such topic; there are: FG 法规与职责"],
    );
    world.check(
        &sittings("KF-1|2026-1|KF|2026-04-01|8|虚构师||授课"),
        &["the term doesn't have this topic; it has: FG, WH"],
    );
}

#[test]
fn what_is_wrong_in_a_term_makes_its_sittings_wrong() {
    let mut world = World::default();
    let mut file = base();
    file[2] =
        table("期次", "期次代码|期次名称|起始日期|截止日期|科目\n2026-1|第一期|2026-03-01|2026-06-31|WH");
    file.push(scores("WH-K1|虚构甲|60|"));
    world.check(
        &file,
        &["there is no such day", "refers to 期次 row 2", "refers to 期次 row 2", "refers to 场次 row 3"],
    );
}
