//! Records of SSL 3.0 to TLS 1.3 and TLCP, cut out of a stream (RFC 8446 §5.1, GB/T 38636-2020 §6.3). It doesn't
//! look inside them.

use crate::seen::Cursor;

/// 2^14 and what TLS 1.2 may add (RFC 5246 §6.2.3).
const MAX_RECORD: usize = 16 * 1024 + 2048;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    ChangeCipherSpec,
    Alert,
    Handshake,
    Application,
    Heartbeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    pub kind: ContentKind,
    pub version: u16,
    pub content: &'a [u8],
}

/// Why there is no record here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRecord {
    Incomplete,
    NotTls,
}

/// The next record. A wrong type or version is known from the first byte that differs.
pub fn next_record<'a>(cursor: &mut Cursor<'a>) -> Result<Record<'a>, NoRecord> {
    let incomplete = |_| NoRecord::Incomplete;
    let kind = match cursor.u8().map_err(incomplete)? {
        20 => ContentKind::ChangeCipherSpec,
        21 => ContentKind::Alert,
        22 => ContentKind::Handshake,
        23 => ContentKind::Application,
        24 => ContentKind::Heartbeat,
        _ => return Err(NoRecord::NotTls),
    };
    // TLS and SSL 3 are 3.x; TLCP is 1.1.
    let major = cursor.u8().map_err(incomplete)?;
    if !matches!(major, 1 | 3) {
        return Err(NoRecord::NotTls);
    }
    let minor = cursor.u8().map_err(incomplete)?;
    if !matches!((major, minor), (3, 0..=4) | (1, 1)) {
        return Err(NoRecord::NotTls);
    }
    let length = usize::from(cursor.u16().map_err(incomplete)?);
    if length > MAX_RECORD {
        return Err(NoRecord::NotTls);
    }
    let content = cursor.take(length).map_err(incomplete)?;
    Ok(Record { kind, version: u16::from_be_bytes([major, minor]), content })
}

/// A handshake message in a record of its own.
pub fn handshake_record(version: u16, kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let message = [[kind].as_slice(), length.get(1..).unwrap_or_default(), body].concat();
    [[22].as_slice(), &version.to_be_bytes(), &with_length16(&message)].concat()
}

pub(super) fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

pub(super) fn with_length8(data: &[u8]) -> Vec<u8> {
    [[u8::try_from(data.len()).unwrap_or(u8::MAX)].as_slice(), data].concat()
}

pub(super) fn with_length16(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
    [length.as_slice(), data].concat()
}
