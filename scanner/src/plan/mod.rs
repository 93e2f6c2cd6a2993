//! What a run probes: every (address × port) of its blocks has one position, and a seeded permutation
//! decides in which order positions are visited.
//!
//! Positions and indices never change for a given plan: journals, resumption and shards rest on it.
//! Whether an address may be probed isn't decided here.

mod permute;
mod shard;

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::addr::{AddrRange, AddrSet};
use model::port::PortSet;
use serde::{Deserialize, Serialize};

pub use permute::{Permutation, permute};
pub use shard::{Shard, ShardError};

/// Every address of `addresses` on every port of `ports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub addresses: AddrSet,
    pub ports: PortSet,
}

impl Block {
    fn n_probes(&self) -> u128 {
        self.addresses.len().saturating_mul(self.ports.as_slice().len() as u128)
    }
}

/// A seed and blocks laid end to end, no address in two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PlanShape", into = "PlanShape")]
pub struct Plan {
    seed: u64,
    blocks: Vec<Block>,
    /// For each block, how many positions and how many hosts lie in the blocks up to and including it.
    up_to: Vec<(u64, u64)>,
}

/// A plan as it is written into a manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlanShape {
    /// Hexadecimal, since TOML's integers end at 2^63.
    seed: String,
    blocks: Vec<Block>,
}

/// One (address, port) of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    pub addr: IpAddr,
    pub port: u16,
    /// Number of the host within the plan, counted from 0 in the order of positions.
    pub host: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("there is nothing to probe: no address is left")]
    Empty,
    #[error("too many: {0} probes, where a run takes at most {max}; narrow the addresses or the ports", max = Plan::MAX_PROBES)]
    TooMany(u128),
    #[error("{0:?} is not a seed: 16 hexadecimal digits")]
    Seed(String),
}

impl Plan {
    /// The most probes of one run.
    pub const MAX_PROBES: u64 = 1 << 40;

    /// Lays blocks end to end. An address in several of them gets the ports of all, each once.
    pub fn new(seed: u64, blocks: impl IntoIterator<Item = Block>) -> Result<Plan, PlanError> {
        let blocks: Vec<Block> = blocks.into_iter().collect();
        let union: AddrSet = blocks.iter().flat_map(|block| block.addresses.ranges()).copied().collect();
        let sum = blocks.iter().fold(0u128, |sum, block| sum.saturating_add(block.addresses.len()));
        if union.len() == sum {
            return Plan::of_disjoint(seed, blocks);
        }
        let mut disjoint: Vec<Block> = Vec::new();
        for block in blocks {
            lay(&mut disjoint, block);
        }
        Plan::of_disjoint(seed, disjoint)
    }

    /// A plan of nothing but these endpoints, to look again at what was found before.
    pub fn of_endpoints(
        seed: u64,
        endpoints: impl IntoIterator<Item = (IpAddr, u16)>,
    ) -> Result<Plan, PlanError> {
        let mut ports_of: BTreeMap<IpAddr, Vec<u16>> = BTreeMap::new();
        for (addr, port) in endpoints {
            ports_of.entry(addr).or_default().push(port);
        }
        let mut addresses_of: BTreeMap<Vec<u16>, Vec<AddrRange>> = BTreeMap::new();
        for (addr, ports) in ports_of {
            // A list without a usable port asks for nothing.
            let Some(ports) = PortSet::new(ports) else { continue };
            addresses_of.entry(ports.as_slice().to_vec()).or_default().push(AddrRange::single(addr));
        }
        let blocks = addresses_of.into_iter().filter_map(|(ports, addresses)| {
            PortSet::new(ports).map(|ports| Block { addresses: addresses.into(), ports })
        });
        Plan::of_disjoint(seed, blocks.collect())
    }

