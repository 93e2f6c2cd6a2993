//! Reads what a stapled OCSP response says (RFC 6960 §4.2.1): the state of the first certificate in it, and for how
//! long that holds. Its signature isn't verified: a server that shows a false one harms itself.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::seen::{Cursor, Miss};

/// What the responder says of the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateState {
    Good,
    Revoked,
    /// The responder doesn't know it.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Staple {
    pub state: CertificateState,
    pub this_update: DateTime<Utc>,
    /// Without one, newer word may be had at any time.
    pub next_update: Option<DateTime<Utc>>,
}

const ENUMERATED: u8 = 0x0a;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const TIME: u8 = 0x18;
/// `[0]` and its siblings, constructed.
const CONTEXT: u8 = 0xa0;
/// 1.3.6.1.5.5.7.48.1.1
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];

/// `None` if it isn't a response with a state in it: broken, or a responder's error.
pub fn read(der: &[u8]) -> Option<Staple> {
    read_response(der).ok()
}

fn read_response(der: &[u8]) -> Result<Staple, Miss> {
    let mut response = Cursor::whole(element(&mut Cursor::whole(der), SEQUENCE)?);
    if element(&mut response, ENUMERATED)? != [0] {
        return Err(Miss::No);
    }
    let mut bytes = Cursor::whole(element(&mut response, CONTEXT)?);
    let mut bytes = Cursor::whole(element(&mut bytes, SEQUENCE)?);
    if element(&mut bytes, OID)? != BASIC {
        return Err(Miss::No);
    }
    let mut basic = Cursor::whole(element(&mut bytes, OCTETS)?);
    let mut basic = Cursor::whole(element(&mut basic, SEQUENCE)?);
    let mut data = Cursor::whole(element(&mut basic, SEQUENCE)?);
    // A version that is written down, then who answers, by name or by key.
    let (mut kind, _) = any(&mut data)?;
    if kind == CONTEXT {
        (kind, _) = any(&mut data)?;
    }
    if !matches!(kind, 0xa1 | 0xa2) {
        return Err(Miss::No);
    }
    element(&mut data, TIME)?;
    let mut responses = Cursor::whole(element(&mut data, SEQUENCE)?);
    let mut single = Cursor::whole(element(&mut responses, SEQUENCE)?);
    element(&mut single, SEQUENCE)?;
    let state = match any(&mut single)?.0 {
        0x80 => CertificateState::Good,
        0xa1 => CertificateState::Revoked,
        0x82 => CertificateState::Unknown,
        _ => return Err(Miss::No),
    };
    let this_update = time(element(&mut single, TIME)?)?;
    let next_update = match any(&mut single) {
        Ok((CONTEXT, inner)) => Some(time(element(&mut Cursor::whole(inner), TIME)?)?),
        Ok(_) | Err(_) => None,
    };
    Ok(Staple { state, this_update, next_update })
}

/// Tag and content of the next element; lengths of at most three bytes.
fn any<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Miss> {
    let tag = cursor.u8()?;
    let length = match cursor.u8()? {
        short @ ..=0x7f => usize::from(short),
        0x81 => usize::from(cursor.u8()?),
        0x82 => usize::from(cursor.u16()?),
        0x83 => cursor.u24()?,
        _ => return Err(Miss::No),
    };
    Ok((tag, cursor.take(length)?))
}

fn element<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<&'a [u8], Miss> {
    let (found, content) = any(cursor)?;
    if found == tag { Ok(content) } else { Err(Miss::No) }
}

/// `YYYYMMDDHHMMSSZ`, as RFC 5280 §4.1.2.5.2 wants it.
fn time(text: &[u8]) -> Result<DateTime<Utc>, Miss> {
    let text = std::str::from_utf8(text).map_err(|_| Miss::No)?;
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%SZ").map_err(|_| Miss::No)?;
    Ok(time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = include_bytes!("../../tests/fixtures/ocsp-good.der");
    const REVOKED: &[u8] = include_bytes!("../../tests/fixtures/ocsp-revoked.der");

    fn check(der: &[u8], expected: Option<(CertificateState, &str, &str)>) {
        let staple = read(der);
        let day = |time: DateTime<Utc>| time.date_naive().to_string();
        let seen = staple.map(|staple| {
            let next = staple.next_update.map(day).unwrap_or_default();
            (staple.state, day(staple.this_update), next)
        });
        let expected = expected.map(|(state, this, next)| (state, this.to_owned(), next.to_owned()));
        assert_eq!(seen, expected);
    }

    #[test]
    fn state_and_days_are_read() {
        check(GOOD, Some((CertificateState::Good, "2026-11-23", "2026-11-30")));
        check(REVOKED, Some((CertificateState::Revoked, "2026-11-23", "2026-11-30")));
        // "Try later", without anything else.
        check(&[0x30, 3, 0x0a, 1, 3], None);
    }

    #[test]
    fn a_cut_response_is_none() {
        for der in [GOOD, REVOKED] {
            for n in 0..der.len() {
                check(&der[..n], None);
            }
        }
    }

    #[test]
    fn broken_bytes_do_no_harm() {
        for at in 0..GOOD.len() {
            for byte in [0, 0x30, 0x7f, 0x80, 0x83, 0xff] {
                let mut der = GOOD.to_vec();
                der[at] = byte;
                read(&der);
            }
        }
    }
}
