//! Frames of probes: built once with pnet's types, then patched in place for each target.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet::packet::ethernet::{EtherType, EtherTypes, MutableEthernetPacket};
use pnet::packet::icmp::{IcmpTypes, MutableIcmpPacket};
use pnet::packet::icmpv6::{Icmpv6Types, MutableIcmpv6Packet};
use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv4::{Ipv4Flags, MutableIpv4Packet};
use pnet::packet::ipv6::MutableIpv6Packet;
use pnet::packet::tcp::{MutableTcpPacket, TcpFlags, TcpOption};
use pnet::packet::udp::MutableUdpPacket;
use pnet::util::MacAddr;

/// What stands before the IP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkHeader {
    None,
    Ethernet { source: [u8; 6], target: [u8; 6] },
}

const ETHERNET_LEN: usize = 14;
const TTL: u8 = 64;
/// Maximum segment size that fits Ethernet without tunnels: RFC 9293 §3.7.1, 1500 less both headers.
const MSS_V4: u16 = 1460;
const MSS_V6: u16 = 1440;
const WINDOW: u16 = 64_240;
/// Behind the TCP header: MSS, SACK permitted, timestamps, padding, window scale. A SYN without them is dropped
/// by some filters that a real client passes.
const OPTIONS_LEN: usize = 20;

/// A frame of one kind from one source, in which the target, the ports and a few numbers are left open.
///
/// The sums of what stays the same are kept, so that a checksum costs a few additions.
#[derive(Debug, Clone)]
pub struct Template {
    frame: Vec<u8>,
    /// Where the IP header begins.
    ip_at: usize,
    /// Where the header behind it begins.
    body_at: usize,
    source: IpAddr,
    ip_sum: u32,
    body_sum: u32,
    /// Whether the number that is patched in acknowledges something too, so that a RST brings it back.
    acknowledges: bool,
}

impl Template {
    /// A TCP SYN with the options of an ordinary client. `timestamp` is the clock value that it claims.
    pub fn syn(link: LinkHeader, source: IpAddr, timestamp: u32) -> Template {
        let mut segment = vec![0; 20 + OPTIONS_LEN];
        let mss = if source.is_ipv4() { MSS_V4 } else { MSS_V6 };
        let mut tcp = MutableTcpPacket::new(&mut segment).expect("as long as a header with options");
        tcp.set_data_offset(10);
        tcp.set_flags(TcpFlags::SYN);
        tcp.set_window(WINDOW);
        tcp.set_options(&[
            TcpOption::mss(mss),
            TcpOption::sack_perm(),
            TcpOption::timestamp(timestamp, 0),
            TcpOption::nop(),
            TcpOption::wscale(7),
        ]);
        Template::around(link, source, IpNextHeaderProtocols::Tcp, &segment)
    }

    /// A bare ACK, which a filter without memory takes for part of a connection.
    pub fn ack(link: LinkHeader, source: IpAddr) -> Template {
        let mut segment = vec![0; 20];
        let mut tcp = MutableTcpPacket::new(&mut segment).expect("as long as a header");
        tcp.set_data_offset(5);
        tcp.set_flags(TcpFlags::ACK);
        tcp.set_window(WINDOW);
        let template = Template::around(link, source, IpNextHeaderProtocols::Tcp, &segment);
        Template { acknowledges: true, ..template }
    }

    /// An echo request without data, of the family of `source`.
    pub fn echo(link: LinkHeader, source: IpAddr) -> Template {
        let mut message = vec![0; 8];
        if source.is_ipv4() {
            let mut icmp = MutableIcmpPacket::new(&mut message).expect("as long as a header");
            icmp.set_icmp_type(IcmpTypes::EchoRequest);
            Template::around(link, source, IpNextHeaderProtocols::Icmp, &message)
        } else {
            let mut icmp = MutableIcmpv6Packet::new(&mut message).expect("as long as a header");
            icmp.set_icmpv6_type(Icmpv6Types::EchoRequest);
            Template::around(link, source, IpNextHeaderProtocols::Icmpv6, &message)
        }
    }

