//! What an assessment found out, with the connection that told each thing. No times and no random bytes: two
//! assessments of one server that didn't change say the same. Nothing here is judged.

use model::certificate::CertificateFacts;
use serde::{Serialize, Serializer};

use crate::certificate::certificate_facts;
use crate::tls::codes::{self, Authentication, Version};
use crate::tls::staple::Staple;

/// The number of a connection, from 1.
pub type ConnectionNo = u32;

/// Everything that one server showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerFacts {
    pub reached: Reached,
    /// Why the assessment ended before its time, if it did.
    pub given_up: Option<Reason>,
    /// Oldest first, all of them.
    pub versions: Vec<VersionFacts>,
    /// Of TLS 1.2 and older, in the server's order.
    pub groups_before_13: List<GroupFacts>,
    pub groups_in_13: List<GroupFacts>,
    pub chains: Vec<ChainFacts>,
    pub features: Features,
    /// Parameters of finite-field exchanges, weakest first.
    pub finite_fields: Vec<FiniteField>,
    /// Schemes that the server signed its share with, seen in clear.
    pub signatures: Vec<SignatureFacts>,
    /// Evidence: every connection, in order.
    pub connections: Vec<ConnectionFacts>,
}

/// Whether there was anything to assess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    Tls,
    /// It answers, but in another protocol.
    Http,
    OtherProtocol,
    /// It answers, but won't go over to TLS.
    NoStartTls,
    /// Alerts or bad records only: TLS, without a version in common.
    NothingInCommon,
    /// Connections were taken, and nothing whole came in time.
    Silent,
    Unreachable,
}

/// Yes, no, or why it can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "because")]
pub enum Answered {
    Yes,
    No,
    Unknown(Reason),
}

/// Why something can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    NotAsked,
    /// The question makes no sense for this server.
    NotApplicable,
    TimedOut,
    /// The server had stopped taking connections by then.
    Refusing,
    Unreachable,
    /// Our own bound on connections, bytes or time.
    CapReached,
    Malformed,
    /// The answers contradict each other, or what was offered.
    Inconsistent,
    /// It isn't said in clear.
    NeedsSession,
}

/// An answer, and the connections that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    #[serde(flatten)]
    pub answer: Answered,
    pub by: Vec<ConnectionNo>,
}

impl Told {
    pub fn yes(by: ConnectionNo) -> Told {
        Told { answer: Answered::Yes, by: vec![by] }
    }

    pub fn no(by: impl Into<Vec<ConnectionNo>>) -> Told {
        Told { answer: Answered::No, by: by.into() }
    }

    pub fn unknown(reason: Reason, by: impl Into<Vec<ConnectionNo>>) -> Told {
        Told { answer: Answered::Unknown(reason), by: by.into() }
    }

    pub fn is_yes(&self) -> bool {
        self.answer == Answered::Yes
    }

    pub fn is_no(&self) -> bool {
        self.answer == Answered::No
    }

    pub(super) fn of(is: bool, by: ConnectionNo) -> Told {
        if is { Told::yes(by) } else { Told::no([by]) }
    }
}

impl Default for Told {
    fn default() -> Told {
        Told::unknown(Reason::NotAsked, [])
    }
}

/// A list read off by striking out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List<T> {
    pub entries: Vec<T>,
    /// The server was asked for more, and refused twice.
    pub complete: Told,
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List { entries: Vec::new(), complete: Told::default() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionFacts {
    pub version: Version,
    pub offered: Told,
    /// In the order in which the server chose them when all were offered.
    pub suites: List<SuiteFacts>,
    pub order: Order,
}

/// Whose order of suites decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Server,
    Client,
    /// Fewer than two suites, or not told.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuiteFacts {
    #[serde(serialize_with = "hexadecimal")]
    pub code: u32,
    pub name: String,
    /// The group that came with it.
    pub group: Option<GroupFacts>,
    /// The size of the prime of a finite-field exchange, in bits.
    pub prime_bits: Option<u32>,
    /// The size of the short key of an export suite, in bits.
    pub export_key_bits: Option<u32>,
    pub by: ConnectionNo,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupFacts {
    #[serde(serialize_with = "hexadecimal16")]
    pub code: u16,
    pub name: String,
    pub by: ConnectionNo,
}

impl GroupFacts {
    pub(super) fn new(code: u16, by: ConnectionNo) -> GroupFacts {
        let name = codes::group(code).map_or_else(|| format!("0x{code:04X}"), |group| group.name.to_owned());
        GroupFacts { code, name, by }
    }
}

/// What the certificates of a chain are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainKind {
    Rsa,
    Ecdsa,
    Dss,
    Sm2,
    /// TLCP: the first certificate signs, the second encrypts.
    Tlcp,
    Ssl2,
    Other,
}

impl ChainKind {
    pub(super) fn of(authentication: Authentication) -> ChainKind {
        match authentication {
            Authentication::Rsa => ChainKind::Rsa,
            Authentication::Ecdsa => ChainKind::Ecdsa,
            Authentication::Dss => ChainKind::Dss,
            Authentication::Sm2 => ChainKind::Sm2,
            Authentication::Any
            | Authentication::Shared
            | Authentication::Anonymous
            | Authentication::Other => ChainKind::Other,
        }
    }

    /// By the leaf's key, for suites that don't say; `None` without a leaf that can be read.
    pub(super) fn of_chain(chain: &[Vec<u8>]) -> Option<ChainKind> {
        let leaf = certificate_facts(chain.first()?).ok()?;
        Some(ChainKind::of_key(&leaf.key.algorithm))
    }

