//! Post certificates, and how one stands on a day.
//!
//! What happens to a certificate is an event with a day, a reason and whoever decided; how it stands is computed from
//! them for any day, so that last year's figures can be told again.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use model::id::{PostCertificateId, StaffId};
use serde::{Deserialize, Serialize};

/// One certificate as issued. A renewal keeps the serial and is another one; so is a replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCertificate {
    pub id: PostCertificateId,
    pub staff: StaffId,
    /// Code of the category.
    pub category: String,
    /// Canonical text; the person keeps it for life in this category.
    pub serial: String,
    /// Counted from 1 for each person and category: the database holds no second one of the same number that is live.
    pub period: u16,
    /// Counted from 1 within a period: replacements of a lost or damaged one.
    pub edition: u16,
    /// Unguessable, canonical text.
    pub token: String,
    pub issued_on: NaiveDate,
    /// Last day.
    pub valid_until: NaiveDate,
    /// Last day for the mid-term review, where the scheme asks for one, and how long it counts without.
    pub review: Option<ReviewDue>,
    /// Exactly what is printed, frozen: later changes of names or templates don't touch it.
    pub printed: Printed,
    /// The signed statement of the QR code; empty for an old paper certificate that was only entered.
    pub statement: String,
    /// SHA-256 of each stored file, by its form such as `a4`; filled in once it is written.
    #[serde(skip)]
    pub files: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDue {
    pub on: NaiveDate,
    /// First day of the window in which it may be made.
    pub from: NaiveDate,
    /// Last day on which the certificate counts without one.
    pub counts_until: NaiveDate,
}

/// What is printed on a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    pub issuer: String,
    pub title: String,
    pub name: String,
    pub unit: String,
    pub post: String,
    pub serial: String,
    pub issued_on: NaiveDate,
    pub valid_until: NaiveDate,
    pub review_due: Option<NaiveDate>,
    /// Topic names and what they were passed by, for example `法规与职责`.
    pub topics: Vec<String>,
    /// Version of the scheme that it was issued under.
    pub scheme: String,
    /// Number on the old paper certificate, where one was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_number: Option<String>,
}

/// Something that happened to a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEvent {
    pub certificate: PostCertificateId,
    /// Day from which it holds.
    pub on: NaiveDate,
    /// When it was entered.
    pub at: DateTime<Utc>,
    pub what: CertificateAct,
    pub reason: String,
    pub decided_by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateAct {
    Issued,
    /// 复审
    Reviewed,
    /// 暂停
    Suspended,
    /// 恢复
    Reinstated,
    /// 撤销, for cause
    Revoked,
    /// 注销, because it isn't needed any more
    Cancelled,
    /// 补发换发: another one took its place
    Replaced,
}

impl CertificateAct {
    pub const ALL: [CertificateAct; 7] = [
        CertificateAct::Issued,
        CertificateAct::Reviewed,
        CertificateAct::Suspended,
        CertificateAct::Reinstated,
        CertificateAct::Revoked,
        CertificateAct::Cancelled,
        CertificateAct::Replaced,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            CertificateAct::Issued => "issued",
            CertificateAct::Reviewed => "reviewed",
            CertificateAct::Suspended => "suspended",
            CertificateAct::Reinstated => "reinstated",
            CertificateAct::Revoked => "revoked",
            CertificateAct::Cancelled => "cancelled",
            CertificateAct::Replaced => "replaced",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            CertificateAct::Issued => "发证",
            CertificateAct::Reviewed => "复审",
            CertificateAct::Suspended => "暂停",
            CertificateAct::Reinstated => "恢复",
            CertificateAct::Revoked => "撤销",
            CertificateAct::Cancelled => "注销",
            CertificateAct::Replaced => "补发换发",
        }
    }
}

/// How a certificate stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// 未生效
    NotYet,
    /// 有效
    Valid,
    /// 待复审: the day of review is past; it counts for some days more.
    ReviewDue,
    /// 复审逾期: it doesn't count until it is reviewed.
    ReviewOverdue,
    /// 过期
    Expired,
    /// 暂停
    Suspended,
    /// 撤销
    Revoked,
    /// 注销
    Cancelled,
    /// 已换发
    Replaced,
}

impl Standing {
    pub const ALL: [Standing; 9] = [
        Standing::NotYet,
        Standing::Valid,
        Standing::ReviewDue,
        Standing::ReviewOverdue,
        Standing::Expired,
        Standing::Suspended,
        Standing::Revoked,
        Standing::Cancelled,
        Standing::Replaced,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Standing::NotYet => "not-yet",
            Standing::Valid => "valid",
            Standing::ReviewDue => "review-due",
            Standing::ReviewOverdue => "review-overdue",
            Standing::Expired => "expired",
            Standing::Suspended => "suspended",
            Standing::Revoked => "revoked",
            Standing::Cancelled => "cancelled",
            Standing::Replaced => "replaced",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Standing::NotYet => "未生效",
            Standing::Valid => "有效",
            Standing::ReviewDue => "待复审",
            Standing::ReviewOverdue => "复审逾期",
            Standing::Expired => "过期",
            Standing::Suspended => "暂停",
            Standing::Revoked => "撤销",
            Standing::Cancelled => "注销",
            Standing::Replaced => "已换发",
        }
    }

    /// Whether its holder may work by it.
    pub fn counts(self) -> bool {
        matches!(self, Standing::Valid | Standing::ReviewDue)
    }

    /// Whether nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Standing::Revoked | Standing::Cancelled | Standing::Replaced)
    }
}

