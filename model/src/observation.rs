//! What a probe saw: the answer of one port, and what the service behind an open one says of itself.
//!
//! Facts only. Whether a fact is a finding is the policy's to say.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::certificate::CertificateFacts;
use crate::host_name::HostName;
use crate::id::RunId;
use crate::port::Transport;
use crate::shape::Shape;
use crate::unreachable::{IcmpError, Unreachable};

/// One transport address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    pub addr: IpAddr,
    pub transport: Transport,
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            IpAddr::V4(v4) => write!(f, "{v4}:{}/{}", self.port, self.transport),
            IpAddr::V6(v6) => write!(f, "[{v6}]:{}/{}", self.port, self.transport),
        }
    }
}

/// How an endpoint was probed; printed with every result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A full TCP connection by the operating system.
    Connect,
    /// A TCP SYN of our own; the connection is never completed.
    Syn,
    /// Datagrams of our own, each a question of a protocol that the port is known for.
    Udp,
    /// By another tool, whose results were imported; the manifest of the run names it.
    Imported,
    /// TLS servers assessed one by one, by hellos over TCP connections.
    Tls,
}

impl Method {
    pub const ALL: [Method; 5] = [Method::Connect, Method::Syn, Method::Udp, Method::Imported, Method::Tls];

    pub fn as_str(self) -> &'static str {
        match self {
            Method::Connect => "connect",
            Method::Syn => "syn",
            Method::Udp => "udp",
            Method::Imported => "imported",
            Method::Tls => "tls",
        }
    }

    /// Whether it takes raw sockets.
    pub fn is_raw(self) -> bool {
        matches!(self, Method::Syn | Method::Udp)
    }

    /// What a run by this method asks. What was imported is kept as TCP: its UDP ports are observations only.
    pub fn transport(self) -> Transport {
        match self {
            Method::Udp => Transport::Udp,
            Method::Connect | Method::Syn | Method::Imported | Method::Tls => Transport::Tcp,
        }
    }
}

/// What one probe of one port got back, before anything is known of the rest of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The connection was accepted.
    Open,
    /// RST: nobody listens.
    Refused,
    /// Nothing came back in any try.
    Silent,
    /// Our own kernel has no route to the network, or passed such an error on without its code.
    NetworkUnreachable,
    /// The link address didn't resolve, or the kernel passed such an error on without its code.
    HostUnreachable,
    /// Prohibited by somebody on the way, as another tool says without a code.
    Prohibited,
    /// Accepted by a host that accepts whatever comes, so that nothing is known of the port.
    SuspectOpen,
    /// An ICMP error about the probe.
    Icmp(IcmpError),
}

/// State of a port, as DESIGN names them; decided per host once all its replies are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    Open,
    /// Accepted, but the host accepts everything: not to be believed without data.
    SuspectOpen,
    Closed,
    /// Something in the way answered for the port, or swallowed probes that other ports of the host answer.
    Filtered(FilterReason),
    /// Silence, and nothing else of the host answers either: nothing is known.
    Unverifiable,
}

/// Why a port counts as filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterReason {
    Silence,
    NetworkUnreachable,
    HostUnreachable,
    Prohibited,
    /// With its type and code.
    Icmp(IcmpError),
}

impl FilterReason {
    /// The ICMP error behind it, where its type and code are known.
    pub fn icmp(self) -> Option<IcmpError> {
        match self {
            FilterReason::Icmp(error) => Some(error),
            FilterReason::Silence
            | FilterReason::NetworkUnreachable
            | FilterReason::HostUnreachable
            | FilterReason::Prohibited => None,
        }
    }
}

impl PortState {
    /// Settles a reply over a transport. Over UDP silence is what most open ports do too, so it tells nothing, however
    /// much else the host answers.
    pub fn settle_over(transport: Transport, reply: Reply, host_answers: bool) -> PortState {
        match (transport, reply) {
            (Transport::Udp, Reply::Silent) => PortState::Unverifiable,
            (Transport::Tcp | Transport::Udp, _) => PortState::settle(reply, host_answers),
        }
    }

    /// Settles a reply of TCP, knowing whether any port of the host has answered for itself (open or refused).
    pub fn settle(reply: Reply, host_answers: bool) -> PortState {
        match (reply, host_answers) {
            (Reply::Open, _) => PortState::Open,
            (Reply::SuspectOpen, _) => PortState::SuspectOpen,
            (Reply::Refused, _) => PortState::Closed,
            (Reply::Silent, true) => PortState::Filtered(FilterReason::Silence),
            (Reply::HostUnreachable, true) => PortState::Filtered(FilterReason::HostUnreachable),
            (Reply::NetworkUnreachable, true) => PortState::Filtered(FilterReason::NetworkUnreachable),
            (Reply::Prohibited, true) => PortState::Filtered(FilterReason::Prohibited),
            (Reply::Icmp(error), true) => PortState::Filtered(FilterReason::Icmp(error)),
            (
                Reply::Silent
                | Reply::HostUnreachable
                | Reply::NetworkUnreachable
                | Reply::Prohibited
                | Reply::Icmp(_),
                false,
            ) => PortState::Unverifiable,
        }
    }

