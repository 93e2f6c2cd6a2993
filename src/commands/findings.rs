//! `sentrypost findings`: list and show.

use std::collections::BTreeMap;

use chrono::DateTime;
use model::finding::{Event, Finding, FindingState};
use model::id::UnitId;
use model::register::Register;
use registry::ports::FindingStore;

use crate::cli::{self, Global};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::pipeline::find_unit;
use crate::session::{OrStoreFailure, Session};

pub async fn run(global: &Global, command: cli::Findings) -> Outcome {
    let session = Session::open(global).await?;
    match command {
        cli::Findings::List { all, unit, format } => list(&session, all, unit.as_deref(), format.json).await,
        cli::Findings::Show { finding } => show(&session, &finding).await,
    }
}

#[derive(Debug, thiserror::Error)]
enum Lookup {
    #[error("the register has no unit {0:?}, neither by credit code nor by name")]
    NoSuchUnit(String),
    #[error("no finding begins with {0:?}; `sentrypost findings list --all` shows them")]
    NoSuchFinding(String),
    #[error("{0:?} is the beginning of {1} findings; write more of it")]
    Several(String, usize),
}

/// All findings ever, the gravest and oldest first.
async fn all_findings(session: &Session) -> Result<Vec<Finding>, Failure> {
    let mut findings = session.store.known(DateTime::UNIX_EPOCH).await.or_store_failure()?;
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.first_seen, finding.id));
    Ok(findings)
}

async fn list(session: &Session, all: bool, unit: Option<&str>, json: bool) -> Outcome {
    let register = session.register().await?;
    let unit = match unit {
        None => None,
        Some(name) => {
            let no_such = || Failure::new(Exit::NotFound, Lookup::NoSuchUnit(name.to_owned()));
            Some(find_unit(&register, name).ok_or_else(no_such)?.id)
        }
    };
    let mut findings = all_findings(session).await?;
    findings.retain(|finding| {
        let is_closed = matches!(finding.state, FindingState::Closed { .. });
        (all || !is_closed) && unit.is_none_or(|unit| finding.unit == unit)
    });
    if json {
        output::json("sentrypost-findings/1", &findings).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let units: BTreeMap<UnitId, &str> =
        register.units.iter().map(|unit| (unit.id, unit.name.as_str())).collect();
    let columns = Columns {
        headers: &["id", "severity", "check", "target", "unit", "state", "since (China)", "observed"],
        numbers: &[],
    };
    let row = |finding: &Finding| {
        let port = format!("{} {}/{}", finding.key.target, finding.key.port, finding.key.transport);
        vec![
            finding.id.to_string(),
            finding.severity.as_str().to_owned(),
            finding.key.check.to_string(),
            port,
            units.get(&finding.unit).copied().unwrap_or_default().to_owned(),
            state(finding),
            output::instant(finding.first_seen),
            finding.evidence.observed.clone(),
        ]
    };
    output::table(&columns, findings.iter().map(row));
    output::note(format!("{} findings", findings.len()));
    Ok(Exit::Done)
}

/// The state with what the reader must know beside it.
fn state(finding: &Finding) -> String {
    let doubt = if finding.unverifiable_since.is_some() { ", could not be verified" } else { "" };
    match &finding.state {
        FindingState::Open => format!("open{doubt}"),
        FindingState::Missing(missing) => {
            format!("missing ({}, {} runs){doubt}", missing.proof.as_str(), missing.n_runs)
        }
        FindingState::Closed { proof, .. } => format!("closed ({})", proof.as_str()),
    }
}

async fn show(session: &Session, beginning: &str) -> Outcome {
    let findings = all_findings(session).await?;
    let matching: Vec<&Finding> =
        findings.iter().filter(|f| f.id.to_string().starts_with(beginning)).collect();
    let finding = match matching.as_slice() {
        [one] => *one,
        [] => return Err(Failure::new(Exit::NotFound, Lookup::NoSuchFinding(beginning.to_owned()))),
        several => {
            return Err(Failure::new(Exit::NotFound, Lookup::Several(beginning.to_owned(), several.len())));
        }
    };
    let register = session.register().await?;
    let events = session.store.events(finding.id).await.or_store_failure()?;
    tell(session, &register, finding, &events);
    Ok(Exit::Done)
}

fn tell(session: &Session, register: &Register, finding: &Finding, events: &[Event]) {
    let unit = register.unit(finding.unit).map(|unit| unit.name.as_str()).unwrap_or_default();
    let answerable =
        register.asset(finding.asset).map(|asset| register.answerable(asset)).unwrap_or_default();
    let person = |id: Option<model::id::PersonId>| {
        let person = id.and_then(|id| register.person(id));
        person.map_or("-".to_owned(), |p| format!("{} {}", p.name, p.phone.as_deref().unwrap_or_default()))
    };
    let texts = session.policy.texts();
    let text = texts.get(&finding.key.check);
    let mut rows = vec![
        vec!["finding".to_owned(), finding.id.to_string()],
        vec!["what".to_owned(), finding.key.to_string()],
        vec!["severity".to_owned(), format!("{} {}", finding.severity.as_str(), finding.severity.chinese())],
        vec!["unit".to_owned(), unit.to_owned()],
        vec!["in charge".to_owned(), person(answerable.in_charge)],
        vec!["operator".to_owned(), person(answerable.operator)],
        vec!["user".to_owned(), person(answerable.user)],
        vec!["state".to_owned(), state(finding)],
        vec!["first seen".to_owned(), output::instant(finding.first_seen)],
        vec!["last seen".to_owned(), output::instant(finding.last_seen)],
        vec![
            "observed".to_owned(),
            format!("{} ({})", finding.evidence.observed, finding.evidence.method.as_str()),
        ],
    ];
    if let Some(text) = text {
        rows.push(vec!["title".to_owned(), format!("{}\n{}", text.title.zh, text.title.en)]);
        rows.push(vec!["advice".to_owned(), format!("{}\n{}", text.advice.zh, text.advice.en)]);
        rows.push(vec!["source".to_owned(), text.source.to_owned()]);
    }
    output::table(&Columns { headers: &["", ""], numbers: &[] }, rows);
    let columns = Columns { headers: &["at (China)", "what happened", "run"], numbers: &[] };
    let row = |event: &Event| {
        vec![output::instant(event.at), event.what.as_str().to_owned(), event.run.to_string()]
    };
    output::table(&columns, events.iter().map(row));
}
