//! What is made of what was found: checks, grades and profiles.

use chrono::{DateTime, Utc};
use model::host_name::HostName;
use model::tls_policy::{TlsChecks, TlsPolicy};
use probes::tls::assess::Subject;
use probes::tls::assess::facts::{ServerFacts, Told};
use probes::tls::assess::seam::Limits;
use probes::tls::codes::Version;
use probes::tls::judge::{Case, State, Trust, Verdict, check_ids, grade, judge, profile};
use probes::tls::sm2::{Signed, is_signed_by};

use crate::peer::{Act, Peer, Then, assess};
use crate::readings::named;
use crate::server::{Server, alert};

const CA: &[u8] = include_bytes!("../fixtures/sm2-ca.der");
const SIGN: &[u8] = include_bytes!("../fixtures/sm2-sign.der");
const ENCRYPT: &[u8] = include_bytes!("../fixtures/sm2-encrypt.der");

fn facts(peer: &mut dyn Peer) -> ServerFacts {
    assess(peer, &named(), &Limits::default()).facts
}

fn names() -> Vec<HostName> {
    vec!["www.example.gov.cn".parse().unwrap()]
}

fn now() -> DateTime<Utc> {
    "2026-12-22T08:00:00Z".parse().unwrap()
}

fn case<'a>(facts: &'a ServerFacts, names: &'a [HostName]) -> Case<'a> {
    Case { facts, now: now(), names, trust: &[Trust::UnknownIssuer; 8], expiring_days: 30 }
}

/// The checks at fault.
fn faults(verdicts: &[Verdict]) -> Vec<&'static str> {
    verdicts.iter().filter(|verdict| verdict.state == State::Fault).map(|verdict| verdict.check).collect()
}

/// Of these checks, exactly the ones marked `true` are at fault.
#[track_caller]
fn check(peer: &mut dyn Peer, expected: &[(&str, bool)]) {
    let facts = facts(peer);
    let verdicts = judge(&case(&facts, &names()));
    let at_fault = faults(&verdicts);
    for (id, is_fault) in expected {
        assert!(check_ids().any(|known| known == *id), "{id} is a check");
        assert_eq!(at_fault.contains(id), *is_fault, "{id}: {at_fault:?}");
    }
    // Whatever is at fault shows what it saw, or where.
    for verdict in verdicts.iter().filter(|verdict| verdict.state == State::Fault) {
        let is_lack = verdict.check.contains(".no-");
        assert!(is_lack || !verdict.evidence.is_empty() || !verdict.by.is_empty(), "{}", verdict.check);
    }
}

#[test]
fn every_check_has_words_and_every_word_a_check() {
    let words: Vec<String> =
        TlsChecks::embedded().checks.iter().map(|check| check.id.as_str().to_owned()).collect();
    assert_eq!(check_ids().collect::<Vec<_>>(), words);
}

#[test]
fn an_old_server_is_told_all_its_faults() {
    let mut server = Server::with(Version::Tls12, &[0x000a, 0x0005, 0x009e, 0x0001])
        .and(Version::Tls10, &[0x002f, 0x0034])
        .and(Version::Ssl3, &[0x0003, 0x002f])
        .and(Version::Ssl2, &[0x0700]);
    check(
        &mut server,
        &[
            ("tls.ssl2", true),
            ("tls.drown", true),
            ("tls.ssl3", true),
            ("tls.poodle", true),
            ("tls.tls10", true),
            ("tls.tls11", false),
            ("tls.beast", true),
            ("tls.suite-null", true),
            ("tls.suite-rc4", true),
            ("tls.suite-export", true),
            ("tls.freak", true),
            ("tls.suite-anonymous", true),
            ("tls.sweet32", true),
            ("tls.dh-short", true),
            ("tls.no-aead", false),
            ("tls.no-tls13", true),
            ("tls.no-modern-version", false),
            ("tls.insecure-renegotiation", true),
            ("tls.cert-self-signed", true),
            ("tls.cert-name-mismatch", false),
            ("tls.tlcp-not-sm2", false),
        ],
    );
}

#[test]
fn a_modern_server_has_nothing_to_hide() {
    let mut server = Server::with(Version::Tls12, &[0xc02f, 0xc030]).and(Version::Tls13, &[0x1301]);
    check(
        &mut server,
        &[
            ("tls.tls10", false),
            ("tls.sweet32", false),
            ("tls.lucky13", false),
            ("tls.static-exchange", false),
            ("tls.no-post-quantum", true),
        ],
    );
}

