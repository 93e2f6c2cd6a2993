//! Carrying out a run: the folder, the sweep with its progress and Ctrl-C, and the row that the list of runs shows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use model::interval::civil_date;
use model::observation::Method;
use model::scope::Scope;
use registry::ports::{RunRow, RunState, RunStore};
use scanner::identify::IdentifyLimits;
use scanner::plan::Shard;
use scanner::raw::{PathError, RawFailure, RawReport, RawStart, Throttle};
use scanner::run::{Manifest, RunFolder, Totals, scope_hash};
use scanner::{
    Cancel, Identifier, Options, Outcome, Progress, RawRequest, SweepError, SweepOutcome, SweepRequest, sweep,
};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::{Prepared, windows};
use crate::clock::{self, SystemMint};
use crate::data_folder::DataFolder;
use crate::exit::{Exit, Failure, OrExit};
use crate::session::{OrStoreFailure, Session};
use crate::{output, progress};

/// A run that has been carried out, or cut off.
pub struct Swept {
    pub folder: RunFolder,
    pub outcome: Outcome,
    pub totals: Totals,
    /// What a raw run says of itself.
    pub raw: Option<RawReport>,
    pub ended_at: DateTime<Utc>,
    /// What ends the process by a signal, once the sweep is over; whoever listens for signals next ends it.
    pub signals: Option<JoinHandle<()>>,
}

/// How ports are asked.
pub struct How {
    pub method: Method,
    pub shard: Option<Shard>,
    pub options: Options,
}

/// Begins a run and carries it out. The caller holds the lock of the data folder.
pub async fn carry_out(session: &Session, prepared: Prepared, how: How) -> Result<Swept, Failure> {
    let How { method, shard, options } = how;
    let run = model::id::RunId::mint(&mut SystemMint);
    let Prepared { scope, plan, names, refused, asked_for } = prepared;
    let row = RunRow {
        id: run,
        state: RunState::Running,
        started_at: clock::now(),
        ended_at: None,
        method,
        asked_for,
        n_addresses: plan.n_hosts(),
        n_probes: shard.map_or(plan.n_probes(), |shard| shard.len_of(plan.n_probes())),
        n_probed: 0,
        n_open: 0,
        policy_version: None,
    };
    let manifest = Manifest {
        run,
        started_at: row.started_at,
        software: concat!("sentrypost ", env!("CARGO_PKG_VERSION")).to_owned(),
        policy: session.policy.version.clone(),
        method,
        scope_day: scope.day(),
        scope_hash: scope_hash(&scope),
        options,
        plan,
        shard,
        names,
        tool: None,
        tls: None,
    };
    let folder = RunFolder::create(&session.data.runs(), manifest, &refused).or_sweep_failure()?;
    session.store.insert(&row).await.or_store_failure()?;
    go_on(session, folder, scope).await
}

/// Goes on with a run that was cut off, under the scope of today.
pub async fn resume(session: &Session, folder: RunFolder) -> Result<Swept, Failure> {
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    go_on(session, folder, scope).await
}

