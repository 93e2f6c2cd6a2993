//! Policy: dated data that says what is an exposure, how grave, why, and what to do about it.
//!
//! The embedded default is `policy/exposure.toml`; a customer's file replaces it whole. Text is in both
//! languages. The version is printed in every report.

mod deadlines;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::finding::CheckId;
use crate::observation::{Certainty, ServiceFacts};
use crate::port::{PortSet, Transport};
use crate::reconcile::ClosingRules;
use crate::severity::Severity;
pub use deadlines::Deadlines;

/// A whole policy file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Date of the policy, printed in reports.
    pub version: String,
    pub closing: ClosingRules,
    pub declaration: DeclarationRules,
    pub certificate: CertificateRules,
    pub fragile: Fragile,
    #[serde(default)]
    pub udp: UdpRules,
    #[serde(default)]
    pub deadline: Deadlines,
    #[serde(rename = "class")]
    pub classes: Vec<ExposureClass>,
    #[serde(rename = "check")]
    pub checks: Vec<Check>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

/// Services of one kind, for example databases. The check id is `exposure.` and the class id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureClass {
    pub id: String,
    pub title: Text,
    /// Severity of an undeclared service of this class.
    pub severity: Severity,
    /// Protocol or product names, lower case, as `ServiceFacts::protocol` and `ServiceFacts::product` have them.
    pub services: BTreeSet<String>,
    /// TCP ports that put an *unidentified* service into the class; an identified one is judged by what it is.
    #[serde(default)]
    pub ports: Option<PortSet>,
    /// Its services must ask who is there; one that lets anyone in is `access.no-authentication`, declared or not.
    #[serde(default)]
    pub must_authenticate: bool,
    /// The class exists outside TLS only.
    #[serde(default)]
    pub in_clear_only: bool,
    pub advice: Text,
    pub source: String,
}

/// A check that isn't an exposure class, for example `certificate.expired`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub id: CheckId,
    pub title: Text,
    pub severity: Severity,
    pub advice: Text,
    pub source: String,
    /// What a service says of itself that proves the check; any one of them. None for a check that the product raises
    /// by rules of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proven_by: Vec<Proof>,
}

/// A fact of an identified service that proves a check, declared or not, for example that a resolver has answered a
/// stranger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Protocols, as `ServiceFacts::protocol` has them.
    pub services: BTreeSet<String>,
    /// Over this transport only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The name of a fact that must be there; without one, that the service answers is the proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// What the fact must be, or hold as one of its words (set apart by blanks and commas); anything if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub values: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclarationRules {
    /// A declared service that hasn't answered for so many days should be withdrawn.
    pub silent_days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRules {
    /// Days before its end at which a certificate counts as expiring.
    pub expiring_days: u32,
    pub min_rsa_bits: u32,
    pub min_ec_bits: u32,
    /// Parts of a signature's name that make it weak, lower case, for example `sha1`.
    pub weak_signatures: Vec<String>,
}

/// Ports of printers and industrial controllers: connected once, never sent a byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fragile {
    pub ports: PortSet,
    pub source: String,
}

/// What may be tried over UDP beyond harmless questions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UdpRules {
    /// Whether SNMP may be asked with the default community `public`, which is a password though everybody knows it.
    pub try_snmp_public: bool,
}

/// What is wrong with a policy file.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy can't be read")]
    Syntax(#[from] toml::de::Error),
    #[error("the policy defines {0} twice")]
    Twice(String),
    #[error("{0:?} is not the id of a class: lower case letters, digits and hyphens")]
    ClassId(String),
    #[error("the policy has no check {0}, which the product needs")]
    Lacks(&'static str),
}

/// The checks that the product itself raises; a policy must have each of them.
pub const REQUIRED_CHECKS: [&str; 12] = [
    "access.no-authentication",
    "certificate.expired",
    "certificate.expiring",
    "certificate.name-mismatch",
    "certificate.not-yet-valid",
    "certificate.self-signed",
    "certificate.weak-key",
    "certificate.weak-signature",
    "declaration.expired",
    "declaration.mismatch",
    "declaration.silent",
    "exposure.undeclared",
];

/// What people read about a check: title, advice and source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckText<'p> {
    pub title: &'p Text,
    pub advice: &'p Text,
    pub source: &'p str,
    pub severity: Severity,
}

