//! The text of a certificate's QR code: no panic, and none that wasn't signed is taken.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use training::keys::{Algorithm, KeyRing, SigningKey};
use training::statement::{self, StatementError};

static RING: OnceLock<KeyRing> = OnceLock::new();

fuzz_target!(|data: &str| {
    let ring = RING.get_or_init(|| {
        let mut ring = KeyRing::default();
        for (seed, algorithm) in [(1, Algorithm::Ed25519), (2, Algorithm::Sm2)] {
            let key = SigningKey::from_seed(algorithm, &[seed; 32]).expect("a seed");
            ring.rotate(key, chrono::NaiveDate::MIN).expect("a fresh key");
        }
        ring
    });
    match statement::verify(data, ring.public()) {
        Ok(verified) => panic!("{verified:?}"),
        Err(StatementError::Version(version)) => assert!(version.len() <= 4),
        Err(_) => {}
    }
});
