//! BACnet/IP (ASHRAE 135, annex J; clauses 6, 15.5 and 20): the maker's name, read from whatever device it is.

use super::UdpContext;
use super::wire::{Read, echoed, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// Original unicast; version 1, a reply expected; a confirmed request without segments, of up to 1476 bytes;
/// ReadProperty of device 4194303, which stands for any, property 121 (vendor name). The cookie is the invoke id.
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let [.., id] = cookie.to_be_bytes();
    vec![0x81, 0x0a, 0, 17, 1, 4, 0, 5, id, 12, 0x0c, 2, 0x3f, 0xff, 0xff, 0x19, 121]
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(&[0x81])?;
    let function = cursor.u8()?;
    let length = usize::from(cursor.u16()?);
    if length != reply.len() || !matches!(function, 0 | 4 | 0x0a | 0x0b) {
        return Err(Miss::No);
    }
    let facts = identified("bacnet");
    if function == 0 {
        // A result of the link layer: it refuses, so it is there.
        return plain(facts);
    }
    if function == 4 {
        // Forwarded: the address of the origin comes first.
        cursor.take(6)?;
    }
    cursor.tag(&[1])?;
    let control = cursor.u8()?;
    for source in [0x20, 0x08] {
        // Destination, then source: network, length, address.
        if control & source != 0 {
            cursor.u16()?;
            let n = usize::from(cursor.u8()?);
            cursor.take(n)?;
        }
    }
    if control & 0x20 != 0 {
        cursor.u8()?;
    }
    if control & 0x80 != 0 {
        // A message of the network layer.
        return plain(facts);
    }
    let (kind, id) = (cursor.u8()?, cursor.u8()?);
    match kind >> 4 {
        3 => {
            let name = vendor(&mut cursor).unwrap_or_default();
            echoed(id, facts.product(&crate::clean::text(name)))
        }
        // Error, reject, abort.
        5..=7 => echoed(id, facts.fact("refuses", (kind >> 4).to_string().as_bytes())),
        _ => Err(Miss::No),
    }
}

/// The character string between the tags that open and close context 3.
fn vendor<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Miss> {
    // Service, object, property.
    cursor.take(1 + 5 + 2)?;
    cursor.tag(&[0x3e])?;
    let tag = cursor.u8()?;
    let n = match tag & 7 {
        _ if tag >> 4 != 7 => return Err(Miss::No),
        5 => usize::from(cursor.u8()?),
        short => usize::from(short),
    };
    let text = cursor.take(n)?;
    // The first byte is the character set; 0 is UTF-8.
    text.strip_prefix(&[0]).ok_or(Miss::No)
}
