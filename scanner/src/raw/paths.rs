//! Which way packets take: the kernel's routes to every network of a plan, and a wire for each interface.
//!
//! Nothing is sent or received here: it runs with privileges. Who is next on a link is asked by each session
//! (`neighbours`).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

use model::addr::{AddrRange, AddrSet};
use probes::packet::LinkHeader;
use rawsock::{Interface, Link, LiveWire, RawError, Route, RouteKind, Wire, WireConfig};

use super::nets::NetKey;
use crate::plan::Plan;

/// Networks whose routes are asked for at most; a /10 has as many of the smallest kind.
const MOST_NETS: usize = 1 << 20;

/// Why a raw scan can't begin.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    #[error(transparent)]
    Raw(#[from] RawError),
    #[error("too many networks: a raw scan takes at most {MOST_NETS}; narrow the addresses")]
    TooManyNets,
    #[error(
        "no free range of ports to send from: all are bound, or belong to the kernel (ip_local_port_range)"
    )]
    NoPorts,
    #[error("none of the addresses can be reached: {0}")]
    NoWay(String),
}

/// One way out.
#[derive(Debug)]
pub(crate) struct Way {
    /// Which wire.
    pub(crate) wire: usize,
    pub(crate) source: IpAddr,
    pub(crate) next: Next,
}

/// Who is next on a way.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nobody who would have to be asked for.
    Known(LinkHeader),
    /// A router, to be asked for from our own `mac` and an address of our own of its family.
    Router { interface: u32, mac: [u8; 6], from: IpAddr, router: IpAddr },
    /// Each target is on the link itself, in one of these networks.
    Targets { interface: u32, mac: [u8; 6], nets: AddrSet },
}

/// The ways to every network of a plan, and the open wires that they begin with.
pub(crate) struct Paths {
    pub(crate) ways: Vec<Way>,
    /// Each network's way; a network that isn't among them can't be reached.
    pub(crate) nets: Vec<(NetKey, u16)>,
    /// Addresses that are reached another way than their network: those of this machine.
    pub(crate) exceptions: Vec<(IpAddr, u16)>,
    pub(crate) wires: Vec<Box<dyn Wire>>,
}

/// What two networks have in common that go the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    interface: u32,
    source: IpAddr,
    /// `None` where each target is its own next hop.
    router: Option<IpAddr>,
}

impl Paths {
    /// Asks the kernel for the way to every network, and opens a wire for each interface, fit for `rate` packets a
    /// second. On links where neighbours must be asked for, it hears their answers too.
    pub(crate) fn find(plan: &Plan, our_ports: RangeInclusive<u16>, rate: u32) -> Result<Paths, PathError> {
        let mut steps: HashMap<Step, Vec<AddrRange>> = HashMap::new();
        let mut why_not = "no route".to_owned();
        let mut n_nets = 0;
        for net in nets_of(plan) {
            n_nets += 1;
            if n_nets > MOST_NETS {
                return Err(PathError::TooManyNets);
            }
            match step_to(net)? {
                Ok(step) => steps.entry(step).or_default().push(net),
                Err(kind) => why_not = format!("the route to {net} is {kind:?}").to_lowercase(),
            }
        }
        let own: AddrSet = own_addresses(plan)?.into_iter().map(AddrRange::single).collect();
        for addr in own.iter().map(AddrRange::single) {
            if let Ok(step) = step_to(addr)? {
                steps.entry(step).or_default().push(addr);
            }
        }
        let mut wires: Vec<(u32, Interface, Box<dyn Wire>)> = Vec::new();
        let mut found =
            Paths { ways: Vec::new(), nets: Vec::new(), exceptions: Vec::new(), wires: Vec::new() };
        let mut steps: Vec<(Step, Vec<AddrRange>)> = steps.into_iter().collect();
        steps.sort_by_key(|(step, _)| (step.interface, step.source, step.router));
        for (step, nets) in steps {
            let wire = match wires.iter().position(|(index, ..)| *index == step.interface) {
                Some(wire) => wire,
                None => {
                    let interface = Interface::by_index(step.interface)?;
                    let mut config = WireConfig::new(interface.clone(), our_ports.clone());
                    config.n_senders = n_senders(rate);
                    config.arp = interface.has_neighbours;
                    config.neighbour_discovery = interface.has_neighbours;
                    let wire = LiveWire::open(&config)?;
                    wires.push((step.interface, interface, Box::new(wire)));
                    wires.len() - 1
                }
            };
            let Some((_, interface, _)) = wires.get(wire) else { continue };
            let next = next_of(interface, &step, || nets.iter().copied().collect::<AddrSet>().without(&own))?;
            let way = u16::try_from(found.ways.len()).unwrap_or(u16::MAX);
            found.ways.push(Way { wire, source: step.source, next });
            for net in &nets {
                if net.len() == 1 && own.contains(net.first()) {
                    found.exceptions.push((net.first(), way));
                } else {
                    found.nets.push((NetKey::of(net.first()), way));
                }
            }
        }
        if found.ways.is_empty() {
            return Err(PathError::NoWay(why_not));
        }
        found.wires = wires.into_iter().map(|(_, _, wire)| wire).collect();
        Ok(found)
    }
}

