//! The one entry: carries a run out from wherever it stands to its end.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::observation::Method;
use model::port::Transport;
use model::scope::Scope;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::cancel::Cancel;
use crate::drive::{self, Dispenser, Record, RecordError, Shared};
use crate::identify::Datagrams;
use crate::pace::{Limits, LimitsError};
use crate::progress::Progress;
use crate::questions::Questions;
use crate::raw::{self, RawFailure, RawReport, RawStart, Throttle};
use crate::run::{End, EndState, HeldRun, Manifest, Progressed, RunError, RunFolder, Totals};
use crate::seam::Identifier;

/// Tells the time of day; the root package reads it.
pub type Clock = fn() -> DateTime<Utc>;

/// Looks at a run this often.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Records that may wait for the writer.
const N_RECORDS_QUEUED: usize = 1024;

/// Beyond this the kernel's share of the work is the limit.
const MOST_WORKERS: usize = 8;

/// What to carry out, and with what.
pub struct SweepRequest {
    /// A new run, or one to go on with.
    pub folder: RunFolder,
    /// The scope of this moment; every address is admitted by it before each probe, and the session stops as its day ends
    /// or one of its scan windows shuts. What is outside its window is left for a later session.
    pub scope: Arc<Scope>,
    /// `None` leaves open ports unidentified.
    pub identifier: Option<Arc<dyn Identifier>>,
    pub clock: Clock,
    pub progress: watch::Sender<Progress>,
    pub cancel: Cancel,
    /// Open raw sockets, where the method of the run takes them.
    pub raw: Option<RawRequest>,
}

/// What a raw run takes beyond its folder.
pub struct RawRequest {
    pub start: RawStart,
    /// Drawn anew for each session, so that nobody who saw another's packets can answer for this one's targets.
    pub key: [u64; 2],
    pub throttle: Arc<Throttle>,
    /// Where the sockets go once the session is over, for whoever goes on in the same process: opening them again would
    /// take privileges that are given up by then.
    pub give_back: Option<oneshot::Sender<RawStart>>,
}

