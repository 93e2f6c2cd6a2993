//! System calls on sockets, each wrapped once so that the rest of the crate is safe code. Decides nothing.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_void, socklen_t};

/// Opens a socket that doesn't block and isn't inherited.
pub fn open(domain: c_int, kind: c_int, protocol: c_int) -> io::Result<OwnedFd> {
    // SAFETY: socket(2) takes no pointers.
    let fd = unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, protocol) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made, is open, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Plain data that the kernel only reads: an integer or a struct of integers.
pub trait PlainOption: Copy {}
impl PlainOption for c_int {}
impl PlainOption for libc::tpacket_req3 {}
impl PlainOption for libc::packet_mreq {}

pub fn set_option<T: PlainOption>(fd: &OwnedFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    // SAFETY: the pointer and length describe `value`, which outlives the call and holds no pointers.
    let set = unsafe {
        let value = ptr::from_ref(value).cast::<c_void>();
        libc::setsockopt(fd.as_raw_fd(), level, name, value, len_of::<T>())
    };
    done(set)
}

/// Attaches a packet filter; from here on only what it accepts is queued.
pub fn attach_filter(fd: &OwnedFd, program: &[libc::sock_filter]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let filter = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `filter` points to `len` instructions that outlive the call; the kernel copies and never writes them.
    let set = unsafe {
        let value = ptr::from_ref(&filter).cast::<c_void>();
        let len = len_of::<libc::sock_fprog>();
        libc::setsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, value, len)
    };
    done(set)
}

/// Packets seen and dropped since the last call (`PACKET_STATISTICS` starts again at each reading).
pub fn take_dropped(fd: &OwnedFd) -> io::Result<u64> {
    let mut statistics = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
    let mut len = len_of::<libc::tpacket_stats_v3>();
    // SAFETY: the kernel writes at most `len` bytes into `statistics`, for which every bit pattern is valid.
    let got = unsafe {
        let value = ptr::from_mut(&mut statistics).cast::<c_void>();
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS, value, &raw mut len)
    };
    done(got)?;
    Ok(u64::from(statistics.tp_drops))
}

/// The error that waits on the socket, which is cleared.
pub fn take_error(fd: &OwnedFd) -> io::Result<Option<io::Error>> {
    let mut code: c_int = 0;
    let mut len = len_of::<c_int>();
    // SAFETY: the kernel writes at most `len` bytes into `code`, for which every bit pattern is valid.
    let got = unsafe {
        let value = ptr::from_mut(&mut code).cast::<c_void>();
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ERROR, value, &raw mut len)
    };
    done(got)?;
    Ok((code != 0).then(|| io::Error::from_raw_os_error(code)))
}

/// Binds a packet socket to an interface. Protocol 0 receives nothing.
pub fn bind_packet(fd: &OwnedFd, interface: u32, protocol: c_int) -> io::Result<()> {
    let address = link_address(interface, protocol);
    // SAFETY: the pointer and length describe `address`, which outlives the call.
    let bound = unsafe {
        let address = ptr::from_ref(&address).cast::<libc::sockaddr>();
        libc::bind(fd.as_raw_fd(), address, len_of::<libc::sockaddr_ll>())
    };
    done(bound)
}

/// Receives frames for every address on the link, as long as the socket is open.
pub fn join_all(fd: &OwnedFd, interface: u32) -> io::Result<()> {
    let membership = libc::packet_mreq {
        mr_ifindex: c_int::try_from(interface).unwrap_or_default(),
        mr_type: u16::try_from(libc::PACKET_MR_PROMISC).unwrap_or_default(),
        mr_alen: 0,
        mr_address: [0; 8],
    };
    set_option(fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)
}

/// A link address without a station: what binding and sending on a bare link need.
pub fn link_address(interface: u32, protocol: c_int) -> libc::sockaddr_ll {
    libc::sockaddr_ll {
        sll_family: u16::try_from(libc::AF_PACKET).unwrap_or_default(),
        sll_protocol: u16::try_from(protocol).unwrap_or_default().to_be(),
        sll_ifindex: c_int::try_from(interface).unwrap_or_default(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    }
}

/// Sends one message on a socket that knows where to; never blocks.
pub fn send(fd: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length describe `bytes`, which outlives the call.
    let sent = unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_DONTWAIT) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Receives one message, cut to the buffer; never blocks.
pub fn receive<'a>(fd: &OwnedFd, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes into `buffer`, which outlives the call.
    let got =
        unsafe { libc::recv(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), libc::MSG_DONTWAIT) };
    let len = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    Ok(buffer.get(..len).unwrap_or_default())
}

/// Waits until something can be read, an error waits, or the time is over. A signal ends it early.
pub fn wait(fd: &OwnedFd, at_most: Duration) -> io::Result<Readiness> {
    let mut entry = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let timeout = libc::timespec {
        tv_sec: libc::time_t::try_from(at_most.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(at_most.subsec_nanos().cast_signed()),
    };
    // SAFETY: one entry, written by the kernel in place; the timeout is only read; both outlive the call.
    let n_ready = unsafe { libc::ppoll(&raw mut entry, 1, &raw const timeout, ptr::null()) };
    if n_ready < 0 {
        let error = io::Error::last_os_error();
        let is_signal = error.kind() == io::ErrorKind::Interrupted;
        return if is_signal { Ok(Readiness::default()) } else { Err(error) };
    }
    Ok(Readiness {
        can_read: entry.revents & libc::POLLIN != 0,
        has_error: entry.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0,
    })
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readiness {
    pub can_read: bool,
    pub has_error: bool,
}

fn len_of<T>() -> socklen_t {
    socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

fn done(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
