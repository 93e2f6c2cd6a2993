//! What an assessment says only when it has been told to be intrusive: a small malformed thing after a server's first
//! flight, and how the server takes it. Nothing here is ever sent otherwise. Whether a reaction is a fault is for the
//! one who compares them.

use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::num_bigint::BigUint;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::flight::Flight;
use super::record::{ContentKind, NoRecord, handshake_record, next_record, with_length16};
use crate::seen::Cursor;

/// What is said after the flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provocation {
    /// A heartbeat that claims more payload than it has (CVE-2014-0160), then a farewell, so that the end of the
    /// connection tells that the heartbeat was passed over.
    Heartbeat,
    /// A change of ciphers before any key was agreed on (CVE-2014-0224), then a record that only the empty key could
    /// make sense of.
    EarlyChange,
    /// A key exchange by RSA whose padding is wrong in one way (CVE-2017-13099 and its kin), then records that can't
    /// be right.
    BadKey(BadKey),
}

/// The ways in which the padding of an encrypted key may be wrong (RFC 8017 §7.2.2, RFC 5246 §7.4.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKey {
    /// It isn't: only what follows is.
    None,
    /// The first two bytes aren't 0 and 2.
    Start,
    /// The zero that ends the padding comes too late.
    LateZero,
    /// There is no such zero.
    NoZero,
    /// The version inside is another one.
    Version,
}

impl BadKey {
    pub const ALL: [BadKey; 5] =
        [BadKey::None, BadKey::Start, BadKey::LateZero, BadKey::NoZero, BadKey::Version];
}

/// How a server took it: the first thing that it said or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// A heartbeat in answer, of so many bytes with its header.
    Heartbeat(usize),
    Alert(u8),
    /// It goes on with the handshake, or sends what can't be read.
    GoesOn,
    /// Not TLS any more.
    Other,
    Closed,
    Reset,
    TimedOut,
}

impl Reaction {
    /// For people who want to see it for themselves.
    pub fn describe(self) -> String {
        match self {
            Reaction::Heartbeat(n) => format!("a heartbeat of {n} bytes"),
            Reaction::Alert(code) => format!("alert {code} ({})", super::codes::alert_name(code)),
            Reaction::GoesOn => "it goes on".to_owned(),
            Reaction::Other => "not TLS".to_owned(),
            Reaction::Closed => "closed".to_owned(),
            Reaction::Reset => "reset".to_owned(),
            Reaction::TimedOut => "no answer in time".to_owned(),
        }
    }
}

/// What a heartbeat claims to bring, and doesn't: as little as shows the fault.
pub const CLAIMED: u8 = 16;
/// More than a key of 16384 bits.
const MAX_MODULUS: usize = 2048;
const HEARTBEAT_REQUEST: u8 = 1;
const CLIENT_KEY_EXCHANGE: u8 = 16;

impl Provocation {
    /// The bytes, fitting the flight; `None` if there is nothing to be said to it.
    pub fn bytes(self, flight: &Flight, seed: u64) -> Option<Vec<u8>> {
        let version = flight.version?.to_be_bytes();
        let record =
            |kind: u8, content: &[u8]| [[kind].as_slice(), &version, &with_length16(content)].concat();
        Some(match self {
            Provocation::Heartbeat => {
                let farewell = record(21, &[1, 0]);
                [record(24, &[HEARTBEAT_REQUEST, 0, CLAIMED]), farewell].concat()
            }
            Provocation::EarlyChange => [record(20, &[1]), record(22, &[0x5e; 64])].concat(),
            Provocation::BadKey(how) => {
                let sealed = seal(flight.certificates.first()?, flight.version?, how, seed)?;
                // SSL 3.0 had no length before it.
                let body = if flight.version? == 0x0300 { sealed } else { with_length16(&sealed) };
                let exchange = handshake_record(flight.version?, CLIENT_KEY_EXCHANGE, &body);
                [exchange, record(20, &[1]), record(22, &[0x5e; 64])].concat()
            }
        })
    }
}

/// A secret, padded as told and encrypted to the key of a certificate; `None` if that isn't one of RSA.
fn seal(certificate: &[u8], version: u16, how: BadKey, seed: u64) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let PublicKey::RSA(key) = certificate.public_key().parsed().ok()? else { return None };
    if key.modulus.len() > MAX_MODULUS + 1 || key.exponent.len() > 8 {
        return None;
    }
    let modulus = BigUint::from_bytes_be(key.modulus);
    let n = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
    let message = padded(n, version, how, seed)?;
    let sealed = BigUint::from_bytes_be(&message).modpow(&BigUint::from_bytes_be(key.exponent), &modulus);
    let sealed = sealed.to_bytes_be();
    let zeros = vec![0; n.checked_sub(sealed.len())?];
    Some([zeros, sealed].concat())
}

