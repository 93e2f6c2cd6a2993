//! Judging a finished run: observations and register against the policy, reconciled with the known findings, stored.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use model::coverage::Coverage;
use model::host_name::HostName;
use model::observation::Observation;
use model::reconcile::{ChangeSet, Judgement, reconcile};
use model::scope::Scope;
use registry::ports::{FindingStore, SightingStore, StoreError};
use scanner::assess::{AssessInput, assess};
use scanner::run::RunFolder;

use crate::clock::SystemMint;
use crate::exit::{Exit, Failure, OrExit};
use crate::output;
use crate::session::{OrStoreFailure, Session};

/// Judges a run into the findings. The findings with their events are one transaction; when declared services last
/// answered is another, which only moves forward and can be repeated. `at` is when the run ended, so that judging late changes no
/// clock of a finding.
pub async fn judge(session: &Session, folder: &RunFolder, at: DateTime<Utc>) -> Result<ChangeSet, Failure> {
    let register = session.register().await?;
    let scope = Scope::of(&register, folder.manifest().scope_day);
    let observations = observations(folder)?;
    let coverage = folder.coverage().or_exit(Exit::Data)?;
    write_parquet(folder, &observations, &coverage).await?;

    let last_seen = session.store.last_seen().await.or_store_failure()?;
    let names = names_asked_for(folder)?;
    let input = AssessInput {
        observations: &observations,
        coverage: &coverage,
        register: &register,
        scope: &scope,
        policy: &session.policy,
        last_seen: &last_seen,
        names: &names.addresses,
        incomplete_names: &names.incomplete,
        now: at,
    };
    let assessment = assess(input);
    let rules = &session.policy.closing;
    let reopenable_since = at - TimeDelta::days(i64::from(rules.reopen_days));
    let known = session.store.known(reopenable_since).await.or_store_failure()?;
    let judgement = Judgement {
        run: folder.manifest().run,
        seen_from: folder.manifest().started_at,
        at,
        detections: assessment.detections.clone(),
        absence: &|key| assessment.absence(key),
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

/// All observations of a run, in memory: one for each open port.
pub fn observations(folder: &RunFolder) -> Result<Vec<Observation>, Failure> {
    folder.observations().or_exit(Exit::Data)?.collect::<Result<_, _>>().or_exit(Exit::Data)
}

/// The host names that a run asked for.
#[derive(Debug, Default)]
pub struct NamesAsked {
    /// The addresses that each led to; none where a name led nowhere.
    pub addresses: BTreeMap<HostName, Vec<IpAddr>>,
    /// Names that may have more addresses than these: a look-up failed, or the scope kept one back.
    pub incomplete: BTreeSet<HostName>,
}

pub fn names_asked_for(folder: &RunFolder) -> Result<NamesAsked, Failure> {
    let mut asked = NamesAsked::default();
    for (addr, led_here) in &folder.manifest().names {
        for name in led_here {
            asked.addresses.entry(name.clone()).or_default().push(*addr);
        }
    }
    for refusal in folder.refusals().or_exit(Exit::Data)? {
        for name in refusal.or_exit(Exit::Data)?.names {
            asked.addresses.entry(name.clone()).or_default();
            asked.incomplete.insert(name);
        }
    }
    Ok(asked)
}

/// Leaves observations and coverage beside the journal as Parquet.
async fn write_parquet(
    folder: &RunFolder,
    observations: &[Observation],
    coverage: &Coverage,
) -> Result<(), Failure> {
    let (path, observations, coverage) = (folder.path().to_owned(), observations.to_vec(), coverage.clone());
    let written = tokio::task::spawn_blocking(move || {
        reports::observations::write_parquet(&path.join("observations-0.parquet"), observations.iter())?;
        reports::coverage::write_parquet(&path.join("coverage.parquet"), &coverage)
    });
    written.await.or_exit(Exit::Internal)?.or_exit(Exit::Environment)
}
