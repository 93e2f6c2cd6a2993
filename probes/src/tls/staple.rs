//! Reads what a stapled OCSP response says (RFC 6960 §4.2.1): the state of the first certificate in it, for how long
//! that holds, and which bytes are signed how. Signatures are verified by whoever has the means.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

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
    /// Of the certificate that it is about, as it is encoded.
    #[serde(skip)]
    pub serial: Vec<u8>,
    /// It brings timestamps of certificate logs (RFC 6962 §3.3).
    #[serde(skip)]
    pub has_timestamps: bool,
    /// As it came.
    #[serde(skip)]
    pub der: Vec<u8>,
}

/// The signed part of a response and its signature, as they are encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedResponse<'a> {
    pub data: &'a [u8],
    /// Content of the algorithm's identifier.
    pub algorithm: &'a [u8],
    pub signature: &'a [u8],
    /// Of the one who signed, if it isn't the issuer itself; DER.
    pub certificates: Vec<&'a [u8]>,
}

/// More than any responder sends along.
const MAX_CERTIFICATES: usize = 8;
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
/// 1.3.6.1.4.1.11129.2.4.5
const TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];

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

/// The parts that a signature is verified with.
pub fn signed(der: &[u8]) -> Option<SignedResponse<'_>> {
    read_signed(der).ok()
}

/// A message, a signature on it, and the key that is to have made it; algorithms as the content of their identifiers.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    pub message: &'a [u8],
    pub algorithm: &'a [u8],
    pub signature: &'a [u8],
    pub key_algorithm: &'a [u8],
    pub key: &'a [u8],
}

impl Staple {
    /// Whether it is signed by the issuer of the chain's leaf, or by one whom that issuer has empowered (RFC 6960
    /// §4.2.2.2). `holds` verifies, and says nothing of what it doesn't know. `None` if it isn't about this leaf, the
    /// issuer isn't in the chain, or nobody can tell.
    pub fn is_signed_for(
        &self,
        chain: &[Vec<u8>],
        holds: &dyn Fn(&Claim<'_>) -> Option<bool>,
    ) -> Option<bool> {
        let leaf = parse(chain.first()?)?;
        if leaf.raw_serial() != self.serial.as_slice() {
            return None;
        }
        let mut certificates = chain.iter().filter_map(|der| parse(der));
        let issuer = certificates.find(|issuer| issuer.subject() == leaf.issuer())?;
        let response = signed(&self.der)?;
        if holds(&claim(&response, issuer.public_key().raw)?)? {
            return Some(true);
        }
        Some(response.certificates.iter().any(|der| {
            let is_empowered = || {
                let signer = parse(der)?;
                let usage = signer.extended_key_usage().ok()??;
                let may_sign = usage.value.ocsp_signing && signer.issuer() == issuer.subject();
                let certificate = read_signed_by(&mut Cursor::whole(content(der, SEQUENCE)?)).ok()?;
                let is_issued = may_sign && holds(&claim(&certificate, issuer.public_key().raw)?)?;
                Some(is_issued && holds(&claim(&response, signer.public_key().raw)?)?)
            };
            is_empowered() == Some(true)
        }))
    }
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate)
}

fn content(der: &[u8], tag: u8) -> Option<&[u8]> {
    element(&mut Cursor::whole(der), tag).ok()
}

/// `key`: a SubjectPublicKeyInfo.
fn claim<'a>(signed: &SignedResponse<'a>, key: &'a [u8]) -> Option<Claim<'a>> {
    let mut info = Cursor::whole(content(key, SEQUENCE)?);
    let key_algorithm = element(&mut info, SEQUENCE).ok()?;
    let key = element(&mut info, BITS).ok()?.strip_prefix(&[0])?;
    let SignedResponse { data: message, algorithm, signature, .. } = *signed;
    Some(Claim { message, algorithm, signature, key_algorithm, key })
}

/// The content of the response proper.
fn basic(der: &[u8]) -> Result<Cursor<'_>, Miss> {
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
    Ok(Cursor::whole(element(&mut basic, SEQUENCE)?))
}

fn read_signed(der: &[u8]) -> Result<SignedResponse<'_>, Miss> {
    read_signed_by(&mut basic(der)?)
}

