//! Rates what an assessment found, by the embedded policies and a person's own: checks, a grade, profiles. Also the
//! shape of all that as JSON, which `docs/tls-json.md` describes.

use std::path::Path;

use chrono::{DateTime, Utc};
use model::host_name::HostName;
use model::policy::Policy;
use model::severity::Severity;
use model::tls_policy::{TlsCheck, TlsChecks, TlsPolicy};
use probes::tls::assess::facts::{Answered, Reached, Reason, ServerFacts, Told, VersionFacts};
use probes::tls::judge::grade::{Grade, grade};
use probes::tls::judge::profile::{Demand, compare};
use probes::tls::judge::{Case, State, Trust, Verdict, judge};
use scanner::run::TlsRating;
use scanner::tls::Roots;
use serde::Serialize;

use super::wish::Server;
use crate::exit::{Exit, Failure, OrExit};

/// What servers are rated by.
pub struct Raters {
    pub checks: TlsChecks,
    pub policies: Vec<TlsPolicy>,
    pub roots: Roots,
    /// Those of a person's own among them, PEM.
    own_roots: Option<String>,
    pub expiring_days: i64,
}

/// A file given with `--policy`.
enum Given {
    Exposure,
    Rating(Box<TlsPolicy>),
    Checks(TlsChecks),
}

/// Days before its end at which a certificate counts as expiring.
const EXPIRING_DAYS: i64 = 30;

impl Raters {
    /// The embedded policies with a person's own, and whether that was none on TLS but one on exposure.
    pub fn new(policy: Option<&Path>, ca: Option<&Path>) -> Result<(Raters, bool), Failure> {
        let (roots, own_roots) = roots(ca)?;
        let mut raters = Raters {
            checks: TlsChecks::embedded(),
            policies: TlsPolicy::embedded(),
            roots,
            own_roots,
            expiring_days: EXPIRING_DAYS,
        };
        let mut is_exposure = false;
        match policy.map(read).transpose()? {
            Some(Given::Rating(own)) => {
                raters.policies.retain(|known| known.id != own.id);
                raters.policies.push(*own);
            }
            Some(Given::Checks(checks)) => raters.checks = checks,
            Some(Given::Exposure) => is_exposure = true,
            None => {}
        }
        Ok((raters, is_exposure))
    }

    /// What a run was rated by so far, to go on by the same.
    pub fn of(rating: TlsRating) -> Result<Raters, Failure> {
        let roots = match &rating.roots {
            None => Roots::mozilla_and(&[]).or_exit(Exit::Internal)?,
            Some(pem) => Roots::mozilla_and_pem(pem.as_bytes()).or_exit(Exit::Data)?,
        };
        let TlsRating { checks, policies, expiring_days, roots: own_roots } = rating;
        Ok(Raters { checks, policies, roots, own_roots, expiring_days })
    }

    /// All of it, for a run to keep.
    pub fn rating(&self) -> TlsRating {
        TlsRating {
            checks: self.checks.clone(),
            policies: self.policies.clone(),
            expiring_days: self.expiring_days,
            roots: self.own_roots.clone(),
        }
    }

    pub fn check(&self, id: &str) -> Option<&TlsCheck> {
        self.checks.get(id)
    }
}

/// A store of roots, and a person's own in it.
fn roots(ca: Option<&Path>) -> Result<(Roots, Option<String>), Failure> {
    let Some(path) = ca else { return Ok((Roots::mozilla_and(&[]).or_exit(Exit::Internal)?, None)) };
    let doing = || format!("can't use the roots {}", path.display());
    let pem = std::fs::read(path).or_exit_while(Exit::NotFound, doing())?;
    let roots = Roots::mozilla_and_pem(&pem).or_exit_while(Exit::BadInput, doing())?;
    Ok((roots, Some(String::from_utf8_lossy(&pem).into_owned())))
}

/// Tells by what it says which kind of policy a file is.
fn read(path: &Path) -> Result<Given, Failure> {
    let doing = || format!("can't use the policy {}", path.display());
    let text = std::fs::read_to_string(path).or_exit_while(Exit::NotFound, doing())?;
    let tables: toml::Table = toml::from_str(&text).or_exit_while(Exit::BadInput, doing())?;
    if tables.contains_key("grade") || tables.contains_key("profile") {
        let own = TlsPolicy::parse(&text).or_exit_while(Exit::BadInput, doing())?;
        return Ok(Given::Rating(Box::new(own)));
    }
    if Policy::parse(&text).is_ok() {
        return Ok(Given::Exposure);
    }
    Ok(Given::Checks(TlsChecks::parse(&text).or_exit_while(Exit::BadInput, doing())?))
}

