//! The little of BER (X.690) that SNMP and LDAP over UDP need: definite lengths, one-byte tags, bounded.

use crate::seen::{Cursor, Miss};

/// Nothing in one datagram is longer.
const MAX_ELEMENT: usize = 65_535;

pub(super) const INTEGER: u8 = 2;
pub(super) const OCTETS: u8 = 4;
pub(super) const NULL: u8 = 5;
pub(super) const OID: u8 = 6;
pub(super) const SEQUENCE: u8 = 0x30;

/// One element with the shortest length.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    match (u8::try_from(content.len()), u16::try_from(content.len())) {
        (Ok(short @ 0..=0x7f), _) => encoded.push(short),
        (Ok(byte), _) => encoded.extend([0x81, byte]),
        (_, Ok(word)) => encoded.extend([[0x82].as_slice(), &word.to_be_bytes()].concat()),
        // Never built: see `MAX_ELEMENT`.
        (_, Err(_)) => encoded.push(0),
    }
    encoded.extend(content);
    encoded
}

/// Elements one after the other inside another.
pub(super) fn group(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// A number from 0 to 127.
pub(super) fn small(value: u8) -> Vec<u8> {
    element(INTEGER, &[value & 0x7f])
}

/// Tag and content of the next element.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Miss> {
    let tag = cursor.u8()?;
    let length = match cursor.u8()? {
        short @ 0..=0x7f => usize::from(short),
        0x81 => usize::from(cursor.u8()?),
        0x82 => usize::from(cursor.u16()?),
        0x83 => cursor.u24()?,
        0x84 => cursor.len32()?,
        _ => return Err(Miss::No),
    };
    Ok((tag, cursor.take_bounded(length, MAX_ELEMENT)?))
}

/// The content of the next element, which must have this tag.
pub(super) fn expect<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<&'a [u8], Miss> {
    match next(cursor)? {
        (found, content) if found == tag => Ok(content),
        _ => Err(Miss::No),
    }
}

/// A number that isn't negative and fits into 64 bits.
pub(super) fn number(cursor: &mut Cursor<'_>) -> Result<u64, Miss> {
    let content = expect(cursor, INTEGER)?;
    if content.is_empty() || content.len() > 8 || content.first().is_some_and(|first| first & 0x80 != 0) {
        return Err(Miss::No);
    }
    Ok(content.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}
