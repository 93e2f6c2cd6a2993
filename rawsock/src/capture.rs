//! Classic capture files (pcap, both byte orders, micro- and nanoseconds), read with every length checked. The bytes
//! may be hostile.

use std::time::Duration;

use crate::wire::PacketProtocol;

const HEADER_LEN: usize = 24;
const RECORD_LEN: usize = 16;
/// Longest packet that a record may hold; what tcpdump allows.
const MAX_PACKET_LEN: u32 = 256 << 10;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

/// What is wrong with a capture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    #[error("this isn't a classic pcap file")]
    NotPcap,
    #[error("link type {0} isn't known; Ethernet (1), raw IP (101) and Linux cooked (113) are")]
    UnknownLinkType(u32),
    #[error("the capture ends in the middle of the packet behind {n_packets} whole ones")]
    CutOff { n_packets: usize },
    #[error("the packet behind {n_packets} whole ones says it is {len} bytes long")]
    TooLong { n_packets: usize, len: u32 },
}

/// A captured packet of a protocol that a wire hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Since 1970.
    pub at: Duration,
    pub protocol: PacketProtocol,
    pub link_source: Option<[u8; 6]>,
    /// Begins with the header of `protocol`.
    pub bytes: Vec<u8>,
    pub len_on_wire: usize,
}

/// The packets of a capture file, in its order. Other protocols and those of a VLAN are left out.
pub fn read(file: &[u8]) -> Result<Vec<Captured>, CaptureError> {
    let magic = *file.first_chunk().ok_or(CaptureError::NotPcap)?;
    let (order, nanoseconds_a_unit) = match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
        (MICROSECONDS, _) => (Order::Little, 1000),
        (NANOSECONDS, _) => (Order::Little, 1),
        (_, MICROSECONDS) => (Order::Big, 1000),
        (_, NANOSECONDS) => (Order::Big, 1),
        _ => return Err(CaptureError::NotPcap),
    };
    let header = file.get(..HEADER_LEN).ok_or(CaptureError::NotPcap)?;
    // The upper half may say how long the frames' checksums are.
    let link_type = order.word(header, 20).ok_or(CaptureError::NotPcap)? & 0xffff;
    if ![1, 101, 113].contains(&link_type) {
        return Err(CaptureError::UnknownLinkType(link_type));
    }
    let (mut rest, mut n_packets, mut found) = (file.get(HEADER_LEN..).unwrap_or_default(), 0, Vec::new());
    while !rest.is_empty() {
        let cut_off = CaptureError::CutOff { n_packets };
        let field = |at| order.word(rest, at).ok_or(cut_off);
        let (seconds, fraction, len, len_on_wire) = (field(0)?, field(4)?, field(8)?, field(12)?);
        if len > MAX_PACKET_LEN {
            return Err(CaptureError::TooLong { n_packets, len });
        }
        let end = usize::try_from(len).map_err(|_| cut_off)? + RECORD_LEN;
        let frame = rest.get(RECORD_LEN..end).ok_or(cut_off)?;
        rest = rest.get(end..).unwrap_or_default();
        n_packets += 1;
        let Some((protocol, link_source, bytes)) = unwrap_link(link_type, frame) else { continue };
        let at = Duration::from_secs(u64::from(seconds))
            + Duration::from_nanos(u64::from(fraction) * nanoseconds_a_unit);
        let len_on_wire = usize::try_from(len_on_wire).unwrap_or(usize::MAX);
        let len_on_wire = len_on_wire.saturating_sub(frame.len() - bytes.len()).max(bytes.len());
        found.push(Captured { at, protocol, link_source, bytes: bytes.to_vec(), len_on_wire });
    }
    Ok(found)
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn word(self, bytes: &[u8], at: usize) -> Option<u32> {
        let word = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Order::Little => u32::from_le_bytes(word),
            Order::Big => u32::from_be_bytes(word),
        })
    }
}

/// Protocol, sender's link address, and the bytes from the protocol's header on.
type Unwrapped<'a> = (PacketProtocol, Option<[u8; 6]>, &'a [u8]);

