//! Reads packets that arrived, from the IP header on. Everything is looked at before it is believed; whatever
//! isn't whole, or isn't ours to understand, is `None`.
//!
//! Sources: RFC 791 §3.1, RFC 8200 §3 and §4, RFC 9293 §3.1, RFC 768, RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::shape::Shape;
use model::unreachable::{Icmp, IcmpError};

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// Extension headers followed before a packet is given up: more is not ordinary traffic.
const MOST_EXTENSIONS: usize = 8;

/// A packet that may answer a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<'a> {
    Tcp(Segment),
    Udp {
        from: IpAddr,
        to: IpAddr,
        from_port: u16,
        to_port: u16,
        ttl: u8,
        payload: &'a [u8],
    },
    /// An ICMP error about a packet of ours. `from` is whoever sent it, seldom the target itself.
    Unreachable {
        from: IpAddr,
        error: IcmpError,
        quoted: Quoted,
    },
    /// An answer to an echo or timestamp request.
    Echo(Echo),
}

/// A TCP segment without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub from: IpAddr,
    pub to: IpAddr,
    pub from_port: u16,
    pub to_port: u16,
    pub sequence: u32,
    pub acknowledged: u32,
    pub flags: u8,
    pub shape: Shape,
}

impl Segment {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const ACK: u8 = 16;

    pub fn is_syn_ack(&self) -> bool {
        self.flags & (Self::SYN | Self::ACK | Self::RST | Self::FIN) == Self::SYN | Self::ACK
    }

    pub fn is_reset(&self) -> bool {
        self.flags & Self::RST != 0
    }
}

/// Our own packet, as an ICMP error quotes it: the first eight bytes behind the IP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    pub from: IpAddr,
    pub to: IpAddr,
    pub protocol: u8,
    pub from_port: u16,
    pub to_port: u16,
    /// The TCP sequence number; of other protocols the bytes that stand there.
    pub sequence: u32,
}

/// An answer to an echo or timestamp request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    pub from: IpAddr,
    pub to: IpAddr,
    pub id: u16,
    pub sequence: u16,
    pub ttl: u8,
    pub is_timestamp: bool,
}

/// Reads a packet that begins with its IP header.
pub fn hear_ip(bytes: &[u8]) -> Option<Heard<'_>> {
    let packet = Ip::read(bytes)?;
    match packet.protocol {
        TCP => segment(&packet).map(Heard::Tcp),
        UDP => {
            let header: &[u8; 8] = packet.payload.first_chunk()?;
            // A length of 0 or beyond the packet is a lie that the payload doesn't depend on.
            let stated = usize::from(word(header, 4)).clamp(8, packet.payload.len());
            Some(Heard::Udp {
                from: packet.from,
                to: packet.to,
                from_port: word(header, 0),
                to_port: word(header, 2),
                ttl: packet.ttl,
                payload: packet.payload.get(8..stated)?,
            })
        }
        ICMP if packet.from.is_ipv4() => icmp(&packet),
        ICMPV6 if packet.from.is_ipv6() => icmpv6(&packet),
        _ => None,
    }
}

struct Ip<'a> {
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    ttl: u8,
    payload: &'a [u8],
}

