//! The wire that is a network interface.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::batch::Batch;
use crate::error::RawError;
use crate::filter::{self, FilterConfig};
use crate::interface::Interface;
use crate::receive::{ReceiveConfig, Receiver};
use crate::senders::Senders;
use crate::transmit::{TransmitConfig, Transmitter};
use crate::wire::{Counters, Packet, PacketProtocol, Wire};

/// How to open a [`LiveWire`].
#[derive(Debug, Clone)]
pub struct WireConfig {
    pub interface: Interface,
    /// TCP and UDP destination ports of replies to us.
    pub our_ports: RangeInclusive<u16>,
    /// Receive ARP replies too.
    pub arp: bool,
    /// Receive neighbour advertisements too.
    pub neighbour_discovery: bool,
    /// Memory for packets that wait to be received, bytes.
    pub ring_bytes: usize,
    /// Packets are cut to this, bytes.
    pub snap_len: u32,
    /// Memory in the kernel for frames that wait to be sent, bytes.
    pub send_buffer_bytes: usize,
    /// Hand frames to the driver directly, past the queue discipline. Behind one, a frame for which the driver has no
    /// room is dropped without a word; past it, it stays in its batch.
    pub qdisc_bypass: bool,
    /// Threads that send; with none, [`Wire::send`] does so itself. Worth their place from some hundred thousand frames
    /// a second on: most of the time that a frame takes is the kernel's.
    pub n_senders: usize,
}

impl WireConfig {
    /// An interface and our ports, with defaults for the rest: no ARP, no neighbour discovery, 4 MiB of ring,
    /// packets whole up to 2048 bytes, 4 MiB of send buffer, past the queue discipline, no threads.
    #[must_use]
    pub fn new(interface: Interface, our_ports: RangeInclusive<u16>) -> WireConfig {
        WireConfig {
            interface,
            our_ports,
            arp: false,
            neighbour_discovery: false,
            ring_bytes: 4 << 20,
            snap_len: 2048,
            send_buffer_bytes: 4 << 20,
            qdisc_bypass: true,
            n_senders: 0,
        }
    }
}

/// An open interface: frames out, replies to our ports in.
///
/// A frame to be sent begins with the link header on Ethernet and with the IP header elsewhere
/// ([`Link::header_len`](crate::Link::header_len)). On loopback the kernel routes each packet, so that only those to
/// this machine ([`RouteKind::Local`](crate::RouteKind::Local)) may be given to it; it fills in the checksum, the
/// length and, if zero, the identification of IPv4 headers.
#[derive(Debug)]
pub struct LiveWire {
    sending: Sending,
    receiver: Receiver,
}

#[derive(Debug)]
enum Sending {
    Here(Transmitter),
    Beside(Senders),
}

impl LiveWire {
    /// # Errors
    ///
    /// Missing privileges, the interface being gone or down, a configuration that receives nothing.
    pub fn open(config: &WireConfig) -> Result<LiveWire, RawError> {
        if config.our_ports.is_empty() {
            return Err(RawError::BadConfig { why: "no port is ours" });
        }
        if config.snap_len == 0 {
            return Err(RawError::BadConfig { why: "packets cut to nothing can't be received" });
        }
        let interface = Interface::by_index(config.interface.index)?;
        if !interface.is_up {
            return Err(RawError::InterfaceDown { name: interface.name });
        }
        let filter = filter::program(&FilterConfig {
            our_ports: config.our_ports.clone(),
            arp: config.arp,
            neighbour_discovery: config.neighbour_discovery,
            snap_len: config.snap_len,
        });
        let transmit = TransmitConfig {
            send_buffer_bytes: config.send_buffer_bytes,
            qdisc_bypass: config.qdisc_bypass,
            vnet_header: false,
        };
        let receive = ReceiveConfig {
            filter: Some(&filter),
            link_header: false,
            ring_bytes: config.ring_bytes,
            snap_len: usize::try_from(config.snap_len).unwrap_or(usize::MAX),
        };
        Ok(LiveWire {
            receiver: Receiver::open(&interface, &receive)?,
            sending: match config.n_senders {
                0 => Sending::Here(Transmitter::open(&interface, transmit)?),
                n => {
                    let each = (0..n).map(|_| Transmitter::open(&interface, transmit));
                    let each = each.collect::<Result<Vec<_>, _>>()?;
                    Sending::Beside(Senders::start(interface.name, each)?)
                }
            },
        })
    }
}

impl Wire for LiveWire {
    fn send(&mut self, batch: &mut Batch) -> Result<usize, RawError> {
        match &mut self.sending {
            Sending::Here(transmitter) => transmitter.send(batch),
            Sending::Beside(senders) => senders.send(batch),
        }
    }

    fn receive(&mut self, each: &mut dyn FnMut(Packet<'_>)) -> Result<usize, RawError> {
        self.receiver.receive(|packet, age| {
            // The filter lets nothing else through.
            if let Some(protocol) = PacketProtocol::from_ether_type(packet.ether_type) {
                each(Packet {
                    bytes: packet.bytes,
                    len_on_wire: packet.len_on_wire,
                    protocol,
                    link_source: packet.link_source,
                    age,
                    checksum_pending: packet.checksum_pending,
                });
            }
        })
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), RawError> {
        self.receiver.wait(at_most)
    }

    fn counters(&self) -> Counters {
        let [n_sent, n_send_retried, n_refused] = match &self.sending {
            Sending::Here(transmitter) => [transmitter.n_sent, transmitter.n_retried, transmitter.n_refused],
            Sending::Beside(senders) => senders.counts(),
        };
        Counters {
            n_sent,
            n_send_retried,
            n_refused,
            n_received: self.receiver.n_received(),
            n_dropped_by_kernel: self.receiver.n_dropped(),
        }
    }
}
