//! The kernel's way to an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::RawError;
use crate::netlink::{self, Answer, Outcome, Question};

/// Length of `struct rtmsg`.
const ROUTE_LEN: usize = 12;

/// The kernel's route to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Index of the interface; 0 where `kind` leads nowhere.
    pub interface: u32,
    /// The address of ours that the kernel would send from; unspecified where `kind` leads nowhere, or if the
    /// interface has none.
    pub source: IpAddr,
    /// The router, or the target itself if it is on the link.
    pub next_hop: IpAddr,
    pub kind: RouteKind,
}

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// To another machine.
    Unicast,
    /// To this machine.
    Local,
    /// To everyone on the link: no target.
    Broadcast,
    /// To a group: no target.
    Multicast,
    /// Nowhere: no route, or one that says unreachable.
    Unreachable,
    /// Nowhere, by an administrator's choice.
    Prohibit,
    /// Nowhere, silently.
    Blackhole,
}

/// Asks the kernel, in the calling thread's network namespace. An address that can't be reached is an answer, not
/// an error.
///
/// # Errors
///
/// The kernel's refusal to answer.
pub fn route_to(addr: IpAddr) -> Result<Route, RawError> {
    let doing = "asking for a route";
    let (family, bytes) = netlink::address_bytes(addr);
    let prefix_len = u8::try_from(bytes.len() * 8).unwrap_or_default();
    // struct rtmsg: family, destination length, …
    let mut body = [0; ROUTE_LEN];
    [body[0], body[1]] = [family, prefix_len];
    let attributes: &[(u16, &[u8])] = &[(libc::RTA_DST, &bytes)];
    let question = Question { doing, kind: libc::RTM_GETROUTE, dump: false, body: &body, attributes };
    let mut found = None;
    let outcome = netlink::ask(&question, |answer| found = read(answer, addr))?;
    match outcome {
        Outcome::Answered => found.ok_or(RawError::OddAnswer { doing }),
        // What a route of these kinds says to whoever asks.
        Outcome::Refused(libc::ENETUNREACH | libc::EHOSTUNREACH) => Ok(nowhere(addr, RouteKind::Unreachable)),
        Outcome::Refused(libc::EACCES) => Ok(nowhere(addr, RouteKind::Prohibit)),
        Outcome::Refused(libc::EINVAL) => Ok(nowhere(addr, RouteKind::Blackhole)),
        Outcome::Refused(code) => {
            Err(RawError::System { doing, source: std::io::Error::from_raw_os_error(code) })
        }
    }
}

fn nowhere(addr: IpAddr, kind: RouteKind) -> Route {
    Route { interface: 0, source: unspecified(addr), next_hop: addr, kind }
}

fn unspecified(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn read(answer: &Answer<'_>, addr: IpAddr) -> Option<Route> {
    let [_, _, _, _, _, _, _, kind, ..] = *answer.fixed::<ROUTE_LEN>()?;
    let kind = match kind {
        libc::RTN_UNICAST => RouteKind::Unicast,
        libc::RTN_LOCAL => RouteKind::Local,
        libc::RTN_BROADCAST | libc::RTN_ANYCAST => RouteKind::Broadcast,
        libc::RTN_MULTICAST => RouteKind::Multicast,
        libc::RTN_UNREACHABLE => RouteKind::Unreachable,
        libc::RTN_PROHIBIT => RouteKind::Prohibit,
        libc::RTN_BLACKHOLE => RouteKind::Blackhole,
        _ => return None,
    };
    if matches!(kind, RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Blackhole) {
        return Some(nowhere(addr, kind));
    }
    let attribute = |wanted| answer.attribute(ROUTE_LEN, wanted);
    let interface = attribute(libc::RTA_OIF).and_then(|index| <[u8; 4]>::try_from(index).ok())?;
    let source = attribute(libc::RTA_PREFSRC).and_then(netlink::ip_address);
    let gateway = attribute(libc::RTA_GATEWAY).and_then(netlink::ip_address);
    // struct rtvia: family (2), then the address: an IPv6 router for an IPv4 target.
    let via = || attribute(libc::RTA_VIA).and_then(|via| netlink::ip_address(via.get(2..)?));
    Some(Route {
        interface: u32::from_ne_bytes(interface),
        source: source.unwrap_or_else(|| unspecified(addr)),
        next_hop: gateway.or_else(via).unwrap_or(addr),
        kind,
    })
}
