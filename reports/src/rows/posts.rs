//! Rows of posts and certificates: what the training records say of units, without a name of anybody.

use chrono::{DateTime, NaiveDate, Utc};
use model::post::PostKind;
use model::severity::Severity;
use model::staffing::CoverStanding;

use crate::frame::{rows, text_cells};

rows! {
    /// That training is recorded at all, and what the rows rest on: one row, or none.
    pub struct TrainingRow in "training" {
        /// The day, in China, that the other rows tell of.
        pub day: NaiveDate,
        /// Version of the scheme.
        pub scheme: String,
        /// Days in which a finding is to be mended.
        pub critical_days: u32,
        pub high_days: u32,
    }

    /// One requirement for one system or, without one, for a unit as a whole.
    pub struct CoverRow in "post-coverage" {
        pub requirement: String,
        pub unit: String,
        pub system: Option<String>,
        /// Of the system, 1 to 5.
        pub level: Option<u32>,
        pub post: PostKind,
        /// Of the certificate that it asks for.
        pub category_zh: String,
        pub category_en: String,
        pub n_required: u32,
        /// People in the post, by whether they hold the certificate.
        pub n_certified: u32,
        pub n_in_grace: u32,
        pub n_uncertified: u32,
        pub standing: CoverStanding,
    }

    /// The people of one unit in posts of one kind of whom a certificate is asked; each once, however many systems and
    /// requirements ask.
    pub struct HoldersRow in "post-holders" {
        pub unit: String,
        pub post: PostKind,
        pub category_zh: String,
        pub category_en: String,
        pub n_certified: u32,
        pub n_in_grace: u32,
        pub n_uncertified: u32,
    }

    /// A certificate that somebody needs and that lapses soon, or has lapsed and wasn't renewed: a row for each unit in
    /// which it is needed.
    pub struct PostDueRow in "post-due" {
        pub unit: String,
        pub category_zh: String,
        pub category_en: String,
        pub serial: String,
        pub what: PostDue,
        pub on: NaiveDate,
    }

    /// A grave finding on a system that no certified maintainer looks after.
    pub struct LapseRow in "post-lapses" {
        pub finding: String,
        pub system: String,
        pub unit: String,
        pub severity: Severity,
        /// Somebody is in the post, without a certificate.
        pub has_maintainer: bool,
    }

    /// A unit with grave findings past their deadline and no certified maintainer.
    pub struct OverdueUnitRow in "post-overdue" {
        pub unit: String,
        pub n_overdue: u32,
        pub oldest: DateTime<Utc>,
    }
}

/// What falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostDue {
    Expiry,
    /// The review in the middle of its time (复审).
    Review,
}

impl PostDue {
    pub const ALL: [PostDue; 2] = [PostDue::Expiry, PostDue::Review];

    pub fn as_str(self) -> &'static str {
        match self {
            PostDue::Expiry => "expiry",
            PostDue::Review => "review",
        }
    }
}

text_cells! {
    PostKind: |value| value.as_str().to_owned(), |text| PostKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    CoverStanding: |value| value.as_str().to_owned(), |text| CoverStanding::ALL.into_iter().find(|value| value.as_str() == text);
    PostDue: |value| value.as_str().to_owned(), |text| PostDue::ALL.into_iter().find(|value| value.as_str() == text);
}
