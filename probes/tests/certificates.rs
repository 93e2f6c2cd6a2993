//! What is read from certificates: real ones made with OpenSSL for invented names, and damaged ones.

use probes::certificate::certificate_facts;
use proptest::prelude::*;

const RSA_2048: &[u8] = include_bytes!("fixtures/rsa2048.der");
const RSA_1024: &[u8] = include_bytes!("fixtures/rsa1024.der");
const EC_256: &[u8] = include_bytes!("fixtures/ec256.der");
const SM2: &[u8] = include_bytes!("fixtures/sm2.der");
const ALL: [&[u8]; 4] = [RSA_2048, RSA_1024, EC_256, SM2];

#[track_caller]
fn check(der: &[u8], expected: &str) {
    let facts = certificate_facts(der).expect("a certificate");
    let bits = facts.key.bits.unwrap_or(0);
    let flags = format!(
        "{}{}",
        if facts.self_signed { "self-signed " } else { "" },
        if facts.is_ca { "ca" } else { "" }
    );
    let seen = format!(
        "{} | {} | {} {bits} | {} | {}",
        facts.subject,
        facts.names.join(","),
        facts.key.algorithm,
        facts.signature,
        flags.trim_end()
    );
    assert_eq!(seen, expected);
    assert!(facts.not_before < facts.not_after);
    assert_eq!(facts.sha256.len(), 64);
}

#[test]
fn reads_what_a_certificate_says() {
    check(
        RSA_2048,
        "CN=www.example.gov.cn, O=示例单位 | www.example.gov.cn,127.0.0.1 | RSA 2048 | sha256WithRSAEncryption | self-signed ca",
    );
    check(
        RSA_1024,
        "CN=old.example.gov.cn | old.example.gov.cn | RSA 1024 | sha256WithRSAEncryption | self-signed ca",
    );
    check(
        EC_256,
        "CN=*.example.gov.cn | *.example.gov.cn,192.0.2.7,2001:db8::7 | EC P-256 256 | ecdsa-with-SHA256 | self-signed ca",
    );
    check(
        SM2,
        "C=CN, O=示例单位, CN=sm.example.gov.cn | sm.example.gov.cn | SM2 256 | SM2-with-SM3 | self-signed ca",
    );
}

#[test]
fn half_a_certificate_is_an_error_at_every_length() {
    for der in ALL {
        for n in 0..der.len() {
            assert!(certificate_facts(&der[..n]).is_err(), "cut at {n}");
        }
        assert!(certificate_facts(&[der, b"behind"].concat()).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_certificate_never_panics(which in 0..ALL.len(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut der = ALL[which].to_vec();
        let at = at.index(der.len());
        der[at] = value;
        if let Ok(facts) = certificate_facts(&der) {
            prop_assert!(facts.subject.chars().count() <= 256);
            prop_assert!(facts.names.len() <= 128);
        }
    }
}
