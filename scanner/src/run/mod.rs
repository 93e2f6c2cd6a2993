//! The folder of one run: its manifest, its journal, what it observed, what it refused, how it ended.
//!
//! A kill at any moment loses no more than the last second. Nothing here probes; the coverage of a run is
//! derived from its journal, so that it can't disagree with what was really asked.

mod append;
mod clusters;
mod coverage;
mod done;
mod error;
mod hold;
mod hosts;
mod import;
mod journal;
mod lines;
mod manifest;
mod refusals;
mod scope_hash;
mod sealed;
mod settled;
mod tally;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use model::id::RunId;
use model::observation::{Certainty, Observation, PortState};
use model::port::Transport;

use crate::raw::{HostFacts, RawReport};

pub use error::RunError;
pub use hosts::HostView;
pub use import::FinishedRun;
pub use manifest::{Manifest, Tool};
pub use refusals::{Reason, RefusalRecord};
pub use scope_hash::scope_hash;
pub use settled::{Settled, Totals};
pub use tls::{HeldTlsRun, RatedBy, TlsPlan, TlsRating};

pub(crate) use done::Done;
pub(crate) use hold::{HeldRun, Progressed};
pub(crate) use manifest::{End, EndState};

const MANIFEST: &str = "manifest.toml";
const STATE: &str = "state.toml";
const JOURNAL: &str = "journal";
const OBSERVATIONS: &str = "observations.jsonl";
const REFUSALS: &str = "refusals.jsonl";
/// Of runs by raw packets: how sure each host's result is, and what was sent and lost in each session.
const HOSTS: &str = "hosts.jsonl";
const SESSIONS: &str = "sessions.jsonl";
const LOCK: &str = "lock";

/// A run folder, for reading. Any number of readers may look, also while the run is under way.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    manifest: Manifest,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// A process holds it.
    Running,
    /// Stopped on request, or killed: it can be resumed.
    Interrupted,
    Finished,
    /// Stopped by an error of our own system: it can be resumed once that is mended.
    Failed,
}

impl RunState {
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Interrupted => "interrupted",
            RunState::Finished => "finished",
            RunState::Failed => "failed",
        }
    }
}

/// A run on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    pub run: RunId,
    pub state: RunState,
    pub started_at: DateTime<Utc>,
    /// When it ended or was stopped, where that was written down.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub reason: Option<String>,
    pub totals: Totals,
}

