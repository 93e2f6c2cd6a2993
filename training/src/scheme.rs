//! The scheme: topics, categories of post certificates, and who must hold which. Dated data, not code.

use std::collections::HashSet;

use model::post::PostKind;
use model::staffing::Requirement;
use serde::{Deserialize, Serialize};

use crate::sittings::Score;
use crate::statement::Address;

const EMBEDDED: &str = include_str!("../../policy/training.toml");

/// All rules of the post-certificate scheme. Made by [`Scheme::parse`] only, so that what it names exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// For example `2026.11`; told with every figure that rests on it.
    pub version: String,
    /// Issuing body, as printed on certificates.
    pub issuer: String,
    /// Letters that serials begin with.
    pub series: String,
    /// Address of the page that QR codes open, where there is one.
    #[serde(default)]
    pub verify_at: Option<String>,
    #[serde(rename = "topic")]
    pub topics: Vec<Topic>,
    #[serde(rename = "category")]
    pub categories: Vec<Category>,
    #[serde(default, rename = "requirement")]
    pub requirements: Vec<Requirement>,
    pub reminders: Reminders,
}

/// Something to be learnt and passed (项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    pub code: String,
    pub name: String,
    pub name_en: String,
    /// 学时
    pub hours: u16,
    /// Of the hours of a term's lessons, which a person must have attended to be admitted to its exam.
    pub min_attendance_percent: u8,
    pub pass_mark: u8,
    /// Within one term, the first one included.
    pub max_attempts: u8,
    /// How long a pass counts.
    pub credit_months: u16,
}

impl Topic {
    pub fn is_passed_by(&self, score: Score) -> bool {
        score.tenths() >= u16::from(self.pass_mark) * 10
    }
}

/// A kind of post certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub code: String,
    pub name: String,
    pub name_en: String,
    pub posts: Vec<PostKind>,
    /// All must be passed, if need be in different terms.
    pub topics: Vec<String>,
    pub valid_months: u16,
    #[serde(default)]
    pub review: Option<Review>,
    pub renewal: Renewal,
}

/// Mid-term review (复审).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Months from issue to the day on which it is due.
    pub after_months: u16,
    /// So many days before that day it may be made.
    pub window_days: u16,
    /// So many days after it the certificate still counts without one.
    pub grace_days: u16,
}

/// Renewal (换证).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// So many days before the last day it may be renewed.
    pub window_days: u16,
    /// Topics to be passed anew, if in time or late by no more than `late_months`.
    pub topics: Vec<String>,
    pub late_months: u16,
    /// Later than `late_months` and up to so many months, all topics of the category; after that it can't be renewed.
    pub last_months: u16,
    #[serde(default)]
    pub runs_from: RunsFrom,
}

/// From which day the months of a certificate that is renewed in time are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunsFrom {
    /// The day of issue: who renews early ends early.
    #[default]
    Issue,
    /// The day after the last day of the one before: nobody loses days by renewing early.
    Expiry,
}

/// When people are reminded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// Days before the last day, in falling order.
    pub days_before: Vec<u16>,
    /// From so many days before on, the responsible leader is told too.
    pub escalate_days: u16,
}

#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    #[error("it is not a scheme file")]
    Toml(#[source] toml::de::Error),
    #[error("{0}")]
    Inconsistent(String),
}

impl Scheme {
    pub fn embedded() -> Scheme {
        Scheme::parse(EMBEDDED).expect("a test reads the embedded scheme")
    }

    pub fn parse(text: &str) -> Result<Scheme, SchemeError> {
        let scheme: Scheme = toml::from_str(text).map_err(SchemeError::Toml)?;
        scheme.check().map_err(SchemeError::Inconsistent)?;
        Ok(scheme)
    }

    pub fn topic(&self, code: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.code == code)
    }

    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    fn check(&self) -> Result<(), String> {
        let is_code = |code: &str, most: usize| {
            (1..=most).contains(&code.len())
                && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        if !(2..=6).contains(&self.series.len()) || !self.series.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(format!("series {:?}: two to six capital letters", self.series));
        }
        if let Some(address) = &self.verify_at {
            address.parse::<Address>().map_err(|error| format!("verify_at: {error}"))?;
        }
        let mut topics = HashSet::new();
        for topic in &self.topics {
            let code = &topic.code;
            if !is_code(code, 8) || !topics.insert(code.as_str()) {
                return Err(format!("topic {code:?}: not a code of its own (capital letters and digits)"));
            }
            if topic.pass_mark > 100 || topic.min_attendance_percent > 100 || topic.max_attempts == 0 {
                return Err(format!("topic {code}: marks and shares are at most 100, attempts at least 1"));
            }
        }
        let mut categories = HashSet::new();
        for category in &self.categories {
            let code = &category.code;
            if !is_code(code, 4) || !categories.insert(code.as_str()) {
                return Err(format!("category {code:?}: not a code of its own (capital letters and digits)"));
            }
            let named = category.topics.iter().chain(&category.renewal.topics);
            if let Some(topic) = named.into_iter().find(|topic| !topics.contains(topic.as_str())) {
                return Err(format!("category {code}: there is no topic {topic:?}"));
            }
            if let Some(topic) = category.renewal.topics.iter().find(|topic| !category.topics.contains(topic))
            {
                return Err(format!("category {code}: {topic} is asked for at renewal only"));
            }
            if category.valid_months == 0 || category.renewal.last_months < category.renewal.late_months {
                return Err(format!("category {code}: its months don't fit together"));
            }
            if category.review.as_ref().is_some_and(|review| review.after_months >= category.valid_months) {
                return Err(format!("category {code}: the review would come after the last day"));
            }
        }
        let mut rules = HashSet::new();
        for rule in &self.requirements {
            if !rules.insert(rule.id.as_str()) {
                return Err(format!("requirement {}: there are two of that id", rule.id));
            }
            if !categories.contains(rule.category.as_str()) {
                return Err(format!("requirement {}: there is no category {:?}", rule.id, rule.category));
            }
            if rule.head_count == 0 || (rule.needs_backup && rule.head_count < 2) {
                return Err(format!("requirement {}: one person at least, and two to stand in", rule.id));
            }
        }
        if !self.reminders.days_before.is_sorted_by(|a, b| a > b) {
            return Err("reminders: days_before must fall".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_scheme_is_sound() {
        let scheme = Scheme::embedded();
        assert!(!scheme.categories.is_empty() && !scheme.requirements.is_empty());
    }

    #[test]
    fn says_what_does_not_fit_together() {
        for (old, new, told) in [
            ("series = \"GWSG\"", "series = \"g\"", "series"),
            ("topics = [\"FG\", \"WH\"]", "topics = [\"FG\", \"XX\"]", "there is no topic \"XX\""),
            ("head_count = 2", "head_count = 1", "two to stand in"),
            ("days_before = [90, 60, 30, 7]", "days_before = [7, 90]", "must fall"),
        ] {
            assert!(EMBEDDED.contains(old), "{old}");
            let error = Scheme::parse(&EMBEDDED.replacen(old, new, 1)).expect_err(new);
            assert!(error.to_string().contains(told), "{error}");
        }
        assert!(matches!(Scheme::parse("version = 1"), Err(SchemeError::Toml(_))));
    }
}
