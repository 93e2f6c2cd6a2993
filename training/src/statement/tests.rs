//! Statements: round trips, changes, cuts.

use proptest::prelude::*;

use super::*;
use crate::keys::KeyRing;
use crate::token::Token;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn ring(algorithm: Algorithm) -> KeyRing {
    let mut ring = KeyRing::default();
    ring.rotate(SigningKey::from_seed(algorithm, &[7; 32]).unwrap(), day("2026-01-01")).unwrap();
    ring
}

const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Sm2];

fn serial() -> Serial {
    "GZXA-2026-WH-000123-R".parse().unwrap()
}

fn token() -> Token {
    Token::from_random([9; 20])
}

fn example<'a>(serial: &'a Serial, token: &'a Token) -> Printed<'a> {
    Printed {
        serial,
        name: "示范例",
        unit: Some("示例市政务服务和数据管理局"),
        post: Some("系统维护员"),
        category_name: "系统安全维护",
        issued_on: day("2026-11-23"),
        valid_until: day("2029-11-22"),
        token: Some(token),
    }
}

fn signed(algorithm: Algorithm) -> (String, KeyRing) {
    let ring = ring(algorithm);
    let statement = Statement::of(&example(&serial(), &token())).unwrap();
    (statement.sign(ring.signer().unwrap(), None).unwrap(), ring)
}

#[test]
fn what_was_signed_verifies_and_says_what_was_printed() {
    for algorithm in BOTH {
        let (text, ring) = signed(algorithm);
        let verified = verify(&text, ring.public()).unwrap();
        assert_eq!(verified.statement, Statement::of(&example(&serial(), &token())).unwrap());
        assert_eq!(verified.statement.masked_name, "示*例");
        assert_eq!(verified.algorithm, algorithm);
        assert_eq!(verified.key_id, ring.signer().unwrap().id());
    }
}

#[test]
fn a_statement_fits_a_code_of_card_size() {
    let (text, ring) = signed(Algorithm::Ed25519);
    assert!(text.len() <= 270, "{}", text.len());
    let alphanumeric = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || " $%*+-./:".contains(c);
    assert!(text.chars().all(alphanumeric), "{text}");
    let (serial, token) = (serial(), token());
    let longest = "虚构".repeat(40);
    let printed =
        Printed { name: &longest, unit: Some(&longest), category_name: &longest, ..example(&serial, &token) };
    let statement = Statement::of(&printed).unwrap();
    let text = statement.sign(ring.signer().unwrap(), None).unwrap();
    assert!(text.len() <= 420, "{}", text.len());
    assert_eq!(verify(&text, ring.public()).unwrap().statement, statement);
}

#[test]
fn reads_what_scanners_and_clerks_paste() {
    let (text, ring) = signed(Algorithm::Ed25519);
    let expected = verify(&text, ring.public());
    let statement = Statement::of(&example(&serial(), &token())).unwrap();
    let address: Address = "https://cert.example.invalid/v".parse().unwrap();
    let with_address = statement.sign(ring.signer().unwrap(), Some(&address)).unwrap();
    assert!(with_address.starts_with("https://cert.example.invalid/v#SP1."));
    let lines: String = text
        .chars()
        .enumerate()
        .map(|(at, c)| if at % 40 == 39 { format!("{c}\r\n") } else { c.into() })
        .collect();
    let full_width: String = text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    for pasted in [with_address, lines, full_width, text.to_lowercase(), format!("\u{feff} {text} \n")] {
        assert_eq!(verify(&pasted, ring.public()), expected, "{pasted}");
    }
    for wrong in ["ftp://example.invalid/v", "https://a.invalid/#x", "https://例.invalid/", "javascript:1"] {
        assert_eq!(wrong.parse::<Address>(), Err(MakeError::Address));
    }
}

#[test]
fn every_cut_is_noticed() {
    for algorithm in BOTH {
        let (text, ring) = signed(algorithm);
        for length in 0..text.len() {
            let error = verify(&text[..length], ring.public()).unwrap_err();
            let expected = if length < 4 { StatementError::NotAStatement } else { StatementError::CutShort };
            assert_eq!(error, expected, "{length}");
        }
        assert!(verify(&format!("{text}00"), ring.public()).is_err());
    }
}

#[test]
fn every_changed_character_is_noticed() {
    let (text, ring) = signed(Algorithm::Ed25519);
    for at in 0..text.len() {
        let mut wrong: Vec<u8> = text.clone().into_bytes();
        wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
        let wrong = String::from_utf8(wrong).unwrap();
        assert!(verify(&wrong, ring.public()).is_err(), "{at}");
    }
}

#[test]
fn says_what_is_wrong() {
    let (text, ring) = signed(Algorithm::Ed25519);
    let check = |text: &str, expected: StatementError| {
        assert_eq!(verify(text, ring.public()), Err(expected), "{text}");
    };
    check("", StatementError::NotAStatement);
    check("https://example.invalid/", StatementError::NotAStatement);
    check(&text.replace("SP1.", "SP2."), StatementError::Version("2".into()));
    check(&text.replace("SP1.", "SPX."), StatementError::NotAStatement);
    check(&format!("{text}?"), StatementError::Symbol('?'));
    check(&"A".repeat(MAX_TEXT + 1), StatementError::TooLong);
    let last = if text.ends_with('0') { "8" } else { "0" };
    let other_signature = format!("{}{last}{}", &text[..text.len() - 9], &text[text.len() - 8..]);
    check(&other_signature, StatementError::Signature(SignatureError::Wrong));
    let other = SigningKey::from_seed(Algorithm::Ed25519, &[8; 32]).unwrap();
    let statement = Statement::of(&example(&serial(), &token())).unwrap();
    let foreign = statement.sign(&other, None).unwrap();
    check(&foreign, StatementError::Signature(SignatureError::UnknownKey(other.id())));
}

