//! `sentrypost runs`: list, show, resume.

use std::path::PathBuf;

use registry::ports::{RunRow, RunStore};
use scanner::run::{RunFolder, RunState};
use serde::Serialize;

use crate::cli::{self, Global};
use crate::commands::scan::{self, finish};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::pipeline::{self, OrSweepFailure};
use crate::session::{OrStoreFailure, Session};

pub async fn run(global: &Global, command: cli::Runs) -> Outcome {
    let session = Session::open(global).await?;
    match command {
        cli::Runs::List { format } => list(&session, format.json).await,
        cli::Runs::Show { run, format } => show(&session, &run, format.json).await,
        cli::Runs::Resume { run, format } => resume(&session, &run, format.json).await,
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
    let rows = RunStore::list(&session.store).await.or_store_failure()?;
    let lines: Vec<Line> = rows.iter().map(|row| line(session, row)).collect();
    if json {
        output::json("sentrypost-runs/1", &lines).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    show_lines(&lines);
    Ok(Exit::Done)
}

fn show_lines(lines: &[Line]) {
    let columns = Columns {
        headers: &["run", "state", "started (China)", "asked for", "probes", "done", "open"],
        numbers: &[4, 5, 6],
    };
    let row = |line: &Line| {
        vec![
            line.run.clone(),
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

#[derive(Debug, thiserror::Error)]
enum Lookup {
    #[error("no run begins with {0:?}; `sentrypost runs list` shows them")]
    None(String),
    #[error("{0:?} is the beginning of {1} runs; write more of it")]
    Several(String, usize),
    #[error("the run {0} is finished and judged; there is nothing to resume")]
    Judged(String),
}

async fn find(session: &Session, beginning: &str) -> Result<RunRow, Failure> {
    let rows = RunStore::list(&session.store).await.or_store_failure()?;
    let mut matching: Vec<RunRow> =
        rows.into_iter().filter(|row| row.id.to_string().starts_with(beginning)).collect();
    match (matching.len(), matching.pop()) {
        (1, Some(row)) => Ok(row),
        (0, _) => Err(Failure::new(Exit::NotFound, Lookup::None(beginning.to_owned()))),
        (n, _) => Err(Failure::new(Exit::NotFound, Lookup::Several(beginning.to_owned(), n))),
    }
}

async fn show(session: &Session, beginning: &str, json: bool) -> Outcome {
    let row = find(session, beginning).await?;
    let line = line(session, &row);
    let folder = RunFolder::open(&folder_of(session, &row)).or_sweep_failure()?;
    let refusals: Vec<_> =
        folder.refusals().or_sweep_failure()?.collect::<Result<_, _>>().or_sweep_failure()?;
    let observations = pipeline::observations(&folder)?;
    if json {
        #[derive(Serialize)]
        struct Shown<'a> {
            #[serde(flatten)]
            line: &'a Line,
            manifest: &'a scanner::run::Manifest,
            refusals: &'a [scanner::run::RefusalRecord],
            observations: &'a [model::observation::Observation],
        }
        let shown = Shown {
            line: &line,
            manifest: folder.manifest(),
            refusals: &refusals,
            observations: &observations,
        };
        output::json("sentrypost-run/1", &shown).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    show_lines(std::slice::from_ref(&line));
    let manifest = folder.manifest();
    output::data(format!(
        "seed {:016x}   scope of {}   policy {}   {}   folder {}",
        manifest.plan.seed(),
        manifest.scope_day,
        manifest.policy,
        manifest.software,
        folder.path().display()
    ));
    for refusal in &refusals {
        output::data(format!("not probed: {}", scan::refused(refusal)));
    }
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

async fn resume(session: &Session, beginning: &str, json: bool) -> Outcome {
    let row = find(session, beginning).await?;
    if row.state == registry::ports::RunState::Judged {
        return Err(Failure::new(Exit::NotFound, Lookup::Judged(row.id.to_string())));
    }
    let _lock = session.data.lock_for_scan()?;
    let folder = RunFolder::open(&folder_of(session, &row)).or_sweep_failure()?;
    let summary = folder.summary().or_sweep_failure()?;
    let swept = match (summary.state, summary.ended_at) {
        // Killed between the last probe and the judgement.
        (RunState::Finished, Some(ended_at)) => {
            pipeline::Swept { folder, outcome: scanner::Outcome::Finished, totals: summary.totals, ended_at }
        }
        _ => pipeline::resume(session, folder).await?,
    };
    finish(session, swept).await?.show(json)
}
