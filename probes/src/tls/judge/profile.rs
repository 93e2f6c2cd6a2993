//! Whether a server keeps to a profile: each demand of the policy with what was seen.

use std::collections::BTreeSet;

use model::tls_policy::ProfileRules;
use serde::Serialize;

use super::{Case, MAX_EVIDENCE, State, Verdict};
use crate::tls::assess::facts::{Answered, List, Order, Reason};
use crate::tls::codes::Version;

/// A demand of a profile, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// For example `versions`, `certificate.max-days`, or the id of a check.
    pub rule: String,
    #[serde(flatten)]
    pub state: State,
    pub evidence: Vec<String>,
}

/// All demands, in the order of the policy's fields. A profile is kept to if none is at fault; whether it surely is,
/// the unknown ones tell.
pub fn compare(case: &Case<'_>, verdicts: &[Verdict], rules: &ProfileRules) -> Vec<Demand> {
    let mut demands = vec![versions(case, &rules.versions)];
    if !rules.one_of.is_empty() {
        demands.push(one_of(case, &rules.one_of));
    }
    if !rules.suites.is_empty() {
        let names = case.suites().map(|(version, facts, _)| (version, facts.name.as_str()));
        let bad = names.filter(|(_, name)| !rules.suites.contains(*name));
        let bad = bad.map(|(version, name)| format!("{}: {name}", version.name())).collect();
        demands.push(none("suites", bad, case.gap()));
    }
    if !rules.preferred_suites.is_empty() {
        let mut names = case.suites().map(|(_, facts, _)| facts.name.clone());
        let found = names.find(|name| rules.preferred_suites.contains(name));
        demands.push(some("preferred-suites", found, case.gap()));
    }
    if !rules.groups.is_empty() {
        demands.push(groups(case, &rules.groups));
    }
    if let Some(wanted) = &rules.order {
        demands.push(order(case, wanted));
    }
    if let Some(least) = rules.min_dh_bits {
        let short = case.facts.finite_fields.iter().filter(|field| field.bits < least);
        demands.push(none(
            "min-dh-bits",
            short.map(|field| format!("{} bits", field.bits)).collect(),
            case.gap(),
        ));
    }
    demands.extend(certificates(case, rules));
    for id in &rules.checks {
        if let Some(verdict) = verdicts.iter().find(|verdict| verdict.check == id.as_str()) {
            let Verdict { state, evidence, .. } = verdict.clone();
            demands.push(Demand { rule: id.as_str().to_owned(), state, evidence });
        }
    }
    demands
}

/// A fault if there is any; unknown if something may have been overlooked.
fn none(rule: &str, mut bad: Vec<String>, gap: Option<Reason>) -> Demand {
    let state = match gap {
        _ if !bad.is_empty() => State::Fault,
        Some(reason) => State::Unknown(reason),
        None => State::Sound,
    };
    bad.truncate(MAX_EVIDENCE);
    Demand { rule: rule.to_owned(), state, evidence: bad }
}

/// A fault if there is nothing; unknown if something may have been overlooked.
fn some(rule: &str, found: Option<String>, gap: Option<Reason>) -> Demand {
    let state = match (&found, gap) {
        (Some(_), _) => State::Sound,
        (None, Some(reason)) => State::Unknown(reason),
        (None, None) => State::Fault,
    };
    Demand { rule: rule.to_owned(), state, evidence: found.into_iter().collect() }
}

fn version_gap(case: &Case<'_>, is_meant: impl Fn(Version) -> bool) -> Option<Reason> {
    let meant = case.facts.versions.iter().filter(|facts| is_meant(facts.version));
    meant.into_iter().find_map(|facts| match facts.offered.answer {
        Answered::Unknown(reason) => Some(reason),
        Answered::Yes | Answered::No => None,
    })
}

fn versions(case: &Case<'_>, allowed: &BTreeSet<String>) -> Demand {
    let spoken = case.facts.versions.iter().filter(|facts| facts.offered.is_yes());
    let names = spoken.map(|facts| facts.version.name());
    let bad = names.filter(|name| !allowed.contains(*name)).map(str::to_owned).collect();
    none("versions", bad, version_gap(case, |version| !allowed.contains(version.name())))
}

fn one_of(case: &Case<'_>, wanted: &BTreeSet<String>) -> Demand {
    let spoken = case.facts.versions.iter().filter(|facts| facts.offered.is_yes());
    let found = spoken.map(|facts| facts.version.name()).find(|name| wanted.contains(*name));
    let gap = version_gap(case, |version| wanted.contains(version.name()));
    some("one-of-versions", found.map(str::to_owned), gap)
}

fn groups(case: &Case<'_>, allowed: &BTreeSet<String>) -> Demand {
    let lists = [&case.facts.groups_before_13, &case.facts.groups_in_13];
    let mut bad: Vec<String> =
        lists.iter().flat_map(|list| &list.entries).map(|group| group.name.clone()).collect();
    bad.retain(|name| !allowed.contains(name));
    bad.sort();
    bad.dedup();
    let gap_of = |list: &List<_>| match list.complete.answer {
        Answered::Unknown(Reason::NotAsked | Reason::NotApplicable) | Answered::Yes | Answered::No => None,
        Answered::Unknown(reason) => Some(reason),
    };
    none("groups", bad, lists.into_iter().find_map(gap_of))
}

fn order(case: &Case<'_>, wanted: &str) -> Demand {
    let told = case.facts.versions.iter().filter(|facts| facts.order != Order::Unknown);
    let is_wanted = |order: Order| match order {
        Order::Server => wanted == "server",
        Order::Client => wanted == "client",
        Order::Unknown => true,
    };
    let bad = told.filter(|facts| !is_wanted(facts.order)).map(|facts| facts.version.name().to_owned());
    none("order", bad.collect(), None)
}

fn certificates(case: &Case<'_>, rules: &ProfileRules) -> Vec<Demand> {
    let wanted = &rules.certificate;
    let gap = case.facts.chains.is_empty().then_some(Reason::NeedsSession);
    let leaves: Vec<_> = case.facts.chains.iter().filter_map(|chain| chain.certificates.first()).collect();
    let mut demands = Vec::new();
    if !wanted.keys.is_empty() {
        let odd = leaves.iter().filter(|leaf| !wanted.keys.contains(&leaf.key.algorithm));
        let odd = odd.map(|leaf| format!("{}: {}", leaf.subject, leaf.key.algorithm)).collect();
        demands.push(none("certificate.keys", odd, gap));
    }
    if let Some(least) = wanted.min_rsa_bits {
        let short = leaves
            .iter()
            .filter(|leaf| leaf.key.algorithm == "RSA" && leaf.key.bits.is_some_and(|bits| bits < least));
        demands.push(none("certificate.min-rsa-bits", short.map(|leaf| leaf.subject.clone()).collect(), gap));
    }
    if let Some(most) = wanted.max_days {
        let n_days =
            |leaf: &model::certificate::CertificateFacts| (leaf.not_after - leaf.not_before).num_days();
        let long = leaves.iter().filter(|leaf| n_days(leaf) > most);
        let long = long.map(|leaf| format!("{}: {} days", leaf.subject, n_days(leaf))).collect();
        demands.push(none("certificate.max-days", long, gap));
    }
    demands
}
