//! Keys, statements, lists and pages of a made-up issuing body.
//!
//! The browser's own clock decides what is valid today, so the dates are decades away from it.

use chrono::NaiveDate;
use training::keys::{Algorithm, KeyRing, SigningKey};
use training::revocations::{Entry, ReasonClass, RevocationList, RevokedState};
use training::serial::Serial;
use training::statement::{Printed, Statement};
use training::token::Token;
use training::verifier::{VerifierPage, verifier_page};

pub const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Sm2];
pub const ALWAYS: (&str, &str) = ("2020-01-01", "2150-01-01");

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn seeded(algorithm: Algorithm, seed: u8) -> SigningKey {
    SigningKey::from_seed(algorithm, &[seed; 32]).unwrap()
}

/// The key of the ring that has this algorithm.
pub fn key(algorithm: Algorithm) -> SigningKey {
    match algorithm {
        Algorithm::Ed25519 => seeded(algorithm, 1),
        Algorithm::Sm2 => seeded(algorithm, 2),
    }
}

pub fn ring() -> KeyRing {
    let mut ring = KeyRing::default();
    for algorithm in BOTH {
        ring.rotate(key(algorithm), day("2020-01-01")).unwrap();
    }
    ring
}

pub fn serial(sequence: u64) -> Serial {
    Serial::new("SLXA".parse().unwrap(), 2026, "WH".parse().unwrap(), sequence).unwrap()
}

pub fn token() -> Token {
    Token::from_random([9; 20])
}

pub fn named(name: &str, sequence: u64, (from, until): (&str, &str)) -> Statement {
    Statement::of(&Printed {
        serial: &serial(sequence),
        name,
        unit: Some("示例市政务服务和数据管理局"),
        post: Some("系统维护员"),
        category_name: "系统安全维护",
        issued_on: day(from),
        valid_until: day(until),
        token: Some(&token()),
    })
    .unwrap()
}

pub fn statement(sequence: u64, dates: (&str, &str)) -> Statement {
    named("示范例", sequence, dates)
}

pub fn good(algorithm: Algorithm) -> String {
    statement(1, ALWAYS).sign(&key(algorithm), None).unwrap()
}

pub fn list(number: u32, next_update: &str, entries: Vec<Entry>) -> RevocationList {
    RevocationList::new(number, day("2020-06-01"), day(next_update), entries).unwrap()
}

pub fn entry(sequence: u64, state: RevokedState) -> Entry {
    let since = day("2020-05-01");
    Entry { serial: serial(sequence), copy: None, state, since, reason: ReasonClass::LeftPost }
}

pub fn page(ring: &KeyRing, list: Option<&str>) -> String {
    let made_on = day("2020-06-01");
    let options =
        VerifierPage {
            issuer: "虚构市网络安全测评中心", made_on, list, stale_after_days: u16::MAX
        };
    verifier_page(ring.public(), &options)
}
