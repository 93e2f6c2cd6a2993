//! STUN (RFC 8489): a binding request; TURN servers answer it too.

use super::UdpContext;
use super::wire::{Read, echoed, name_and_version, u64_of};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const SOFTWARE: u16 = 0x8022;

/// Binding request, no attributes; the cookie begins the transaction id.
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    [[0, 1, 0, 0].as_slice(), &MAGIC, &cookie.to_be_bytes(), &[0; 4]].concat()
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let kind = cursor.u16()?;
    let length = usize::from(cursor.u16()?);
    cursor.tag(&MAGIC)?;
    let cookie = u64_of(&mut cursor)?;
    cursor.take(4)?;
    // Success or error of a binding.
    if !matches!(kind, 0x0101 | 0x0111) || length != cursor.rest().len() || length % 4 != 0 {
        return Err(Miss::No);
    }
    let mut facts = identified("stun");
    for _ in 0..32 {
        let (Ok(kind), Ok(n)) = (cursor.u16(), cursor.u16()) else { break };
        let n = usize::from(n);
        let Some(value) = cursor.take(n.next_multiple_of(4)).ok().and_then(|padded| padded.get(..n)) else {
            break;
        };
        if kind == SOFTWARE {
            let (name, version) = name_and_version(value);
            facts = facts.product(&crate::clean::text(name)).version(version).info(value);
        }
    }
    echoed(cookie, facts)
}