impl<'a> Ip<'a> {
    fn read(bytes: &'a [u8]) -> Option<Ip<'a>> {
        match bytes.first()? >> 4 {
            4 => Self::v4(bytes, false),
            6 => Self::v6(bytes),
            _ => None,
        }
    }

    /// `is_quote` where only the beginning of a packet is there, so that its length says nothing.
    fn v4(bytes: &'a [u8], is_quote: bool) -> Option<Ip<'a>> {
        let header: &[u8; 20] = bytes.first_chunk()?;
        let header_len = usize::from(header[0] & 0x0f) * 4;
        let total = usize::from(word(header, 2));
        // A fragment behind the first begins somewhere in the middle.
        if header_len < 20 || word(header, 6) & 0x1fff != 0 {
            return None;
        }
        let end = if is_quote { bytes.len() } else { total.min(bytes.len()) };
        Some(Ip {
            from: Ipv4Addr::new(header[12], header[13], header[14], header[15]).into(),
            to: Ipv4Addr::new(header[16], header[17], header[18], header[19]).into(),
            protocol: header[9],
            ttl: header[8],
            payload: bytes.get(header_len..end)?,
        })
    }

    fn v6(bytes: &'a [u8]) -> Option<Ip<'a>> {
        let header: &[u8; 40] = bytes.first_chunk()?;
        let mut rest = bytes.get(40..)?;
        let mut protocol = header[6];
        for _ in 0..MOST_EXTENSIONS {
            match protocol {
                // Hop-by-hop, routing, destination options.
                0 | 43 | 60 => {
                    let &[next, len, ..] = rest.first_chunk::<8>()?;
                    rest = rest.get(8 + usize::from(len) * 8..)?;
                    protocol = next;
                }
                // Fragment: only the first begins with what is looked for.
                44 => {
                    let fragment: &[u8; 8] = rest.first_chunk()?;
                    if word(fragment, 2) & 0xfff8 != 0 {
                        return None;
                    }
                    rest = rest.get(8..)?;
                    protocol = fragment[0];
                }
                _ => break,
            }
        }
        let source: [u8; 16] = *header.get(8..24)?.first_chunk()?;
        let target: [u8; 16] = *header.get(24..40)?.first_chunk()?;
        Some(Ip {
            from: Ipv6Addr::from(source).into(),
            to: Ipv6Addr::from(target).into(),
            protocol,
            ttl: header[7],
            payload: rest,
        })
    }
}

fn segment(packet: &Ip<'_>) -> Option<Segment> {
    let header: &[u8; 20] = packet.payload.first_chunk()?;
    let header_len = usize::from(header[12] >> 4) * 4;
    // Options that are cut off, or claim to begin inside the header, are none.
    let options = packet.payload.get(20..header_len).unwrap_or_default();
    Some(Segment {
        from: packet.from,
        to: packet.to,
        from_port: word(header, 0),
        to_port: word(header, 2),
        sequence: double_word(header, 4),
        acknowledged: double_word(header, 8),
        flags: header[13],
        shape: Shape { ttl: packet.ttl, window: word(header, 14), options: option_kinds(options) },
    })
}

fn option_kinds(mut options: &[u8]) -> [u8; 8] {
    let mut kinds = [0; 8];
    for kind in &mut kinds {
        let Some(&first) = options.first() else { break };
        // Kind 0 ends the list, kind 1 is one byte of padding, the others say how long they are.
        let len = match first {
            0 => break,
            1 => 1,
            _ => options.get(1).map_or(0, |&len| usize::from(len)),
        };
        let Some(rest) = options.get(len..).filter(|_| len > 0) else { break };
        *kind = first;
        options = rest;
    }
    kinds
}

fn icmp<'a>(packet: &Ip<'a>) -> Option<Heard<'a>> {
    let header: &[u8; 8] = packet.payload.first_chunk()?;
    match (header[0], header[1]) {
        (0, 0) => Some(Heard::Echo(echo(packet, header, false))),
        (14, 0) => Some(Heard::Echo(echo(packet, header, true))),
        (kind, code) => {
            let error = IcmpError::of(Icmp::V4, kind, code)?;
            let quoted = quoted(&Ip::v4(packet.payload.get(8..)?, true)?)?;
            Some(Heard::Unreachable { from: packet.from, error, quoted })
        }
    }
}

fn icmpv6<'a>(packet: &Ip<'a>) -> Option<Heard<'a>> {
    let header: &[u8; 8] = packet.payload.first_chunk()?;
    match (header[0], header[1]) {
        (129, 0) => Some(Heard::Echo(echo(packet, header, false))),
        (kind, code) => {
            let error = IcmpError::of(Icmp::V6, kind, code)?;
            let quoted = quoted(&Ip::v6(packet.payload.get(8..)?)?)?;
            Some(Heard::Unreachable { from: packet.from, error, quoted })
        }
    }
}

fn echo(packet: &Ip<'_>, header: &[u8; 8], is_timestamp: bool) -> Echo {
    Echo {
        from: packet.from,
        to: packet.to,
        id: word(header, 4),
        sequence: word(header, 6),
        ttl: packet.ttl,
        is_timestamp,
    }
}

fn quoted(packet: &Ip<'_>) -> Option<Quoted> {
    let header: &[u8; 8] = packet.payload.first_chunk()?;
    Some(Quoted {
        from: packet.from,
        to: packet.to,
        protocol: packet.protocol,
        from_port: word(header, 0),
        to_port: word(header, 2),
        sequence: double_word(header, 4),
    })
}

/// Big-endian numbers inside a header whose length its type states.
fn word<const N: usize>(header: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([header[at], header[at + 1]])
}

