//! `sentrypost scan`: prepare, sweep, judge, and say what came of it.

use model::port::PortSet;
use model::reconcile::{ChangeKind, ChangeSet};
use model::severity::Severity;
use registry::ports::{FindingStore, RunState};
use scanner::{Options, Outcome as Swept};
use serde::Serialize;

use crate::cli::{self, Global};
use crate::clock;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::pipeline::{self, Ports, Wish};
use crate::session::{OrStoreFailure, Session};

pub async fn run(global: &Global, asked: &cli::Scan) -> Outcome {
    // What is wrong with the command line is told before anything is opened.
    let ports: PortSet = asked.ports.parse().or_exit_while(Exit::Usage, "--ports")?;
    let session = Session::open(global).await?;
    let _lock = session.data.lock_for_scan()?;
    let ports =
        if asked.reverify { Ports::Endpoints(seen_before(&session).await?) } else { Ports::Same(ports) };
    let wish = Wish {
        units: asked.unit.clone(),
        systems: asked.system.clone(),
        targets: asked.targets.clone(),
        ports,
        seed: asked.seed.unwrap_or_else(clock::random_seed),
        resolver: asked.resolver,
    };
    let options = Options {
        per_host: asked.per_host,
        identify: !asked.no_identify,
        no_payload: Some(session.policy.fragile.ports.clone()),
        ..Options::default()
    };
    let ended = scan(&session, &wish, options).await?;
    ended.show(asked.format.json)
}

/// A scan that has come to an end, one way or another.
pub struct Ended {
    pub swept: pipeline::Swept,
    /// `None` if the run was cut off, which judges nothing.
    pub change: Option<ChangeSet>,
}

/// Carries a scan out and judges it. The caller holds the lock of the data folder.
pub async fn scan(session: &Session, wish: &Wish, options: Options) -> Result<Ended, Failure> {
    let prepared = pipeline::prepare(session, wish).await?;
    for refusal in &prepared.refused {
        output::note(format!("not probed: {}", refused(refusal)));
    }
    output::note(format!(
        "probing {} addresses, {} probes (seed {:016x})",
        prepared.plan.n_hosts(),
        prepared.plan.n_probes(),
        prepared.plan.seed()
    ));
    let swept = pipeline::carry_out(session, prepared, options).await?;
    finish(session, swept).await
}

/// Judges what has been swept to its end.
pub async fn finish(session: &Session, swept: pipeline::Swept) -> Result<Ended, Failure> {
    if swept.outcome == Swept::DayEnded {
        output::note(
            "the day is over, and with it the scope of this run; `sentrypost runs resume` goes on under today's",
        );
    }
    if swept.outcome != Swept::Finished {
        return Ok(Ended { swept, change: None });
    }
    let change = pipeline::judge(session, &swept.folder, swept.ended_at).await?;
    pipeline::note_state(session, &swept.folder, RunState::Judged, swept.totals, swept.ended_at).await?;
    Ok(Ended { swept, change: Some(change) })
}

/// A refusal on one line.
pub fn refused(refusal: &scanner::run::RefusalRecord) -> String {
    let names: Vec<&str> = refusal.names.iter().map(|name| name.as_str()).collect();
    if names.is_empty() {
        refusal.reason.clone()
    } else {
        format!("{}: {}", names.join(", "), refusal.reason)
    }
}

/// The endpoints of all findings that aren't closed, and of every open port that earlier runs saw.
async fn seen_before(session: &Session) -> Result<Vec<model::observation::Endpoint>, Failure> {
    let findings = FindingStore::open(&session.store).await.or_store_failure()?;
    let mut endpoints: Vec<_> = findings.iter().map(|finding| finding.evidence.endpoint).collect();
    for folder in scanner::run::RunFolder::list(&session.data.runs()).or_exit(Exit::Data)? {
        let folder = folder.or_exit(Exit::Data)?;
        endpoints
            .extend(pipeline::observations(&folder)?.into_iter().map(|observation| observation.endpoint));
    }
    endpoints.sort_unstable();
    endpoints.dedup();
    Ok(endpoints)
}

/// What a scan prints as JSON.
#[derive(Serialize)]
struct Summary {
    run: String,
    state: &'static str,
    totals: scanner::run::Totals,
    changes: Vec<Counted>,
}

#[derive(Serialize)]
struct Counted {
    change: ChangeKind,
    severity: Severity,
    n: usize,
}

impl Ended {
    pub fn show(&self, json: bool) -> Outcome {
        let run = self.swept.folder.manifest().run;
        let totals = self.swept.totals;
        if json {
            let counts = self.change.as_ref().map(ChangeSet::counts).unwrap_or_default();
            let changes = counts.into_iter().map(|((change, severity), n)| Counted { change, severity, n });
            let summary = Summary {
                run: run.to_string(),
                state: if self.change.is_some() { "judged" } else { "interrupted" },
                totals,
                changes: changes.collect(),
            };
            output::json("sentrypost-scan/1", &summary).or_exit(Exit::Internal)?;
        } else {
            let columns =
                Columns { headers: &["run", "probes", "open", "refused", "silent"], numbers: &[1, 2, 3, 4] };
            let counts = [totals.n_done(), totals.n_open, totals.n_refused, totals.n_silent];
            let row = std::iter::once(run.to_string()).chain(counts.iter().map(ToString::to_string));
            output::table(&columns, [row.collect()]);
            if let Some(change) = &self.change {
                show_changes(change);
            }
        }
        if totals.n_not_asked > 0 {
            output::note(format!(
                "{} probes could not be sent by this machine; nothing is known of them, scan again",
                totals.n_not_asked
            ));
        }
        let whole = self.change.is_some() && totals.n_not_asked == 0;
        Ok(if whole { Exit::Done } else { Exit::Partial })
    }
}

/// Findings of a run by change and severity.
pub fn show_changes(change: &ChangeSet) {
    let counts = change.counts();
    let columns = Columns {
        headers: &["findings", "critical", "high", "medium", "low", "all"],
        numbers: &[1, 2, 3, 4, 5],
    };
    let rows = ChangeKind::ALL.into_iter().filter(|&kind| change.count(kind) > 0).map(|kind| {
        let of = |severity| counts.get(&(kind, severity)).copied().unwrap_or(0);
        let cells = Severity::ALL.map(of).into_iter().chain([change.count(kind)]);
        std::iter::once(kind.as_str().to_owned()).chain(cells.map(|n| n.to_string())).collect()
    });
    output::table(&columns, rows);
}
