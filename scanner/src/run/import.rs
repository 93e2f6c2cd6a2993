//! A run that another tool carried out: written whole, and finished from the beginning.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use model::observation::{Observation, Reply};
use std::net::IpAddr;

use super::error::RunError;
use super::journal::{Entry, JournalWriter};
use super::lines::LineWriter;
use super::manifest::{self, End, EndState, Manifest};
use super::refusals::RefusalRecord;
use super::settled::{Settled, Totals};
use super::{JOURNAL, MANIFEST, OBSERVATIONS, REFUSALS, RunFolder, STATE};

/// Entries written at a time.
const BATCH: usize = 1 << 20;
/// Observations that are held as text at a time.
const BATCH_OF_OBSERVATIONS: usize = 1 << 13;

/// What a run consists of that is over.
pub struct FinishedRun<'a> {
    pub manifest: Manifest,
    pub refused: &'a [RefusalRecord],
    pub observations: &'a [Observation],
    /// What a port of the plan replied; `None` where that isn't known, and it counts as not asked.
    pub reply: &'a dyn Fn(IpAddr, u16) -> Option<Reply>,
    pub ended_at: DateTime<Utc>,
}

impl RunFolder {
    /// Makes the folder of a run that is over. Until its manifest is there, which comes last, it is no run.
    pub fn create_finished(runs: &Path, run: FinishedRun<'_>) -> Result<RunFolder, RunError> {
        let path = runs.join(run.manifest.run.to_string());
        fs::create_dir_all(runs).map_err(|source| RunError::io("create", runs, source))?;
        fs::create_dir(&path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => RunError::Exists { path: path.clone() },
            _ => RunError::io("create", &path, source),
        })?;
        if let Err(error) = fill(runs, &path, &run) {
            // What can't be removed either is no run as long as it has no manifest.
            drop(fs::remove_dir_all(&path));
            return Err(error);
        }
        Ok(RunFolder { path, manifest: run.manifest })
    }
}

fn fill(runs: &Path, path: &Path, run: &FinishedRun<'_>) -> Result<(), RunError> {
    let mut totals = write_journal(path, run)?;
    let mut observations = LineWriter::open(&path.join(OBSERVATIONS), |_: Observation| ())?;
    for some in run.observations.chunks(BATCH_OF_OBSERVATIONS) {
        observations.append(some)?;
    }
    LineWriter::open(&path.join(REFUSALS), |_: RefusalRecord| ())?.append(run.refused)?;
    totals.n_observations = run.observations.len() as u64;
    let state = EndState { end: End::Finished, at: run.ended_at, reason: None, totals };
    manifest::write(&path.join(STATE), &state)?;
    manifest::write(&path.join(MANIFEST), &run.manifest)?;
    manifest::sync_folder(runs).map_err(|source| RunError::io("sync", runs, source))
}

fn write_journal(path: &Path, run: &FinishedRun<'_>) -> Result<Totals, RunError> {
    let plan = &run.manifest.plan;
    let order = plan.order();
    let mut totals = Totals { n_probes: plan.n_probes(), ..Totals::default() };
    let mut journal = JournalWriter::create(&path.join(JOURNAL), plan.n_probes())?;
    let mut batch: Vec<Entry> = Vec::new();
    for (start, addr, ports) in plan.hosts() {
        for (position, &port) in (start..).zip(ports.as_slice()) {
            let settled = (run.reply)(addr, port).map_or(Settled::NotAsked, Settled::Reply);
            totals.count(settled);
            batch.extend(order.index_of(position).map(|index| (index, settled)));
        }
        if batch.len() >= BATCH {
            journal.append(&mut batch)?;
            batch.clear();
        }
    }
    journal.append(&mut batch)?;
    Ok(totals)
}