#[test]
fn what_could_not_be_told_is_no_verdict() {
    struct Silent;
    impl Peer for Silent {
        fn hear(&mut self, _: u32, _: &[u8]) -> Act {
            Act::Wait
        }
    }
    let facts = facts(&mut Silent);
    for verdict in judge(&case(&facts, &names())) {
        assert!(!matches!(verdict.state, State::Fault | State::Sound), "{verdict:?}");
    }
    struct Refusing;
    impl Peer for Refusing {
        fn hear(&mut self, _: u32, received: &[u8]) -> Act {
            if received.is_empty() { Act::Wait } else { Act::Say(alert(0x0303, 40), Then::Close) }
        }
    }
    let facts = assess(&mut Refusing, &Subject::default(), &Limits::default()).facts;
    let verdicts = judge(&case(&facts, &names()));
    assert_eq!(faults(&verdicts), Vec::<&str>::new());
}

#[test]
fn certificates_of_tlcp_are_judged_with_their_signatures() {
    let national = |chain: &[&'static [u8]]| Server {
        national_chain: chain.to_vec(),
        ..Server::with(Version::Tlcp, &[0xe053])
    };
    let all_sound = [
        ("tls.tlcp-single-certificate", false),
        ("tls.tlcp-key-usage", false),
        ("tls.tlcp-not-sm2", false),
        ("tls.tlcp-cbc-only", false),
        ("tls.tlcp-bad-signature", false),
    ];
    check(&mut national(&[SIGN, ENCRYPT, CA]), &all_sound);
    let mut other_key = national(&[ENCRYPT, SIGN, CA]);
    check(&mut other_key, &[("tls.tlcp-key-usage", true), ("tls.tlcp-bad-signature", true)]);
    check(&mut national(&[SIGN, SIGN]), &[("tls.tlcp-single-certificate", true)]);
    check(&mut national(&[SIGN]), &[("tls.tlcp-single-certificate", true)]);
    check(&mut national(&[SIGN, CA]), &[("tls.tlcp-single-certificate", true)]);
    check(&mut national(&[crate::server::RSA, ENCRYPT]), &[("tls.tlcp-not-sm2", true)]);
}

#[test]
fn a_share_that_another_key_has_signed_is_told() {
    let agreeing = |chain: &[&'static [u8]]| Server {
        national_chain: chain.to_vec(),
        ..Server::with(Version::Tlcp, &[0xe051, 0xe011])
    };
    let told = facts(&mut agreeing(&[SIGN, ENCRYPT, CA])).features.tlcp_handshake_signature;
    assert!(told.is_yes(), "{told:?}");
    check(&mut agreeing(&[SIGN, ENCRYPT, CA]), &[("tls.tlcp-bad-signature", false)]);
    let told = facts(&mut agreeing(&[ENCRYPT, SIGN, CA])).features.tlcp_handshake_signature;
    assert!(told.is_no(), "{told:?}");
    check(&mut agreeing(&[ENCRYPT, SIGN, CA]), &[("tls.tlcp-bad-signature", true)]);
}

#[test]
fn tickets_that_hold_too_long_are_told() {
    let mut facts = facts(&mut Server::with(Version::Tls12, &[0xc02f]));
    let day = 24 * 60 * 60;
    for (seconds, in_13, expected) in [
        (Some(7200), Some(day), &[][..]),
        (Some(day + 1), None, &["tls.ticket-lifetime"]),
        (None, Some(7 * day + 1), &["tls.ticket-lifetime", "tls.ticket-too-long"]),
    ] {
        facts.features.ticket_lifetime_seconds = seconds;
        facts.features.ticket_lifetime_seconds_in_13 = in_13;
        let mut at_fault = faults(&judge(&case(&facts, &names())));
        at_fault.retain(|id| id.starts_with("tls.ticket"));
        assert_eq!(at_fault, expected, "{seconds:?} {in_13:?}");
    }
}

