//! Sheets that are handed out for one sitting: who signs in, who is to be marked. They import again as they are
//! filled in.

use std::collections::BTreeSet;

use intake::table::{CellIn, SheetOut};
use intake::template::filled_in;
use model::id::{SittingId, StaffId, TermId};
use model::register::Register;

use crate::cells::{self, Names};
use crate::columns::{Key, SheetKey, sheet};
use crate::records::Records;

/// Everybody who is entered in a lesson or exam of a topic in a term, present or not, by name.
pub fn roster(records: &Records, term: TermId, topic: &str) -> Vec<StaffId> {
    let of_topic = records.sittings.iter().filter(|one| one.term == term && one.topic == topic);
    let sittings: BTreeSet<SittingId> = of_topic.map(|one| one.id).collect();
    let attended =
        records.attendance.iter().filter(|one| sittings.contains(&one.sitting)).map(|one| one.staff);
    let examined = records.attempts.iter().filter(|one| sittings.contains(&one.sitting)).map(|one| one.staff);
    let ids: BTreeSet<StaffId> = attended.chain(examined).collect();
    let people = records.staff.iter().filter(|one| ids.contains(&one.id));
    let mut people: Vec<(&str, StaffId)> = people.map(|one| (one.name.as_str(), one.id)).collect();
    people.sort();
    people.into_iter().map(|(_, id)| id).collect()
}

/// The sheet 成绩 of an exam: a row for each of `people`, in their order, with an empty score, or the one that is known.
pub fn score_sheet(records: &Records, register: &Register, exam: SittingId, people: &[StaffId]) -> SheetOut {
    let names = Names::of(records, register);
    let known: std::collections::HashMap<StaffId, _> =
        records.attempts.iter().filter(|one| one.sitting == exam).map(|one| (one.staff, one)).collect();
    filled_in(sheet(SheetKey::Scores), people.iter(), |staff, key| match (key, known.get(*staff)) {
        // What was entered twice is told apart by nobody but those who did.
        (Key::Score, Some(one)) if one.second.is_none() => cells::of_attempt(one, key, &names),
        (Key::Score | Key::EnteredBy, _) => CellIn::Empty,
        _ => cells::of_place(exam, **staff, key, &names),
    })
}

/// The sheet 签到 of a sitting: a row for each of `people`, in their order, to be signed and then filled in.
pub fn sign_in_sheet(
    records: &Records,
    register: &Register,
    sitting: SittingId,
    people: &[StaffId],
) -> SheetOut {
    let names = Names::of(records, register);
    let known: std::collections::HashMap<StaffId, _> =
        records.attendance.iter().filter(|one| one.sitting == sitting).map(|one| (one.staff, one)).collect();
    filled_in(sheet(SheetKey::Attendance), people.iter(), |staff, key| match known.get(*staff) {
        Some(one) => cells::of_attendance(one, key, &names),
        None => cells::of_place(sitting, **staff, key, &names),
    })
}

/// The sheet 人员 of some people, for a list to be read or corrected. ID numbers are not in it.
pub fn roster_sheet(records: &Records, register: &Register, people: &[StaffId]) -> SheetOut {
    let names = Names::of(records, register);
    let staff: std::collections::HashMap<StaffId, _> =
        records.staff.iter().map(|one| (one.id, one)).collect();
    let people = people.iter().filter_map(|id| staff.get(id).copied());
    filled_in(sheet(SheetKey::Staff), people, |one, key| match key {
        Key::IdNumber => CellIn::Empty,
        _ => cells::of_staff(one, key, &names),
    })
}
