//! Rows of the sheet 场次, and finding the sittings that other sheets name.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use intake::cell::name_key;
use intake::context::At;
use intake::stage::Stage;
use model::id::{SittingId, TermId};

use super::Entries;
use super::codes::Codes;
use super::context::{Context, Record};
use super::reason::{Own, Reason, RowAt};
use super::terms::TermIndex;
use super::value::Value;
use crate::columns::{Key, SheetKey};
use crate::sittings::{Sitting, SittingKind};

pub(super) struct Sittings {
    pub(super) entries: Entries<Sitting>,
    pub(super) index: SittingIndex,
}

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    codes: &Codes<'_>,
    terms: &TermIndex,
) -> Sittings {
    let import = context.import;
    let registered = &import.records.sittings;
    let mut ids =
        Stage::new(registered.iter().map(|sitting| ((sitting.term, name_key(&sitting.code)), sitting.id)));
    let known: HashMap<SittingId, &Sitting> = registered.iter().map(|one| (one.id, one)).collect();
    let scored: HashSet<SittingId> = import.records.attempts.iter().map(|one| one.sitting).collect();
    let mut entries = Entries::default();
    let mut of_scores: Vec<(At, Key, Own)> = Vec::new();
    for record in records {
        let term = terms.of_row(context, record);
        let topic = codes.topic_of(context, record);
        if let (Some(term), Some(topic)) = (term.and_then(|term| terms.get(term)), &topic)
            && !term.topics.contains(topic)
        {
            let topics = term.topics.clone();
            context.fault(record.at, Key::Topic, Own::TopicNotInTerm { topics });
        }
        let (Some(term), Some(topic), Some(code)) = (term, topic, record.text(Key::Code)) else { continue };
        let Some(Value::SittingKind(kind)) = record.value(Key::SittingKind) else { continue };
        let Some(held_on) = record.date(Key::HeldOn) else { continue };
        if context.is_bad(record.at) {
            continue;
        }
        let id = ids.id_of((term, name_key(code)), || SittingId::mint(context.mint));
        let kept = known.get(&id).copied();
        let starts_at = match record.value(Key::StartsAt) {
            Some(Value::Time(time)) => Some(*time),
            _ => None,
        };
        let hours = match record.value(Key::Hours) {
            Some(Value::Hours(hours)) => Some(*hours),
            _ => None,
        };
        let text = |key, kept: Option<&String>| record.text_or_kept(key, kept);
        let sitting = Sitting {
            id,
            term,
            code: code.to_owned(),
            topic,
            kind: *kind,
            held_on,
            starts_at: record.or_kept(Key::StartsAt, starts_at, kept.and_then(|one| one.starts_at)),
            place: text(Key::Place, kept.and_then(|one| one.place.as_ref())),
            hours: record.or_kept(Key::Hours, hours, kept.map(|one| one.hours)).unwrap_or(0),
            trainer: text(Key::Trainer, kept.and_then(|one| one.trainer.as_ref())),
            examiner: text(Key::Examiner, kept.and_then(|one| one.examiner.as_ref())),
        };
        let scored = kept.filter(|one| scored.contains(&one.id));
        of_scores.extend(
            faults_of_scores(&sitting, scored, import.today).map(|(key, reason)| (record.at, key, reason)),
        );
        let nobody = nobody(&sitting);
        // Also a bad one: it contradicts other rows of its code all the same.
        entries.push(context, record.at, sitting);
        if let Some((key, reason)) = nobody {
            context.fault(record.at, key, reason);
        }
    }
    check_examiners(context, &entries);
    // Scores may have come with this very file: rows contradict each other whether these are in already or not.
    for (at, key, reason) in of_scores {
        context.fault(at, key, reason);
    }
    check_examiners(context, &entries);
    let index = SittingIndex::new(context, records, &entries, terms);
    Sittings { entries, index }
}

/// A lesson without a trainer, an exam without an examiner.
fn nobody(sitting: &Sitting) -> Option<(Key, Own)> {
    match sitting.kind {
        SittingKind::Lesson if sitting.trainer.is_none() => Some((Key::Trainer, Own::NoTrainer)),
        SittingKind::Exam if sitting.examiner.is_none() => Some((Key::Examiner, Own::NoExaminer)),
        SittingKind::Lesson | SittingKind::Exam => None,
    }
}

/// `scored` is what is registered, where scores are in.
fn faults_of_scores(
    sitting: &Sitting,
    scored: Option<&Sitting>,
    today: NaiveDate,
) -> impl Iterator<Item = (Key, Own)> + use<> {
    let moved = scored.filter(|old| old.topic != sitting.topic || old.kind != sitting.kind);
    let moved = moved.map(|old| {
        let key = if old.kind == sitting.kind { Key::Topic } else { Key::SittingKind };
        (key, Own::HasScores)
    });
    let ahead = scored.filter(|_| sitting.held_on > today);
    let ahead = ahead.map(|_| (Key::HeldOn, Own::ScoredBeforeHeld(sitting.held_on)));
    moved.into_iter().chain(ahead)
}

