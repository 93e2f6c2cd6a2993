//! What is sent to a port that no protocol is known for: nothing but the datagram itself, and two ends of line, which
//! line protocols answer with an error. Either may make a closed port say so by ICMP, which is what they are for.

use super::wire::Read;
use super::{AnswersFrom, UdpContext, UdpIntrusiveness, UdpProbe};
use crate::seen::Miss;
use crate::table::FRAGILE_PORTS;

/// For every port that is in no probe's list.
pub const FALLBACK: &[UdpProbe] = &[
    UdpProbe {
        id: "empty",
        protocol: "unknown",
        ports: &[],
        cookie_bits: 0,
        intrusiveness: UdpIntrusiveness::Safe,
        answers_from: AnswersFrom::TheAskedPort,
        source: "RFC 768: a datagram may be empty",
        build: |_, _: &UdpContext| Vec::new(),
        read: nothing,
    },
    UdpProbe {
        id: "lines",
        protocol: "unknown",
        ports: &[],
        cookie_bits: 0,
        intrusiveness: UdpIntrusiveness::Safe,
        answers_from: AnswersFrom::TheAskedPort,
        source: "two ends of line, as a person at a terminal would send",
        build: |_, _: &UdpContext| b"\r\n\r\n".to_vec(),
        read: nothing,
    },
];

/// For those of them that are fragile: one datagram without a byte, and that only if fragile devices are included.
pub const FRAGILE_FALLBACK: &[UdpProbe] = &[UdpProbe {
    id: "empty-fragile",
    protocol: "unknown",
    ports: &[],
    cookie_bits: 0,
    intrusiveness: UdpIntrusiveness::Fragile,
    answers_from: AnswersFrom::TheAskedPort,
    source: "RFC 768: a datagram may be empty",
    build: |_, _: &UdpContext| Vec::new(),
    read: nothing,
}];

/// Ports of controllers that are fragile over UDP only; the others are in [`FRAGILE_PORTS`].
const FRAGILE_OVER_UDP: &[u16] = &[
    // EtherNet/IP's implicit messages; the debugger of VxWorks; BACnet; FL-net.
    2222, 17185, 47808, 55000, 55001, 55002, 55003,
];

pub(super) fn is_fragile(port: u16) -> bool {
    FRAGILE_PORTS.contains(&port) || FRAGILE_OVER_UDP.contains(&port)
}

/// Whatever comes back is of no protocol that was asked for.
fn nothing(_: &[u8]) -> Read {
    Err(Miss::No)
}
