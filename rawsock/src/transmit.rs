//! The sending half: frames of a batch to the kernel, many a call (`sendmmsg`). Ethernet and bare links through a
//! packet socket; loopback through raw IP sockets, since there the kernel drops injected 127/8 frames as martian.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

use libc::{c_int, c_uint, c_void, socklen_t};

use crate::batch::Batch;
use crate::error::RawError;
use crate::interface::{Interface, Link};
use crate::socket;

/// The kernel takes at most this many messages a call.
const MAX_A_CALL: usize = 1024;
const ETH_P_IP: c_int = 0x0800;
const ETH_P_IPV6: c_int = 0x86dd;

/// Sends frames through one interface.
#[derive(Debug)]
pub struct Transmitter {
    path: Path,
    interface: Interface,
    messages: Messages,
    pub n_sent: u64,
    pub n_retried: u64,
    pub n_refused: u64,
}

/// How frames reach the link.
#[derive(Debug)]
enum Path {
    /// Frames with a link header.
    Framed(OwnedFd),
    /// Packets, whose protocol the kernel must be told.
    Bare(OwnedFd),
    /// Packets, which the kernel routes, to itself if they are for this machine.
    Loopback { v4: OwnedFd, v6: Option<OwnedFd> },
}

/// Options of a [`Transmitter`].
#[derive(Debug, Clone, Copy)]
pub struct TransmitConfig {
    pub send_buffer_bytes: usize,
    pub qdisc_bypass: bool,
    /// Each frame begins with a `virtio_net_hdr`.
    pub vnet_header: bool,
}

impl Transmitter {
    pub fn open(interface: &Interface, config: TransmitConfig) -> Result<Transmitter, RawError> {
        let failed = |source| RawError::of("opening a raw socket to send", source);
        let path = match interface.link {
            Link::Ethernet { .. } => Path::Framed(packet_socket(interface, config).map_err(failed)?),
            Link::Bare => Path::Bare(packet_socket(interface, config).map_err(failed)?),
            Link::Loopback => {
                let v4 = loopback_socket(libc::AF_INET, config).map_err(failed)?;
                // A kernel without IPv6 still has a loopback.
                let v6 = match loopback_socket(libc::AF_INET6, config) {
                    Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => None,
                    opened => Some(opened.map_err(failed)?),
                };
                Path::Loopback { v4, v6 }
            }
        };
        Ok(Transmitter {
            path,
            interface: interface.clone(),
            messages: Messages::default(),
            n_sent: 0,
            n_retried: 0,
            n_refused: 0,
        })
    }

    /// See [`Wire::send`](crate::Wire::send).
    pub fn send(&mut self, batch: &mut Batch) -> Result<usize, RawError> {
        let mut n_taken = 0;
        while !batch.is_empty() {
            let result = self.send_some(batch);
            match result {
                Ok((offered, taken)) => {
                    batch.take(taken);
                    n_taken += taken;
                    self.n_sent += u64::try_from(taken).unwrap_or(0);
                    if taken < offered {
                        // Why it stopped shows at the next call, if it still holds then.
                        break;
                    }
                }
                // Reported by the next call, which finds the same frame at the start.
                Err(_) if n_taken > 0 => break,
                Err(Stop::NoRoom) => {
                    self.n_retried += 1;
                    break;
                }
                Err(Stop::Interrupted) => break,
                Err(Stop::Down) => {
                    return Err(RawError::InterfaceDown { name: self.interface.name.clone() });
                }
                Err(Stop::Refused(error)) => {
                    batch.take(1);
                    self.n_refused += 1;
                    return Err(error);
                }
            }
        }
        Ok(n_taken)
    }

