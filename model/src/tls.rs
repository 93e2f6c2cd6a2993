//! What a TLS assessment of one server came to, as it is kept: verdicts with their evidence, the grade, the versions
//! and the certificates that a report needs. The judging is done; what it means for findings is decided elsewhere.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::certificate::CertificateFacts;
use crate::finding::CheckId;
use crate::host_name::HostName;
use crate::observation::Endpoint;
use crate::port::Transport;
use crate::severity::Severity;

/// A server as a run is asked to assess it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TlsServer {
    pub addr: IpAddr,
    pub port: u16,
    /// Sent as server name, and looked for in certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<HostName>,
    /// The protocol that is spoken in clear before TLS, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_tls: Option<String>,
    /// As somebody named it.
    pub given: String,
}

impl TlsServer {
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { addr: self.addr, transport: Transport::Tcp, port: self.port }
    }
}

/// The server name, if any, and where it is.
impl fmt::Display for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = std::net::SocketAddr::new(self.addr, self.port);
        match &self.name {
            Some(name) => write!(f, "{name} ({address})"),
            None => address.fmt(f),
        }
    }
}

/// One assessed server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsRecord {
    /// When its assessment ended; validity was judged for this instant.
    pub at: DateTime<Utc>,
    pub server: TlsServer,
    pub reached: TlsReached,
    /// Why the assessment ended before its time, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<String>,
    /// All versions that there are, oldest first.
    pub versions: Vec<TlsVersion>,
    pub grade: Option<TlsGrade>,
    /// Faults first, gravest first.
    pub verdicts: Vec<TlsVerdict>,
    pub profiles: Vec<TlsProfile>,
    pub leaves: Vec<TlsLeaf>,
    pub n_connections: u32,
}

/// Whether there was anything to assess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsReached {
    Tls,
    /// It answers in clear.
    Http,
    OtherProtocol,
    /// It answers, but won't go over to TLS.
    NoStartTls,
    /// Alerts only: TLS, without a version in common.
    NothingInCommon,
    /// Connections were taken, and nothing whole came.
    Silent,
    /// Every connection was refused, and there were two at least.
    Refused,
    Unreachable,
}

impl TlsReached {
    pub const ALL: [TlsReached; 8] = [
        TlsReached::Tls,
        TlsReached::Http,
        TlsReached::OtherProtocol,
        TlsReached::NoStartTls,
        TlsReached::NothingInCommon,
        TlsReached::Silent,
        TlsReached::Refused,
        TlsReached::Unreachable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TlsReached::Tls => "tls",
            TlsReached::Http => "http",
            TlsReached::OtherProtocol => "other-protocol",
            TlsReached::NoStartTls => "no-start-tls",
            TlsReached::NothingInCommon => "nothing-in-common",
            TlsReached::Silent => "silent",
            TlsReached::Refused => "refused",
            TlsReached::Unreachable => "unreachable",
        }
    }

    /// Whether something takes connections there.
    pub fn is_open(self) -> bool {
        match self {
            TlsReached::Tls
            | TlsReached::Http
            | TlsReached::OtherProtocol
            | TlsReached::NoStartTls
            | TlsReached::NothingInCommon
            | TlsReached::Silent => true,
            TlsReached::Refused | TlsReached::Unreachable => false,
        }
    }
}

/// Yes, no, or nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offered {
    Yes,
    No,
    Unknown,
}

impl Offered {
    pub const ALL: [Offered; 3] = [Offered::Yes, Offered::No, Offered::Unknown];

    pub fn as_str(self) -> &'static str {
        match self {
            Offered::Yes => "yes",
            Offered::No => "no",
            Offered::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsVersion {
    /// For example `TLS 1.2`, `TLCP 1.1`.
    pub name: String,
    pub offered: Offered,
}

/// The name of national cryptography's version among the others.
pub const TLCP: &str = "TLCP 1.1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsGrade {
    pub grade: String,
    pub score: u32,
    /// What kept it from being better, worst first.
    pub caps: Vec<TlsCap>,
    /// Checks that couldn't be told and might have capped it.
    pub open: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsCap {
    pub grade: String,
    /// A check's id, or words.
    pub because: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsVerdict {
    pub check: CheckId,
    pub severity: Severity,
    #[serde(flatten)]
    pub state: VerdictState,
    /// In the terms of the protocol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "because")]
pub enum VerdictState {
    Fault,
    Sound,
    NotApplicable,
    /// With why.
    Unknown(String),
}

impl VerdictState {
    /// Why something is unknown that nobody asked for.
    pub const NOT_ASKED: &'static str = "not-asked";
}

/// Whether a profile is kept to; `None` if nothing is against it and not all can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsProfile {
    pub id: String,
    pub version: String,
    pub kept: Option<bool>,
}

/// A certificate that a server presents for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsLeaf {
    /// `rsa`, `ecdsa`, `sm2`, `tlcp`…
    pub kind: String,
    /// The server name that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<HostName>,
    pub certificate: CertificateFacts,
}

impl TlsRecord {
    pub fn verdict(&self, check: &str) -> Option<&TlsVerdict> {
        self.verdicts.iter().find(|verdict| verdict.check.as_str() == check)
    }

    pub fn faults(&self) -> impl Iterator<Item = &TlsVerdict> {
        self.verdicts.iter().filter(|verdict| verdict.state == VerdictState::Fault)
    }

    /// Whether each version was answered with yes or no.
    pub fn knows_versions(&self) -> bool {
        let told = |version: &TlsVersion| version.offered != Offered::Unknown;
        self.reached == TlsReached::Tls && !self.versions.is_empty() && self.versions.iter().all(told)
    }

    /// Whether a version is offered; unknown for one that isn't listed.
    pub fn offers(&self, name: &str) -> Offered {
        let version = self.versions.iter().find(|version| version.name == name);
        version.map_or(Offered::Unknown, |version| version.offered)
    }

    /// The names of the versions that are offered.
    pub fn spoken(&self) -> impl Iterator<Item = &str> {
        let offered = self.versions.iter().filter(|version| version.offered == Offered::Yes);
        offered.map(|version| version.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_only_if_each_is_told() {
        let check = |reached, offered: &[Offered], expected: bool| {
            let version = |offered: &Offered| TlsVersion { name: TLCP.to_owned(), offered: *offered };
            let record = TlsRecord {
                at: DateTime::UNIX_EPOCH,
                server: TlsServer {
                    addr: [192, 0, 2, 1].into(),
                    port: 443,
                    name: None,
                    start_tls: None,
                    given: "192.0.2.1".into(),
                },
                reached,
                given_up: None,
                versions: offered.iter().map(version).collect(),
                grade: None,
                verdicts: Vec::new(),
                profiles: Vec::new(),
                leaves: Vec::new(),
                n_connections: 0,
            };
            assert_eq!(record.knows_versions(), expected, "{reached:?} {offered:?}");
        };
        check(TlsReached::Tls, &[Offered::Yes, Offered::No], true);
        check(TlsReached::Tls, &[Offered::Yes, Offered::Unknown], false);
        check(TlsReached::Tls, &[], false);
        check(TlsReached::Silent, &[Offered::No], false);
    }
}
