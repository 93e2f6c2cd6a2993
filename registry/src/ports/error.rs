//! Why a store couldn't do it, by what the person in front of it can do about it.

type Source = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Environment: another process holds it, or the wait for its lock ended without it. Nothing else: whoever reads
    /// this is told to look for a rival.
    #[error("the database can't be used now; is another sentrypost at work on this data folder?")]
    Unavailable(#[source] Source),
    /// User: the data are from a later program.
    #[error("the database has schema version {found}, this program knows {known}; use a newer sentrypost")]
    NewerVersion { found: u32, known: u32 },
    /// Environment: folder or file can't be opened, read or written to, for want of leave or by a failing disk.
    #[error("the database can't be read or written to; check permissions, quota and disk of the data folder")]
    Unwritable(#[source] Source),
    /// Environment: no room left.
    #[error("the disk that holds the database is full; free some space and repeat")]
    Full(#[source] Source),
    /// What is stored doesn't make sense; `what` names the table and row.
    #[error("the database is damaged at {what}; restore it from a backup")]
    Corrupt { what: String, source: Option<Source> },
    /// What was to be stored contradicts what is stored; `what` names it.
    #[error("{what} contradicts what is stored")]
    Conflict { what: String, source: Option<Source> },
    /// Of [`FindingStore::apply`](super::FindingStore::apply) alone: the judgement of this very run is stored already,
    /// all of it, so that a caller that was cut off may go on.
    #[error("run {run} is judged already")]
    AlreadyJudged { run: String },
    /// Us: none of the above, so nothing that its reader could mend.
    #[error("the database failed in a way that this program doesn't know")]
    Unexpected(#[source] Source),
}