fn unwrap_link(link_type: u32, frame: &[u8]) -> Option<Unwrapped<'_>> {
    let ether_type = |at: usize| {
        let [high, low] = *frame.get(at..)?.first_chunk()?;
        PacketProtocol::from_ether_type(u16::from_be_bytes([high, low]))
    };
    match link_type {
        1 => Some((ether_type(12)?, frame.get(6..)?.first_chunk().copied(), frame.get(14..)?)),
        101 => match frame.first()? >> 4 {
            4 => Some((PacketProtocol::Ipv4, None, frame)),
            6 => Some((PacketProtocol::Ipv6, None, frame)),
            _ => None,
        },
        _ => {
            // Linux cooked: direction (2), hardware (2), address length (2), address (8), EtherType (2).
            let is_mac = frame.get(4..6)? == [0, 6];
            let address = frame.get(6..)?.first_chunk().filter(|_| is_mac).copied();
            Some((ether_type(14)?, address, frame.get(16..)?))
        }
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A capture file of these frames, a second apart.
    pub fn file(big: bool, nanoseconds: bool, link_type: u32, frames: &[&[u8]]) -> Vec<u8> {
        let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let magic = if nanoseconds { NANOSECONDS } else { MICROSECONDS };
        let mut file = Vec::new();
        // The versions, 2 and 4, aren't looked at.
        for value in [magic, 0, 0, 0, 65535, link_type] {
            file.extend(word(value));
        }
        for (n, frame) in (1..).zip(frames) {
            let len = u32::try_from(frame.len()).unwrap();
            for value in [n, 500, len, len + 7] {
                file.extend(word(value));
            }
            file.extend_from_slice(frame);
        }
        file
    }

    const ETHERNET: [u8; 16] = [9, 9, 9, 9, 9, 9, 2, 0, 0, 0, 0, 7, 0x08, 0, 0x45, 1];
    const COOKED: [u8; 18] = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0, 0x86, 0xdd, 0x60, 1];

    fn check(link_type: u32, frame: &[u8], expected: Option<(PacketProtocol, bool, &[u8])>) {
        for (big, nanoseconds) in [(false, false), (false, true), (true, false), (true, true)] {
            let read = read(&file(big, nanoseconds, link_type, &[frame])).unwrap();
            let expected = expected.map(|(protocol, has_source, bytes)| Captured {
                at: Duration::new(1, if nanoseconds { 500 } else { 500_000 }),
                protocol,
                link_source: has_source.then_some([2, 0, 0, 0, 0, 7]),
                bytes: bytes.to_vec(),
                len_on_wire: bytes.len() + 7,
            });
            assert_eq!(read, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn reads_every_order_unit_and_link_type() {
        check(1, &ETHERNET, Some((PacketProtocol::Ipv4, true, &[0x45, 1])));
        check(101, &[0x60, 1, 2], Some((PacketProtocol::Ipv6, false, &[0x60, 1, 2])));
        check(113, &COOKED, Some((PacketProtocol::Ipv6, true, &[0x60, 1])));
        let mut vlan = ETHERNET;
        vlan[12] = 0x81;
        check(1, &vlan, None);
        check(101, &[0x10], None);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_except_between_packets() {
        let whole = file(false, false, 1, &[&ETHERNET, &ETHERNET]);
        for n in 0..whole.len() {
            let expected = match n {
                0..24 => Err(CaptureError::NotPcap),
                24 => Ok(0),
                25..56 => Err(CaptureError::CutOff { n_packets: 0 }),
                56 => Ok(1),
                _ => Err(CaptureError::CutOff { n_packets: 1 }),
            };
            assert_eq!(read(&whole[..n]).map(|packets| packets.len()), expected, "cut to {n}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert_eq!(read(&[0x0a, 0x0d, 0x0d, 0x0a, 0, 0]), Err(CaptureError::NotPcap));
        let unknown = file(true, false, 105, &[]);
        assert_eq!(read(&unknown), Err(CaptureError::UnknownLinkType(105)));
        let mut long = file(true, false, 1, &[&ETHERNET]);
        long[32..36].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(read(&long), Err(CaptureError::TooLong { n_packets: 0, len: u32::MAX }));
    }

    proptest! {
        #[test]
        fn hostile_bytes_give_an_answer(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            (big, nanoseconds) in any::<(bool, bool)>(),
            link_type in prop::sample::select(vec![1u32, 101, 113]),
        ) {
            let mut whole = file(big, nanoseconds, link_type, &[&bytes, &bytes]);
            let packets = read(&whole).unwrap();
            prop_assert!(packets.iter().all(|packet| packet.bytes.len() <= bytes.len()));
            whole.truncate(24);
            whole.extend(&bytes);
            if let Ok(packets) = read(&whole) {
                prop_assert!(packets.len() * 16 <= bytes.len());
            }
        }
    }
}
