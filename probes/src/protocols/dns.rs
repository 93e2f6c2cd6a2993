//! DNS over TCP: asks for `version.bind` in class CHAOS (RFC 7766, RFC 4892).

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen, contains};
use crate::talk::{Peer, Talk, Turn};

const QUESTION: &[u8] = b"\x07version\x04bind\0\0\x10\0\x03";

pub(crate) fn talk(peer: &Peer) -> Box<dyn Talk> {
    let [a, b, ..] = peer.seed.to_le_bytes();
    Box::new(Version { id: [a, b], asked: false })
}

struct Version {
    id: [u8; 2],
    asked: bool,
}

impl Talk for Version {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            let header = b"\0\0\0\x01\0\0\0\0\0\0";
            let message = [self.id.as_slice(), header, QUESTION].concat();
            let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
            return Turn::say([length.as_slice(), &message].concat());
        }
        let mut cursor = seen.cursor();
        let length = usize::from(cursor.u16()?);
        if length < 12 {
            return Err(Miss::No);
        }
        cursor.tag(&self.id)?;
        let flags = cursor.u16()?;
        if flags & 0x8000 == 0 {
            return Err(Miss::No);
        }
        let rest = cursor.take(length - 4)?;
        let code = flags & 15;
        let facts = identified("dns").fact("rcode", code.to_string().as_bytes());
        let Ok(Some(text)) = first_text(rest) else { return Turn::done(facts) };
        let (product, version) = product(text);
        Turn::done(facts.info(text).product(product).version(version))
    }
}

/// The first string of the first TXT answer.
pub(crate) fn first_text(rest: &[u8]) -> Result<Option<&[u8]>, Miss> {
    let mut cursor = Cursor::whole(rest);
    let (n_questions, n_answers) = (cursor.u16()?, cursor.u16()?);
    cursor.u32()?;
    for _ in 0..n_questions.min(4) {
        skip_name(&mut cursor)?;
        cursor.u32()?;
    }
    for _ in 0..n_answers.min(8) {
        skip_name(&mut cursor)?;
        let kind = cursor.u16()?;
        cursor.take(6)?;
        let length = usize::from(cursor.u16()?);
        let mut data = Cursor::whole(cursor.take(length)?);
        if kind == 16 {
            let n = usize::from(data.u8()?);
            return data.take(n).map(Some);
        }
    }
    Ok(None)
}

/// Labels or a pointer; a pointer ends a name, so none needs to be followed.
pub(crate) fn skip_name(cursor: &mut Cursor<'_>) -> Result<(), Miss> {
    for _ in 0..128 {
        match cursor.u8()? {
            0 => return Ok(()),
            n if n & 0xc0 == 0xc0 => return cursor.take(1).map(drop),
            n if n & 0xc0 == 0 => cursor.take(usize::from(n)).map(drop)?,
            _ => return Err(Miss::No),
        }
    }
    Err(Miss::No)
}

/// BIND gives its version bare; others put their name before it.
pub(crate) fn product(text: &[u8]) -> (&'static str, &[u8]) {
    let number = text
        .split(|b| matches!(b, b' ' | b'-'))
        .find(|word| word.first().is_some_and(u8::is_ascii_digit))
        .unwrap_or_default();
    let named = [
        (b"unbound".as_slice(), "Unbound"),
        (b"dnsmasq", "dnsmasq"),
        (b"PowerDNS", "PowerDNS"),
        (b"Knot", "Knot DNS"),
        (b"NSD", "NSD"),
        (b"CoreDNS", "CoreDNS"),
        (b"Microsoft", "Microsoft DNS"),
    ];
    match named.iter().find(|(sign, _)| contains(text, sign)) {
        Some((_, product)) => (product, number),
        None if text.starts_with(b"9.") => ("BIND", number),
        None => ("", b""),
    }
}
