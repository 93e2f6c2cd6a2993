//! How devices of two makers are found on a network: Ubiquiti (port 10001) and Dahua with its many other names (port
//! 37810). Formats as publicly described; both are the makers' own.

use super::UdpContext;
use super::wire::{Read, hex, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, after, contains};

/// Ubiquiti: version 1, command 0.
pub(super) fn ask_ubiquiti(_: u64, _: &UdpContext) -> Vec<u8> {
    vec![1, 0, 0, 0]
}

/// Fields of type, length and value.
pub(super) fn read_ubiquiti(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (version, command) = (cursor.u8()?, cursor.u8()?);
    let length = usize::from(cursor.u16()?);
    if !matches!((version, command), (1, 0) | (2, 6 | 9 | 11)) || length < 3 || length > cursor.rest().len() {
        return Err(Miss::No);
    }
    let mut fields = Cursor::whole(cursor.take(length)?);
    let mut facts = identified("ubiquiti-discovery");
    for _ in 0..64 {
        let Ok(kind) = fields.u8() else { break };
        let Ok(value) = fields.u16().and_then(|n| fields.take(usize::from(n))) else { break };
        facts = match kind {
            1 => facts.fact("mac", hex(value, 6).as_bytes()),
            3 => facts.version(value),
            11 => facts.info(value),
            12 if facts.product.is_none() => facts.product(&crate::clean::text(value)),
            20 => facts.product(&crate::clean::text(value)),
            _ => facts,
        };
    }
    plain(facts)
}

const SEARCH: &str = "{\"method\":\"DHDiscover.search\",\"params\":{\"mac\":\"\",\"uni\":1}}\n";

/// Dahua: 32 bytes of header, with the length twice, and JSON.
pub(super) fn ask_dahua(_: u64, _: &UdpContext) -> Vec<u8> {
    let length = u32::try_from(SEARCH.len()).unwrap_or(u32::MAX).to_le_bytes();
    [b"\x20\0\0\0DHIP".as_slice(), &[0; 8], &length, &[0; 4], &length, &[0; 4], SEARCH.as_bytes()].concat()
}

pub(super) fn read_dahua(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(b"\x20\0\0\0DHIP")?;
    cursor.take(24)?;
    let json = cursor.rest();
    if !contains(json, b"deviceInfo") {
        return Err(Miss::No);
    }
    let facts = identified("dahua-discovery")
        .product(&crate::clean::text(string(json, "DeviceType").unwrap_or_default()))
        .version(string(json, "Version").unwrap_or_default())
        .fact("vendor", string(json, "Vendor").unwrap_or_default())
        .fact("device-class", string(json, "DeviceClass").unwrap_or_default())
        .fact("serial", string(json, "SerialNo").unwrap_or_default())
        .fact("mac", string(json, "mac").unwrap_or_default());
    plain(facts)
}

/// The value of a member that is a string, wherever it stands; devices don't escape anything in these.
fn string<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let value = after(json, format!("\"{key}\"").as_bytes(), b",}")?;
    let value = value.trim_ascii_start().strip_prefix(b":")?.trim_ascii().strip_prefix(b"\"")?;
    value.get(..value.iter().position(|&b| b == b'"')?)
}
