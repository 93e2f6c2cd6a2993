//! Who is next on our own links: the link addresses of routers, and of those targets that a session admits, from the
//! kernel's table or asked for at a bounded rate.
//!
//! Answers are parsed here, so that it runs only once privileges are given up.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use model::addr::AddrSet;
use model::scope::Leave;
use probes::packet::LinkHeader;
use rawsock::{Batch, Packet, PacketProtocol, RawError, Wire};

use super::drive::DOWN_PATIENCE;
use super::paths::{Next, PathError, Paths, Way};
use super::throttle::Throttle;
use crate::cancel::Cancel;
use crate::plan::Plan;

/// How often an address is asked for at most.
const N_ROUNDS: u32 = 3;
/// How long the last of a round is waited for, and how long a router.
const PATIENCE: Duration = Duration::from_millis(700);
const ROUTER_PATIENCE: Duration = Duration::from_secs(1);
/// Addresses asked for on one link at most: a /64 isn't to be swept by neighbour solicitations.
const MOST: usize = 1 << 17;
/// Requests a second at most, whatever the rate of the run.
const MOST_A_SECOND: u32 = 1_000;
/// A pause, or an interface that is down, is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The first step of a way, as one session knows it.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub(crate) link: LinkHeader,
    /// Link addresses by target, where `link` doesn't hold the one for all; who isn't among them can't be reached.
    pub(crate) neighbours: Option<HashMap<IpAddr, [u8; 6]>>,
}

/// Whose link addresses a session asks for.
pub(crate) struct Asking<'a> {
    pub(crate) plan: &'a Plan,
    /// No other target is asked for.
    pub(crate) leave: &'a Leave,
    pub(crate) throttle: &'a Throttle,
    pub(crate) cancel: &'a Cancel,
}

impl Asking<'_> {
    /// The first step of every way. It is an error if none of them leads anywhere; what a silent router leads to
    /// can't be reached.
    pub(crate) fn hops(&self, paths: &mut Paths) -> Result<Vec<Hop>, PathError> {
        let mut hops = Vec::new();
        let (mut n_ways, mut why_not) = (0, None);
        for way in &paths.ways {
            let Some(wire) = paths.wires.get_mut(way.wire) else { continue };
            let hop = self.hop(way, wire.as_mut())?;
            match (&way.next, &hop.neighbours) {
                (Next::Router { router, .. }, Some(_)) => {
                    why_not = Some(format!("the next hop {router} doesn't answer on its link"));
                }
                _ => n_ways += 1,
            }
            hops.push(hop);
        }
        match why_not {
            Some(why_not) if n_ways == 0 && !self.cancel.is_cancelled() => Err(PathError::NoWay(why_not)),
            _ => Ok(hops),
        }
    }

    fn hop(&self, way: &Way, wire: &mut dyn Wire) -> Result<Hop, RawError> {
        let by_target = |source, known| {
            let link = LinkHeader::Ethernet { source, target: [0; 6] };
            Hop { link, neighbours: Some(known) }
        };
        Ok(match &way.next {
            Next::Known(link) => Hop { link: *link, neighbours: None },
            Next::Router { interface, mac, from, router } => {
                let known = self.ask(wire, (*interface, *mac, *from), vec![*router], ROUTER_PATIENCE)?;
                match known.get(router) {
                    Some(&target) => {
                        Hop { link: LinkHeader::Ethernet { source: *mac, target }, neighbours: None }
                    }
                    None => by_target(*mac, known),
                }
            }
            Next::Targets { interface, mac, nets } => {
                let wanted = self.admitted(nets);
                by_target(*mac, self.ask(wire, (*interface, *mac, way.source), wanted, PATIENCE)?)
            }
        })
    }

    /// The addresses of the plan in some networks that the session admits.
    fn admitted(&self, nets: &AddrSet) -> Vec<IpAddr> {
        let of_block = self.plan.blocks().iter().map(|block| block.addresses.intersection(nets));
        of_block
            .flat_map(|shared| self.leave.among(&shared).take(MOST))
            .map(|admitted| admitted.addr())
            .take(MOST)
            .collect()
    }

    /// Asks for link addresses from an interface and our own addresses on it. Who doesn't answer in three rounds is
    /// left out.
    fn ask(
        &self,
        wire: &mut dyn Wire,
        (interface, mac, from): (u32, [u8; 6], IpAddr),
        wanted: Vec<IpAddr>,
        patience: Duration,
    ) -> Result<HashMap<IpAddr, [u8; 6]>, RawError> {
        let mut known = HashMap::new();
        let mut missing = HashSet::new();
        for addr in wanted {
            match rawsock::neighbour(interface, addr)? {
                Some(mac) => drop(known.insert(addr, mac)),
                None => drop(missing.insert(addr)),
            }
        }
        // What came before isn't an answer.
        self.while_down(|| wire.receive(&mut |_| ()))?;
        for _ in 0..N_ROUNDS {
            let mut order: Vec<IpAddr> = missing.iter().copied().collect();
            order.sort_unstable();
            for addr in order {
                while self.throttle.is_paused() && !self.cancel.is_cancelled() {
                    std::thread::sleep(LOOK_EVERY);
                }
                if self.cancel.is_cancelled() {
                    return Ok(known);
                }
                self.while_down(|| send(wire, mac, from, addr))?;
                let next =
                    Instant::now() + Duration::from_secs(1) / self.throttle.rate().clamp(1, MOST_A_SECOND);
                self.while_down(|| wire.wait(next.saturating_duration_since(Instant::now())))?;
                self.while_down(|| listen(wire, &mut missing, &mut known))?;
                // An answer ends the wait early; the rate doesn't follow.
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            let until = Instant::now() + patience;
            while !missing.is_empty() && Instant::now() < until && !self.cancel.is_cancelled() {
                let wait = until.saturating_duration_since(Instant::now()).min(LOOK_EVERY);
                self.while_down(|| wire.wait(wait))?;
                self.while_down(|| listen(wire, &mut missing, &mut known))?;
            }
            if missing.is_empty() {
                break;
            }
        }
        Ok(known)
    }

    /// An interface that is down for a moment is waited for, as later in the session.
    fn while_down<T>(&self, mut act: impl FnMut() -> Result<T, RawError>) -> Result<T, RawError> {
        let since = Instant::now();
        loop {
            match act() {
                Err(RawError::InterfaceDown { .. })
                    if since.elapsed() < DOWN_PATIENCE && !self.cancel.is_cancelled() =>
                {
                    std::thread::sleep(LOOK_EVERY);
                }
                done => return done,
            }
        }
    }
}

fn send(wire: &mut dyn Wire, mac: [u8; 6], source: IpAddr, target: IpAddr) -> Result<(), RawError> {
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
    match wire.send(&mut batch) {
        // A firewall of our own: it counts as silent, as later in the session.
        Ok(_) | Err(RawError::FrameRefused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn listen(
    wire: &mut dyn Wire,
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
