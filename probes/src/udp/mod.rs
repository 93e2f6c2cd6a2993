//! UDP: what is sent to a port to make its service answer, and what an answer says.
//!
//! Pure: bytes in and out. Which datagram is sent when, by whom and how often, what silence or an ICMP message
//! means, and whether a fact is a finding, isn't decided here. No reply is believed for its port alone: where the
//! protocol has a field that the server gives back, the caller's cookie goes into it and is handed back with the
//! facts.

mod table;
mod wire;

mod bacnet;
mod ber;
mod cldap;
mod coap;
mod db2;
mod discovery;
mod dns;
mod dtls;
mod fallback;
mod ike;
mod ike_transforms;
mod ipmi;
mod l2tp;
mod legacy;
mod mdns;
mod memcached;
mod mssql;
mod netbios;
mod ntp;
mod quic;
mod remote;
mod rip;
mod rpc;
mod sip;
mod snmp;
mod ssdp;
mod stun;
mod tftp;
mod wireguard;
mod wsd;

use std::net::IpAddr;

use model::observation::{Access, Certainty, FirstBytes, ServiceFacts};

use crate::facts::Tell;
use crate::seen::Miss;

pub use fallback::{FALLBACK, FRAGILE_FALLBACK};
pub use table::UDP_PROBES;

/// One datagram that may be sent, and what its answers mean.
pub struct UdpProbe {
    /// Unique, for example `ntp-monlist`.
    pub id: &'static str,
    /// As [`ServiceFacts::protocol`] has it.
    pub protocol: &'static str,
    /// Where it is usually met; none for a [`FALLBACK`].
    pub ports: &'static [u16],
    pub cookie_bits: u32,
    pub intrusiveness: UdpIntrusiveness,
    pub answers_from: AnswersFrom,
    /// The standard, or where else the format is from, and what must be known about the answers.
    pub source: &'static str,
    build: fn(u64, &UdpContext) -> Vec<u8>,
    read: fn(&[u8]) -> Result<UdpReply, Miss>,
}

/// What sending it asks of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UdpIntrusiveness {
    /// One harmless question that needs no account.
    Safe,
    /// It tries a default password (the SNMP community): only where the policy allows it.
    PolicyOnly,
    /// It speaks to controllers that may fall over: only if fragile devices are included.
    Fragile,
}

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswersFrom {
    TheAskedPort,
    /// The server opens a port of its own for each answer, so only our own port ties it to the question.
    AnyPort,
    /// By design the service keeps silent towards strangers: silence says nothing, though an ICMP message does.
    Nowhere,
}

/// What the caller lets probes say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UdpContext {
    /// The name that resolvers are asked for, best one of our own zone; the root's name servers if it is empty.
    pub dns_name: String,
    /// The SNMP community that may be tried; `None` forbids [`UdpIntrusiveness::PolicyOnly`] probes.
    pub snmp_community: Option<String>,
    /// Whether [`UdpIntrusiveness::Fragile`] probes may be sent.
    pub include_fragile: bool,
    /// The address that we send from, which SIP wants to be told.
    pub source: Option<IpAddr>,
}

/// An answer that was recognised.
#[derive(Debug, Clone, PartialEq)]
pub struct UdpReply {
    /// What came back in the transaction field, of [`UdpProbe::cookie_bits`] bits; `None` where this kind of answer
    /// has no such field.
    pub echoed_cookie: Option<u64>,
    pub facts: ServiceFacts,
}

/// How an answer is tied to its question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tied {
    ByCookie,
    /// The answer carries no cookie: nothing but addresses and ports speak for it.
    ByPortsOnly,
    /// The cookie is another one: a stale or a forged answer.
    NotOurs,
}

/// The probes for a port in the order in which they should be sent; where no protocol is known for it the
/// [`FALLBACK`], or the [`FRAGILE_FALLBACK`]. Each must still be [`UdpProbe::is_allowed`], and a policy may call more
/// ports fragile than are known here.
pub fn probes_for(port: u16) -> impl Iterator<Item = &'static UdpProbe> {
    let is_known = UDP_PROBES.iter().any(|probe| probe.ports.contains(&port));
    let fallback = match (is_known, fallback::is_fragile(port)) {
        (true, _) => &[],
        (false, true) => FRAGILE_FALLBACK,
        (false, false) => FALLBACK,
    };
    UDP_PROBES.iter().filter(move |probe| probe.ports.contains(&port)).chain(fallback)
}