const N_SECRET: usize = 48;

/// `n` bytes: 0, 2, at least eight that aren't zero, 0, and a secret that begins with the version offered.
fn padded(n: usize, version: u16, how: BadKey, seed: u64) -> Option<Vec<u8>> {
    let n_padding = n.checked_sub(3 + N_SECRET).filter(|n| *n >= 8)?;
    let mut filler = (0u64..).flat_map(|block| {
        <[u8; 32]>::from(Sha256::digest([seed.to_be_bytes(), block.to_be_bytes()].concat()))
    });
    let mut some = |n: usize| filler.by_ref().filter(|byte| *byte != 0).take(n).collect::<Vec<u8>>();
    let padding = some(n_padding);
    let secret = some(N_SECRET - 2);
    let offered = version.to_be_bytes();
    let (start, zero, version) = match how {
        BadKey::None => ([0, 2], 0, offered),
        BadKey::Start => ([0x41, 0x17], 0, offered),
        BadKey::LateZero | BadKey::NoZero => ([0, 2], 0x11, offered),
        BadKey::Version => ([0, 2], 0, [2, 2]),
    };
    let mut message = [start.as_slice(), &padding, &[zero], &version, &secret].concat();
    if how == BadKey::LateZero
        && let Some(last) = message.iter_mut().nth_back(1)
    {
        *last = 0;
    }
    Some(message)
}

/// The reaction in what came after the provocation; `None` if more must come first.
pub fn reaction(bytes: &[u8]) -> Option<Reaction> {
    match next_record(&mut Cursor::whole(bytes)) {
        Ok(record) => Some(match (record.kind, record.content) {
            (ContentKind::Heartbeat, content) => Reaction::Heartbeat(content.len()),
            (ContentKind::Alert, &[_, description]) => Reaction::Alert(description),
            _ => Reaction::GoesOn,
        }),
        Err(NoRecord::Incomplete) => None,
        Err(NoRecord::NotTls) => Some(Reaction::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &[u8] = include_bytes!("../../tests/fixtures/rsa2048.der");
    const SM2: &[u8] = include_bytes!("../../tests/fixtures/sm2.der");

    #[test]
    fn padding_is_wrong_in_the_one_way_that_was_asked_for() {
        for how in BadKey::ALL {
            let message = padded(256, 0x0303, how, 1).expect("long enough");
            assert_eq!(message.len(), 256);
            assert_eq!(message.starts_with(&[0, 2]), how != BadKey::Start, "{how:?}");
            let zero = message.iter().skip(2).position(|byte| *byte == 0).map(|at| at + 2);
            let expected = match how {
                BadKey::NoZero => None,
                BadKey::LateZero => Some(254),
                BadKey::None | BadKey::Start | BadKey::Version => Some(207),
            };
            assert_eq!(zero, expected, "{how:?}");
            let offered = message.get(208..210) == Some(&[3, 3]);
            assert_eq!(offered, how != BadKey::Version, "{how:?}");
            assert_eq!(padded(256, 0x0303, how, 1), Some(message), "the same each time");
        }
        assert_eq!(padded(58, 0x0303, BadKey::None, 1), None);
    }

    #[test]
    fn only_keys_of_rsa_are_sealed_to() {
        for how in BadKey::ALL {
            assert_eq!(seal(RSA, 0x0303, how, 1).map(|sealed| sealed.len()), Some(256), "{how:?}");
            assert_eq!(seal(SM2, 0x0303, how, 1), None);
            for n in 0..RSA.len() {
                assert_eq!(seal(&RSA[..n], 0x0303, how, 1), None, "cut at {n}");
            }
        }
    }

    #[test]
    fn a_reaction_is_the_first_record() {
        for (bytes, expected) in [
            (&[21, 3, 3, 0, 2, 2, 10][..], Some(Reaction::Alert(10))),
            (&[21, 3, 3, 0, 2, 2], None),
            (&[24, 3, 3, 0, 3, 2, 0, 0], Some(Reaction::Heartbeat(3))),
            (&[20, 3, 3, 0, 1, 1], Some(Reaction::GoesOn)),
            (b"HTTP", Some(Reaction::Other)),
            (&[], None),
        ] {
            assert_eq!(reaction(bytes), expected, "{bytes:?}");
        }
    }
}
