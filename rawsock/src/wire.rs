//! The seam between the engine and the network: what a live interface and a replayed capture have in common.

use std::time::Duration;

use crate::batch::Batch;
use crate::error::RawError;

/// Sends frames and hands over the packets that come back.
pub trait Wire: Send {
    /// Sends the frames of the batch from its start and takes those off it that the kernel, or a thread that will offer
    /// them to it until it takes them, has taken; returns how many.
    /// Fewer than offered (`ENOBUFS`, `EAGAIN`) isn't an error: call again after a moment. When all are taken the
    /// batch's slots are free again.
    ///
    /// # Errors
    ///
    /// [`RawError::InterfaceDown`]: nothing was sent, the frames stay. [`RawError::FrameRefused`] and
    /// [`RawError::BadFrame`]: the frame at the start was taken off, unsent.
    fn send(&mut self, batch: &mut Batch) -> Result<usize, RawError>;

    /// Hands every packet that has arrived to `each`, at most a ring full; returns how many. Never blocks.
    ///
    /// # Errors
    ///
    /// [`RawError::InterfaceDown`] once each time that the interface goes down.
    fn receive(&mut self, each: &mut dyn FnMut(Packet<'_>)) -> Result<usize, RawError>;

    /// Waits until something has arrived or the time is over.
    ///
    /// # Errors
    ///
    /// As [`receive`](Wire::receive).
    fn wait(&mut self, at_most: Duration) -> Result<(), RawError>;

    /// What this wire has moved so far.
    fn counters(&self) -> Counters;
}

/// A packet that arrived, cut to the wire's snap length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Begins with the header of `protocol`, without any link header.
    pub bytes: &'a [u8],
    /// The length that it had on the wire, from the header of `protocol` on; more than `bytes.len()` if cut.
    pub len_on_wire: usize,
    pub protocol: PacketProtocol,
    /// The sender's link address, on links that have some.
    pub link_source: Option<[u8; 6]>,
    /// How long before this call of [`Wire::receive`] it arrived, by the kernel's stamp. Zero if not known.
    pub age: Duration,
    /// The sender left the transport checksum to its hardware and it isn't filled in (as between namespaces of
    /// one machine): it can't be checked.
    pub checksum_pending: bool,
}

/// What a packet begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketProtocol {
    Ipv4,
    Ipv6,
    Arp,
}

impl PacketProtocol {
    /// By `EtherType`.
    #[must_use]
    pub fn from_ether_type(ether_type: u16) -> Option<PacketProtocol> {
        match ether_type {
            0x0800 => Some(PacketProtocol::Ipv4),
            0x86dd => Some(PacketProtocol::Ipv6),
            0x0806 => Some(PacketProtocol::Arp),
            _ => None,
        }
    }
}

/// Counts since the wire was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames that the kernel took.
    pub n_sent: u64,
    /// Times that the kernel had no room for a frame, which then stayed in its batch (`ENOBUFS`, `EAGAIN`).
    pub n_send_retried: u64,
    /// Frames taken off a batch unsent, each reported as an error.
    pub n_refused: u64,
    /// Packets handed over.
    pub n_received: u64,
    /// Packets that passed the filter but found the ring full.
    pub n_dropped_by_kernel: u64,
}

impl Counters {
    /// What was counted after `earlier`, which the same wire said before.
    #[must_use]
    pub fn since(&self, earlier: &Counters) -> Counters {
        Counters {
            n_sent: self.n_sent.saturating_sub(earlier.n_sent),
            n_send_retried: self.n_send_retried.saturating_sub(earlier.n_send_retried),
            n_refused: self.n_refused.saturating_sub(earlier.n_refused),
            n_received: self.n_received.saturating_sub(earlier.n_received),
            n_dropped_by_kernel: self.n_dropped_by_kernel.saturating_sub(earlier.n_dropped_by_kernel),
        }
    }
}
