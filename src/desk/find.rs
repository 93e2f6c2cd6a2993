//! Finding units, systems, people and sittings by what they are called on the command line.

use chrono::NaiveDate;
use intake::cell::name_key;
use model::id::{SystemId, UnitId};
use training::certificates::PostCertificate;
use training::people::Staff;
use training::records::Book;
use training::serial::{Serial, SerialError};
use training::sittings::Sitting;
use training::token::Token;

use super::Desk;
use crate::exit::{Exit, Failure};

#[derive(Debug, thiserror::Error)]
enum Lookup {
    #[error("there is no {kind} {given:?}; `{list}` shows them")]
    None { kind: &'static str, given: String, list: &'static str },
    #[error("{given:?} is several: {choices}")]
    Several { given: String, choices: String },
    #[error("{0:?} isn't a term and a sitting, such as 2026-1/WH-1")]
    NotASitting(String),
}

fn none<T>(kind: &'static str, given: &str, list: &'static str) -> Result<T, Failure> {
    Err(Failure::new(Exit::NotFound, Lookup::None { kind, given: given.to_owned(), list }))
}

fn several<T>(given: &str, choices: Vec<String>) -> Result<T, Failure> {
    Err(Failure::new(
        Exit::NotFound,
        Lookup::Several { given: given.to_owned(), choices: choices.join(", ") },
    ))
}

/// By credit code or exact name.
pub fn unit(desk: &Desk, given: &str) -> Result<UnitId, Failure> {
    let key = name_key(given);
    let matching: Vec<_> = desk
        .register
        .units
        .iter()
        .filter(|unit| unit.code.as_str().eq_ignore_ascii_case(given.trim()) || name_key(&unit.name) == key)
        .collect();
    match matching.as_slice() {
        [unit] => Ok(unit.id),
        [] => none("unit", given, "sentrypost registry list units"),
        units => several(given, units.iter().map(|unit| unit.code.to_string()).collect()),
    }
}

/// A system of a unit by its name.
pub fn system(desk: &Desk, unit: UnitId, given: &str) -> Result<SystemId, Failure> {
    let key = name_key(given);
    let mut systems =
        desk.register.systems.iter().filter(|one| one.unit == unit && name_key(&one.name) == key);
    match systems.next() {
        Some(system) => Ok(system.id),
        None => none("system of the unit", given, "sentrypost registry list systems"),
    }
}

/// By `name`, `name/phone`, each with `@unit`, or by the end of an id.
pub fn staff<'a>(desk: &'a Desk, given: &str) -> Result<&'a Staff, Failure> {
    let list = "sentrypost training people";
    let (name, at) = match given.rsplit_once('@') {
        Some((name, at)) => (name, Some(unit(desk, at)?)),
        None => (given, None),
    };
    let (name, phone) = match name.split_once('/') {
        Some((name, phone)) => (name, Some(digits(phone))),
        None => (name, None),
    };
    let book = Book::of(&desk.records);
    let key = name_key(name);
    let is_meant = |one: &&Staff| {
        name_key(&one.name) == key
            && phone
                .as_ref()
                .is_none_or(|tail| digits(one.phone.as_deref().unwrap_or_default()).ends_with(tail))
            && at.is_none_or(|unit| {
                one.unit == Some(unit) || book.holdings(one.id).iter().any(|held| held.unit == unit)
            })
    };
    let mut matching: Vec<&Staff> = desk.records.staff.iter().filter(is_meant).collect();
    if matching.is_empty() && given.len() >= 6 {
        let end = given.to_ascii_lowercase();
        matching = desk.records.staff.iter().filter(|one| one.id.to_string().ends_with(&end)).collect();
    }
    match matching.as_slice() {
        [one] => Ok(one),
        [] => none("person", given, list),
        people => several(given, people.iter().map(|one| written(&book, desk, one)).collect()),
    }
}

/// A person so that nobody else is meant.
fn written(book: &Book<'_>, desk: &Desk, one: &Staff) -> String {
    let unit = book.unit_of(one.id).and_then(|unit| desk.register.unit(unit));
    let unit = unit.map(|unit| format!("@{}", unit.name)).unwrap_or_default();
    format!("{}/{}{unit} ({})", one.name, one.phone.as_deref().unwrap_or_default(), one.id)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A sitting by `term/sitting`.
pub fn which_sitting<'a>(desk: &'a Desk, given: &str) -> Result<&'a Sitting, Failure> {
    let Some((term, code)) = given.split_once('/') else {
        return Err(Failure::new(Exit::Usage, Lookup::NotASitting(given.to_owned())));
    };
    let term = desk.records.terms.iter().find(|one| one.code.eq_ignore_ascii_case(term.trim()));
    let sitting = term.and_then(|term| {
        let mut own = desk.records.sittings.iter().filter(|one| one.term == term.id);
        own.find(|one| one.code.eq_ignore_ascii_case(code.trim()))
    });
    match sitting {
        Some(sitting) => Ok(sitting),
        None => none("sitting", given, "sentrypost training sittings"),
    }
}

/// A certificate by its serial, its token, or the number on an old paper certificate. Of several editions and periods
/// of a serial the latest.
pub fn certificate<'a>(desk: &'a Desk, given: &str) -> Result<&'a PostCertificate, Failure> {
    of_serial(desk, given, |found| found.iter().copied().max_by_key(|one| (one.period, one.edition)))
}

/// The same; of several editions and periods of a serial the one in force on a day.
pub fn certificate_on<'a>(
    desk: &'a Desk,
    given: &str,
    day: NaiveDate,
) -> Result<&'a PostCertificate, Failure> {
    of_serial(desk, given, |found| Book::of(&desk.records).in_force(found, day))
}

fn of_serial<'a>(
    desk: &'a Desk,
    given: &str,
    choose: impl Fn(&[&'a PostCertificate]) -> Option<&'a PostCertificate>,
) -> Result<&'a PostCertificate, Failure> {
    let serial = given.parse::<Serial>();
    let own = desk.records.certificates.iter();
    let found = if let Ok(serial) = &serial {
        let serial = serial.to_string();
        choose(&own.filter(|one| one.serial == serial).collect::<Vec<_>>())
    } else if let Ok(token) = given.parse::<Token>() {
        let mut own = own;
        own.find(|one| one.token.parse::<Token>().is_ok_and(|kept| kept == token))
    } else {
        None
    };
    if let Some(certificate) = found {
        return Ok(certificate);
    }
    let key = name_key(given);
    let is_old =
        |one: &&PostCertificate| one.printed.old_number.as_deref().map(name_key) == Some(key.clone());
    let old: Vec<&PostCertificate> = desk.records.certificates.iter().filter(is_old).collect();
    match old.as_slice() {
        [certificate] => Ok(certificate),
        [] if serial == Err(SerialError::CheckCharacter) => {
            let error = SerialError::CheckCharacter;
            let told = error.zh();
            Err(Failure { exit: Exit::BadInput, error: anyhow::Error::from(error).context(told) })
        }
        [] => none("certificate", given, "sentrypost cert list"),
        // Two bodies may have printed the same number.
        several_bodies => several(
            given,
            several_bodies.iter().map(|one| format!("{} ({})", one.serial, one.printed.issuer)).collect(),
        ),
    }
}
