//! `sentrypost report`: freeze a snapshot, build its editions, list what was built.

use std::path::Path;

use chrono::{Datelike, TimeDelta};
use model::finding::{Finding, FindingState, Happened};
use model::id::RunId;
use model::reconcile::ChangeKind;
use model::tls_policy::TlsChecks;
use registry::ports::{FindingStore, ReportRow, ReportStore, RunState, RunStore, SightingStore};
use reports::ReportFiles;
use reports::figures::Figures;
use reports::snapshot::Head;
use scanner::run::RunFolder;
use serde::Serialize;
use training::ports::TrainingStore;

use crate::cli::{self, Global};
use crate::clock;
use crate::desk;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::pipeline::{Evidence, OrSweepFailure, TlsEvidence};
use crate::session::{OrStoreFailure, Session};
use crate::shapes::asked::Asked;
use crate::shapes::snapshot::{Seen, SeenRun, SeenService, SeenTls, SeenTlsRun, Sources, Trained, snapshot};

/// Runs older than this tell nothing of today.
const LOOK_BACK_DAYS: i64 = 90;

pub async fn run(global: &Global, command: cli::Report) -> Outcome {
    match command {
        cli::Report::Build { format } => {
            let session = Session::open(global).await?;
            let built = build(&session).await?;
            if format.json {
                output::json("sentrypost-report-built/1", &built.shown()).or_exit(Exit::Internal)?;
            } else {
                show_files(&built.files);
            }
            Ok(Exit::Done)
        }
        cli::Report::List { format } => list(&Session::open_to_read(global).await?, format.json).await,
    }
}

/// A report that was just built.
pub struct Built {
    pub number: String,
    pub files: ReportFiles,
    pub figures: Figures,
}

impl Built {
    fn shown(&self) -> Shown<'_> {
        let ReportFiles { html_zh, html_en, xlsx, json, .. } = &self.files;
        Shown { number: &self.number, html_zh, html_en, xlsx, json }
    }
}

/// What `report build --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    number: &'a str,
    html_zh: &'a Path,
    html_en: &'a Path,
    xlsx: &'a Path,
    json: &'a Path,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "there is nothing to report: no finding is known and no scan of the last {LOOK_BACK_DAYS} days was judged; \
     see `sentrypost runs list`, or begin with `sentrypost scan`"
)]
struct Nothing;

/// Freezes what is known now and writes the report of it. Takes no number if there is nothing to report.
pub async fn build(session: &Session) -> Result<Built, Failure> {
    let register = session.register().await?;
    let made_at = clock::now();
    let Judged { seen, tls: seen_tls } = judged(session, made_at).await?;
    let previous = ReportStore::list(&session.store).await.or_store_failure()?.into_iter().next();
    let since = previous.as_ref().map_or(chrono::DateTime::UNIX_EPOCH, |report| report.built_at);
    let findings = findings(session, since).await?;
    let as_of = seen.as_of().max(seen_tls.as_of());
    if findings.is_empty() && as_of.is_none() {
        return Err(Failure::new(Exit::NotFound, Nothing));
    }
    let year = u16::try_from(session.today().year()).or_exit(Exit::Internal)?;
    let number = session.store.next_number(year).await.or_store_failure()?;
    clear_leftovers(session, &number.to_string())?;
    let trained = Trained {
        records: session.store.load_training().await.or_store_failure()?,
        scheme: desk::read_scheme(session)?,
    };
    let tls_checks = seen_tls.checks().unwrap_or_else(TlsChecks::embedded);
    let policy_version = match seen_tls.as_of() {
        None => session.policy.version.clone(),
        Some(_) => format!("{}, TLS {}", session.policy.version, tls_checks.version),
    };
    let head = Head {
        number: number.to_string(),
        issuer: String::new(),
        made_at,
        data_as_of: as_of.unwrap_or(made_at),
        policy_version: policy_version.clone(),
        software_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let sources = Sources {
        head,
        register: &register,
        policy: &session.policy,
        findings: &findings,
        seen: &seen,
        seen_tls: &seen_tls,
        tls_checks: &tls_checks,
        trained: &trained,
    };
    let input = snapshot(&sources);
    let mut runs: Vec<RunId> = seen.run_ids();
    runs.extend(seen_tls.run_ids());
    // Ids of runs sort by the time they were made.
    runs.sort_unstable();
    let folder = session.data.reports().join(number.to_string());
    let before =
        previous.map(|report| session.data.reports().join(report.number.to_string()).join("snapshot"));
    let task = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)
            .or_exit_while(Exit::Environment, format!("can't make {}", folder.display()))?;
        let frozen = folder.join("snapshot");
        let hash = reports::snapshot::freeze(&frozen, &input).or_report_failure()?;
        // A previous report whose folder is gone only costs the comparison.
        let before = before.filter(|before| before.exists());
        let (files, figures) = reports::build(&frozen, before.as_deref(), &folder).or_report_failure()?;
        Ok::<_, Failure>((hash, files, figures))
    });
    let (snapshot_sha256, files, figures) = task.await.or_exit(Exit::Internal)??;
    let row = ReportRow { number, built_at: made_at, runs, policy_version, snapshot_sha256 };
    ReportStore::insert(&session.store, &row).await.or_store_failure()?;
    Ok(Built { number: number.to_string(), files, figures })
}

