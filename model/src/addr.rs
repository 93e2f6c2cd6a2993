//! Sets of IP addresses as sorted, disjoint ranges, counted and indexed without being spelled out.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// First and last address, both included, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddrRange {
    first: IpAddr,
    last: IpAddr,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddrError {
    #[error("{0:?} is not an address, a CIDR prefix or a range of addresses")]
    Malformed(String),
    #[error("{0:?} has bits set behind its prefix length; the network is {1}")]
    HostBits(String, IpNet),
    #[error("{0:?} is not a range: the first address is above the last")]
    Reversed(String),
    #[error("{0:?} mixes IPv4 and IPv6")]
    MixedFamilies(String),
}

fn to_bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn same_family(bits: u128, like: IpAddr) -> IpAddr {
    match like {
        // Bits come from an address of this family, or lie between two of them, so they fit.
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

impl AddrRange {
    pub fn new(first: IpAddr, last: IpAddr) -> Result<AddrRange, AddrError> {
        let text = || format!("{first}-{last}");
        if first.is_ipv4() != last.is_ipv4() {
            return Err(AddrError::MixedFamilies(text()));
        }
        if first > last {
            return Err(AddrError::Reversed(text()));
        }
        Ok(AddrRange { first, last })
    }

    pub fn single(addr: IpAddr) -> AddrRange {
        AddrRange { first: addr, last: addr }
    }

    pub fn first(&self) -> IpAddr {
        self.first
    }

    pub fn last(&self) -> IpAddr {
        self.last
    }

    pub fn contains(&self, addr: IpAddr) -> bool {
        addr.is_ipv4() == self.first.is_ipv4() && self.first <= addr && addr <= self.last
    }

    pub fn overlaps(&self, other: &AddrRange) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4() && self.first <= other.last && other.first <= self.last
    }

    /// The part that both share, if any.
    pub fn intersection(&self, other: &AddrRange) -> Option<AddrRange> {
        self.overlaps(other)
            .then(|| AddrRange { first: self.first.max(other.first), last: self.last.min(other.last) })
    }

    /// Number of addresses; saturates for the whole of IPv6.
    pub fn len(&self) -> u128 {
        (to_bits(self.last) - to_bits(self.first)).saturating_add(1)
    }

    /// Never true: a range holds at least one address.
    pub fn is_empty(&self) -> bool {
        false
    }

    fn nth(&self, offset: u128) -> IpAddr {
        same_family(to_bits(self.first) + offset, self.first)
    }

    /// What is left of this range without `hole`: none, one or two ranges.
    fn without(&self, hole: &AddrRange) -> Vec<AddrRange> {
        let Some(shared) = self.intersection(hole) else { return vec![*self] };
        let mut left = Vec::with_capacity(2);
        if self.first < shared.first {
            left.push(AddrRange {
                first: self.first,
                last: same_family(to_bits(shared.first) - 1, self.first),
            });
        }
        if shared.last < self.last {
            left.push(AddrRange {
                first: same_family(to_bits(shared.last) + 1, self.first),
                last: self.last,
            });
        }
        left
    }
}

impl From<IpNet> for AddrRange {
    fn from(net: IpNet) -> AddrRange {
        AddrRange { first: net.network(), last: net.broadcast() }
    }
}

/// An address, `192.0.2.0/24`, `192.0.2.1-192.0.2.9` or `192.0.2.1-9` (last octet).
impl FromStr for AddrRange {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let malformed = || AddrError::Malformed(text.to_owned());
        if text.contains('/') {
            let net: IpNet = text.parse().map_err(|_| malformed())?;
            if net.addr() != net.network() {
                return Err(AddrError::HostBits(text.to_owned(), net.trunc()));
            }
            return Ok(net.into());
        }
        let Some((first, last)) = text.split_once('-') else {
            return text.parse().map(AddrRange::single).map_err(|_| malformed());
        };
        let first: IpAddr = first.trim().parse().map_err(|_| malformed())?;
        let last = match (last.trim().parse::<IpAddr>(), first) {
            (Ok(last), _) => last,
            (Err(_), IpAddr::V4(v4)) => {
                let octet: u8 = last.trim().parse().map_err(|_| malformed())?;
                let [a, b, c, _] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, octet))
            }
            (Err(_), IpAddr::V6(_)) => return Err(malformed()),
        };
        AddrRange::new(first, last)
    }
}

