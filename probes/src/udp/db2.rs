//! DB2's administration server, found by name and level (format as publicly described; IBM's own).

use super::UdpContext;
use super::wire::{Read, plain};
use crate::facts::{Tell, identified};
use crate::seen::Cursor;

pub(super) fn ask(_: u64, _: &UdpContext) -> Vec<u8> {
    b"DB2GETADDR\0SQL09010\0".to_vec()
}

/// The level, such as `SQL09070`, and the host's name.
pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(b"DB2RETADDR\0")?;
    let level = cursor.until(0, 64)?;
    let host = cursor.until(0, 255).unwrap_or_default();
    let digits = level.strip_prefix(b"SQL").unwrap_or_default();
    let part = |from: usize, to: usize| {
        let digits = std::str::from_utf8(digits.get(from..to)?).ok()?;
        digits.parse::<u8>().ok().map(|number| number.to_string())
    };
    let parts: Vec<String> = [part(0, 2), part(2, 4), part(4, 5)].into_iter().flatten().collect();
    plain(identified("db2-das").product("DB2").version(parts.join(".").as_bytes()).fact("host-name", host))
}
