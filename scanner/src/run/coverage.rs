//! The coverage of a run, read out of its journal in slices of bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::coverage::{Coverage, HostCoverage};
use model::observation::{PortState, Reply};
use model::port::PortSet;

use super::error::RunError;
use super::settled::Settled;
use super::{JOURNAL, RunFolder, journal};

/// Positions looked at in one reading of the journal, a byte each; a slice holds at least one host.
pub(super) const SLICE: u64 = 1 << 26;

/// Hosts looked at in one reading.
const MAX_MEMBERS: usize = 1 << 20;

/// No reply: not probed yet, kept back by the scope, or not sent by our own system.
const NOTHING: u8 = u8::MAX;

impl RunFolder {
    /// What the run really probed and what came of each port, so far as its journal goes.
    pub fn coverage(&self) -> Result<Coverage, RunError> {
        self.coverage_in_slices(SLICE)
    }

    pub(super) fn coverage_in_slices(&self, slice: u64) -> Result<Coverage, RunError> {
        let mut hosts = BTreeMap::new();
        self.each_coverage(slice, |addr, host| {
            hosts.insert(addr, host);
            Ok::<_, RunError>(())
        })?;
        self.doubt(&mut hosts)?;
        Ok(Coverage { transport: self.manifest().method.transport(), method: self.manifest().method, hosts })
    }

    /// Hands out host by host, in the order of the plan, what their ports replied; doubts nothing.
    pub(super) fn each_coverage<E: From<RunError>>(
        &self,
        slice: u64,
        mut each: impl FnMut(IpAddr, HostCoverage) -> Result<(), E>,
    ) -> Result<(), E> {
        let plan = &self.manifest().plan;
        let mut members: Vec<(u64, IpAddr, &PortSet)> = Vec::new();
        let mut rest = plan.hosts().peekable();
        while let Some(host) = rest.next() {
            let start = members.first().map_or(host.0, |&(start, ..)| start);
            let end = host.0 + host.2.as_slice().len() as u64;
            members.push(host);
            if end - start >= slice || members.len() >= MAX_MEMBERS || rest.peek().is_none() {
                self.read_slice(start..end, &members, &mut each)?;
                members.clear();
            }
        }
        Ok(())
    }

    /// Takes back what hosts claimed that take whatever comes, but for ports whose service said something.
    fn doubt(&self, hosts: &mut BTreeMap<IpAddr, HostCoverage>) -> Result<(), RunError> {
        let suspects = self.suspects()?;
        if suspects.is_empty() {
            return Ok(());
        }
        let mut proved = BTreeSet::new();
        for observation in self.observations()? {
            let observation = observation?;
            if observation.state == PortState::Open {
                proved.insert((observation.endpoint.addr, observation.endpoint.port));
            }
        }
        for addr in suspects {
            if let Some(host) = hosts.get_mut(&addr) {
                host.doubt(|port| proved.contains(&(addr, port)));
            }
        }
        Ok(())
    }

    fn read_slice<E: From<RunError>>(
        &self,
        positions: std::ops::Range<u64>,
        members: &[(u64, IpAddr, &PortSet)],
        each: &mut impl FnMut(IpAddr, HostCoverage) -> Result<(), E>,
    ) -> Result<(), E> {
        let plan = &self.manifest().plan;
        let order = plan.order();
        let transport = self.manifest().method.transport();
        let mut codes = vec![NOTHING; usize::try_from(positions.end - positions.start).unwrap_or(usize::MAX)];
        journal::read(&self.path().join(JOURNAL), plan.n_probes(), |(index, settled)| {
            let position = order.at(index).filter(|position| positions.contains(position));
            let offset = position.and_then(|position| usize::try_from(position - positions.start).ok());
            if let Some(code) = offset.and_then(|offset| codes.get_mut(offset)) {
                *code = settled.code();
            }
        })?;
        let mut codes = codes.as_slice();
        for &(_, addr, ports) in members {
            let Some((of_host, rest)) = codes.split_at_checked(ports.as_slice().len()) else { break };
            codes = rest;
            let replies: Vec<(u16, Reply)> = ports
                .as_slice()
                .iter()
                .zip(of_host)
                .filter_map(|(&port, &code)| match Settled::of_code(code)? {
                    Settled::Reply(reply) => Some((port, reply)),
                    Settled::NotAdmitted | Settled::NotAsked => None,
                })
                .collect();
            if !replies.is_empty() {
                each(addr, HostCoverage::settle_over(transport, replies))?;
            }
        }
        Ok(())
    }
}