    /// A timestamp request, which only IPv4 knows: RFC 792.
    pub fn timestamp(link: LinkHeader, source: Ipv4Addr) -> Template {
        let mut message = vec![0; 20];
        let mut icmp = MutableIcmpPacket::new(&mut message).expect("longer than a header");
        icmp.set_icmp_type(IcmpTypes::Timestamp);
        Template::around(link, source.into(), IpNextHeaderProtocols::Icmp, &message)
    }

    /// A datagram; its payload is given with each target.
    pub fn udp(link: LinkHeader, source: IpAddr) -> Template {
        let mut datagram = vec![0; 8];
        let mut udp = MutableUdpPacket::new(&mut datagram).expect("as long as a header");
        udp.set_length(8);
        Template::around(link, source, IpNextHeaderProtocols::Udp, &datagram)
    }

    /// Bytes before any patch, to fill the slots of a batch with.
    pub fn bytes(&self) -> &[u8] {
        &self.frame
    }

    pub fn source(&self) -> IpAddr {
        self.source
    }

    /// Length of a frame with so much payload behind what the template holds.
    pub fn len_with(&self, payload: usize) -> usize {
        self.frame.len() + payload
    }

    /// Sets the link address of the target; nothing where there is no link header.
    pub fn set_link_target(&self, slot: &mut [u8], mac: [u8; 6]) {
        if self.ip_at == ETHERNET_LEN
            && let Some(target) = slot.first_chunk_mut::<6>()
        {
            *target = mac;
        }
    }

    /// Patches a TCP segment into a slot that holds the template's bytes.
    pub fn patch_tcp(&self, slot: &mut [u8], target: IpAddr, ports: [u16; 2], sequence: u32, id: u16) {
        let mut sum = self.patch_ip(slot, target, id);
        let Some(body) = slot.get_mut(self.body_at..).and_then(|body| body.first_chunk_mut::<20>()) else {
            return;
        };
        let [source_port, target_port] = ports;
        body[0..2].copy_from_slice(&source_port.to_be_bytes());
        body[2..4].copy_from_slice(&target_port.to_be_bytes());
        body[4..8].copy_from_slice(&sequence.to_be_bytes());
        let mut numbers = (sequence >> 16) + (sequence & 0xffff);
        if self.acknowledges {
            body[8..12].copy_from_slice(&sequence.to_be_bytes());
            numbers *= 2;
        }
        sum += u32::from(source_port) + u32::from(target_port) + numbers;
        body[16..18].copy_from_slice(&fold(sum).to_be_bytes());
    }

    /// Patches an ICMP request into a slot that holds the template's bytes.
    pub fn patch_icmp(&self, slot: &mut [u8], target: IpAddr, id: u16, sequence: u16) {
        let mut sum = self.patch_ip(slot, target, sequence);
        if target.is_ipv4() {
            // Its checksum knows no addresses: RFC 792.
            sum = self.body_sum;
        }
        let Some(body) = slot.get_mut(self.body_at..).and_then(|body| body.first_chunk_mut::<8>()) else {
            return;
        };
        body[4..6].copy_from_slice(&id.to_be_bytes());
        body[6..8].copy_from_slice(&sequence.to_be_bytes());
        sum += u32::from(id) + u32::from(sequence);
        body[2..4].copy_from_slice(&fold(sum).to_be_bytes());
    }

    /// Writes a datagram with a payload into a slot that holds the template's bytes; the length of the frame, or
    /// `None` if the slot is too short for it.
    pub fn patch_udp(
        &self,
        slot: &mut [u8],
        target: IpAddr,
        ports: [u16; 2],
        id: u16,
        payload: &[u8],
    ) -> Option<usize> {
        let len = self.len_with(payload.len());
        let datagram_len = u16::try_from(8 + payload.len()).ok()?;
        let frame = slot.get_mut(..len)?;
        frame.get_mut(self.frame.len()..)?.copy_from_slice(payload);
        let mut sum = self.patch_ip(frame, target, id);
        self.patch_length(frame, datagram_len);
        let body = frame.get_mut(self.body_at..)?.first_chunk_mut::<8>()?;
        let [source_port, target_port] = ports;
        body[0..2].copy_from_slice(&source_port.to_be_bytes());
        body[2..4].copy_from_slice(&target_port.to_be_bytes());
        body[4..6].copy_from_slice(&datagram_len.to_be_bytes());
        // The template counted a length of eight, in the header and in what is summed before it.
        sum += u32::from(source_port) + u32::from(target_port) + 2 * u32::from(datagram_len - 8);
        let checksum = match fold(sum + sum_of(payload)) {
            // RFC 768: a checksum of zero is sent as all ones, since zero means there is none.
            0 => 0xffff,
            checksum => checksum,
        };
        body[6..8].copy_from_slice(&checksum.to_be_bytes());
        Some(len)
    }

