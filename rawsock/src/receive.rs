//! The receiving half: a packet socket with its filter and its ring.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libc::{c_int, sock_filter};

use crate::error::RawError;
use crate::interface::Interface;
use crate::ring::{Ring, RingPacket, VNET_HEADER_LEN};
use crate::socket;

const ETH_P_ALL: c_int = 3;
/// An older stamp means that the clock was set since.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Options of a [`Receiver`].
#[derive(Debug, Clone, Copy)]
pub struct ReceiveConfig<'a> {
    pub filter: Option<&'a [sock_filter]>,
    /// Hand over frames, with a `virtio_net_hdr` before each and whoever they are for, rather than packets.
    pub link_header: bool,
    pub ring_bytes: usize,
    pub snap_len: usize,
}

/// Receives what arrives on one interface.
#[derive(Debug)]
pub struct Receiver {
    // Unmapped before the socket closes.
    ring: Ring,
    fd: OwnedFd,
    interface: Interface,
    n_received: u64,
    n_dropped: Cell<u64>,
}

impl Receiver {
    pub fn open(interface: &Interface, config: &ReceiveConfig<'_>) -> Result<Receiver, RawError> {
        let failed = |source| RawError::of("opening a raw socket to receive", source);
        let kind = if config.link_header { libc::SOCK_RAW } else { libc::SOCK_DGRAM };
        // Protocol 0 until it is bound: nothing can slip in before the filter stands.
        let fd = socket::open(libc::AF_PACKET, kind, 0).map_err(failed)?;
        if let Some(filter) = config.filter {
            socket::attach_filter(&fd, filter).map_err(failed)?;
        }
        // On loopback a packet passes twice, outgoing and incoming: the incoming one stays.
        socket::set_option(&fd, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1).map_err(failed)?;
        if config.link_header {
            socket::set_option(&fd, libc::SOL_PACKET, libc::PACKET_VNET_HDR, &1).map_err(failed)?;
        }
        let prefix_len = if config.link_header { VNET_HEADER_LEN } else { 0 };
        let ring = Ring::open(&fd, config.ring_bytes, config.snap_len, prefix_len).map_err(failed)?;
        socket::bind_packet(&fd, interface.index, ETH_P_ALL).map_err(failed)?;
        if config.link_header {
            socket::join_all(&fd, interface.index).map_err(failed)?;
        }
        Ok(Receiver { ring, fd, interface: interface.clone(), n_received: 0, n_dropped: Cell::new(0) })
    }

    /// Hands over what has arrived, each with how long ago; returns how many.
    pub fn receive(&mut self, mut each: impl FnMut(RingPacket<'_>, Duration)) -> Result<usize, RawError> {
        // The kernel stamps packets by this clock. What they are worth is only their distance from now.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let n_packets = self.ring.drain(|packet| {
            let age = now.checked_sub(packet.at).filter(|age| *age <= MAX_AGE);
            each(packet, age.unwrap_or_default());
        });
        if n_packets == 0 {
            self.check()?;
        }
        self.n_received += u64::try_from(n_packets).unwrap_or(0);
        Ok(n_packets)
    }

    pub fn wait(&self, at_most: Duration) -> Result<(), RawError> {
        if self.ring.is_ready() {
            return Ok(());
        }
        let failed = |source| RawError::System { doing: "waiting for packets", source };
        if socket::wait(&self.fd, at_most).map_err(failed)?.has_error { self.check() } else { Ok(()) }
    }

    /// Whether an error waits on the socket; reading it clears it.
    fn check(&self) -> Result<(), RawError> {
        let doing = "receiving packets";
        let waiting = socket::take_error(&self.fd).map_err(|source| RawError::System { doing, source })?;
        match waiting {
            None => Ok(()),
            Some(error) => match error.raw_os_error() {
                Some(libc::ENETDOWN | libc::ENODEV | libc::ENXIO) => {
                    Err(RawError::InterfaceDown { name: self.interface.name.clone() })
                }
                _ => Err(RawError::System { doing, source: error }),
            },
        }
    }

    pub fn n_received(&self) -> u64 {
        self.n_received
    }

    /// Packets for which the ring had no room.
    pub fn n_dropped(&self) -> u64 {
        // The kernel starts again at each reading. If it can't be read the count stays.
        let n_new = socket::take_dropped(&self.fd).unwrap_or(0);
        self.n_dropped.set(self.n_dropped.get() + n_new);
        self.n_dropped.get()
    }
}
