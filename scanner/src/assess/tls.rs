//! Judging a run of TLS assessments: verdicts in, what reconciling needs out. Pure.
//!
//! A fault is a detection; that a check is sound proves it corrected only where TLS was really spoken; what is unknown
//! neither opens nor closes anything. What identification tells of certificates in passing, these checks tell better:
//! where an assessment covered an endpoint, its finding goes on with the other's (one fact, one finding).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::fact::{Fact, Facts};
use model::finding::{CheckId, Detection, Evidence, Finding, FindingKey, FindingState, Gone, TargetKey};
use model::host_name::HostName;
use model::observation::Method;
use model::port::Transport;
use model::reconcile::Absence;
use model::scope::{Owner, Scope};
use model::tls::{TlsReached, TlsRecord, TlsVerdict, VerdictState};

use super::absence::everywhere;
use super::evidence;

/// All that the judgement rests on.
#[derive(Debug, Clone, Copy)]
pub struct TlsInput<'a> {
    /// One a server; of several of one server the last counts.
    pub records: &'a [TlsRecord],
    /// Whose an address is; what it doesn't admit is not judged.
    pub scope: &'a Scope,
    /// Every address of ours that a host name led to, of the names that were looked up.
    pub names: &'a BTreeMap<HostName, Vec<IpAddr>>,
    /// Names that may lead to more addresses of ours than those.
    pub incomplete_names: &'a BTreeSet<HostName>,
}

/// A run of TLS assessments, judged.
#[derive(Debug)]
pub struct TlsAssessment<'a> {
    /// Each check at fault, once per key, in the order of keys.
    pub detections: Vec<Detection>,
    input: TlsInput<'a>,
    hosts: BTreeMap<&'a HostName, Owner>,
    keys: BTreeSet<FindingKey>,
}

/// What identification calls a fault of a certificate, and the check that tells it better.
const SUCCESSORS: [(&str, &str); 7] = [
    ("certificate.expired", "tls.cert-expired"),
    ("certificate.expiring", "tls.cert-expiring"),
    ("certificate.name-mismatch", "tls.cert-name-mismatch"),
    ("certificate.not-yet-valid", "tls.cert-not-yet-valid"),
    ("certificate.self-signed", "tls.cert-self-signed"),
    ("certificate.weak-key", "tls.cert-weak-key"),
    ("certificate.weak-signature", "tls.cert-weak-signature"),
];

/// Checks that don't apply where something wasn't shown, which may be for another reason than that it is gone.
const SHOWN_OR_NOT: [&str; 5] = [
    "tls.cert-name-mismatch",
    "tls.no-hsts",
    "tls.redirect-to-clear",
    "tls.staple-revoked",
    "tls.staple-stale",
];

/// Pieces of evidence that a finding keeps, and the length of each.
const MAX_PIECES: usize = 16;

pub fn assess_tls(input: TlsInput<'_>) -> TlsAssessment<'_> {
    let mut hosts = BTreeMap::new();
    for (name, asset) in input.scope.hosts() {
        let owner = Owner { unit: asset.unit, system: asset.system, asset: asset.id };
        hosts.entry(name).or_insert(owner);
    }
    let mut assessment = TlsAssessment { detections: Vec::new(), input, hosts, keys: BTreeSet::new() };
    let mut detections: BTreeMap<FindingKey, Detection> = BTreeMap::new();
    for record in assessment.judged() {
        for verdict in record.faults() {
            if let Some(detection) = assessment.detection(record, verdict) {
                detections.entry(detection.key.clone()).or_insert(detection);
            }
        }
    }
    assessment.keys = detections.keys().cloned().collect();
    assessment.detections = detections.into_values().collect();
    assessment
}

/// Leaves out what was seen of certificates in passing where an open finding of an assessment tells it better.
pub fn without_what_tls_tells(mut detections: Vec<Detection>, known: &[Finding]) -> Vec<Detection> {
    let open = known.iter().filter(|finding| !matches!(finding.state, FindingState::Closed { .. }));
    let told: Vec<&Finding> = open.filter(|finding| finding.key.check.group() == "tls").collect();
    let is_told = |detection: &Detection, finding: &Finding| {
        let same_place = finding.key.target == detection.key.target
            || finding.evidence.endpoint == detection.evidence.endpoint;
        finding.key.port == detection.key.port
            && finding.key.transport == detection.key.transport
            && successor(&detection.key.check) == Some(finding.key.check.as_str())
            && same_place
    };
    detections.retain(|detection| !told.iter().any(|finding| is_told(detection, finding)));
    detections
}

fn successor(check: &CheckId) -> Option<&'static str> {
    SUCCESSORS.iter().find(|(old, _)| *old == check.as_str()).map(|(_, new)| *new)
}

impl<'a> TlsAssessment<'a> {
    /// What this run says of a finding that it didn't detect.
    pub fn absence(&self, key: &FindingKey) -> Absence {
        if key.check.group() == "tls" {
            return self.absence_of(key, key.check.as_str());
        }
        // Of another part's findings only those that these checks tell better, and then only what is proved.
        match successor(&key.check).map(|check| self.absence_of(key, check)) {
            Some(Absence::Gone(proof)) => Absence::Gone(proof),
            Some(Absence::CannotTell | Absence::NotCovered) | None => Absence::NotCovered,
        }
    }

