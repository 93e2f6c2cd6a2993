//! TFTP (RFC 1350): a file that doesn't exist is asked for, so that an error comes back and nothing is sent.

use super::UdpContext;
use super::wire::{Read, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    format!("\0\x01sentrypost-{cookie:016x}\0octet\0").into_bytes()
}

/// An error, or the first block of a file from a server that has every file.
pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (operation, number) = (cursor.u16()?, cursor.u16()?);
    match operation {
        5 if number <= 8 => {
            let message = cursor.until(0, 512).unwrap_or_default();
            plain(identified("tftp").fact("error", number.to_string().as_bytes()).info(message))
        }
        3 if number == 1 && cursor.rest().len() <= 512 => {
            plain(identified("tftp").fact("serves", b"anything"))
        }
        _ => Err(Miss::No),
    }
}
