//! What is about to lapse: certificates whose last day or review comes near, of people who need them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use model::id::{PostCertificateId, StaffId, UnitId};
use serde::{Deserialize, Serialize};

use crate::certificates::{CertificateAct, PostCertificate};
use crate::records::Book;
use crate::scheme::Scheme;

/// A day that comes near for somebody, or has just passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub staff: StaffId,
    /// Where the person holds a post that the certificate is for; of several units each has its own.
    pub unit: UnitId,
    pub certificate: PostCertificateId,
    pub serial: String,
    pub category: String,
    pub what: DueKind,
    pub on: NaiveDate,
    /// Negative once the day is past.
    pub days_left: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DueKind {
    /// 到期
    Expiry,
    /// 复审
    Review,
}

impl DueKind {
    pub fn as_str(self) -> &'static str {
        match self {
            DueKind::Expiry => "expiry",
            DueKind::Review => "review",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            DueKind::Expiry => "到期",
            DueKind::Review => "复审",
        }
    }
}

/// Everything that falls due up to `horizon` days after `day`, the nearest first; what lapsed up to `horizon` days
/// ago and was not renewed is in it.
pub fn due(book: &Book<'_>, scheme: &Scheme, day: NaiveDate, horizon: u16) -> Vec<Due> {
    let certificates = book.records.certificates.iter();
    let mut due: Vec<Due> =
        certificates.flat_map(|certificate| of_one(book, scheme, certificate, day, horizon)).collect();
    due.sort_by(|a, b| (a.on, a.what, &a.serial, a.unit).cmp(&(b.on, b.what, &b.serial, b.unit)));
    due
}

fn of_one(
    book: &Book<'_>,
    scheme: &Scheme,
    certificate: &PostCertificate,
    day: NaiveDate,
    horizon: u16,
) -> Vec<Due> {
    let is_latest = book
        .certificate_of(certificate.staff, &certificate.category, day)
        .is_some_and(|latest| latest.id == certificate.id);
    if !is_latest || book.standing(certificate, day).is_final() {
        return Vec::new();
    }
    let Some(category) = scheme.category(&certificate.category) else { return Vec::new() };
    let needed = book.holdings(certificate.staff).iter();
    let needed = needed.filter(|held| held.is_held_on(day) && category.posts.contains(&held.post));
    let units: BTreeSet<UnitId> = needed.map(|held| held.unit).collect();
    let is_reviewed = |from: NaiveDate| {
        let events = book.events(certificate.id).iter();
        events
            .into_iter()
            .any(|event| event.what == CertificateAct::Reviewed && from <= event.on && event.on <= day)
    };
    let review = certificate.review.as_ref().filter(|review| !is_reviewed(review.from));
    let days =
        [(DueKind::Expiry, Some(certificate.valid_until)), (DueKind::Review, review.map(|one| one.on))];
    let near = days.into_iter().filter_map(|(what, on)| {
        let on = on?;
        let days_left = on.signed_duration_since(day).num_days();
        (days_left.abs() <= i64::from(horizon)).then_some((what, on, days_left))
    });
    let in_each = near.flat_map(|(what, on, days_left)| {
        units.iter().map(move |unit| Due {
            staff: certificate.staff,
            unit: *unit,
            certificate: certificate.id,
            serial: certificate.serial.clone(),
            category: certificate.category.clone(),
            what,
            on,
            days_left,
        })
    });
    in_each.collect()
}
