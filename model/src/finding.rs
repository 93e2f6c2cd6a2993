//! Findings: what they are known by, how they stand, and their history.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fact::Facts;
use crate::host_name::HostName;
use crate::id::{AssetId, EventId, FindingId, RunId, SystemId, UnitId};
use crate::observation::{Endpoint, Method};
use crate::port::Transport;
use crate::severity::Severity;

/// Which rule a finding is of, for example `exposure.database` or `certificate.expired`: two parts of lower
/// case letters, digits and hyphens, joined by a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckId(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a check id such as certificate.expired")]
pub struct NotACheckId(String);

impl CheckId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the dot, for example `certificate`.
    pub fn group(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

impl FromStr for CheckId {
    type Err = NotACheckId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part_is_sound = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match text.split_once('.') {
            Some((group, rest)) if part_is_sound(group) && part_is_sound(rest) => Ok(Self(text.to_owned())),
            _ => Err(NotACheckId(text.to_owned())),
        }
    }
}

impl TryFrom<String> for CheckId {
    type Error = NotACheckId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CheckId> for String {
    fn from(id: CheckId) -> String {
        id.0
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a finding is about: an address, or a host name where the fault belongs to the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKey {
    Addr(IpAddr),
    Name(HostName),
}

impl fmt::Display for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetKey::Addr(addr) => addr.fmt(f),
            TargetKey::Name(name) => name.fmt(f),
        }
    }
}

/// An address, else a host name.
impl FromStr for TargetKey {
    type Err = crate::host_name::HostNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<IpAddr>() {
            Ok(addr) => Ok(TargetKey::Addr(addr)),
            Err(_) => text.parse().map(TargetKey::Name),
        }
    }
}

/// The identity of a finding: never text, never severity, never owner, since those may change while the
/// finding stays the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FindingKey {
    pub check: CheckId,
    pub target: TargetKey,
    pub transport: Transport,
    pub port: u16,
}

impl fmt::Display for FindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} {}/{}", self.check, self.target, self.port, self.transport)
    }
}

/// A rule that an observation breaks, in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub key: FindingKey,
    pub severity: Severity,
    pub unit: UnitId,
    pub system: Option<SystemId>,
    pub asset: AssetId,
    pub evidence: Evidence,
}

/// What was seen, so that a unit can understand and contest it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub endpoint: Endpoint,
    pub at: DateTime<Utc>,
    pub method: Method,
    /// Protocol name for people, for example `https`.
    pub service: String,
    pub observed: Facts,
}

/// How a finding stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum FindingState {
    /// Seen in the last run that could tell.
    Open,
    /// The last runs that could tell saw it gone, but not often or long enough to close it.
    Missing(Missing),
    /// Gone, by the closing rules.
    Closed { at: DateTime<Utc>, proof: Gone },
}

/// How often and since when a finding has been seen gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub since: DateTime<Utc>,
    pub n_runs: u32,
    pub proof: Gone,
}

/// Positive evidence that a fault is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// The port answers, and no longer shows the fault.
    Corrected,
    /// The port refused the connection.
    Refused,
    /// The port swallows probes while the host answers elsewhere.
    Filtered,
    /// The rule no longer applies, for example since the service has been declared.
    Allowed,
    /// Another finding tells the same fault more exactly; its history names that one.
    Superseded,
}

impl Gone {
    pub const ALL: [Gone; 5] =
        [Gone::Corrected, Gone::Refused, Gone::Filtered, Gone::Allowed, Gone::Superseded];

    pub fn as_str(self) -> &'static str {
        match self {
            Gone::Corrected => "corrected",
            Gone::Refused => "refused",
            Gone::Filtered => "filtered",
            Gone::Allowed => "allowed",
            Gone::Superseded => "superseded",
        }
    }
}

impl FindingState {
    pub fn as_str(&self) -> &'static str {
        match self {
            FindingState::Open => "open",
            FindingState::Missing(_) => "missing",
            FindingState::Closed { .. } => "closed",
        }
    }
}

/// A finding over its whole life, as the scanner knows it; what people write about it is stored apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub id: FindingId,
    pub key: FindingKey,
    pub severity: Severity,
    pub unit: UnitId,
    pub system: Option<SystemId>,
    pub asset: AssetId,
    pub state: FindingState,
    pub first_seen: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    /// The last run in which it was seen.
    pub last_run: RunId,
    /// How often it came back after it had been closed.
    pub n_recurrences: u32,
    /// Set while the last run that covered it couldn't tell.
    pub unverifiable_since: Option<DateTime<Utc>>,
    /// What was seen last.
    pub evidence: Evidence,
}

/// An entry of a finding's history. Seeing it again unchanged isn't one: `last_seen` tells that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: EventId,
    pub finding: FindingId,
    pub run: RunId,
    pub at: DateTime<Utc>,
    pub what: Happened,
}

/// What happened to a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Happened {
    Opened,
    Reopened {
        recurrences: u32,
    },
    /// It was missing and is back before it was closed.
    SeenAgain,
    Missing {
        proof: Gone,
        n_runs: u32,
    },
    Closed {
        proof: Gone,
    },
    /// Nothing could be told about it in this run, for the first time since it could.
    BecameUnverifiable,
    SeverityChanged {
        from: Severity,
        to: Severity,
    },
    OwnerChanged {
        from: UnitId,
        to: UnitId,
    },
    /// It began as another finding, of a check that told the same fault less exactly.
    Supersedes {
        finding: FindingId,
        check: CheckId,
    },
    /// Closed, since another finding goes on with it.
    Superseded {
        by: FindingId,
        check: CheckId,
    },
}

impl Happened {
    pub fn as_str(&self) -> &'static str {
        match self {
            Happened::Opened => "opened",
            Happened::Reopened { .. } => "reopened",
            Happened::SeenAgain => "seen-again",
            Happened::Missing { .. } => "missing",
            Happened::Closed { .. } => "closed",
            Happened::BecameUnverifiable => "became-unverifiable",
            Happened::SeverityChanged { .. } => "severity-changed",
            Happened::OwnerChanged { .. } => "owner-changed",
            Happened::Supersedes { .. } => "supersedes",
            Happened::Superseded { .. } => "superseded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_ids_have_two_parts() {
        assert_eq!(
            "certificate.expired".parse::<CheckId>().map(|id| id.group().to_owned()),
            Ok("certificate".into())
        );
        for wrong in ["certificate", "certificate.", ".expired", "Certificate.expired", "a.b c", "a.b.c"] {
            assert!(wrong.parse::<CheckId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_target_key_reads_back() {
        for text in ["192.0.2.1", "2001:db8::1", "portal.example"] {
            assert_eq!(text.parse::<TargetKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
    }
}