/// A server with all that is said of it.
#[derive(Debug, Serialize)]
pub struct Judged {
    /// When its assessment ended; validity was judged for this instant.
    #[serde(skip)]
    pub at: DateTime<Utc>,
    /// As somebody named it.
    pub server: String,
    pub address: std::net::IpAddr,
    pub port: u16,
    pub server_name: Option<HostName>,
    pub start_tls: Option<&'static str>,
    pub facts: ServerFacts,
    /// For each of `facts.chains`.
    pub trust: Vec<Trust>,
    pub grade: Option<Grade>,
    pub verdicts: Vec<Rated>,
    pub profiles: Vec<ProfileResult>,
}

/// A verdict with its weight, faults gravest first, then what is unknown, then the rest; each in the order of the checks.
#[derive(Debug, Serialize)]
pub struct Rated {
    pub severity: Severity,
    #[serde(flatten)]
    pub verdict: Verdict,
}

#[derive(Debug, Serialize)]
pub struct ProfileResult {
    pub id: String,
    pub version: String,
    /// `true` if no demand is at fault and none is unknown, `null` if one is unknown and none at fault.
    pub kept: Option<bool>,
    pub demands: Vec<Demand>,
}

impl Judged {
    pub fn new(server: &Server, facts: ServerFacts, raters: &Raters, now: DateTime<Utc>) -> Judged {
        let trust = raters.roots.trust(&facts, now);
        let names: Vec<HostName> = server.name.iter().cloned().collect();
        let expiring_days = raters.expiring_days;
        let case = Case { facts: &facts, now, names: &names, trust: &trust, expiring_days };
        let verdicts = judge(&case);
        // A person's own stands last, and goes before the embedded one.
        let graded = raters.policies.iter().rev().find_map(|policy| policy.grade.as_ref());
        let grade = graded.and_then(|rules| grade(&case, &verdicts, rules));
        let mut profiles = Vec::new();
        if facts.reached == Reached::Tls {
            for policy in &raters.policies {
                if let Some(rules) = &policy.profile {
                    let demands = compare(&case, &verdicts, rules);
                    let (id, version) = (policy.id.clone(), policy.version.clone());
                    profiles.push(ProfileResult { id, version, kept: kept(&demands), demands });
                }
            }
        }
        let severity =
            |verdict: &Verdict| raters.check(verdict.check).map_or(Severity::Low, |check| check.severity);
        let mut verdicts: Vec<Rated> =
            verdicts.into_iter().map(|verdict| Rated { severity: severity(&verdict), verdict }).collect();
        verdicts.sort_by_key(|rated| match rated.verdict.state {
            State::Fault => (0, Some(std::cmp::Reverse(rated.severity))),
            State::Unknown(_) => (1, None),
            State::Sound => (2, None),
            State::NotApplicable => (3, None),
        });
        Judged {
            at: now,
            server: server.given.clone(),
            address: server.addr,
            port: server.port,
            server_name: server.name.clone(),
            start_tls: server.start_tls.map(probes::tls::start_tls::StartTls::name),
            facts,
            trust,
            grade,
            verdicts,
            profiles,
        }
    }

    pub fn faults(&self) -> impl Iterator<Item = &Rated> {
        self.verdicts.iter().filter(|rated| rated.verdict.state == State::Fault)
    }

    /// Whether there was a server of TLS to assess, and it was assessed to the end.
    pub fn is_whole(&self) -> bool {
        let timed_out = |told: &Told| told.answer == Answered::Unknown(Reason::TimedOut);
        // A version that nobody answers for is often one that isn't there; of one that is, the list must be whole.
        let is_cut = |one: &VersionFacts| one.offered.is_yes() && timed_out(&one.suites.complete);
        self.facts.reached == Reached::Tls
            && self.facts.given_up.is_none()
            && !self.facts.versions.iter().any(is_cut)
    }

    pub fn addr(&self) -> std::net::SocketAddr {
        std::net::SocketAddr::new(self.address, self.port)
    }
}

fn kept(demands: &[Demand]) -> Option<bool> {
    if demands.iter().any(|demand| demand.state == State::Fault) {
        return Some(false);
    }
    (!demands.iter().any(|demand| matches!(demand.state, State::Unknown(_)))).then_some(true)
}
