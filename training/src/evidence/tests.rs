//! A term of two topics, three people, an exam that one of them missed.

use model::id::{AttemptId, CountingMint, HoldingId, SittingId, TermId};

use super::*;
use crate::people::{Employment, Holding, Staff};
use crate::records::Records;
use crate::sittings::{Attempt, Attendance, Presence, Release};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

struct World {
    mint: CountingMint,
    records: Records,
    units: [UnitId; 2],
}

impl World {
    /// Maintainers 0 and 1 in two units, a developer 2 in the first, and somebody without a post.
    fn new() -> World {
        let mut mint = CountingMint::default();
        let units = [UnitId::mint(&mut mint), UnitId::mint(&mut mint)];
        let mut records = Records::default();
        let posts = [
            Some((0, PostKind::Maintainer)),
            Some((1, PostKind::Maintainer)),
            Some((0, PostKind::Developer)),
            None,
        ];
        for (n, post) in posts.into_iter().enumerate() {
            let staff = StaffId::mint(&mut mint);
            records.staff.push(made_up(staff, n));
            let Some((unit, post)) = post else { continue };
            records.holdings.push(Holding {
                id: HoldingId::mint(&mut mint),
                staff,
                unit: units[unit],
                system: None,
                post,
                role: None,
                from: day("2026-01-01"),
                until: None,
                ended_because: None,
            });
        }
        World { mint, records, units }
    }

    fn term(&mut self, code: &str, from: &str, until: &str, topics: &[&str]) -> TermId {
        let id = TermId::mint(&mut self.mint);
        self.records.terms.push(Term {
            id,
            code: code.into(),
            name: format!("示例{code}期"),
            from: day(from),
            until: day(until),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        });
        id
    }

    fn sitting(&mut self, term: TermId, topic: &str, kind: SittingKind, on: &str) -> SittingId {
        let id = SittingId::mint(&mut self.mint);
        self.records.sittings.push(Sitting {
            id,
            term,
            code: format!("{topic}-{}", self.records.sittings.len()),
            topic: topic.into(),
            kind,
            held_on: day(on),
            starts_at: None,
            place: None,
            hours: if kind == SittingKind::Lesson { 8 } else { 0 },
            trainer: None,
            examiner: None,
        });
        id
    }

    fn came(&mut self, sitting: SittingId, n: usize, mark: Presence) {
        let staff = self.records.staff[n].id;
        self.records.attendance.push(Attendance { sitting, staff, mark, late_because: None });
    }

    fn scored(&mut self, sitting: SittingId, n: usize, score: Option<&str>) {
        let at = day("2026-06-01").and_hms_opt(0, 0, 0).expect("midnight").and_utc();
        self.records.attempts.push(Attempt {
            id: AttemptId::mint(&mut self.mint),
            staff: self.records.staff[n].id,
            sitting,
            score: score.and_then(|score| score.parse().ok()),
            entered_by: "虚构录入员".into(),
            second: None,
            released: Some(Release { by: "虚构复核员".into(), at }),
        });
    }
}

fn made_up(id: StaffId, n: usize) -> Staff {
    Staff {
        id,
        name: format!("虚构{n}"),
        unit: None,
        employment: Employment::Staff,
        phone: None,
        email: None,
        id_number: None,
        forgotten_on: None,
    }
}

fn asked(scheme: &Scheme, unit: Option<UnitId>) -> Asked<'_> {
    Asked { scheme, unit, from: day("2026-01-01"), until: day("2026-12-31") }
}

/// A post's lines: term, topic, day if arranged, who came.
#[track_caller]
fn check_plan(world: &World, unit: Option<UnitId>, post: PostKind, expected: &[(&str, &str, &str, usize)]) {
    let (scheme, book) = (Scheme::embedded(), Book::of(&world.records));
    let plans = plans(&book, asked(&scheme, unit));
    let plan = plans.iter().find(|plan| plan.post == post).expect("a plan of the post");
    let told: Vec<(&str, &str, String, usize)> = plan
        .lines
        .iter()
        .map(|line| {
            let on = line.sitting.map(|one| one.held_on.to_string()).unwrap_or_default();
            (line.term.code.as_str(), line.topic.code.as_str(), on, line.n_came)
        })
        .collect();
    let expected: Vec<_> = expected.iter().map(|(a, b, on, n)| (*a, *b, (*on).to_owned(), *n)).collect();
    assert_eq!(told, expected, "{post}");
}

