//! What shows that people are trained and tested by a plan of their post (GB/T 22239-2019, security awareness education
//! and training, levels 3 and 4): the sittings meant for each post, and how its people did in the exams.
//!
//! Pure counting over the records. Whose post it is, is asked on the day of each sitting.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};
use model::id::{StaffId, UnitId};
use model::post::PostKind;

use crate::credits;
use crate::records::Book;
use crate::scheme::{Scheme, Topic};
use crate::sittings::{Sitting, SittingKind, Term};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub scheme: &'a Scheme,
    /// Only people of this unit.
    pub unit: Option<UnitId>,
    /// Terms and exams that touch these days, both included.
    pub from: NaiveDate,
    pub until: NaiveDate,
}

/// First of the twelve months of days that end with the day.
pub fn year_to(day: NaiveDate) -> NaiveDate {
    day.checked_sub_months(Months::new(12)).and_then(|before| before.succ_opt()).unwrap_or(NaiveDate::MIN)
}

/// What holders of a post are to be taught and examined in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostPlan<'a> {
    pub post: PostKind,
    /// Those of all certificates for the post.
    pub topics: Vec<&'a Topic>,
    /// By term, topic and day.
    pub lines: Vec<PlanLine<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanLine<'a> {
    pub term: &'a Term,
    pub topic: &'a Topic,
    /// `None` where the term has the topic, and no sitting of it is arranged.
    pub sitting: Option<&'a Sitting>,
    /// Holders of the post who came.
    pub n_came: usize,
}

/// How the holders of a post did in an exam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillsTest<'a> {
    pub exam: &'a Sitting,
    /// `None`: those who held no post that the topic is for.
    pub post: Option<PostKind>,
    pub n_entered: usize,
    pub n_sat: usize,
    /// Released, and passed by all rules.
    pub n_passed: usize,
}

/// The plan of each post that the scheme has certificates for, in its order.
pub fn plans<'a>(book: &Book<'a>, asked: Asked<'a>) -> Vec<PostPlan<'a>> {
    let posts: BTreeSet<PostKind> =
        asked.scheme.categories.iter().flat_map(|category| category.posts.iter().copied()).collect();
    posts.into_iter().map(|post| plan(book, asked, post)).collect()
}

fn plan<'a>(book: &Book<'a>, asked: Asked<'a>, post: PostKind) -> PostPlan<'a> {
    let topics: Vec<&Topic> =
        asked.scheme.topics.iter().filter(|topic| is_for(asked.scheme, &topic.code, post)).collect();
    let terms = book.records.terms.iter();
    let mut terms: Vec<&Term> =
        terms.filter(|term| term.from <= asked.until && asked.from <= term.until).collect();
    terms.sort_by(|a, b| (a.from, &a.code).cmp(&(b.from, &b.code)));
    let mut lines = Vec::new();
    for term in terms {
        for topic in topics.iter().copied() {
            let own = book.records.sittings.iter();
            let mut own: Vec<&Sitting> =
                own.filter(|one| one.term == term.id && one.topic == topic.code).collect();
            own.sort_by(|a, b| (a.held_on, a.starts_at, &a.code).cmp(&(b.held_on, b.starts_at, &b.code)));
            if own.is_empty() && term.topics.contains(&topic.code) {
                lines.push(PlanLine { term, topic, sitting: None, n_came: 0 });
            }
            lines.extend(own.into_iter().map(|sitting| {
                let came = came(book, sitting);
                let n_came =
                    came.iter().filter(|staff| holds(book, asked, **staff, post, sitting.held_on)).count();
                PlanLine { term, topic, sitting: Some(sitting), n_came }
            }));
        }
    }
    PostPlan { post, topics, lines }
}

/// Who was there: by the attendance of a lesson, by the scores of an exam.
fn came(book: &Book<'_>, sitting: &Sitting) -> BTreeSet<StaffId> {
    let records = book.records;
    match sitting.kind {
        SittingKind::Lesson => {
            let own = records.attendance.iter().filter(|one| one.sitting == sitting.id && one.mark.came());
            own.map(|one| one.staff).collect()
        }
        SittingKind::Exam => {
            let own = records.attempts.iter().filter(|one| one.sitting == sitting.id && one.score.is_some());
            own.map(|one| one.staff).collect()
        }
    }
}

/// The exams, each with a line for every post whose holders were entered; by day.
pub fn skills_tests<'a>(book: &Book<'a>, asked: Asked<'a>) -> Vec<SkillsTest<'a>> {
    let exams = book.records.sittings.iter().filter(|one| one.kind == SittingKind::Exam);
    let mut exams: Vec<&Sitting> =
        exams.filter(|one| asked.from <= one.held_on && one.held_on <= asked.until).collect();
    exams.sort_by_key(|one| (one.held_on, one.id));
    let posts = PostKind::ALL.into_iter().map(Some).chain([None]);
    let tests = exams.into_iter().flat_map(|exam| {
        let entered = book.records.attempts.iter().filter(|one| one.sitting == exam.id);
        let entered: Vec<_> =
            entered.filter(|one| is_of_unit(book, asked, one.staff, exam.held_on)).collect();
        posts.clone().map(move |post| {
            let is_own = |staff: StaffId| {
                let held = |post| {
                    is_for(asked.scheme, &exam.topic, post) && holds(book, asked, staff, post, exam.held_on)
                };
                post.map_or_else(|| !PostKind::ALL.into_iter().any(held), held)
            };
            let own: Vec<_> = entered.iter().filter(|one| is_own(one.staff)).collect();
            let passed =
                own.iter().filter(|one| matches!(credits::judge(book, asked.scheme, one), Some(Ok(_))));
            SkillsTest {
                exam,
                post,
                n_entered: own.len(),
                n_sat: own.iter().filter(|one| one.score.is_some()).count(),
                n_passed: passed.count(),
            }
        })
    });
    tests.filter(|test| test.n_entered > 0).collect()
}

fn is_for(scheme: &Scheme, topic: &str, post: PostKind) -> bool {
    let mut categories = scheme.categories.iter();
    categories.any(|one| one.posts.contains(&post) && one.topics.iter().any(|own| own == topic))
}

fn holds(book: &Book<'_>, asked: Asked<'_>, staff: StaffId, post: PostKind, day: NaiveDate) -> bool {
    let mut held = book.holdings(staff).iter().filter(|held| held.is_held_on(day));
    held.any(|held| held.post == post && asked.unit.is_none_or(|unit| held.unit == unit))
}

fn is_of_unit(book: &Book<'_>, asked: Asked<'_>, staff: StaffId, day: NaiveDate) -> bool {
    let mut held = book.holdings(staff).iter().filter(|held| held.is_held_on(day));
    asked.unit.is_none_or(|unit| held.any(|held| held.unit == unit))
}

#[cfg(test)]
mod tests;
