//! Why something on the way said that a packet can't be delivered: the type and code as they came, and one name for
//! both families.
//!
//! Sources: RFC 792 (destination unreachable), RFC 1812 §5.2.7.1, RFC 4443 §3.1, and IANA's registries of codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ICMP error with its type and code, of those that say something of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IcmpError(u8);

/// The family of an ICMP error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Icmp {
    V4,
    V6,
}

/// Family, type, code and what it means.
type Known = (Icmp, u8, u8, Unreachable);

impl IcmpError {
    /// By number. Numbers are written into journals: they never change, and new ones go to the end.
    ///
    /// "Fragmentation needed" (3/4) and "packet too big" aren't here: they say nothing of the target.
    const KNOWN: [Known; 42] = [
        (Icmp::V4, 3, 0, Unreachable::Network),
        (Icmp::V4, 3, 1, Unreachable::Host),
        (Icmp::V4, 3, 2, Unreachable::Protocol),
        (Icmp::V4, 3, 3, Unreachable::Port),
        (Icmp::V4, 3, 5, Unreachable::Rejected),
        (Icmp::V4, 3, 6, Unreachable::Network),
        (Icmp::V4, 3, 7, Unreachable::Host),
        (Icmp::V4, 3, 8, Unreachable::Host),
        (Icmp::V4, 3, 9, Unreachable::NetworkProhibited),
        (Icmp::V4, 3, 10, Unreachable::HostProhibited),
        (Icmp::V4, 3, 11, Unreachable::Network),
        (Icmp::V4, 3, 12, Unreachable::Host),
        (Icmp::V4, 3, 13, Unreachable::Prohibited),
        (Icmp::V4, 3, 14, Unreachable::Prohibited),
        (Icmp::V4, 3, 15, Unreachable::Prohibited),
        (Icmp::V4, 11, 0, Unreachable::TimeExceeded),
        (Icmp::V4, 11, 1, Unreachable::TimeExceeded),
        (Icmp::V4, 12, 0, Unreachable::ParameterProblem),
        (Icmp::V4, 12, 1, Unreachable::ParameterProblem),
        (Icmp::V4, 12, 2, Unreachable::ParameterProblem),
        (Icmp::V6, 1, 0, Unreachable::Network),
        (Icmp::V6, 1, 1, Unreachable::Prohibited),
        (Icmp::V6, 1, 2, Unreachable::Rejected),
        (Icmp::V6, 1, 3, Unreachable::Host),
        (Icmp::V6, 1, 4, Unreachable::Port),
        (Icmp::V6, 1, 5, Unreachable::Rejected),
        (Icmp::V6, 1, 6, Unreachable::Rejected),
        (Icmp::V6, 1, 7, Unreachable::Rejected),
        (Icmp::V6, 1, 8, Unreachable::ParameterProblem),
        (Icmp::V6, 3, 0, Unreachable::TimeExceeded),
        (Icmp::V6, 3, 1, Unreachable::TimeExceeded),
        (Icmp::V6, 4, 0, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 1, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 2, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 3, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 4, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 5, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 6, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 7, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 8, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 9, Unreachable::ParameterProblem),
        (Icmp::V6, 4, 10, Unreachable::ParameterProblem),
    ];

    /// How many there are; each is numbered below this.
    pub const N: u8 = Self::KNOWN.len() as u8;

    /// The error of this type and code; `None` where it says nothing of the target.
    pub fn of(family: Icmp, kind: u8, code: u8) -> Option<IcmpError> {
        let at = Self::KNOWN.iter().position(|&(f, k, c, _)| (f, k, c) == (family, kind, code))?;
        u8::try_from(at).ok().map(IcmpError)
    }

    /// Its number, for journals.
    pub fn number(self) -> u8 {
        self.0
    }

    pub fn of_number(number: u8) -> Option<IcmpError> {
        (number < Self::N).then_some(IcmpError(number))
    }

    pub fn all() -> impl Iterator<Item = IcmpError> {
        (0..Self::N).map(IcmpError)
    }

    pub fn family(self) -> Icmp {
        self.known().0
    }

    /// The type, as it stands in the packet.
    pub fn kind(self) -> u8 {
        self.known().1
    }

    pub fn code(self) -> u8 {
        self.known().2
    }

    pub fn reason(self) -> Unreachable {
        self.known().3
    }

    fn known(self) -> Known {
        *Self::KNOWN.get(usize::from(self.0)).expect("numbered below the number of those known")
    }
}

/// `icmp 3/13`, `icmpv6 1/4`.
impl fmt::Display for IcmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family() {
            Icmp::V4 => "icmp",
            Icmp::V6 => "icmpv6",
        };
        write!(f, "{family} {}/{}", self.kind(), self.code())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an ICMP error is written as in `icmp 3/13` or `icmpv6 1/4`, and only those count that tell of a target"
)]
pub struct NotAnIcmpError;

impl FromStr for IcmpError {
    type Err = NotAnIcmpError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        IcmpError::all().find(|error| error.to_string() == text).ok_or(NotAnIcmpError)
    }
}

impl TryFrom<String> for IcmpError {
    type Error = NotAnIcmpError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<IcmpError> for String {
    fn from(error: IcmpError) -> String {
        error.to_string()
    }
}

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
    /// The source address or its route failed, or the route rejects (ICMP 3/5; ICMPv6 1/2, 1/5, 1/6, 1/7).
    Rejected,
    /// It went in circles, or too far (ICMP 11; ICMPv6 3).
    TimeExceeded,
    /// Somebody found a fault in it (ICMP 12; ICMPv6 4, 1/8).
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

    /// Whether somebody forbids the way, rather than there being none.
    pub fn is_prohibition(self) -> bool {
        match self {
            Unreachable::Network | Unreachable::Host | Unreachable::Rejected | Unreachable::TimeExceeded => {
                false
            }
            Unreachable::Protocol
            | Unreachable::Port
            | Unreachable::NetworkProhibited
            | Unreachable::HostProhibited
            | Unreachable::Prohibited
            | Unreachable::ParameterProblem => true,
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_error_is_known_once_and_reads_back() {
        let mut seen = HashSet::new();
        for error in IcmpError::all() {
            assert!(seen.insert((error.family(), error.kind(), error.code())), "{error} twice");
            assert_eq!(IcmpError::of(error.family(), error.kind(), error.code()), Some(error));
            assert_eq!(IcmpError::of_number(error.number()), Some(error));
            assert_eq!(error.to_string().parse(), Ok(error));
        }
        assert_eq!(IcmpError::of_number(IcmpError::N), None);
    }

    #[test]
    fn what_says_nothing_of_the_target_is_no_error() {
        let check = |family, kind, code, expected| {
            assert_eq!(IcmpError::of(family, kind, code).map(IcmpError::reason), expected, "{kind}/{code}");
        };
        check(Icmp::V4, 3, 4, None);
        check(Icmp::V4, 3, 16, None);
        check(Icmp::V4, 5, 0, None);
        check(Icmp::V6, 2, 0, None);
        check(Icmp::V4, 3, 13, Some(Unreachable::Prohibited));
        check(Icmp::V4, 3, 10, Some(Unreachable::HostProhibited));
        check(Icmp::V6, 1, 1, Some(Unreachable::Prohibited));
        check(Icmp::V6, 1, 8, Some(Unreachable::ParameterProblem));
        check(Icmp::V4, 11, 0, Some(Unreachable::TimeExceeded));
    }
}
