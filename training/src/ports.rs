//! What the use cases need stored. `store` implements it.

use chrono::{DateTime, Utc};
use model::id::PostCertificateId;

use crate::records::{Change, Records};

/// Keeps the training records. A failed read is an error, never an empty answer.
pub trait TrainingStore: Send + Sync {
    type Error;

    fn load_training(&self) -> impl Future<Output = Result<Records, Self::Error>> + Send;

    /// Stores all of a change or nothing of it, with a line in the audit log.
    ///
    /// `decided_on` is the revision that was loaded: if another change came between, nothing is stored, and
    /// [`Applied::Stale`] says so, so that whoever decided loads and decides again.
    fn apply_training(
        &self,
        change: &Change,
        decided_on: u64,
        log: &LogLine,
    ) -> impl Future<Output = Result<Applied, Self::Error>> + Send;

    /// Keeps the hash of a certificate's stored file. One that is kept already and differs is an error, since files
    /// are never written anew.
    fn keep_file(
        &self,
        certificate: PostCertificateId,
        form: &str,
        sha256: &str,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Writes down what was only looked at, such as an ID number that was revealed.
    fn log_training(&self, log: &LogLine) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The latest `n` lines, newest first.
    fn training_log(&self, n: u32) -> impl Future<Output = Result<Vec<LogLine>, Self::Error>> + Send;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Done { revision: u64 },
    Stale,
}

/// Who did what to the training records, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: DateTime<Utc>,
    pub actor: String,
    /// A word such as `imported`, `issued`, `revealed`.
    pub action: String,
    /// One line for people, without ID numbers.
    pub detail: String,
    /// Empty where none is asked for.
    pub reason: String,
}
