//! Who gets a certificate of a category: first ones and renewals, decided on one state of the records.
//!
//! It names the reason for everybody who gets none. Serials, tokens and signatures come with the making of certificates.

use chrono::{Days, Months, NaiveDate};
use model::id::StaffId;

use crate::certificates::{PostCertificate, Standing, last_day};
use crate::credits::{self, Credit, CreditBy};
use crate::people::Holding;
use crate::records::Book;
use crate::scheme::{Category, RunsFrom, Scheme};

/// Somebody who gets a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub staff: StaffId,
    pub period: u16,
    /// The serial that the person keeps; `None` for the first certificate.
    pub serial: Option<String>,
    /// What it rests on, a line for each topic.
    pub topics: Vec<String>,
    /// Later than the last day of the one before.
    pub is_late: bool,
    /// From which day its months are counted.
    pub runs_from: NaiveDate,
}

impl Candidate {
    /// The last day of the certificate; `None` past the end of the calendar.
    pub fn valid_until(&self, category: &Category) -> Option<NaiveDate> {
        last_day(self.runs_from, category.valid_months)
    }
}

/// Why somebody gets none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotIssued {
    #[error("holds no post that asks for this certificate")]
    NoPost,
    #[error("not passed: {}", .0.join(", "))]
    Missing(Vec<String>),
    #[error("holds a certificate until {until}; it can be renewed from {from}")]
    HoldsOne { until: NaiveDate, from: NaiveDate },
    #[error("the certificate is suspended")]
    Suspended,
    #[error("the certificate is revoked since; all topics must be passed after {0}")]
    AfterRevocation(NaiveDate),
    #[error("there is nobody of this id")]
    Unknown,
}

/// Whether a person gets a certificate of a category on a day.
pub fn decide(
    book: &Book<'_>,
    scheme: &Scheme,
    category: &Category,
    staff: StaffId,
    day: NaiveDate,
) -> Result<Candidate, NotIssued> {
    book.staff(staff).ok_or(NotIssued::Unknown)?;
    asking_post(book, category, staff, day).ok_or(NotIssued::NoPost)?;
    let own = book.certificates(staff).iter().copied().filter(|one| one.category == category.code);
    let last = own.max_by_key(|one| (one.period, one.edition));
    let Some(last) = last else {
        let topics = passed(book, scheme, staff, day, &category.topics, None)?;
        return Ok(Candidate { staff, period: 1, serial: None, topics, is_late: false, runs_from: day });
    };
    let next = |serial: Option<&PostCertificate>, topics: Vec<String>| Candidate {
        staff,
        period: last.period.saturating_add(1),
        serial: serial.map(|one| one.serial.clone()),
        topics,
        is_late: day > last.valid_until,
        runs_from: day,
    };
    match book.standing(last, day) {
        Standing::Revoked => {
            // Begins anew, with a number of its own: the old one stays on the list of the revoked.
            let events = book.events(last.id).iter();
            let revoked = events.filter(|event| event.what == crate::certificates::CertificateAct::Revoked);
            let on = revoked.map(|event| event.on).min().unwrap_or(last.issued_on);
            let topics = passed(book, scheme, staff, day, &category.topics, Some(on))
                .map_err(|_| NotIssued::AfterRevocation(on))?;
            Ok(Candidate { is_late: false, ..next(None, topics) })
        }
        Standing::Suspended => Err(NotIssued::Suspended),
        Standing::Cancelled => {
            let topics = passed(book, scheme, staff, day, &category.topics, None)?;
            Ok(Candidate { is_late: false, ..next(Some(last), topics) })
        }
        Standing::NotYet
        | Standing::Valid
        | Standing::ReviewDue
        | Standing::ReviewOverdue
        | Standing::Replaced
        | Standing::Expired => {
            let renewal = &category.renewal;
            let opens = last.valid_until.checked_sub_days(Days::new(renewal.window_days.into()));
            let from = opens.unwrap_or(last.issued_on);
            if day < from {
                return Err(NotIssued::HoldsOne { until: last.valid_until, from });
            }
            let late_by = |months: u16| {
                let end = last.valid_until.checked_add_months(Months::new(months.into()));
                end.is_none_or(|end| day <= end)
            };
            // After the last month it is a first examination again: all of it passed since the certificate ended.
            // The number is kept all the same.
            let (topics, since) = if late_by(renewal.late_months) {
                (&renewal.topics, last.issued_on)
            } else if late_by(renewal.last_months) {
                (&category.topics, last.issued_on)
            } else {
                (&category.topics, last.valid_until)
            };
            let runs_from = match renewal.runs_from {
                RunsFrom::Expiry => last.valid_until.succ_opt().map_or(day, |after| after.max(day)),
                RunsFrom::Issue => day,
            };
            let topics = passed(book, scheme, staff, day, topics, Some(since))?;
            Ok(Candidate { runs_from, ..next(Some(last), topics) })
        }
    }
}

/// The post for which a person gets a certificate of a category; it is printed with its unit.
pub(crate) fn asking_post<'a>(
    book: &Book<'a>,
    category: &Category,
    staff: StaffId,
    day: NaiveDate,
) -> Option<&'a Holding> {
    let mut held = book.holdings(staff).iter().copied();
    held.find(|held| held.is_held_on(day) && category.posts.contains(&held.post))
}

/// What the topics were passed by, each after `since`; else which are missing.
fn passed(
    book: &Book<'_>,
    scheme: &Scheme,
    staff: StaffId,
    day: NaiveDate,
    topics: &[String],
    since: Option<NaiveDate>,
) -> Result<Vec<String>, NotIssued> {
    let credits = credits::credits(book, scheme, staff, day);
    let (mut rests_on, mut missing) = (Vec::new(), Vec::new());
    for code in topics {
        let name = scheme.topic(code).map_or(code.as_str(), |topic| topic.name.as_str());
        let counts =
            |credit: &&Credit| credit.topic == *code && since.is_none_or(|since| credit.from > since);
        match credits.iter().find(counts) {
            Some(Credit { by: CreditBy::Waiver(what), .. }) => rests_on.push(format!("{name}（{what}）")),
            Some(_) => rests_on.push(name.to_owned()),
            None => missing.push(name.to_owned()),
        }
    }
    if missing.is_empty() { Ok(rests_on) } else { Err(NotIssued::Missing(missing)) }
}
