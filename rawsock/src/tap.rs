//! Whole frames in and out of an Ethernet interface, whoever they are for: what a relay between two interfaces needs.
//! Not for scanning, which must see no traffic but its own.

use std::time::Duration;

use crate::batch::Batch;
use crate::error::RawError;
use crate::interface::{Interface, Link};
use crate::receive::{ReceiveConfig, Receiver};
use crate::transmit::{TransmitConfig, Transmitter};

/// Longest frame: the kernel joins segments up to this before it hands them to a packet socket.
const SNAP_LEN: usize = 66_000;

/// Every frame that arrives on an Ethernet interface, which is promiscuous as long as this lives.
#[derive(Debug)]
pub struct TapReceiver(Receiver);

/// Sends frames on, as a [`TapReceiver`] gave them.
#[derive(Debug)]
pub struct TapSender(Transmitter);

/// A frame that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapFrame<'a> {
    /// What to put into a [`TapSender`]'s batch to send it on: a `virtio_net_hdr` of 10 bytes, which says what the
    /// sender left to its hardware (checksum, segmentation), then the frame from its Ethernet header on.
    pub bytes: &'a [u8],
    /// How long before this call it arrived.
    pub age: Duration,
}

impl TapReceiver {
    /// # Errors
    ///
    /// Missing privileges, the interface being gone, down or without link addresses.
    pub fn open(interface: &Interface, ring_bytes: usize) -> Result<TapReceiver, RawError> {
        let interface = usable(interface)?;
        let receive = ReceiveConfig { filter: None, link_header: true, ring_bytes, snap_len: SNAP_LEN };
        Receiver::open(&interface, &receive).map(TapReceiver)
    }

    /// Hands over every frame that has arrived, at most a ring full; returns how many. Never blocks.
    ///
    /// # Errors
    ///
    /// [`RawError::InterfaceDown`] once each time that the interface goes down.
    pub fn receive(&mut self, mut each: impl FnMut(TapFrame<'_>)) -> Result<usize, RawError> {
        self.0.receive(|packet, age| each(TapFrame { bytes: packet.bytes, age }))
    }

    /// Waits until something has arrived or the time is over.
    ///
    /// # Errors
    ///
    /// As [`receive`](TapReceiver::receive).
    pub fn wait(&self, at_most: Duration) -> Result<(), RawError> {
        self.0.wait(at_most)
    }

    /// Frames for which the ring had no room.
    #[must_use]
    pub fn n_dropped(&self) -> u64 {
        self.0.n_dropped()
    }
}

impl TapSender {
    /// # Errors
    ///
    /// As [`TapReceiver::open`].
    pub fn open(interface: &Interface) -> Result<TapSender, RawError> {
        let interface = usable(interface)?;
        let config = TransmitConfig { send_buffer_bytes: 16 << 20, qdisc_bypass: true, vnet_header: true };
        Transmitter::open(&interface, config).map(TapSender)
    }

    /// As [`Wire::send`](crate::Wire::send), of frames as in [`TapFrame::bytes`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send(&mut self, batch: &mut Batch) -> Result<usize, RawError> {
        self.0.send(batch)
    }

    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.0.n_sent
    }

    /// Frames taken off a batch unsent, each reported as an error.
    #[must_use]
    pub fn n_refused(&self) -> u64 {
        self.0.n_refused
    }
}

fn usable(interface: &Interface) -> Result<Interface, RawError> {
    let interface = Interface::by_index(interface.index)?;
    match interface.link {
        _ if !interface.is_up => Err(RawError::InterfaceDown { name: interface.name }),
        Link::Ethernet { .. } => Ok(interface),
        Link::Bare | Link::Loopback => {
            Err(RawError::BadConfig { why: "only Ethernet interfaces can be tapped" })
        }
    }
}
