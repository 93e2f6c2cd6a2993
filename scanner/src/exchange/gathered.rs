//! The hosts of a file put together: one entry for each, those outside the scope kept back, and a plan of what the
//! file says was probed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::addr::AddrRange;
use model::observation::{Certainty, Reply, ServiceFacts};
use model::port::{PortSet, Transport};
use model::scope::Refusal;

use super::fault::What;
use super::foreign::{Answered, ForeignHost, ForeignPort, Limits};
use crate::plan::{Block, Plan, PlanError};

/// Addresses that are told one by one when they are kept back.
const MAX_REFUSED: usize = 10_000;
/// Ports that the different sets of ports of a plan may have together; real files have a few sets.
const MAX_LISTED_PORTS: usize = 1 << 24;

/// What a file brought, so far as it is in scope.
#[derive(Debug)]
pub struct Gathered {
    limits: Limits,
    hosts: BTreeMap<IpAddr, Host>,
    n_open: usize,
    n_ranges: usize,
    refused: Vec<Refused>,
    refused_at: BTreeMap<IpAddr, ()>,
    n_more_refused: u64,
}

/// An address that was kept back, and the line where it came up first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub line: u64,
    pub addr: IpAddr,
    pub refusal: Refusal,
}

#[derive(Debug, Default)]
struct Host {
    /// Where it came up first.
    line: u64,
    /// Ascending, none touching another of the same reply.
    settled: Vec<Answered>,
    /// Not yet sorted in.
    fresh: Vec<Answered>,
    open: OpenPorts,
}

/// When each open port was seen, and what was said of it.
type OpenPorts = BTreeMap<(Transport, u16), (Option<DateTime<Utc>>, ServiceFacts)>;

impl Gathered {
    pub fn new(limits: Limits) -> Gathered {
        Gathered {
            limits,
            hosts: BTreeMap::new(),
            n_open: 0,
            n_ranges: 0,
            refused: Vec::new(),
            refused_at: BTreeMap::new(),
            n_more_refused: 0,
        }
    }

