//! Everything that is recorded, whole; a change of it; and looking things up.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use model::id::{PostCertificateId, SittingId, StaffId, TermId, UnitId};
use serde::{Deserialize, Serialize};

use crate::certificates::{self, CertificateAct, CertificateEvent, PostCertificate, Standing};
use crate::people::{Holding, Staff};
use crate::sittings::{Attempt, Attendance, Sitting, SittingKind, Term, Waiver};

/// All training records, each list in the order of its ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Records {
    /// Goes up with each change: what was decided on one revision can be stored on no other.
    pub revision: u64,
    pub staff: Vec<Staff>,
    pub holdings: Vec<Holding>,
    pub terms: Vec<Term>,
    pub sittings: Vec<Sitting>,
    /// In the order of sitting and person.
    pub attendance: Vec<Attendance>,
    pub attempts: Vec<Attempt>,
    pub waivers: Vec<Waiver>,
    pub certificates: Vec<PostCertificate>,
    /// In the order in which they were entered.
    pub events: Vec<CertificateEvent>,
}

/// New and changed entries as full values, to be stored in one transaction: an id that is known is replaced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub staff: Vec<Staff>,
    pub holdings: Vec<Holding>,
    pub terms: Vec<Term>,
    pub sittings: Vec<Sitting>,
    pub attendance: Vec<Attendance>,
    pub attempts: Vec<Attempt>,
    pub waivers: Vec<Waiver>,
    pub certificates: Vec<PostCertificate>,
    /// Only ever added.
    pub events: Vec<CertificateEvent>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of entries of all kinds.
    pub fn len(&self) -> usize {
        self.staff.len()
            + self.holdings.len()
            + self.terms.len()
            + self.sittings.len()
            + self.attendance.len()
            + self.attempts.len()
            + self.waivers.len()
            + self.certificates.len()
            + self.events.len()
    }
}

/// The records after a change, with the next revision.
pub fn apply(records: &Records, change: &Change) -> Records {
    Records {
        revision: records.revision + 1,
        staff: upsert(&records.staff, &change.staff, |one| one.id),
        holdings: upsert(&records.holdings, &change.holdings, |one| one.id),
        terms: upsert(&records.terms, &change.terms, |one| one.id),
        sittings: upsert(&records.sittings, &change.sittings, |one| one.id),
        attendance: upsert(&records.attendance, &change.attendance, |one| (one.sitting, one.staff)),
        attempts: upsert(&records.attempts, &change.attempts, |one| one.id),
        waivers: upsert(&records.waivers, &change.waivers, |one| one.id),
        certificates: upsert(&records.certificates, &change.certificates, |one| one.id),
        events: records.events.iter().chain(&change.events).cloned().collect(),
    }
}

fn upsert<T: Clone, Id: Ord>(known: &[T], changed: &[T], id: impl Fn(&T) -> Id) -> Vec<T> {
    let mut by_id: BTreeMap<Id, &T> = known.iter().map(|one| (id(one), one)).collect();
    by_id.extend(changed.iter().map(|one| (id(one), one)));
    by_id.into_values().cloned().collect()
}

/// Records with what belongs together at hand.
#[derive(Debug)]
pub struct Book<'a> {
    pub records: &'a Records,
    staff: HashMap<StaffId, &'a Staff>,
    sittings: HashMap<SittingId, &'a Sitting>,
    lessons: HashMap<TermId, Vec<&'a Sitting>>,
    presence: HashMap<(SittingId, StaffId), &'a Attendance>,
    attempts: HashMap<StaffId, Vec<&'a Attempt>>,
    waivers: HashMap<StaffId, Vec<&'a Waiver>>,
    holdings: HashMap<StaffId, Vec<&'a Holding>>,
    certificates: HashMap<StaffId, Vec<&'a PostCertificate>>,
    events: HashMap<PostCertificateId, Vec<CertificateEvent>>,
}

impl<'a> Book<'a> {
    pub fn of(records: &'a Records) -> Book<'a> {
        let mut book = Book {
            records,
            staff: records.staff.iter().map(|one| (one.id, one)).collect(),
            sittings: records.sittings.iter().map(|one| (one.id, one)).collect(),
            lessons: HashMap::new(),
            presence: records.attendance.iter().map(|one| ((one.sitting, one.staff), one)).collect(),
            attempts: HashMap::new(),
            waivers: HashMap::new(),
            holdings: HashMap::new(),
            certificates: HashMap::new(),
            events: HashMap::new(),
        };
        for sitting in records.sittings.iter().filter(|sitting| sitting.kind == SittingKind::Lesson) {
            book.lessons.entry(sitting.term).or_default().push(sitting);
        }
        for one in &records.attempts {
            book.attempts.entry(one.staff).or_default().push(one);
        }
        for one in &records.waivers {
            book.waivers.entry(one.staff).or_default().push(one);
        }
        for one in &records.holdings {
            book.holdings.entry(one.staff).or_default().push(one);
        }
        for one in &records.certificates {
            book.certificates.entry(one.staff).or_default().push(one);
        }
        for one in &records.events {
            book.events.entry(one.certificate).or_default().push(one.clone());
        }
        book
    }

    pub fn staff(&self, id: StaffId) -> Option<&'a Staff> {
        self.staff.get(&id).copied()
    }

