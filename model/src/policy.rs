//! Policy: dated data that says what is an exposure, how grave, why, and what to do about it.
//!
//! The embedded default is `policy/exposure.toml`; a customer's file replaces it whole. Text is in both
//! languages. The version is printed in every report.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::finding::CheckId;
use crate::port::PortSet;
use crate::reconcile::ClosingRules;
use crate::severity::Severity;

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
    /// Ports that put an *unidentified* service into the class; an identified one is judged by what it is.
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

    /// The class of a service by the first of `names` (protocol, product, …) that any class lists.
    pub fn class_of(&self, names: &[&str]) -> Option<&ExposureClass> {
        names.iter().find_map(|name| self.classes.iter().find(|class| class.services.contains(*name)))
    }

    /// The class that an unidentified service on this port is put into.
    pub fn class_of_port(&self, port: u16) -> Option<&ExposureClass> {
        self.classes.iter().find(|class| class.ports.as_ref().is_some_and(|ports| ports.contains(port)))
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
}

/// The first `n` TCP ports of the embedded order, fewer if it is shorter.
pub fn common_ports(n: usize) -> Vec<u16> {
    let order: PortOrder = toml::from_str(include_str!("../../policy/ports.toml"))
        .expect("the embedded order of ports is tested");
    let mut seen = BTreeSet::new();
    let each_once =
        order.order.iter().flat_map(|set| set.as_slice()).copied().filter(|&port| seen.insert(port));
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
    fn no_service_stands_in_two_classes() {
        let policy = Policy::embedded();
        let mut seen = BTreeMap::new();
        for class in &policy.classes {
            for service in &class.services {
                assert_eq!(seen.insert(service, &class.id), None, "{service}");
            }
        }
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