/// Carries a run out session by session: a session ends with its day or as a scan window shuts, and the next goes on
/// under the scope of its moment. Until a window opens, nothing is done but waiting.
async fn go_on(session: &Session, folder: RunFolder, scope: Scope) -> Result<Swept, Failure> {
    let run = folder.manifest().run;
    let stop = Cancel::new();
    let _hold = DataFolder::hold_run(folder.path())?;
    let signals = tokio::spawn(stop_on_signal(stop.clone(), run.to_string()));
    let mut scope = scope;
    let mut sockets = None;
    let swept = loop {
        let now = clock::now();
        if civil_date(now) != scope.day() {
            scope = Scope::of(&session.register().await?, session.today());
        }
        let of_now = Arc::new(scope.at(now));
        match (windows::all_shut(&folder.manifest().plan, &of_now), &sockets) {
            // Nothing to do, and no sockets to keep open for it.
            (Some(opens_at), _) if windows::wait(opens_at, &stop).await => continue,
            (Some(_), _) => break Ok(stopped_waiting(&folder)?),
            (None, None) => {
                sockets = Some(Sockets::open(&folder).await?);
            }
            (None, Some(_)) => {}
        }
        let opened = sockets.as_mut().expect("opened before the first session");
        let swept = one_session(&folder, of_now.clone(), opened, &stop).await;
        match &swept {
            Ok(SweepOutcome { outcome: Outcome::DayEnded, .. }) => {
                output::note("the day is over; going on under the scope of the new one");
            }
            Ok(SweepOutcome { outcome: Outcome::WindowEnded, .. }) => {
                output::note("a scan window has shut; what is left of it waits for the next");
            }
            Ok(SweepOutcome { outcome: Outcome::PutOff, .. }) => {
                let opens_at = windows::next_opening(&folder.manifest().plan, &of_now);
                if !windows::wait(opens_at.unwrap_or(now), &stop).await {
                    break swept;
                }
            }
            Ok(SweepOutcome { outcome: Outcome::Finished | Outcome::Interrupted, .. }) | Err(_) => {
                break swept;
            }
        }
    };
    // From here on a signal ends the process: what follows is a transaction or can be done again.
    stop.cancel();
    let (state, totals) = match &swept {
        Ok(swept) if swept.outcome == Outcome::Finished => (RunState::Finished, swept.totals),
        Ok(swept) => (RunState::Interrupted, swept.totals),
        Err(_) => (RunState::Interrupted, folder.summary().map(|summary| summary.totals).unwrap_or_default()),
    };
    let ended_at = clock::now();
    let noted = note_state(session, &folder, state, totals, ended_at).await;
    let swept = swept.or_sweep_failure().inspect_err(|_| {
        output::note(format!("what was done is kept; `sentrypost runs resume {run}` goes on"));
    })?;
    noted?;
    let SweepOutcome { outcome, raw, .. } = swept;
    Ok(Swept { folder, outcome, totals, raw, ended_at, signals: Some(signals) })
}

/// A run that was stopped while it waited, before anything was asked in this process.
fn stopped_waiting(folder: &RunFolder) -> Result<SweepOutcome, Failure> {
    let totals = folder.summary().or_sweep_failure()?.totals;
    Ok(SweepOutcome { outcome: Outcome::Interrupted, totals, raw: None })
}

/// One session: the sweep with its progress.
async fn one_session(
    folder: &RunFolder,
    scope: Arc<Scope>,
    sockets: &mut Sockets,
    stop: &Cancel,
) -> Result<SweepOutcome, SweepError> {
    let (progress, looks) = watch::channel(Progress::default());
    let drawing = progress::follow(looks);
    let cancel = Cancel::new();
    let passing_on = {
        let (stop, cancel) = (stop.clone(), cancel.clone());
        tokio::spawn(async move {
            stop.cancelled().await;
            cancel.cancel();
        })
    };
    let (raw, given_back) = sockets.take();
    let request = SweepRequest {
        folder: folder.clone(),
        scope,
        identifier: folder.manifest().options.identify.then(|| identifier(clock::random_seed())),
        clock: clock::now,
        progress,
        cancel: cancel.clone(),
        raw,
    };
    let swept = sweep(request).await;
    passing_on.abort();
    sockets.start = given_back.await.ok();
    // The drawing ends with the sender that the sweep held; a fault in it must not hide what was swept.
    let _ = drawing.await;
    swept
}

/// The sockets of a raw run, from its first session on.
struct Sockets {
    start: Option<RawStart>,
    throttle: Arc<Throttle>,
}

impl Sockets {
    async fn open(folder: &RunFolder) -> Result<Sockets, Failure> {
        let start = raw_start(folder).await?;
        let throttle = Arc::new(Throttle::new(folder.manifest().options.raw.rate));
        if start.is_some() {
            tokio::spawn(turn_by_signal(throttle.clone()));
        }
        Ok(Sockets { start, throttle })
    }

    /// What a session takes, and where it leaves the sockets for the next.
    fn take(&mut self) -> (Option<RawRequest>, oneshot::Receiver<RawStart>) {
        let (give_back, given_back) = oneshot::channel();
        let key = [clock::random_seed(), clock::random_seed()];
        let request =
            |start| RawRequest { start, key, throttle: self.throttle.clone(), give_back: Some(give_back) };
        (self.start.take().map(request), given_back)
    }
}

