//! The trainer's desk: records, register and scheme at hand, people found by what they are called, and changes that
//! are decided again when somebody else was faster.

mod find;
pub mod keys;
pub mod ledger;
mod listing;
pub mod names;
pub mod papers;

use std::collections::HashSet;

use model::finding::Finding;
use model::id::SystemId;
use model::register::Register;
use registry::ports::FindingStore;
use training::ports::{Applied, LogLine, TrainingStore};
use training::records::{Change, Records};
use training::scheme::Scheme;

pub use find::{certificate, certificate_on, staff, system, unit, which_sitting};
pub use listing::Listing;

use crate::cli::Global;
use crate::clock;
use crate::exit::{Exit, Failure, OrExit};
use crate::session::{OrStoreFailure, Session};
use crate::shapes::staffing::exposed;

pub struct Desk {
    pub session: Session,
    pub register: Register,
    pub records: Records,
    pub scheme: Scheme,
}

/// How often a change is decided anew because another one came between.
const MOST_TRIES: usize = 20;

#[derive(Debug, thiserror::Error)]
#[error("other changes came between {MOST_TRIES} times; try again")]
struct Crowded;

impl Desk {
    pub async fn open(global: &Global) -> Result<Desk, Failure> {
        Desk::of(Session::open(global).await?).await
    }

    pub async fn open_to_read(global: &Global) -> Result<Desk, Failure> {
        Desk::of(Session::open_to_read(global).await?).await
    }

    async fn of(session: Session) -> Result<Desk, Failure> {
        let scheme = read_scheme(&session)?;
        let register = session.register().await?;
        let records = session.store.load_training().await.or_store_failure()?;
        Ok(Desk { session, register, records, scheme })
    }

    /// Decides on the records as they are and stores what was decided, together with a line of the log. What
    /// `decide` says beside is given back.
    pub async fn change<T>(
        &mut self,
        mut decide: impl FnMut(&Desk) -> Result<(Change, LogLine, T), Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..MOST_TRIES {
            let (change, line, said) = decide(self)?;
            if change.is_empty() {
                return Ok(said);
            }
            let applied = self.session.store.apply_training(&change, self.records.revision, &line).await;
            let done = applied.or_store_failure()?;
            self.records = self.session.store.load_training().await.or_store_failure()?;
            if let Applied::Done { .. } = done {
                return Ok(said);
            }
        }
        Err(Failure::new(Exit::Busy, Crowded))
    }

    /// A line of the log, of now and of whoever acts.
    pub fn line(&self, action: &str, detail: impl Into<String>, reason: impl Into<String>) -> LogLine {
        LogLine {
            at: clock::now(),
            actor: self.session.actor.clone(),
            action: action.to_owned(),
            detail: detail.into(),
            reason: reason.into(),
        }
    }

    pub async fn open_findings(&self) -> Result<Vec<Finding>, Failure> {
        FindingStore::open(&self.session.store).await.or_store_failure()
    }

    pub async fn exposed(&self) -> Result<HashSet<SystemId>, Failure> {
        Ok(exposed(&self.open_findings().await?))
    }
}

/// The scheme of the data folder, else the embedded one.
pub fn read_scheme(session: &Session) -> Result<Scheme, Failure> {
    let path = session.data.scheme();
    let doing = || format!("can't use the scheme {}", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => Scheme::parse(&text).or_exit_while(Exit::BadInput, doing()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Scheme::embedded()),
        Err(error) => Err(error).or_exit_while(Exit::Environment, doing()),
    }
}
