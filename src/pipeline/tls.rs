//! A run of TLS assessments: its folder and row, the asking with its progress, Ctrl-C and scan windows, and its
//! judgement into the findings.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use model::host_name::HostName;
use model::id::RunId;
use model::interval::civil_date;
use model::observation::Method;
use model::reconcile::{ChangeSet, Judgement, reconcile};
use model::register::Register;
use model::scope::Scope;
use model::tls::TlsRecord;
use probes::tls::assess::seam::Limits;
use registry::ports::{AuditAction, FindingStore, RunRow, RunState, RunStore, StoreError};
use reports::tls::write_parquet;
use scanner::assess::{TlsInput, assess_tls as assess_records};
use scanner::plan::Plan;
use scanner::run::{
    HeldTlsRun, Manifest, RatedBy, Reason, RefusalRecord, RunFolder, TlsPlan, Totals, scope_hash,
};
use scanner::{Cancel, Options};

use super::judge::{NamesAsked, names_asked_for, scope_to_judge};
use super::sweep::{OrSweepFailure, note_state, stop_on_signal};
use crate::clock::{self, SystemMint};
use crate::data_folder::DataFolder;
use crate::exit::{Exit, Failure, OrExit};
use crate::session::{OrStoreFailure, Session};
use crate::tls::{self, Answer, Ended, Judged, Raters, Server, Wanted};
use crate::{output, progress};

/// A run that may begin: at least one server is admitted.
pub struct TlsRun {
    pub wanted: Wanted,
    /// What was asked for, in one line.
    pub asked_for: String,
    pub concurrency: u16,
    /// Also look for faults that show only to something malformed or unusual.
    pub intrusive: bool,
}

/// What came of a session.
pub struct TlsDone {
    pub folder: RunFolder,
    pub is_finished: bool,
    pub totals: Totals,
    pub ended_at: DateTime<Utc>,
    /// The servers of this session, in the order of being named; a run that was gone on with has more.
    pub judged: Vec<Judged>,
    /// Servers that the scope of the moment kept back.
    pub refused: Vec<(Server, model::scope::Refusal)>,
}

/// Makes the folder and the row of a run. The caller holds the lock of the data folder.
pub async fn begin_tls(session: &Session, asked: TlsRun, raters: &Raters) -> Result<RunFolder, Failure> {
    let TlsRun { wanted, asked_for, concurrency, intrusive } = asked;
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    let endpoints = wanted.servers.iter().map(|server| (server.addr, server.port));
    let plan = Plan::of_endpoints(0, endpoints).or_exit(Exit::Internal)?;
    let policies = raters.policies.iter();
    let tls = TlsPlan {
        checks: raters.checks.version.clone(),
        policies: policies
            .map(|policy| RatedBy { id: policy.id.clone(), version: policy.version.clone() })
            .collect(),
        expiring_days: raters.expiring_days,
        concurrency,
        intrusive,
        servers: wanted.servers.iter().map(Server::kept).collect(),
    };
    let row = RunRow {
        id: RunId::mint(&mut SystemMint),
        state: RunState::Running,
        started_at: clock::now(),
        ended_at: None,
        method: Method::Tls,
        asked_for,
        n_addresses: plan.n_hosts(),
        n_probes: tls.servers.len() as u64,
        n_probed: 0,
        n_open: 0,
        policy_version: None,
    };
    let manifest = Manifest {
        run: row.id,
        started_at: row.started_at,
        software: concat!("sentrypost ", env!("CARGO_PKG_VERSION")).to_owned(),
        policy: session.policy.version.clone(),
        method: Method::Tls,
        scope_day: scope.day(),
        scope_hash: scope_hash(&scope),
        options: Options { identify: false, ..Options::default() },
        plan,
        shard: None,
        names: wanted.names,
        tool: None,
        tls: Some(tls),
    };
    let folder = RunFolder::create(&session.data.runs(), manifest, &wanted.records).or_sweep_failure()?;
    folder.keep_rating(&raters.rating()).or_sweep_failure()?;
    session.store.insert(&row).await.or_store_failure()?;
    Ok(folder)
}

