//! What two runs differ in. Not seen is not gone: of every open endpoint of either run it says that it is there, that
//! it is proved not to be, or that the other run can't tell.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::coverage::{Coverage, HostCoverage};
use model::observation::{Certainty, Endpoint, Observation, PortState, ServiceFacts};
use serde::Serialize;

use super::SEEN_BY;

/// One of two runs.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Of several of one endpoint the last counts.
    pub observations: &'a [Observation],
    pub coverage: &'a Coverage,
}

/// What changed from the first run to the second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diff {
    pub entries: Vec<Entry>,
    /// Endpoints that are open in both, with nothing that differs.
    pub n_unchanged: u64,
    /// Ports that the first run probed and the second did not.
    pub not_covered: NotCovered,
}

/// One open endpoint of either run, unless it is in both and the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    #[serde(flatten)]
    pub endpoint: Endpoint,
    pub verdict: Verdict,
    /// What it was taken for; the newer of the two.
    pub service: String,
    /// Where both runs saw it, and could compare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What the other run says of the port; none if that didn't ask.
    pub other: Option<PortState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Open, and the first run proves that it wasn't.
    New,
    /// The second run proves that it isn't open any more.
    Gone,
    /// Open in both, and something else is told there.
    Changed,
    /// Open in the second run; the first could not tell, or didn't ask.
    FirstSeen,
    /// Open in the first run; the second asked, and nothing can be told from what came back.
    CannotTell,
    /// Open in the first run; the second didn't ask.
    NotCovered,
}

impl Verdict {
    pub const ALL: [Verdict; 6] = [
        Verdict::New,
        Verdict::Gone,
        Verdict::Changed,
        Verdict::FirstSeen,
        Verdict::CannotTell,
        Verdict::NotCovered,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::New => "new",
            Verdict::Gone => "gone",
            Verdict::Changed => "changed",
            Verdict::FirstSeen => "first-seen",
            Verdict::CannotTell => "cannot-tell",
            Verdict::NotCovered => "not-covered",
        }
    }

    /// Whether it is proved that the two runs differ there.
    pub fn is_difference(self) -> bool {
        matches!(self, Verdict::New | Verdict::Gone | Verdict::Changed)
    }
}

/// One thing that is told differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub what: Aspect,
    pub from: String,
    pub to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    Service,
    Product,
    Version,
    Access,
    /// The certificate for a server name, by its SHA-256.
    Certificate,
}

