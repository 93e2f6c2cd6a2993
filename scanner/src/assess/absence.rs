//! What a run proves of a finding that it didn't detect. Not seen is not fixed: whatever isn't proved is
//! [`Absence::CannotTell`], and what wasn't probed is [`Absence::NotCovered`].

use model::finding::{FindingKey, Gone, TargetKey};
use model::observation::{Access, Endpoint, Observation, PortState};
use model::policy::ExposureClass;
use model::reconcile::Absence;
use model::register::DeclaredService;

use super::certificate;
use super::declared::{self, Reach, Standing, covering, in_force, standing};
use super::exposure::{UNDECLARED, class_of, exposed_as, is_bare_http, is_identified, must_authenticate};
use super::view::View;

/// Of a finding at one endpoint; for one that belongs to a name, at one of the addresses that it led to.
pub(super) fn at(view: &View<'_>, key: &FindingKey, endpoint: Endpoint) -> Absence {
    let judge: fn(&View<'_>, &FindingKey, &Observation) -> Absence = match key.check.group() {
        "exposure" => exposure,
        "certificate" => certificate,
        "access" => access,
        "declaration" => declaration,
        "service" => service,
        // Told by assessments of their own; here only that nobody takes connections any more.
        "tls" => |_, _, _| Absence::NotCovered,
        // Another part of the product raised it, so this one didn't look.
        _ => return Absence::NotCovered,
    };
    match view.input.coverage.state(endpoint) {
        None => Absence::NotCovered,
        Some(PortState::Unverifiable | PortState::SuspectOpen) => Absence::CannotTell,
        // Two answers of one run that contradict each other prove nothing.
        Some(PortState::Closed | PortState::Filtered(_)) if view.accepted(endpoint) => Absence::CannotTell,
        Some(PortState::Closed) => Absence::Gone(Gone::Refused),
        Some(PortState::Filtered(_)) => Absence::Gone(Gone::Filtered),
        Some(PortState::Open) => {
            view.judged_at(endpoint).map_or(Absence::CannotTell, |observation| judge(view, key, observation))
        }
    }
}

/// Of a name: gone only if it is gone at every address, and then by the weakest of the proofs.
pub(super) fn everywhere(each: impl Iterator<Item = Absence>) -> Absence {
    let mut all = None;
    for one in each {
        all = Some(match (all, one) {
            (None, one) => one,
            (Some(Absence::CannotTell), _) | (_, Absence::CannotTell) => Absence::CannotTell,
            (Some(Absence::NotCovered), _) | (_, Absence::NotCovered) => Absence::NotCovered,
            (Some(Absence::Gone(Gone::Filtered)), _) => Absence::Gone(Gone::Filtered),
            (Some(Absence::Gone(before)), Absence::Gone(proof)) => {
                Absence::Gone(if proof == Gone::Filtered { proof } else { before })
            }
        });
    }
    // A name that led nowhere.
    all.unwrap_or(Absence::CannotTell)
}

fn exposure(view: &View<'_>, key: &FindingKey, observation: &Observation) -> Absence {
    let (policy, facts) = (view.input.policy, &observation.service);
    match standing(view, observation) {
        Standing::InForce if is_identified(facts) => return Absence::Gone(Gone::Allowed),
        Standing::InForce => {
            // Nothing tells what it is today, so the declaration must be for what was found.
            let mut declared =
                covering(view, observation.endpoint).filter(|service| in_force(service, view.today));
            let allowed = declared.any(|service| is_declared_for(view, service, key));
            return if allowed { Absence::Gone(Gone::Allowed) } else { Absence::CannotTell };
        }
        Standing::OtherService(_) | Standing::Ended(_) | Standing::Undeclared => {}
    }
    let is_now = exposed_as(policy, observation).map(|(check, _)| check);
    let may_hide_it = is_bare_http(facts) && key.check.as_str() != UNDECLARED;
    if is_identified(facts) && is_now.is_some_and(|check| check != key.check) && !may_hide_it {
        Absence::Gone(Gone::Corrected)
    } else {
        Absence::CannotTell
    }
}

/// Whether a declaration is for the kind of service that an exposure finding is about, as far as the policy knows.
fn is_declared_for(view: &View<'_>, service: &DeclaredService, key: &FindingKey) -> bool {
    let names = declared::known_as(&service.service);
    let class_of = |names: &[&str]| view.input.policy.class_of(names);
    let is_that = |class: &ExposureClass| class.check_id().is_some_and(|check| check == key.check);
    let inside_tls = |name: &&str| name.strip_suffix('s').and_then(|base| class_of(&[base]));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    key.check.as_str() == UNDECLARED
        || match (class_of(&names), names.iter().find_map(inside_tls)) {
            (Some(class), _) => is_that(class),
            (None, Some(in_clear)) => is_that(in_clear) && !in_clear.in_clear_only,
            (None, None) => true,
        }
}

