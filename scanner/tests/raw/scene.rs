//! A network whose truth is known: hosts of four kinds, each with a few random open ports.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::observation::{FilterReason, PortState};
use model::unreachable::IcmpError;

use super::world::{Run, World, addresses};

pub(crate) const PORTS: std::ops::RangeInclusive<u16> = 101..=120;

/// Hosts of four kinds in turn: what isn't open is refused, dropped or prohibited; the fourth are dark.
pub(crate) struct Scene {
    pub(crate) targets: &'static str,
}

pub(crate) const V4: Scene = Scene { targets: "10.98.0.0/25" };
pub(crate) const V6: Scene = Scene { targets: "fd98::/121" };

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refusing,
    Dropping,
    Prohibiting,
    Dark,
}

impl Scene {
    pub(crate) fn ports() -> String {
        format!("{}-{}", PORTS.start(), PORTS.end())
    }

    fn hosts(&self) -> impl Iterator<Item = (Kind, IpAddr)> + use<> {
        let kinds = [Kind::Refusing, Kind::Dropping, Kind::Prohibiting, Kind::Dark];
        let hosts: Vec<IpAddr> = addresses(self.targets).iter().collect();
        kinds.into_iter().cycle().zip(hosts)
    }

    /// Whether a port of a host of the first three kinds is open: about one in eight.
    fn is_open(addr: IpAddr, port: u16) -> bool {
        let last = match addr {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(v6) => v6.octets()[15],
        };
        let mixed = (u32::from(last) * 65_537 + u32::from(port)).wrapping_mul(0x9e37_79b9);
        mixed >> 29 == 0
    }

    pub(crate) fn set_up(&self, world: &mut World) -> bool {
        world.listen(PORTS);
        let (family, kind_of_addr, prohibited) = match addresses(self.targets).iter().next() {
            Some(IpAddr::V4(_)) => ("ip", "ipv4_addr", "icmp type admin-prohibited"),
            _ => ("ip6", "ipv6_addr", "icmpv6 type admin-prohibited"),
        };
        let elements = |kind| {
            let of_kind = self.hosts().filter(|(its, _)| *its == kind).map(|(_, addr)| addr.to_string());
            of_kind.collect::<Vec<_>>().join(",")
        };
        let is_open = |(kind, addr)| {
            let open = PORTS.filter(move |&port| kind != Kind::Dark && Scene::is_open(addr, port));
            open.map(move |port| format!("{addr} . {port}"))
        };
        let open: Vec<String> = self.hosts().flat_map(is_open).collect();
        world.rules(&format!(
            "table inet t {{
                set open {{ type {kind_of_addr} . inet_service; elements = {{ {} }}; }}
                set refusing {{ type {kind_of_addr}; elements = {{ {} }}; }}
                set prohibiting {{ type {kind_of_addr}; elements = {{ {} }}; }}
                chain in {{
                    type filter hook input priority 0;
                    {family} daddr . tcp dport @open accept;
                    {family} daddr @refusing meta l4proto tcp reject with tcp reset;
                    {family} daddr @prohibiting meta l4proto tcp reject with {prohibited};
                    {family} daddr {} drop;
                }}
            }}",
            open.join(","),
            elements(Kind::Refusing),
            elements(Kind::Prohibiting),
            self.targets
        ))
    }

    pub(crate) fn truth(&self) -> BTreeMap<(IpAddr, u16), PortState> {
        let mut truth = BTreeMap::new();
        for (kind, addr) in self.hosts() {
            let answers = PORTS.into_iter().any(|port| Scene::is_open(addr, port));
            for port in PORTS {
                let state = match kind {
                    Kind::Dark => PortState::Unverifiable,
                    _ if Scene::is_open(addr, port) => PortState::Open,
                    Kind::Refusing => PortState::Closed,
                    Kind::Dropping if answers => PortState::Filtered(FilterReason::Silence),
                    Kind::Dropping => PortState::Unverifiable,
                    Kind::Prohibiting => PortState::Filtered(FilterReason::Icmp(prohibition(addr))),
                };
                truth.insert((addr, port), state);
            }
        }
        truth
    }

    /// What a run saw is the truth, whole.
    #[track_caller]
    pub(crate) fn check(&self, run: &Run) {
        let (truth, seen) = (self.truth(), run.states());
        let differ = |endpoint: &(IpAddr, u16)| truth.get(endpoint) != seen.get(endpoint);
        let wrong: Vec<_> = truth.keys().filter(|&it| differ(it)).collect();
        let told = |it: &&(IpAddr, u16)| format!("{it:?} is {:?}, seen {:?}", truth.get(it), seen.get(it));
        assert!(
            wrong.is_empty(),
            "{} wrong: {:#?}",
            wrong.len(),
            wrong.iter().take(5).map(told).collect::<Vec<_>>()
        );
        let n_open = truth.values().filter(|&&state| state == PortState::Open).count();
        assert!(n_open > 100 && truth.len() == seen.len(), "{n_open} open of {}", truth.len());
    }
}

/// The error that the rules of a scene answer with, and its code.
fn prohibition(addr: IpAddr) -> IcmpError {
    let error = if addr.is_ipv4() { "icmp 3/13" } else { "icmpv6 1/1" };
    error.parse().expect("an error")
}
