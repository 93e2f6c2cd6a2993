//! What a lab would run, as data: the table made concrete by a round, a choice of ports and a network octet.
//!
//! Pure: reading a plan starts nothing, so a sample register, a test or `lab list` can ask before anything runs.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::address::LoopbackAddr;
use crate::services::{Declaration, Fault, Place, Round, SERVICES, ServiceKind, ServiceRow, Transport};
use crate::units::{LabUnit, UNITS};

/// The zone that the lab's name server answers for.
pub const ZONE: &str = "lab.example";

/// What the ports below 1024 become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ports {
    /// As in the table (22, 80, 443, …); needs root.
    Standard,
    /// A port below 1024 becomes 10000 + port (22 is 10022); the others stay.
    High,
}

impl Ports {
    pub fn actual(self, port: u16) -> u16 {
        match self {
            Ports::High if port < 1024 => port + 10_000,
            Ports::Standard | Ports::High => port,
        }
    }
}

/// The second octet of the lab's addresses: 127.N.0.0/16. Two labs on one machine need two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Network(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} can't be the lab's network octet; choose {first} to 254", first = Network::FIRST)]
pub struct NetworkOutOfRange(u8);

impl Network {
    /// Lower octets are left to whatever else a machine keeps on 127.0.x.x.
    const FIRST: u8 = 20;

    pub fn new(octet: u8) -> Result<Network, NetworkOutOfRange> {
        if (Network::FIRST..=254).contains(&octet) {
            Ok(Network(octet))
        } else {
            Err(NetworkOutOfRange(octet))
        }
    }

    pub fn octet(self) -> u8 {
        self.0
    }
}

impl Default for Network {
    fn default() -> Network {
        Network(Network::FIRST)
    }
}

impl TryFrom<u8> for Network {
    type Error = NetworkOutOfRange;

    fn try_from(octet: u8) -> Result<Network, NetworkOutOfRange> {
        Network::new(octet)
    }
}

impl From<Network> for u8 {
    fn from(network: Network) -> u8 {
        network.0
    }
}

/// One service of a plan, at its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabService {
    pub name: &'static str,
    pub unit: &'static LabUnit,
    pub address: LoopbackAddr,
    pub transport: Transport,
    /// E.g. `portal.u03.lab.example`; several services of one host share it.
    pub host_name: String,
    pub kind: ServiceKind,
    pub declaration: Declaration,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabPlan {
    pub round: Round,
    pub ports: Ports,
    pub network: Network,
    /// In the table's order.
    pub services: Vec<LabService>,
}

impl LabPlan {
    /// The plan on the default network, 127.20.0.0/16.
    pub fn for_round(round: Round, ports: Ports) -> LabPlan {
        LabPlan::on_network(round, ports, Network::default())
    }

    pub fn on_network(round: Round, ports: Ports, network: Network) -> LabPlan {
        let services = SERVICES
            .iter()
            .filter(|row| row.rounds.contains(round))
            .map(|row| concrete(row, ports, network))
            .collect();
        LabPlan { round, ports, network, services }
    }

    pub fn service(&self, name: &str) -> Option<&LabService> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Where the lab's name server answers over UDP and TCP.
    pub fn name_server(&self) -> Option<LoopbackAddr> {
        self.services.iter().find(|s| s.transport == Transport::TcpAndUdp).map(|s| s.address)
    }