/// Something signed, its algorithm and the signature: a response, and certificates too (RFC 5280 §4.1).
fn read_signed_by<'a>(basic: &mut Cursor<'a>) -> Result<SignedResponse<'a>, Miss> {
    let data = whole_element(basic, SEQUENCE)?;
    let algorithm = element(basic, SEQUENCE)?;
    // No bits are left over.
    let signature = element(basic, BITS)?.strip_prefix(&[0]).ok_or(Miss::No)?;
    let mut certificates = Vec::new();
    if let Ok((CONTEXT, inner)) = any(basic) {
        let mut list = Cursor::whole(element(&mut Cursor::whole(inner), SEQUENCE)?);
        while !list.is_empty() && certificates.len() < MAX_CERTIFICATES {
            certificates.push(whole_element(&mut list, SEQUENCE)?);
        }
    }
    Ok(SignedResponse { data, algorithm, signature, certificates })
}

fn read_response(der: &[u8]) -> Result<Staple, Miss> {
    let mut basic = basic(der)?;
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
    let mut about = Cursor::whole(element(&mut single, SEQUENCE)?);
    element(&mut about, SEQUENCE)?;
    element(&mut about, OCTETS)?;
    element(&mut about, OCTETS)?;
    let serial = element(&mut about, INTEGER)?.to_vec();
    let state = match any(&mut single)?.0 {
        0x80 => CertificateState::Good,
        0xa1 => CertificateState::Revoked,
        0x82 => CertificateState::Unknown,
        _ => return Err(Miss::No),
    };
    let this_update = time(element(&mut single, TIME)?)?;
    let (mut next_update, mut has_timestamps) = (None, false);
    while let Ok((tag, inner)) = any(&mut single) {
        match tag {
            CONTEXT => next_update = Some(time(element(&mut Cursor::whole(inner), TIME)?)?),
            EXTENSIONS => has_timestamps = names_timestamps(inner)?,
            _ => return Err(Miss::No),
        }
    }
    Ok(Staple { state, this_update, next_update, serial, has_timestamps, der: der.to_vec() })
}

/// `[1]`, constructed.
const EXTENSIONS: u8 = 0xa1;

fn names_timestamps(extensions: &[u8]) -> Result<bool, Miss> {
    let mut list = Cursor::whole(element(&mut Cursor::whole(extensions), SEQUENCE)?);
    while !list.is_empty() {
        let mut extension = Cursor::whole(element(&mut list, SEQUENCE)?);
        if element(&mut extension, OID)? == TIMESTAMPS {
            return Ok(true);
        }
    }
    Ok(false)
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

/// The same with tag and length.
fn whole_element<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<&'a [u8], Miss> {
    let (from, n_before) = (cursor.rest(), cursor.n_used());
    element(cursor, tag)?;
    from.get(..cursor.n_used() - n_before).ok_or(Miss::No)
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
    fn what_is_signed_is_found_in_the_response() {
        for der in [GOOD, REVOKED] {
            let signed = signed(der).expect("it is signed");
            assert!(der.windows(signed.data.len()).any(|window| window == signed.data));
            assert!(signed.data.starts_with(&[SEQUENCE]) && signed.signature.len() >= 64);
            let told = read(der).expect("it can be read");
            assert!(!told.serial.is_empty() && !told.has_timestamps && told.der == der);
        }
    }

    #[test]
    fn timestamps_are_known_by_their_name() {
        let extension = |oid: &[u8]| {
            let inner = [&[OID, u8::try_from(oid.len()).expect("short")], oid, &[OCTETS, 0]].concat();
            let one = [&[SEQUENCE, u8::try_from(inner.len()).expect("short")], inner.as_slice()].concat();
            [&[SEQUENCE, u8::try_from(one.len()).expect("short")], one.as_slice()].concat()
        };
        assert_eq!(names_timestamps(&extension(TIMESTAMPS)), Ok(true));
        assert_eq!(names_timestamps(&extension(BASIC)), Ok(false));
        assert!(names_timestamps(&extension(TIMESTAMPS)[..6]).is_err());
    }

    #[test]
    fn a_cut_response_is_none() {
        for der in [GOOD, REVOKED] {
            for n in 0..der.len() {
                check(&der[..n], None);
                assert_eq!(signed(&der[..n]), None, "cut at {n}");
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
                signed(&der);
            }
        }
    }
}
