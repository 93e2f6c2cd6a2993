//! Sittings, and the release of their scores.

use std::collections::HashMap;

use model::id::SittingId;
use serde::Serialize;
use training::records::{Book, Change};
use training::sittings::{Attempt, Release, SittingKind};

use crate::cli::Listed;
use crate::clock;
use crate::desk::{self, Desk, Listing};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;

#[derive(Serialize)]
struct Shown<'a> {
    term: &'a str,
    sitting: &'a str,
    topic: &'a str,
    kind: &'static str,
    held_on: String,
    hours: u16,
    trainer: Option<&'a str>,
    examiner: Option<&'a str>,
    n_came: usize,
    n_scores: usize,
    n_released: usize,
}

pub fn sittings(desk: &Desk, term: Option<&str>, asked: &Listed) -> Outcome {
    let mut n_came: HashMap<SittingId, usize> = HashMap::new();
    for one in desk.records.attendance.iter().filter(|one| one.mark.came()) {
        *n_came.entry(one.sitting).or_default() += 1;
    }
    let mut scores: HashMap<SittingId, (usize, usize)> = HashMap::new();
    for one in &desk.records.attempts {
        let (n, n_released) = scores.entry(one.sitting).or_default();
        *n += 1;
        *n_released += usize::from(one.released.is_some());
    }
    let terms = desk.records.terms.iter();
    let terms = terms.filter(|one| term.is_none_or(|code| one.code.eq_ignore_ascii_case(code)));
    let of_term = |id| desk.records.sittings.iter().filter(move |sitting| sitting.term == id);
    let mut shown: Vec<Shown<'_>> = terms
        .flat_map(|term| of_term(term.id).map(move |sitting| (term, sitting)))
        .map(|(term, sitting)| {
            let (n_scores, n_released) = scores.get(&sitting.id).copied().unwrap_or_default();
            Shown {
                term: &term.code,
                sitting: &sitting.code,
                topic: &sitting.topic,
                kind: sitting.kind.as_str(),
                held_on: sitting.held_on.to_string(),
                hours: sitting.hours,
                trainer: sitting.trainer.as_deref(),
                examiner: sitting.examiner.as_deref(),
                n_came: n_came.get(&sitting.id).copied().unwrap_or_default(),
                n_scores,
                n_released,
            }
        })
        .collect();
    shown.sort_by(|a, b| (a.term, &a.held_on, a.sitting).cmp(&(b.term, &b.held_on, b.sitting)));
    let rows = shown.iter().map(|one| {
        vec![
            format!("{}/{}", one.term, one.sitting),
            one.topic.to_owned(),
            one.kind.to_owned(),
            one.held_on.clone(),
            one.trainer.or(one.examiner).unwrap_or_default().to_owned(),
            one.n_came.to_string(),
            one.n_scores.to_string(),
            one.n_released.to_string(),
        ]
    });
    let listing = Listing {
        name: "场次",
        headers: &[
            "sitting 场次",
            "topic 项",
            "kind 类型",
            "held on 日期",
            "by 授课/监考",
            "came 到场",
            "scores 成绩",
            "released 已发布",
        ],
        numbers: &[5, 6, 7],
        rows: rows.collect(),
    };
    listing.show(asked, "sentrypost-training-sittings/1", &shown)?;
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
enum Unreleased {
    #[error("{0} is a lesson and has no scores")]
    Lesson(String),
    #[error("{0} has no scores that wait for their release")]
    Nothing(String),
    #[error("{trainer} taught {topic} in this term and examines it: somebody else must examine")]
    SameTrainer { trainer: String, topic: String },
    #[error("{0} of the scores can't be released; nothing was")]
    Some(usize),
}

pub async fn release(mut desk: Desk, given: &str, by: Option<&str>) -> Outcome {
    let by = by.unwrap_or(&desk.session.actor).trim().to_owned();
    let n = desk
        .change(|desk| {
            let attempts = waiting(desk, given)?;
            let mut n_refused = 0usize;
            let mut released = Vec::new();
            for attempt in attempts {
                match attempt.may_release(&by) {
                    Ok(()) => {
                        let release = Release { by: by.clone(), at: clock::now() };
                        released.push(Attempt { released: Some(release), ..attempt });
                    }
                    Err(why) => {
                        n_refused += 1;
                        let name = desk.records.staff.iter().find(|one| one.id == attempt.staff);
                        output::note(format!("{}: {why}", name.map_or("", |one| one.name.as_str())));
                    }
                }
            }
            if n_refused > 0 {
                return Err(Failure::new(Exit::BadInput, Unreleased::Some(n_refused)));
            }
            let n = released.len();
            let line = desk.line("released", format!("{given}: {n} scores, by {by}"), "");
            Ok((Change { attempts: released, ..Change::default() }, line, n))
        })
        .await?;
    output::data(format!("{given}: {n} scores released by {by}"));
    Ok(Exit::Done)
}

/// The scores of an exam that aren't released, if it was examined by somebody who may.
fn waiting(desk: &Desk, given: &str) -> Result<Vec<Attempt>, Failure> {
    let refuse = |why: Unreleased| Err(Failure::new(Exit::BadInput, why));
    let sitting = desk::which_sitting(desk, given)?;
    if sitting.kind == SittingKind::Lesson {
        return refuse(Unreleased::Lesson(given.to_owned()));
    }
    let book = Book::of(&desk.records);
    let taught = book.lessons(sitting.term, &sitting.topic).filter_map(|lesson| lesson.trainer.as_deref());
    if let Some(trainer) = taught.into_iter().find(|trainer| Some(*trainer) == sitting.examiner.as_deref()) {
        let topic = sitting.topic.clone();
        return refuse(Unreleased::SameTrainer { trainer: trainer.to_owned(), topic });
    }
    let attempts = desk.records.attempts.iter();
    let waiting: Vec<Attempt> =
        attempts.filter(|one| one.sitting == sitting.id && one.released.is_none()).cloned().collect();
    if waiting.is_empty() { refuse(Unreleased::Nothing(given.to_owned())) } else { Ok(waiting) }
}