    /// The names of the lab's zone with their addresses, each pair once.
    pub fn host_names(&self) -> Vec<(String, IpAddr)> {
        let mut names: Vec<_> = self.services.iter().map(|s| (s.host_name.clone(), s.address.ip())).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn concrete(row: &ServiceRow, ports: Ports, network: Network) -> LabService {
    let unit_of = |number: u8| {
        UNITS.iter().find(|unit| unit.number == number).expect("every row names a unit of the table (tested)")
    };
    let (unit, ip, port) = match row.place {
        Place::V4 { unit, host } => {
            let unit = unit_of(unit);
            (unit, unit.host(network.octet(), host), ports.actual(row.port))
        }
        // There is only one ::1, so labs on several networks are told apart by port.
        Place::V6 { unit } => {
            let shift = u16::from(network.octet() - Network::FIRST);
            (unit_of(unit), IpAddr::V6(Ipv6Addr::LOCALHOST), ports.actual(row.port) + shift)
        }
    };
    let address = LoopbackAddr::new(ip, port)
        .expect("both kinds of place are loopback, and no row has port 0 (tested)");
    LabService {
        name: row.name,
        unit,
        address,
        transport: row.transport,
        host_name: format!("{}.{}.{ZONE}", row.host_label, unit.label),
        kind: row.kind,
        declaration: row.declaration,
        fault: row.fault,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;
    use crate::services::OwnKind;

    fn all_plans() -> Vec<LabPlan> {
        let mut plans = Vec::new();
        for octet in [20, 254] {
            for round in [Round::First, Round::Second] {
                for ports in [Ports::Standard, Ports::High] {
                    plans.push(LabPlan::on_network(round, ports, Network::new(octet).unwrap()));
                }
            }
        }
        plans
    }

    #[test]
    fn every_address_and_port_is_used_once_a_round() {
        for plan in all_plans() {
            let mut seen = HashSet::new();
            for service in &plan.services {
                assert!(service.address.ip().is_loopback());
                assert!(seen.insert(service.address), "{} shares {}", service.name, service.address);
            }
        }
    }

    #[test]
    fn names_are_unique_over_the_whole_table() {
        let names: HashSet<_> = SERVICES.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), SERVICES.len());
    }

    #[test]
    fn high_ports_need_no_privilege() {
        for plan in all_plans().iter().filter(|plan| plan.ports == Ports::High) {
            for service in &plan.services {
                assert!(service.address.port() >= 1024, "{}", service.name);
            }
        }
        assert_eq!(Ports::High.actual(443), 10443);
        assert_eq!(Ports::High.actual(1024), 1024);
        assert_eq!(Ports::Standard.actual(443), 443);
    }

    #[test]
    fn second_round_has_new_gone_and_unchanged_services() {
        let names = |round| -> HashSet<_> {
            LabPlan::for_round(round, Ports::High).services.iter().map(|s| s.name).collect()
        };
        let (first, second) = (names(Round::First), names(Round::Second));
        assert!(second.difference(&first).any(|name| *name == "u10-redis-new"));
        assert!(first.difference(&second).any(|name| *name == "u06-vnc"));
        assert!(first.intersection(&second).count() > 25);
    }

    #[test]
    fn every_unit_has_services_and_says_what_is_wrong_in_both_languages() {
        for unit in UNITS {
            assert!(SERVICES.iter().any(|row| match row.place {
                Place::V4 { unit: number, .. } | Place::V6 { unit: number } => number == unit.number,
            }));
        }
        for row in SERVICES {
            assert!(!row.fault.en.is_empty() && row.fault.en.is_ascii(), "{}", row.name);
            assert!(row.fault.zh.chars().any(|c| c > '\u{4e00}'), "{}", row.name);
        }
    }

    #[test]
    fn there_is_one_declared_service_where_nothing_listens() {
        let absent: Vec<_> = SERVICES.iter().filter(|row| row.kind == ServiceKind::Absent).collect();
        assert_eq!(absent.len(), 1);
        assert_eq!(absent[0].declaration, Declaration::Declared);
    }

    #[test]
    fn a_host_name_means_one_address() {
        for plan in all_plans() {
            let mut by_name = BTreeMap::new();
            for (name, ip) in plan.host_names() {
                assert_eq!(by_name.insert(name.clone(), ip), None, "{name}");
            }
            assert_eq!(
                by_name["portal.u03.lab.example"].to_string(),
                format!("127.{}.3.10", plan.network.octet())
            );
        }
    }

    #[test]
    fn only_the_name_server_speaks_udp() {
        let plan = LabPlan::for_round(Round::First, Ports::High);
        assert_eq!(plan.name_server().unwrap().to_string(), "127.20.12.53:10053");
        assert_eq!(plan.service("u12-dns").unwrap().kind, ServiceKind::Ours(OwnKind::Dns));
    }

    #[test]
    fn rejects_network_octets_in_use_elsewhere() {
        for octet in [0, 19, 255] {
            assert_eq!(Network::new(octet), Err(NetworkOutOfRange(octet)));
        }
    }
}
