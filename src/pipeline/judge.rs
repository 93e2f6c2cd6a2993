//! Judging a finished run: observations and register against the policy, reconciled with the known findings, stored.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use model::coverage::Coverage;
use model::host_name::HostName;
use model::id::DeclaredServiceId;
use model::interval::civil_date;
use model::observation::Observation;
use model::policy::Policy;
use model::reconcile::{ChangeSet, Judgement, reconcile};
use model::register::Register;
use model::scope::Scope;
use registry::ports::{FindingStore, SightingStore, StoreError};
use reports::asked::{AskedRow, SessionRow};
use scanner::assess::{AssessInput, Assessment, assess, without_what_tls_tells};
use scanner::run::RunFolder;

use crate::clock::SystemMint;
use crate::exit::{Exit, Failure, OrExit};
use crate::output;
use crate::session::{OrStoreFailure, Session};
use crate::shapes::asked::{asked_row, session_row};

/// Judges a run into the findings. The findings with their events are one transaction; when declared services last
/// answered is another, which only moves forward and can be repeated. `at` is when the run ended, so that judging late changes no
/// clock of a finding.
pub async fn judge(session: &Session, folder: &RunFolder, at: DateTime<Utc>) -> Result<ChangeSet, Failure> {
    let _hold = session.data.hold_findings().await?;
    let register = session.register().await?;
    let last_seen = session.store.last_seen().await.or_store_failure()?;
    let seen = Evidence::read(folder, &register, at)?;
    write_parquet(folder, &seen).await?;

    let assessment = seen.assess(&register, &session.policy, &last_seen);
    let rules = &session.policy.closing;
    let reopenable_since = at - TimeDelta::days(i64::from(rules.reopen_days));
    let known = session.store.known(reopenable_since).await.or_store_failure()?;
    let judgement = Judgement {
        run: folder.manifest().run,
        seen_from: folder.manifest().started_at,
        at,
        detections: without_what_tls_tells(assessment.detections.clone(), &known),
        absence: &|key| assessment.absence(key),
        supersedes: &|_| Vec::new(),
    };
    let change = reconcile(&known, judgement, rules, &mut SystemMint);
    match FindingStore::apply(&session.store, &change).await {
        // Killed after the findings were stored and before the run was marked: they are there already.
        Err(StoreError::AlreadyJudged { .. }) => output::note("the findings of this run were stored before"),
        applied => applied.or_store_failure()?,
    }
    session.store.saw(&assessment.answered).await.or_store_failure()?;
    Ok(change)
}

/// All that a run brought to judge it by.
pub struct Evidence {
    /// One for each open port, all in memory.
    pub observations: Vec<Observation>,
    pub coverage: Coverage,
    pub ended_at: DateTime<Utc>,
    names: NamesAsked,
    scope: Scope,
}

impl Evidence {
    pub fn read(
        folder: &RunFolder,
        register: &Register,
        ended_at: DateTime<Utc>,
    ) -> Result<Evidence, Failure> {
        Ok(Evidence {
            observations: observations(folder)?,
            coverage: folder.coverage().or_exit(Exit::Data)?,
            ended_at,
            names: names_asked_for(folder)?,
            scope: scope_to_judge(register, folder.manifest().scope_day, civil_date(ended_at)),
        })
    }

    pub fn assess<'a>(
        &'a self,
        register: &'a Register,
        policy: &'a Policy,
        last_seen: &'a BTreeMap<DeclaredServiceId, DateTime<Utc>>,
    ) -> Assessment<'a> {
        assess(AssessInput {
            observations: &self.observations,
            coverage: &self.coverage,
            register,
            scope: &self.scope,
            policy,
            last_seen,
            names: &self.names.addresses,
            incomplete_names: &self.names.incomplete,
            now: self.ended_at,
        })
    }
}

/// Whose an address is tells the day on which a run ended, which isn't that on which it began if it was resumed. What
/// was seen while an authorisation was in force stays evidence after that is over, so for judging, and for that
/// alone, an authorisation of the first day holds to the last.
pub(super) fn scope_to_judge(register: &Register, began_on: NaiveDate, ended_on: NaiveDate) -> Scope {
    let mut register = register.clone();
    let leaves = register.assets.iter_mut().filter_map(|asset| asset.authorisation.as_mut());
    for leave in leaves.filter(|leave| leave.covers(began_on)) {
        leave.valid_until = leave.valid_until.max(ended_on);
    }
    Scope::of(&register, ended_on)
}

