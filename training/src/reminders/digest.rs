//! What falls due in each unit and what that opens, as values for a letter or a sheet.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;
use model::id::{SystemId, UnitId};
use model::post::PostKind;
use model::register::ProtectionLevel;
use serde::Serialize;

use super::{Asked, Because, Item, Opening, item, openings, whom, words};
use crate::certificates::Standing;
use crate::coverage;
use crate::due::{Due, due};
use crate::people::Holding;
use crate::records::Book;

/// One unit's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitDigest {
    pub unit: UnitId,
    pub code: String,
    pub name: String,
    pub as_of: NaiveDate,
    /// The nearest day first.
    pub rows: Vec<DigestRow>,
    /// What that leaves without anybody certified, the nearest day first.
    pub openings: Vec<DigestOpening>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestRow {
    #[serde(flatten)]
    pub item: Item,
    /// Posts that the certificate is for, as the person holds them in this unit.
    pub posts: Vec<PostKind>,
    /// Names of the systems for which they hold them; none where it is for the unit as a whole.
    pub systems: Vec<String>,
    pub standing: Standing,
    /// Whom a mail would reach.
    pub told: Vec<Because>,
}

/// A requirement that gets a gap, with its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestOpening {
    #[serde(flatten)]
    pub opening: Opening,
    /// Empty for the unit as a whole.
    pub system_name: String,
    pub level: Option<ProtectionLevel>,
    /// What is asked for, in words.
    pub asks: String,
    /// Whose certificates lapse.
    pub holders: Vec<String>,
}

/// A digest for each unit in which something falls due up to the scheme's first step, or lapsed as long ago and was not
/// renewed; by the name of the unit.
pub fn digests(book: &Book<'_>, asked: Asked<'_>, exposed: &HashSet<SystemId>) -> Vec<UnitDigest> {
    let horizon = asked.scheme.reminders.days_before.iter().copied().max().unwrap_or(0);
    let mut units: BTreeMap<UnitId, (Vec<DigestRow>, Vec<DigestOpening>)> = BTreeMap::new();
    for due in due(book, asked.scheme, asked.day, horizon) {
        if let Some(row) = row(book, asked, &due) {
            units.entry(due.unit).or_default().0.push(row);
        }
    }
    let Asked { scheme, register, day, .. } = asked;
    for opening in openings(book, coverage::Asked { scheme, register, exposed, day }, horizon) {
        // Of a person with posts in two units, the other one may have a gap and no row.
        units.entry(opening.unit).or_default().1.push(named(book, asked, opening));
    }
    let digests = units.into_iter().filter_map(|(unit, (rows, openings))| {
        let unit = register.unit(unit)?;
        let (code, name) = (unit.code.as_str().to_owned(), unit.name.clone());
        Some(UnitDigest { unit: unit.id, code, name, as_of: day, rows, openings })
    });
    let mut digests: Vec<UnitDigest> = digests.collect();
    digests.sort_by(|a, b| (&a.name, &a.code).cmp(&(&b.name, &b.code)));
    digests
}

fn row(book: &Book<'_>, asked: Asked<'_>, due: &Due) -> Option<DigestRow> {
    let item = item(book, asked, due)?;
    let certificate = book.certificates(due.staff).iter().find(|one| one.id == due.certificate)?;
    let category = asked.scheme.category(&due.category);
    let is_for = |post: PostKind| category.is_some_and(|category| category.posts.contains(&post));
    let held = book.holdings(due.staff).iter().filter(|held| held.unit == due.unit);
    let held: Vec<&Holding> =
        held.copied().filter(|held| held.is_held_on(asked.day) && is_for(held.post)).collect();
    let mut posts: Vec<PostKind> = held.iter().map(|held| held.post).collect();
    posts.sort();
    posts.dedup();
    let systems: BTreeSet<SystemId> = held.iter().filter_map(|held| held.system).collect();
    let systems = asked.register.systems.iter().filter(|system| systems.contains(&system.id));
    let mut told: Vec<Because> =
        whom::recipients(book, asked, due).recipients.iter().map(|one| one.because).collect();
    told.dedup();
    Some(DigestRow {
        posts,
        systems: systems.map(|system| words::one_line(&system.name)).collect(),
        standing: book.standing(certificate, asked.day),
        told,
        item,
    })
}

fn named(book: &Book<'_>, asked: Asked<'_>, opening: Opening) -> DigestOpening {
    let system = opening.system.and_then(|id| asked.register.systems.iter().find(|system| system.id == id));
    let rule = asked.scheme.requirements.iter().find(|rule| rule.id == opening.requirement);
    let holders = opening.lapsed.iter().filter_map(|staff| book.staff(*staff));
    DigestOpening {
        system_name: system.map(|system| words::one_line(&system.name)).unwrap_or_default(),
        level: system.and_then(|system| system.level),
        asks: rule.map_or_else(|| opening.requirement.clone(), words::asks),
        holders: holders.map(|staff| words::one_line(&staff.name)).collect(),
        opening,
    }
}