fn double_word<const N: usize>(header: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let total = u16::try_from(20 + payload.len()).expect("a small packet").to_be_bytes();
        let mut bytes = vec![0x45, 0, total[0], total[1], 0, 1, 0x40, 0, 57, protocol, 0, 0];
        bytes.extend([198, 51, 100, 7, 192, 0, 2, 1]);
        bytes.extend(payload);
        bytes
    }

    fn v6(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(payload.len()).expect("a small packet").to_be_bytes();
        let mut bytes = vec![0x60, 0, 0, 0, len[0], len[1], protocol, 61];
        bytes.extend("2001:db8::7".parse::<Ipv6Addr>().expect("an address").octets());
        bytes.extend("2001:db8::1".parse::<Ipv6Addr>().expect("an address").octets());
        bytes.extend(payload);
        bytes
    }

    /// Port 443 answers port 61000: SYN-ACK with MSS, SACK-permitted, padding and a window scale.
    fn syn_ack() -> Vec<u8> {
        let mut bytes =
            vec![0x01, 0xbb, 0xee, 0x48, 0, 0, 0, 9, 0, 0, 1, 0, 0x80, 0x12, 0xfa, 0xf0, 0, 0, 0, 0];
        bytes.extend([2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 0, 0]);
        bytes
    }

    fn probe_quoted() -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 60, 0, 1, 0x40, 0, 1, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7];
        bytes.extend([0xee, 0x48, 0x01, 0xbb, 0xde, 0xad, 0xbe, 0xef]);
        bytes
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<Heard<'_>>) {
        assert_eq!(hear_ip(bytes), expected);
        for n in 0..bytes.len() {
            // Whatever a cut packet is taken for, it is no panic, and not the whole.
            let cut = hear_ip(&bytes[..n]);
            assert!(
                cut.is_none()
                    || matches!(cut, Some(Heard::Tcp(_) | Heard::Udp { .. } | Heard::Unreachable { .. }))
            );
        }
    }

    #[test]
    fn an_answer_says_its_path_its_numbers_and_the_shape_of_its_stack() {
        let shape = |ttl| Shape { ttl, window: 64_240, options: [2, 4, 1, 3, 0, 0, 0, 0] };
        let segment = |from: &str, to: &str, ttl| {
            Heard::Tcp(Segment {
                from: ip(from),
                to: ip(to),
                from_port: 443,
                to_port: 61_000,
                sequence: 9,
                acknowledged: 256,
                flags: 0x12,
                shape: shape(ttl),
            })
        };
        check(&v4(TCP, &syn_ack()), Some(segment("198.51.100.7", "192.0.2.1", 57)));
        check(&v6(TCP, &syn_ack()), Some(segment("2001:db8::7", "2001:db8::1", 61)));
        // The same behind a hop-by-hop header of eight bytes.
        let mut behind = vec![TCP, 0, 1, 4, 0, 0, 0, 0];
        behind.extend(syn_ack());
        check(&v6(0, &behind), Some(segment("2001:db8::7", "2001:db8::1", 61)));
    }

    #[test]
    fn an_error_tells_whose_packet_it_is_about_and_why() {
        let mut error = vec![3, 13, 0, 0, 0, 0, 0, 0];
        error.extend(probe_quoted());
        let quoted = Quoted {
            from: ip("192.0.2.1"),
            to: ip("198.51.100.7"),
            protocol: TCP,
            from_port: 61_000,
            to_port: 443,
            sequence: 0xdead_beef,
        };
        for (kind, code) in [(3, 13), (3, 10), (3, 3), (11, 0), (12, 1)] {
            error[..2].copy_from_slice(&[kind, code]);
            let told = IcmpError::of(Icmp::V4, kind, code).expect("an error about a target");
            let about = Heard::Unreachable { from: ip("198.51.100.7"), error: told, quoted };
            check(&v4(ICMP, &error), Some(about));
        }
        // Codes that are no answer about a port: fragmentation needed, and one nobody defined.
        error[..2].copy_from_slice(&[3, 4]);
        check(&v4(ICMP, &error), None);
        error[..2].copy_from_slice(&[3, 200]);
        check(&v4(ICMP, &error), None);
    }

    #[test]
    fn later_fragments_and_foreign_protocols_are_nothing() {
        let mut later = v4(TCP, &syn_ack());
        later[7] = 2;
        check(&later, None);
        check(&v4(47, &syn_ack()), None);
        check(&v6(ICMP, &[0; 16]), None);
        check(&[0x10; 60], None);
    }

    #[test]
    fn a_datagram_ends_where_it_says_or_where_it_is_cut() {
        let datagram = |stated: u8| v4(UDP, &[0, 53, 0xee, 0x48, 0, stated, 0, 0, 1, 2, 3, 4]);
        let payload_of = |bytes: &[u8]| match hear_ip(bytes) {
            Some(Heard::Udp { payload, .. }) => payload.to_vec(),
            other => panic!("not a datagram: {other:?}"),
        };
        assert_eq!(payload_of(&datagram(12)), [1, 2, 3, 4]);
        assert_eq!(payload_of(&datagram(10)), [1, 2]);
        assert_eq!(payload_of(&datagram(200)), [1, 2, 3, 4]);
        assert_eq!(payload_of(&datagram(0)), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            hear_ip(&bytes);
        }

        /// Bytes that get past the first checks more often than random ones do.
        #[test]
        fn nearly_right_bytes_are_read_without_a_panic(
            is_v6: bool,
            protocol in prop::sample::select(vec![TCP, UDP, ICMP, ICMPV6, 0, 43, 44, 60]),
            payload in prop::collection::vec(any::<u8>(), 0..120),
            at in 0usize..20,
            value: u8,
        ) {
            let mut bytes = if is_v6 { v6(protocol, &payload) } else { v4(protocol, &payload) };
            if at > 0 && let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            hear_ip(&bytes);
        }
    }
}
