//! `sentrypost runs`: list, show, resume.

use std::path::PathBuf;

use model::shape::Cluster;
use model::tls::TlsRecord;
use registry::ports::{RunRow, RunStore};
use scanner::raw::{HostFacts, RawReport};
use scanner::run::{RunFolder, RunState, TlsPlan};
use serde::Serialize;

use crate::cli::{self, Global};
use crate::commands::scan::{self, finish};
use crate::commands::tls::Kept;
use crate::commands::{runs_diff, runs_export};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::handle::{self, Handles};
use crate::output::{self, Columns};
use crate::pipeline::{self, OrSweepFailure};
use crate::session::{OrStoreFailure, Session};
use crate::shapes::asked::{Asked, unsure};

pub async fn run(global: &Global, command: cli::Runs) -> Outcome {
    match command {
        cli::Runs::List { format } => list(&Session::open_to_read(global).await?, format.json).await,
        cli::Runs::Show { run, format } => {
            show(&Session::open_to_read(global).await?, &run, format.json).await
        }
        cli::Runs::Export { run, format, output, overwrite } => {
            let session = Session::open_to_read(global).await?;
            let folder = open_sweep(&session, &run).await?;
            runs_export::export(&folder, format, output.as_deref(), overwrite)
        }
        cli::Runs::Diff { first, second, exit_code, format } => {
            let session = Session::open_to_read(global).await?;
            let first = open_sweep(&session, &first).await?;
            let second = open_sweep(&session, &second).await?;
            runs_diff::diff(&first, &second, exit_code, format.json)
        }
        cli::Runs::Resume { run, format } => resume(&Session::open(global).await?, &run, format.json).await,
    }
}

/// A run on one line; what the folder knows is fresher than what the database was told.
#[derive(Serialize)]
struct Line {
    run: String,
    state: &'static str,
    started_at: chrono::DateTime<chrono::Utc>,
    asked_for: String,
    n_probes: u64,
    n_done: u64,
    n_open: u64,
}

fn line(session: &Session, row: &RunRow) -> Line {
    let summary = RunFolder::open(&folder_of(session, row)).and_then(|folder| folder.summary()).ok();
    let judged = row.state == registry::ports::RunState::Judged;
    let state = match &summary {
        _ if judged => "judged",
        None => "folder missing",
        Some(summary) => summary.state.as_str(),
    };
    let totals = summary.map(|summary| summary.totals).unwrap_or_default();
    Line {
        run: row.id.to_string(),
        state,
        started_at: row.started_at,
        asked_for: row.asked_for.clone(),
        n_probes: row.n_probes,
        n_done: totals.n_done(),
        n_open: totals.n_open,
    }
}

fn folder_of(session: &Session, row: &RunRow) -> PathBuf {
    session.data.runs().join(row.id.to_string())
}

async fn list(session: &Session, json: bool) -> Outcome {
    let (rows, handles) = all_runs(session).await?;
    let lines: Vec<Line> = rows.iter().map(|row| line(session, row)).collect();
    if json {
        output::json("sentrypost-runs/1", &lines).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    show_lines(&lines, &handles);
    Ok(Exit::Done)
}

fn show_lines(lines: &[Line], handles: &Handles) {
    let columns = Columns {
        headers: &["run", "state", "started (China)", "asked for", "probes", "done", "open"],
        numbers: &[4, 5, 6],
    };
    let row = |line: &Line| {
        vec![
            handles.show(&line.run),
            line.state.to_owned(),
            output::instant(line.started_at),
            line.asked_for.clone(),
            line.n_probes.to_string(),
            line.n_done.to_string(),
            line.n_open.to_string(),
        ]
    };
    output::table(&columns, lines.iter().map(row));
}

const KIND: handle::Kind = handle::Kind { name: "run", list: "sentrypost runs list" };

#[derive(Debug, thiserror::Error)]
#[error("the run {0} is finished and judged; there is nothing to resume")]
struct Judged(String);

/// All runs, newest first, and how their ids are shortened.
async fn all_runs(session: &Session) -> Result<(Vec<RunRow>, Handles), Failure> {
    let rows = RunStore::list(&session.store).await.or_store_failure()?;
    let handles = Handles::of(rows.iter().map(|row| row.id));
    Ok((rows, handles))
}

async fn find(session: &Session, given: &str) -> Result<RunRow, Failure> {
    let (rows, _) = all_runs(session).await?;
    handle::find(KIND, rows, |row| row.id.to_string(), given)
}

async fn open(session: &Session, given: &str) -> Result<(RunFolder, RunRow), Failure> {
    let row = find(session, given).await?;
    Ok((RunFolder::open(&folder_of(session, &row)).or_sweep_failure()?, row))
}

#[derive(Debug, thiserror::Error)]
#[error(
    "the run {0} assessed TLS servers, which has no form for other scanners and no ports to compare; \
     `sentrypost runs show {0} --json` tells all of it"
)]
struct NotASweep(String);

