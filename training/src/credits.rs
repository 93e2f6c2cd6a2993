//! Which topics a person has passed, on a day: exams that were passed after enough lessons, and what was waived.

use chrono::NaiveDate;
use model::id::{StaffId, TermId};

use crate::certificates::last_day;
use crate::records::Book;
use crate::scheme::{Scheme, Topic};
use crate::sittings::{Attempt, SittingKind, Waived};

/// A topic that counts as passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    pub topic: String,
    /// Day of the exam, or first day of the waiver.
    pub from: NaiveDate,
    /// Last day on which it counts.
    pub until: NaiveDate,
    pub by: CreditBy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreditBy {
    Exam,
    /// What was accepted, for example `CISP`.
    Waiver(String),
}

/// Why an exam doesn't count for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPassed {
    #[error("not released yet")]
    NotReleased,
    #[error("didn't come")]
    Absent,
    #[error("{score} points, {pass_mark} are needed")]
    Failed { score: String, pass_mark: u8 },
    #[error("attended {attended} of {hours} hours, {percent} % are needed")]
    TooFewLessons { attended: u16, hours: u16, percent: u8 },
    #[error("attempt {n} of this term, {most} are allowed")]
    TooManyAttempts { n: usize, most: u8 },
}

/// Hours attended and held of a topic's lessons in a term.
pub fn attended(book: &Book<'_>, staff: StaffId, term: TermId, topic: &str) -> (u16, u16) {
    let (mut there, mut held) = (0u16, 0u16);
    for lesson in book.lessons(term, topic) {
        held = held.saturating_add(lesson.hours);
        if book.presence(lesson.id, staff).is_some_and(|one| one.mark.came()) {
            there = there.saturating_add(lesson.hours);
        }
    }
    (there, held)
}

/// Whether an attempt passes its topic. `None` if its sitting or topic is unknown.
pub fn judge(book: &Book<'_>, scheme: &Scheme, attempt: &Attempt) -> Option<Result<Credit, NotPassed>> {
    let sitting = book.sitting(attempt.sitting)?;
    let topic = scheme.topic(&sitting.topic)?;
    let n = nth_attempt(book, attempt, sitting.term, &topic.code);
    Some(pass(book, topic, attempt, sitting.term, n).map(|()| Credit {
        topic: topic.code.clone(),
        from: sitting.held_on,
        until: last_day(sitting.held_on, topic.credit_months).unwrap_or(NaiveDate::MAX),
        by: CreditBy::Exam,
    }))
}

/// Which of the person's attempts at a topic in a term it is, by the day of the exam.
pub fn nth_attempt(book: &Book<'_>, attempt: &Attempt, term: TermId, topic: &str) -> usize {
    let own_day = book.sitting(attempt.sitting).map(|sitting| sitting.held_on);
    let earlier = book.attempts(attempt.staff).iter().filter(|other| {
        let sitting = book.sitting(other.sitting);
        sitting.is_some_and(|sitting| {
            sitting.term == term
                && sitting.topic == topic
                && (Some(sitting.held_on), other.id) < (own_day, attempt.id)
        })
    });
    earlier.count() + 1
}

fn pass(book: &Book<'_>, topic: &Topic, attempt: &Attempt, term: TermId, n: usize) -> Result<(), NotPassed> {
    if attempt.released.is_none() {
        return Err(NotPassed::NotReleased);
    }
    let score = attempt.score.ok_or(NotPassed::Absent)?;
    if n > usize::from(topic.max_attempts) {
        return Err(NotPassed::TooManyAttempts { n, most: topic.max_attempts });
    }
    let (attended, hours) = attended(book, attempt.staff, term, &topic.code);
    let percent = topic.min_attendance_percent;
    if u32::from(attended) * 100 < u32::from(hours) * u32::from(percent) {
        return Err(NotPassed::TooFewLessons { attended, hours, percent });
    }
    if !topic.is_passed_by(score) {
        return Err(NotPassed::Failed { score: score.to_string(), pass_mark: topic.pass_mark });
    }
    Ok(())
}

/// The credits that count for a person on a day, the latest of each topic first.
pub fn credits(book: &Book<'_>, scheme: &Scheme, staff: StaffId, day: NaiveDate) -> Vec<Credit> {
    let exams = book.attempts(staff).iter().filter_map(|attempt| {
        let sitting = book.sitting(attempt.sitting)?;
        (sitting.kind == SittingKind::Exam).then(|| judge(book, scheme, attempt))?.and_then(Result::ok)
    });
    let waived = book.waivers(staff).iter().flat_map(|waiver| {
        let topics: Vec<String> = match &waiver.covers {
            Waived::Topic(topic) => vec![topic.clone()],
            Waived::Category(code) => {
                scheme.category(code).map(|category| category.topics.clone()).unwrap_or_default()
            }
        };
        topics.into_iter().map(|topic| Credit {
            topic,
            from: waiver.from,
            until: waiver.until,
            by: CreditBy::Waiver(waiver.evidence.clone()),
        })
    });
    let mut credits: Vec<Credit> =
        exams.chain(waived).filter(|credit| credit.from <= day && day <= credit.until).collect();
    credits.sort_by(|a, b| a.topic.cmp(&b.topic).then(b.from.cmp(&a.from)));
    credits
}
