//! Making certificates of candidates: serials without gaps, tokens, dates, what is printed, and the signed statement.
//!
//! Everything that isn't decided by the records is given: the day, ids, random bytes, the key.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use model::id::{Mint, PostCertificateId, StaffId, UnitId};

use crate::certificates::{
    CertificateAct, CertificateEvent, PostCertificate, Printed, ReviewDue, Standing, last_day,
};
use crate::issue::{Candidate, asking_post};
use crate::keys::SigningKey;
use crate::records::{Book, Change, Records};
use crate::scheme::{Category, Scheme};
use crate::serial::{Numbering, Serial, SerialError, Series};
use crate::statement::{self, Address, Statement};
use crate::token::{TOKEN_BYTES, Token};

/// What certificates are made with, besides the records.
pub struct Making<'a> {
    pub scheme: &'a Scheme,
    pub category: &'a Category,
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    pub decided_by: &'a str,
    pub reason: &'a str,
    pub key: &'a SigningKey,
    /// Before the statement in the QR code, where the customer has a page.
    pub address: Option<&'a Address>,
    /// The highest sequence known outside the records, which may have been restored from a backup.
    pub highest_elsewhere: u64,
    pub unit_name: &'a dyn Fn(UnitId) -> String,
}

#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error("no serial can be given")]
    Serial(#[from] SerialError),
    #[error("the serial {0:?} among the records is none")]
    KeptSerial(String),
    #[error("the statement of {name} can't be made")]
    Statement { name: String, source: statement::MakeError },
    #[error("{0} months from the day of issue is no day")]
    Months(u16),
    #[error("a candidate isn't among the records any more")]
    Gone,
}

/// The highest sequence of the scheme's series among the records.
pub fn highest_sequence(records: &Records, scheme: &Scheme) -> u64 {
    let serials = records.certificates.iter().filter_map(|one| one.serial.parse::<Serial>().ok());
    let own = serials.filter(|serial| serial.series().to_string() == scheme.series);
    own.map(|serial| serial.sequence()).max().unwrap_or(0)
}

/// Certificates for all candidates, in their order: one change, to be stored as a whole.
pub fn make(
    book: &Book<'_>,
    making: &Making<'_>,
    candidates: &[Candidate],
    mint: &mut dyn Mint,
    random: &mut dyn FnMut() -> [u8; TOKEN_BYTES],
) -> Result<Change, NotMade> {
    let series = Series { code: making.scheme.series.parse()?, numbering: Numbering::Continuous };
    let code = making.category.code.parse()?;
    let mut highest = highest_sequence(book.records, making.scheme).max(making.highest_elsewhere);
    let year = u16::try_from(making.day.year()).unwrap_or(0);
    let mut change = Change::default();
    for candidate in candidates {
        let serial = match &candidate.serial {
            Some(kept) => kept.parse().map_err(|_| NotMade::KeptSerial(kept.clone()))?,
            None => {
                let serial = series.next(year, &code, Some(highest))?;
                highest = serial.sequence();
                serial
            }
        };
        let certificate = one(book, making, candidate, serial, mint, random())?;
        change.events.push(event(making, certificate.id, CertificateAct::Issued, making.reason));
        change.events.extend(superseded(book, making, candidate));
        change.certificates.push(certificate);
    }
    Ok(change)
}

fn event(
    making: &Making<'_>,
    certificate: PostCertificateId,
    what: CertificateAct,
    reason: &str,
) -> CertificateEvent {
    CertificateEvent {
        certificate,
        on: making.day,
        at: making.at,
        what,
        reason: reason.to_owned(),
        decided_by: making.decided_by.to_owned(),
    }
}

/// The certificate of the period before ends when its holder gets the next.
fn superseded(book: &Book<'_>, making: &Making<'_>, candidate: &Candidate) -> Option<CertificateEvent> {
    let own = book.certificates(candidate.staff).iter();
    let own = own.filter(|one| one.category == making.category.code);
    let last = own.max_by_key(|one| (one.period, one.edition))?;
    let is_running = !matches!(
        book.standing(last, making.day),
        Standing::Expired | Standing::Revoked | Standing::Cancelled | Standing::Replaced
    );
    is_running.then(|| event(making, last.id, CertificateAct::Replaced, "换证"))
}

