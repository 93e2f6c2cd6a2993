//! Who is to be reminded of what on a day: the holder and the unit's contact, and from some days before on the leader
//! who is responsible.
//!
//! Days that were missed are made up for by the nearest step, once; a certificate that was renewed needs no reminder.
//! It sends nothing and knows no mail server: what may be written to is the caller's rule.

mod digest;
mod openings;
mod post;
mod whom;
mod words;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use model::id::UnitId;
use model::register::Register;
use serde::Serialize;

pub use self::digest::{DigestOpening, DigestRow, UnitDigest, digests};
pub use self::openings::{Opening, openings};
pub use self::post::{
    Kept, KeptMail, MailChange, MailState, NewMail, RevisedMail, WithdrawnMail, next_try, plan,
};
pub use self::whom::{Because, Unreachable, WhyNot};
use crate::due::{Due, DueKind, due};
use crate::records::Book;
use crate::scheme::{Reminders, Scheme};

/// What reminders are decided on.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub scheme: &'a Scheme,
    pub register: &'a Register,
    pub day: NaiveDate,
    /// Whether something is a mail address that can be written to.
    pub is_address: &'a (dyn Fn(&str) -> bool + Sync),
}

/// Everything that somebody ought to be told on a day, sent or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Wanted {
    pub lines: Vec<Line>,
    /// Who ought to be told and can't be.
    pub unreachable: Vec<Unreachable>,
}

/// One thing that one recipient is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Serial, period, what, step and address: the same reminder has the same key for ever, also where a replacement
    /// of the certificate was issued meanwhile.
    pub key: String,
    pub address: String,
    /// Name of the recipient.
    pub name: String,
    pub because: Because,
    /// Step of the scheme, in days before.
    pub step: u16,
    pub item: Item,
}

/// Something that falls due, in words for people: never more of the holder than the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    pub holder: String,
    pub unit: UnitId,
    pub unit_name: String,
    pub category: String,
    pub serial: String,
    pub period: u16,
    pub what: DueKind,
    pub on: NaiveDate,
    pub days_left: i64,
}

/// The step that a day stands for: the nearest one that has come. After the day itself the last step is made up for,
/// as long as it is wide.
pub fn step(reminders: &Reminders, days_left: i64) -> Option<u16> {
    let last = reminders.days_before.iter().copied().min()?;
    if days_left < -i64::from(last) {
        return None;
    }
    reminders.days_before.iter().copied().filter(|step| i64::from(*step) >= days_left).min()
}

/// What is to be told on the day, to whom.
pub fn wanted(book: &Book<'_>, asked: Asked<'_>) -> Wanted {
    let reminders = &asked.scheme.reminders;
    let horizon = reminders.days_before.iter().copied().max().unwrap_or(0);
    let mut wanted = Wanted::default();
    let mut keys = BTreeSet::new();
    let mut holders = BTreeSet::new();
    for due in due(book, asked.scheme, asked.day, horizon) {
        let Some(step) = step(reminders, due.days_left) else { continue };
        let Some(item) = item(book, asked, &due) else { continue };
        let reached = whom::recipients(book, asked, &due);
        for recipient in reached.recipients {
            let key = key(&item, step, &recipient.address);
            // One address is told once, whatever its reasons are: the first one counts.
            if keys.insert(key.clone()) {
                let whom::Recipient { address, name, because } = recipient;
                wanted.lines.push(Line { key, address, name, because, step, item: item.clone() });
            }
        }
        // Of somebody with posts in two units, each unit's contact is told, and the holder is missing once.
        let is_first = holders.insert((due.certificate, due.what));
        let missing = reached.missing.into_iter();
        let missing = missing.filter(|why| is_first || why.because() != Because::Holder);
        wanted.unreachable.extend(missing.map(|why| Unreachable { item: item.clone(), why }));
    }
    wanted
}

/// What falls due from the day on within so many days, for a calendar; of somebody with posts in two units, once for each.
pub fn upcoming(book: &Book<'_>, asked: Asked<'_>, days: u16) -> Vec<Item> {
    let all = due(book, asked.scheme, asked.day, days);
    let ahead = all.iter().filter(|due| due.days_left >= 0);
    ahead.filter_map(|due| item(book, asked, due)).collect()
}

fn key(item: &Item, step: u16, address: &str) -> String {
    let Item { serial, period, what, .. } = item;
    format!("{serial}/{period}/{}/{step}/{}", what.as_str(), address.to_lowercase())
}

fn item(book: &Book<'_>, asked: Asked<'_>, due: &Due) -> Option<Item> {
    let certificate = book.certificates(due.staff).iter().find(|one| one.id == due.certificate)?;
    let category = asked.scheme.category(&due.category).map_or(&due.category, |category| &category.name);
    let unit_name = asked.register.unit(due.unit).map(|unit| unit.name.as_str()).unwrap_or_default();
    Some(Item {
        holder: words::one_line(&book.staff(due.staff)?.name),
        unit: due.unit,
        unit_name: words::one_line(unit_name),
        category: words::one_line(category),
        serial: due.serial.clone(),
        period: certificate.period,
        what: due.what,
        on: due.on,
        days_left: due.days_left,
    })
}

#[cfg(test)]
mod tests;