/// A build that was cut off before its number was taken leaves a folder that no report claims.
fn clear_leftovers(session: &Session, number: &str) -> Result<(), Failure> {
    let folder = session.data.reports().join(number);
    if !folder.exists() {
        return Ok(());
    }
    output::note(format!("an earlier build of {number} was cut off; its files are replaced"));
    std::fs::remove_dir_all(&folder)
        .or_exit_while(Exit::Environment, format!("can't remove {}", folder.display()))
}

pub fn show_files(files: &ReportFiles) {
    for path in [&files.html_zh, &files.html_en, &files.xlsx, &files.json] {
        output::data(path.display().to_string());
    }
}

/// Judged runs of the last months with what they saw.
struct Judged {
    seen: Seen,
    tls: SeenTls,
}

async fn judged(session: &Session, now: chrono::DateTime<chrono::Utc>) -> Result<Judged, Failure> {
    let register = session.register().await?;
    let last_seen = session.store.last_seen().await.or_store_failure()?;
    let rows = RunStore::list(&session.store).await.or_store_failure()?;
    let oldest = now - TimeDelta::days(LOOK_BACK_DAYS);
    let (mut runs, mut tls) = (Vec::new(), Vec::new());
    for row in rows.into_iter().filter(|row| row.state == RunState::Judged && row.started_at >= oldest) {
        let path = session.data.runs().join(row.id.to_string());
        if !path.exists() {
            output::note(format!("the folder of run {} is gone; the report goes without it", row.id));
            continue;
        }
        let folder = RunFolder::open(&path).or_sweep_failure()?;
        let ended_at = row.ended_at.unwrap_or(row.started_at);
        if folder.manifest().tls.is_some() {
            let TlsEvidence { records, .. } = TlsEvidence::read(&folder, &register, ended_at)?;
            let (manifest, rating) = (folder.manifest().clone(), folder.rating().or_sweep_failure()?);
            tls.push(SeenTlsRun { manifest, rating, ended_at, records });
            continue;
        }
        let evidence = Evidence::read(&folder, &register, ended_at)?;
        let assessment = evidence.assess(&register, &session.policy, &last_seen);
        let services = evidence.observations.iter().map(|observation| SeenService {
            observation: observation.clone(),
            declared: assessment.declared(observation),
            class: assessment.exposure_of(observation).map(|check| check.to_string()),
        });
        let services = services.collect();
        let totals = folder.summary().or_sweep_failure()?.totals;
        let refusals = folder.refusals().or_sweep_failure()?.collect::<Result<_, _>>().or_sweep_failure()?;
        runs.push(SeenRun {
            manifest: folder.manifest().clone(),
            ended_at: evidence.ended_at,
            n_answered: totals.n_open + totals.n_refused,
            observations: services,
            coverage: evidence.coverage,
            refusals,
            asked: Asked::read(&folder).or_sweep_failure()?,
        });
    }
    Ok(Judged { seen: Seen::new(runs), tls: SeenTls::new(tls) })
}

