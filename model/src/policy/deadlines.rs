//! How long a finding may stay open.

use serde::{Deserialize, Serialize};

use crate::severity::Severity;

/// Days in which a finding is to be mended, from its first sight on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    pub critical: u16,
    pub high: u16,
    pub medium: u16,
    pub low: u16,
}

/// For a policy from before there were deadlines in it; the embedded one says the same.
impl Default for Deadlines {
    fn default() -> Self {
        Deadlines { critical: 7, high: 15, medium: 30, low: 30 }
    }
}

impl Deadlines {
    pub fn days(&self, severity: Severity) -> u16 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    #[test]
    fn a_policy_without_deadlines_has_those_of_the_embedded_one() {
        let embedded = include_str!("../../../policy/exposure.toml");
        let (before, rest) = embedded.split_once("[deadline]").expect("the embedded policy has deadlines");
        let after = rest.split_once("\n[").expect("another section follows").1;
        let without = Policy::parse(&format!("{before}[{after}")).expect("a sound policy");
        assert_eq!(without.deadline, Policy::embedded().deadline);
        let days = Severity::ALL.map(|severity| without.deadline.days(severity));
        assert!(days.is_sorted() && days[0] > 0, "{days:?}");
    }
}
