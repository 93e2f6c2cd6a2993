//! Revocation lists: round trips, changes, cuts, and what they say of a certificate.

use super::*;
use crate::keys::KeyRing;
use crate::statement::Printed;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn serial(sequence: u64) -> Serial {
    Serial::new("SLXA".parse().unwrap(), 2026, "WH".parse().unwrap(), sequence).unwrap()
}

fn statement(sequence: u64, issued: &str) -> Statement {
    Statement::of(&Printed {
        serial: &serial(sequence),
        name: "示范例",
        unit: None,
        post: None,
        category_name: "系统维护",
        issued_on: day(issued),
        valid_until: day("2030-01-01"),
        token: None,
    })
    .unwrap()
}

fn entry(sequence: u64, copy: Option<PrintedDigest>, state: RevokedState) -> Entry {
    Entry { serial: serial(sequence), copy, state, since: day("2026-05-01"), reason: ReasonClass::Other }
}

fn list() -> RevocationList {
    let lost = statement(3, "2026-01-01").printed;
    let entries = [
        entry(9, None, RevokedState::Suspended),
        entry(1, None, RevokedState::Revoked),
        entry(3, Some(lost), RevokedState::Replaced),
    ];
    RevocationList::new(12, day("2026-06-01"), day("2026-07-01"), entries).unwrap()
}

fn ring(algorithm: Algorithm) -> KeyRing {
    let mut ring = KeyRing::default();
    ring.rotate(SigningKey::from_seed(algorithm, &[7; 32]).unwrap(), day("2026-01-01")).unwrap();
    ring
}

#[test]
fn what_was_signed_is_read() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
        let ring = ring(algorithm);
        let text = list().sign(ring.signer().unwrap()).unwrap();
        let verified = RevocationList::verify(&text, ring.public()).unwrap();
        assert_eq!(verified.list, list());
        assert_eq!((verified.algorithm, verified.key_id), (algorithm, ring.signer().unwrap().id()));
        let by_mail = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(RevocationList::verify(&by_mail, ring.public()), Ok(verified.clone()));
        let without_last_line_end = text.trim_end();
        assert_eq!(RevocationList::verify(without_last_line_end, ring.public()), Ok(verified));
    }
}

#[test]
fn an_empty_list_is_a_list() {
    let ring = ring(Algorithm::Ed25519);
    let empty = RevocationList::new(1, day("2026-06-01"), day("2026-06-01"), []).unwrap();
    let text = empty.sign(ring.signer().unwrap()).unwrap();
    assert_eq!(RevocationList::verify(&text, ring.public()).unwrap().list, empty);
}

#[test]
fn every_cut_and_every_changed_character_is_noticed() {
    let ring = ring(Algorithm::Ed25519);
    let text = list().sign(ring.signer().unwrap()).unwrap();
    for length in 0..text.trim_end().len() {
        let cut = RevocationList::verify(&text[..length], ring.public());
        assert!(matches!(cut, Err(ListError::NotAList | ListError::CutShort)), "{length}: {cut:?}");
    }
    for at in 0..text.trim_end().len() {
        let mut wrong = text.clone().into_bytes();
        wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
        let wrong = String::from_utf8(wrong).unwrap();
        assert!(RevocationList::verify(&wrong, ring.public()).is_err(), "{at}");
    }
}

#[test]
fn a_line_taken_out_or_put_twice_is_noticed() {
    let ring = ring(Algorithm::Ed25519);
    let text = list().sign(ring.signer().unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[&str], expected: ListError| {
        assert_eq!(RevocationList::verify(&lines.join("\n"), ring.public()), Err(expected));
    };
    let wrong = || ListError::Signature(SignatureError::Wrong);
    check(&[&lines[..6], &lines[7..]].concat(), wrong());
    check(&[&lines[..7], &lines[6..]].concat(), ListError::Order(8));
    check(&[&lines[..6], &[lines[7], lines[6]], &lines[8..]].concat(), ListError::Order(8));
    check(&[&["sentrypost-revocations 2"], &lines[1..]].concat(), ListError::NotAList);
    check(&[&lines[..1], &["number 012"], &lines[2..]].concat(), ListError::Line(2));
    check(
        &[&lines[..6], &["forgiven SLXA-2026-WH-000001-X 2026-01-01 other"], &lines[7..]].concat(),
        ListError::Line(7),
    );
}

#[test]
fn a_list_says_what_became_of_a_certificate() {
    let list = list();
    let state = |statement: &Statement, on: &str| list.entry_for(statement, day(on)).map(|entry| entry.state);
    assert_eq!(state(&statement(1, "2026-01-01"), "2026-06-02"), Some(RevokedState::Revoked));
    assert_eq!(state(&statement(1, "2026-01-01"), "2026-04-30"), None);
    assert_eq!(state(&statement(2, "2026-01-01"), "2026-06-02"), None);
    assert_eq!(state(&statement(3, "2026-01-01"), "2026-06-02"), Some(RevokedState::Replaced));
    assert_eq!(state(&statement(3, "2026-05-01"), "2026-06-02"), None);
    assert!(!list.is_stale(day("2026-07-01")) && list.is_stale(day("2026-07-02")));
}

#[test]
fn the_weightier_state_stays() {
    let both = [entry(1, None, RevokedState::Revoked), entry(1, None, RevokedState::Suspended)];
    let list = RevocationList::new(1, day("2026-06-01"), day("2026-06-01"), both).unwrap();
    assert_eq!(list.entries().map(|entry| entry.state).collect::<Vec<_>>(), [RevokedState::Revoked]);
    assert_eq!(RevocationList::new(1, day("2026-06-02"), day("2026-06-01"), []), Err(ListError::Dates));
}

#[test]
fn a_list_of_another_key_is_refused() {
    let signer = SigningKey::from_seed(Algorithm::Ed25519, &[8; 32]).unwrap();
    let text = list().sign(&signer).unwrap();
    let expected = ListError::Signature(SignatureError::UnknownKey(signer.id()));
    assert_eq!(RevocationList::verify(&text, ring(Algorithm::Ed25519).public()), Err(expected));
}