    /// Adds a host if `admit` lets it in. Fails only when there is too much.
    pub fn add(
        &mut self,
        host: ForeignHost,
        admit: impl FnOnce(IpAddr) -> Result<(), Refusal>,
    ) -> Result<(), What> {
        if let Err(refusal) = admit(host.addr) {
            self.refuse(host.line, host.addr, refusal);
            return Ok(());
        }
        if host.answered.is_empty() && host.open.is_empty() {
            return Ok(());
        }
        let n_hosts = self.hosts.len();
        let known = match self.hosts.entry(host.addr) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if n_hosts >= self.limits.hosts => {
                return Err(What::TooManyHosts(self.limits.hosts));
            }
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(Host { line: host.line, ..Host::default() })
            }
        };
        for port in host.open {
            if known.add_open(port) {
                self.n_open += 1;
            }
        }
        let n_before = known.settled.len() + known.fresh.len();
        known.fresh.extend(host.answered);
        if known.fresh.len() > known.settled.len().max(64) {
            known.settle();
        }
        self.n_ranges = (self.n_ranges + known.settled.len() + known.fresh.len()).saturating_sub(n_before);
        if self.n_open > self.limits.open_ports {
            return Err(What::TooManyOpen(self.limits.open_ports));
        }
        if self.n_ranges > self.limits.ranges {
            return Err(What::TooManyRanges(self.limits.ranges));
        }
        Ok(())
    }

    /// Keeps back whom another scope doesn't let in either: that of the day on which the tool ran.
    pub fn retain(&mut self, admit: impl Fn(IpAddr) -> Result<(), Refusal>) {
        let hosts = std::mem::take(&mut self.hosts);
        for (addr, host) in hosts {
            match admit(addr) {
                Ok(()) => drop(self.hosts.insert(addr, host)),
                Err(refusal) => self.refuse(host.line, addr, refusal),
            }
        }
    }

    fn refuse(&mut self, line: u64, addr: IpAddr, refusal: Refusal) {
        if self.refused_at.contains_key(&addr) {
            return;
        }
        if self.refused.len() >= MAX_REFUSED {
            self.n_more_refused += 1;
            return;
        }
        self.refused_at.insert(addr, ());
        self.refused.push(Refused { line, addr, refusal });
    }

    /// The addresses that were kept back, each once, in the order of the file.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Entries of further addresses that were kept back, where there were very many.
    pub fn n_more_refused(&self) -> u64 {
        self.n_more_refused
    }

    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    pub fn n_hosts(&self) -> usize {
        self.hosts.len()
    }

    /// Every host's open ports, by address, transport and port.
    pub fn open(&self) -> impl Iterator<Item = (IpAddr, ForeignPort)> {
        self.hosts.iter().flat_map(|(&addr, host)| {
            host.open.iter().map(move |(&(transport, port), (at, service))| {
                (addr, ForeignPort { transport, port, at: *at, service: service.clone() })
            })
        })
    }

    /// Sorts everything in and makes the plan of what was probed.
    pub fn plan(&mut self) -> Result<Plan, PlanError> {
        let mut alike: BTreeMap<Vec<(u16, u16)>, Vec<AddrRange>> = BTreeMap::new();
        for (&addr, host) in &mut self.hosts {
            host.settle();
            let mut ports: Vec<(u16, u16)> = Vec::new();
            for range in &host.settled {
                match ports.last_mut() {
                    Some((_, last)) if last.checked_add(1) == Some(range.first) => *last = range.last,
                    _ => ports.push((range.first, range.last)),
                }
            }
            alike.entry(ports).or_default().push(AddrRange::single(addr));
        }
        let mut n_listed = 0usize;
        let mut blocks = Vec::new();
        for (ports, addresses) in alike {
            n_listed += ports.iter().map(|&(first, last)| usize::from(last - first) + 1).sum::<usize>();
            if n_listed > MAX_LISTED_PORTS {
                return Err(PlanError::TooMany(n_listed as u128));
            }
            let Some(ports) = PortSet::new(ports.into_iter().flat_map(|(first, last)| first..=last)) else {
                // Nothing but open UDP ports: no part of a plan.
                continue;
            };
            blocks.push(Block { addresses: addresses.into(), ports });
        }
        Plan::new(0, blocks)
    }

    /// What a TCP port replied, once there is a plan.
    pub fn reply(&self, addr: IpAddr, port: u16) -> Option<Reply> {
        let settled = &self.hosts.get(&addr)?.settled;
        let after = settled.partition_point(|range| range.first <= port);
        let range = after.checked_sub(1).and_then(|i| settled.get(i))?;
        (port <= range.last).then_some(range.reply)
    }
}

impl Host {
    /// Whether the port wasn't known yet. Of two entries of one port the one that tells more counts.
    fn add_open(&mut self, port: ForeignPort) -> bool {
        match self.open.entry((port.transport, port.port)) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((port.at, port.service));
                true
            }
            std::collections::btree_map::Entry::Occupied(mut known) => {
                let (at, service) = known.get_mut();
                *at = (*at).max(port.at);
                if tells(&port.service) > tells(service) {
                    *service = port.service;
                }
                false
            }
        }
    }

    /// Sorts what is fresh into what is settled. Where two entries contradict each other, the one that says that
    /// something is there counts, and after it the one that is an answer.
    fn settle(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.settled);
        all.append(&mut self.fresh);
        all.sort_by_key(|range| (range.first, range.last));
        // Where each range begins and where it is over; between two such places nothing changes.
        let mut edges: Vec<u32> =
            all.iter().flat_map(|range| [u32::from(range.first), u32::from(range.last) + 1]).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut ranges = all.into_iter().peekable();
        let mut here: Vec<Answered> = Vec::new();
        for (&from, &to) in edges.iter().zip(edges.iter().skip(1)) {
            here.retain(|range| u32::from(range.last) >= from);
            while let Some(range) = ranges.next_if(|range| u32::from(range.first) <= from) {
                // One of each reply says all, the longest.
                match here.iter_mut().find(|other| other.reply == range.reply) {
                    Some(other) => other.last = other.last.max(range.last),
                    None => here.push(range),
                }
            }
            let Some(best) = here.iter().max_by_key(|range| weight(range.reply)) else { continue };
            let (Ok(first), Ok(last)) = (u16::try_from(from), u16::try_from(to - 1)) else { continue };
            match self.settled.last_mut() {
                Some(before) if before.reply == best.reply && before.last.checked_add(1) == Some(first) => {
                    before.last = last;
                }
                _ => self.settled.push(Answered { first, last, reply: best.reply }),
            }
        }
    }
}

