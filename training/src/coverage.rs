//! Coverage on a chosen day: the scheme's requirements against posts held and certificates that count on it.
//!
//! Units, systems and what is exposed come from the register as it is now: it keeps no history of levels.

use std::collections::HashSet;

use chrono::NaiveDate;
use model::id::{StaffId, SystemId, UnitId};
use model::post::PostKind;
use model::register::Register;
use model::staffing::{self, Certified, Cover, HoldingFacts, Known, SystemFacts};

use crate::certificates::PostCertificate;
use crate::records::{Book, Records};
use crate::scheme::Scheme;

/// What coverage is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub scheme: &'a Scheme,
    pub register: &'a Register,
    /// Systems of which something answers.
    pub exposed: &'a HashSet<SystemId>,
    pub day: NaiveDate,
}

/// Every requirement for every unit and system that it asks of, on the day.
pub fn coverage(book: &Book<'_>, asked: Asked<'_>) -> Vec<Cover> {
    Facts::of(book, asked, None).cover(asked.scheme, asked.day, &certified(book, asked.day))
}

/// Units, systems and posts, as far as requirements ask of them.
pub(crate) struct Facts {
    units: Vec<UnitId>,
    systems: Vec<SystemFacts>,
    holdings: Vec<HoldingFacts>,
}

impl Facts {
    /// Of the wanted units, or all, as far as they exist on the day: themselves, their systems, and whoever holds a
    /// post in the unit or, also from another unit, for one of its systems.
    pub(crate) fn of(book: &Book<'_>, asked: Asked<'_>, wanted: Option<&HashSet<UnitId>>) -> Facts {
        let Asked { register, exposed, day, .. } = asked;
        let is_wanted = |unit: UnitId| wanted.is_none_or(|wanted| wanted.contains(&unit));
        let units = register.units.iter().filter(|unit| unit.valid.contains(day)).map(|unit| unit.id);
        let units: Vec<UnitId> = units.filter(|unit| is_wanted(*unit)).collect();
        let existing: HashSet<UnitId> = units.iter().copied().collect();
        let systems = register.systems.iter().filter(|system| existing.contains(&system.unit));
        let systems = systems.map(|system| SystemFacts {
            id: system.id,
            unit: system.unit,
            level: system.level,
            is_exposed: exposed.contains(&system.id),
        });
        let systems: Vec<SystemFacts> = systems.collect();
        let own: HashSet<SystemId> = systems.iter().map(|system| system.id).collect();
        let holdings = book.records.holdings.iter().filter(|holding| {
            is_wanted(holding.unit) || holding.system.is_some_and(|system| own.contains(&system))
        });
        let holdings = holdings.filter_map(|holding| {
            Some(HoldingFacts {
                staff: holding.staff,
                unit: holding.unit,
                system: holding.system,
                post: holding.post,
                role: holding.role,
                held: holding.held().ok()?,
            })
        });
        Facts { holdings: holdings.collect(), systems, units }
    }

    pub(crate) fn cover(&self, scheme: &Scheme, day: NaiveDate, certified: &Certified) -> Vec<Cover> {
        let Facts { units, systems, holdings } = self;
        staffing::cover(&scheme.requirements, &Known { day, units, systems, holdings, certified })
    }

    /// As [`certified`], of those who hold a post here.
    pub(crate) fn certified(&self, book: &Book<'_>, day: NaiveDate) -> Certified {
        let staff: HashSet<StaffId> = self.holdings.iter().map(|holding| holding.staff).collect();
        let certificates = staff.iter().flat_map(|staff| book.certificates(*staff)).copied();
        counting(book, certificates, day)
    }
}

/// Who holds a certificate of which category that counts on a day.
pub fn certified(book: &Book<'_>, day: NaiveDate) -> Certified {
    counting(book, book.records.certificates.iter(), day)
}

fn counting<'a>(
    book: &Book<'_>,
    certificates: impl Iterator<Item = &'a PostCertificate>,
    day: NaiveDate,
) -> Certified {
    let mut certified = Certified::new();
    for one in certificates.filter(|one| book.standing(one, day).counts()) {
        match certified.get_mut(&one.category) {
            Some(staff) => drop(staff.insert(one.staff)),
            None => drop(certified.insert(one.category.clone(), HashSet::from([one.staff]))),
        }
    }
    certified
}

/// Requirements that are met, or in grace, before a change and not after it.
pub fn gaps_opened(before: &Records, after: &Records, asked: Asked<'_>) -> Vec<Cover> {
    let was = coverage(&Book::of(before), asked);
    let will = coverage(&Book::of(after), asked);
    // The same rules over the same register: the same requirements in the same order.
    let pairs = was.iter().zip(will);
    pairs
        .filter(|(was, will)| {
            will.standing.is_gap() && (!was.standing.is_gap() || was.standing < will.standing)
        })
        .map(|(_, will)| will)
        .collect()
}

/// Units in which somebody maintains something and holds a certificate for it that counts on the day.
pub fn units_with_maintainer(book: &Book<'_>, scheme: &Scheme, day: NaiveDate) -> HashSet<UnitId> {
    let certified = certified(book, day);
    let categories: Vec<&str> = scheme
        .categories
        .iter()
        .filter(|category| category.posts.contains(&PostKind::Maintainer))
        .map(|category| category.code.as_str())
        .collect();
    let holdings = book.records.holdings.iter();
    let holdings = holdings.filter(|held| held.post == PostKind::Maintainer && held.is_held_on(day));
    let is_certified = |staff: StaffId| {
        categories.iter().any(|code| certified.get(*code).is_some_and(|holders| holders.contains(&staff)))
    };
    holdings.filter(|held| is_certified(held.staff)).map(|held| held.unit).collect()
}
