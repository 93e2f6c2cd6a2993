//! Entries as the cells of their sheets. References are written in the shortest form that an import resolves without
//! doubt.
//!
//! Of an ID number nothing is written but that there is one.

use std::collections::HashMap;

use chrono::NaiveDate;
use intake::cell::name_key;
use intake::contact::phone_key;
use intake::table::CellIn;
use model::id::{SittingId, StaffId, SystemId, TermId, UnitId};
use model::register::{Register, System, Unit};

use crate::certificates::PostCertificate;
use crate::columns::Key;
use crate::people::{Holding, Staff};
use crate::records::{Book, Records};
use crate::sittings::{Attempt, Attendance, Score, Sitting, Term, Waived, Waiver};

/// Last digits of a phone that tell namesakes apart.
const TAIL: usize = 4;

/// How entries are referred to.
pub(crate) struct Names<'a> {
    book: Book<'a>,
    units: HashMap<UnitId, &'a Unit>,
    systems: HashMap<SystemId, &'a System>,
    terms: HashMap<TermId, &'a Term>,
    n_of_name: HashMap<String, usize>,
    n_of_tail: HashMap<(String, String), usize>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(records: &'a Records, register: &'a Register) -> Names<'a> {
        let (mut n_of_name, mut n_of_tail) = (HashMap::new(), HashMap::new());
        for one in &records.staff {
            *n_of_name.entry(name_key(&one.name)).or_insert(0) += 1;
            if let Some(tail) = tail(one) {
                *n_of_tail.entry((name_key(&one.name), tail)).or_insert(0) += 1;
            }
        }
        Names {
            book: Book::of(records),
            units: register.units.iter().map(|one| (one.id, one)).collect(),
            systems: register.systems.iter().map(|one| (one.id, one)).collect(),
            terms: records.terms.iter().map(|one| (one.id, one)).collect(),
            n_of_name,
            n_of_tail,
        }
    }

    pub(crate) fn name(&self, id: StaffId) -> &str {
        self.book.staff(id).map_or("", |one| one.name.as_str())
    }

    /// By `name`, `name/last digits`, `name/phone`, else `name@unit`.
    pub(crate) fn person(&self, id: StaffId) -> String {
        let Some(one) = self.book.staff(id) else { return String::new() };
        let key = name_key(&one.name);
        if self.n_of_name.get(&key).is_none_or(|n| *n < 2) {
            return one.name.clone();
        }
        match (&one.phone, tail(one)) {
            (Some(_), Some(tail)) if self.n_of_tail.get(&(key, tail.clone())) == Some(&1) => {
                format!("{}/{tail}", one.name)
            }
            (Some(phone), _) => format!("{}/{phone}", one.name),
            (None, _) => match self.unit_of(id) {
                Some(unit) => format!("{}@{}", one.name, unit.code),
                None => one.name.clone(),
            },
        }
    }

    pub(crate) fn unit_of(&self, id: StaffId) -> Option<&'a Unit> {
        self.unit(self.book.unit_of(id)?)
    }

    pub(crate) fn unit(&self, id: UnitId) -> Option<&'a Unit> {
        self.units.get(&id).copied()
    }

    pub(crate) fn term_of(&self, id: SittingId) -> Option<&'a Term> {
        self.terms.get(&self.book.sitting(id)?.term).copied()
    }

    pub(crate) fn sitting(&self, id: SittingId) -> Option<&'a Sitting> {
        self.book.sitting(id)
    }

    fn code(&self, unit: UnitId) -> &str {
        self.units.get(&unit).map_or("", |unit| unit.code.as_str())
    }

    fn system(&self, id: SystemId, own_unit: UnitId) -> CellIn {
        match self.systems.get(&id) {
            None => CellIn::Empty,
            Some(system) if system.unit == own_unit => text(&system.name),
            Some(system) => text(&format!("{}@{}", system.name, self.code(system.unit))),
        }
    }
}

fn tail(one: &Staff) -> Option<String> {
    let digits = phone_key(one.phone.as_deref()?);
    digits.len().checked_sub(TAIL).and_then(|start| digits.get(start..)).map(str::to_owned)
}