fn one(
    book: &Book<'_>,
    making: &Making<'_>,
    candidate: &Candidate,
    serial: Serial,
    mint: &mut dyn Mint,
    random: [u8; TOKEN_BYTES],
) -> Result<PostCertificate, NotMade> {
    let Making { scheme, category, day, .. } = *making;
    let person = book.staff(candidate.staff).ok_or(NotMade::Gone)?;
    let holding = asking_post(book, category, candidate.staff, day).ok_or(NotMade::Gone)?;
    let valid_until = candidate.valid_until(category).ok_or(NotMade::Months(category.valid_months))?;
    let review = category.review.as_ref().and_then(|review| {
        let on = last_day(candidate.runs_from, review.after_months)?;
        Some(ReviewDue {
            on,
            from: on.checked_sub_days(Days::new(review.window_days.into()))?,
            counts_until: on.checked_add_days(Days::new(review.grace_days.into()))?,
        })
    });
    let printed = Printed {
        issuer: scheme.issuer.clone(),
        title: category.name.clone(),
        name: person.name.clone(),
        unit: (making.unit_name)(holding.unit),
        post: holding.post.chinese().to_owned(),
        serial: serial.to_string(),
        issued_on: day,
        valid_until,
        review_due: review.map(|review| review.on),
        topics: candidate.topics.clone(),
        scheme: scheme.version.clone(),
        old_number: None,
    };
    finish(making, candidate.staff, candidate.period, 1, serial, printed, review, mint, random)
}

/// Another edition of a certificate that was lost or damaged: the same facts with a token and a statement of its own.
pub fn replace(
    making: &Making<'_>,
    old: &PostCertificate,
    mint: &mut dyn Mint,
    random: [u8; TOKEN_BYTES],
) -> Result<Change, NotMade> {
    let serial = old.serial.parse().map_err(|_| NotMade::KeptSerial(old.serial.clone()))?;
    let edition = old.edition.saturating_add(1);
    let (staff, period, review) = (old.staff, old.period, old.review);
    let new = finish(making, staff, period, edition, serial, old.printed.clone(), review, mint, random)?;
    // The first day stays that of the certificate, so that it counts for the days before as well.
    let events = vec![
        event(making, old.id, CertificateAct::Replaced, making.reason),
        event(making, new.id, CertificateAct::Issued, making.reason),
    ];
    Ok(Change { certificates: vec![new], events, ..Change::default() })
}

/// Gives serials and tokens to old paper certificates that were entered: in the order of their days, so that the older
/// one has the lower number. A person's later ones of a category keep the serial of the first.
pub fn number_old(
    change: &mut Change,
    records: &Records,
    scheme: &Scheme,
    highest_elsewhere: u64,
    random: &mut dyn FnMut() -> [u8; TOKEN_BYTES],
) -> Result<(), NotMade> {
    let series = Series { code: scheme.series.parse()?, numbering: Numbering::Continuous };
    let mut highest = highest_sequence(records, scheme).max(highest_elsewhere);
    let known = records.certificates.iter();
    let mut serials: HashMap<(StaffId, String), String> =
        known.map(|one| ((one.staff, one.category.clone()), one.serial.clone())).collect();
    change.certificates.sort_by_key(|one| (one.issued_on, one.id));
    for one in change.certificates.iter_mut().filter(|one| one.serial.is_empty()) {
        let serial = match serials.get(&(one.staff, one.category.clone())) {
            Some(serial) => serial.clone(),
            None => {
                let year = u16::try_from(one.issued_on.year()).unwrap_or(0).max(2000);
                let serial = series.next(year, &one.category.parse()?, Some(highest))?;
                highest = serial.sequence();
                serial.to_string()
            }
        };
        serials.insert((one.staff, one.category.clone()), serial.clone());
        one.printed.serial.clone_from(&serial);
        one.serial = serial;
        one.token = Token::from_random(random()).to_string();
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the parts of a certificate, put together in one place")]
fn finish(
    making: &Making<'_>,
    staff: StaffId,
    period: u16,
    edition: u16,
    serial: Serial,
    printed: Printed,
    review: Option<ReviewDue>,
    mint: &mut dyn Mint,
    random: [u8; TOKEN_BYTES],
) -> Result<PostCertificate, NotMade> {
    let token = Token::from_random(random);
    let told = |source| NotMade::Statement { name: printed.name.clone(), source };
    let statement = Statement::of(&on_paper(&printed, &serial, &token))
        .and_then(|statement| statement.sign(making.key, making.address))
        .map_err(told)?;
    Ok(PostCertificate {
        id: PostCertificateId::mint(mint),
        staff,
        category: making.category.code.clone(),
        serial: serial.to_string(),
        period,
        edition,
        token: token.to_string(),
        issued_on: printed.issued_on,
        valid_until: printed.valid_until,
        review,
        printed,
        statement,
        files: BTreeMap::new(),
    })
}

/// What the statement's digest is over.
pub fn on_paper<'a>(printed: &'a Printed, serial: &'a Serial, token: &'a Token) -> statement::Printed<'a> {
    statement::Printed {
        serial,
        name: &printed.name,
        unit: Some(&printed.unit),
        post: Some(&printed.post),
        category_name: &printed.title,
        issued_on: printed.issued_on,
        valid_until: printed.valid_until,
        token: Some(token),
    }
}

#[cfg(test)]
mod tests;