    /// Offers the frames at the start that go through one socket; says how many it offered and how many went.
    fn send_some(&mut self, batch: &Batch) -> Result<(usize, usize), Stop> {
        let interface = self.interface.index;
        let frames = batch.frames().take(MAX_A_CALL);
        let outcome = match &self.path {
            Path::Framed(fd) => self.messages.send(fd, 0, frames.map(|frame| (frame, None))),
            Path::Bare(fd) => {
                let named = frames.map_while(|frame| Some((frame, Some(Name::on_link(frame, interface)?))));
                self.messages.send(fd, len_of::<libc::sockaddr_ll>(), named)
            }
            Path::Loopback { v4, v6 } => {
                let version = batch.frames().next().and_then(Version::of);
                let (fd, name_len) = match (version, v6) {
                    (Some(Version::V6), Some(v6)) => (v6, len_of::<libc::sockaddr_in6>()),
                    _ => (v4, len_of::<libc::sockaddr_in>()),
                };
                let same = frames.take_while(|frame| Version::of(frame) == version);
                let named = same.map_while(|frame| Some((frame, Some(Name::of_target(frame, interface)?))));
                self.messages.send(fd, name_len, named)
            }
        };
        match outcome {
            Ok((0, _)) => {
                let len = batch.frames().next().map_or(0, <[u8]>::len);
                let why = "it doesn't begin with a whole IP header";
                Err(Stop::Refused(RawError::BadFrame { len, why }))
            }
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(self.why(error)),
        }
    }

    fn why(&self, error: io::Error) -> Stop {
        match error.raw_os_error() {
            Some(libc::ENOBUFS | libc::EAGAIN | libc::ENOMEM) => Stop::NoRoom,
            Some(libc::EINTR) => Stop::Interrupted,
            Some(libc::ENETDOWN | libc::ENXIO | libc::ENODEV) => Stop::Down,
            // What a raw IP socket says when its interface has gone down.
            Some(libc::ENETUNREACH | libc::EINVAL) if !self.is_up() => Stop::Down,
            _ => Stop::Refused(RawError::FrameRefused { source: error }),
        }
    }

    fn is_up(&self) -> bool {
        Interface::by_index(self.interface.index).is_ok_and(|now| now.is_up)
    }
}

/// Why no frame went.
enum Stop {
    NoRoom,
    Interrupted,
    Down,
    Refused(RawError),
}

fn packet_socket(interface: &Interface, config: TransmitConfig) -> io::Result<OwnedFd> {
    // Protocol 0: it receives nothing.
    let fd = socket::open(libc::AF_PACKET, libc::SOCK_RAW, 0)?;
    socket::set_option(&fd, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, &c_int::from(config.qdisc_bypass))?;
    if config.vnet_header {
        socket::set_option(&fd, libc::SOL_PACKET, libc::PACKET_VNET_HDR, &1)?;
    }
    set_send_buffer(&fd, config.send_buffer_bytes)?;
    socket::bind_packet(&fd, interface.index, 0)?;
    Ok(fd)
}

/// Not bound to the interface: routes to this machine's other addresses name their own, and the kernel finds them
/// only from an unbound socket.
fn loopback_socket(family: c_int, config: TransmitConfig) -> io::Result<OwnedFd> {
    // IPPROTO_RAW: packets bring their own header, and it receives nothing.
    let fd = socket::open(family, libc::SOCK_RAW, libc::IPPROTO_RAW)?;
    set_send_buffer(&fd, config.send_buffer_bytes)?;
    Ok(fd)
}

fn set_send_buffer(fd: &OwnedFd, bytes: usize) -> io::Result<()> {
    let bytes = c_int::try_from(bytes).unwrap_or(c_int::MAX);
    // Past net.core.wmem_max takes CAP_NET_ADMIN; without it the kernel gives what it allows.
    socket::set_option(fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, &bytes)
        .or_else(|_| socket::set_option(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, &bytes))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V4,
    V6,
}

impl Version {
    /// Of a packet with a whole header; nothing behind it is looked at.
    fn of(packet: &[u8]) -> Option<Version> {
        match (packet.first()? >> 4, packet.len()) {
            (4, 20..) => Some(Version::V4),
            (6, 40..) => Some(Version::V6),
            _ => None,
        }
    }
}

