//! The little services of the first years: echo (RFC 862), daytime (867), qotd (865), chargen (864), time (868).

use super::UdpContext;
use super::wire::{Read, echoed, hex64, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const MARK: &[u8] = b"sentrypost-";

pub(super) fn ask_echo(cookie: u64, _: &UdpContext) -> Vec<u8> {
    [MARK, format!("{cookie:016x}").as_bytes()].concat()
}

/// Any datagram is the question.
pub(super) fn ask_anything(_: u64, _: &UdpContext) -> Vec<u8> {
    b"\n".to_vec()
}

pub(super) fn read_echo(reply: &[u8]) -> Read {
    let digits = reply.strip_prefix(MARK).filter(|digits| digits.len() == 16).ok_or(Miss::No)?;
    echoed(hex64(digits).ok_or(Miss::No)?, identified("echo"))
}

/// A line of text with a time of day in it.
pub(super) fn read_daytime(reply: &[u8]) -> Read {
    let has_time =
        reply.windows(5).any(|w| matches!(w, [b'0'..=b'9', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9']));
    if !has_time || reply.len() > 128 || !is_text(reply) {
        return Err(Miss::No);
    }
    plain(identified("daytime").info(reply))
}

/// A short text.
pub(super) fn read_qotd(reply: &[u8]) -> Read {
    if reply.len() > 4096 || !reply.iter().any(u8::is_ascii_alphabetic) || !is_text(reply) {
        return Err(Miss::No);
    }
    plain(identified("qotd").info(reply))
}

/// The printing characters in their order, over and over.
pub(super) fn read_chargen(reply: &[u8]) -> Read {
    let follows =
        |pair: &[u8]| matches!(pair, [a, b] if a.checked_add(1) == Some(*b) || (*a == b'~' && *b == b' '));
    let is_run = |run: &[u8]| run.iter().all(|b| matches!(b, b' '..=b'~')) && run.windows(2).all(follows);
    if !reply.windows(16).any(is_run) {
        return Err(Miss::No);
    }
    plain(identified("chargen").fact("size", reply.len().to_string().as_bytes()))
}

/// Seconds since 1900, of this century or the last years of the one before.
pub(super) fn read_time(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    if cursor.u32()? < 0xb000_0000 || !cursor.is_empty() {
        return Err(Miss::No);
    }
    plain(identified("time"))
}

fn is_text(reply: &[u8]) -> bool {
    reply.iter().all(|b| !b.is_ascii_control() || b.is_ascii_whitespace() || *b == 0x1b)
}