/// Asks the servers of a run that have no record yet.
pub async fn assess_tls(session: &Session, folder: RunFolder, raters: &Raters) -> Result<TlsDone, Failure> {
    let run = folder.manifest().run;
    let stop = Cancel::new();
    let _hold = DataFolder::hold_run(folder.path())?;
    tokio::spawn(stop_on_signal(stop.clone(), run.to_string()));
    let register = session.register().await?;
    let mut held = HeldTlsRun::take(&folder).or_sweep_failure()?;
    let servers: Option<Vec<Server>> = held.missing().into_iter().map(Server::of).collect();
    let unknown = || anyhow::anyhow!("the run {run} asks in a protocol that is unknown here");
    let servers = servers.ok_or_else(|| Failure::new(Exit::Data, unknown()))?;
    let plan = folder.manifest().tls.as_ref();
    let n_at_a_time = plan.map_or(1, |plan| usize::from(plan.concurrency));
    let limits = Limits { intrusive: plan.is_some_and(|plan| plan.intrusive), ..Limits::default() };

    let mut progress = progress::Counted::new(servers.len(), "servers");
    let mut judged: BTreeMap<usize, Judged> = BTreeMap::new();
    let mut refused: Vec<(Server, model::scope::Refusal)> = Vec::new();
    let each = |at: usize, answer: Answer| {
        let Some(server) = servers.get(at) else { return Ok(()) };
        match answer {
            Answer::Assessed(facts) => {
                let one = Judged::new(server, *facts, raters, clock::now());
                held.keep(&tls::record(server, &one)).or_sweep_failure()?;
                judged.insert(at, one);
            }
            Answer::Refused(refusal) => {
                let names = server.name.iter().cloned().collect();
                let reason = Reason::from(&refusal);
                let record = RefusalRecord { at: clock::now(), addr: Some(server.addr), names, reason };
                held.refuse(&record).or_sweep_failure()?;
                refused.push((server.clone(), refusal));
            }
        }
        progress.done(judged.len() + refused.len());
        Ok(())
    };
    let ended = tls::assess(&register, &servers, n_at_a_time, &limits, &stop, each).await;
    progress.finish();
    // From here on a signal ends the process: what follows is a transaction or can be done again.
    stop.cancel();
    let is_finished = matches!(ended, Ok(Ended::All));
    let (ended_at, totals) = (clock::now(), held.totals());
    if ended.is_ok() {
        held.end(is_finished, ended_at).or_sweep_failure()?;
    }
    let state = if is_finished { RunState::Finished } else { RunState::Interrupted };
    let noted = note_state(session, &folder, state, totals, ended_at).await;
    ended.inspect_err(|_| {
        output::note(format!("what was done is kept; `sentrypost runs resume {run}` goes on"));
    })?;
    noted?;
    for (server, refusal) in &refused {
        session.log(AuditAction::TargetRefused, format!("tls {}: {refusal}", server.given)).await?;
    }
    let judged = judged.into_values().collect();
    Ok(TlsDone { folder, is_finished, totals, ended_at, judged, refused })
}

/// Judges a finished run into the findings, in one transaction.
pub async fn judge_tls(
    session: &Session,
    folder: &RunFolder,
    at: DateTime<Utc>,
) -> Result<ChangeSet, Failure> {
    let _hold = session.data.hold_findings().await?;
    let register = session.register().await?;
    let seen = TlsEvidence::read(folder, &register, at)?;
    let path = folder.path().join("tls.parquet");
    let (run, records) = (folder.manifest().run, seen.records.clone());
    let written = tokio::task::spawn_blocking(move || write_parquet(&path, run, &records));
    written.await.or_exit(Exit::Internal)?.or_exit(Exit::Environment)?;

    let assessment = assess_records(seen.input());
    let rules = &session.policy.closing;
    let reopenable_since = at - TimeDelta::days(i64::from(rules.reopen_days));
    let known = session.store.known(reopenable_since).await.or_store_failure()?;
    let judgement = Judgement {
        run: folder.manifest().run,
        seen_from: folder.manifest().started_at,
        at,
        detections: assessment.detections.clone(),
        absence: &|key| assessment.absence(key),
        supersedes: &|detection| assessment.supersedes(detection),
    };
    let change = reconcile(&known, judgement, rules, &mut SystemMint);
    match FindingStore::apply(&session.store, &change).await {
        // Killed after the findings were stored and before the run was marked: they are there already.
        Err(StoreError::AlreadyJudged { .. }) => output::note("the findings of this run were stored before"),
        applied => applied.or_store_failure()?,
    }
    note_state(session, folder, RunState::Judged, folder.summary().or_sweep_failure()?.totals, at).await?;
    Ok(change)
}

/// All that a run of TLS assessments brought to judge it by.
pub struct TlsEvidence {
    pub records: Vec<TlsRecord>,
    names: BTreeMap<HostName, Vec<IpAddr>>,
    incomplete: BTreeSet<HostName>,
    scope: Scope,
}

impl TlsEvidence {
    pub fn read(
        folder: &RunFolder,
        register: &Register,
        ended_at: DateTime<Utc>,
    ) -> Result<TlsEvidence, Failure> {
        let NamesAsked { addresses, incomplete } = names_asked_for(folder)?;
        Ok(TlsEvidence {
            records: folder.tls_records_in_order().or_exit(Exit::Data)?,
            names: addresses,
            incomplete,
            scope: scope_to_judge(register, folder.manifest().scope_day, civil_date(ended_at)),
        })
    }

    fn input(&self) -> TlsInput<'_> {
        TlsInput {
            records: &self.records,
            scope: &self.scope,
            names: &self.names,
            incomplete_names: &self.incomplete,
        }
    }
}