#[test]
fn each_post_has_the_sittings_of_its_own_topics_and_those_still_to_come() {
    let mut world = World::new();
    let spring = world.term("2026-1", "2026-02-01", "2026-06-30", &["FG", "WH"]);
    world.term("2026-2", "2026-12-01", "2027-01-31", &["KF"]);
    world.term("2024-1", "2024-02-01", "2024-06-30", &["FG"]);
    let law = world.sitting(spring, "FG", SittingKind::Lesson, "2026-02-03");
    world.sitting(spring, "WH", SittingKind::Exam, "2026-05-10");
    world.sitting(spring, "WH", SittingKind::Lesson, "2026-04-10");
    world.came(law, 0, Presence::Late);
    world.came(law, 1, Presence::Absent);
    world.came(law, 2, Presence::Present);
    let [first, second] = world.units;
    let lines = |n| {
        [
            ("2026-1", "FG", "2026-02-03", n),
            ("2026-1", "WH", "2026-04-10", 0),
            ("2026-1", "WH", "2026-05-10", 0),
        ]
    };
    check_plan(&world, None, PostKind::Maintainer, &lines(1));
    check_plan(&world, Some(first), PostKind::Maintainer, &lines(1));
    check_plan(&world, Some(second), PostKind::Maintainer, &lines(0));
    let own = [("2026-1", "FG", "2026-02-03", 1), ("2026-2", "KF", "", 0)];
    check_plan(&world, None, PostKind::Developer, &own);
    check_plan(&world, None, PostKind::Head, &[]);
}

#[test]
fn an_exam_counts_for_each_post_who_was_entered_sat_and_passed() {
    let mut world = World::new();
    let term = world.term("2026-1", "2026-02-01", "2026-06-30", &["FG"]);
    let exam = world.sitting(term, "FG", SittingKind::Exam, "2026-05-10");
    world.sitting(term, "FG", SittingKind::Exam, "2025-12-31");
    world.scored(exam, 0, Some("60"));
    world.scored(exam, 1, None);
    world.scored(exam, 2, Some("59.9"));
    world.scored(exam, 3, Some("80"));
    let (scheme, book) = (Scheme::embedded(), Book::of(&world.records));
    let told = |unit: Option<UnitId>| -> Vec<_> {
        let tests = skills_tests(&book, asked(&scheme, unit));
        tests.iter().map(|test| (test.post, test.n_entered, test.n_sat, test.n_passed)).collect()
    };
    let (maintainer, developer) = (Some(PostKind::Maintainer), Some(PostKind::Developer));
    assert_eq!(told(None), [(maintainer, 2, 1, 1), (developer, 1, 1, 0), (None, 1, 1, 1)]);
    assert_eq!(told(Some(world.units[0])), [(maintainer, 1, 1, 1), (developer, 1, 1, 0)]);
    assert_eq!(told(Some(world.units[1])), [(maintainer, 1, 0, 0)]);
}

/// Whether an exam of the day is within the twelve months up to 2026-11-23.
#[track_caller]
fn check_year(held_on: &str, expected: usize) {
    let mut world = World::new();
    let term = world.term("2026-1", "2025-01-01", "2026-12-31", &["FG"]);
    let exam = world.sitting(term, "FG", SittingKind::Exam, held_on);
    world.scored(exam, 0, Some("60"));
    let (scheme, book, until) = (Scheme::embedded(), Book::of(&world.records), day("2026-11-23"));
    let tests = skills_tests(&book, Asked { scheme: &scheme, unit: None, from: year_to(until), until });
    assert_eq!(tests.len(), expected, "{held_on}");
}

#[test]
fn twelve_months_have_not_a_day_too_many() {
    check_year("2025-11-23", 0);
    check_year("2025-11-24", 1);
    check_year("2026-11-23", 1);
    check_year("2026-11-24", 0);
    for (until, from) in
        [("2026-02-28", "2025-03-01"), ("2028-02-29", "2027-03-01"), ("2026-12-31", "2026-01-01")]
    {
        assert_eq!(year_to(day(until)), day(from), "{until}");
    }
}
