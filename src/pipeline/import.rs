//! Taking in what another tool has found: a run of its own, marked with the tool, that is judged like any other.
//!
//! Nothing is taken of a file that isn't right as a whole, unless that is asked for; of an address outside the scope
//! never anything. The same file a second time changes nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use model::id::RunId;
use model::interval::civil_date;
use model::observation::{Endpoint, Method, Observation, PortState};
use model::scope::Scope;
use registry::ports::{AuditAction, RunRow, RunState, RunStore};
use scanner::exchange::{
    Faults, ForeignHost, ForeignTool, Gathered, Limits, Reading, Refused, SEEN_BY, What, read_masscan_json,
    read_nmap_xml,
};
use scanner::plan::PlanError;
use scanner::run::{FinishedRun, Manifest, Reason, RefusalRecord, RunFolder, Tool, scope_hash};
use scanner::{Options, Outcome};
use sha2::{Digest, Sha256};

use super::{OrSweepFailure, Swept};
use crate::clock::{self, SystemMint};
use crate::exit::{Exit, Failure, OrExit};
use crate::session::{OrStoreFailure, Session};

/// How far ahead of ours the clock of another machine may be.
const MAX_AHEAD: TimeDelta = TimeDelta::hours(1);

/// Every port of a /16; the journal takes about a byte for each.
const MAX_PROBES: u64 = 1 << 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    NmapXml,
    MasscanJson,
}

pub struct ImportWish {
    pub file: PathBuf,
    pub form: Form,
    /// Take what is right of a file that isn't right as a whole.
    pub good_hosts: bool,
}

/// What came of a file.
pub struct Imported {
    pub tool: ForeignTool,
    pub faults: Faults,
    pub refused: Vec<Refused>,
    pub n_more_refused: u64,
    pub n_not_up: u64,
    pub n_no_proof: u64,
    pub n_hosts: usize,
    pub result: ImportResult,
}

pub enum ImportResult {
    /// Something is wrong with it, so nothing was taken.
    Wrong,
    /// It holds nothing that is in scope.
    Nothing,
    /// It was imported and judged before, as this run.
    Known(RunId),
    /// A run to be judged.
    Run(Box<Swept>),
}

#[derive(Debug, thiserror::Error)]
enum ImportError {
    #[error("{0} is a folder; name a file")]
    Folder(String),
    #[error(
        "{file} says that the scan ended on {at}, which is still to come; is the clock of either machine wrong?"
    )]
    Future { file: String, at: DateTime<Utc> },
    #[error("{file} tells of {n} ports in scope, and {MAX_PROBES} are taken at most; split it")]
    TooMany { file: String, n: u64 },
    #[error("{0} tells nothing of any TCP port in scope; results of UDP alone can't be imported yet")]
    NoTcp(String),
}

