//! What falls due in each unit, as values for a letter or a sheet.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use model::id::UnitId;
use model::post::PostKind;
use serde::Serialize;

use super::{Asked, Because, Item, item, whom};
use crate::certificates::Standing;
use crate::due::due;
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
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestRow {
    #[serde(flatten)]
    pub item: Item,
    /// Posts that the certificate is for, as the person holds them in this unit.
    pub posts: Vec<PostKind>,
    pub standing: Standing,
    /// Whom a mail would reach.
    pub told: Vec<Because>,
}

/// A digest for each unit in which something falls due up to the scheme's first step, or lapsed as long ago and was not
/// renewed; by the name of the unit.
pub fn digests(book: &Book<'_>, asked: Asked<'_>) -> Vec<UnitDigest> {
    let horizon = asked.scheme.reminders.days_before.iter().copied().max().unwrap_or(0);
    let mut units: BTreeMap<UnitId, Vec<DigestRow>> = BTreeMap::new();
    for due in due(book, asked.scheme, asked.day, horizon) {
        let certificate = book.certificates(due.staff).iter().find(|one| one.id == due.certificate);
        let (Some(item), Some(certificate)) = (item(book, asked, &due), certificate) else { continue };
        let category = asked.scheme.category(&due.category);
        let held = book.holdings(due.staff).iter().filter(|held| held.unit == due.unit);
        let held = held.filter(|held| held.is_held_on(asked.day));
        let mut posts: Vec<PostKind> = held.map(|held| held.post).collect();
        posts.retain(|post| category.is_some_and(|category| category.posts.contains(post)));
        posts.sort();
        posts.dedup();
        let mut told: Vec<Because> =
            whom::recipients(book, asked, &due).recipients.iter().map(|one| one.because).collect();
        told.dedup();
        let standing = book.standing(certificate, asked.day);
        units.entry(due.unit).or_default().push(DigestRow { item, posts, standing, told });
    }
    let named = units.into_iter().filter_map(|(unit, rows)| {
        let unit = asked.register.unit(unit)?;
        let code = unit.code.as_str().to_owned();
        Some(UnitDigest { unit: unit.id, code, name: unit.name.clone(), as_of: asked.day, rows })
    });
    let mut digests: Vec<UnitDigest> = named.collect();
    digests.sort_by(|a, b| (&a.name, &a.code).cmp(&(&b.name, &b.code)));
    digests
}
