//! `sentrypost findings`: list and show.

use std::collections::BTreeMap;

use chrono::DateTime;
use model::finding::{CheckId, Event, Finding, FindingState, Happened};
use model::id::{PersonId, UnitId};
use model::policy::CheckText;
use model::register::{Person, Register};
use model::tls_policy::TlsChecks;
use registry::ports::FindingStore;
use serde::Serialize;

use crate::cli::{self, Global};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::handle::{self, Handles};
use crate::output::{self, Columns};
use crate::pipeline::find_unit;
use crate::session::{OrStoreFailure, Session};

pub async fn run(global: &Global, command: cli::Findings) -> Outcome {
    let session = Session::open_to_read(global).await?;
    match command {
        cli::Findings::List { all, unit, format } => list(&session, all, unit.as_deref(), format.json).await,
        cli::Findings::Show { finding, format } => show(&session, &finding, format.json).await,
    }
}

#[derive(Debug, thiserror::Error)]
enum Lookup {
    #[error("the register has no unit {0:?}, neither by credit code nor by name")]
    NoSuchUnit(String),
}

const KIND: handle::Kind = handle::Kind { name: "finding", list: "sentrypost findings list --all" };

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
    let handles = Handles::of(findings.iter().map(|finding| finding.id));
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
    // Few columns of several lines each: the table must fit a terminal of 80 columns.
    let columns = Columns { headers: &["id", "severity", "what and where", "unit", "state"], numbers: &[] };
    let row = |finding: &Finding| {
        let key = &finding.key;
        let endpoint = format!("{} {}/{}", key.target, key.port, key.transport);
        vec![
            handles.show(finding.id),
            finding.severity.as_str().to_owned(),
            format!("{}\n{endpoint}\n{}", key.check, observed(finding)),
            units.get(&finding.unit).copied().unwrap_or_default().to_owned(),
            format!("{}\nsince {}", state(finding), output::instant(finding.first_seen)),
        ]
    };
    output::table(&columns, findings.iter().map(row));
    output::note(format!("{} findings", findings.len()));
    Ok(Exit::Done)
}

fn observed(finding: &Finding) -> String {
    reports::text::facts(&finding.evidence.observed).en.into_owned()
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

async fn show(session: &Session, given: &str, json: bool) -> Outcome {
    let findings = all_findings(session).await?;
    let finding = handle::find(KIND, findings, |finding| finding.id.to_string(), given)?;
    let register = session.register().await?;
    let events = session.store.events(finding.id).await.or_store_failure()?;
    let checks = TlsChecks::embedded();
    let mut texts = session.policy.texts();
    texts.extend(checks.texts());
    if json {
        output::json("sentrypost-finding/1", &shown(&texts, &register, &finding, &events))
            .or_exit(Exit::Internal)?;
    } else {
        tell(&texts, &register, &finding, &events);
    }
    Ok(Exit::Done)
}

/// A finding with all that a person sees of it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    unit_name: Option<&'a str>,
    in_charge: Option<&'a Person>,
    operator: Option<&'a Person>,
    user: Option<&'a Person>,
    check: Option<Check<'a>>,
    events: &'a [Event],
}

/// What the policy says of a check.
#[derive(Serialize)]
struct Check<'a> {
    title_zh: &'a str,
    title_en: &'a str,
    advice_zh: &'a str,
    advice_en: &'a str,
    source: &'a str,
}

fn shown<'a>(
    texts: &'a BTreeMap<CheckId, CheckText<'a>>,
    register: &'a Register,
    finding: &'a Finding,
    events: &'a [Event],
) -> Shown<'a> {
    let answerable =
        register.asset(finding.asset).map(|asset| register.answerable(asset)).unwrap_or_default();
    let person = |id: Option<PersonId>| id.and_then(|id| register.person(id));
    let text = texts.get(&finding.key.check);
    Shown {
        finding,
        unit_name: register.unit(finding.unit).map(|unit| unit.name.as_str()),
        in_charge: person(answerable.in_charge),
        operator: person(answerable.operator),
        user: person(answerable.user),
        check: text.map(|text| Check {
            title_zh: &text.title.zh,
            title_en: &text.title.en,
            advice_zh: &text.advice.zh,
            advice_en: &text.advice.en,
            source: text.source,
        }),
        events,
    }
}

fn tell(texts: &BTreeMap<CheckId, CheckText<'_>>, register: &Register, finding: &Finding, events: &[Event]) {
    let shown = shown(texts, register, finding, events);
    let person = |person: Option<&Person>| {
        person.map_or("-".to_owned(), |p| format!("{} {}", p.name, p.phone.as_deref().unwrap_or_default()))
    };
    let mut rows = vec![
        vec!["finding".to_owned(), finding.id.to_string()],
        vec!["what".to_owned(), finding.key.to_string()],
        vec!["severity".to_owned(), format!("{} {}", finding.severity.as_str(), finding.severity.chinese())],
        vec!["unit".to_owned(), shown.unit_name.unwrap_or_default().to_owned()],
        vec!["in charge".to_owned(), person(shown.in_charge)],
        vec!["operator".to_owned(), person(shown.operator)],
        vec!["user".to_owned(), person(shown.user)],
        vec!["state".to_owned(), state(finding)],
        vec!["first seen".to_owned(), output::instant(finding.first_seen)],
        vec!["last seen".to_owned(), output::instant(finding.last_seen)],
        vec!["observed".to_owned(), format!("{} ({})", observed(finding), finding.evidence.method.as_str())],
    ];
    if let Some(check) = shown.check {
        rows.push(vec!["title".to_owned(), format!("{}\n{}", check.title_zh, check.title_en)]);
        rows.push(vec!["advice".to_owned(), format!("{}\n{}", check.advice_zh, check.advice_en)]);
        rows.push(vec!["source".to_owned(), check.source.to_owned()]);
    }
    output::table(&Columns { headers: &["", ""], numbers: &[] }, rows);
    let columns = Columns { headers: &["at (China)", "what happened", "run"], numbers: &[] };
    let handles = Handles::of(events.iter().map(|event| event.run));
    let row = |event: &Event| vec![output::instant(event.at), happened(&event.what), handles.show(event.run)];
    output::table(&columns, events.iter().map(row));
}

/// What happened, with the other finding where there is one.
fn happened(what: &Happened) -> String {
    match what {
        Happened::Supersedes { finding, check } => format!("goes on from {check}\n{finding}"),
        Happened::Superseded { by, check } => format!("superseded by {check}\n{by}"),
        Happened::Opened
        | Happened::Reopened { .. }
        | Happened::SeenAgain
        | Happened::Missing { .. }
        | Happened::Closed { .. }
        | Happened::BecameUnverifiable
        | Happened::SeverityChanged { .. }
        | Happened::OwnerChanged { .. } => what.as_str().to_owned(),
    }
}
