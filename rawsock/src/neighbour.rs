//! Link addresses of neighbours: from the kernel's table, or asked for on the link with a frame of our own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::error::RawError;
use crate::frame;
use crate::interface::{Interface, Link};
use crate::live::{LiveWire, WireConfig};
use crate::netlink::{self, Answer, Outcome, Question};
use crate::route::Route;
use crate::wire::{Packet, PacketProtocol, Wire};

/// Length of `struct ndmsg`.
const NEIGHBOUR_LEN: usize = 12;
/// Requests on the link before giving up.
const N_REQUESTS: u32 = 3;

/// The link address of a neighbour from the kernel's table, permanent entries too. None if the kernel has none that
/// it would use.
///
/// # Errors
///
/// The kernel's refusal to answer.
pub fn neighbour(interface: u32, addr: IpAddr) -> Result<Option<[u8; 6]>, RawError> {
    let doing = "asking for a neighbour";
    let (family, bytes) = netlink::address_bytes(addr);
    // struct ndmsg: family, padding (3), interface (4), state (2), flags, type.
    let mut body = [0; NEIGHBOUR_LEN];
    body[0] = family;
    body[4..8].copy_from_slice(&interface.to_ne_bytes());
    let attributes: &[(u16, &[u8])] = &[(libc::NDA_DST, &bytes)];
    let question = Question { doing, kind: libc::RTM_GETNEIGH, dump: false, body: &body, attributes };
    let mut found = None;
    match netlink::ask(&question, |answer| found = read(answer))? {
        Outcome::Answered => Ok(found),
        Outcome::Refused(libc::ENOENT | libc::ENODEV) => Ok(None),
        Outcome::Refused(code) => {
            Err(RawError::System { doing, source: std::io::Error::from_raw_os_error(code) })
        }
    }
}

fn read(answer: &Answer<'_>) -> Option<[u8; 6]> {
    let [_, _, _, _, _, _, _, _, low, high, _, _] = *answer.fixed::<NEIGHBOUR_LEN>()?;
    let usable =
        libc::NUD_REACHABLE | libc::NUD_STALE | libc::NUD_DELAY | libc::NUD_PROBE | libc::NUD_PERMANENT;
    let is_usable = u16::from_ne_bytes([low, high]) & usable != 0;
    let address = answer.attribute(NEIGHBOUR_LEN, libc::NDA_LLADDR).filter(|_| is_usable)?;
    <[u8; 6]>::try_from(address).ok()
}