/// The addresses of a plan that are this machine's own.
fn own_addresses(plan: &Plan) -> Result<Vec<IpAddr>, RawError> {
    let mut own = Vec::new();
    for interface in Interface::all()? {
        own.extend(interface.addresses()?.into_iter().map(|own| own.address));
    }
    own.retain(|&addr| plan.host_of(addr).is_some());
    Ok(own)
}

/// The parts of a plan's addresses that lie in one network each.
fn nets_of(plan: &Plan) -> impl Iterator<Item = AddrRange> + '_ {
    let ranges = plan.blocks().iter().flat_map(|block| block.addresses.ranges());
    ranges.flat_map(|&range| {
        let mut next = Some(range.first());
        std::iter::from_fn(move || {
            let first = next?;
            let end = last_of_net(first).min(range.last());
            next = (end < range.last()).then(|| after(end));
            AddrRange::new(first, end).ok()
        })
    })
}

fn last_of_net(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) | 0xff).into()),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) | u128::from(u64::MAX)).into()),
    }
}

/// Never called with the last address of a family.
fn after(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(v4) => IpAddr::V4(u32::from(v4).saturating_add(1).into()),
        IpAddr::V6(v6) => IpAddr::V6(u128::from(v6).saturating_add(1).into()),
    }
}

/// The first step to a network, by its last address: where a smaller part of it takes another way, as the address of
/// a router itself does, the whole is taken to go where most of it goes.
fn step_to(net: AddrRange) -> Result<Result<Step, RouteKind>, RawError> {
    let mut votes: Vec<(Result<Step, RouteKind>, u32)> = Vec::new();
    let size = net.len();
    for nth in [0, size / 2, size.saturating_sub(1)] {
        let Some(addr) = AddrSet::from(vec![net]).nth(nth) else { continue };
        let Route { interface, source, next_hop, kind } = rawsock::route_to(addr)?;
        let step = match kind {
            RouteKind::Unicast | RouteKind::Local => {
                let is_on_link = next_hop == addr;
                Ok(Step { interface, source, router: (!is_on_link).then_some(next_hop) })
            }
            other => Err(other),
        };
        match votes.iter_mut().find(|(voted, _)| *voted == step) {
            Some((_, n)) => *n += 1,
            None => votes.push((step, 1)),
        }
    }
    // A way beats none: .0 and .255 of a network on the link are broadcasts.
    let best = votes.into_iter().max_by_key(|(step, n)| (step.is_ok(), *n));
    Ok(best.map_or(Err(RouteKind::Unreachable), |(step, _)| step))
}

/// Threads to send with at a rate, in packets a second.
fn n_senders(rate: u32) -> usize {
    /// What one core gets out beside everything else, on a slow machine.
    const OF_ONE: u32 = 250_000;
    /// One more than keeps two cores busy, since a thread takes a while to wake.
    const MOST: usize = 3;
    usize::try_from(rate / OF_ONE).unwrap_or(usize::MAX).min(MOST)
}

/// Who is next on a step, whose targets are in `nets`.
fn next_of(interface: &Interface, step: &Step, nets: impl FnOnce() -> AddrSet) -> Result<Next, RawError> {
    let Link::Ethernet { mac } = interface.link else { return Ok(Next::Known(LinkHeader::None)) };
    if !interface.has_neighbours {
        return Ok(Next::Known(LinkHeader::Ethernet { source: mac, target: mac }));
    }
    let interface_index = step.interface;
    Ok(match step.router {
        None => Next::Targets { interface: interface_index, mac, nets: nets() },
        Some(router) => {
            let from = own_of_family(interface, step.source, router)?;
            Next::Router { interface: interface_index, mac, from, router }
        }
    })
}

/// Our own address to ask a router from: of its family, which needn't be that of the targets (RFC 8950).
fn own_of_family(interface: &Interface, source: IpAddr, router: IpAddr) -> Result<IpAddr, RawError> {
    if source.is_ipv4() == router.is_ipv4() {
        return Ok(source);
    }
    let mut own = interface.addresses()?.into_iter().map(|own| own.address);
    let own = own.find(|own| own.is_ipv4() == router.is_ipv4());
    // A router of IPv4 answers even who has no address; for one of IPv6 there is then no question to be made.
    Ok(own.unwrap_or(if router.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { source }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Block;

    #[test]
    fn a_plan_is_cut_into_its_networks() {
        let addresses = "192.0.2.250,192.0.2.252-192.0.3.1,198.51.100.0/23,2001:db8::1,2001:db8:0:1::/120";
        let addresses = addresses.split(',').map(|range| range.parse::<AddrRange>().expect(range)).collect();
        let block = Block { addresses, ports: "80".parse().expect("a port") };
        let plan = Plan::new(1, [block]).expect("a plan");
        let nets: Vec<String> = nets_of(&plan).map(|net| net.to_string()).collect();
        let expected = [
            "192.0.2.250",
            "192.0.2.252-192.0.2.255",
            "192.0.3.0-192.0.3.1",
            "198.51.100.0/24",
            "198.51.101.0/24",
            "2001:db8::1",
            "2001:db8:0:1::/120",
        ];
        let same = |text: &str| text.parse::<AddrRange>().expect(text).to_string();
        assert_eq!(nets, expected.map(same));
    }
}
