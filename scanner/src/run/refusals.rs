//! What a run was asked for and did not probe, with the reason.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::host_name::HostName;
use model::scope::Refusal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::resolve::NameFailure;

/// An address or a name that was kept back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord {
    pub at: DateTime<Utc>,
    /// Absent for a name that led to no address.
    pub addr: Option<IpAddr>,
    /// The names that led to the address, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<HostName>,
    #[serde(deserialize_with = "reason")]
    pub reason: Reason,
}

impl RefusalRecord {
    /// Whether no registered asset holds the address: it isn't ours to look at, today or on another day, and what a
    /// name shows at other addresses can be judged without it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.reason, Reason::Scope(Refusal::Unregistered(_)))
    }
}

/// Why it was kept back; a report says it in the language of its reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    #[error(transparent)]
    Scope(Refusal),
    #[error(transparent)]
    Name(NameFailure),
    /// Our own system could not send; with what it said.
    #[error("{0}")]
    NotSent(String),
    /// A line of a run of before reasons had kinds; only read.
    #[error("{0}")]
    Told(String),
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Reason {
        Reason::Scope(refusal.clone())
    }
}

fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<Reason, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Line(String),
        Reason(Reason),
    }
    Ok(match Stored::deserialize(from)? {
        Stored::Line(line) => Reason::Told(line),
        Stored::Reason(reason) => reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: &str, reason: Reason) {
        let read: RefusalRecord = serde_json::from_str(record).expect(record);
        assert_eq!(read.reason, reason);
        let written = serde_json::to_string(&read).expect("a record");
        assert_eq!(serde_json::from_str::<RefusalRecord>(&written).expect("the same"), read);
    }

    #[test]
    fn reasons_are_read_back_also_those_that_were_a_line() {
        let record =
            |reason: &str| format!(r#"{{"at":"2026-01-01T00:00:00Z","addr":null,"reason":{reason}}}"#);
        check(&record(r#"{"name":"no-such-name"}"#), Reason::Name(NameFailure::NoSuchName));
        let addr = "203.0.113.9".parse().expect("an address");
        let scope = record(r#"{"scope":{"unregistered":"203.0.113.9"}}"#);
        check(&scope, Reason::Scope(Refusal::Unregistered(addr)));
        check(&record(r#""there is no such name""#), Reason::Told("there is no such name".into()));
    }
}
