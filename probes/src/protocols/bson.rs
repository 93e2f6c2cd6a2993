//! As much of BSON (bsonspec.org, version 1.1) as MongoDB's answers need: looking up top-level fields.

use crate::seen::{Cursor, Miss};

pub(super) enum Value<'a> {
    Double(f64),
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    /// A document or an array; what is in it isn't of interest.
    Document,
    Other,
}

/// Enough for any answer to `hello`; bounds the time that a hostile document takes.
const MAX_FIELDS: usize = 512;

/// The field of that name in a document (with its length prefix).
pub(super) fn field<'a>(document: &'a [u8], name: &[u8]) -> Option<Value<'a>> {
    let mut cursor = Cursor::whole(document);
    cursor.take(4).ok()?;
    for _ in 0..MAX_FIELDS {
        let kind = cursor.u8().ok().filter(|kind| *kind != 0)?;
        let key = cursor.until(0, 256).ok()?;
        let value = value(kind, &mut cursor).ok()?;
        if key == name {
            return Some(value);
        }
    }
    None
}

fn value<'a>(kind: u8, cursor: &mut Cursor<'a>) -> Result<Value<'a>, Miss> {
    let eight = |cursor: &mut Cursor<'a>| cursor.take(8)?.try_into().map_err(|_| Miss::No);
    let length = |cursor: &mut Cursor<'a>| cursor.u32_le().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    Ok(match kind {
        0x01 => Value::Double(f64::from_le_bytes(eight(cursor)?)),
        0x02 | 0x0d | 0x0e => {
            let n = length(cursor)?;
            let text = cursor.take(n)?;
            Value::Text(text.strip_suffix(b"\0").unwrap_or(text))
        }
        0x03 | 0x04 => {
            let mut ahead = cursor.clone();
            let n = length(&mut ahead)?;
            cursor.take(n.max(5))?;
            Value::Document
        }
        0x05 => {
            let n = length(cursor)?;
            cursor.take(n.saturating_add(1))?;
            Value::Other
        }
        0x06 | 0x0a | 0xff | 0x7f => Value::Other,
        0x07 => {
            cursor.take(12)?;
            Value::Other
        }
        0x08 => Value::Bool(cursor.u8()? != 0),
        0x09 | 0x11 => {
            cursor.take(8)?;
            Value::Other
        }
        0x10 => Value::Int(i64::from(cursor.u32_le()?.cast_signed())),
        0x12 => Value::Int(i64::from_le_bytes(eight(cursor)?)),
        _ => return Err(Miss::No),
    })
}

/// `{name: 1, $db: "admin"}`, or without `$db`.
pub(super) fn command(name: &str, with_db: bool) -> Vec<u8> {
    let mut body = vec![0x10];
    body.extend(name.as_bytes());
    body.push(0);
    body.extend(1u32.to_le_bytes());
    if with_db {
        body.extend(b"\x02$db\0\x06\0\0\0admin\0");
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [length.to_le_bytes().as_slice(), &body].concat()
}
