//! Link addresses of targets on our own links: from the kernel's table, or asked for at a bounded rate.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use model::addr::{AddrRange, AddrSet};
use rawsock::{Batch, Interface, LiveWire, Packet, PacketProtocol, RawError, Wire, WireConfig};

use crate::plan::Plan;

/// How often an address is asked for at most.
const N_ROUNDS: u32 = 3;
/// How long the last of a round is waited for.
const PATIENCE: Duration = Duration::from_millis(700);
/// Addresses asked for on one link at most: a /64 isn't to be swept by neighbour solicitations.
const MOST: usize = 1 << 17;

/// The addresses of a plan that lie in some networks.
pub(crate) fn wanted(plan: &Plan, nets: &[AddrRange]) -> Vec<IpAddr> {
    let nets: AddrSet = nets.iter().copied().collect();
    let of_block = plan.blocks().iter().map(|block| block.addresses.intersection(&nets));
    of_block.flat_map(|shared| shared.iter().take(MOST).collect::<Vec<_>>()).take(MOST).collect()
}

/// Asks for the link addresses of targets on a link, at most so many a second. Who doesn't answer in three rounds is
/// left out.
pub(crate) fn ask(
    interface: &Interface,
    mac: [u8; 6],
    source: IpAddr,
    wanted: Vec<IpAddr>,
    per_second: u32,
) -> Result<HashMap<IpAddr, [u8; 6]>, RawError> {
    let mut known = HashMap::new();
    let mut missing = HashSet::new();
    for addr in wanted {
        match rawsock::neighbour(interface.index, addr)? {
            Some(mac) => drop(known.insert(addr, mac)),
            None => drop(missing.insert(addr)),
        }
    }
    if missing.is_empty() {
        return Ok(known);
    }
    // Nothing comes to port 0, so that only answers to these requests pass.
    let mut config = WireConfig::new(interface.clone(), 0..=0);
    config.arp = source.is_ipv4();
    config.neighbour_discovery = source.is_ipv6();
    let mut wire = LiveWire::open(&config)?;
    let interval = Duration::from_secs(1) / per_second.max(1);
    for _ in 0..N_ROUNDS {
        let mut order: Vec<IpAddr> = missing.iter().copied().collect();
        order.sort_unstable();
        let mut next = Instant::now();
        for addr in order {
            send(&mut wire, mac, source, addr)?;
            next += interval;
            wire.wait(next.saturating_duration_since(Instant::now()))?;
            listen(&mut wire, &mut missing, &mut known)?;
            // An answer ends the wait early; the rate doesn't follow.
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        let until = Instant::now() + PATIENCE;
        while !missing.is_empty() && Instant::now() < until {
            wire.wait(until.saturating_duration_since(Instant::now()))?;
            listen(&mut wire, &mut missing, &mut known)?;
        }
        if missing.is_empty() {
            break;
        }
    }
    Ok(known)
}

fn send(wire: &mut LiveWire, mac: [u8; 6], source: IpAddr, target: IpAddr) -> Result<(), RawError> {
    let frame = match (source, target) {
        (IpAddr::V4(source), IpAddr::V4(target)) => rawsock::arp_request(mac, source, target).to_vec(),
        (IpAddr::V6(source), IpAddr::V6(target)) => {
            rawsock::neighbour_solicitation(mac, source, target).to_vec()
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return Ok(()),
    };
    let mut batch = Batch::new(1, frame.len(), &frame);
    if batch.slot().is_some() {
        batch.commit(frame.len());
    }
    wire.send(&mut batch).map(drop)
}

fn listen(
    wire: &mut LiveWire,
    missing: &mut HashSet<IpAddr>,
    known: &mut HashMap<IpAddr, [u8; 6]>,
) -> Result<(), RawError> {
    let mut each = |packet: Packet<'_>| {
        if let Some((addr, mac)) = answer(&packet).filter(|(addr, _)| missing.contains(addr)) {
            missing.remove(&addr);
            known.insert(addr, mac);
        }
    };
    wire.receive(&mut each).map(drop)
}

/// Who says that an address is theirs: RFC 826, RFC 4861 §4.4.
fn answer(packet: &Packet<'_>) -> Option<(IpAddr, [u8; 6])> {
    match packet.protocol {
        PacketProtocol::Arp => {
            let arp: &[u8; 28] = packet.bytes.first_chunk()?;
            // Ethernet, IPv4, six and four bytes, a reply.
            if arp[..8] != [0, 1, 8, 0, 6, 4, 0, 2] {
                return None;
            }
            let mac = [arp[8], arp[9], arp[10], arp[11], arp[12], arp[13]];
            is_unicast(mac).then(|| ([arp[14], arp[15], arp[16], arp[17]].into(), mac))
        }
        PacketProtocol::Ipv6 => {
            let header: &[u8; 64] = packet.bytes.first_chunk()?;
            // ICMPv6 directly behind the IP header, from the link itself, an advertisement.
            if header[6] != 58 || header[7] != 255 || header[40] != 136 {
                return None;
            }
            let target: [u8; 16] = *header.get(48..64)?.first_chunk()?;
            // Its option says the link address; without one it is where the packet came from.
            let stated = match packet.bytes.get(64..72) {
                Some(&[2, 1, a, b, c, d, e, f]) => Some([a, b, c, d, e, f]),
                _ => packet.link_source,
            };
            stated.filter(|&mac| is_unicast(mac)).map(|mac| (Ipv6Addr::from(target).into(), mac))
        }
        PacketProtocol::Ipv4 => None,
    }
}

fn is_unicast(mac: [u8; 6]) -> bool {
    mac != [0; 6] && mac[0] & 1 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(protocol: PacketProtocol, bytes: &[u8], expected: Option<(&str, [u8; 6])>) {
        let packet = |bytes| Packet {
            bytes,
            len_on_wire: bytes.len(),
            protocol,
            link_source: Some([2, 9, 9, 9, 9, 9]),
            age: Duration::ZERO,
            checksum_pending: false,
        };
        let expected = expected.map(|(addr, mac)| (addr.parse().expect(addr), mac));
        assert_eq!(answer(&packet(bytes)), expected);
        for n in 0..bytes.len().min(64) {
            answer(&packet(&bytes[..n]));
        }
    }

    #[test]
    fn only_replies_of_single_hosts_say_whose_an_address_is() {
        let mut arp = vec![0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 7, 192, 0, 2, 7];
        arp.extend([2, 0, 0, 0, 0, 1, 192, 0, 2, 1]);
        check(PacketProtocol::Arp, &arp, Some(("192.0.2.7", [2, 0, 0, 0, 0, 7])));
        arp[7] = 1;
        check(PacketProtocol::Arp, &arp, None);
        arp[7] = 2;
        arp[8] = 0xff;
        check(PacketProtocol::Arp, &arp, None);

        let mut advertisement = vec![0; 72];
        advertisement[0] = 0x60;
        (advertisement[6], advertisement[7], advertisement[40]) = (58, 255, 136);
        let target = "2001:db8::7".parse::<Ipv6Addr>().expect("an address");
        advertisement[48..64].copy_from_slice(&target.octets());
        advertisement[64..].copy_from_slice(&[2, 1, 2, 0, 0, 0, 0, 8]);
        check(PacketProtocol::Ipv6, &advertisement, Some(("2001:db8::7", [2, 0, 0, 0, 0, 8])));
        check(PacketProtocol::Ipv6, &advertisement[..64], Some(("2001:db8::7", [2, 9, 9, 9, 9, 9])));
        advertisement[7] = 64;
        check(PacketProtocol::Ipv6, &advertisement, None);
    }
}