    fn of_key(algorithm: &str) -> ChainKind {
        match algorithm {
            "RSA" => ChainKind::Rsa,
            "DSA" => ChainKind::Dss,
            "SM2" => ChainKind::Sm2,
            name if name.starts_with("EC") => ChainKind::Ecdsa,
            name if name.starts_with("Ed") => ChainKind::Ecdsa,
            _ => ChainKind::Other,
        }
    }
}

/// One chain as it was presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainFacts {
    /// The server name that was sent, if any.
    pub server_name: Option<String>,
    pub kind: ChainKind,
    /// In the order of the server; those that can't be read are left out here.
    pub certificates: Vec<CertificateFacts>,
    /// As they came.
    #[serde(skip)]
    pub ders: Vec<Vec<u8>>,
    pub by: Vec<ConnectionNo>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Features {
    pub secure_renegotiation: Told,
    pub compression: Told,
    pub fallback_scsv: Told,
    pub extended_master_secret: Told,
    pub encrypt_then_mac: Told,
    /// The server gives out session ids, so it may resume by them.
    pub session_ids: Told,
    pub session_tickets: Told,
    /// TLS 1.2: a session goes on by its id; by a ticket.
    pub resumption_by_id: Told,
    pub resumption_by_ticket: Told,
    /// TLS 1.2: it says how long its tickets may be used.
    pub ticket_lifetime: Told,
    pub ticket_lifetime_seconds: Option<u32>,
    pub ocsp_staple: Told,
    /// What the first staple says that could be read.
    pub staple: Option<Staple>,
    /// Whether the first staple that could be read is signed by the issuer of its certificate, or by somebody whom
    /// that one has empowered; who can verify signatures tells it.
    pub staple_signature: Told,
    /// A leaf carries timestamps of certificate logs (RFC 6962 §3.3).
    pub certificate_timestamps: Told,
    /// They come beside the certificate: in an extension of the handshake, or in the staple.
    pub timestamps_in_handshake: Told,
    pub timestamps_in_staple: Told,
    pub heartbeat: Told,
    pub client_certificate: Told,
    /// TLS 1.2: it signs with SHA-1 if nothing else is offered.
    pub sha1_signatures: Told,
    pub post_quantum: Told,
    pub tlcp_needs_server_name: Told,
    /// TLCP: the server proves with its first certificate that the handshake and the second one are its own.
    pub tlcp_handshake_signature: Told,
    /// TLS 1.3: it gives out tickets to resume with.
    pub tickets_in_13: Told,
    pub ticket_lifetime_seconds_in_13: Option<u32>,
    pub resumption_in_13: Told,
    /// TLS 1.3: a ticket allows data in the first flight, which can be sent again by anybody who saw it.
    pub early_data: Told,
    pub max_early_data_bytes: Option<u32>,
    /// TLS 1.3: it goes on with a client that takes nothing but signatures of SM2 (RFC 8998).
    pub sm2_certificate_in_13: Told,
    /// What showed only because it was provoked.
    pub provoked: Provoked,
    /// In the order of being chosen.
    pub protocols: Vec<String>,
    /// What came for `/` where the protocol inside is HTTP.
    pub page: Option<PageFacts>,
}

/// Faults that show only to one who says something malformed or unusual. Not asked unless that was agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Provoked {
    /// It answers heartbeats with more than it was sent (CVE-2014-0160).
    pub heartbleed: Told,
    /// It changes ciphers before keys were agreed on (CVE-2014-0224).
    pub early_change: Told,
    /// It answers a session id with more than it was sent (CVE-2016-9244).
    pub ticketbleed: Told,
    /// It takes another handshake inside a session, whenever the client likes.
    pub client_renegotiation: Told,
    /// It answers wrong padding of an encrypted key in more than one way (CVE-2017-13099 and its kin).
    pub padding_oracle: Told,
}

/// The head of an answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageFacts {
    pub status: u16,
    /// `Strict-Transport-Security` as it came.
    pub hsts: Option<String>,
    /// Seconds for which clients are to insist on TLS.
    pub hsts_seconds: Option<u64>,
    /// Where a redirect leads to, without what stands behind a question mark.
    pub location: Option<String>,
    pub by: ConnectionNo,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FiniteField {
    pub bits: u32,
    pub prime_sha256: String,
    /// The name of a prime that many share.
    pub known: Option<&'static str>,
    pub n_seen: u32,
    /// The same value came twice: the server keeps its secret.
    pub reuses_value: bool,
    pub by: Vec<ConnectionNo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureFacts {
    #[serde(serialize_with = "hexadecimal16")]
    pub code: u16,
    pub name: String,
    pub by: Vec<ConnectionNo>,
}

/// One connection, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionFacts {
    pub number: ConnectionNo,
    /// What was asked.
    pub asked: String,
    /// What came.
    pub answer: String,
    pub n_sent: u64,
    pub n_received: u64,
}

impl ServerFacts {
    pub fn version(&self, version: Version) -> Option<&VersionFacts> {
        self.versions.iter().find(|facts| facts.version == version)
    }

    pub fn speaks(&self, version: Version) -> bool {
        self.version(version).is_some_and(|facts| facts.offered.is_yes())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn hexadecimal<S: Serializer>(code: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("0x{code:04X}"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn hexadecimal16<S: Serializer>(code: &u16, serializer: S) -> Result<S::Ok, S::Error> {
    hexadecimal(&u32::from(*code), serializer)
}
