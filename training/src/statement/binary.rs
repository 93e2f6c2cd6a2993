//! The bytes of a statement. Integers big-endian.
//!
//! | bytes | |
//! |---|---|
//! | 1 | algorithm: 1 Ed25519, 2 SM2 with SM3 |
//! | 4 | key id |
//! | 2, 2 | first and last day, counted from 2000-01-01 |
//! | 1 | digest over the name |
//! | 16 | digest over the print |
//! | 1 + n, four times | serial, masked name, name of the category, unit (empty: none) |
//! | 64 | signature over all before it |
//!
//! A text is UTF-8, or UTF-16 if that is shorter, as it is for Chinese: then bit 7 of its length is set. A statement has one
//! encoding only.

use chrono::{Days, NaiveDate};

use super::{
    MAX_CATEGORY, MAX_UNIT, MakeError, PrintedDigest, Statement, StatementError, is_unprintable, mask,
};
use crate::keys::{Algorithm, KeyId, SIGNATURE_BYTES};

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day of the calendar");
const UTF_16: u8 = 0x80;
const MAX_SERIAL: usize = 32;

pub(super) struct Read<'a> {
    pub statement: Statement,
    pub algorithm: Algorithm,
    pub key_id: KeyId,
    pub signed: &'a [u8],
    pub signature: &'a [u8],
}

pub(super) fn day_number(date: NaiveDate) -> Option<u16> {
    u16::try_from((date - EPOCH).num_days()).ok()
}

pub(super) fn encode(
    statement: &Statement,
    algorithm: Algorithm,
    key_id: KeyId,
) -> Result<Vec<u8>, MakeError> {
    let mut bytes = vec![code(algorithm)];
    bytes.extend_from_slice(&key_id.0);
    for date in [statement.issued_on, statement.valid_until] {
        bytes.extend_from_slice(&day_number(date).ok_or(MakeError::Date(date))?.to_be_bytes());
    }
    bytes.push(statement.name_check);
    bytes.extend_from_slice(statement.printed.as_bytes());
    let serial = statement.serial.to_string();
    let unit = statement.unit.as_deref().unwrap_or_default();
    for (text, what) in [
        (serial.as_str(), "serial"),
        (&statement.masked_name, "name"),
        (&statement.category_name, "name of the category"),
        (unit, "unit"),
    ] {
        push_text(&mut bytes, text).ok_or(MakeError::Missing(what))?;
    }
    Ok(bytes)
}

fn code(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Ed25519 => 1,
        Algorithm::Sm2 => 2,
    }
}

/// `None` if it is longer than a length tells, which the limits on each text don't let happen.
fn push_text(bytes: &mut Vec<u8>, text: &str) -> Option<()> {
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (mark, encoded) =
        if utf_16.len() < text.len() { (UTF_16, utf_16.as_slice()) } else { (0, text.as_bytes()) };
    let length = u8::try_from(encoded.len()).ok().filter(|&length| length < UTF_16)?;
    bytes.push(length | mark);
    bytes.extend_from_slice(encoded);
    Some(())
}

pub(super) fn decode(bytes: &[u8]) -> Result<Read<'_>, StatementError> {
    let mut rest = bytes;
    let [algorithm] = take(&mut rest)?;
    let algorithm = match algorithm {
        1 => Algorithm::Ed25519,
        2 => Algorithm::Sm2,
        _ => return Err(StatementError::Malformed("unknown algorithm")),
    };
    let key_id = KeyId(take(&mut rest)?);
    let issued_on = day(take(&mut rest)?)?;
    let valid_until = day(take(&mut rest)?)?;
    let [name_check] = take(&mut rest)?;
    let printed = PrintedDigest::from_bytes(take(&mut rest)?);
    let serial = text(&mut rest, MAX_SERIAL)?;
    let masked_name = text(&mut rest, mask::MAX_NAME)?;
    let category_name = text(&mut rest, MAX_CATEGORY)?;
    let unit = Some(text(&mut rest, MAX_UNIT)?).filter(|unit| !unit.is_empty());
    let n_signed = bytes.len() - rest.len();
    let signature = rest.get(..SIGNATURE_BYTES).ok_or(StatementError::CutShort)?;
    let signed = bytes.get(..n_signed).ok_or(StatementError::CutShort)?;
    if rest.len() > SIGNATURE_BYTES {
        return Err(StatementError::Malformed("something follows it"));
    }
    let serial = serial.parse().map_err(|_| StatementError::Malformed("its serial is none"))?;
    let statement =
        Statement { serial, masked_name, name_check, category_name, unit, issued_on, valid_until, printed };
    match encode(&statement, algorithm, key_id) {
        Ok(again) if again == signed => Ok(Read { statement, algorithm, key_id, signed, signature }),
        _ => Err(StatementError::Malformed("it is not written in the one right way")),
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], StatementError> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(StatementError::CutShort)?;
    *rest = left;
    Ok(*taken)
}

fn day(number: [u8; 2]) -> Result<NaiveDate, StatementError> {
    let days = Days::new(u64::from(u16::from_be_bytes(number)));
    EPOCH.checked_add_days(days).ok_or(StatementError::Malformed("a date is none"))
}

fn text(rest: &mut &[u8], max_chars: usize) -> Result<String, StatementError> {
    let [length] = take(rest)?;
    let n_bytes = usize::from(length & !UTF_16);
    let (bytes, left) = rest.split_at_checked(n_bytes).ok_or(StatementError::CutShort)?;
    *rest = left;
    let text = if length & UTF_16 == 0 {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    } else {
        let units = bytes.chunks(2).map(|pair| match *pair {
            [high, low] => u16::from_be_bytes([high, low]),
            // Half a unit is half a surrogate to the decoder, which refuses it.
            _ => 0xd800,
        });
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    text.filter(|text| text.chars().count() <= max_chars && !text.chars().any(is_unprintable))
        .ok_or(StatementError::Malformed("a text is none"))
}
