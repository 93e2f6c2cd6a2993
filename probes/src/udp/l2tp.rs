//! L2TP version 2 (RFC 2661): the request to start a control connection. The cookie is the tunnel id that answers must
//! be sent to. A server that agrees repeats its answer a few times, since we never confirm it.

use super::UdpContext;
use super::wire::{Read, echoed, len16, low16};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const SCCRP: u16 = 2;
const STOP: u16 = 4;

/// A mandatory attribute of the standard.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let [high, low] = len16(6 + value.len());
    [[0x80 | high, low, 0, 0].as_slice(), &kind.to_be_bytes(), value].concat()
}

pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let attributes = [
        attribute(0, &[0, 1]),
        // Protocol version 1.0, synchronous and asynchronous framing.
        attribute(2, &[1, 0]),
        attribute(3, &[0, 0, 0, 3]),
        attribute(7, b"probe.invalid"),
        attribute(9, &low16(cookie)),
        attribute(10, &[0, 4]),
    ]
    .concat();
    // A control message with length and sequence numbers, version 2; tunnel, session and sequences are zero.
    [[0xc8, 2].as_slice(), &len16(12 + attributes.len()), &[0; 8], &attributes].concat()
}

/// `l2tp` is `accepts`, or `refuses`.
pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    // The bits that a control message must have, and its version.
    if cursor.u16()? & 0xcb0f != 0xc802 {
        return Err(Miss::No);
    }
    let length = usize::from(cursor.u16()?).checked_sub(12).ok_or(Miss::No)?;
    let tunnel = cursor.u16()?;
    cursor.take(6)?;
    let mut attributes = Cursor::whole(cursor.take(length)?);
    let mut facts = identified("l2tp");
    let mut kind_of_message = None;
    for _ in 0..32 {
        let Ok(flags) = attributes.u16() else { break };
        let n = usize::from(flags & 0x03ff).checked_sub(6).ok_or(Miss::No)?;
        let (vendor, kind) = (attributes.u16()?, attributes.u16()?);
        let value = attributes.take(n)?;
        facts = match (vendor, kind) {
            (0, 0) => {
                kind_of_message = Cursor::whole(value).u16().ok();
                facts
            }
            (0, 6) => facts.fact("firmware", hex_number(value).as_bytes()),
            (0, 7) => facts.info(value),
            (0, 8) => facts.product(&crate::clean::text(value)),
            _ => facts,
        };
    }
    match kind_of_message {
        Some(SCCRP) => echoed(tunnel, facts.fact("l2tp", b"accepts")),
        Some(STOP) => echoed(tunnel, facts.fact("l2tp", b"refuses")),
        // A bare acknowledgement (ZLB) has no attributes at all.
        None if length == 0 => echoed(tunnel, facts),
        _ => Err(Miss::No),
    }
}

fn hex_number(value: &[u8]) -> String {
    super::wire::hex(value, 2)
}
