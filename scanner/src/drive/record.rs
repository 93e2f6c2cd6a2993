//! The one writer of a run folder: collects what workers and identification send, and syncs it at least
//! once a second without making them wait for the disk.

use std::time::Duration;

use model::observation::Observation;
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep_until};

use crate::run::{HeldRun, RefusalRecord, RunError, Settled};

/// Half of the second that a kill may cost, for the sync itself to take the other.
const SYNC_EVERY: Duration = Duration::from_millis(500);
/// Entries that are written before their time.
const MANY: usize = 1 << 17;

/// Something to be kept.
#[derive(Debug)]
pub(crate) enum Record {
    Settled(Vec<(u64, Settled)>),
    Observation(Box<Observation>),
    Refusal(Box<RefusalRecord>),
}

#[derive(Debug, Default)]
struct Pending {
    settled: Vec<(u64, Settled)>,
    observations: Vec<Observation>,
    refusals: Vec<RefusalRecord>,
}

impl Pending {
    fn add(&mut self, record: Record) {
        match record {
            Record::Settled(mut entries) => self.settled.append(&mut entries),
            Record::Observation(observation) => self.observations.push(*observation),
            Record::Refusal(refusal) => self.refusals.push(*refusal),
        }
    }
}

/// Why the writer stopped before it was told to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("the writer of the run folder broke down")]
    Broken(#[from] JoinError),
}

/// Writes until every sender is gone, then gives the run back, everything synced.
pub(crate) async fn write(
    mut run: HeldRun,
    mut records: mpsc::Receiver<Record>,
) -> Result<HeldRun, (Option<Box<HeldRun>>, RecordError)> {
    loop {
        let mut pending = Pending::default();
        let mut is_open = true;
        let due = Instant::now() + SYNC_EVERY;
        while is_open && pending.settled.len() < MANY {
            tokio::select! {
                record = records.recv() => match record {
                    Some(record) => pending.add(record),
                    None => is_open = false,
                },
                () = sleep_until(due) => break,
            }
        }
        let written = tokio::task::spawn_blocking(move || {
            let Pending { mut settled, observations, refusals } = pending;
            let result = run.append(&mut settled, &observations, &refusals);
            (run, result)
        });
        let (back, result) = written.await.map_err(|error| (None, error.into()))?;
        if let Err(error) = result {
            return Err((Some(Box::new(back)), error.into()));
        }
        run = back;
        if !is_open {
            return Ok(run);
        }
    }
}