impl Policy {
    /// The policy that is compiled in.
    pub fn embedded() -> Policy {
        Policy::parse(include_str!("../../policy/exposure.toml")).expect("the embedded policy is tested")
    }

    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let policy: Policy = toml::from_str(text)?;
        let mut ids = BTreeSet::new();
        for class in &policy.classes {
            let id = class.check_id().ok_or_else(|| PolicyError::ClassId(class.id.clone()))?;
            if !ids.insert(id.clone()) {
                return Err(PolicyError::Twice(id.to_string()));
            }
        }
        for check in &policy.checks {
            if !ids.insert(check.id.clone()) {
                return Err(PolicyError::Twice(check.id.to_string()));
            }
        }
        match REQUIRED_CHECKS.into_iter().find(|required| !ids.iter().any(|id| id.as_str() == *required)) {
            Some(lacking) => Err(PolicyError::Lacks(lacking)),
            None => Ok(policy),
        }
    }

    /// A check that is no exposure class.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id.as_str() == id)
    }

    /// The checks that an identified service's own facts prove, each once, in the order of the file.
    pub fn proven<'a>(
        &'a self,
        transport: Transport,
        facts: &'a ServiceFacts,
    ) -> impl Iterator<Item = &'a Check> + 'a {
        self.checks
            .iter()
            .filter(move |check| check.proven_by.iter().any(|proof| proof.holds(transport, facts)))
    }

    /// The class of a service by the first of `names` (protocol, product, …) that any class lists.
    pub fn class_of(&self, names: &[&str]) -> Option<&ExposureClass> {
        names.iter().find_map(|name| self.classes.iter().find(|class| class.services.contains(*name)))
    }

    /// The class that an unidentified service on this port is put into. The ports of classes are those of TCP: what
    /// keeps to itself over UDP on the same number is another thing.
    pub fn class_of_port(&self, transport: Transport, port: u16) -> Option<&ExposureClass> {
        let classes = if transport == Transport::Tcp { self.classes.as_slice() } else { &[] };
        classes.iter().find(|class| class.ports.as_ref().is_some_and(|ports| ports.contains(port)))
    }

    /// Title, advice and source of every check and class, by check id.
    pub fn texts(&self) -> BTreeMap<CheckId, CheckText<'_>> {
        let classes = self.classes.iter().filter_map(|class| {
            let text = CheckText {
                title: &class.title,
                advice: &class.advice,
                source: &class.source,
                severity: class.severity,
            };
            Some((class.check_id()?, text))
        });
        let checks = self.checks.iter().map(|check| {
            let text = CheckText {
                title: &check.title,
                advice: &check.advice,
                source: &check.source,
                severity: check.severity,
            };
            (check.id.clone(), text)
        });
        classes.chain(checks).collect()
    }
}

impl Proof {
    fn holds(&self, transport: Transport, facts: &ServiceFacts) -> bool {
        let speaks = facts.protocol.as_ref().is_some_and(|protocol| self.services.contains(protocol));
        let is_there = self.transport.is_none_or(|wanted| wanted == transport);
        let says =
            self.fact.as_ref().is_none_or(|name| facts.facts.get(name).is_some_and(|value| self.is(value)));
        facts.certainty == Certainty::Identified && speaks && is_there && says
    }

    fn is(&self, value: &str) -> bool {
        let mut words = value.split([' ', ',']);
        self.values.is_empty() || self.values.contains(value) || words.any(|word| self.values.contains(word))
    }
}

impl ExposureClass {
    /// `exposure.` and the id; `None` if the id isn't sound, which [`Policy::parse`] refuses.
    pub fn check_id(&self) -> Option<CheckId> {
        format!("exposure.{}", self.id).parse().ok()
    }
}

/// The ports most worth asking, most telling first: `policy/ports.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PortOrder {
    #[serde(rename = "version")]
    _version: String,
    #[serde(rename = "source")]
    _source: String,
    order: Vec<PortSet>,
    udp: Vec<PortSet>,
}

/// The first `n` TCP ports of the embedded order, fewer if it is shorter.
pub fn common_ports(n: usize) -> Vec<u16> {
    common_ports_over(Transport::Tcp, n)
}