/// Reads a file and makes a run of it. The caller holds the lock of the data folder.
pub async fn import(session: &Session, wish: ImportWish) -> Result<Imported, Failure> {
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    let name = wish.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let good_hosts = wish.good_hosts;
    let shown = wish.file.display().to_string();
    let (scope, read) = tokio::task::spawn_blocking(move || {
        let read = read(&wish, &scope);
        (scope, read)
    })
    .await
    .or_exit(Exit::Internal)?;
    let WholeFile { reading, mut gathered, sha256 } = read?;
    let Reading { tool, faults, n_not_up, n_no_proof } = reading;
    let mut imported = Imported {
        tool,
        faults,
        refused: Vec::new(),
        n_more_refused: 0,
        n_not_up,
        n_no_proof,
        n_hosts: 0,
        result: ImportResult::Wrong,
    };
    if let Some(folder) = imported_before(session, &sha256)? {
        imported.result = known(session, folder).await?;
        return Ok(imported);
    }
    let now = clock::now();
    let ended_at = imported.tool.ended_at.or(imported.tool.started_at).unwrap_or(now);
    if ended_at > now + MAX_AHEAD {
        return Err(Failure::new(Exit::BadInput, ImportError::Future { file: shown, at: ended_at }));
    }
    let started_at = imported.tool.started_at.unwrap_or(ended_at).min(ended_at);
    // What was seen on a day is judged by whose the address was on that day.
    let then = Scope::of(&register, civil_date(ended_at));
    gathered.retain(|addr| then.admit(addr).map(|_| ()));
    imported.refused = gathered.refused().to_vec();
    imported.n_more_refused = gathered.n_more_refused();
    imported.n_hosts = gathered.n_hosts();
    if imported.faults.n() > 0 && !good_hosts {
        let detail = format!("{name}: {} errors", imported.faults.n());
        session.log(AuditAction::ImportRefused, detail).await?;
        return Ok(imported);
    }
    if let Some(first) = imported.refused.first() {
        let detail = format!("{name}, line {}: {}", first.line, first.refusal);
        session.log(AuditAction::TargetRefused, detail).await?;
    }
    if gathered.is_empty() {
        imported.result = ImportResult::Nothing;
        return Ok(imported);
    }
    let plan = match gathered.plan() {
        Err(PlanError::Empty) => return Err(Failure::new(Exit::BadInput, ImportError::NoTcp(shown))),
        plan => plan.or_exit_while(Exit::BadInput, format!("can't import {shown}"))?,
    };
    if plan.n_probes() > MAX_PROBES {
        return Err(Failure::new(Exit::BadInput, ImportError::TooMany { file: shown, n: plan.n_probes() }));
    }
    let told = &imported.tool;
    let tool = Tool {
        name: told.name.clone(),
        version: told.version.clone(),
        command_line: told.command_line.clone(),
        file: name.chars().filter(|c| !c.is_control()).collect(),
        sha256,
        imported_at: now,
    };
    let manifest = Manifest {
        run: RunId::mint(&mut SystemMint),
        started_at,
        software: concat!("sentrypost ", env!("CARGO_PKG_VERSION")).to_owned(),
        policy: session.policy.version.clone(),
        method: Method::Imported,
        scope_day: scope.day(),
        scope_hash: scope_hash(&scope),
        options: Options { identify: false, ..Options::default() },
        plan,
        shard: None,
        names: Default::default(),
        tool: Some(tool),
        tls: None,
    };
    let refused: Vec<RefusalRecord> = imported.refused.iter().map(|refused| record(refused, now)).collect();
    let runs = session.data.runs();
    let folder = tokio::task::spawn_blocking(move || {
        let observations = observations(&gathered, &manifest, ended_at);
        let reply = |addr, port| gathered.reply(addr, port);
        let run =
            FinishedRun { manifest, refused: &refused, observations: &observations, reply: &reply, ended_at };
        RunFolder::create_finished(&runs, run)
    });
    let folder = folder.await.or_exit(Exit::Internal)?.or_sweep_failure()?;
    imported.result = known(session, folder).await?;
    Ok(imported)
}

fn record(refused: &Refused, at: DateTime<Utc>) -> RefusalRecord {
    let reason = Reason::Scope(refused.refusal.clone());
    RefusalRecord { at, addr: Some(refused.addr), names: Vec::new(), reason }
}

/// A file that was read to its end, or to where it makes no sense any more.
struct WholeFile {
    reading: Reading,
    gathered: Gathered,
    sha256: String,
}

