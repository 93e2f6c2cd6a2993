//! Rows of the sheet 成绩: first entries, corrections, and the same sheet entered once more by somebody else.

use std::collections::HashMap;

use intake::stage::Stage;
use model::id::AttemptId;

use super::Entries;
use super::codes::Codes;
use super::context::{Context, Record};
use super::people::Refs;
use super::reason::Own;
use super::sittings::SittingIndex;
use super::terms::TermIndex;
use super::value::Value;
use crate::columns::Key;
use crate::sittings::{Attempt, Score, SecondEntry, Sitting, SittingKind};

/// All that a score may refer to.
pub(super) struct Known<'a> {
    pub(super) refs: &'a Refs<'a>,
    pub(super) codes: &'a Codes<'a>,
    pub(super) terms: &'a TermIndex,
    pub(super) sittings: &'a SittingIndex,
}

pub(super) fn stage(context: &mut Context<'_>, records: &[Record], known: &Known<'_>) -> Entries<Attempt> {
    let import = context.import;
    let registered = &import.records.attempts;
    let mut ids = Stage::new(registered.iter().map(|one| ((one.sitting, one.staff), one.id)));
    let attempts: HashMap<AttemptId, &Attempt> = registered.iter().map(|one| (one.id, one)).collect();
    let mut entries = Entries::default();
    for record in records {
        let exam = exam_of_row(context, record, known);
        let staff = known.refs.of_row(context, record);
        let (Some(exam), Some(staff)) = (exam, staff) else { continue };
        let Some(Value::Score(score)) = record.value(Key::Score) else { continue };
        if exam.held_on > import.today {
            context.fault(record.at, Key::Score, Own::NotHeldYet(exam.held_on));
        }
        if context.is_bad(record.at) {
            continue;
        }
        let id = ids.id_of((exam.id, staff), || AttemptId::mint(context.mint));
        let said_by = record.text(Key::EnteredBy);
        let attempt = match attempts.get(&id) {
            None => {
                let entered_by = said_by.unwrap_or(import.actor).to_owned();
                Attempt {
                    id,
                    staff,
                    sitting: exam.id,
                    score: *score,
                    entered_by,
                    second: None,
                    released: None,
                }
            }
            Some(one) => match entered(one, *score, said_by, import.actor) {
                Ok(attempt) => attempt,
                Err((key, reason)) => {
                    context.fault(record.at, key, reason);
                    continue;
                }
            },
        };
        entries.push(context, record.at, attempt);
    }
    entries
}

/// The exam that a row names by code, or by term, topic and day.
fn exam_of_row<'a>(context: &mut Context<'_>, record: &Record, known: &Known<'a>) -> Option<&'a Sitting> {
    // A cell that couldn't be read has its fault already.
    let says = |context: &Context<'_>, key| {
        context.raw(record.at, key).is_some_and(|cell| !intake::cell::is_blank(cell))
    };
    if says(context, Key::Sitting) {
        let sitting = known.sittings.of_row(context, record, known.terms)?;
        if sitting.kind != SittingKind::Exam {
            context.fault(record.at, Key::Sitting, Own::NotAnExam);
            return None;
        }
        return Some(sitting);
    }
    if let Some(missing) = [Key::Term, Key::Topic, Key::HeldOn].into_iter().find(|key| !says(context, *key)) {
        let key = if record.has(Key::Sitting) { Key::Sitting } else { missing };
        context.fault(record.at, key, Own::NoSitting);
        return None;
    }
    let term = known.terms.of_row(context, record)?;
    let topic = known.codes.topic_of(context, record)?;
    let exam = known.sittings.exam(term, &topic, record.date(Key::HeldOn)?);
    exam.map_err(|reason| context.fault(record.at, Key::HeldOn, reason)).ok()
}

/// A known attempt with what a row says. Only another name under 录入人 makes a second entry: the same file imported by
/// somebody else is no second pair of eyes.
fn entered(
    known: &Attempt,
    score: Option<Score>,
    said_by: Option<&str>,
    actor: &str,
) -> Result<Attempt, (Key, Own)> {
    if known.released.is_some() && score == known.score {
        // Whoever enters it once more says nothing new.
        return Ok(known.clone());
    }
    let mut attempt = known.clone();
    match (said_by, &known.second) {
        (Some(by), second) if by != known.entered_by => {
            if let Some(second) = second.as_ref().filter(|second| second.entered_by != by) {
                let (first, second) = (known.entered_by.clone(), second.entered_by.clone());
                return Err((Key::EnteredBy, Own::EnteredTwice { first, second }));
            }
            attempt.second = Some(SecondEntry { score, entered_by: by.to_owned() });
        }
        (Some(_), _) => attempt.score = score,
        (None, _) if score != known.score => {
            attempt.score = score;
            attempt.entered_by = actor.to_owned();
        }
        (None, _) => {}
    }
    match &known.released {
        Some(release) if attempt != *known => {
            let was = known.score.map_or_else(|| "缺考".to_owned(), |score| score.to_string());
            Err((Key::Score, Own::Released { was, by: release.by.clone() }))
        }
        _ => Ok(attempt),
    }
}