/// Nobody examines in what they teach in the same term. A bad row gives way to what the records hold, so this goes on
/// until nothing changes.
fn check_examiners(context: &mut Context<'_>, entries: &Entries<Sitting>) {
    loop {
        let mut trainers: HashMap<(TermId, &str, String), Option<At>> = HashMap::new();
        let effective = || entries.over(context, &context.import.records.sittings);
        for (sitting, at) in effective() {
            if let Some(trainer) = &sitting.trainer {
                let place = trainers.entry((sitting.term, &sitting.topic, name_key(trainer))).or_insert(at);
                *place = place.or(at);
            }
        }
        let mut faults: Vec<(At, Key, Own)> = Vec::new();
        for (sitting, at) in effective().filter(|(sitting, _)| sitting.kind == SittingKind::Exam) {
            let Some(examiner) = &sitting.examiner else { continue };
            let key = (sitting.term, sitting.topic.as_str(), name_key(examiner));
            let Some(lesson_at) = trainers.get(&key) else { continue };
            // The row that says it last: the exam's, else the lesson's. What is registered so isn't this file's fault.
            match (at, lesson_at) {
                (Some(at), _) => faults.push((at, Key::Examiner, Own::ExaminerTeaches(examiner.clone()))),
                (None, Some(at)) => faults.push((*at, Key::Trainer, Own::ExaminerTeaches(examiner.clone()))),
                (None, None) => {}
            }
        }
        let mut is_changed = false;
        for (at, key, reason) in faults {
            is_changed |= !context.is_bad(at);
            context.fault(at, key, reason);
        }
        if !is_changed {
            return;
        }
    }
}

/// Finds sittings by code, with the term before it as `term/code` or in a column of its own; exams by term, topic and
/// day as well.
pub(super) struct SittingIndex {
    by_code: HashMap<(TermId, String), SittingId>,
    by_code_alone: HashMap<String, Vec<SittingId>>,
    exams: HashMap<(TermId, String, NaiveDate), Vec<SittingId>>,
    sittings: HashMap<SittingId, Sitting>,
    /// As `term/code`.
    names: HashMap<SittingId, String>,
    bad: BTreeMap<String, RowAt>,
    unread: Option<&'static str>,
}

impl SittingIndex {
    fn new(
        context: &Context<'_>,
        records: &[Record],
        entries: &Entries<Sitting>,
        terms: &TermIndex,
    ) -> SittingIndex {
        let mut index = SittingIndex {
            by_code: HashMap::new(),
            by_code_alone: HashMap::new(),
            exams: HashMap::new(),
            sittings: HashMap::new(),
            names: HashMap::new(),
            bad: context.bad_names(records, &[Key::Code]),
            unread: context.unread(SheetKey::Sittings),
        };
        for (one, _) in entries.over(context, &context.import.records.sittings) {
            let code = name_key(&one.code);
            index.by_code.insert((one.term, code.clone()), one.id);
            index.by_code_alone.entry(code).or_default().push(one.id);
            if one.kind == SittingKind::Exam {
                index.exams.entry((one.term, one.topic.clone(), one.held_on)).or_default().push(one.id);
            }
            let term = terms.get(one.term).map_or("", |term| term.code.as_str());
            index.names.insert(one.id, format!("{term}/{}", one.code));
            index.sittings.insert(one.id, one.clone());
        }
        index
    }

    pub(super) fn get(&self, id: SittingId) -> Option<&Sitting> {
        self.sittings.get(&id)
    }

    /// The sitting that a row names by its code.
    pub(super) fn of_row(
        &self,
        context: &mut Context<'_>,
        record: &Record,
        terms: &TermIndex,
    ) -> Option<&Sitting> {
        let text = record.text(Key::Sitting)?;
        let term = match record.text(Key::Term) {
            Some(_) => Some(terms.of_row(context, record)?),
            None => None,
        };
        let found = self.resolve(text, term, terms);
        let id = found.map_err(|reason| context.fault(record.at, Key::Sitting, reason)).ok()?;
        self.get(id)
    }

    fn resolve(&self, text: &str, term: Option<TermId>, terms: &TermIndex) -> Result<SittingId, Reason> {
        let key = name_key(text);
        let found = match term {
            Some(term) => self.by_code.get(&(term, key.clone())).map(std::slice::from_ref),
            None => self.by_code_alone.get(&key).map(Vec::as_slice),
        };
        match found {
            Some([id]) => return Ok(*id),
            Some(several) => return Err(self.ambiguous(several)),
            None => {}
        }
        // A code may hold a / of its own, so the term is looked for last.
        if let Some((term_code, code)) = key.split_once('/')
            && let Ok(of_code) = terms.resolve(term_code)
            && term.is_none_or(|term| term == of_code)
            && let Some(id) = self.by_code.get(&(of_code, code.to_owned()))
        {
            return Ok(*id);
        }
        Err(match (self.bad.get(&key), self.unread) {
            (Some(row), _) => Reason::RefersToBadRow(row.clone()),
            (None, Some(sheet)) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
            (None, None) => Own::UnknownSitting.into(),
        })
    }

    /// The exam of a topic in a term on a day.
    pub(super) fn exam(&self, term: TermId, topic: &str, day: NaiveDate) -> Result<&Sitting, Reason> {
        match self.exams.get(&(term, topic.to_owned(), day)).map(Vec::as_slice) {
            Some([id]) => self.get(*id).ok_or(Own::UnknownSitting.into()),
            Some(several) => Err(self.ambiguous(several)),
            None => Err(self.unread.map_or(Own::UnknownSitting.into(), |sheet| {
                Reason::RefersToUnreadSheet { sheet: sheet.into() }
            })),
        }
    }

    fn ambiguous(&self, several: &[SittingId]) -> Reason {
        let choices = several.iter().take(10).filter_map(|id| self.names.get(id).cloned());
        Own::AmbiguousSitting { choices: choices.collect() }.into()
    }
}