#[test]
fn what_was_provoked_caps_the_grade() {
    let policy = TlsPolicy::embedded().into_iter().find(|policy| policy.id == "ssl-labs").unwrap();
    let rules = policy.grade.unwrap();
    let mut facts = facts(&mut Server::with(Version::Tls12, &[0xc02f]));
    let rate = |facts: &ServerFacts| {
        let case = Case { trust: &[Trust::Trusted; 8], ..case(facts, &[]) };
        let mut verdicts = judge(&case);
        verdicts.retain(|verdict| verdict.check != "tls.cert-self-signed");
        grade::grade(&case, &verdicts, &rules).unwrap()
    };
    let grade = rate(&facts);
    assert_ne!(grade.grade, "F");
    assert!(
        grade.open.contains(&"tls.heartbleed".to_owned()),
        "what wasn't asked stays open: {:?}",
        grade.open
    );
    facts.features.provoked.padding_oracle = Told::yes(1);
    let grade = rate(&facts);
    assert_eq!((grade.grade.as_str(), grade.caps[0].because.as_str()), ("F", "tls.padding-oracle"));
}

#[test]
fn signatures_of_sm2_are_verified() {
    assert_eq!(is_signed_by(SIGN, CA), Signed::Yes);
    assert_eq!(is_signed_by(CA, CA), Signed::Yes);
    assert_eq!(is_signed_by(SIGN, ENCRYPT), Signed::NotByThis);
    let mut changed = SIGN.to_vec();
    // A bit of the signature, which stands last.
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    assert_eq!(is_signed_by(&changed, CA), Signed::No);
    for n in 0..SIGN.len() {
        assert_ne!(is_signed_by(&SIGN[..n], CA), Signed::Yes, "cut at {n}");
    }
}

fn rated(server: &mut Server, id: &str) -> String {
    let facts = facts(server);
    let policy = TlsPolicy::embedded().into_iter().find(|policy| policy.id == id).unwrap();
    let case = Case { trust: &[Trust::Trusted; 8], ..case(&facts, &[]) };
    let mut verdicts = judge(&case);
    // The fixture is signed by itself; here it stands for a good one.
    verdicts.retain(|verdict| verdict.check != "tls.cert-self-signed");
    let graded = policy.grade.map(|rules| {
        let grade = grade::grade(&case, &verdicts, &rules).unwrap();
        let caps: Vec<&str> = grade.caps.iter().map(|cap| cap.because.as_str()).collect();
        format!("{} {} {}", grade.grade, grade.score, caps.join(" "))
    });
    let profile = policy.profile.map(|rules| {
        let demands = profile::compare(&case, &verdicts, &rules);
        let failed = demands.iter().filter(|demand| demand.state == State::Fault);
        failed.map(|demand| demand.rule.as_str()).collect::<Vec<_>>().join(" ")
    });
    [graded, profile].into_iter().flatten().collect::<Vec<_>>().join(" | ")
}

#[test]
fn grades_come_with_the_reasons_of_their_caps() {
    let mut modern = Server::with(Version::Tls12, &[0xc030, 0xc02f]).and(Version::Tls13, &[0x1302]);
    assert_eq!(rated(&mut modern, "ssl-labs"), "A- 93 tls.insecure-renegotiation");
    let mut old = Server::with(Version::Tls12, &[0xc02f, 0x000a, 0x0005]).and(Version::Tls10, &[0x000a]);
    assert_eq!(
        rated(&mut old, "ssl-labs"),
        "C 75 tls.suite-rc4 tls.sweet32 tls.tls10 tls.insecure-renegotiation tls.no-tls13"
    );
    let mut broken = Server::with(Version::Tls10, &[0x0003]);
    assert!(rated(&mut broken, "ssl-labs").starts_with('F'));
}

#[test]
fn profiles_name_the_demands_that_are_not_met() {
    let mut server = Server::with(Version::Tls12, &[0xc02f, 0x000a]).and(Version::Tls13, &[0x1301]);
    assert_eq!(rated(&mut server, "mozilla-intermediate"), "suites order tls.insecure-renegotiation");
    assert!(rated(&mut server, "mozilla-modern").starts_with("versions suites "));
    let mut national =
        Server { national_chain: vec![SIGN, ENCRYPT, CA], ..Server::with(Version::Tlcp, &[0xe053]) };
    assert_eq!(rated(&mut national, "national"), "");
    assert_eq!(rated(&mut server, "national"), "preferred-suites tls.insecure-renegotiation tls.sweet32");
}
