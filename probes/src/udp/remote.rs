//! Remote desktops that can be asked over UDP: XDMCP (X.Org's XDMCP 1.1), pcAnywhere and Apple Remote Desktop (formats
//! as publicly described; both are closed protocols).

use super::UdpContext;
use super::wire::{Read, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// XDMCP version 1, Query, no authentication names.
pub(super) fn ask_xdmcp(_: u64, _: &UdpContext) -> Vec<u8> {
    vec![0, 1, 0, 2, 0, 1, 0]
}

/// `sessions`: whether it is willing to log somebody in.
pub(super) fn read_xdmcp(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(&[0, 1])?;
    let willing = match cursor.u16()? {
        5 => true,
        6 => false,
        _ => return Err(Miss::No),
    };
    if usize::from(cursor.u16()?) != cursor.rest().len() {
        return Err(Miss::No);
    }
    if willing {
        array(&mut cursor)?;
    }
    let (host, status) = (array(&mut cursor)?, array(&mut cursor)?);
    let sessions: &[u8] = if willing { b"willing" } else { b"unwilling" };
    plain(identified("xdmcp").fact("sessions", sessions).fact("host-name", host).info(status))
}

fn array<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Miss> {
    let n = usize::from(cursor.u16()?);
    cursor.take(n)
}

/// pcAnywhere: the query for a name.
pub(super) fn ask_pcanywhere(_: u64, _: &UdpContext) -> Vec<u8> {
    b"NQ".to_vec()
}

/// The name, filled up with `_` to 24 characters, and the flags behind it.
pub(super) fn read_pcanywhere(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(b"NR")?;
    let name = cursor.rest().get(..24).unwrap_or(cursor.rest());
    let n = name.iter().rposition(|&b| b != b'_' && b != 0 && b != b' ').map_or(0, |at| at + 1);
    plain(identified("pcanywhere").product("pcAnywhere").info(name.get(..n).unwrap_or_default()))
}

/// Apple Remote Desktop: message 0x14, one byte.
pub(super) fn ask_ard(_: u64, _: &UdpContext) -> Vec<u8> {
    vec![0, 0x14, 0, 1, 3]
}

/// A message whose length is that of a report, about a thousand bytes.
pub(super) fn read_ard(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(&[0, 1])?;
    let length = usize::from(cursor.u16()?);
    if length < 64 || cursor.rest().len() > length || cursor.rest().len() < 64 {
        return Err(Miss::No);
    }
    plain(identified("ard").product("Apple Remote Desktop"))
}
