//! A revocation list: no panic, and none that wasn't signed is taken.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use training::keys::{Algorithm, KeyRing, SigningKey};
use training::revocations::RevocationList;

static RING: OnceLock<KeyRing> = OnceLock::new();

fuzz_target!(|data: &str| {
    let ring = RING.get_or_init(|| {
        let mut ring = KeyRing::default();
        let key = SigningKey::from_seed(Algorithm::Ed25519, &[1; 32]).expect("a seed");
        ring.rotate(key, chrono::NaiveDate::MIN).expect("a fresh key");
        ring
    });
    // Random bytes seldom get past the signature, so the lines are also tried as the body of a list that has one.
    let signed = format!("{data}\nsignature {}", "0".repeat(103));
    assert!(RevocationList::verify(data, ring.public()).is_err());
    assert!(RevocationList::verify(&signed, ring.public()).is_err());
});