/// How a session ended that didn't fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    /// Cancelled; [`sweep`] goes on from there.
    Interrupted,
    /// Stopped since the day of the scope is over; [`sweep`] goes on from there under the scope of the new day.
    DayEnded,
    /// Stopped since a scan window shut; [`sweep`] goes on from there under the scope of that moment.
    WindowEnded,
    /// Nothing is left but what is outside its scan window; [`sweep`] goes on from there once one opens.
    PutOff,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SweepOutcome {
    pub outcome: Outcome,
    /// Over all sessions of the run.
    pub totals: Totals,
    /// Of this session, if it was a raw one.
    pub raw: Option<RawReport>,
}

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Limits(#[from] LimitsError),
    #[error(transparent)]
    Raw(#[from] RawFailure),
    #[error("the run is one of raw packets, and no raw sockets were opened for it")]
    NoSockets,
    #[error("a part of the scanner broke down; the run can be resumed")]
    Broken(#[source] JoinError),
}

/// Carries a run out until every probe has an end and every open port an observation, or until it is
/// cancelled or the day of the scope ends. On an error of our own system (a full disk, say) what was written
/// stays valid, and a later call goes on from there.
pub async fn sweep(request: SweepRequest) -> Result<SweepOutcome, SweepError> {
    let SweepRequest { folder, scope, identifier, clock, progress, cancel, raw } = request;
    let (run, Progressed { done, totals, observed }) = HeldRun::take(&folder)?;
    let manifest = Arc::new(folder.manifest().clone());
    let limits = Limits::of_system(manifest.options.in_flight)?;
    let gaps: Vec<_> = done.gaps(manifest.indices()).collect();

    let (records, record_queue) = mpsc::channel(N_RECORDS_QUEUED);
    let writer = tokio::spawn(write(run, record_queue, cancel.clone()));
    let shared = Arc::new(Shared::new(drive::Beginning {
        plan: manifest.plan.clone(),
        scope,
        options: manifest.options.clone(),
        names: manifest.names.clone(),
        observed,
        n_left: manifest.n_probes().saturating_sub(totals.n_done()),
        dispenser: Dispenser::new(gaps.iter().cloned()),
        cancel,
        clock,
        records,
        totals,
    }));
    shared.end_with_the_scope();
    let looking = tokio::spawn(look(shared.clone(), progress.clone()));
    let (raw_report, probed) = match (manifest.method, raw) {
        (Method::Connect, _) => (None, connect_all(&shared, &manifest, identifier, limits).await),
        (Method::Syn | Method::Udp, Some(raw)) => {
            ask_all(&shared, &manifest, identifier, limits, gaps, raw).await
        }
        (Method::Syn | Method::Udp, None) => (None, Err(SweepError::NoSockets)),
        // It was finished before it became a run; or it isn't a sweep, and has a driver of its own.
        (Method::Imported | Method::Tls, _) => {
            (None, Err(RunError::Finished { path: folder.path().to_owned() }.into()))
        }
    };
    looking.abort();
    let totals = shared.totals();
    let day_ended = shared.day_ended.load(Ordering::Acquire);
    let window_ended = shared.window_ended.load(Ordering::Acquire);
    let is_through = shared.is_done() && shared.n_identifying.load(Ordering::Acquire) == 0;
    let is_put_off = shared.n_put_off.load(Ordering::Acquire) > 0;
    progress.send_modify(|last| {
        *last = Progress { n_in_flight: 0, n_identifying: 0, ..last.next(totals, Duration::ZERO) };
    });
    // The last sender goes with it, and the writer comes to its end.
    drop(shared);
    let written = writer.await.map_err(SweepError::Broken)?;
    let outcome = match is_through {
        true if is_put_off => Outcome::PutOff,
        true => Outcome::Finished,
        false if day_ended => Outcome::DayEnded,
        false if window_ended => Outcome::WindowEnded,
        false => Outcome::Interrupted,
    };
    conclude(written, probed, SweepOutcome { outcome, totals, raw: raw_report }, clock)
}

/// A run that can't be written down is not worth probing for.
async fn write(run: HeldRun, records: mpsc::Receiver<Record>, cancel: Cancel) -> Written {
    let written = drive::write(run, records).await;
    if written.is_err() {
        cancel.cancel();
    }
    written
}

type Written = Result<HeldRun, (Option<Box<HeldRun>>, RecordError)>;

/// Asks by single packets, from a thread of its own, and identifies what is open meanwhile.
async fn ask_all(
    shared: &Arc<Shared>,
    manifest: &Arc<Manifest>,
    identifier: Option<Arc<dyn Identifier>>,
    limits: Limits,
    gaps: Vec<Range<u64>>,
    raw: RawRequest,
) -> (Option<RawReport>, Result<(), SweepError>) {
    let (opened, open_queue) = mpsc::channel(limits.n_identifications);
    let n_at_a_time = limits.n_identifications;
    let identifier = match manifest.method.transport() {
        Transport::Tcp => identifier,
        Transport::Udp => {
            let questions = Questions::of(&manifest.options);
            // Other cookies than those of the sweep, whose answers strangers on the way may have seen.
            let key = [raw.key[0] ^ 2, raw.key[1]];
            let datagrams = Arc::new(Datagrams::new(questions, key, identifier.is_some()));
            Some(Arc::new(datagrams) as Arc<dyn Identifier>)
        }
    };
    let identifying =
        drive::identify_all(shared.clone(), manifest.clone(), identifier, open_queue, n_at_a_time);
    let identifying = tokio::spawn(identifying);
    let (of_thread, of_manifest) = (shared.clone(), manifest.clone());
    let asking = tokio::task::spawn_blocking(move || {
        let RawRequest { start, key, throttle, give_back } = raw;
        let (report, asked, start) =
            raw::sweep_by_packets(&of_thread, &of_manifest, gaps, key, start, &throttle, &opened);
        if let (Some(give_back), Some(start)) = (give_back, start) {
            // Whoever asked for them may have gone.
            drop(give_back.send(start));
        }
        (report, asked)
    });
    let (report, asked) = match asking.await {
        Ok((report, asked)) => (Some(report), asked.map_err(SweepError::Raw)),
        Err(error) => (None, Err(SweepError::Broken(error))),
    };
    if asked.is_err() {
        // What is being identified ends soon, so that what was done is kept.
        shared.cancel.cancel();
    }
    let identified = identifying.await.map_err(SweepError::Broken);
    (report, asked.and(identified))
}

async fn connect_all(
    shared: &Arc<Shared>,
    manifest: &Arc<Manifest>,
    identifier: Option<Arc<dyn Identifier>>,
    limits: Limits,
) -> Result<(), SweepError> {
    let (opened, open_queue) = mpsc::channel(limits.n_identifications);
    let n_workers = std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_WORKERS));
    let mut workers = JoinSet::new();
    for _ in 0..n_workers {
        let share = limits.n_connects.div_ceil(n_workers);
        workers.spawn(drive::work(shared.clone(), opened.clone(), share));
    }
    drop(opened);
    let identifying = drive::identify_all(
        shared.clone(),
        manifest.clone(),
        identifier,
        open_queue,
        limits.n_identifications,
    );
    let identifying = tokio::spawn(identifying);
    let mut result = Ok(());
    while let Some(ended) = workers.join_next().await {
        if let Err(error) = ended {
            // What it had taken is lost to this session: stop, and let the next one take it up.
            shared.cancel.cancel();
            result = Err(SweepError::Broken(error));
        }
    }
    identifying.await.map_err(SweepError::Broken)?;
    result
}