/// How a certificate stands on a day, by its events in any order.
pub fn standing(certificate: &PostCertificate, events: &[CertificateEvent], day: NaiveDate) -> Standing {
    if day < certificate.issued_on {
        return Standing::NotYet;
    }
    let mut past: Vec<&CertificateEvent> = events.iter().filter(|event| event.on <= day).collect();
    past.sort_by_key(|event| (event.on, event.at));
    let mut is_suspended = false;
    let mut reviewed_on: Option<NaiveDate> = None;
    for event in past {
        match event.what {
            CertificateAct::Revoked => return Standing::Revoked,
            CertificateAct::Cancelled => return Standing::Cancelled,
            CertificateAct::Replaced => return Standing::Replaced,
            CertificateAct::Suspended => is_suspended = true,
            CertificateAct::Reinstated => is_suspended = false,
            CertificateAct::Reviewed => reviewed_on = Some(event.on),
            CertificateAct::Issued => {}
        }
    }
    let is_reviewed = |review: &ReviewDue| reviewed_on.is_some_and(|on| review.from <= on);
    match &certificate.review {
        _ if day > certificate.valid_until => Standing::Expired,
        _ if is_suspended => Standing::Suspended,
        Some(review) if !is_reviewed(review) && day > review.counts_until => Standing::ReviewOverdue,
        Some(review) if !is_reviewed(review) && day > review.on => Standing::ReviewDue,
        Some(_) | None => Standing::Valid,
    }
}

/// Why something can't be done to a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the certificate is {}: nothing can be done to it any more", .0.as_str())]
    Final(Standing),
    #[error("the certificate isn't suspended")]
    NotSuspended,
    #[error("the certificate is suspended already")]
    AlreadySuspended,
    #[error("the certificate has expired; renew it instead")]
    Expired,
    #[error("no review is due: the window opens on {0}")]
    BeforeWindow(NaiveDate),
    #[error("this category has no mid-term review")]
    NoReview,
    #[error("it was reviewed already")]
    AlreadyReviewed,
    #[error("a reason must be given")]
    NoReason,
    #[error("it would hold from {on}, before the certificate was issued on {issued}")]
    BeforeIssue { on: NaiveDate, issued: NaiveDate },
    #[error("it is dated {on}, after today")]
    InFuture { on: NaiveDate },
}

/// What is to be done to a certificate, by whom and why.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub what: CertificateAct,
    pub on: NaiveDate,
    pub at: DateTime<Utc>,
    pub today: NaiveDate,
    pub reason: &'a str,
    pub decided_by: &'a str,
}

/// The event, if it may happen.
pub fn act(
    certificate: &PostCertificate,
    events: &[CertificateEvent],
    wish: Act<'_>,
) -> Result<CertificateEvent, Refused> {
    let Act { what, on, at, today, reason, decided_by } = wish;
    if reason.trim().is_empty() {
        return Err(Refused::NoReason);
    }
    if on < certificate.issued_on {
        return Err(Refused::BeforeIssue { on, issued: certificate.issued_on });
    }
    if on > today {
        return Err(Refused::InFuture { on });
    }
    // An event that was entered for an earlier day must fit what followed it as well.
    for day in [on, today] {
        check(certificate, events, what, day)?;
    }
    Ok(CertificateEvent {
        certificate: certificate.id,
        on,
        at,
        what,
        reason: reason.trim().to_owned(),
        decided_by: decided_by.to_owned(),
    })
}

fn check(
    certificate: &PostCertificate,
    events: &[CertificateEvent],
    what: CertificateAct,
    day: NaiveDate,
) -> Result<(), Refused> {
    let now = standing(certificate, events, day);
    if now.is_final() {
        return Err(Refused::Final(now));
    }
    match what {
        CertificateAct::Suspended if now == Standing::Suspended => Err(Refused::AlreadySuspended),
        CertificateAct::Suspended if now == Standing::Expired => Err(Refused::Expired),
        CertificateAct::Reinstated if now != Standing::Suspended => Err(Refused::NotSuspended),
        CertificateAct::Reviewed => {
            let review = certificate.review.as_ref().ok_or(Refused::NoReview)?;
            if now == Standing::Expired {
                Err(Refused::Expired)
            } else if day < review.from {
                Err(Refused::BeforeWindow(review.from))
            } else if events
                .iter()
                .any(|event| event.what == CertificateAct::Reviewed && event.on >= review.from)
            {
                Err(Refused::AlreadyReviewed)
            } else {
                Ok(())
            }
        }
        CertificateAct::Suspended
        | CertificateAct::Reinstated
        | CertificateAct::Revoked
        | CertificateAct::Cancelled
        | CertificateAct::Replaced
        | CertificateAct::Issued => Ok(()),
    }
}

/// The last day of something that holds for `months` from a day on: the day before the same day of that month, or
/// the last of the month where it has no such day.
pub fn last_day(from: NaiveDate, months: u16) -> Option<NaiveDate> {
    let same_day = from.checked_add_months(chrono::Months::new(months.into()))?;
    let is_cut_short = chrono::Datelike::day(&same_day) < chrono::Datelike::day(&from);
    if is_cut_short { Some(same_day) } else { same_day.checked_sub_days(Days::new(1)) }
}

#[cfg(test)]
mod tests;