/// Where a message goes, for sockets that must be told.
#[derive(Clone, Copy)]
union Name {
    link: libc::sockaddr_ll,
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

impl Name {
    /// A packet's protocol on an interface without link addresses.
    fn on_link(packet: &[u8], interface: u32) -> Option<Name> {
        let protocol = match Version::of(packet)? {
            Version::V4 => ETH_P_IP,
            Version::V6 => ETH_P_IPV6,
        };
        Some(Name { link: socket::link_address(interface, protocol) })
    }

    /// The destination in a packet's header.
    fn of_target(packet: &[u8], interface: u32) -> Option<Name> {
        let family = |family: c_int| u16::try_from(family).unwrap_or_default();
        Some(match Version::of(packet)? {
            Version::V4 => Name {
                v4: libc::sockaddr_in {
                    sin_family: family(libc::AF_INET),
                    sin_port: 0,
                    sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(*packet.get(16..)?.first_chunk()?) },
                    sin_zero: [0; 8],
                },
            },
            Version::V6 => Name {
                v6: libc::sockaddr_in6 {
                    sin6_family: family(libc::AF_INET6),
                    sin6_port: 0,
                    sin6_flowinfo: 0,
                    sin6_addr: libc::in6_addr { s6_addr: *packet.get(24..)?.first_chunk()? },
                    sin6_scope_id: interface,
                },
            },
        })
    }
}

/// The headers of one call, kept for their memory only: nobody follows the pointers left in them.
#[derive(Default)]
struct Messages {
    headers: Vec<libc::mmsghdr>,
    pieces: Vec<libc::iovec>,
    names: Vec<Name>,
}

// SAFETY: the pointers are written and used within one call of `Messages::send`, never in between.
unsafe impl Send for Messages {}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

impl Messages {
    /// Offers frames to a socket, each with the name of `name_len` bytes that it goes to, if any. Returns how many
    /// were offered and how many went.
    fn send<'a>(
        &mut self,
        fd: &OwnedFd,
        name_len: socklen_t,
        frames: impl Iterator<Item = (&'a [u8], Option<Name>)>,
    ) -> io::Result<(usize, usize)> {
        self.headers.clear();
        self.pieces.clear();
        self.names.clear();
        for (frame, name) in frames {
            let iov_base = frame.as_ptr().cast_mut().cast::<c_void>();
            self.pieces.push(libc::iovec { iov_base, iov_len: frame.len() });
            self.names.extend(name);
        }
        let mut names = self.names.iter_mut();
        for piece in &mut self.pieces {
            let name = names.next();
            // SAFETY: all zero is a valid mmsghdr: null pointers, lengths of zero.
            let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
            header.msg_hdr.msg_namelen = if name.is_some() { name_len } else { 0 };
            header.msg_hdr.msg_name = name.map_or(ptr::null_mut(), |name| ptr::from_mut(name).cast());
            header.msg_hdr.msg_iov = ptr::from_mut(piece);
            header.msg_hdr.msg_iovlen = 1;
            self.headers.push(header);
        }
        let n_offered = self.headers.len();
        if n_offered == 0 {
            return Ok((0, 0));
        }
        let n = c_uint::try_from(n_offered).unwrap_or(c_uint::MAX);
        // SAFETY: `n` headers, whose pieces and names lie in vectors that aren't touched until the call returns, and
        // whose frames are borrowed for `'a`, which outlives it. The kernel only reads frames and names.
        let n_sent =
            unsafe { libc::sendmmsg(fd.as_raw_fd(), self.headers.as_mut_ptr(), n, libc::MSG_DONTWAIT) };
        let n_sent = usize::try_from(n_sent).map_err(|_| io::Error::last_os_error())?;
        Ok((n_offered, n_sent))
    }
}

fn len_of<T>() -> socklen_t {
    socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}
