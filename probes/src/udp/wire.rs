//! Small shapes that several builders and readers share. No protocol is decided here.

use model::observation::ServiceFacts;

use super::UdpReply;
use crate::seen::{Cursor, Miss};

/// What a reader answers.
pub(super) type Read = Result<UdpReply, Miss>;

/// A reply that gave the cookie back.
pub(super) fn echoed(cookie: impl Into<u64>, facts: ServiceFacts) -> Read {
    Ok(UdpReply { echoed_cookie: Some(cookie.into()), facts })
}

/// A reply without a field for a cookie.
pub(super) fn plain(facts: ServiceFacts) -> Read {
    Ok(UdpReply { echoed_cookie: None, facts })
}

/// The lowest 16 bits.
pub(super) fn low16(cookie: u64) -> [u8; 2] {
    let [.., a, b] = cookie.to_be_bytes();
    [a, b]
}

/// The lowest 32 bits.
pub(super) fn low32(cookie: u64) -> [u8; 4] {
    let [.., a, b, c, d] = cookie.to_be_bytes();
    [a, b, c, d]
}

/// A length as 16 bits; nothing that is built here is longer.
pub(super) fn len16(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes()
}

/// 64 bits off a cursor.
pub(super) fn u64_of(cursor: &mut Cursor<'_>) -> Result<u64, Miss> {
    Ok(u64::from(cursor.u32()?) << 32 | u64::from(cursor.u32()?))
}

/// At most `n` bytes as lower case hexadecimal digits.
pub(super) fn hex(bytes: &[u8], n: usize) -> String {
    bytes.iter().take(n).map(|byte| format!("{byte:02x}")).collect()
}

/// The number that 16 hexadecimal digits at the beginning are.
pub(super) fn hex64(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text.get(..16)?).ok()?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// `Product/1.2 …` or `Product 1.2 …` as name and version; what has no version is a name.
pub(super) fn name_and_version(text: &[u8]) -> (&[u8], &[u8]) {
    let is_break = |pair: &[u8]| matches!(pair, [b'/' | b' ' | b'-', digit] if digit.is_ascii_digit());
    let Some(at) = text.windows(2).position(is_break) else { return (text, b"") };
    let version = text.get(at + 1..).unwrap_or_default();
    let n = version.iter().position(|b| matches!(b, b' ' | b',' | b';' | b'(')).unwrap_or(version.len());
    (text.get(..at).unwrap_or_default(), version.get(..n).unwrap_or_default())
}

/// The value of a header in a message of text lines, its name's case ignored.
pub(super) fn header<'a>(message: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    message.split(|&b| b == b'\n').take(64).skip(1).find_map(|line| {
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.trim_ascii_start().strip_prefix(b":")?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
    })
}
