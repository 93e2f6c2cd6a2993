//! SSH: the identification string (RFC 4253 §4.2). Nothing is sent; the key exchange isn't begun.

use model::observation::ServiceFacts;

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen};

/// The longest identification string that RFC 4253 allows, line end included.
const MAX_LINE: usize = 255;

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"SSH-")?;
    let line = cursor.line(MAX_LINE)?;
    let mut parts = line.splitn(2, |&b| b == b'-');
    let protocol_version = parts.next().unwrap_or_default();
    let software = parts.next().unwrap_or_default();
    let mut words = software.splitn(2, |&b| b == b' ');
    let software = words.next().unwrap_or_default();
    let comment = words.next().unwrap_or_default();
    let (product, version) = split_software(software);
    Ok(identified("ssh")
        .product(&crate::clean::text(product))
        .version(version)
        .info(comment)
        .fact("protocol-version", protocol_version))
}

/// `OpenSSH_9.2p1` and `Cisco-1.25` alike: name, separator, version that begins with a digit.
fn split_software(software: &[u8]) -> (&[u8], &[u8]) {
    let at = software
        .windows(2)
        .position(|pair| matches!(pair, [b'_' | b'-', digit] if digit.is_ascii_digit()))
        .or_else(|| software.iter().position(|&b| b == b'_'));
    match at {
        Some(at) => (software.get(..at).unwrap_or_default(), software.get(at + 1..).unwrap_or_default()),
        None => (software, b""),
    }
}
