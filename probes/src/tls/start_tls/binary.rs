//! Preludes that are spoken in packets: one question at most, and one answer that says whether TLS follows.

use super::framing::Framing;
use super::{Prelude, PreludeTurn};
use crate::seen::{Cursor, Miss, Seen};

type Read = fn(&mut Cursor<'_>) -> Result<PreludeTurn, Miss>;

struct Packets {
    question: Option<&'static [u8]>,
    read: Read,
}

/// Opens the dialogue, then reads the answer.
pub(super) fn ask(question: &'static [u8], read: Read) -> Box<dyn Prelude> {
    Box::new(Packets { question: Some(question), read })
}

/// Reads what the server says first.
pub(super) fn listen(read: Read) -> Box<dyn Prelude> {
    Box::new(Packets { question: None, read })
}

impl Prelude for Packets {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<PreludeTurn, Miss> {
        match self.question.take() {
            Some(question) => Ok(PreludeTurn::Say { used: 0, bytes: question.to_vec() }),
            None => (self.read)(&mut seen.cursor()),
        }
    }
}

/// An extended request for StartTLS (RFC 4511 §4.14).
pub(super) const LDAP_REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// An extended response: message number, then the result code first of all (RFC 4511 §4.12).
pub(super) fn ldap(cursor: &mut Cursor<'_>) -> Result<PreludeTurn, Miss> {
    cursor.tag(&[0x30])?;
    let length = ber_length(cursor)?;
    if length > 4096 {
        return Err(Miss::No);
    }
    let mut message = Cursor::whole(cursor.take(length)?);
    message.tag(&[0x02])?;
    let n = ber_length(&mut message)?;
    message.take(n)?;
    message.tag(&[0x78])?;
    ber_length(&mut message)?;
    message.tag(&[0x0a, 0x01])?;
    if message.u8()? == 0 { PreludeTurn::ready() } else { Ok(PreludeTurn::Refused) }
}

fn ber_length(cursor: &mut Cursor<'_>) -> Result<usize, Miss> {
    match cursor.u8()? {
        short @ 0..=0x7f => Ok(usize::from(short)),
        0x81 => cursor.u8().map(usize::from),
        0x82 => cursor.u16().map(usize::from),
        0x83 => cursor.u24(),
        0x84 => cursor.len32(),
        _ => Err(Miss::No),
    }
}

/// SSLRequest of PostgreSQL's protocol: its length and its code.
pub(super) const POSTGRES_REQUEST: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

pub(super) fn postgres(cursor: &mut Cursor<'_>) -> Result<PreludeTurn, Miss> {
    match cursor.u8()? {
        b'S' => PreludeTurn::ready(),
        b'N' | b'E' => Ok(PreludeTurn::Refused),
        _ => Err(Miss::No),
    }
}

const MYSQL_CLIENT_SSL: u16 = 0x0800;
/// Our own packet: capabilities (long password, protocol 4.1, SSL, secure connection), 16 MB, utf8.
const MYSQL_SSL_REQUEST: &[u8] = &[
    32, 0, 0, 1, 0x01, 0x8a, 0, 0, 0, 0, 0, 1, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0,
];

/// The greeting of protocol 10: version as text, thread, half of the salt, then what the server is able to do.
pub(super) fn mysql(cursor: &mut Cursor<'_>) -> Result<PreludeTurn, Miss> {
    let length = cursor.u24_le()?;
    cursor.u8()?;
    if length > 4096 {
        return Err(Miss::No);
    }
    let mut packet = Cursor::whole(cursor.take(length)?);
    if packet.u8()? != 10 {
        // An error instead of a greeting (too many connections, not this host), or a protocol without TLS.
        return Ok(PreludeTurn::Refused);
    }
    packet.until(0, 256)?;
    packet.take(4 + 8 + 1)?;
    if packet.u16_le()? & MYSQL_CLIENT_SSL == 0 {
        return Ok(PreludeTurn::Refused);
    }
    // No answer comes to this: the hello follows at once.
    Ok(PreludeTurn::Ready { before: MYSQL_SSL_REQUEST.to_vec(), framing: Framing::Plain })
}

/// TPKT, X.224 connection request, and a request for TLS or CredSSP over it (MS-RDPBCGR §2.2.1.1).
pub(super) const RDP_REQUEST: &[u8] = &[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];

/// MS-RDPBCGR §2.2.1.2.
pub(super) fn rdp(cursor: &mut Cursor<'_>) -> Result<PreludeTurn, Miss> {
    cursor.tag(&[3])?;
    cursor.u8()?;
    let length = usize::from(cursor.u16()?);
    if length > 512 {
        return Err(Miss::No);
    }
    let mut packet = Cursor::whole(cursor.take(length.checked_sub(4).ok_or(Miss::No)?)?);
    packet.u8()?;
    packet.tag(&[0xd0])?;
    packet.take(5)?;
    // Without the answer, or with one that is a failure, there is only RDP's own encryption.
    match packet.u8() {
        Ok(2) => {}
        _ => return Ok(PreludeTurn::Refused),
    }
    packet.take(3)?;
    if packet.u32_le()? == 0 { Ok(PreludeTurn::Refused) } else { PreludeTurn::ready() }
}

/// PRELOGIN (MS-TDS §2.2.6.5): version, encryption wanted, nothing else.
pub(super) const MSSQL_REQUEST: &[u8] = &[
    0x12, 1, 0, 26, 0, 0, 0, 0, // header
    0, 0, 11, 0, 6, // version at 11, 6 bytes
    1, 0, 17, 0, 1, // encryption at 17, 1 byte
    0xff, 16, 0, 0, 0, 0, 0, 1,
];

pub(super) fn mssql(cursor: &mut Cursor<'_>) -> Result<PreludeTurn, Miss> {
    cursor.tag(&[4])?;
    cursor.u8()?;
    let length = usize::from(cursor.u16()?);
    cursor.take(4)?;
    if length > 4096 {
        return Err(Miss::No);
    }
    let payload = cursor.take(length.checked_sub(8).ok_or(Miss::No)?)?;
    let mut options = Cursor::whole(payload);
    loop {
        let kind = options.u8()?;
        if kind == 0xff {
            return Ok(PreludeTurn::Refused);
        }
        let offset = usize::from(options.u16()?);
        options.u16()?;
        if kind == 1 {
            // 2: not supported; off, on and required all shake hands when we ask for it.
            return match payload.get(offset) {
                Some(0 | 1 | 3) => Ok(PreludeTurn::Ready { before: Vec::new(), framing: Framing::Tds }),
                _ => Ok(PreludeTurn::Refused),
            };
        }
    }
}