    fn patch_length(&self, frame: &mut [u8], body_len: u16) {
        let is_v4 = self.source.is_ipv4();
        let Some(ip) = frame.get_mut(self.ip_at..) else { return };
        if is_v4 {
            let Some(header) = ip.first_chunk_mut::<20>() else { return };
            header[2..4].copy_from_slice(&(20 + body_len).to_be_bytes());
            let sum = {
                header[10..12].fill(0);
                sum_of(&header[..])
            };
            header[10..12].copy_from_slice(&fold(sum).to_be_bytes());
        } else if let Some(header) = ip.first_chunk_mut::<40>() {
            header[4..6].copy_from_slice(&body_len.to_be_bytes());
        }
    }

    /// Sets the target and the IP checksum; the sum of the pseudo-header and body so far is returned.
    fn patch_ip(&self, slot: &mut [u8], target: IpAddr, id: u16) -> u32 {
        let Some(ip) = slot.get_mut(self.ip_at..) else { return 0 };
        match target {
            IpAddr::V4(target) => {
                let Some(header) = ip.first_chunk_mut::<20>() else { return 0 };
                let octets = target.octets();
                let words = u32::from(u16::from_be_bytes([octets[0], octets[1]]))
                    + u32::from(u16::from_be_bytes([octets[2], octets[3]]));
                header[4..6].copy_from_slice(&id.to_be_bytes());
                header[16..20].copy_from_slice(&octets);
                header[10..12].copy_from_slice(&fold(self.ip_sum + words + u32::from(id)).to_be_bytes());
                self.body_sum + words
            }
            IpAddr::V6(target) => {
                let Some(header) = ip.first_chunk_mut::<40>() else { return 0 };
                header[24..40].copy_from_slice(&target.octets());
                self.body_sum + sum_of(&target.octets())
            }
        }
    }

    fn around(link: LinkHeader, source: IpAddr, protocol: IpNextHeaderProtocol, body: &[u8]) -> Template {
        let ip_at = match link {
            LinkHeader::None => 0,
            LinkHeader::Ethernet { .. } => ETHERNET_LEN,
        };
        let header_len = if source.is_ipv4() { 20 } else { 40 };
        let body_at = ip_at + header_len;
        let mut frame = vec![0; body_at];
        frame.extend(body);
        if let LinkHeader::Ethernet { source: from, target } = link {
            let kind: EtherType = if source.is_ipv4() { EtherTypes::Ipv4 } else { EtherTypes::Ipv6 };
            let mut ethernet = MutableEthernetPacket::new(&mut frame).expect("longer than the header");
            ethernet.set_source(MacAddr::from(from));
            ethernet.set_destination(MacAddr::from(target));
            ethernet.set_ethertype(kind);
        }
        let body_len = u16::try_from(body.len()).expect("bodies are at most forty bytes");
        let ip = frame.get_mut(ip_at..).expect("the header was just made room for");
        let (ip_sum, pseudo_sum) = match source {
            IpAddr::V4(source) => (ipv4(ip, source, protocol, body_len), sum_of(&source.octets())),
            IpAddr::V6(source) => {
                ipv6(ip, source, protocol, body_len);
                (0, sum_of(&source.octets()))
            }
        };
        let body_sum = if protocol == IpNextHeaderProtocols::Icmp {
            sum_of(body)
        } else {
            sum_of(body) + pseudo_sum + u32::from(protocol.0) + u32::from(body_len)
        };
        Template { frame, ip_at, body_at, source, ip_sum, body_sum, acknowledges: false }
    }
}