/// The link address of a route's next hop: from the kernel's table, or asked for on the link (ARP or neighbour
/// solicitation, at most three times), waiting `within` at most. None if nobody answered, or if the link has no
/// addresses.
///
/// # Errors
///
/// Missing privileges, the interface being gone or down.
pub fn resolve_neighbour(route: &Route, within: Duration) -> Result<Option<[u8; 6]>, RawError> {
    if let Some(known) = neighbour(route.interface, route.next_hop)? {
        return Ok(Some(known));
    }
    let interface = Interface::by_index(route.interface)?;
    let Link::Ethernet { mac } = interface.link else { return Ok(None) };
    let Some(request) = request(&interface, mac, route)? else { return Ok(None) };
    // Nothing comes to port 0, so that only the answers to the request pass.
    let mut config = WireConfig::new(interface, 0..=0);
    config.arp = route.next_hop.is_ipv4();
    config.neighbour_discovery = route.next_hop.is_ipv6();
    config.ring_bytes = 1 << 20;
    let mut wire = LiveWire::open(&config)?;
    let until = Instant::now() + within;
    let mut batch = Batch::new(1, request.len(), &request);
    let mut found = None;
    for n in 1..=N_REQUESTS {
        batch.slot();
        batch.commit(request.len());
        wire.send(&mut batch)?;
        let until_next = until.checked_sub(within.mul_f64(f64::from(N_REQUESTS - n) / f64::from(N_REQUESTS)));
        let until_next = until_next.unwrap_or(until);
        while found.is_none() && Instant::now() < until_next {
            wire.wait(until_next.saturating_duration_since(Instant::now()))?;
            wire.receive(&mut |packet| found = found.or_else(|| answer_of(&packet, route.next_hop)))?;
        }
        // The kernel may have learnt it meanwhile.
        found = found.map_or_else(|| neighbour(route.interface, route.next_hop), |found| Ok(Some(found)))?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}

fn request(interface: &Interface, mac: [u8; 6], route: &Route) -> Result<Option<Vec<u8>>, RawError> {
    let own = |want_v6: bool| -> Result<Option<IpAddr>, RawError> {
        let addresses = interface.addresses()?;
        let same = addresses.into_iter().map(|own| own.address).filter(|own| own.is_ipv6() == want_v6);
        Ok(same.into_iter().next())
    };
    Ok(match (route.next_hop, route.source) {
        (IpAddr::V4(target), IpAddr::V4(source)) => Some(frame::arp_request(mac, source, target).to_vec()),
        (IpAddr::V4(target), IpAddr::V6(_)) => {
            let source = match own(false)? {
                Some(IpAddr::V4(source)) => source,
                _ => Ipv4Addr::UNSPECIFIED,
            };
            Some(frame::arp_request(mac, source, target).to_vec())
        }
        (IpAddr::V6(target), IpAddr::V6(source)) if !source.is_unspecified() => {
            Some(frame::neighbour_solicitation(mac, source, target).to_vec())
        }
        // An IPv6 router for an IPv4 target. It answers only who has an address.
        (IpAddr::V6(target), _) => match own(true)? {
            Some(IpAddr::V6(source)) => Some(frame::neighbour_solicitation(mac, source, target).to_vec()),
            _ => None,
        },
    })
}

/// The link address in an answer about `wanted`.
fn answer_of(packet: &Packet<'_>, wanted: IpAddr) -> Option<[u8; 6]> {
    match (packet.protocol, wanted) {
        (PacketProtocol::Arp, IpAddr::V4(wanted)) => {
            // RFC 826: fixed part (8), sender's link address (6), sender's protocol address (4).
            let sender = Ipv4Addr::from(*packet.bytes.get(14..)?.first_chunk::<4>()?);
            let address = packet.bytes.get(8..)?.first_chunk()?;
            (sender == wanted).then_some(*address)
        }
        (PacketProtocol::Ipv6, IpAddr::V6(wanted)) => {
            // RFC 4861, section 4.4: behind the IPv6 header, ICMPv6 136, target at 8, options at 24. The hop limit
            // proves that it wasn't routed.
            let (hop_limit, message) = (*packet.bytes.get(7)?, packet.bytes.get(40..)?);
            let target = Ipv6Addr::from(*message.get(8..)?.first_chunk::<16>()?);
            if hop_limit != 255 || *message.first()? != 136 || target != wanted {
                return None;
            }
            let option = message.get(24..).unwrap_or_default();
            let from_option = option.get(2..).and_then(|address| address.first_chunk().copied());
            from_option.filter(|_| option.starts_with(&[2, 1])).or(packet.link_source)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(protocol: PacketProtocol, bytes: &[u8], wanted: &str, expected: Option<[u8; 6]>) {
        let packet = Packet {
            bytes,
            len_on_wire: bytes.len(),
            protocol,
            link_source: Some([1; 6]),
            age: Duration::ZERO,
            checksum_pending: false,
        };
        assert_eq!(answer_of(&packet, wanted.parse().unwrap()), expected);
    }

    #[test]
    fn reads_an_arp_reply_only_of_the_one_asked() {
        let mut reply = [0; 28];
        reply[..8].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 2]);
        reply[8..14].copy_from_slice(&[2, 0, 0, 0, 0, 7]);
        reply[14..18].copy_from_slice(&[192, 0, 2, 7]);
        check(PacketProtocol::Arp, &reply, "192.0.2.7", Some([2, 0, 0, 0, 0, 7]));
        check(PacketProtocol::Arp, &reply, "192.0.2.8", None);
        for n in 0..18 {
            check(PacketProtocol::Arp, &reply[..n], "192.0.2.7", None);
        }
    }

    #[test]
    fn reads_an_advertisement_only_from_the_link() {
        let mut packet = [0; 72];
        (packet[0], packet[6], packet[7], packet[40]) = (0x60, 58, 255, 136);
        packet[48..64].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
        packet[64..72].copy_from_slice(&[2, 1, 2, 0, 0, 0, 0, 7]);
        check(PacketProtocol::Ipv6, &packet, "2001:db8::7", Some([2, 0, 0, 0, 0, 7]));
        check(PacketProtocol::Ipv6, &packet, "2001:db8::8", None);
        check(PacketProtocol::Ipv6, &packet[..64], "2001:db8::7", Some([1; 6]));
        packet[7] = 64;
        check(PacketProtocol::Ipv6, &packet, "2001:db8::7", None);
    }
}