impl RunFolder {
    /// Makes the folder of a new run under `runs`, which is made too if it is missing. `refused` is what was refused
    /// before there was a plan: names, and addresses that they led to.
    pub fn create(runs: &Path, manifest: Manifest, refused: &[RefusalRecord]) -> Result<RunFolder, RunError> {
        let path = runs.join(manifest.run.to_string());
        fs::create_dir_all(runs).map_err(|source| RunError::io("create", runs, source))?;
        fs::create_dir(&path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => RunError::Exists { path: path.clone() },
            _ => RunError::io("create", &path, source),
        })?;
        let fill = || {
            journal::JournalWriter::create(&path.join(JOURNAL), manifest.plan.n_probes())?;
            // Nobody tells them again when the run is resumed, so a run never is without them.
            lines::LineWriter::open(&path.join(REFUSALS), |_: RefusalRecord| ())?.append(refused)?;
            // Last, since a folder with a manifest counts as a run.
            manifest::write(&path.join(MANIFEST), &manifest)?;
            manifest::sync_folder(runs).map_err(|source| RunError::io("sync", runs, source))
        };
        if let Err(error) = fill() {
            // What can't be removed either is no run as long as it has no manifest.
            drop(fs::remove_dir_all(&path));
            return Err(error);
        }
        Ok(RunFolder { path, manifest })
    }

    /// Opens the folder of a run.
    pub fn open(path: &Path) -> Result<RunFolder, RunError> {
        let manifest = manifest::read(&path.join(MANIFEST))?;
        let manifest = manifest.ok_or_else(|| RunError::NotARun { path: path.to_owned() })?;
        Ok(RunFolder { path: path.to_owned(), manifest })
    }

    /// All runs under `runs`, oldest first; none if there is no such folder. A run that can't be read is an
    /// error of its own and hides no other; a folder without a manifest never became a run, and is passed over.
    pub fn list(runs: &Path) -> Result<Vec<Result<RunFolder, RunError>>, RunError> {
        let fail = |source| RunError::io("read", runs, source);
        let entries = match fs::read_dir(runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(fail(source)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let entry = entry.map_err(fail)?;
            if entry.file_type().map_err(fail)?.is_dir() {
                paths.push(entry.path());
            }
        }
        // Ids of runs sort by the time they were made.
        paths.sort();
        let runs = paths.iter().map(|path| RunFolder::open(path));
        Ok(runs.filter(|run| !matches!(run, Err(RunError::NotARun { .. }))).collect())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where the run stands, and how far it got.
    pub fn summary(&self) -> Result<RunSummary, RunError> {
        let end: Option<EndState> = manifest::read(&self.path.join(STATE))?;
        let state = match &end {
            Some(EndState { end: End::Finished, .. }) => RunState::Finished,
            _ if self.is_held()? => RunState::Running,
            Some(EndState { end: End::Failed, .. }) => RunState::Failed,
            Some(EndState { end: End::Interrupted, .. }) | None => RunState::Interrupted,
        };
        // What a state file says is out of date as soon as the run goes on.
        let end = end.filter(|_| state != RunState::Running);
        let totals = match &end {
            Some(EndState { end: End::Finished, totals, .. }) => *totals,
            // The journal knows best what a run that broke off has kept.
            _ => self.count()?,
        };
        Ok(RunSummary {
            run: self.manifest.run,
            state,
            started_at: self.manifest.started_at,
            ended_at: end.as_ref().map(|end| end.at),
            reason: end.and_then(|end| end.reason),
            totals,
        })
    }

    /// The observations written so far. An open port of a host that takes whatever comes is only suspected to be
    /// open, unless the service behind it said something.
    pub fn observations(&self) -> Result<impl Iterator<Item = Result<Observation, RunError>>, RunError> {
        let suspects = self.suspects()?;
        let observations = self.lines::<Observation>(OBSERVATIONS)?;
        Ok(observations.map(move |observation| {
            let mut observation = observation?;
            if suspects.contains(&observation.endpoint.addr) && !is_proved(&observation) {
                observation.state = PortState::SuspectOpen;
            }
            Ok(observation)
        }))
    }

    /// Hosts that take whatever comes.
    fn suspects(&self) -> Result<BTreeSet<IpAddr>, RunError> {
        let mut suspects = BTreeSet::new();
        for host in self.lines::<HostFacts>(HOSTS)? {
            let host = host?;
            if host.is_suspect {
                suspects.insert(host.addr);
            }
        }
        Ok(suspects)
    }

    /// How each host was asked that answered, over all sessions of a run by raw packets.
    pub fn hosts(&self) -> Result<BTreeMap<IpAddr, HostFacts>, RunError> {
        let mut hosts: BTreeMap<IpAddr, HostFacts> = BTreeMap::new();
        for host in self.lines::<HostFacts>(HOSTS)? {
            let host = host?;
            match hosts.get_mut(&host.addr) {
                Some(known) => known.add(&host),
                None => drop(hosts.insert(host.addr, host)),
            }
        }
        Ok(hosts)
    }

    /// What was sent and lost, session by session, in a run by raw packets.
    pub fn sessions(&self) -> Result<impl Iterator<Item = Result<RawReport, RunError>>, RunError> {
        self.lines(SESSIONS)
    }

    /// The refusals written so far, each address once per session.
    pub fn refusals(&self) -> Result<impl Iterator<Item = Result<RefusalRecord, RunError>>, RunError> {
        self.lines(REFUSALS)
    }

    fn lines<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = Result<T, RunError>> + use<T>, RunError> {
        let path = self.path.join(name);
        let file = match File::open(&path) {
            Ok(file) => Some(file),
            // It appears with the first session.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(RunError::io("read", &path, source)),
        };
        Ok(file.into_iter().flat_map(move |file| lines::Lines::new(&path, file)))
    }

    fn count(&self) -> Result<Totals, RunError> {
        if let Some(plan) = &self.manifest.tls {
            return self.count_tls(plan);
        }
        let n_probes = self.manifest.plan.n_probes();
        let mut tally = tally::Tally::new(self.manifest.n_probes());
        journal::read(&self.path.join(JOURNAL), n_probes, |entry| tally.add(entry))?;
        let mut totals = tally.totals;
        let mut observed = BTreeSet::new();
        for observation in self.observations()? {
            observed.insert(observation?.endpoint);
        }
        totals.n_observations = observed.len() as u64;
        Ok(totals)
    }

    /// Whether some process, this one included, is carrying the run out.
    fn is_held(&self) -> Result<bool, RunError> {
        let path = self.path.join(LOCK);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(RunError::io("open", &path, source)),
        };
        // Shared, so that readers who look at the same moment don't take each other for a writer.
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(RunError::io("lock", &path, source)),
        }
    }
}

/// Whether the service behind an open port said anything; a datagram always does, so there it must be something known.
fn is_proved(observation: &Observation) -> bool {
    match (observation.service.certainty, observation.endpoint.transport) {
        (Certainty::Identified, _) | (Certainty::Unknown, Transport::Tcp) => true,
        (Certainty::Unknown, Transport::Udp) => false,
        (Certainty::Silent | Certainty::ClosedAtOnce | Certainty::NotAsked, _) => false,
    }
}

#[cfg(test)]
mod tests;