    /// The ICMP error that says so, where its type and code are known.
    pub fn icmp(self) -> Option<IcmpError> {
        match self {
            PortState::Filtered(reason) => reason.icmp(),
            PortState::Open | PortState::SuspectOpen | PortState::Closed | PortState::Unverifiable => None,
        }
    }

    /// The state with its reason in one word; the exact code of an ICMP error is [`PortState::icmp`]'s to tell.
    pub fn as_str(self) -> &'static str {
        match self {
            PortState::Open => "open",
            PortState::SuspectOpen => "suspect-open",
            PortState::Closed => "closed",
            PortState::Filtered(FilterReason::Silence) => "filtered(silence)",
            PortState::Filtered(FilterReason::NetworkUnreachable) => "filtered(network-unreachable)",
            PortState::Filtered(FilterReason::HostUnreachable) => "filtered(host-unreachable)",
            PortState::Filtered(FilterReason::Prohibited) => "filtered(prohibited)",
            PortState::Filtered(FilterReason::Icmp(error)) => match error.reason() {
                Unreachable::Network => "filtered(network-unreachable)",
                Unreachable::Host => "filtered(host-unreachable)",
                Unreachable::Protocol => "filtered(protocol-unreachable)",
                Unreachable::Port => "filtered(port-unreachable)",
                Unreachable::NetworkProhibited => "filtered(network-prohibited)",
                Unreachable::HostProhibited => "filtered(host-prohibited)",
                Unreachable::Prohibited => "filtered(prohibited)",
                Unreachable::Rejected => "filtered(rejected)",
                Unreachable::TimeExceeded => "filtered(time-exceeded)",
                Unreachable::ParameterProblem => "filtered(parameter-problem)",
            },
            PortState::Unverifiable => "unverifiable",
        }
    }
}

/// One open endpoint as a run saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub run: RunId,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// The host names of the register that led to this address in this run.
    pub names: Vec<HostName>,
    pub state: PortState,
    pub method: Method,
    /// Time from the first packet to the answer, in microseconds.
    pub rtt_us: Option<u32>,
    /// What the stack that answered showed of itself, in runs that see its packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    pub service: ServiceFacts,
}

/// How far identification got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The protocol was recognised in the service's own bytes.
    Identified,
    /// It sent bytes that no probe recognises.
    Unknown,
    /// It accepted connections and never sent a byte.
    Silent,
    /// Accepted, then closed or reset before a byte, on every try.
    ClosedAtOnce,
    /// Not asked: identification was off, or the port is on the no-payload list.
    #[default]
    NotAsked,
}

/// Whether the service lets anyone in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It answered a harmless command without asking who we are.
    NoAuthentication,
    AuthenticationRequired,
}

/// What a service says of itself. Every text is cleaned of control characters and bounded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceFacts {
    pub certainty: Certainty,
    /// Protocol name from the probe table, for example `ssh`; inside TLS the inner one, for example `http`.
    pub protocol: Option<String>,
    pub product: Option<String>,
    pub version: Option<String>,
    /// One more line worth reading: a page title, a host name in a greeting.
    pub info: Option<String>,
    pub access: Option<Access>,
    pub tls: Option<TlsFacts>,
    /// Further named facts, for example `auth-methods`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// The first bytes that the service sent, at most [`FirstBytes::MAX`].
    pub first_bytes: FirstBytes,
}

impl ServiceFacts {
    /// The name people know: `https` for HTTP inside TLS, `ssh`, `unknown`.
    pub fn display_name(&self) -> String {
        // A service that goes over to TLS on request is known by its own name: `smtp`, not `smtps`.
        let inside_tls = self.tls.as_ref().is_some_and(|tls| !tls.after_start_tls);
        match (self.protocol.as_deref(), inside_tls) {
            (Some("http"), true) => "https".to_owned(),
            (Some("imap"), true) => "imaps".to_owned(),
            (Some("pop3"), true) => "pop3s".to_owned(),
            (Some("smtp"), true) => "smtps".to_owned(),
            (Some("ldap"), true) => "ldaps".to_owned(),
            (Some("ftp"), true) => "ftps".to_owned(),
            (Some(protocol), true) => format!("{protocol}/tls"),
            (Some(protocol), false) => protocol.to_owned(),
            (None, true) => "tls".to_owned(),
            (None, false) => "unknown".to_owned(),
        }
    }
}

/// The TLS layer of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TlsFacts {
    /// Negotiated version, for example `TLS 1.3`, where a handshake got that far.
    pub version: Option<String>,
    /// `true` if TLS began after a command in clear (STARTTLS and its kin).
    pub after_start_tls: bool,
    /// What was presented for each server name asked for.
    pub presented: Vec<PresentedChain>,
}

/// The certificates presented for one server name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresentedChain {
    /// The name sent in SNI; `None` if none was sent.
    pub server_name: Option<HostName>,
    /// Leaf first, as the server sent them.
    pub chain: Vec<CertificateFacts>,
}

