//! Faults of the certificates that a service presents.
//!
//! A chain asked for by host name is the name's affair, one presented without a name the address's. Where both
//! show the same fault of the same certificate it is told once, under the name.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use model::certificate::CertificateFacts;
use model::fact::Fact;
use model::finding::{Detection, TargetKey};
use model::host_name::HostName;
use model::interval::civil_date;
use model::observation::{Observation, PresentedChain};
use model::policy::CertificateRules;

use super::evidence;
use super::view::View;

/// A fault's check id, and the fact that shows it.
pub(super) type Faults = BTreeMap<&'static str, Fact>;

pub(super) fn detect(view: &View<'_>, observation: &Observation) -> Vec<Detection> {
    let Some(owner) = view.owner(observation.endpoint.addr) else { return Vec::new() };
    let mut found = Vec::new();
    for presented in chains(observation) {
        let Some(leaf) = presented.chain.first() else { continue };
        let faults = faults(&presented.chain, presented.server_name.as_ref(), rules(view), view.input.now);
        let of_name = presented.server_name.as_ref().map(|name| (name, view.host_owner(name)));
        let (target, owner) = match of_name {
            None => (TargetKey::Addr(observation.endpoint.addr), owner),
            Some((name, Some(of_name))) => (TargetKey::Name(name.clone()), of_name),
            // Asked for a name that nobody has registered: no one's finding.
            Some((_, None)) => continue,
        };
        for (check, fact) in faults {
            if presented.server_name.is_none() && is_told_by_name(view, observation, leaf, check) {
                continue;
            }
            let observed = evidence::of_certificate(leaf, fact);
            found.extend(view.detection(check, target.clone(), owner, observation, observed));
        }
    }
    found
}

/// Whether a registered host name shows the same fault of the same certificate at this endpoint.
fn is_told_by_name(view: &View<'_>, observation: &Observation, leaf: &CertificateFacts, check: &str) -> bool {
    chains(observation).any(|other| {
        let same = other.chain.first().is_some_and(|first| first.sha256 == leaf.sha256);
        let name = other.server_name.as_ref().filter(|name| same && view.host_owner(name).is_some());
        name.is_some_and(|name| {
            faults(&other.chain, Some(name), rules(view), view.input.now).contains_key(check)
        })
    })
}

/// What the run saw of the certificates of one target at one endpoint: the faults of each chain presented.
pub(super) fn seen(view: &View<'_>, observation: &Observation, target: &TargetKey) -> Vec<Faults> {
    let asked = |presented: &&PresentedChain| match (target, &presented.server_name) {
        (TargetKey::Addr(_), None) => true,
        (TargetKey::Name(name), Some(asked)) => name == asked,
        (TargetKey::Addr(_), Some(_)) | (TargetKey::Name(_), None) => false,
    };
    chains(observation)
        .filter(|presented| !presented.chain.is_empty())
        .filter(asked)
        .map(|presented| {
            faults(&presented.chain, presented.server_name.as_ref(), rules(view), view.input.now)
        })
        .collect()
}

fn chains(observation: &Observation) -> impl Iterator<Item = &PresentedChain> {
    observation.service.tls.iter().flat_map(|tls| &tls.presented)
}

fn rules<'a>(view: &View<'a>) -> &'a CertificateRules {
    &view.input.policy.certificate
}

/// All faults of a chain, leaf first.
fn faults(
    chain: &[CertificateFacts],
    name: Option<&HostName>,
    rules: &CertificateRules,
    now: DateTime<Utc>,
) -> Faults {
    let mut faults = Faults::new();
    let Some((leaf, others)) = chain.split_first() else { return faults };
    if leaf.not_after < now {
        faults.insert("certificate.expired", Fact::ValidUntil { day: civil_date(leaf.not_after) });
    } else if leaf.not_after <= now + TimeDelta::days(i64::from(rules.expiring_days)) {
        faults.insert("certificate.expiring", Fact::ValidUntil { day: civil_date(leaf.not_after) });
    }
    if now < leaf.not_before {
        faults.insert("certificate.not-yet-valid", Fact::ValidFrom { day: civil_date(leaf.not_before) });
    }
    if leaf.self_signed {
        faults.insert("certificate.self-signed", Fact::IssuedBy { name: evidence::cleaned(&leaf.issuer) });
    }
    if let Some(bits) = leaf.key.bits.filter(|&bits| is_weak_key(&leaf.key.algorithm, bits, rules)) {
        let algorithm = evidence::cleaned(&leaf.key.algorithm);
        faults.insert("certificate.weak-key", Fact::Key { algorithm, bits });
    }
    // A root vouches for itself by being known, not by its signature.
    let signed = std::iter::once(leaf).chain(others.iter().filter(|other| !other.self_signed));
    if let Some(weak) = signed.into_iter().find(|signed| is_weak_signature(&signed.signature, rules)) {
        let algorithm = evidence::cleaned(&weak.signature);
        faults.insert("certificate.weak-signature", Fact::SignedWith { algorithm });
    }
    if let Some(name) = name.filter(|name| !leaf.covers(name.as_str())) {
        let names = leaf.names.iter().take(4).map(|name| evidence::cleaned(name)).collect();
        faults.insert("certificate.name-mismatch", Fact::IssuedFor { asked: name.clone(), names });
    }
    faults
}

fn is_weak_key(algorithm: &str, bits: u32, rules: &CertificateRules) -> bool {
    if algorithm == "RSA" {
        bits < rules.min_rsa_bits
    } else {
        algorithm.split_whitespace().next() == Some("EC") && bits < rules.min_ec_bits
    }
}

fn is_weak_signature(signature: &str, rules: &CertificateRules) -> bool {
    let signature = signature.to_ascii_lowercase();
    rules.weak_signatures.iter().any(|weak| signature.contains(weak.as_str()))
}