    fn of_disjoint(seed: u64, mut blocks: Vec<Block>) -> Result<Plan, PlanError> {
        blocks.retain(|block| !block.addresses.is_empty());
        let total = blocks.iter().fold(0u128, |sum, block| sum.saturating_add(block.n_probes()));
        let total =
            u64::try_from(total).ok().filter(|&n| n <= Plan::MAX_PROBES).ok_or(PlanError::TooMany(total))?;
        if total == 0 {
            return Err(PlanError::Empty);
        }
        let (mut n_positions, mut n_hosts) = (0u64, 0u64);
        let up_to = blocks
            .iter()
            .map(|block| {
                // Both fit: the total was just found to be at most MAX_PROBES.
                n_positions += u64::try_from(block.n_probes()).unwrap_or(u64::MAX);
                n_hosts += u64::try_from(block.addresses.len()).unwrap_or(u64::MAX);
                (n_positions, n_hosts)
            })
            .collect();
        Ok(Plan { seed, blocks, up_to })
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn n_probes(&self) -> u64 {
        self.up_to.last().map_or(0, |&(n, _)| n)
    }

    pub fn n_hosts(&self) -> u64 {
        self.up_to.last().map_or(0, |&(_, n)| n)
    }

    /// The order in which the plan's positions are visited.
    pub fn order(&self) -> Permutation {
        permute(self.seed, self.n_probes())
    }

    /// The probe at a position; `None` behind the end.
    pub fn probe(&self, position: u64) -> Option<Probe> {
        let i = self.up_to.partition_point(|&(n, _)| n <= position);
        let (block, (positions_before, hosts_before)) = (self.blocks.get(i)?, self.before(i));
        let ports = block.ports.as_slice();
        let n_ports = ports.len() as u64;
        let offset = position - positions_before;
        let nth_host = offset / n_ports;
        let addr = block.addresses.nth(u128::from(nth_host))?;
        let port = *ports.get(usize::try_from(offset % n_ports).ok()?)?;
        Some(Probe { addr, port, host: hosts_before + nth_host })
    }

    /// Where an endpoint stands, and the number of its host: the inverse of [`Plan::probe`].
    pub fn locate(&self, addr: IpAddr, port: u16) -> Option<(u64, u64)> {
        // Blocks share no address, so the first that holds it decides.
        let (i, nth_host) = self
            .blocks
            .iter()
            .enumerate()
            .find_map(|(i, block)| Some((i, block.addresses.position(addr)?)))?;
        let (positions_before, hosts_before) = self.before(i);
        let ports = self.blocks.get(i)?.ports.as_slice();
        let nth_port = ports.binary_search(&port).ok()? as u64;
        let nth_host = u64::try_from(nth_host).ok()?;
        Some((positions_before + nth_host * ports.len() as u64 + nth_port, hosts_before + nth_host))
    }

    /// The number of a host.
    pub fn host_of(&self, addr: IpAddr) -> Option<u64> {
        self.blocks.iter().enumerate().find_map(|(i, block)| {
            let nth_host = u64::try_from(block.addresses.position(addr)?).ok()?;
            Some(self.before(i).1 + nth_host)
        })
    }

    /// Each host with its ports and the position of its first port, in the order of positions.
    pub fn hosts(&self) -> impl Iterator<Item = (u64, IpAddr, &PortSet)> {
        self.blocks.iter().enumerate().flat_map(|(i, block)| {
            let (start, _) = self.before(i);
            let n_ports = block.ports.as_slice().len() as u64;
            let starts = (0u64..).map(move |nth| start + nth * n_ports);
            starts.zip(block.addresses.iter()).map(|(start, addr)| (start, addr, &block.ports))
        })
    }

    fn before(&self, block: usize) -> (u64, u64) {
        block.checked_sub(1).and_then(|i| self.up_to.get(i)).copied().unwrap_or_default()
    }
}

/// Adds a block to disjoint ones, splitting both where they share addresses.
fn lay(disjoint: &mut Vec<Block>, mut new: Block) {
    let mut split = Vec::new();
    for old in disjoint.iter_mut() {
        let shared = old.addresses.intersection(&new.addresses);
        if shared.is_empty() {
            continue;
        }
        old.addresses = old.addresses.without(&shared);
        new.addresses = new.addresses.without(&shared);
        let ports = old.ports.as_slice().iter().chain(new.ports.as_slice()).copied();
        // Two sets of ports make a set of ports.
        let ports = PortSet::new(ports).unwrap_or_else(|| old.ports.clone());
        split.push(Block { addresses: shared, ports });
    }
    disjoint.append(&mut split);
    disjoint.push(new);
    disjoint.retain(|block| !block.addresses.is_empty());
}

impl From<Plan> for PlanShape {
    fn from(plan: Plan) -> PlanShape {
        PlanShape { seed: format!("{:016x}", plan.seed), blocks: plan.blocks }
    }
}

impl TryFrom<PlanShape> for Plan {
    type Error = PlanError;

    fn try_from(shape: PlanShape) -> Result<Plan, PlanError> {
        let seed = u64::from_str_radix(&shape.seed, 16).map_err(|_| PlanError::Seed(shape.seed.clone()))?;
        // Blocks as written are disjoint already, so that they keep their order and positions.
        Plan::new(seed, shape.blocks)
    }
}

#[cfg(test)]
mod tests;