/// A bounded copy of a service's first bytes, hexadecimal in storage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FirstBytes(Vec<u8>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("first bytes are stored as at most {} hexadecimal digits", 2 * FirstBytes::MAX)]
pub struct NotFirstBytes;

impl FirstBytes {
    /// The most that is kept, in bytes.
    pub const MAX: usize = 256;
    /// The most that is shown of a line that isn't text, in bytes.
    const SHOWN: usize = 16;

    /// Keeps the first [`FirstBytes::MAX`] bytes.
    pub fn of(bytes: &[u8]) -> FirstBytes {
        FirstBytes(bytes.get(..Self::MAX).unwrap_or(bytes).to_vec())
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The first line that is text as it is; where there is none, the first line with whatever isn't ASCII text
    /// escaped, and no more than its beginning. Lines without a letter, such as the lengths that some protocols send ahead, count as none.
    pub fn first_line(&self) -> String {
        let lines =
            || self.0.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let text = |line| std::str::from_utf8(line).ok().filter(|line| is_text(line));
        match lines().find_map(text) {
            Some(line) => line.to_owned(),
            None => {
                let line = lines().next().unwrap_or_default();
                let shown = line.get(..Self::SHOWN).unwrap_or(line);
                let more = if shown.len() < line.len() { "…" } else { "" };
                format!("{}{more}", shown.escape_ascii())
            }
        }
    }
}

fn is_text(line: &str) -> bool {
    line.chars().any(char::is_alphabetic) && !line.chars().any(|c| c.is_control() && c != '\t')
}

/// Printable ASCII as it is, everything else escaped.
impl fmt::Display for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl From<FirstBytes> for String {
    fn from(bytes: FirstBytes) -> String {
        bytes.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for FirstBytes {
    type Error = NotFirstBytes;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
        let digits = digits
            .filter(|digits| digits.len() % 2 == 0 && digits.len() <= 2 * Self::MAX)
            .ok_or(NotFirstBytes)?;
        let (pairs, _) = digits.as_chunks::<2>();
        Ok(FirstBytes(
            pairs.iter().map(|&[high, low]| u8::try_from(high * 16 + low).unwrap_or(u8::MAX)).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_proves_nothing_where_nothing_else_answers() {
        assert_eq!(PortState::settle(Reply::Silent, false), PortState::Unverifiable);
        assert_eq!(PortState::settle(Reply::HostUnreachable, false), PortState::Unverifiable);
        assert_eq!(PortState::settle(Reply::Prohibited, false), PortState::Unverifiable);
        assert_eq!(PortState::settle(Reply::Prohibited, true), PortState::Filtered(FilterReason::Prohibited));
        assert_eq!(PortState::settle(Reply::Silent, true), PortState::Filtered(FilterReason::Silence));
        for error in IcmpError::all() {
            let filtered = PortState::Filtered(FilterReason::Icmp(error));
            assert_eq!(PortState::settle(Reply::Icmp(error), true), filtered);
            assert_eq!(PortState::settle(Reply::Icmp(error), false), PortState::Unverifiable);
            assert_eq!(filtered.as_str(), format!("filtered({})", error.reason()));
        }
        assert_eq!(PortState::settle(Reply::Refused, false), PortState::Closed);
        assert_eq!(PortState::settle_over(Transport::Udp, Reply::Silent, true), PortState::Unverifiable);
        assert_eq!(PortState::settle_over(Transport::Udp, Reply::Refused, false), PortState::Closed);
    }

    #[test]
    fn the_first_line_is_escaped_only_where_nothing_is_text() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(FirstBytes::of(bytes).first_line(), expected);
        check(b"HTTP/1.0 200 ok\r\nContent-type: text/html\r\n\r\n<HTML>", "HTTP/1.0 200 ok");
        check(b"\r\n\r\n  LABGATE 7.1 READY\r\n", "LABGATE 7.1 READY");
        check(b"\xff\xfb\x01\xff\xfd\x1f\r\nLab-Switch 24\r\nlogin: ", "Lab-Switch 24");
        check(b"$623\r\n# Server\r\nredis_version:7.0.15\r\n", "# Server");
        check("欢迎\t使用\r\n".as_bytes(), "欢迎\t使用");
        check(b"\x00\x1eversion\nSCRAM\x00", r"\x00\x1eversion");
        check("虚构".get(..3).unwrap_or_default().as_bytes(), "虚");
        check(&"虚构".as_bytes()[..4], r"\xe8\x99\x9a\xe6");
        check(b"220", "220");
        check(&[0; 17], &(r"\x00".repeat(16) + "…"));
        check(b"", "");
        check(b"\r\n", "");
    }

    #[test]
    fn first_bytes_survive_storage_and_are_bounded() {
        let bytes = FirstBytes::of(&[0u8, 255, b'a'].repeat(200));
        assert_eq!(bytes.as_slice().len(), FirstBytes::MAX);
        let stored = String::from(bytes.clone());
        assert_eq!(FirstBytes::try_from(stored), Ok(bytes));
        assert_eq!(FirstBytes::try_from("0g".to_owned()), Err(NotFirstBytes));
        assert_eq!(FirstBytes::try_from("012".to_owned()), Err(NotFirstBytes));
    }
}
