//! A run in the hands of the process that carries it out. The lock goes when the process does.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use model::observation::{Endpoint, Observation};

use super::error::RunError;
use super::journal::{Entry, JournalWriter};
use super::lines::LineWriter;
use super::manifest::{self, End, EndState};
use super::refusals::RefusalRecord;
use super::settled::Totals;
use super::tally::Tally;
use super::{Done, HOSTS, JOURNAL, LOCK, OBSERVATIONS, REFUSALS, RunFolder, SESSIONS, STATE};
use crate::raw::{HostFacts, RawReport};

/// The files of a run, open for appending, and the lock that keeps other processes out.
#[derive(Debug)]
pub(crate) struct HeldRun {
    folder: RunFolder,
    journal: JournalWriter,
    observations: LineWriter<Observation>,
    refusals: LineWriter<RefusalRecord>,
    _lock: File,
}

/// How far earlier sessions got.
#[derive(Debug, Default)]
pub(crate) struct Progressed {
    /// What needs no probe any more. An open port that wasn't identified in time is not among it.
    pub(crate) done: Done,
    pub(crate) totals: Totals,
    /// Endpoints with an observation.
    pub(crate) observed: BTreeSet<Endpoint>,
}

impl HeldRun {
    /// Takes hold of a run that isn't finished and reads how far it got.
    pub(crate) fn take(folder: &RunFolder) -> Result<(HeldRun, Progressed), RunError> {
        let lock = lock(folder)?;
        let path = folder.path();
        let state_path = path.join(STATE);
        if let Some(EndState { end: End::Finished, .. }) = manifest::read(&state_path)? {
            return Err(RunError::Finished { path: path.to_owned() });
        }
        let plan = &folder.manifest().plan;
        let order = plan.order();
        let transport = folder.manifest().method.transport();
        let mut tally = Tally::new(folder.manifest().n_probes());
        let (journal, _) =
            JournalWriter::resume(&path.join(JOURNAL), plan.n_probes(), |entry| tally.add(entry))?;
        let mut observed = BTreeSet::new();
        let observations = LineWriter::open(&path.join(OBSERVATIONS), |observation: Observation| {
            observed.insert(observation.endpoint);
        })?;
        for index in tally.open.clone() {
            let probe = order.at(index).and_then(|position| plan.probe(position));
            let endpoint = probe.map(|probe| Endpoint { addr: probe.addr, transport, port: probe.port });
            if endpoint.is_none_or(|endpoint| !observed.contains(&endpoint)) {
                tally.forget(index);
            }
        }
        let Tally { done, mut totals, .. } = tally;
        totals.n_observations = observed.len() as u64;
        let progressed = Progressed { done, totals, observed };
        let refusals = LineWriter::open(&path.join(REFUSALS), |_| ())?;
        forget_the_end(path)?;
        let held = HeldRun { folder: folder.clone(), journal, observations, refusals, _lock: lock };
        Ok((held, progressed))
    }

    /// Appends and syncs. Observations go first: an endpoint that the journal doesn't know yet is only
    /// probed once more.
    pub(crate) fn append(
        &mut self,
        entries: &mut [Entry],
        observations: &[Observation],
        refusals: &[RefusalRecord],
    ) -> Result<(), RunError> {
        self.observations.append(observations)?;
        self.refusals.append(refusals)?;
        self.journal.append(entries)
    }

    /// Keeps what a session by raw packets says of itself and of the hosts that it asked.
    pub(crate) fn tell_session(&mut self, raw: &RawReport) -> Result<(), RunError> {
        LineWriter::open(&self.folder.path().join(HOSTS), |_: HostFacts| ())?.append(&raw.hosts)?;
        let sessions = &self.folder.path().join(SESSIONS);
        LineWriter::open(sessions, |_: RawReport| ())?.append(std::slice::from_ref(raw))
    }

    /// Writes down how the session ended.
    pub(crate) fn end(&mut self, state: &EndState) -> Result<(), RunError> {
        manifest::write(&self.folder.path().join(STATE), state)
    }
}

/// What was said of an earlier end holds no more.
pub(super) fn forget_the_end(path: &Path) -> Result<(), RunError> {
    let state_path = path.join(STATE);
    match fs::remove_file(&state_path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(RunError::io("remove", &state_path, source)),
    }
    manifest::sync_folder(path).map_err(|source| RunError::io("sync", path, source))
}

pub(super) fn lock(folder: &RunFolder) -> Result<File, RunError> {
    let path = folder.path().join(LOCK);
    let open = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = open.map_err(|source| RunError::io("open", &path, source))?;
    // A reader holds the lock for a moment when it looks whether the run is under way.
    for _ in 0..10 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::Error(source)) => return Err(RunError::io("lock", &path, source)),
        }
    }
    Err(RunError::Held { path: folder.path().to_owned() })
}
