//! NetBIOS name service (RFC 1002 §4.2.17): the table of names of one node.

use super::UdpContext;
use super::wire::{Read, echoed, hex, low16};
use crate::clean;
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const NBSTAT: u16 = 0x21;
const GROUP: u16 = 0x8000;

/// A question for `*`, filled up with zeros and encoded half a byte at a time (RFC 1001 §14.1).
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let counts = b"\0\0\0\x01\0\0\0\0\0\0";
    let name = b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0";
    [low16(cookie).as_slice(), counts, name, &NBSTAT.to_be_bytes(), &1u16.to_be_bytes()].concat()
}

/// `info` is the computer's name, `workgroup` its group or domain, `mac` its address.
pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (id, flags) = (cursor.u16()?, cursor.u16()?);
    let (n_questions, n_answers) = (cursor.u16()?, cursor.u16()?);
    cursor.u32()?;
    if flags & 0xf800 != 0x8000 || n_questions != 0 || n_answers == 0 {
        return Err(Miss::No);
    }
    crate::protocols::dns::skip_name(&mut cursor)?;
    if cursor.u16()? != NBSTAT {
        return Err(Miss::No);
    }
    // Class, time to live, length.
    cursor.take(8)?;
    let mut facts = identified("netbios");
    let mut names: Vec<String> = Vec::new();
    for _ in 0..cursor.u8()? {
        let (Ok(name), Ok(suffix), Ok(flags)) = (cursor.take(15), cursor.u8(), cursor.u16()) else {
            return echoed(id, facts);
        };
        let name = name.trim_ascii_end();
        facts = match (suffix, flags & GROUP != 0) {
            (0, true) => facts.fact("workgroup", name),
            (0, false) if facts.info.is_none() => facts.info(name),
            _ => facts,
        };
        let listed = format!("{}<{suffix:02x}>", clean::text(name));
        if names.len() < 16 && !names.contains(&listed) {
            names.push(listed);
        }
    }
    facts = facts.fact("names", names.join(" ").as_bytes());
    if let Ok(mac) = cursor.take(6)
        && mac.iter().any(|&byte| byte != 0)
    {
        facts = facts.fact("mac", hex(mac, 6).as_bytes());
    }
    echoed(id, facts)
}