/// All observations of a run, in memory: one for each open port.
pub fn observations(folder: &RunFolder) -> Result<Vec<Observation>, Failure> {
    folder.observations().or_exit(Exit::Data)?.collect::<Result<_, _>>().or_exit(Exit::Data)
}

/// The host names that a run asked for.
#[derive(Debug, Default)]
pub(super) struct NamesAsked {
    /// The addresses that each led to; none where a name led nowhere.
    pub(super) addresses: BTreeMap<HostName, Vec<IpAddr>>,
    /// Names that may have more addresses of ours than these: a look-up failed, or the scope kept one back. One that
    /// no asset holds is no reason to doubt: nothing was ever seen there, and never will be.
    pub(super) incomplete: BTreeSet<HostName>,
}

pub(super) fn names_asked_for(folder: &RunFolder) -> Result<NamesAsked, Failure> {
    let mut asked = NamesAsked::default();
    for (addr, led_here) in &folder.manifest().names {
        for name in led_here {
            asked.addresses.entry(name.clone()).or_default().push(*addr);
        }
    }
    for refusal in folder.refusals().or_exit(Exit::Data)? {
        let refusal = refusal.or_exit(Exit::Data)?;
        let is_elsewhere = refusal.is_elsewhere();
        for name in refusal.names {
            asked.addresses.entry(name.clone()).or_default();
            if !is_elsewhere {
                asked.incomplete.insert(name);
            }
        }
    }
    Ok(asked)
}

/// Leaves observations, coverage and how hosts were asked beside the journal as Parquet.
async fn write_parquet(folder: &RunFolder, seen: &Evidence) -> Result<(), Failure> {
    let (observations, coverage) = (seen.observations.clone(), seen.coverage.clone());
    let hosts: Vec<AskedRow> = folder.hosts().or_exit(Exit::Data)?.values().map(asked_row).collect();
    let sessions =
        folder.sessions().or_exit(Exit::Data)?.collect::<Result<Vec<_>, _>>().or_exit(Exit::Data)?;
    let sessions: Vec<SessionRow> = sessions.iter().map(session_row).collect();
    let path = folder.path().to_owned();
    let written = tokio::task::spawn_blocking(move || {
        reports::observations::write_parquet(&path.join("observations-0.parquet"), observations.iter())?;
        reports::coverage::write_parquet(&path.join("coverage.parquet"), &coverage)?;
        reports::asked::write_hosts(&path.join("hosts.parquet"), &hosts)?;
        reports::asked::write_sessions(&path.join("sessions.parquet"), &sessions)
    });
    written.await.or_exit(Exit::Internal)?.or_exit(Exit::Environment)
}

#[cfg(test)]
mod tests {
    use model::addr::AddrRange;
    use model::id::{AssetId, CountingMint, UnitId};
    use model::interval::Interval;
    use model::register::{Answerable, Asset, AssetTarget, Authorisation};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    /// Whether an address whose authorisation lasts from `from` to `until` is judged after a run over the midnight
    /// of the 22nd.
    fn check(from: &str, until: &str, expected: bool) {
        let mint = &mut CountingMint::default();
        let range: AddrRange = "192.0.2.1".parse().expect("an address");
        let asset = Asset {
            id: AssetId::mint(mint),
            unit: UnitId::mint(mint),
            system: None,
            target: AssetTarget::Addresses(range),
            owned: Interval::ALWAYS,
            authorisation: Some(Authorisation {
                approver: "示例".into(),
                valid_from: Some(day(from)),
                valid_until: day(until),
            }),
            scan_window: None,
            answerable: Answerable::default(),
            note: None,
        };
        let register = Register { assets: vec![asset], ..Register::default() };
        let scope = scope_to_judge(&register, day("2026-11-22"), day("2026-11-23"));
        assert_eq!(scope.admit(range.first()).is_ok(), expected, "{from} to {until}");
    }

    #[test]
    fn what_was_seen_under_an_authorisation_is_judged_after_it_ended() {
        check("2026-01-01", "2026-12-31", true);
        check("2026-01-01", "2026-11-22", true);
        check("2026-11-23", "2026-12-31", true);
        check("2026-01-01", "2026-11-21", false);
        check("2026-11-24", "2026-12-31", false);
    }
}