/// A run that asked ports.
async fn open_sweep(session: &Session, given: &str) -> Result<RunFolder, Failure> {
    let (folder, row) = open(session, given).await?;
    match folder.manifest().tls {
        Some(_) => Err(Failure::new(Exit::Usage, NotASweep(row.id.to_string()))),
        None => Ok(folder),
    }
}

async fn show(session: &Session, given: &str, json: bool) -> Outcome {
    let (folder, row) = open(session, given).await?;
    let line = line(session, &row);
    let refusals: Vec<_> =
        folder.refusals().or_sweep_failure()?.collect::<Result<_, _>>().or_sweep_failure()?;
    let observations = pipeline::observations(&folder)?;
    let asked = Asked::read(&folder).or_sweep_failure()?;
    let records = folder.tls_records_in_order().or_sweep_failure()?;
    if json {
        #[derive(Serialize)]
        struct Shown<'a> {
            #[serde(flatten)]
            line: &'a Line,
            manifest: &'a scanner::run::Manifest,
            refusals: &'a [scanner::run::RefusalRecord],
            observations: &'a [model::observation::Observation],
            /// How hosts were asked that answered, and each session as a whole; empty for full connections.
            hosts: Vec<&'a HostFacts>,
            sessions: &'a [RawReport],
            /// Hosts that one device may answer for.
            clusters: &'a [Cluster],
            /// The servers that were assessed, in runs of TLS assessments.
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            tls: &'a [TlsRecord],
        }
        let shown = Shown {
            line: &line,
            manifest: folder.manifest(),
            refusals: &refusals,
            observations: &observations,
            hosts: asked.hosts.values().collect(),
            sessions: &asked.sessions,
            clusters: &asked.clusters,
            tls: &records,
        };
        output::json("sentrypost-run/1", &shown).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    show_lines(std::slice::from_ref(&line), &Handles::of([row.id]));
    let manifest = folder.manifest();
    // Nobody drew an order for what another tool has done.
    let seed = match (&manifest.tool, &manifest.tls) {
        (None, None) => format!("   seed {:016x}", manifest.plan.seed()),
        (Some(_), _) | (_, Some(_)) => String::new(),
    };
    output::data(format!(
        "run {}{seed}   scope of {}   policy {}   {}   folder {}",
        manifest.run,
        manifest.scope_day,
        manifest.policy,
        manifest.software,
        folder.path().display()
    ));
    if let Some(tool) = &manifest.tool {
        let command_line = tool.command_line.as_deref().unwrap_or("not told");
        output::data(format!(
            "imported from {tool}   {}   sha256 {}   at {}   command line: {command_line}",
            tool.file,
            tool.sha256,
            output::instant(tool.imported_at)
        ));
    }
    for refusal in &refusals {
        output::data(format!("not probed: {}", scan::refused(refusal)));
    }
    if let Some(plan) = &manifest.tls {
        show_tls(plan, &records);
        return Ok(Exit::Done);
    }
    show_asked(&asked, &folder)?;
    let columns =
        Columns { headers: &["endpoint", "names", "service", "product", "first bytes"], numbers: &[] };
    let row = |observation: &model::observation::Observation| {
        let facts = &observation.service;
        let names: Vec<&str> = observation.names.iter().map(|name| name.as_str()).collect();
        let product = [facts.product.as_deref(), facts.version.as_deref()];
        let product: Vec<&str> = product.into_iter().flatten().collect();
        let first: String = facts.first_bytes.to_string().chars().take(60).collect();
        vec![
            observation.endpoint.to_string(),
            names.join(" "),
            facts.display_name(),
            product.join(" "),
            first,
        ]
    };
    output::table(&columns, observations.iter().map(row));
    Ok(Exit::Done)
}