/// The first `n` ports of a transport's embedded order, fewer if it is shorter.
pub fn common_ports_over(transport: Transport, n: usize) -> Vec<u16> {
    let order: PortOrder = toml::from_str(include_str!("../../policy/ports.toml"))
        .expect("the embedded order of ports is tested");
    let sets = match transport {
        Transport::Tcp => &order.order,
        Transport::Udp => &order.udp,
    };
    let mut seen = BTreeSet::new();
    let each_once = sets.iter().flat_map(|set| set.as_slice()).copied().filter(|&port| seen.insert(port));
    each_once.take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_policy_is_sound_and_complete() {
        let policy = Policy::parse(include_str!("../../policy/exposure.toml")).expect("a sound policy");
        for (id, text) in policy.texts() {
            for part in [&text.title.zh, &text.title.en, &text.advice.zh, &text.advice.en] {
                assert!(!part.trim().is_empty(), "{id} lacks a text");
            }
            assert!(!text.source.trim().is_empty(), "{id} lacks a source");
        }
    }

    #[test]
    fn titles_that_head_counts_of_declared_services_too_do_not_say_undeclared() {
        let policy = Policy::embedded();
        let heads = policy.texts().into_iter().filter(|(id, _)| id.group() == "exposure");
        let mut n = 0;
        for (id, text) in heads {
            let title = text.title;
            assert!(!title.zh.contains("未备案") && !title.en.to_lowercase().contains("undeclared"), "{id}");
            n += 1;
        }
        assert_eq!(n, policy.classes.len() + 1);
    }

    #[test]
    fn no_service_stands_in_two_classes() {
        let policy = Policy::embedded();
        let mut seen = BTreeMap::new();
        for class in &policy.classes {
            for service in &class.services {
                assert_eq!(seen.insert(service, &class.id), None, "{service}");
            }
        }
    }

    #[track_caller]
    fn check_proven(protocol: &str, transport: Transport, fact: Option<(&str, &str)>, expected: &[&str]) {
        let facts = ServiceFacts {
            certainty: Certainty::Identified,
            protocol: Some(protocol.to_owned()),
            facts: fact.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ..ServiceFacts::default()
        };
        let policy = Policy::embedded();
        let proven: Vec<&str> = policy.proven(transport, &facts).map(|check| check.id.as_str()).collect();
        assert_eq!(proven, expected, "{protocol} {fact:?}");
        let unknown = ServiceFacts { certainty: Certainty::Unknown, ..facts };
        assert_eq!(policy.proven(transport, &unknown).count(), 0, "{protocol} {fact:?}");
    }

    #[test]
    fn facts_prove_checks() {
        let (udp, tcp) = (Transport::Udp, Transport::Tcp);
        check_proven("dns", udp, Some(("recursion", "open")), &["service.open-resolver"]);
        check_proven("dns", udp, Some(("recursion", "refused")), &[]);
        check_proven("ntp", udp, None, &[]);
        check_proven("ntp", udp, Some(("mode7", "monlist")), &["service.ntp-monlist"]);
        check_proven("ntp", udp, Some(("mode7", "error-4")), &["service.ntp-control"]);
        check_proven("snmp", udp, Some(("community", "public")), &["service.snmp-public"]);
        check_proven("snmp", udp, Some(("protocol-version", "3")), &[]);
        check_proven("memcached", udp, None, &["service.amplifier"]);
        check_proven("memcached", tcp, None, &[]);
        check_proven("ipmi", udp, Some(("cipher-zero", "accepted")), &["service.ipmi-cipher-zero"]);
        check_proven("ipmi", udp, Some(("cipher-zero", "refused-11")), &[]);
        check_proven("ipmi", udp, Some(("authentication", "none,md5")), &["service.ipmi-anonymous"]);
        check_proven("ike", udp, Some(("aggressive-mode", "answers")), &["service.ike-aggressive"]);
        check_proven("ike", udp, Some(("ike1-choice", "3des sha1 psk modp1024")), &["service.ike-weak"]);
        check_proven("ike", udp, Some(("ike1-choice", "aes-256 sha256 psk modp2048")), &[]);
        check_proven("ike", udp, Some(("ike2-legacy-choice", "3des")), &["service.ike-weak"]);
    }

    #[test]
    fn a_policy_that_lacks_a_check_is_refused() {
        let text = include_str!("../../policy/exposure.toml")
            .replace("certificate.expired\"", "certificate.spent\"");
        assert!(matches!(Policy::parse(&text), Err(PolicyError::Lacks("certificate.expired"))));
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let text = format!("colour = \"red\"\n{}", include_str!("../../policy/exposure.toml"));
        assert!(matches!(Policy::parse(&text), Err(PolicyError::Syntax(_))));
    }
}
