//! DNS (RFC 1035): does it resolve for strangers, and which software is it (`version.bind`, RFC 4892)?

use super::UdpContext;
use super::wire::{Read, echoed, low16};
use crate::facts::{Tell, identified};
use crate::protocols::dns as codec;
use crate::seen::{Cursor, Miss};

const TXT: u16 = 16;
const CHAOS: u16 = 3;

/// An A question with recursion desired.
pub(super) fn ask_recursion(cookie: u64, context: &UdpContext) -> Vec<u8> {
    // An empty name is the root, which has name servers (type 2) and no address.
    let kind = if labels(&context.dns_name).len() > 1 { 1 } else { 2 };
    query(cookie, 0x0100, &labels(&context.dns_name), kind, 1)
}

/// `version.bind` in class CHAOS, no recursion.
pub(super) fn ask_version(cookie: u64, _: &UdpContext) -> Vec<u8> {
    query(cookie, 0, b"\x07version\x04bind\0", TXT, CHAOS)
}

/// One question.
pub(super) fn query(id: u64, flags: u16, name: &[u8], kind: u16, class: u16) -> Vec<u8> {
    let counts = b"\0\x01\0\0\0\0\0\0";
    let question = [name, &kind.to_be_bytes(), &class.to_be_bytes()].concat();
    [low16(id).as_slice(), &flags.to_be_bytes(), counts, &question].concat()
}

/// A name in wire form; what can't be a label is left out, and what would make it too long.
pub(super) fn labels(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.').filter(|label| (1..=63).contains(&label.len())) {
        if wire.len() + label.len() > 250 {
            break;
        }
        wire.extend(u8::try_from(label.len()));
        wire.extend(label.bytes());
    }
    wire.push(0);
    wire
}

/// The parts of a header that matter.
struct Header {
    id: u16,
    flags: u16,
    n_answers: u16,
}

impl Header {
    fn read(cursor: &mut Cursor<'_>) -> Result<Header, Miss> {
        let (id, flags) = (cursor.u16()?, cursor.u16()?);
        let (n_questions, n_answers) = (cursor.u16()?, cursor.u16()?);
        cursor.u32()?;
        // A response to a standard query with at most our one question.
        if flags & 0xf800 != 0x8000 || n_questions > 1 {
            return Err(Miss::No);
        }
        for _ in 0..n_questions {
            codec::skip_name(cursor)?;
            cursor.u32()?;
        }
        Ok(Header { id, flags, n_answers })
    }

    fn code(&self) -> u16 {
        self.flags & 15
    }
}

/// `recursion` is `open` (it resolved a name that isn't its own), `offered` (it would, though it had no answer) or
/// `refused`.
pub(super) fn read_recursion(reply: &[u8]) -> Read {
    let header = Header::read(&mut Cursor::whole(reply))?;
    let (authoritative, available) = (header.flags & 0x0400 != 0, header.flags & 0x0080 != 0);
    // A cut answer (TC) is one too.
    let answered = header.code() == 0 && (header.n_answers > 0 || header.flags & 0x0200 != 0);
    let recursion = match (available, answered && !authoritative) {
        (true, true) => "open",
        (true, false) => "offered",
        (false, _) => "refused",
    };
    let facts = identified("dns")
        .fact("recursion", recursion.as_bytes())
        .fact("rcode", header.code().to_string().as_bytes());
    echoed(header.id, facts)
}

pub(super) fn read_version(reply: &[u8]) -> Read {
    let header = Header::read(&mut Cursor::whole(reply))?;
    let facts = identified("dns").fact("version-rcode", header.code().to_string().as_bytes());
    let counted = reply.get(4..).unwrap_or_default();
    let Ok(Some(text)) = codec::first_text(counted) else { return echoed(header.id, facts) };
    let (product, version) = codec::product(text);
    echoed(header.id, facts.info(text).product(product).version(version))
}
