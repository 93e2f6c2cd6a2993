//! SMB: one negotiate request that servers of SMB1 and of SMB2/3 understand alike (MS-SMB, MS-SMB2 §3.3.5.3.1).
//! No session is set up.

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

const MAX_MESSAGE: usize = 16 * 1024;

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Negotiate { asked: false })
}

struct Negotiate {
    asked: bool,
}

fn request() -> Vec<u8> {
    let dialects = b"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0";
    let mut smb = b"\xffSMB\x72\0\0\0\0\x18\x53\xc8".to_vec();
    smb.extend([0; 14]);
    // Process id, user id and multiplex id of an unauthenticated first request.
    smb.extend([0xff, 0xfe, 0, 0, 0, 0]);
    // No parameter words, then the dialects.
    smb.push(0);
    smb.extend(u16::try_from(dialects.len()).unwrap_or(u16::MAX).to_le_bytes());
    smb.extend(dialects);
    let length = u32::try_from(smb.len()).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), &smb].concat()
}

impl Talk for Negotiate {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(request());
        }
        let mut cursor = seen.cursor();
        // NetBIOS session service: positive message type, or the refusals of port 139 (RFC 1002 §4.3).
        match cursor.u8()? {
            0 => {}
            0x83 => {
                cursor.tag(&[0, 0, 1])?;
                let code = cursor.u8()?;
                let known = (0x80..=0x83).contains(&code) || code == 0x8f;
                return if known { Turn::done(identified("netbios-ssn")) } else { Err(Miss::No) };
            }
            _ => return Err(Miss::No),
        }
        let length = cursor.u24()?;
        if !(35..=MAX_MESSAGE).contains(&length) {
            return Err(Miss::No);
        }
        let protocol = cursor.take(4)?;
        if !matches!(protocol, b"\xfeSMB" | b"\xffSMB") {
            return Err(Miss::No);
        }
        let mut body = Cursor::whole(cursor.take(length - 4)?);
        if protocol == b"\xfeSMB" { smb2(&mut body) } else { smb1(&mut body) }
    }
}

fn smb2(body: &mut Cursor<'_>) -> Result<Turn, Miss> {
    // Header: size 64, then up to the flags at offset 16, whose lowest bit marks a response.
    body.tag(&[64, 0])?;
    body.take(10)?;
    if body.u32_le()? & 1 == 0 {
        return Err(Miss::No);
    }
    body.take(64 - 20)?;
    body.tag(&[65, 0])?;
    let security = body.u16_le()?;
    let dialect = body.u16_le()?;
    body.take(2)?;
    let server = body.take(16)?;
    let signing: &[u8] = if security & 2 != 0 { b"required" } else { b"not required" };
    let name = match dialect {
        0x02ff => "SMB 2 or higher".to_owned(),
        dialect => format!("SMB {}.{}.{}", dialect >> 8, dialect >> 4 & 15, dialect & 15),
    };
    let facts = identified("smb").fact("dialect", name.as_bytes()).fact("signing", signing);
    Turn::done(match spelled_name(server) {
        Some(name) => facts.product("Samba").fact("computer-name", name),
        None => facts,
    })
}

/// The name of the computer where the server's GUID (MS-SMB2 §2.2.4) spells it, filled up with zeros. Samba does so;
/// the GUIDs of others are random.
fn spelled_name(guid: &[u8]) -> Option<&[u8]> {
    let (name, rest) = guid.split_at_checked(guid.iter().position(|&byte| byte == 0)?)?;
    let of_names = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(byte);
    (!name.is_empty() && name.iter().all(of_names) && rest.iter().all(|&byte| byte == 0)).then_some(name)
}

fn smb1(body: &mut Cursor<'_>) -> Result<Turn, Miss> {
    body.tag(&[0x72])?;
    body.take(4)?;
    // The reply bit.
    if body.u8()? & 0x80 == 0 {
        return Err(Miss::No);
    }
    body.take(22)?;
    let facts = identified("smb").fact("dialect", b"SMB 1");
    let n_words = body.u8()?;
    let signing = (n_words >= 2).then(|| body.take(2).ok().and(body.u8().ok())).flatten();
    Turn::done(match signing {
        Some(mode) if mode & 8 != 0 => facts.fact("signing", b"required"),
        Some(_) => facts.fact("signing", b"not required"),
        None => facts,
    })
}
