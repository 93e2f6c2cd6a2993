//! Judging a run: observations and the register against the policy, pure.
//!
//! Answers two questions: which rules does what was seen break ([`assess`]), and what does this run prove of a
//! finding that it didn't see ([`Assessment::absence`]). It reads no clock, probes nothing and stores nothing.

mod absence;
mod certificate;
mod declared;
mod evidence;
mod exposure;
mod tls;
mod view;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::coverage::Coverage;
use model::finding::{CheckId, Detection, FindingKey, TargetKey};
use model::host_name::HostName;
use model::id::DeclaredServiceId;
use model::observation::{Endpoint, Observation};
use model::policy::Policy;
use model::reconcile::Absence;
use model::register::Register;
use model::scope::Scope;

use view::View;

pub use tls::{TlsAssessment, TlsInput, assess_tls, without_what_tls_tells};

/// All that a judgement rests on.
#[derive(Debug, Clone, Copy)]
pub struct AssessInput<'a> {
    /// What the run saw open. Of several observations of one endpoint the latest counts.
    pub observations: &'a [Observation],
    pub coverage: &'a Coverage,
    pub register: &'a Register,
    /// Whose an address is; observations of addresses that it doesn't admit are not judged.
    pub scope: &'a Scope,
    pub policy: &'a Policy,
    /// When each declared service last answered in an earlier run, where it ever did.
    pub last_seen: &'a BTreeMap<DeclaredServiceId, DateTime<Utc>>,
    /// The addresses of every host name that this run asked for; an empty list for a name that didn't resolve.
    /// A name that the run didn't ask for is not in the map.
    pub names: &'a BTreeMap<HostName, Vec<IpAddr>>,
    /// Names that may lead to more addresses of ours than those in `names`: a look-up failed, or the scope kept back an
    /// address that an asset holds. One that no asset holds is no reason to doubt: nothing was ever seen there. Nothing
    /// of a name in here is judged gone.
    pub incomplete_names: &'a BTreeSet<HostName>,
    pub now: DateTime<Utc>,
}

/// One run, judged.
#[derive(Debug)]
pub struct Assessment<'a> {
    /// Each rule that is broken, once per key, in the order of keys.
    pub detections: Vec<Detection>,
    /// The declared services that answered in this run, for the next runs' `last_seen`.
    pub answered: BTreeMap<DeclaredServiceId, DateTime<Utc>>,
    view: View<'a>,
    keys: BTreeSet<FindingKey>,
}

/// Judges a run.
pub fn assess(input: AssessInput<'_>) -> Assessment<'_> {
    let view = View::new(input);
    let mut detections: BTreeMap<FindingKey, Detection> = BTreeMap::new();
    for observation in view.judged() {
        let found =
            exposure::detect(&view, observation).into_iter().chain(certificate::detect(&view, observation));
        for detection in found {
            detections.entry(detection.key.clone()).or_insert(detection);
        }
    }
    for detection in declared::silent(&view) {
        detections.entry(detection.key.clone()).or_insert(detection);
    }
    let keys = detections.keys().cloned().collect();
    let answered = declared::answered(&view);
    Assessment { detections: detections.into_values().collect(), answered, view, keys }
}

/// How an open endpoint stands to the declarations of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Declared {
    /// Declared for today, and what answers is what was declared or can't be told from it.
    InForce,
    /// Declared for today as something else.
    OtherService,
    /// Its declaration is over.
    Ended,
    Undeclared,
}

impl Assessment<'_> {
    /// How what was observed stands to the declarations.
    pub fn declared(&self, observation: &Observation) -> Declared {
        match declared::standing(&self.view, observation) {
            declared::Standing::InForce => Declared::InForce,
            declared::Standing::OtherService(_) => Declared::OtherService,
            declared::Standing::Ended(_) => Declared::Ended,
            declared::Standing::Undeclared => Declared::Undeclared,
        }
    }

    /// The exposure class of what was observed, declared or not, as a check id.
    pub fn exposure_of(&self, observation: &Observation) -> Option<CheckId> {
        exposure::exposed_as(self.view.input.policy, observation).map(|(check, _)| check)
    }

    /// What this run says of a finding that it didn't detect. Only positive evidence is [`Absence::Gone`]; a
    /// detected finding, if asked for, can't be told gone.
    pub fn absence(&self, key: &FindingKey) -> Absence {
        if self.keys.contains(key) {
            return Absence::CannotTell;
        }
        match (self.by_what_was_seen(key), &key.target) {
            (Absence::Gone(_), TargetKey::Name(name)) if self.view.input.incomplete_names.contains(name) => {
                Absence::CannotTell
            }
            (absence, _) => absence,
        }
    }

    fn by_what_was_seen(&self, key: &FindingKey) -> Absence {
        if key.check.as_str() == "declaration.silent" {
            return absence::of_silence(&self.view, key);
        }
        match &key.target {
            TargetKey::Addr(addr) => absence::at(&self.view, key, endpoint(key, *addr)),
            TargetKey::Name(name) => match self.view.input.names.get(name) {
                None => Absence::NotCovered,
                Some(_) => {
                    let addrs = self.view.addresses_of(name);
                    absence::everywhere(addrs.map(|addr| absence::at(&self.view, key, endpoint(key, addr))))
                }
            },
        }
    }
}

fn endpoint(key: &FindingKey, addr: IpAddr) -> Endpoint {
    Endpoint { addr, transport: key.transport, port: key.port }
}
