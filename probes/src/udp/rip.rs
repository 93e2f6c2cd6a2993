//! RIP version 1 (RFC 1058 §3.4.1): the whole table is asked for.

use super::UdpContext;
use super::wire::{Read, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// One entry of no address family with metric 16.
pub(super) fn ask(_: u64, _: &UdpContext) -> Vec<u8> {
    [[1, 1, 0, 0].as_slice(), &[0; 16], &[0, 0, 0, 16]].concat()
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (command, version, zero) = (cursor.u8()?, cursor.u8()?, cursor.u16()?);
    let (entries, rest) = cursor.rest().as_chunks::<20>();
    // At most 25 entries, each with the family of IPv4 or, in version 2, one of authentication.
    let is_route = |entry: &[u8; 20]| matches!(entry, [0, 2, ..] | [0xff, 0xff, ..]);
    let is_answer = command == 2 && matches!(version, 1 | 2) && zero == 0;
    if !is_answer || !rest.is_empty() || !(1..=25).contains(&entries.len()) || !entries.iter().all(is_route) {
        return Err(Miss::No);
    }
    plain(
        identified("rip")
            .fact("protocol-version", version.to_string().as_bytes())
            .fact("routes", entries.len().to_string().as_bytes()),
    )
}
