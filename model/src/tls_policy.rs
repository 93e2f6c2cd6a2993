//! Policies on TLS as dated data: what each check is called, how grave it is and what to do; how a grade is made;
//! what a profile demands. The judging itself is where the facts are known, in `probes`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::finding::CheckId;
use crate::policy::{CheckText, Text};
use crate::severity::Severity;

/// Title, severity, advice and source of every TLS check. A customer's file replaces the embedded one whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsChecks {
    pub version: String,
    #[serde(rename = "check")]
    pub checks: Vec<TlsCheck>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsCheck {
    pub id: CheckId,
    pub title: Text,
    pub severity: Severity,
    pub advice: Text,
    pub source: String,
    /// It sends something malformed or unusual, and so is asked only on demand.
    #[serde(default)]
    pub intrusive: bool,
}

/// A policy that rates a server: by a grade, by what a profile demands, or by both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsPolicy {
    pub id: String,
    /// Date of the policy, printed in reports.
    pub version: String,
    pub title: Text,
    pub source: String,
    #[serde(default)]
    pub grade: Option<GradeRules>,
    #[serde(default)]
    pub profile: Option<ProfileRules>,
}

/// A score from 0 to 100 out of three parts, letters for it, and caps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeRules {
    pub weights: Weights,
    /// Best first: the least score for a letter; below the last one it is `lowest`.
    pub letters: Vec<Letter>,
    pub lowest: String,
    /// All grades that a cap may name, best first, those for `letters` among them.
    pub scale: Vec<String>,
    /// The score of each version by its name.
    pub versions: BTreeMap<String, u32>,
    /// Ascending: below so many bits, this score.
    pub exchange_rsa: Vec<Step>,
    pub exchange_curve: Vec<Step>,
    pub exchange_anonymous: u32,
    pub exchange_export: u32,
    pub cipher: Vec<Step>,
    /// For scores and bits that cap the grade.
    pub exchange_caps: Vec<ScoreCap>,
    pub cipher_bits_cap: BitsCap,
    /// A check at fault caps the grade.
    #[serde(rename = "cap")]
    pub caps: Vec<Cap>,
    /// Checks that keep the best grade of all away.
    pub warnings: BTreeSet<CheckId>,
    /// What is best without any warning, and what else.
    pub flawless: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    pub protocol: u32,
    pub exchange: u32,
    pub cipher: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    pub at_least: u32,
    pub grade: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Absent: everything above.
    #[serde(default)]
    pub below_bits: Option<u32>,
    pub score: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreCap {
    pub at_most: u32,
    pub grade: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitsCap {
    pub below_bits: u32,
    pub grade: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    pub check: CheckId,
    pub grade: String,
    /// Only if one of these versions is spoken too.
    #[serde(default)]
    pub with_versions: BTreeSet<String>,
}

/// What a profile allows and demands. Whatever isn't named isn't judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRules {
    /// No others may be spoken.
    pub versions: BTreeSet<String>,
    /// At least one of these must be.
    #[serde(default)]
    pub one_of: BTreeSet<String>,
    /// No others may be offered, by registered name; all if empty.
    #[serde(default)]
    pub suites: BTreeSet<String>,
    /// At least one of these should be there; nothing is demanded if empty.
    #[serde(default)]
    pub preferred_suites: BTreeSet<String>,
    /// No others may be offered; all if empty.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// `server`, `client`, or not judged.
    #[serde(default)]
    pub order: Option<String>,
    #[serde(default)]
    pub min_dh_bits: Option<u32>,
    #[serde(default)]
    pub certificate: CertificateDemands,
    /// Checks that must not be at fault.
    #[serde(default)]
    pub checks: BTreeSet<CheckId>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateDemands {
    /// As `KeyFacts::algorithm` has them; all if empty.
    #[serde(default)]
    pub keys: BTreeSet<String>,
    #[serde(default)]
    pub min_rsa_bits: Option<u32>,
    #[serde(default)]
    pub max_days: Option<i64>,
}

/// What is wrong with a policy file.
#[derive(Debug, thiserror::Error)]
pub enum TlsPolicyError {
    #[error("the policy can't be read")]
    Syntax(#[from] toml::de::Error),
    #[error("the policy defines {0} twice")]
    Twice(CheckId),
    #[error("the policy caps at {0:?}, which its scale doesn't have")]
    Grade(String),
    #[error("the policy weighs nothing")]
    Weights,
}

impl TlsChecks {
    /// What is compiled in.
    pub fn embedded() -> TlsChecks {
        TlsChecks::parse(include_str!("../../policy/tls/checks.toml"))
            .expect("the embedded checks are tested")
    }

    pub fn parse(text: &str) -> Result<TlsChecks, TlsPolicyError> {
        let checks: TlsChecks = toml::from_str(text)?;
        let mut ids = BTreeSet::new();
        match checks.checks.iter().find(|check| !ids.insert(&check.id)) {
            Some(twice) => Err(TlsPolicyError::Twice(twice.id.clone())),
            None => Ok(checks),
        }
    }

    /// What people read about each check.
    pub fn texts(&self) -> BTreeMap<CheckId, CheckText<'_>> {
        let texts = self.checks.iter().map(|TlsCheck { id, title, advice, source, severity, .. }| {
            (id.clone(), CheckText { title, advice, source, severity: *severity })
        });
        texts.collect()
    }

    pub fn get(&self, id: &str) -> Option<&TlsCheck> {
        self.checks.iter().find(|check| check.id.as_str() == id)
    }
}

impl TlsPolicy {
    /// What is compiled in, in the order of being shown.
    pub fn embedded() -> Vec<TlsPolicy> {
        [
            include_str!("../../policy/tls/ssl-labs.toml"),
            include_str!("../../policy/tls/mozilla-modern.toml"),
            include_str!("../../policy/tls/mozilla-intermediate.toml"),
            include_str!("../../policy/tls/mozilla-old.toml"),
            include_str!("../../policy/tls/national.toml"),
        ]
        .into_iter()
        .map(|text| TlsPolicy::parse(text).expect("the embedded policies are tested"))
        .collect()
    }

    pub fn parse(text: &str) -> Result<TlsPolicy, TlsPolicyError> {
        let policy: TlsPolicy = toml::from_str(text)?;
        if let Some(rules) = &policy.grade {
            let Weights { protocol, exchange, cipher } = rules.weights;
            if [protocol, exchange, cipher].iter().all(|weight| *weight == 0) {
                return Err(TlsPolicyError::Weights);
            }
            let named = rules.letters.iter().map(|letter| &letter.grade);
            let named = named.chain(rules.caps.iter().map(|cap| &cap.grade));
            let named = named.chain(rules.exchange_caps.iter().map(|cap| &cap.grade));
            let mut named = named.chain([&rules.cipher_bits_cap.grade, &rules.lowest, &rules.flawless]);
            if let Some(unknown) = named.find(|grade| !rules.scale.contains(grade)) {
                return Err(TlsPolicyError::Grade(unknown.clone()));
            }
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_is_sound_and_names_only_checks_that_exist() {
        let checks = TlsChecks::embedded();
        for check in &checks.checks {
            for text in [&check.title, &check.advice] {
                assert!(!text.zh.is_empty() && !text.en.is_empty(), "{:?}", check.id);
                assert!(!text.zh.is_ascii(), "{:?} in Chinese", check.id);
                assert!(text.en.is_ascii(), "{:?} in English", check.id);
            }
        }
        for policy in TlsPolicy::embedded() {
            let caps = policy
                .grade
                .iter()
                .flat_map(|rules| rules.caps.iter().map(|cap| &cap.check).chain(&rules.warnings));
            let demands = policy.profile.iter().flat_map(|rules| &rules.checks);
            for id in caps.chain(demands) {
                assert!(checks.get(id.as_str()).is_some(), "{} names {id:?}", policy.id);
            }
        }
    }

    #[test]
    fn a_cap_at_a_grade_that_does_not_exist_is_refused() {
        let text =
            include_str!("../../policy/tls/ssl-labs.toml").replacen("grade = \"C\"", "grade = \"Ω\"", 1);
        assert!(matches!(TlsPolicy::parse(&text), Err(TlsPolicyError::Grade(_))));
        let twice = include_str!("../../policy/tls/checks.toml").replace("tls.ssl3", "tls.ssl2");
        assert!(matches!(TlsChecks::parse(&twice), Err(TlsPolicyError::Twice(_))));
    }
}