#[test]
fn a_signature_of_something_else_is_none() {
    let ring = ring(Algorithm::Ed25519);
    let key = ring.signer().unwrap();
    let statement = Statement::of(&example(&serial(), &token())).unwrap();
    let mut bytes = binary::encode(&statement, Algorithm::Ed25519, key.id()).unwrap();
    let signature = key.sign(&bytes).unwrap();
    bytes.extend_from_slice(&signature);
    let text = format!("SP1.{}", base32::encode(&bytes));
    assert_eq!(verify(&text, ring.public()), Err(StatementError::Signature(SignatureError::Wrong)));
}

#[test]
fn dates_decide_the_standing() {
    let statement = Statement::of(&example(&serial(), &token())).unwrap();
    let check = |on: &str, expected: Standing| assert_eq!(statement.standing(day(on)), expected, "{on}");
    check("2026-11-22", Standing::NotYetValid);
    check("2026-11-23", Standing::Valid);
    check("2029-11-22", Standing::Valid);
    check("2029-11-23", Standing::Expired);
}

#[test]
fn an_edited_print_is_noticed() {
    let (serial, token) = (serial(), token());
    let original = example(&serial, &token);
    let statement = Statement::of(&original).unwrap();
    let alike = |printed: Printed| statement.is_of(&printed);
    assert!(alike(original));
    assert!(alike(Printed { name: " 示 范 例\n", post: Some("系统维护员 "), ..original }));
    // U+2F63 is the radical that some readers of PDFs give for 生.
    let radical = Printed { name: "示⽣例", ..original };
    assert!(Statement::of(&radical).unwrap().is_of(&Printed { name: "示生例", ..original }));

    let other_serial = Serial::new(serial.series().clone(), 2026, serial.category().clone(), 124).unwrap();
    assert!(!alike(Printed { serial: &other_serial, ..original }));
    assert!(!alike(Printed { name: "示假例", ..original }));
    assert!(!alike(Printed { unit: Some("虚构局"), ..original }));
    assert!(!alike(Printed { unit: None, ..original }));
    assert!(!alike(Printed { post: Some("负责人"), ..original }));
    assert!(!alike(Printed { post: original.unit, unit: original.post, ..original }));
    assert!(!alike(Printed { category_name: "系统开发", ..original }));
    assert!(!alike(Printed { issued_on: day("2026-11-24"), ..original }));
    assert!(!alike(Printed { valid_until: day("2039-11-22"), ..original }));
    assert!(!alike(Printed { token: None, ..original }));
}

#[test]
fn a_name_typed_in_is_compared() {
    let (serial, token) = (serial(), token());
    let statement = Statement::of(&example(&serial, &token)).unwrap();
    assert!(statement.may_be_of("示范例") && statement.may_be_of(" 示 范 例".replace(' ', "").as_str()));
    assert!(!statement.may_be_of("示例") && !statement.may_be_of("虚范例"));
    let others = ('一'..='龥').filter(|&c| statement.may_be_of(&format!("示{c}例"))).count();
    assert!((2..200).contains(&others), "one in 256, so that the mask hides: {others}");
    let latin = Printed { name: "Jane Example", ..example(&serial, &token) };
    assert!(Statement::of(&latin).unwrap().may_be_of("JANE EXAMPLE"));
}

#[test]
fn what_cannot_be_stated_is_refused() {
    let (serial, token) = (serial(), token());
    let original = example(&serial, &token);
    let check = |printed: Printed, expected: MakeError| assert_eq!(Statement::of(&printed), Err(expected));
    check(Printed { name: " ", ..original }, MakeError::Missing("name"));
    check(Printed { category_name: "", ..original }, MakeError::Missing("name of the category"));
    check(Printed { issued_on: day("1999-12-31"), ..original }, MakeError::Date(day("1999-12-31")));
    check(Printed { valid_until: day("2179-06-07"), ..original }, MakeError::Date(day("2179-06-07")));
    let (issued_on, valid_until) = (day("2026-11-23"), day("2026-11-22"));
    check(
        Printed { issued_on, valid_until, ..original },
        MakeError::EndsBeforeItBegins { issued_on, valid_until },
    );
}

proptest! {
    #[test]
    fn what_was_signed_is_read(
        name in "\\PC{1,40}", unit in proptest::option::of("\\PC{0,50}"), category in "[a-zA-Z一-龥]{1,20}",
        issued in 0..30_000u64, length in 0..30_000u64, sequence in 1..9_999_999u64, sm2: bool,
    ) {
        let ring = ring(if sm2 { Algorithm::Sm2 } else { Algorithm::Ed25519 });
        let serial = Serial::new("SL".parse().unwrap(), 2026, "X9".parse().unwrap(), sequence).unwrap();
        let issued_on = day("2000-01-01") + chrono::Days::new(issued);
        let printed = Printed {
            serial: &serial, name: &name, unit: unit.as_deref(), post: None, category_name: &category,
            issued_on, valid_until: issued_on + chrono::Days::new(length), token: None,
        };
        prop_assume!(!printed::fold(&name).is_empty());
        let statement = Statement::of(&printed).unwrap();
        let text = statement.sign(ring.signer().unwrap(), None).unwrap();
        prop_assert_eq!(verify(&text, ring.public()).map(|verified| verified.statement), Ok(statement));
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in "(SP1\\.)?[0-9A-Z#.\\-]{0,300}", other in "\\PC{0,100}") {
        let ring = ring(Algorithm::Ed25519);
        prop_assert!(verify(&text, ring.public()).is_err() && verify(&other, ring.public()).is_err());
    }
}
