//! Why something on the way said that a packet can't be delivered, with one name for both families.
//!
//! Sources: RFC 792 (destination unreachable), RFC 1812 §5.2.7.1, RFC 4443 §3.1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason in an ICMP error about a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreachable {
    /// No route to the network (ICMP 3/0, 3/6, 3/11; ICMPv6 1/0).
    Network,
    /// The last router got no answer from the host (ICMP 3/1, 3/7, 3/8, 3/12; ICMPv6 1/3).
    Host,
    /// The host doesn't speak the transport (ICMP 3/2).
    Protocol,
    /// Nobody listens, or a filter says so (ICMP 3/3; ICMPv6 1/4).
    Port,
    /// The network is administratively prohibited (ICMP 3/9).
    NetworkProhibited,
    /// The host is administratively prohibited (ICMP 3/10).
    HostProhibited,
    /// Communication is administratively prohibited (ICMP 3/13, 3/14, 3/15; ICMPv6 1/1).
    Prohibited,
    /// The source address failed a policy, or the route rejects (ICMP 3/5; ICMPv6 1/2, 1/5, 1/6, 1/7).
    Rejected,
    /// It went in circles, or too far (ICMP 11; ICMPv6 3).
    TimeExceeded,
    /// Somebody found a fault in it (ICMP 12; ICMPv6 4).
    ParameterProblem,
}

impl Unreachable {
    pub const ALL: [Unreachable; 10] = [
        Unreachable::Network,
        Unreachable::Host,
        Unreachable::Protocol,
        Unreachable::Port,
        Unreachable::NetworkProhibited,
        Unreachable::HostProhibited,
        Unreachable::Prohibited,
        Unreachable::Rejected,
        Unreachable::TimeExceeded,
        Unreachable::ParameterProblem,
    ];

    /// The reason in a destination-unreachable message; `None` for codes that say nothing of the target, as
    /// "fragmentation needed" does.
    pub fn of_icmp(code: u8) -> Option<Unreachable> {
        match code {
            0 | 6 | 11 => Some(Unreachable::Network),
            1 | 7 | 8 | 12 => Some(Unreachable::Host),
            2 => Some(Unreachable::Protocol),
            3 => Some(Unreachable::Port),
            5 => Some(Unreachable::Rejected),
            9 => Some(Unreachable::NetworkProhibited),
            10 => Some(Unreachable::HostProhibited),
            13..=15 => Some(Unreachable::Prohibited),
            _ => None,
        }
    }

    /// The same for ICMPv6.
    pub fn of_icmpv6(code: u8) -> Option<Unreachable> {
        match code {
            0 => Some(Unreachable::Network),
            1 => Some(Unreachable::Prohibited),
            3 => Some(Unreachable::Host),
            4 => Some(Unreachable::Port),
            2 | 5..=7 => Some(Unreachable::Rejected),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Unreachable::Network => "network-unreachable",
            Unreachable::Host => "host-unreachable",
            Unreachable::Protocol => "protocol-unreachable",
            Unreachable::Port => "port-unreachable",
            Unreachable::NetworkProhibited => "network-prohibited",
            Unreachable::HostProhibited => "host-prohibited",
            Unreachable::Prohibited => "prohibited",
            Unreachable::Rejected => "rejected",
            Unreachable::TimeExceeded => "time-exceeded",
            Unreachable::ParameterProblem => "parameter-problem",
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
