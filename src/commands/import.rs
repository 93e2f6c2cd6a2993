//! `sentrypost import`: what another tool has found becomes a run, and findings.

use model::id::RunId;
use model::reconcile::{ChangeKind, ChangeSet};
use scanner::exchange::Refused;
use serde::Serialize;

use crate::cli::{self, Global};
use crate::commands::scan::{Ended, finish};
use crate::exit::{Exit, OrExit, Outcome};
use crate::handle::Handles;
use crate::output;
use crate::pipeline::{self, Form, ImportResult, ImportWish, Imported};
use crate::session::Session;

/// Faults and refusals that are printed one by one; `--json` has more.
const N_SHOWN: usize = 20;

pub async fn run(global: &Global, command: cli::Import) -> Outcome {
    let (form, asked) = match command {
        cli::Import::NmapXml(asked) => (Form::NmapXml, asked),
        cli::Import::MasscanJson(asked) => (Form::MasscanJson, asked),
    };
    let session = Session::open(global).await?;
    let _hold = session.data.share()?;
    let cli::ImportFile { file, good_hosts, format } = asked;
    let mut imported = pipeline::import(&session, ImportWish { file, form, good_hosts }).await?;
    tell(&imported, good_hosts);
    let result = std::mem::replace(&mut imported.result, ImportResult::Nothing);
    let (run, ended, exit) = match result {
        ImportResult::Wrong => (None, None, Exit::BadInput),
        ImportResult::Nothing => {
            output::note("nothing of it is in scope, and nothing was imported");
            (None, None, if imported.refused.is_empty() { Exit::Done } else { Exit::OutOfScope })
        }
        ImportResult::Known(run) => {
            let handle = Handles::of([run]).show(run);
            output::note(format!("this very file was imported before, as run {handle}; nothing was changed"));
            (Some(run), None, Exit::Done)
        }
        ImportResult::Run(swept) => {
            let run = swept.folder.manifest().run;
            let ended = finish(&session, *swept).await?;
            (Some(run), Some(ended), Exit::Done)
        }
    };
    if format.json {
        let shape = Shape::of(&imported, run, ended.as_ref());
        output::json("sentrypost-import/1", &shape).or_exit(Exit::Internal)?;
    } else if let Some(ended) = &ended {
        ended.show(false)?;
    }
    // What was left out of a file is told in the exit code as well.
    Ok(if exit == Exit::Done && imported.faults.n() > 0 { Exit::BadInput } else { exit })
}

fn tell(imported: &Imported, good_hosts: bool) {
    let faults = &imported.faults;
    for fault in faults.first().iter().take(N_SHOWN) {
        output::note(fault.to_string());
    }
    let n_more = faults.n().saturating_sub(N_SHOWN as u64);
    if n_more > 0 {
        output::note(format!("… and {n_more} more errors"));
    }
    if matches!(imported.result, ImportResult::Wrong) {
        output::note("nothing was imported; mend the file, or take its good hosts with --good-hosts");
        return;
    }
    if good_hosts && faults.ended_early() {
        output::note("only what stands before the last of these errors was read");
    }
    for refused in imported.refused.iter().take(N_SHOWN) {
        output::note(format!("line {}: not imported: {}", refused.line, refused.refusal));
    }
    let n_more = imported.refused.len().saturating_sub(N_SHOWN) as u64 + imported.n_more_refused;
    if n_more > 0 {
        output::note(format!("… and {n_more} more that are out of scope"));
    }
    if imported.n_no_proof > 0 {
        let n = imported.n_no_proof;
        output::note(format!(
            "{n} ports are in a state that proves nothing, such as open|filtered; they count as not probed"
        ));
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shape<'a> {
    run: Option<RunId>,
    /// Whether this call made the run.
    is_new: bool,
    tool: Tool<'a>,
    n_hosts: usize,
    n_not_up: u64,
    n_no_proof: u64,
    n_errors: u64,
    errors: Vec<Told>,
    n_out_of_scope: u64,
    out_of_scope: Vec<Told>,
    changes: Vec<(ChangeKind, usize)>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: Option<&'a str>,
    command_line: Option<&'a str>,
}

#[derive(Serialize)]
struct Told {
    line: u64,
    what: String,
}

impl<'a> Shape<'a> {
    fn of(imported: &'a Imported, run: Option<RunId>, ended: Option<&Ended>) -> Shape<'a> {
        let told = |refused: &Refused| Told { line: refused.line, what: refused.refusal.to_string() };
        let errors = imported.faults.first().iter();
        let change: Option<&ChangeSet> = ended.and_then(|ended| ended.change.as_ref());
        let count = |change: &ChangeSet| {
            ChangeKind::ALL
                .map(|kind| (kind, change.count(kind)))
                .into_iter()
                .filter(|&(_, n)| n > 0)
                .collect()
        };
        Shape {
            run,
            is_new: ended.is_some(),
            tool: Tool {
                name: &imported.tool.name,
                version: imported.tool.version.as_deref(),
                command_line: imported.tool.command_line.as_deref(),
            },
            n_hosts: imported.n_hosts,
            n_not_up: imported.n_not_up,
            n_no_proof: imported.n_no_proof,
            n_errors: imported.faults.n(),
            errors: errors.map(|fault| Told { line: fault.line, what: fault.what.to_string() }).collect(),
            n_out_of_scope: imported.refused.len() as u64 + imported.n_more_refused,
            out_of_scope: imported.refused.iter().map(told).collect(),
            changes: change.map(count).unwrap_or_default(),
        }
    }
}