    fn absence_of(&self, key: &FindingKey, check: &str) -> Absence {
        if self.keys.contains(key) || key.transport != Transport::Tcp {
            return Absence::CannotTell;
        }
        match &key.target {
            TargetKey::Addr(addr) => self.at_address(check, *addr, key),
            TargetKey::Name(name) => match self.input.names.get(name) {
                // Nothing tells whether this was all of it.
                None => Absence::NotCovered,
                Some(addrs) => {
                    let each = addrs.iter().map(|addr| self.of_name(check, name, *addr, key.port));
                    match everywhere(each) {
                        Absence::Gone(_) if self.input.incomplete_names.contains(name) => Absence::CannotTell,
                        absence => absence,
                    }
                }
            },
        }
    }

    /// The findings that a detection takes the place of.
    pub fn supersedes(&self, detection: &Detection) -> Vec<FindingKey> {
        let of_check = SUCCESSORS.iter().filter(|(_, new)| *new == detection.key.check.as_str());
        let mut keys = Vec::new();
        for (old, _) in of_check {
            let Ok(check) = old.parse::<CheckId>() else { continue };
            let here = TargetKey::Addr(detection.evidence.endpoint.addr);
            for target in [detection.key.target.clone(), here] {
                let key = FindingKey { check: check.clone(), target, ..detection.key.clone() };
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// The records that count: at an address that is somebody's.
    fn judged(&self) -> impl Iterator<Item = &'a TlsRecord> {
        let (records, scope) = (self.input.records, self.input.scope);
        records.iter().filter(move |record| scope.admit(record.server.addr).is_ok())
    }

    fn detection(&self, record: &TlsRecord, verdict: &TlsVerdict) -> Option<Detection> {
        let (target, owner) = self.target(record)?;
        let endpoint = record.server.endpoint();
        let mut what: Vec<String> =
            verdict.evidence.iter().take(MAX_PIECES).map(|piece| evidence::cleaned(piece)).collect();
        if what.is_empty() {
            // That something is missing shows in nothing but what is there.
            let spoken: Vec<&str> = record.spoken().collect();
            what.push(format!("speaks {}", spoken.join(", ")));
        }
        let observed = Facts::from([Fact::Tells { what }]);
        Some(Detection {
            key: FindingKey {
                check: verdict.check.clone(),
                target,
                transport: endpoint.transport,
                port: endpoint.port,
            },
            severity: verdict.severity,
            unit: owner.unit,
            system: owner.system,
            asset: owner.asset,
            evidence: Evidence {
                endpoint,
                at: record.at,
                method: Method::Tls,
                service: record.server.start_tls.clone().unwrap_or_else(|| "tls".to_owned()),
                observed,
            },
        })
    }

    /// The host name that was sent, if it is somebody's, else the address.
    fn target(&self, record: &TlsRecord) -> Option<(TargetKey, Owner)> {
        if let Some((name, owner)) = self.name(record) {
            return Some((TargetKey::Name(name.clone()), owner));
        }
        let owner = self.input.scope.admit(record.server.addr).ok()?.owner();
        Some((TargetKey::Addr(record.server.addr), owner))
    }

    fn name<'r>(&self, record: &'r TlsRecord) -> Option<(&'r HostName, Owner)> {
        let name = record.server.name.as_ref()?;
        self.hosts.get(name).map(|owner| (name, *owner))
    }

    fn at(&self, addr: IpAddr, port: u16) -> impl Iterator<Item = &'a TlsRecord> {
        self.judged().filter(move |record| record.server.addr == addr && record.server.port == port)
    }

    fn at_address(&self, check: &str, addr: IpAddr, key: &FindingKey) -> Absence {
        let is_coarse = key.check.group() != "tls";
        let mut found = None;
        for record in self.at(addr, key.port) {
            let absence = match record.reached {
                TlsReached::Refused => Absence::Gone(Gone::Refused),
                // Asked by a name the server may show another face than it shows without; of certificates both are
                // looked at.
                _ if !is_coarse && self.name(record).is_some() => continue,
                _ => of_record(record, check),
            };
            found = Some(found.map_or(absence, |before| everywhere([before, absence].into_iter())));
        }
        found.unwrap_or(Absence::NotCovered)
    }

    fn of_name(&self, check: &str, name: &HostName, addr: IpAddr, port: u16) -> Absence {
        let asked_so = |record: &&TlsRecord| record.server.name.as_ref() == Some(name);
        let last = self.at(addr, port).filter(asked_so).last();
        last.map_or(Absence::NotCovered, |record| of_record(record, check))
    }
}

/// What one assessment proves of a check that another one found at fault.
fn of_record(record: &TlsRecord, check: &str) -> Absence {
    match record.reached {
        TlsReached::Tls => {}
        TlsReached::Refused => return Absence::Gone(Gone::Refused),
        // That it speaks something else today proves nothing of what it spoke.
        TlsReached::Http
        | TlsReached::OtherProtocol
        | TlsReached::NoStartTls
        | TlsReached::NothingInCommon
        | TlsReached::Silent
        | TlsReached::Unreachable => return Absence::CannotTell,
    }
    let Some(verdict) = record.verdict(check) else { return Absence::NotCovered };
    match &verdict.state {
        VerdictState::Fault => Absence::CannotTell,
        VerdictState::Sound => Absence::Gone(Gone::Corrected),
        VerdictState::NotApplicable if record.knows_versions() && !SHOWN_OR_NOT.contains(&check) => {
            Absence::Gone(Gone::Corrected)
        }
        VerdictState::NotApplicable => Absence::CannotTell,
        VerdictState::Unknown(why) if why == VerdictState::NOT_ASKED => Absence::NotCovered,
        VerdictState::Unknown(_) => Absence::CannotTell,
    }
}

#[cfg(test)]
mod tests;
