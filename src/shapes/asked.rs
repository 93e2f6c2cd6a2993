//! How runs by raw packets asked, as rows of files and of reports.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::coverage::Coverage;
use model::observation::{FilterReason, PortState};
use model::scope::Scope;
use model::shape::{Cluster, Doubt};
use reports::asked::{AskedRow, SessionRow, ppm};
use reports::rows::{ClusterRow, LossRow, UnsureRow};
use scanner::raw::{HostFacts, RawReport};
use scanner::run::{RunError, RunFolder};

use super::snapshot::SeenRun;

/// How a run asked, as far as it tells; full connections tell nothing.
#[derive(Debug, Default)]
pub struct Asked {
    pub hosts: BTreeMap<IpAddr, HostFacts>,
    pub sessions: Vec<RawReport>,
    pub clusters: Vec<Cluster>,
}

impl Asked {
    pub fn read(folder: &RunFolder) -> Result<Asked, RunError> {
        Ok(Asked {
            hosts: folder.hosts()?,
            sessions: folder.sessions()?.collect::<Result<_, _>>()?,
            clusters: folder.clusters()?,
        })
    }
}

pub fn asked_row(facts: &HostFacts) -> AskedRow {
    AskedRow {
        addr: facts.addr.to_string(),
        n_sent: facts.n_sent,
        n_open: u32::from(facts.n_open),
        n_refused: u32::from(facts.n_refused),
        n_measured: facts.n_measured,
        n_lost: facts.n_lost,
        loss_ppm: ppm(facts.loss),
        confidence_ppm: ppm(facts.confidence),
        takes_everything: facts.is_suspect,
        refused_ttl: facts.refused_ttl.map(u32::from),
    }
}

pub fn session_row(session: &RawReport) -> SessionRow {
    SessionRow {
        n_sent: session.n_sent,
        n_repeats: session.n_repeats,
        n_received: session.n_received,
        n_late: session.n_late,
        n_forged: session.n_forged,
        n_measured: session.n_measured,
        n_lost: session.n_lost,
        loss_at_most_ppm: ppm(session.loss_at_most),
    }
}

/// What was lost in a run; `None` if it didn't measure.
pub(super) fn loss_row(run: &SeenRun) -> Option<LossRow> {
    let sessions = &run.asked.sessions;
    let sum = |of: fn(&RawReport) -> u64| sessions.iter().map(of).sum();
    // The worst session is said of the run.
    let loss_at_most_ppm = sessions.iter().map(|session| ppm(session.loss_at_most)).max()?;
    Some(LossRow {
        run: run.manifest.run.to_string(),
        n_sent: sum(|session| session.n_sent),
        n_measured: sum(|session| u64::from(session.n_measured)),
        n_lost: sum(|session| u64::from(session.n_lost)),
        loss_at_most_ppm,
    })
}

/// The hosts that are less sure than a run was asked for. Where every port answered nothing can have been missed,
/// however little was measured.
pub fn unsure<'a>(
    hosts: &'a BTreeMap<IpAddr, HostFacts>,
    coverage: &'a Coverage,
    target: f64,
) -> impl Iterator<Item = &'a HostFacts> {
    let is_silent =
        |state| matches!(state, PortState::Filtered(FilterReason::Silence) | PortState::Unverifiable);
    let has_silent = move |addr| coverage.hosts.get(addr).is_some_and(|host| host.count(is_silent) > 0);
    hosts.values().filter(move |facts| ppm(facts.confidence) < ppm(target) && has_silent(&facts.addr))
}

/// Hosts of a run that are less sure than it was asked for, of those that no newer run covers.
pub(super) fn unsure_rows(run: &SeenRun, newer: &BTreeSet<IpAddr>, scope: &Scope) -> Vec<UnsureRow> {
    let target = run.manifest.options.raw.confidence;
    let row = |facts: &HostFacts| {
        // An address that left the register is nobody's to answer for.
        let owner = scope.admit(facts.addr).ok()?;
        (!newer.contains(&facts.addr)).then(|| UnsureRow {
            addr: facts.addr.to_string(),
            unit: owner.owner().unit.to_string(),
            run: run.manifest.run.to_string(),
            transport: run.coverage.transport.to_string(),
            n_sent: facts.n_sent,
            n_measured: facts.n_measured,
            n_lost: facts.n_lost,
            loss_ppm: ppm(facts.loss),
            confidence_ppm: ppm(facts.confidence),
            target_ppm: ppm(target),
        })
    };
    unsure(&run.asked.hosts, &run.coverage, target).filter_map(row).collect()
}

/// The groups of a run, of the hosts that no newer run covers; `numbers` goes on over all runs.
pub(super) fn cluster_rows(
    run: &SeenRun,
    newer: &BTreeSet<IpAddr>,
    scope: &Scope,
    numbers: &mut u32,
) -> Vec<ClusterRow> {
    let mut rows = Vec::new();
    for cluster in &run.asked.clusters {
        let n_before = rows.len();
        for member in cluster.members.iter().filter(|member| !newer.contains(&member.addr)) {
            let Ok(target) = scope.admit(member.addr) else { continue };
            rows.push(ClusterRow {
                number: *numbers + 1,
                addr: member.addr.to_string(),
                unit: target.owner().unit.to_string(),
                run: run.manifest.run.to_string(),
                n_ports: member.n_ports,
                window: u32::from(cluster.shape.window),
                options: cluster.shape.option_names(),
                ttl: u32::from(cluster.shape.ttl),
                hops: u32::from(cluster.hops),
                takes_everything: member.why.contains(&Doubt::TakesEverything),
                other_distance: member.why.contains(&Doubt::OtherDistance),
            });
        }
        *numbers += u32::from(rows.len() > n_before);
    }
    rows
}

#[cfg(test)]
mod tests {
    use model::coverage::HostCoverage;
    use model::observation::{Method, Reply};
    use model::port::Transport;

    use super::*;

    /// Whether a host of that confidence, whose ports replied so, is less sure than 99.99 %.
    fn check(confidence: f64, replies: &[Reply], expected: bool) {
        let addr: IpAddr = [192, 0, 2, 1].into();
        let replies = (1..).zip(replies.iter().copied()).collect();
        let coverage = Coverage {
            transport: Transport::Tcp,
            method: Method::Syn,
            hosts: BTreeMap::from([(addr, HostCoverage::settle(replies))]),
        };
        let facts = HostFacts {
            addr,
            n_sent: 2,
            n_open: 1,
            n_refused: 1,
            n_measured: 2,
            n_lost: 0,
            loss: 1.0 - confidence,
            confidence,
            is_suspect: false,
            refused_ttl: None,
        };
        let hosts = BTreeMap::from([(addr, facts)]);
        assert_eq!(unsure(&hosts, &coverage, 0.9999).next().is_some(), expected);
    }

    #[test]
    fn only_hosts_with_silent_ports_are_unsure() {
        check(0.99, &[Reply::Open, Reply::Silent], true);
        check(0.99, &[Reply::Open, Reply::Refused], false);
        check(0.9999, &[Reply::Open, Reply::Silent], false);
    }
}