fn weight(reply: Reply) -> u8 {
    match reply {
        Reply::Open => 6,
        Reply::SuspectOpen => 5,
        Reply::Silent => 1,
        Reply::Refused => 4,
        Reply::Prohibited | Reply::Icmp(_) => 3,
        Reply::NetworkUnreachable | Reply::HostUnreachable => 2,
    }
}

fn tells(service: &ServiceFacts) -> (u8, bool, bool) {
    let certainty = match service.certainty {
        Certainty::Identified => 4,
        Certainty::Unknown => 3,
        Certainty::Silent => 2,
        Certainty::ClosedAtOnce => 1,
        Certainty::NotAsked => 0,
    };
    let has_certificate = service.tls.as_ref().is_some_and(|tls| !tls.presented.is_empty());
    (certainty, has_certificate, service.info.is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addr() -> IpAddr {
        "192.0.2.1".parse().expect("an address")
    }

    fn host(answered: Vec<Answered>) -> ForeignHost {
        ForeignHost { addr: addr(), line: 1, answered, open: Vec::new() }
    }

    fn gathered(entries: impl IntoIterator<Item = Vec<Answered>>) -> Gathered {
        let mut gathered = Gathered::new(Limits::default());
        for answered in entries {
            gathered.add(host(answered), |_| Ok(())).expect("little enough");
        }
        gathered
    }

    fn some_reply() -> impl Strategy<Value = Reply> {
        prop::sample::select(vec![Reply::Open, Reply::Refused, Reply::Silent, Reply::Prohibited])
    }

    proptest! {
        #[test]
        fn however_entries_overlap_each_port_keeps_its_weightiest_reply(
            ranges in prop::collection::vec((1u16..300, 0u16..40, some_reply()), 1..90),
            n_at_once in 1usize..9,
        ) {
            let ranges: Vec<Answered> = ranges
                .into_iter()
                .map(|(first, more, reply)| Answered { first, last: first + more, reply })
                .collect();
            let mut all = gathered(ranges.chunks(n_at_once).map(<[Answered]>::to_vec));
            let plan = all.plan().expect("a small plan");
            let mut n_probed = 0;
            for port in 1..400 {
                let here = ranges.iter().filter(|range| (range.first..=range.last).contains(&port));
                let expected = here.map(|range| range.reply).max_by_key(|&reply| weight(reply));
                n_probed += u64::from(expected.is_some());
                prop_assert_eq!(all.reply(addr(), port), expected, "port {}", port);
            }
            prop_assert_eq!(plan.n_probes(), n_probed);
        }
    }

    #[test]
    fn the_last_port_is_a_port_like_any_other() {
        let mut all = gathered([vec![Answered { first: 65_000, last: 65_535, reply: Reply::Refused }]]);
        assert_eq!(all.plan().map(|plan| plan.n_probes()), Ok(536));
        assert_eq!(all.reply(addr(), 65_535), Some(Reply::Refused));
    }

    #[test]
    fn too_many_of_anything_is_an_end() {
        let limits = Limits { hosts: 1, open_ports: 1, ranges: 70, ..Limits::default() };
        let one = |port| vec![Answered { first: port, last: port, reply: Reply::Open }];
        let mut all = Gathered::new(limits);
        for port in 0..70 {
            all.add(host(one(2 * port + 1)), |_| Ok(())).expect("little enough");
        }
        assert!(matches!(all.add(host(one(1001)), |_| Ok(())), Err(What::TooManyRanges(70))));
        let other = ForeignHost { addr: [192, 0, 2, 9].into(), ..host(one(1)) };
        assert!(matches!(all.add(other, |_| Ok(())), Err(What::TooManyHosts(1))));
    }
}