fn access(view: &View<'_>, _: &FindingKey, observation: &Observation) -> Absence {
    let (policy, facts) = (view.input.policy, &observation.service);
    let asks = is_identified(facts) && facts.access == Some(Access::AuthenticationRequired);
    let is_harmless = is_identified(facts) && !must_authenticate(policy, facts) && !is_bare_http(facts);
    let known = class_of(policy, facts).is_some();
    if asks || (is_harmless && known) { Absence::Gone(Gone::Corrected) } else { Absence::CannotTell }
}

/// Of what a service said of itself: only that it says otherwise today is a correction. That it says nothing of the
/// matter isn't, since a question may have been lost.
fn service(view: &View<'_>, key: &FindingKey, observation: &Observation) -> Absence {
    let (policy, facts) = (view.input.policy, &observation.service);
    let Some(check) = policy.check(key.check.as_str()) else { return Absence::CannotTell };
    let is_proven = policy.proven(observation.endpoint.transport, facts).any(|proven| proven.id == key.check);
    if is_proven || !is_identified(facts) || check.proven_by.is_empty() {
        return Absence::CannotTell;
    }
    let protocol = facts.protocol.as_deref().unwrap_or_default();
    let mut of_protocol = check.proven_by.iter().filter(|proof| proof.services.contains(protocol)).peekable();
    if of_protocol.peek().is_none() {
        // What answers is another service.
        return Absence::Gone(Gone::Corrected);
    }
    // Whichever fact it was that proved it: each is there, and none of them proves anything.
    let says_otherwise =
        of_protocol.all(|proof| proof.fact.as_ref().is_some_and(|name| facts.facts.contains_key(name)));
    if says_otherwise { Absence::Gone(Gone::Corrected) } else { Absence::CannotTell }
}

fn certificate(view: &View<'_>, key: &FindingKey, observation: &Observation) -> Absence {
    let seen = certificate::seen(view, observation, &key.target);
    let check = key.check.as_str();
    if seen.is_empty() || seen.iter().any(|faults| faults.contains_key(check)) {
        return Absence::CannotTell;
    }
    let ran_out = check == "certificate.expiring"
        && seen.iter().any(|faults| faults.contains_key("certificate.expired"));
    // What was expiring has expired: that isn't a correction, and another finding tells it.
    Absence::Gone(if ran_out { Gone::Allowed } else { Gone::Corrected })
}

fn declaration(view: &View<'_>, key: &FindingKey, observation: &Observation) -> Absence {
    let is_known = is_identified(&observation.service);
    match (key.check.as_str(), standing(view, observation)) {
        ("declaration.expired", Standing::InForce) => Absence::Gone(Gone::Allowed),
        ("declaration.expired", Standing::Undeclared) => {
            let mut covering = covering(view, observation.endpoint);
            let still_ended = covering.any(|service| service.until < view.today);
            match (still_ended, is_known) {
                // What answers is another service, which is a finding of its own.
                (true, true) => Absence::Gone(Gone::Corrected),
                (true, false) => Absence::CannotTell,
                // The declaration was withdrawn; that it is open is a finding of its own.
                (false, _) => Absence::Gone(Gone::Allowed),
            }
        }
        ("declaration.mismatch", Standing::InForce) if is_known => Absence::Gone(Gone::Corrected),
        ("declaration.mismatch", Standing::Undeclared | Standing::Ended(_)) => Absence::Gone(Gone::Allowed),
        _ => Absence::CannotTell,
    }
}

/// Of a declared service that was silent. A closed port is the fault here, not its end.
pub(super) fn of_silence(view: &View<'_>, key: &FindingKey) -> Absence {
    let declared = view
        .declared_on(key.transport, key.port)
        .filter(|service| in_force(service, view.today) && declared::target_of(service) == key.target);
    let mut each = declared.peekable();
    if each.peek().is_none() {
        return withdrawn(view, key);
    }
    everywhere(each.map(|service| match declared::reach(view, service) {
        Reach::NotCovered => Absence::NotCovered,
        Reach::CannotTell => Absence::CannotTell,
        Reach::Answers => Absence::Gone(Gone::Corrected),
        Reach::Silent(..) => match declared::silent_since(view, service) {
            // It has answered since, though not today.
            Some(since) if !declared::is_silent_for_long(view, since) => Absence::Gone(Gone::Corrected),
            _ => Absence::CannotTell,
        },
    }))
}

/// The declaration is no more, so nothing need answer; told only by runs that probed the place.
fn withdrawn(view: &View<'_>, key: &FindingKey) -> Absence {
    let probed = |addr| {
        let endpoint = Endpoint { addr, transport: key.transport, port: key.port };
        match view.input.coverage.state(endpoint) {
            None => Absence::NotCovered,
            Some(PortState::Unverifiable | PortState::SuspectOpen) => Absence::CannotTell,
            Some(PortState::Open | PortState::Closed | PortState::Filtered(_)) => {
                Absence::Gone(Gone::Allowed)
            }
        }
    };
    match &key.target {
        TargetKey::Addr(addr) => probed(*addr),
        TargetKey::Name(name) if view.input.names.contains_key(name) => {
            everywhere(view.addresses_of(name).map(probed))
        }
        TargetKey::Name(_) => Absence::NotCovered,
    }
}