/// The probe of this id.
pub fn by_id(id: &str) -> Option<&'static UdpProbe> {
    UDP_PROBES.iter().chain(FALLBACK).chain(FRAGILE_FALLBACK).find(|probe| probe.id == id)
}

/// The facts of an answer that no probe recognises: the port is open, and that is all.
pub fn unrecognised(reply: &[u8]) -> ServiceFacts {
    let certainty = if reply.is_empty() { Certainty::Silent } else { Certainty::Unknown };
    ServiceFacts { certainty, first_bytes: FirstBytes::of(reply), ..ServiceFacts::default() }
}

/// The most named facts that are kept of one endpoint.
const MAX_FACTS: usize = 32;

/// One service from several answers, of one probe or of several. What is known stays, a recognised protocol beats an
/// unknown one, and that one door stands open outweighs that another is locked.
pub fn merge(first: ServiceFacts, second: ServiceFacts) -> ServiceFacts {
    let is_known = |facts: &ServiceFacts| facts.certainty == Certainty::Identified;
    let lets_in = |facts: &ServiceFacts| facts.access == Some(Access::NoAuthentication);
    let open = lets_in(&first) || lets_in(&second);
    // What `enriched_by` gets last wins, so the first answer is laid over the second.
    let (upper, lower) =
        if is_known(&second) && !is_known(&first) { (second, first) } else { (first, second) };
    if is_known(&lower) && upper.protocol != lower.protocol {
        return upper;
    }
    let first_bytes = upper.first_bytes.clone();
    let mut merged = lower.enriched_by(upper);
    merged.first_bytes = first_bytes;
    while merged.facts.len() > MAX_FACTS {
        merged.facts.pop_last();
    }
    if open { merged.access(Access::NoAuthentication) } else { merged }
}

/// Bytes back for bytes sent, in hundredths, rounded down; `None` if nothing was sent. The sizes are of whole IP
/// packets, link header left out: a UDP payload and 28 bytes over IPv4 without options, 48 over IPv6.
pub fn amplification_hundredths(n_bytes_sent: u64, n_bytes_back: u64) -> Option<u64> {
    let ratio = u128::from(n_bytes_back) * 100 / u128::from((n_bytes_sent > 0).then_some(n_bytes_sent)?);
    Some(u64::try_from(ratio).unwrap_or(u64::MAX))
}

impl UdpProbe {
    /// The datagram's payload. The same cookie and context make the same bytes.
    pub fn payload(&self, cookie: u64, context: &UdpContext) -> Vec<u8> {
        (self.build)(self.cookie_sent(cookie), context)
    }

    /// The part of a cookie that the protocol has room for: what [`UdpReply::echoed_cookie`] must be.
    pub fn cookie_sent(&self, cookie: u64) -> u64 {
        match self.cookie_bits {
            64.. => cookie,
            bits => cookie & ((1 << bits) - 1),
        }
    }

    /// Whether the caller's context lets it be sent.
    pub fn is_allowed(&self, context: &UdpContext) -> bool {
        match self.intrusiveness {
            UdpIntrusiveness::Safe => true,
            UdpIntrusiveness::PolicyOnly => context.snmp_community.is_some(),
            UdpIntrusiveness::Fragile => context.include_fragile,
        }
    }

    /// What an answer to this probe says; `None` if it is of another protocol.
    pub fn recognise(&self, reply: &[u8]) -> Option<UdpReply> {
        let mut known = (self.read)(reply).ok()?;
        known.facts.first_bytes = FirstBytes::of(reply);
        Some(known)
    }

    /// Whether an answer is one to the question that this cookie was made for.
    pub fn tied(&self, cookie: u64, reply: &UdpReply) -> Tied {
        match reply.echoed_cookie {
            Some(echoed) if echoed == self.cookie_sent(cookie) => Tied::ByCookie,
            Some(_) => Tied::NotOurs,
            None => Tied::ByPortsOnly,
        }
    }
}

impl std::fmt::Debug for UdpProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}
