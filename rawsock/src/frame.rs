//! The two frames that ask a link for a neighbour.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An ARP request as an Ethernet frame.
#[must_use]
pub fn arp_request(mac: [u8; 6], source: Ipv4Addr, target: Ipv4Addr) -> [u8; 42] {
    let mut frame = [0; 42];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&mac);
    // EtherType, then Ethernet, IPv4, address lengths, request (RFC 826).
    frame[12..22].copy_from_slice(&[0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1]);
    frame[22..28].copy_from_slice(&mac);
    frame[28..32].copy_from_slice(&source.octets());
    frame[38..42].copy_from_slice(&target.octets());
    frame
}

/// A neighbour solicitation as an Ethernet frame (RFC 4861, section 4.3).
#[must_use]
pub fn neighbour_solicitation(mac: [u8; 6], source: Ipv6Addr, target: Ipv6Addr) -> [u8; 86] {
    let mut frame = [0; 86];
    let [.., a, b, c] = target.octets();
    frame[..6].copy_from_slice(&[0x33, 0x33, 0xff, a, b, c]);
    frame[6..12].copy_from_slice(&mac);
    frame[12..14].copy_from_slice(&[0x86, 0xdd]);
    // Version 6, 32 bytes of ICMPv6, hop limit 255: receivers drop a solicitation that was routed.
    frame[14] = 0x60;
    frame[18..22].copy_from_slice(&[0, 32, 58, 255]);
    frame[22..38].copy_from_slice(&source.octets());
    let group = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c];
    frame[38..54].copy_from_slice(&group);
    frame[54] = 135;
    frame[62..78].copy_from_slice(&target.octets());
    // Option 1, one unit of 8 bytes: our link address.
    frame[78..80].copy_from_slice(&[1, 1]);
    frame[80..86].copy_from_slice(&mac);
    let checksum = icmpv6_checksum(&frame[22..54], &frame[54..86]);
    frame[56..58].copy_from_slice(&checksum.to_be_bytes());
    frame
}

/// RFC 4443, section 2.3, over both addresses and a message whose checksum field is zero.
fn icmpv6_checksum(addresses: &[u8], message: &[u8]) -> u16 {
    let pairs = addresses.chunks(2).chain(message.chunks(2));
    let words = pairs.map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    });
    let len = u32::try_from(message.len()).unwrap_or(0);
    let mut sum = words.sum::<u32>() + len + 58;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}