/// What servers were rated by, and how each came out.
fn show_tls(plan: &TlsPlan, records: &[TlsRecord]) {
    let policies: Vec<String> =
        plan.policies.iter().map(|policy| format!("{} {}", policy.id, policy.version)).collect();
    output::data(format!("checks {}   rated by {}", plan.checks, policies.join(", ")));
    let columns = Columns {
        headers: &["server", "outcome", "speaks", "grade", "faults", "connections"],
        numbers: &[4, 5],
    };
    let row = |record: &TlsRecord| {
        let spoken: Vec<&str> = record.spoken().collect();
        vec![
            record.server.to_string(),
            record.reached.as_str().to_owned(),
            spoken.join(", "),
            record.grade.as_ref().map(|grade| grade.grade.clone()).unwrap_or_default(),
            record.faults().count().to_string(),
            record.n_connections.to_string(),
        ]
    };
    output::table(&columns, records.iter().map(row));
}

/// What got lost, which hosts are less sure than was asked for, and for which ones another may have answered.
fn show_asked(asked: &Asked, folder: &RunFolder) -> Result<(), Failure> {
    let target = folder.manifest().options.raw.confidence;
    let percent = |share: f64| format!("{:.4} %", share * 100.0);
    for session in &asked.sessions {
        output::data(format!(
            "sent {} packets, {} of them again; of {} measured {} got lost: at most {}",
            session.n_sent,
            session.n_repeats,
            session.n_measured,
            session.n_lost,
            percent(session.loss_at_most)
        ));
    }
    // The journal of a large run takes its time to read.
    let is_any = asked.hosts.values().any(|host| host.confidence < target);
    let coverage = if is_any { Some(folder.coverage().or_sweep_failure()?) } else { None };
    for host in coverage.iter().flat_map(|coverage| unsure(&asked.hosts, coverage, target)) {
        output::data(format!(
            "less sure than asked for: {} at {} instead of {}, since {} got lost",
            host.addr,
            percent(host.confidence),
            percent(target),
            percent(host.loss)
        ));
    }
    for cluster in &asked.clusters {
        let addrs = cluster.members.iter().map(|member| member.addr.to_string()).collect::<Vec<_>>();
        let more = addrs.len().saturating_sub(SHOWN_MEMBERS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = addrs.get(..SHOWN_MEMBERS).unwrap_or(&addrs).join(" ");
        output::data(format!(
            "one device may answer for {} hosts ({}, {} hops away): {shown}{more}",
            addrs.len(),
            cluster.shape,
            cluster.hops
        ));
    }
    Ok(())
}

/// Members of a group that are named on its line.
const SHOWN_MEMBERS: usize = 8;

async fn resume(session: &Session, given: &str, json: bool) -> Outcome {
    let row = find(session, given).await?;
    if row.state == registry::ports::RunState::Judged {
        return Err(Failure::new(Exit::NotFound, Judged(row.id.to_string())));
    }
    let _hold = session.data.share()?;
    let folder = RunFolder::open(&folder_of(session, &row)).or_sweep_failure()?;
    if folder.manifest().tls.is_some() {
        return Kept::resume(session, folder).await?.show(json);
    }
    let summary = folder.summary().or_sweep_failure()?;
    let swept = match (summary.state, summary.ended_at) {
        // Killed between the last probe and the judgement.
        (RunState::Finished, Some(ended_at)) => pipeline::Swept {
            folder,
            outcome: scanner::Outcome::Finished,
            totals: summary.totals,
            raw: None,
            ended_at,
            signals: None,
        },
        _ => pipeline::resume(session, folder).await?,
    };
    finish(session, swept).await?.show(json)
}
