//! Ports: what the use cases need stored, as small traits by role. `store` implements them.
//!
//! A failed read is an error, never an empty answer. One call is one transaction.

mod audit;
mod error;
mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::finding::{Event, Finding};
use model::id::{DeclaredServiceId, FindingId};
use model::reconcile::ChangeSet;
use model::register::Register;

use crate::change::RegisterChange;
pub use audit::{AuditAction, AuditEntry};
pub use error::StoreError;
pub use rows::{NotAReportNumber, ReportNumber, ReportRow, RunRow, RunState};

/// Keeps the register.
pub trait RegisterStore: Send + Sync {
    fn load(&self) -> impl Future<Output = Result<Register, StoreError>> + Send;

    /// Stores all of a change or nothing of it. `imported_from` names the file for the history, without its folder.
    fn apply(
        &self,
        change: &RegisterChange,
        imported_from: &str,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Keeps findings and their history.
pub trait FindingStore: Send + Sync {
    /// Findings that are not closed.
    fn open(&self) -> impl Future<Output = Result<Vec<Finding>, StoreError>> + Send;

    /// What reconciling needs: findings that are not closed, and those closed at or after `closed_since`.
    fn known(
        &self,
        closed_since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Vec<Finding>, StoreError>> + Send;

    /// Stores findings and events of one run, all or nothing. A second change set of one run, whatever is in it, is
    /// [`StoreError::AlreadyJudged`] and changes nothing, so that a run is never judged twice into the history. What
    /// contradicts the stored findings or register is a [`StoreError::Conflict`], and the run stays unjudged.
    fn apply(&self, change: &ChangeSet) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The history of a finding, oldest first.
    fn events(&self, finding: FindingId) -> impl Future<Output = Result<Vec<Event>, StoreError>> + Send;
}

/// Keeps one row for each scan run.
pub trait RunStore: Send + Sync {
    /// A run whose id is known already is a [`StoreError::Conflict`].
    fn insert(&self, run: &RunRow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A run whose id isn't known is a [`StoreError::Conflict`].
    fn update(&self, run: &RunRow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// All runs, newest first.
    fn list(&self) -> impl Future<Output = Result<Vec<RunRow>, StoreError>> + Send;
}

/// Keeps one row for each report that was built.
pub trait ReportStore: Send + Sync {
    /// The lowest number of the year above all that are taken.
    fn next_number(&self, year: u16) -> impl Future<Output = Result<ReportNumber, StoreError>> + Send;

    /// A number that is taken is a [`StoreError::Conflict`].
    fn insert(&self, report: &ReportRow) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// All reports, newest first.
    fn list(&self) -> impl Future<Output = Result<Vec<ReportRow>, StoreError>> + Send;
}

/// Keeps when declared services last answered: written by scans, apart from what people register.
pub trait SightingStore: Send + Sync {
    fn last_seen(
        &self,
    ) -> impl Future<Output = Result<BTreeMap<DeclaredServiceId, DateTime<Utc>>, StoreError>> + Send;

    /// An instant before the one that is kept changes nothing. A service that isn't registered is a
    /// [`StoreError::Conflict`].
    fn saw(
        &self,
        answered: &BTreeMap<DeclaredServiceId, DateTime<Utc>>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Keeps who did or was refused what; only ever added to. A successful import logs itself.
pub trait AuditStore: Send + Sync {
    fn record(&self, entry: &AuditEntry) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The latest `n` entries, newest first.
    fn latest(&self, n: u32) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;
}