    pub fn sitting(&self, id: SittingId) -> Option<&'a Sitting> {
        self.sittings.get(&id).copied()
    }

    /// The lessons of a topic in a term.
    pub fn lessons(&self, term: TermId, topic: &str) -> impl Iterator<Item = &'a Sitting> {
        let of_term = self.lessons.get(&term).map_or(&[][..], Vec::as_slice);
        of_term.iter().copied().filter(move |sitting| sitting.topic == topic)
    }

    pub fn presence(&self, sitting: SittingId, staff: StaffId) -> Option<&'a Attendance> {
        self.presence.get(&(sitting, staff)).copied()
    }

    pub fn attempts(&self, staff: StaffId) -> &[&'a Attempt] {
        self.attempts.get(&staff).map_or(&[], Vec::as_slice)
    }

    pub fn waivers(&self, staff: StaffId) -> &[&'a Waiver] {
        self.waivers.get(&staff).map_or(&[], Vec::as_slice)
    }

    pub fn holdings(&self, staff: StaffId) -> &[&'a Holding] {
        self.holdings.get(&staff).map_or(&[], Vec::as_slice)
    }

    /// The unit that a person belongs to: that of the latest post, or of the roster without one.
    pub fn unit_of(&self, staff: StaffId) -> Option<UnitId> {
        let posts = self.holdings(staff).iter();
        let latest = posts.max_by_key(|held| (held.from, held.unit)).map(|held| held.unit);
        latest.or_else(|| self.staff(staff)?.unit)
    }

    pub fn certificates(&self, staff: StaffId) -> &[&'a PostCertificate] {
        self.certificates.get(&staff).map_or(&[], Vec::as_slice)
    }

    pub fn events(&self, certificate: PostCertificateId) -> &[CertificateEvent] {
        self.events.get(&certificate).map_or(&[], Vec::as_slice)
    }

    pub fn standing(&self, certificate: &PostCertificate, day: NaiveDate) -> Standing {
        certificates::standing(certificate, self.events(certificate.id), day)
    }

    /// Of several periods and editions of one serial the one in force on a day, which is the last issued by then, else
    /// the first of all. An older one never speaks for a serial whose last was revoked.
    pub fn in_force<'c>(
        &self,
        of_serial: &[&'c PostCertificate],
        day: NaiveDate,
    ) -> Option<&'c PostCertificate> {
        // A replacement bears the first day of what it replaces, and is issued on one of its own.
        let is_issued = |one: &&&PostCertificate| {
            let mut begun = self.events(one.id).iter().filter(|event| event.what == CertificateAct::Issued);
            begun.next().map_or(one.issued_on, |event| event.on) <= day
        };
        let number = |one: &&&PostCertificate| (one.period, one.edition);
        let last = of_serial.iter().filter(is_issued).max_by_key(number);
        last.or_else(|| of_serial.iter().min_by_key(number)).copied()
    }

    /// The certificate of a category that counts on a day, else the last one issued by then.
    pub fn certificate_of(
        &self,
        staff: StaffId,
        category: &str,
        day: NaiveDate,
    ) -> Option<&'a PostCertificate> {
        let issued = self.certificates(staff).iter().copied();
        let mut issued: Vec<&PostCertificate> =
            issued.filter(|one| one.category == category && one.issued_on <= day).collect();
        issued.sort_by_key(|one| (one.period, one.edition));
        let counting = issued.iter().rev().find(|one| self.standing(one, day).counts());
        counting.or(issued.last()).copied()
    }
}

#[cfg(test)]
mod tests {
    use model::id::{CountingMint, HoldingId};
    use model::post::PostKind;

    use super::*;
    use crate::people::Employment;

    /// The roster's unit and posts as (unit, first day) in the order of their ids, the expected unit.
    fn check(roster: Option<usize>, posts: &[(usize, &str)], expected: Option<usize>) {
        let mint = &mut CountingMint::default();
        let units = [(); 3].map(|()| UnitId::mint(mint));
        let staff = StaffId::mint(mint);
        let person = Staff {
            id: staff,
            name: "虚构甲".into(),
            unit: roster.map(|n| units[n]),
            employment: Employment::Staff,
            phone: None,
            email: None,
            id_number: None,
            forgotten_on: None,
        };
        let held = posts.iter().map(|(unit, from)| Holding {
            id: HoldingId::mint(mint),
            staff,
            unit: units[*unit],
            system: None,
            post: PostKind::Maintainer,
            role: None,
            from: from.parse().expect("a day"),
            until: None,
            ended_because: None,
        });
        let records = Records { holdings: held.collect(), staff: vec![person], ..Records::default() };
        assert_eq!(Book::of(&records).unit_of(staff), expected.map(|n| units[n]), "{roster:?} {posts:?}");
    }

    #[test]
    fn a_person_belongs_to_the_unit_of_the_latest_post_whenever_it_was_entered_and_else_of_the_roster() {
        check(None, &[], None);
        check(Some(0), &[], Some(0));
        check(Some(0), &[(1, "2026-01-01")], Some(1));
        check(Some(0), &[(1, "2026-01-01"), (2, "2026-03-01")], Some(2));
        check(None, &[(2, "2026-03-01"), (1, "2026-01-01")], Some(2));
    }
}