pub(crate) fn of_staff(one: &Staff, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Name => text(&one.name),
        Key::Unit => names.unit_of(one.id).map_or(CellIn::Empty, |unit| text(unit.code.as_str())),
        Key::Phone => optional(one.phone.as_deref()),
        Key::Email => optional(one.email.as_deref()),
        Key::Employment => text(one.employment.chinese()),
        Key::IdNumber => optional(one.id_number.as_ref().map(|_| "（已登记）")),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_holding(one: &Holding, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Person => text(&names.person(one.staff)),
        Key::Unit => text(names.code(one.unit)),
        Key::System => one.system.map_or(CellIn::Empty, |system| names.system(system, one.unit)),
        Key::Post => text(one.post.chinese()),
        Key::Role => optional(one.role.map(|role| role.as_str())),
        Key::From => CellIn::Date(one.from),
        Key::Until => date(one.until),
        Key::EndReason => optional(one.ended_because.as_deref()),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_term(one: &Term, key: Key) -> CellIn {
    match key {
        Key::Code => text(&one.code),
        Key::Name => text(&one.name),
        Key::From => CellIn::Date(one.from),
        Key::Until => CellIn::Date(one.until),
        Key::Topics => text(&one.topics.join("、")),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_sitting(one: &Sitting, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Code => text(&one.code),
        Key::Term => optional(names.term_of(one.id).map(|term| term.code.as_str())),
        Key::Topic => text(&one.topic),
        Key::HeldOn => CellIn::Date(one.held_on),
        Key::StartsAt => optional(one.starts_at.map(|time| time.format("%H:%M").to_string()).as_deref()),
        Key::Place => optional(one.place.as_deref()),
        Key::Hours => CellIn::Number(f64::from(one.hours)),
        Key::Trainer => optional(one.trainer.as_deref()),
        Key::Examiner => optional(one.examiner.as_deref()),
        Key::SittingKind => text(one.kind.chinese()),
        _ => CellIn::Empty,
    }
}

/// What a row of a sitting's sheet says of the sitting and of somebody in it.
pub(crate) fn of_place(sitting: SittingId, staff: StaffId, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Term => optional(names.term_of(sitting).map(|term| term.code.as_str())),
        Key::Sitting => optional(names.sitting(sitting).map(|one| one.code.as_str())),
        Key::Topic => optional(names.sitting(sitting).map(|one| one.topic.as_str())),
        Key::HeldOn => date(names.sitting(sitting).map(|one| one.held_on)),
        Key::Person => text(&names.person(staff)),
        Key::Unit => names.unit_of(staff).map_or(CellIn::Empty, |unit| text(unit.code.as_str())),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_attendance(one: &Attendance, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Presence => text(one.mark.chinese()),
        Key::LateReason => optional(one.late_because.as_deref()),
        _ => of_place(one.sitting, one.staff, key, names),
    }
}

pub(crate) fn of_attempt(one: &Attempt, key: Key, names: &Names<'_>) -> CellIn {
    let shown = |score: Option<Score>| score.map_or_else(|| "缺考".to_owned(), |score| score.to_string());
    match (key, &one.second) {
        (Key::Score, Some(second)) => text(&format!("{}；{}", shown(one.score), shown(second.score))),
        (Key::Score, None) => text(&shown(one.score)),
        (Key::EnteredBy, Some(second)) => text(&format!("{}；{}", one.entered_by, second.entered_by)),
        (Key::EnteredBy, None) => text(&one.entered_by),
        _ => of_place(one.sitting, one.staff, key, names),
    }
}

pub(crate) fn of_certificate(one: &PostCertificate, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Number => optional(one.printed.old_number.as_deref()),
        Key::Category => text(&one.category),
        Key::Person => text(&names.person(one.staff)),
        Key::IssuedOn => CellIn::Date(one.issued_on),
        Key::Until => CellIn::Date(one.valid_until),
        Key::Issuer => text(&one.printed.issuer),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_waiver(one: &Waiver, key: Key, names: &Names<'_>) -> CellIn {
    match (key, &one.covers) {
        (Key::Person, _) => text(&names.person(one.staff)),
        (Key::Category, Waived::Category(code)) | (Key::Topic, Waived::Topic(code)) => text(code),
        (Key::Evidence, _) => text(&one.evidence),
        (Key::Number, _) => optional(one.number.as_deref()),
        (Key::File, _) => optional(one.file.as_deref()),
        (Key::Approver, _) => text(&one.approver),
        (Key::From, _) => CellIn::Date(one.from),
        (Key::Until, _) => CellIn::Date(one.until),
        _ => CellIn::Empty,
    }
}

pub(crate) fn text(text: &str) -> CellIn {
    CellIn::Text(text.to_owned())
}

fn optional(value: Option<&str>) -> CellIn {
    value.map_or(CellIn::Empty, text)
}

fn date(day: Option<NaiveDate>) -> CellIn {
    day.map_or(CellIn::Empty, CellIn::Date)
}