async fn look(shared: Arc<Shared>, progress: watch::Sender<Progress>) {
    let totals = shared.totals();
    progress.send_replace(Progress { totals, n_done_before: totals.n_done(), ..Progress::default() });
    let mut last = Instant::now();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        shared.end_with_the_scope();
        let (totals, since) = (shared.totals(), last.elapsed());
        last = Instant::now();
        let n_in_flight = shared.n_in_flight.load(Ordering::Relaxed);
        let n_identifying = shared.n_identifying.load(Ordering::Relaxed);
        progress.send_modify(|before| {
            *before = Progress { n_in_flight, n_identifying, ..before.next(totals, since) };
        });
    }
}

fn conclude(
    written: Written,
    probed: Result<(), SweepError>,
    swept: SweepOutcome,
    clock: Clock,
) -> Result<SweepOutcome, SweepError> {
    let (run, failure) = match (written, probed) {
        (Ok(run), Ok(())) => (Some(Box::new(run)), None),
        (Ok(run), Err(error)) => (Some(Box::new(run)), Some(error)),
        (Err((run, RecordError::Run(error))), _) => (run, Some(SweepError::Run(error))),
        (Err((run, RecordError::Broken(error))), _) => (run, Some(SweepError::Broken(error))),
    };
    let end = match (&failure, swept.outcome) {
        (Some(_), _) => End::Failed,
        (None, Outcome::Finished) => End::Finished,
        (None, Outcome::Interrupted | Outcome::DayEnded | Outcome::WindowEnded | Outcome::PutOff) => {
            End::Interrupted
        }
    };
    let reason = failure.as_ref().map(ToString::to_string);
    let state = EndState { end, at: clock(), reason, totals: swept.totals };
    let ended = run.map_or(Ok(()), |mut run| {
        if let Some(raw) = &swept.raw {
            run.tell_session(raw)?;
        }
        run.end(&state)
    });
    match failure {
        // The first error explains the second.
        Some(failure) => Err(failure),
        None => ended.map(|()| swept).map_err(SweepError::Run),
    }
}