impl Aspect {
    pub fn as_str(self) -> &'static str {
        match self {
            Aspect::Service => "service",
            Aspect::Product => "product",
            Aspect::Version => "version",
            Aspect::Access => "access",
            Aspect::Certificate => "certificate",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NotCovered {
    pub n_ports: u64,
    /// The hosts concerned, each with its ports.
    pub hosts: BTreeMap<IpAddr, String>,
}

impl Diff {
    pub fn count(&self, verdict: Verdict) -> usize {
        self.entries.iter().filter(|entry| entry.verdict == verdict).count()
    }

    pub fn has_differences(&self) -> bool {
        self.entries.iter().any(|entry| entry.verdict.is_difference())
    }

    /// Whether each port of the first run was asked again, and every open one has an answer in both runs.
    pub fn tells_all(&self) -> bool {
        self.not_covered.n_ports == 0 && self.entries.iter().all(|entry| entry.verdict.is_difference())
    }
}

/// Compares two runs, the earlier first.
pub fn diff(first: Side<'_>, second: Side<'_>) -> Diff {
    let (before, after) = (open(first), open(second));
    let mut diff = Diff { not_covered: not_covered(first.coverage, second.coverage), ..Diff::default() };
    let endpoints: BTreeSet<Endpoint> = before.keys().chain(after.keys()).copied().collect();
    for endpoint in endpoints {
        let (was, is) = (before.get(&endpoint).copied(), after.get(&endpoint).copied());
        let (verdict, other, changes) = match (was, is) {
            (Some(was), Some(is)) => {
                let changes = changes(&was.service, &is.service);
                if changes.is_empty() {
                    diff.n_unchanged += 1;
                    continue;
                }
                (Verdict::Changed, Some(PortState::Open), changes)
            }
            (Some(_), None) => {
                let state = state(second, endpoint);
                (after_it_was_open(state), state, Vec::new())
            }
            (None, _) => {
                let state = state(first, endpoint);
                (before_it_was_open(state), state, Vec::new())
            }
        };
        let service = is.or(was).map(|seen| seen.service.display_name()).unwrap_or_default();
        diff.entries.push(Entry { endpoint, verdict, service, changes, other });
    }
    diff
}

fn after_it_was_open(state: Option<PortState>) -> Verdict {
    match state {
        None => Verdict::NotCovered,
        Some(PortState::Closed | PortState::Filtered(_)) => Verdict::Gone,
        // Open without an observation: the run broke off before it.
        Some(PortState::Open | PortState::SuspectOpen | PortState::Unverifiable) => Verdict::CannotTell,
    }
}

fn before_it_was_open(state: Option<PortState>) -> Verdict {
    match state {
        Some(PortState::Closed | PortState::Filtered(_)) => Verdict::New,
        None | Some(PortState::Open | PortState::SuspectOpen | PortState::Unverifiable) => Verdict::FirstSeen,
    }
}

/// What a run says of an endpoint that it doesn't believe open.
fn state(side: Side<'_>, endpoint: Endpoint) -> Option<PortState> {
    let seen = side.observations.iter().rev().find(|seen| seen.endpoint == endpoint).map(|seen| seen.state);
    seen.or_else(|| side.coverage.state(endpoint))
}

/// The endpoints that are open beyond doubt.
fn open(side: Side<'_>) -> BTreeMap<Endpoint, &Observation> {
    let latest: BTreeMap<Endpoint, &Observation> =
        side.observations.iter().map(|seen| (seen.endpoint, seen)).collect();
    latest.into_iter().filter(|(_, seen)| seen.state == PortState::Open).collect()
}

/// What is told differently. What only one of the two tells isn't a change: the other may not have asked.
fn changes(was: &ServiceFacts, is: &ServiceFacts) -> Vec<Change> {
    let tells = |facts: &ServiceFacts| matches!(facts.certainty, Certainty::Identified | Certainty::Unknown);
    if !tells(was) || !tells(is) {
        return Vec::new();
    }
    let mut changes = Vec::new();
    let mut add = |what, from: Option<String>, to: Option<String>| {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            changes.push(Change { what, from, to });
        }
    };
    add(Aspect::Service, Some(was.display_name()), Some(is.display_name()));
    // Every tool has words of its own for products.
    if seen_by(was) == seen_by(is) {
        add(Aspect::Product, was.product.clone(), is.product.clone());
        add(Aspect::Version, was.version.clone(), is.version.clone());
    }
    let access = |facts: &ServiceFacts| facts.access.map(|access| super::csv::access(access).to_owned());
    add(Aspect::Access, access(was), access(is));
    let (old, new) = (certificates(was), certificates(is));
    for (name, from) in old {
        add(Aspect::Certificate, Some(from), new.get(&name).cloned());
    }
    changes
}

/// The other tool that recognised a service, without its version.
fn seen_by(facts: &ServiceFacts) -> Option<&str> {
    facts.facts.get(SEEN_BY).and_then(|tool| tool.split(' ').next())
}

/// The fingerprint of the certificate for each server name that was asked for.
fn certificates(facts: &ServiceFacts) -> BTreeMap<Option<String>, String> {
    let presented = facts.tls.iter().flat_map(|tls| &tls.presented);
    let leaf = presented.filter_map(|presented| {
        let name = presented.server_name.as_ref().map(ToString::to_string);
        Some((name, presented.chain.first()?.sha256.clone()))
    });
    leaf.collect()
}

fn not_covered(first: &Coverage, second: &Coverage) -> NotCovered {
    let mut missing = NotCovered::default();
    let nothing = HostCoverage::default();
    for (addr, host) in &first.hosts {
        let again = match first.transport == second.transport {
            true => second.hosts.get(addr).unwrap_or(&nothing),
            false => &nothing,
        };
        let ranges = without(host, again);
        if ranges.is_empty() {
            continue;
        }
        missing.n_ports += ranges.iter().map(|&(first, last)| u64::from(last - first) + 1).sum::<u64>();
        let text = ranges.iter().map(|&(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        missing.hosts.insert(*addr, text.collect::<Vec<_>>().join(","));
    }
    missing
}

/// The ports of one that the other doesn't have, as ranges.
fn without(host: &HostCoverage, again: &HostCoverage) -> Vec<(u16, u16)> {
    let mut missing: Vec<(u16, u16)> = Vec::new();
    let mut add = |first: u16, last: u16| match missing.last_mut() {
        Some((_, before)) if before.checked_add(1) == Some(first) => *before = last,
        _ => missing.push((first, last)),
    };
    let mut others = again.runs();
    for run in host.runs() {
        let mut next = Some(run.first);
        while let Some(from) = next {
            while let Some((_, rest)) = others.split_first().filter(|(other, _)| other.last < from) {
                others = rest;
            }
            match others.first().filter(|other| other.first <= run.last) {
                None => {
                    add(from, run.last);
                    next = None;
                }
                Some(other) => {
                    if from < other.first {
                        add(from, other.first - 1);
                    }
                    next = other.last.checked_add(1).filter(|&after| after <= run.last);
                }
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use model::id::{CountingMint, RunId};
    use model::observation::{Method, Reply};
    use model::port::Transport;
    use proptest::prelude::*;

    use super::*;

    fn endpoint(port: u16) -> Endpoint {
        Endpoint { addr: [192, 0, 2, 1].into(), transport: Transport::Tcp, port }
    }

    fn observation(port: u16, version: &str) -> Observation {
        let service = ServiceFacts {
            certainty: Certainty::Identified,
            protocol: Some("ssh".to_owned()),
            version: Some(version.to_owned()),
            ..ServiceFacts::default()
        };
        Observation {
            run: RunId::mint(&mut CountingMint::default()),
            at: chrono::DateTime::UNIX_EPOCH,
            endpoint: endpoint(port),
            names: Vec::new(),
            state: PortState::Open,
            method: Method::Connect,
            rtt_us: None,
            shape: None,
            service,
        }
    }

    fn coverage(replies: &[(u16, Reply)]) -> Coverage {
        let hosts = [(endpoint(1).addr, HostCoverage::settle(replies.to_vec()))].into();
        Coverage { transport: Transport::Tcp, method: Method::Connect, hosts }
    }

    /// A run in which each port was probed with that reply; open ones are of that version.
    fn run(replies: &[(u16, Reply)], version: &str) -> (Vec<Observation>, Coverage) {
        let open = replies.iter().filter(|(_, reply)| *reply == Reply::Open);
        (open.map(|&(port, _)| observation(port, version)).collect(), coverage(replies))
    }

    #[track_caller]
    fn check(first: &[(u16, Reply)], second: &[(u16, Reply)], expected: &[(u16, Verdict)]) {
        let (a, b) = (run(first, "1"), run(second, "1"));
        let found =
            diff(Side { observations: &a.0, coverage: &a.1 }, Side { observations: &b.0, coverage: &b.1 });
        let entries: Vec<_> =
            found.entries.iter().map(|entry| (entry.endpoint.port, entry.verdict)).collect();
        assert_eq!(entries, expected);
    }

    #[test]
    fn only_a_proof_makes_a_port_new_or_gone() {
        use Reply::{Open, Refused, Silent};
        check(&[(1, Open), (2, Refused)], &[(1, Open), (2, Refused)], &[]);
        check(&[(1, Refused)], &[(1, Open)], &[(1, Verdict::New)]);
        check(&[(1, Open)], &[(1, Refused)], &[(1, Verdict::Gone)]);
        check(&[(1, Open)], &[(1, Silent), (2, Refused)], &[(1, Verdict::Gone)]);
        check(&[(1, Open)], &[(1, Silent)], &[(1, Verdict::CannotTell)]);
        check(&[(1, Open)], &[(2, Refused)], &[(1, Verdict::NotCovered)]);
        check(&[(2, Refused)], &[(1, Open), (2, Refused)], &[(1, Verdict::FirstSeen)]);
        check(&[(1, Silent)], &[(1, Open)], &[(1, Verdict::FirstSeen)]);
        check(&[(1, Open)], &[(1, Reply::SuspectOpen)], &[(1, Verdict::CannotTell)]);
    }

    #[test]
    fn what_both_tell_differently_has_changed_and_what_one_doesnt_tell_has_not() {
        let replies = [(22, Reply::Open)];
        let (a, b) = (run(&replies, "9.2"), run(&replies, "9.9"));
        let found =
            diff(Side { observations: &a.0, coverage: &a.1 }, Side { observations: &b.0, coverage: &b.1 });
        let version = Change { what: Aspect::Version, from: "9.2".to_owned(), to: "9.9".to_owned() };
        assert_eq!(found.entries.iter().map(|entry| entry.changes.clone()).collect::<Vec<_>>(), [[version]]);

        let mut not_asked = b.0.clone();
        not_asked.iter_mut().for_each(|seen| seen.service = ServiceFacts::default());
        let found = diff(
            Side { observations: &a.0, coverage: &a.1 },
            Side { observations: &not_asked, coverage: &b.1 },
        );
        assert_eq!((found.entries.len(), found.n_unchanged), (0, 1));
    }

    proptest! {
        #[test]
        fn not_covered_is_the_difference_of_the_sets(
            a in prop::collection::btree_set(1u16..200, 1..80),
            b in prop::collection::btree_set(1u16..200, 1..80),
        ) {
            let of = |ports: &BTreeSet<u16>| {
                coverage(&ports.iter().map(|&port| (port, Reply::Refused)).collect::<Vec<_>>())
            };
            let missing = not_covered(&of(&a), &of(&b));
            let expected = model::port::PortSet::new(a.difference(&b).copied());
            let text = missing.hosts.values().next().cloned();
            prop_assert_eq!(text, expected.as_ref().map(ToString::to_string));
            prop_assert_eq!(missing.n_ports, a.difference(&b).count() as u64);
        }
    }
}
