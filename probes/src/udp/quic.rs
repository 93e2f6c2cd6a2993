//! QUIC: a version that nobody has, so that the server lists its own (RFC 8999 §6, RFC 9000 §6). The cookie is our
//! connection id.

use super::UdpContext;
use super::wire::{Read, echoed, u64_of};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// Of the pattern that is kept free to force negotiation (RFC 9000 §15).
const NOBODYS_VERSION: [u8; 4] = [0x1a, 0x2a, 0x3a, 0x4a];

/// A long header of the least length that a server must answer.
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let ids = [[8].as_slice(), &(!cookie).to_be_bytes(), &[8], &cookie.to_be_bytes()].concat();
    let mut packet = [[0xc0].as_slice(), &NOBODYS_VERSION, &ids].concat();
    packet.resize(1200, 0);
    packet
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let first = cursor.u8()?;
    if first & 0x80 == 0 || cursor.u32()? != 0 || cursor.u8()? != 8 {
        return Err(Miss::No);
    }
    let cookie = u64_of(&mut cursor)?;
    let n = usize::from(cursor.u8()?);
    cursor.take(n)?;
    let (versions, rest) = cursor.rest().as_chunks::<4>();
    if versions.is_empty() || !rest.is_empty() {
        return Err(Miss::No);
    }
    let named = versions.iter().take(16).filter_map(|version| match u32::from_be_bytes(*version) {
        1 => Some("1".to_owned()),
        0x6b33_43cf => Some("2".to_owned()),
        draft if draft >> 8 == 0x00ff_0000 => Some(format!("draft-{}", draft & 0xff)),
        // Reserved, sent so that clients get used to what they don't know.
        reserved if reserved & 0x0f0f_0f0f == 0x0a0a_0a0a => None,
        other => Some(format!("{other:08x}")),
    });
    let named: Vec<String> = named.collect();
    echoed(cookie, identified("quic").fact("quic-versions", named.join(",").as_bytes()))
}