impl TryFrom<String> for AddrRange {
    type Error = AddrError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AddrRange> for String {
    fn from(range: AddrRange) -> String {
        range.to_string()
    }
}

/// The shortest notation: an address, a prefix where the range is one, else both ends.
impl fmt::Display for AddrRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        let width: u32 = if self.first.is_ipv4() { 32 } else { 128 };
        let n_host_bits = self.len().trailing_zeros();
        let is_prefix = self.len().is_power_of_two() && to_bits(self.first).trailing_zeros() >= n_host_bits;
        if is_prefix && n_host_bits < width {
            write!(f, "{}/{}", self.first, width - n_host_bits)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// A set of addresses of both families, IPv4 before IPv6, that answers "how many" and "which is the n-th"
/// without listing them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<AddrRange>", into = "Vec<AddrRange>")]
pub struct AddrSet {
    ranges: Vec<AddrRange>,
    /// For each range, how many addresses lie in the ranges up to and including it.
    n_up_to: Vec<u128>,
}

impl AddrSet {
    pub fn ranges(&self) -> &[AddrRange] {
        &self.ranges
    }

    pub fn len(&self) -> u128 {
        self.n_up_to.last().copied().unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub fn contains(&self, addr: IpAddr) -> bool {
        let after = self.ranges.partition_point(|range| range.first <= addr);
        after.checked_sub(1).and_then(|i| self.ranges.get(i)).is_some_and(|range| range.contains(addr))
    }

    /// The `n`-th address in ascending order, from 0.
    pub fn nth(&self, n: u128) -> Option<IpAddr> {
        let i = self.n_up_to.partition_point(|&up_to| up_to <= n);
        let before = i.checked_sub(1).and_then(|i| self.n_up_to.get(i)).copied().unwrap_or(0);
        self.ranges.get(i).map(|range| range.nth(n - before))
    }

    /// Where an address stands in ascending order, counted from 0; the inverse of [`AddrSet::nth`].
    pub fn position(&self, addr: IpAddr) -> Option<u128> {
        let i = self.ranges.partition_point(|range| range.last() < addr);
        let range = self.ranges.get(i).filter(|range| range.contains(addr))?;
        let before = i.checked_sub(1).and_then(|i| self.n_up_to.get(i)).copied().unwrap_or(0);
        Some(before + (to_bits(addr) - to_bits(range.first())))
    }

    /// All addresses in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.ranges.iter().flat_map(|range| (0..range.len()).map(|n| range.nth(n)))
    }

    pub fn intersection(&self, other: &AddrSet) -> AddrSet {
        self.ranges.iter().flat_map(|a| other.ranges.iter().filter_map(|b| a.intersection(b))).collect()
    }

    pub fn without(&self, holes: &AddrSet) -> AddrSet {
        let mut left = self.ranges.clone();
        for hole in &holes.ranges {
            left = left.iter().flat_map(|range| range.without(hole)).collect();
        }
        left.into_iter().collect()
    }
}

impl FromIterator<AddrRange> for AddrSet {
    fn from_iter<I: IntoIterator<Item = AddrRange>>(ranges: I) -> AddrSet {
        let mut sorted: Vec<AddrRange> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut merged: Vec<AddrRange> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut() {
                Some(last) if touches(last, &range) => last.last = last.last.max(range.last),
                _ => merged.push(range),
            }
        }
        let mut n = 0u128;
        let n_up_to = merged
            .iter()
            .map(|range| {
                n = n.saturating_add(range.len());
                n
            })
            .collect();
        AddrSet { ranges: merged, n_up_to }
    }
}

fn touches(earlier: &AddrRange, later: &AddrRange) -> bool {
    earlier.first.is_ipv4() == later.first.is_ipv4()
        && to_bits(later.first) <= to_bits(earlier.last).saturating_add(1)
}

impl From<Vec<AddrRange>> for AddrSet {
    fn from(ranges: Vec<AddrRange>) -> AddrSet {
        ranges.into_iter().collect()
    }
}

impl From<AddrSet> for Vec<AddrRange> {
    fn from(set: AddrSet) -> Vec<AddrRange> {
        set.ranges
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let read = text.parse::<AddrRange>();
        assert_eq!(
            read.as_ref().map(ToString::to_string).map_err(ToString::to_string),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{text:?}"
        );
    }