/// Findings that aren't closed or were closed since `since`, with how each came out of its latest run.
async fn findings(
    session: &Session,
    since: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<(Finding, ChangeKind)>, Failure> {
    let mut with_change = Vec::new();
    for finding in session.store.known(since).await.or_store_failure()? {
        let change = match &finding.state {
            _ if finding.unverifiable_since.is_some() => ChangeKind::Unverifiable,
            FindingState::Missing(_) => ChangeKind::Missing,
            FindingState::Closed { .. } => ChangeKind::Closed,
            FindingState::Open if finding.first_seen == finding.last_seen => ChangeKind::New,
            FindingState::Open if finding.n_recurrences > 0 && reopened_last(session, &finding).await? => {
                ChangeKind::Reopened
            }
            FindingState::Open => ChangeKind::Unchanged,
        };
        with_change.push((finding, change));
    }
    Ok(with_change)
}

async fn reopened_last(session: &Session, finding: &Finding) -> Result<bool, Failure> {
    let events = session.store.events(finding.id).await.or_store_failure()?;
    let reopened = |what: &Happened| matches!(what, Happened::Reopened { .. });
    Ok(events.iter().any(|event| event.run == finding.last_run && reopened(&event.what)))
}

async fn list(session: &Session, json: bool) -> Outcome {
    #[derive(Serialize)]
    struct Line {
        number: String,
        built_at: chrono::DateTime<chrono::Utc>,
        n_runs: usize,
        policy_version: String,
        snapshot_sha256: String,
        folder: String,
    }
    let rows = ReportStore::list(&session.store).await.or_store_failure()?;
    let line = |row: ReportRow| Line {
        number: row.number.to_string(),
        built_at: row.built_at,
        n_runs: row.runs.len(),
        policy_version: row.policy_version,
        snapshot_sha256: row.snapshot_sha256,
        folder: session.data.reports().join(row.number.to_string()).display().to_string(),
    };
    let lines: Vec<Line> = rows.into_iter().map(line).collect();
    if json {
        output::json("sentrypost-reports/1", &lines).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let columns = Columns {
        headers: &["number", "built (China)", "runs", "policy", "snapshot", "folder"],
        numbers: &[2],
    };
    let row = |line: &Line| {
        vec![
            line.number.clone(),
            output::instant(line.built_at),
            line.n_runs.to_string(),
            line.policy_version.clone(),
            line.snapshot_sha256.chars().take(12).collect(),
            line.folder.clone(),
        ]
    };
    output::table(&columns, lines.iter().map(row));
    Ok(Exit::Done)
}

/// Gives a report's error its exit code.
trait OrReportFailure<T> {
    fn or_report_failure(self) -> Result<T, Failure>;
}

impl<T> OrReportFailure<T> for Result<T, reports::ReportError> {
    fn or_report_failure(self) -> Result<T, Failure> {
        use reports::ReportError;
        self.map_err(|error| {
            let exit = match &error {
                ReportError::Unwritable { .. }
                | ReportError::Unreadable { .. }
                | ReportError::Exists { .. } => Exit::Environment,
                ReportError::Damaged { .. } | ReportError::NewerFormat { .. } => Exit::Data,
                ReportError::Compute { .. }
                | ReportError::Workbook(_)
                | ReportError::Page(_)
                | ReportError::Json(_) => Exit::Internal,
            };
            Failure::new(exit, error)
        })
    }
}
