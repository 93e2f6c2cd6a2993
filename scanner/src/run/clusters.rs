//! Hosts of a run that one device may answer for, by what its files say.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::observation::Observation;
use model::port::Transport;
use model::shape::{Cluster, HostShapes, clusters};

use super::RunFolder;
use super::error::RunError;
use crate::raw::HostFacts;

impl RunFolder {
    /// Hosts that one device may answer for; none in runs that never see a packet.
    pub fn clusters(&self) -> Result<Vec<Cluster>, RunError> {
        let facts = self.hosts()?;
        let mut hosts: BTreeMap<IpAddr, HostShapes> = BTreeMap::new();
        for observation in self.observations()? {
            add(&mut hosts, &facts, &observation?);
        }
        Ok(clusters(hosts.into_values()))
    }
}

fn add(
    hosts: &mut BTreeMap<IpAddr, HostShapes>,
    facts: &BTreeMap<IpAddr, HostFacts>,
    observation: &Observation,
) {
    let addr = observation.endpoint.addr;
    // Datagrams show too little to tell one stack from another.
    let Some(shape) = observation.shape.filter(|_| observation.endpoint.transport == Transport::Tcp) else {
        return;
    };
    let facts = facts.get(&addr);
    let host = hosts.entry(addr).or_insert_with(|| HostShapes {
        addr,
        open: Vec::new(),
        refused_ttl: facts.and_then(|facts| facts.refused_ttl),
        takes_everything: facts.is_some_and(|facts| facts.is_suspect),
    });
    host.open.push(shape);
}
