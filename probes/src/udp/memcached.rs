//! memcached over UDP (its protocol.txt, "UDP protocol"): a frame of eight bytes, then the text protocol.

use model::observation::Access;

use super::UdpContext;
use super::wire::{Read, echoed, low16};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, after};

/// Request number, sequence 0 of 1 datagram, reserved.
fn framed(cookie: u64, command: &[u8]) -> Vec<u8> {
    [low16(cookie).as_slice(), &[0, 0, 0, 1, 0, 0], command].concat()
}

pub(super) fn ask_version(cookie: u64, _: &UdpContext) -> Vec<u8> {
    framed(cookie, b"version\r\n")
}

/// The answer is what makes it an amplifier.
pub(super) fn ask_statistics(cookie: u64, _: &UdpContext) -> Vec<u8> {
    framed(cookie, b"stats\r\n")
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (id, sequence, n_datagrams) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    cursor.u16()?;
    // A later piece begins anywhere in the text, so only the first one proves anything.
    if n_datagrams == 0 || sequence != 0 {
        return Err(Miss::No);
    }
    let facts = identified("memcached").product("memcached");
    let (text, ends) = (cursor.rest(), b"\r\n".as_slice());
    let version = if text.starts_with(b"VERSION ") {
        after(text, b"VERSION ", ends)
    } else if text.starts_with(b"STAT ") {
        after(text, b"STAT version ", ends)
    } else if text.starts_with(b"ERROR")
        || text.starts_with(b"CLIENT_ERROR")
        || text.starts_with(b"SERVER_ERROR")
    {
        return echoed(id, facts);
    } else {
        return Err(Miss::No);
    };
    echoed(id, facts.version(version.unwrap_or_default()).access(Access::NoAuthentication))
}