fn ipv4(bytes: &mut [u8], source: Ipv4Addr, protocol: IpNextHeaderProtocol, body_len: u16) -> u32 {
    let mut ip = MutableIpv4Packet::new(bytes).expect("longer than the header");
    ip.set_version(4);
    ip.set_header_length(5);
    ip.set_total_length(20 + body_len);
    ip.set_flags(Ipv4Flags::DontFragment);
    ip.set_ttl(TTL);
    ip.set_next_level_protocol(protocol);
    ip.set_source(source);
    sum_of(bytes.get(..20).unwrap_or_default())
}

fn ipv6(bytes: &mut [u8], source: Ipv6Addr, protocol: IpNextHeaderProtocol, body_len: u16) {
    let mut ip = MutableIpv6Packet::new(bytes).expect("longer than the header");
    ip.set_version(6);
    ip.set_payload_length(body_len);
    ip.set_next_header(protocol);
    ip.set_hop_limit(TTL);
    ip.set_source(source);
}

/// The Internet checksum of some bytes: RFC 1071.
pub fn checksum(bytes: &[u8]) -> u16 {
    fold(sum_of(bytes))
}

/// The sum of the 16-bit words of at most a packet's length, which 32 bits hold.
fn sum_of(bytes: &[u8]) -> u32 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let words: u32 = pairs.iter().map(|&pair| u32::from(u16::from_be_bytes(pair))).sum();
    words + rest.first().map_or(0, |&last| u32::from(last) << 8)
}

fn fold(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    let twice = (once & 0xffff) + (once >> 16);
    !(twice as u16)
}

#[cfg(test)]
mod tests {
    use pnet::packet::Packet;
    use pnet::packet::ethernet::EthernetPacket;
    use pnet::packet::icmp::{self, IcmpPacket};
    use pnet::packet::icmpv6::{self, Icmpv6Packet};
    use pnet::packet::ipv4::{self, Ipv4Packet};
    use pnet::packet::ipv6::Ipv6Packet;
    use pnet::packet::tcp::{self, TcpPacket};
    use pnet::packet::udp::{self, UdpPacket};
    use proptest::prelude::*;

    use super::*;

    const LINK: LinkHeader = LinkHeader::Ethernet { source: [2, 0, 0, 0, 0, 1], target: [2, 0, 0, 0, 0, 2] };
    const V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

    /// A slot as batches have them: longer than the frame, with the template's bytes in it.
    fn slot(template: &Template) -> Vec<u8> {
        let mut slot = template.bytes().to_vec();
        slot.resize(2000, 0xaa);
        slot
    }

