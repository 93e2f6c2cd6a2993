//! CoAP (RFC 7252): the list of resources (RFC 6690). The cookie is the token.

use super::UdpContext;
use super::wire::{Read, echoed, plain, u64_of};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// Confirmable GET of `/.well-known/core`, a token of eight bytes.
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let [.., a, b] = cookie.to_be_bytes();
    [[0x48, 1, a, b].as_slice(), &cookie.to_be_bytes(), b"\xbb.well-known", b"\x04core"].concat()
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (first, code) = (cursor.u8()?, cursor.u8()?);
    cursor.u16()?;
    let (version, kind, n_token) = (first >> 6, first >> 4 & 3, first & 15);
    let facts = identified("coap");
    match (version, kind, code, n_token) {
        // A reset, which has nothing behind the message id.
        (1, 3, 0, 0) if cursor.is_empty() => return plain(facts.fact("code", b"reset")),
        // A response with our token, and a code that there is (§12.1.2; RFC 7959, RFC 8132, RFC 8516).
        (1, 0..=2, 0x41..=0x45 | 0x5f | 0x80..=0x89 | 0x8c | 0x8d | 0x8f | 0x96 | 0x9d | 0xa0..=0xa8, 8) => {}
        _ => return Err(Miss::No),
    }
    let token = u64_of(&mut cursor)?;
    let facts = facts.fact("code", format!("{}.{:02}", code >> 5, code & 31).as_bytes());
    let content = payload(cursor).unwrap_or_default();
    echoed(token, if code == 0x45 { facts.fact("resources", content) } else { facts })
}

/// What stands behind the options.
fn payload(mut cursor: Cursor<'_>) -> Result<&[u8], Miss> {
    for _ in 0..64 {
        let byte = cursor.u8()?;
        if byte == 0xff {
            break;
        }
        extended(&mut cursor, byte >> 4)?;
        let n = extended(&mut cursor, byte & 15)?;
        cursor.take(n)?;
    }
    Ok(cursor.rest())
}

/// An option's number or length of four bits, with the bytes that 13 and 14 announce.
fn extended(cursor: &mut Cursor<'_>, nibble: u8) -> Result<usize, Miss> {
    match nibble {
        13 => Ok(usize::from(cursor.u8()?) + 13),
        14 => Ok(usize::from(cursor.u16()?) + 269),
        15 => Err(Miss::No),
        small => Ok(usize::from(small)),
    }
}
