//! What the use cases need stored. `store` implements it.

use chrono::{DateTime, NaiveDate, Utc};
use model::id::PostCertificateId;

use crate::records::{Change, Records};
use crate::reminders::{Kept, KeptMail, MailChange};

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

/// Keeps the queue of reminders: each is sent once, whoever sends, and survives whoever dies while sending.
pub trait ReminderStore: Send + Sync {
    type Error;

    /// The keys of what falls due on `since` or later, and every mail that is neither sent nor withdrawn.
    fn load_reminders(&self, since: NaiveDate) -> impl Future<Output = Result<Kept, Self::Error>> + Send;

    /// Changes the queue in one transaction. A new mail of which a key is known already is left out whole, since
    /// somebody else queued it meanwhile; a mail that is being sent or was sent is neither revised nor withdrawn.
    fn queue_reminders(
        &self,
        change: &MailChange,
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<Queued, Self::Error>> + Send;

    /// Takes the mail that waits longest, for whoever calls, until `claim.until`; after that it is anybody's again,
    /// and counts as cut off. `None` if none may be sent now.
    fn claim_reminder(
        &self,
        claim: &Claim<'_>,
    ) -> impl Future<Output = Result<Option<KeptMail>, Self::Error>> + Send;

    /// Says how sending ended. `false`, and nothing is changed, if the mail isn't the caller's any more.
    fn finish_reminder(
        &self,
        mail: &str,
        by: &str,
        end: &SendEnd,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Takes back what anybody has claimed, however long it would be theirs: only for who knows that nobody is sending.
    /// How many there were.
    fn take_back_reminders(&self, at: DateTime<Utc>)
    -> impl Future<Output = Result<u32, Self::Error>> + Send;

    /// Queues once more what was refused for good. How many there were.
    fn retry_refused_reminders(
        &self,
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<u32, Self::Error>> + Send;
}

/// How much of a change of the queue was new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queued {
    pub n_new: u32,
    /// Left out, since they were known.
    pub n_known: u32,
    pub n_revised: u32,
    pub n_withdrawn: u32,
}

/// Who takes a mail to send it.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Nobody else's, for example a fresh id.
    pub by: &'a str,
    pub now: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// How sending a mail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendEnd {
    /// A server took it over.
    Sent { at: DateTime<Utc> },
    /// Not now. `may_have_arrived` if it was given away whole and no answer came.
    Later { error: String, not_before: DateTime<Utc>, may_have_arrived: bool },
    /// Never, as it is.
    Refused { error: String },
}