    #[test]
    fn reads_every_notation_and_writes_the_shortest() {
        check("192.0.2.7", Ok("192.0.2.7"));
        check("192.0.2.0/24", Ok("192.0.2.0/24"));
        check("192.0.2.0-192.0.2.255", Ok("192.0.2.0/24"));
        check("192.0.2.1-9", Ok("192.0.2.1-192.0.2.9"));
        check("2001:db8::/120", Ok("2001:db8::/120"));
        check(" 192.0.2.1 - 192.0.2.2 ", Ok("192.0.2.1-192.0.2.2"));
    }

    #[test]
    fn says_what_is_wrong() {
        check(
            "192.0.2.1/24",
            Err("\"192.0.2.1/24\" has bits set behind its prefix length; the network is 192.0.2.0/24"),
        );
        check(
            "192.0.2.0/33",
            Err("\"192.0.2.0/33\" is not an address, a CIDR prefix or a range of addresses"),
        );
        check(
            "192.0.2.9-1",
            Err("\"192.0.2.9-192.0.2.1\" is not a range: the first address is above the last"),
        );
        check("192.0.2.1-2001:db8::1", Err("\"192.0.2.1-2001:db8::1\" mixes IPv4 and IPv6"));
        check("", Err("\"\" is not an address, a CIDR prefix or a range of addresses"));
    }

    fn set(text: &str) -> AddrSet {
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(|part| part.parse::<AddrRange>().expect(part))
            .collect()
    }

    #[test]
    fn touching_ranges_become_one() {
        assert_eq!(set("192.0.2.0/25,192.0.2.128/25"), set("192.0.2.0/24"));
        assert_eq!(set("192.0.2.0/24,192.0.2.7").len(), 256);
    }

    #[test]
    fn a_hole_in_the_middle_leaves_two_ranges() {
        let left = set("192.0.2.0/29").without(&set("192.0.2.3-4"));
        assert_eq!(left, set("192.0.2.0-2,192.0.2.5-7"));
        assert!(!left.contains("192.0.2.3".parse().expect("an address")));
    }

    fn small_set() -> impl Strategy<Value = AddrSet> {
        prop::collection::vec((0u8..64, 0u8..16, any::<bool>()), 0..6).prop_map(|parts| {
            parts
                .into_iter()
                .map(|(first, len, v6)| {
                    let at = |n: u8| -> IpAddr {
                        if v6 {
                            format!("2001:db8::{n:x}").parse().expect("an IPv6 address")
                        } else {
                            IpAddr::from([192, 0, 2, n])
                        }
                    };
                    AddrRange::new(at(first), at(first + len)).expect("an ordered range")
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn indexing_agrees_with_listing(set in small_set()) {
            let listed: Vec<IpAddr> = set.iter().collect();
            prop_assert_eq!(listed.len() as u128, set.len());
            for (n, addr) in listed.iter().enumerate() {
                prop_assert_eq!(set.nth(n as u128), Some(*addr));
                prop_assert_eq!(set.position(*addr), Some(n as u128));
                prop_assert!(set.contains(*addr));
            }
            prop_assert_eq!(set.nth(set.len()), None);
            let outside = (0u8..=255).map(|n| IpAddr::from([192, 0, 2, n])).filter(|addr| !set.contains(*addr));
            for addr in outside {
                prop_assert_eq!(set.position(addr), None);
            }
        }

        #[test]
        fn set_operations_agree_with_membership(a in small_set(), b in small_set()) {
            let (both, only_a) = (a.intersection(&b), a.without(&b));
            for addr in a.iter().chain(b.iter()) {
                prop_assert_eq!(both.contains(addr), a.contains(addr) && b.contains(addr));
                prop_assert_eq!(only_a.contains(addr), a.contains(addr) && !b.contains(addr));
            }
        }
    }
}