    proptest! {
        #[test]
        fn a_patched_syn_is_what_pnet_would_have_built(
            target: [u8; 4], target_v6: [u8; 16], ports: [u16; 2], sequence: u32, id: u16,
        ) {
            let template = Template::syn(LINK, V4.into(), 77);
            let mut bytes = slot(&template);
            template.patch_tcp(&mut bytes, Ipv4Addr::from(target).into(), ports, sequence, id);
            let frame = EthernetPacket::new(&bytes[..template.len_with(0)]).unwrap();
            let ip = Ipv4Packet::new(frame.payload()).unwrap();
            prop_assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
            prop_assert_eq!((ip.get_destination().octets(), ip.get_identification()), (target, id));
            let segment = TcpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(segment.get_checksum(), tcp::ipv4_checksum(&segment, &V4, &target.into()));
            prop_assert_eq!([segment.get_source(), segment.get_destination()], ports);
            prop_assert_eq!((segment.get_sequence(), segment.get_flags()), (sequence, TcpFlags::SYN));

            let template = Template::ack(LinkHeader::None, V4.into());
            let mut bytes = slot(&template);
            template.patch_tcp(&mut bytes, Ipv4Addr::from(target).into(), ports, sequence, id);
            let ip = Ipv4Packet::new(&bytes[..template.len_with(0)]).unwrap();
            let segment = TcpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(segment.get_checksum(), tcp::ipv4_checksum(&segment, &V4, &target.into()));
            prop_assert_eq!(segment.get_acknowledgement(), sequence);

            let template = Template::syn(LinkHeader::None, V6.into(), 77);
            let mut bytes = slot(&template);
            template.patch_tcp(&mut bytes, Ipv6Addr::from(target_v6).into(), ports, sequence, id);
            let ip = Ipv6Packet::new(&bytes[..template.len_with(0)]).unwrap();
            let segment = TcpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(segment.get_checksum(), tcp::ipv6_checksum(&segment, &V6, &target_v6.into()));
        }

        #[test]
        fn a_patched_echo_is_what_pnet_would_have_built(target: [u8; 4], target_v6: [u8; 16], id: u16, sequence: u16) {
            for template in [Template::echo(LinkHeader::None, V4.into()), Template::timestamp(LinkHeader::None, V4)] {
                let mut bytes = slot(&template);
                template.patch_icmp(&mut bytes, Ipv4Addr::from(target).into(), id, sequence);
                let ip = Ipv4Packet::new(&bytes[..template.len_with(0)]).unwrap();
                let message = IcmpPacket::new(ip.payload()).unwrap();
                prop_assert_eq!(message.get_checksum(), icmp::checksum(&message));
            }
            let template = Template::echo(LinkHeader::None, V6.into());
            let mut bytes = slot(&template);
            template.patch_icmp(&mut bytes, Ipv6Addr::from(target_v6).into(), id, sequence);
            let ip = Ipv6Packet::new(&bytes[..template.len_with(0)]).unwrap();
            let message = Icmpv6Packet::new(ip.payload()).unwrap();
            prop_assert_eq!(message.get_checksum(), icmpv6::checksum(&message, &V6, &target_v6.into()));
        }

        /// Twice into the same slot, so that nothing of the first is left in the second.
        #[test]
        fn a_patched_datagram_is_what_pnet_would_have_built(
            target: [u8; 4], target_v6: [u8; 16], ports: [u16; 2], id: u16,
            payloads in prop::array::uniform2(prop::collection::vec(any::<u8>(), 0..300)),
        ) {
            let v4 = Template::udp(LinkHeader::None, V4.into());
            let v6 = Template::udp(LinkHeader::None, V6.into());
            let (mut bytes, mut bytes_v6) = (slot(&v4), slot(&v6));
            for payload in &payloads {
                let len = v4.patch_udp(&mut bytes, Ipv4Addr::from(target).into(), ports, id, payload).unwrap();
                let ip = Ipv4Packet::new(&bytes[..len]).unwrap();
                prop_assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
                prop_assert_eq!(usize::from(ip.get_total_length()), len);
                let datagram = UdpPacket::new(ip.payload()).unwrap();
                let right = match udp::ipv4_checksum(&datagram, &V4, &target.into()) { 0 => 0xffff, sum => sum };
                prop_assert_eq!(datagram.get_checksum(), right);
                prop_assert_eq!(datagram.payload(), &payload[..]);

                let len = v6.patch_udp(&mut bytes_v6, Ipv6Addr::from(target_v6).into(), ports, id, payload).unwrap();
                let ip = Ipv6Packet::new(&bytes_v6[..len]).unwrap();
                prop_assert_eq!(usize::from(ip.get_payload_length()) + 40, len);
                let datagram = UdpPacket::new(ip.payload()).unwrap();
                let right = match udp::ipv6_checksum(&datagram, &V6, &target_v6.into()) { 0 => 0xffff, sum => sum };
                prop_assert_eq!(datagram.get_checksum(), right);
            }
        }
    }

    #[test]
    fn a_slot_that_is_too_short_is_left_alone() {
        let template = Template::udp(LINK, V4.into());
        let mut short = vec![0; 50];
        assert_eq!(template.patch_udp(&mut short, V4.into(), [1, 2], 3, &[0; 40]), None);
        let syn = Template::syn(LINK, V4.into(), 0);
        syn.patch_tcp(&mut short[..30], V4.into(), [1, 2], 3, 4);
    }

    #[test]
    fn a_syn_offers_what_a_client_offers() {
        let template = Template::syn(LinkHeader::None, V4.into(), 5);
        let segment = TcpPacket::new(&template.bytes()[20..]).unwrap();
        let kinds: Vec<u8> = segment.get_options().iter().map(|option| option.number.0).collect();
        assert_eq!(kinds, [2, 4, 8, 1, 3], "MSS, SACK permitted, timestamps, padding, window scale");
    }
}
