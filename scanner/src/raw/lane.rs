//! Lanes: one for each interface, family and next hop that a run's packets take.

use std::collections::HashMap;
use std::net::IpAddr;

use probes::packet::{LinkHeader, Template};
use rawsock::Batch;

/// Frames gathered before they are sent in one call.
pub(crate) const BATCH: usize = 128;
/// Room for a frame, whose headers with the longest link and IP headers take 94 bytes.
pub(super) const SLOT_LEN: usize = 128;

/// Where packets of one kind go out.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Which of the run's wires.
    pub(crate) wire: usize,
    pub(crate) source: IpAddr,
    /// Link address of the next hop; zero where there is none, or where it is each target's own.
    pub(crate) next_hop: [u8; 6],
    pub(crate) template: Template,
    pub(crate) batch: Batch,
    /// Link addresses of targets that are on the link themselves; `None` where a router is next.
    pub(crate) neighbours: Option<HashMap<IpAddr, [u8; 6]>>,
}

impl Lane {
    /// `slot_len` is the room that the longest frame takes.
    pub(crate) fn new(wire: usize, link: LinkHeader, template: Template, slot_len: usize) -> Lane {
        let next_hop = match link {
            LinkHeader::None => [0; 6],
            LinkHeader::Ethernet { target, .. } => target,
        };
        let batch = Batch::new(BATCH, slot_len, template.bytes());
        Lane { wire, source: template.source(), next_hop, template, batch, neighbours: None }
    }
}
