//! Network interfaces as the kernel tells them.

use std::net::IpAddr;

use crate::error::RawError;
use crate::netlink::{self, Answer, Outcome, Question};

/// Length of `struct ifinfomsg`.
const LINK_LEN: usize = 16;
/// Length of `struct ifaddrmsg`.
const ADDRESS_LEN: usize = 8;

/// A network interface of the calling thread's network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub index: u32,
    pub name: String,
    pub link: Link,
    /// Longest packet without its link header, bytes.
    pub mtu: u32,
    pub is_up: bool,
    /// Whether targets on the link are asked for their link addresses; on a link without neighbours any will do.
    pub has_neighbours: bool,
}

/// What frames on an interface begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// 14 bytes of Ethernet header.
    Ethernet { mac: [u8; 6] },
    /// The IP header: tun and the like.
    Bare,
    /// The IP header. Everything sent is received again.
    Loopback,
}

/// An address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceAddress {
    pub address: IpAddr,
    pub prefix_len: u8,
    /// IPv6 only: valid on this link alone.
    pub is_link_local: bool,
}

impl Link {
    /// Bytes of link header before the IP header of a frame to be sent.
    #[must_use]
    pub fn header_len(self) -> usize {
        match self {
            Link::Ethernet { .. } => 14,
            Link::Bare | Link::Loopback => 0,
        }
    }
}

impl Interface {
    /// # Errors
    ///
    /// [`RawError::NoSuchInterface`], or the kernel's refusal.
    pub fn by_index(index: u32) -> Result<Interface, RawError> {
        let found = Interface::all()?.into_iter().find(|interface| interface.index == index);
        found.ok_or_else(|| RawError::NoSuchInterface { wanted: format!("with index {index}") })
    }

    /// # Errors
    ///
    /// [`RawError::NoSuchInterface`], or the kernel's refusal.
    pub fn by_name(name: &str) -> Result<Interface, RawError> {
        let found = Interface::all()?.into_iter().find(|interface| interface.name == name);
        found.ok_or_else(|| RawError::NoSuchInterface { wanted: format!("named {name}") })
    }

    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn all() -> Result<Vec<Interface>, RawError> {
        let mut found = Vec::new();
        dump("listing network interfaces", libc::RTM_GETLINK, &[0; LINK_LEN], |answer| {
            found.extend(Interface::read(answer));
        })?;
        Ok(found)
    }

    /// The addresses that it has now; those still being checked for duplicates, and duplicates, left out.
    ///
    /// # Errors
    ///
    /// The kernel's refusal.
    pub fn addresses(&self) -> Result<Vec<InterfaceAddress>, RawError> {
        let mut found = Vec::new();
        dump("listing addresses", libc::RTM_GETADDR, &[0; ADDRESS_LEN], |answer| {
            found.extend(InterfaceAddress::read(answer, self.index));
        })?;
        Ok(found)
    }

    fn read(answer: &Answer<'_>) -> Option<Interface> {
        // struct ifinfomsg: family, padding, type (2), index (4), flags (4), change (4).
        let [_, _, type_low, type_high, i0, i1, i2, i3, f0, f1, f2, f3, ..] = *answer.fixed::<LINK_LEN>()?;
        let hardware = u16::from_ne_bytes([type_low, type_high]);
        let flags = u32::from_ne_bytes([f0, f1, f2, f3]);
        let attribute = |wanted| answer.attribute(LINK_LEN, wanted);
        let name = attribute(libc::IFLA_IFNAME)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let mac = attribute(libc::IFLA_ADDRESS).and_then(|mac| <[u8; 6]>::try_from(mac).ok());
        let link = match (hardware, mac) {
            (libc::ARPHRD_LOOPBACK, _) => Link::Loopback,
            (libc::ARPHRD_ETHER, Some(mac)) => Link::Ethernet { mac },
            _ => Link::Bare,
        };
        let mtu = attribute(libc::IFLA_MTU).and_then(|mtu| <[u8; 4]>::try_from(mtu).ok());
        Some(Interface {
            index: u32::from_ne_bytes([i0, i1, i2, i3]),
            name: String::from_utf8_lossy(name).into_owned(),
            link,
            mtu: mtu.map_or(0, u32::from_ne_bytes),
            is_up: flags & libc::IFF_UP.cast_unsigned() != 0,
            has_neighbours: flags & (libc::IFF_NOARP | libc::IFF_POINTOPOINT).cast_unsigned() == 0,
        })
    }
}

impl InterfaceAddress {
    fn read(answer: &Answer<'_>, interface: u32) -> Option<InterfaceAddress> {
        // struct ifaddrmsg: family, prefix length, flags, scope, index (4).
        let [_, prefix_len, flags, scope, index @ ..] = *answer.fixed::<ADDRESS_LEN>()?;
        let unusable = libc::IFA_F_TENTATIVE | libc::IFA_F_DADFAILED;
        if u32::from_ne_bytes(index) != interface || u32::from(flags) & unusable != 0 {
            return None;
        }
        // On a point-to-point link IFA_ADDRESS is the other end's.
        let own = answer.attribute(ADDRESS_LEN, libc::IFA_LOCAL);
        let address = netlink::ip_address(own.or(answer.attribute(ADDRESS_LEN, libc::IFA_ADDRESS))?)?;
        let is_link_local = scope == libc::RT_SCOPE_LINK && address.is_ipv6();
        Some(InterfaceAddress { address, prefix_len, is_link_local })
    }
}

fn dump(doing: &'static str, kind: u16, body: &[u8], each: impl FnMut(&Answer<'_>)) -> Result<(), RawError> {
    match netlink::ask(&Question { doing, kind, dump: true, body, attributes: &[] }, each)? {
        Outcome::Answered => Ok(()),
        Outcome::Refused(code) => Err(RawError::of(doing, std::io::Error::from_raw_os_error(code))),
    }
}
