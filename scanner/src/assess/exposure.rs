//! What an open endpoint is, and the findings that follow: exposure, access without authentication, and what
//! its declaration, or the lack of one, says.

use std::collections::BTreeSet;

use model::fact::Fact;
use model::finding::{CheckId, Detection, FindingKey, TargetKey};
use model::observation::{Access, Certainty, Observation, ServiceFacts};
use model::policy::{Check, ExposureClass, Policy};
use model::severity::Severity;

use super::declared::{Standing, standing};
use super::evidence;
use super::view::{View, detection};
use crate::identify::AMPLIFICATION;

pub(super) const UNDECLARED: &str = "exposure.undeclared";

/// The findings of one open endpoint, certificates aside.
pub(super) fn detect(view: &View<'_>, observation: &Observation) -> Vec<Detection> {
    let endpoint = observation.endpoint;
    let Some(owner) = view.owner(endpoint.addr) else { return Vec::new() };
    let target = || TargetKey::Addr(endpoint.addr);
    let observed = |more| evidence::of_service(&observation.service, more);
    let mut found = Vec::new();
    if lets_anyone_in(view.input.policy, &observation.service) {
        found.extend(view.detection(
            "access.no-authentication",
            target(),
            owner,
            observation,
            observed(None),
        ));
    }
    // Declared or not: a service may be needed, and its fault never is.
    for check in view.input.policy.proven(endpoint.transport, &observation.service) {
        let proof = proof_of(check, &observation.service);
        found.extend(view.detection(check.id.as_str(), target(), owner, observation, observed(proof)));
    }
    match standing(view, observation) {
        Standing::InForce => {}
        Standing::OtherService(service) => {
            let declared_as = Fact::DeclaredAs { service: evidence::cleaned(&service.service) };
            let observed = observed(Some(declared_as));
            found.extend(view.detection("declaration.mismatch", target(), owner, observation, observed));
        }
        Standing::Ended(service) => {
            let observed = observed(Some(Fact::DeclaredUntil { day: service.until }));
            found.extend(view.detection("declaration.expired", target(), owner, observation, observed));
        }
        Standing::Undeclared => {
            let exposed = exposed_as(view.input.policy, observation);
            found.extend(exposed.map(|(check, severity)| {
                let (transport, port) = (endpoint.transport, endpoint.port);
                let key = FindingKey { check, target: target(), transport, port };
                detection(key, severity, owner, observation, observed(None))
            }));
        }
    }
    found
}

/// The check and severity of an undeclared endpoint: its class, else [`UNDECLARED`].
pub(super) fn exposed_as(policy: &Policy, observation: &Observation) -> Option<(CheckId, Severity)> {
    let facts = &observation.service;
    let class = if is_identified(facts) {
        class_of(policy, facts)
    } else {
        policy
            .class_of_port(observation.endpoint.transport, observation.endpoint.port)
            .filter(|class| applies(class, facts))
    };
    match class.and_then(|class| Some((class.check_id()?, class.severity))) {
        Some(exposed) => Some(exposed),
        None => policy.check(UNDECLARED).map(|check| (check.id.clone(), check.severity)),
    }
}

/// The service's own words for what proves a check; where that it answers is enough, how much it answers.
fn proof_of(check: &Check, facts: &ServiceFacts) -> Option<Fact> {
    let names = check.proven_by.iter().map(|proof| proof.fact.as_deref().unwrap_or(AMPLIFICATION));
    let said = names.filter_map(|name| Some((name, facts.facts.get(name)?)));
    let words: BTreeSet<String> = said.map(|(name, value)| format!("{name}: {value}")).collect();
    let quote = evidence::cleaned(&words.into_iter().collect::<Vec<_>>().join(", "));
    (!quote.is_empty()).then_some(Fact::Says { quote })
}

pub(super) fn is_identified(facts: &ServiceFacts) -> bool {
    facts.certainty == Certainty::Identified && facts.protocol.is_some()
}

/// The class of a service by what it is. HTTP only carries others, so there the product speaks first; elsewhere
/// the protocol does: what RabbitMQ speaks on its AMQP port is messaging, not its console.
pub(super) fn class_of<'p>(policy: &'p Policy, facts: &ServiceFacts) -> Option<&'p ExposureClass> {
    let protocol = facts.protocol.as_deref()?.to_ascii_lowercase();
    let products = product_names(facts);
    let mut names: Vec<&str> = products.iter().map(String::as_str).collect();
    names.insert(if protocol == "http" { names.len() } else { 0 }, &protocol);
    policy.class_of(&names).filter(|class| applies(class, facts))
}

/// Whether HTTP answered and nothing tells what stands behind it, so that it may still be what it was before.
pub(super) fn is_bare_http(facts: &ServiceFacts) -> bool {
    facts.protocol.as_deref() == Some("http") && facts.product.is_none()
}

/// The product as policies write it: `Apache Solr` is `apache solr`, `apache-solr` and `solr`.
pub(super) fn product_names(facts: &ServiceFacts) -> Vec<String> {
    let Some(product) = facts.product.as_deref().map(str::to_lowercase) else { return Vec::new() };
    let without_vendor = product.strip_prefix("apache ").map(str::to_owned);
    let hyphenated = |name: &String| name.split_whitespace().collect::<Vec<_>>().join("-");
    let whole: Vec<String> = std::iter::once(product).chain(without_vendor).collect();
    let joined: Vec<String> = whole.iter().map(hyphenated).collect();
    whole.into_iter().chain(joined).collect()
}

/// Nothing is clear text inside TLS; after STARTTLS it may be, since the first commands were.
fn applies(class: &ExposureClass, facts: &ServiceFacts) -> bool {
    !class.in_clear_only || facts.tls.as_ref().is_none_or(|tls| tls.after_start_tls)
}

pub(super) fn must_authenticate(policy: &Policy, facts: &ServiceFacts) -> bool {
    is_identified(facts) && class_of(policy, facts).is_some_and(|class| class.must_authenticate)
}

fn lets_anyone_in(policy: &Policy, facts: &ServiceFacts) -> bool {
    facts.access == Some(Access::NoAuthentication) && must_authenticate(policy, facts)
}