/// Opens the sockets of a raw run, then gives up the privileges that took: nothing that arrives is read with them.
async fn raw_start(folder: &RunFolder) -> Result<Option<RawStart>, Failure> {
    let manifest = folder.manifest().clone();
    if !manifest.method.is_raw() {
        return Ok(None);
    }
    let opened = tokio::task::spawn_blocking(move || {
        let start = RawStart::open(&manifest, clock::random_seed())?;
        // Root keeps its right to files: the data folder may belong to whoever called sudo.
        rawsock::drop_capabilities_except(&[rawsock::Capability::DacOverride])?;
        Ok::<_, PathError>(start)
    });
    opened.await.or_exit(Exit::Internal)?.or_exit(Exit::Environment).map(Some)
}

/// Lets signals change the rate of a run: SIGUSR1 raises it, SIGUSR2 lowers it, SIGQUIT pauses and goes on.
async fn turn_by_signal(throttle: Arc<Throttle>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut raise), Ok(mut lower), Ok(mut pause)) = (
        signal(SignalKind::user_defined1()),
        signal(SignalKind::user_defined2()),
        signal(SignalKind::quit()),
    ) else {
        return;
    };
    loop {
        let now = tokio::select! {
            _ = raise.recv() => format!("{} packets a second at most", throttle.scale(125)),
            _ = lower.recv() => format!("{} packets a second at most", throttle.scale(80)),
            _ = pause.recv() => {
                let words = if throttle.pause_or_go_on() { "paused" } else { "going on" };
                words.to_owned()
            }
        };
        output::note(now);
    }
}

/// What asks an open port what it is. The ports that must not be asked are the run's own to keep back.
fn identifier(seed: u64) -> Arc<dyn Identifier> {
    Arc::new(IdentifyLimits { seed, ..IdentifyLimits::default() })
}

/// Brings the row of a run up to date.
pub async fn note_state(
    session: &Session,
    folder: &RunFolder,
    state: RunState,
    totals: Totals,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let run = folder.manifest().run;
    let rows = RunStore::list(&session.store).await.or_store_failure()?;
    let Some(row) = rows.into_iter().find(|row| row.id == run) else { return Ok(()) };
    let judged_by = (state == RunState::Judged).then(|| session.policy.version.clone());
    let row = RunRow {
        state,
        ended_at: Some(at),
        n_probed: totals.n_done(),
        n_open: totals.n_open,
        policy_version: judged_by.or(row.policy_version),
        ..row
    };
    session.store.update(&row).await.or_store_failure()
}

/// The first Ctrl-C or SIGTERM stops in order, the second at once. Once listened for, a signal no longer ends the
/// process by itself, so this task lives as long as the process.
pub(super) async fn stop_on_signal(cancel: Cancel, run: String) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let mut n_signals = 0;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        n_signals += 1;
        // Behind the sweep there is nothing left to stop in order.
        if n_signals > 1 || cancel.is_cancelled() {
            std::process::exit(i32::from(Exit::Partial.code()));
        }
        output::note(format!("stopping; `sentrypost runs resume {run}` goes on"));
        cancel.cancel();
    }
}

/// Gives a sweep's error its exit code.
pub trait OrSweepFailure<T> {
    fn or_sweep_failure(self) -> Result<T, Failure>;
}

impl<T> OrSweepFailure<T> for Result<T, SweepError> {
    fn or_sweep_failure(self) -> Result<T, Failure> {
        self.map_err(|error| match error {
            SweepError::Run(error) => Failure::new(exit_of_run_error(&error), error),
            error @ SweepError::Raw(RawFailure::TooMuchLoss { .. }) => Failure::new(Exit::TooMuchLoss, error),
            error @ (SweepError::Limits(_) | SweepError::Raw(_) | SweepError::NoSockets) => {
                Failure::new(Exit::Environment, error)
            }
            error @ SweepError::Broken(_) => Failure::new(Exit::Internal, error),
        })
    }
}

impl<T> OrSweepFailure<T> for Result<T, scanner::run::RunError> {
    fn or_sweep_failure(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit_of_run_error(&error), error))
    }
}

fn exit_of_run_error(error: &scanner::run::RunError) -> Exit {
    use scanner::run::RunError;
    match error {
        RunError::Io { .. } | RunError::DiskFull { .. } => Exit::Environment,
        RunError::NewerFormat { .. }
        | RunError::Manifest { .. }
        | RunError::Damaged { .. }
        | RunError::Line { .. } => Exit::Data,
        RunError::NotARun { .. } | RunError::Finished { .. } => Exit::NotFound,
        RunError::Held { .. } => Exit::Busy,
        RunError::Exists { .. } | RunError::Plan(_) => Exit::Internal,
    }
}