fn read(wish: &ImportWish, scope: &Scope) -> Result<WholeFile, Failure> {
    let shown = || wish.file.display().to_string();
    let doing = || format!("can't read {}", shown());
    let file = File::open(&wish.file).or_exit_while(Exit::NotFound, doing())?;
    if file.metadata().or_exit_while(Exit::Environment, doing())?.is_dir() {
        return Err(Failure::new(Exit::BadInput, ImportError::Folder(shown())));
    }
    let limits = Limits::default();
    let mut hashed = Hashed { inner: file, hasher: Sha256::new() };
    let mut gathered = Gathered::new(limits);
    let admit = |addr| scope.admit(addr).map(|_| ());
    let mut take = |host: ForeignHost| gathered.add(host, admit);
    let reading = match wish.form {
        Form::NmapXml => read_nmap_xml(&mut hashed, &limits, &mut take),
        Form::MasscanJson => read_masscan_json(&mut hashed, &limits, &mut take),
    };
    for fault in reading.faults.first() {
        if let What::Io(error) = &fault.what {
            let error = io::Error::new(error.kind(), error.to_string());
            return Err(error).or_exit_while(Exit::Environment, doing());
        }
    }
    // What follows an early end belongs to the file all the same.
    io::copy(&mut (&mut hashed).take(limits.file_bytes), &mut io::sink())
        .or_exit_while(Exit::Environment, doing())?;
    let sha256 = hashed.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(WholeFile { reading, gathered, sha256 })
}

struct Hashed<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

fn observations(gathered: &Gathered, manifest: &Manifest, ended_at: DateTime<Utc>) -> Vec<Observation> {
    let tool = manifest.tool.as_ref().map(ToString::to_string);
    let open = gathered.open().map(|(addr, port)| {
        let mut service = port.service;
        service.facts.extend(tool.iter().map(|tool| (SEEN_BY.to_owned(), tool.clone())));
        Observation {
            run: manifest.run,
            at: port.at.unwrap_or(ended_at).clamp(manifest.started_at, ended_at),
            endpoint: Endpoint { addr, transport: port.transport, port: port.port },
            names: Vec::new(),
            state: PortState::Open,
            method: Method::Imported,
            rtt_us: None,
            shape: None,
            service,
        }
    });
    open.collect()
}

/// The run that came of the same file.
fn imported_before(session: &Session, sha256: &str) -> Result<Option<RunFolder>, Failure> {
    for folder in RunFolder::list(&session.data.runs()).or_sweep_failure()? {
        // One that can't be read is told by those who need it.
        let Ok(folder) = folder else { continue };
        if folder.manifest().tool.as_ref().is_some_and(|tool| tool.sha256 == sha256) {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// A run whose folder is there: judged, or, if it is new or a kill came in between, to be judged.
async fn known(session: &Session, folder: RunFolder) -> Result<ImportResult, Failure> {
    let manifest = folder.manifest();
    let rows = RunStore::list(&session.store).await.or_store_failure()?;
    let row = rows.into_iter().find(|row| row.id == manifest.run);
    if row.as_ref().is_some_and(|row| row.state == RunState::Judged) {
        return Ok(ImportResult::Known(manifest.run));
    }
    let summary = folder.summary().or_sweep_failure()?;
    let ended_at = summary.ended_at.unwrap_or(manifest.started_at);
    if row.is_none() {
        let tool = manifest.tool.as_ref();
        let asked_for = tool.map(|tool| format!("imported from {tool}: {}", tool.file)).unwrap_or_default();
        let row = RunRow {
            id: manifest.run,
            state: RunState::Finished,
            started_at: manifest.started_at,
            ended_at: Some(ended_at),
            method: manifest.method,
            asked_for: asked_for.clone(),
            n_addresses: manifest.plan.n_hosts(),
            n_probes: manifest.plan.n_probes(),
            n_probed: summary.totals.n_done(),
            n_open: summary.totals.n_open,
            policy_version: None,
        };
        session.store.insert(&row).await.or_store_failure()?;
        session.log(AuditAction::Imported, format!("run {}, {asked_for}", manifest.run)).await?;
    }
    let totals = summary.totals;
    let swept = Swept { folder, outcome: Outcome::Finished, totals, raw: None, ended_at, signals: None };
    Ok(ImportResult::Run(Box::new(swept)))
}
