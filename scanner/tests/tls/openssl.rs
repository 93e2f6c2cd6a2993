//! OpenSSL's `s_server` in several moods.

use chrono::Utc;
use probes::tls::assess::Subject;
use probes::tls::assess::facts::{Answered, ChainKind, Features, Order, Reached, ServerFacts};
use probes::tls::codes::Version;
use probes::tls::judge::{Case, State, Trust, judge};
use probes::tls::staple::CertificateState;
use scanner::tls::Roots;

use crate::world::{OpensslServer, assessed, faults, groups_in_13, named, suites};

async fn check(args: &[&str], expected: &[&str]) -> ServerFacts {
    let server = OpensslServer::start(args);
    let facts = assessed(server.port, Subject::default()).await;
    assert_eq!(facts.reached, Reached::Tls);
    assert_eq!(suites(&facts), expected, "{:#?}", facts.connections);
    for version in facts.versions.iter().filter(|version| !version.offered.is_yes()) {
        assert_eq!(version.offered.answer, Answered::No, "{:?}", version.version);
    }
    facts
}

#[tokio::test]
async fn the_servers_order_is_read_off() {
    let cipher =
        "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256";
    let suites13 = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
    let args = ["-serverpref", "-cipher", cipher, "-ciphersuites", suites13, "-groups", "P-384:X25519:P-256"];
    let expected = ["TLS 1.2 Server: c030 002f cca8 009e", "TLS 1.3 Server: 1303 1301"];
    let facts = check(&args, &expected).await;
    assert_eq!(groups_in_13(&facts), "secp384r1 x25519 secp256r1");
    assert!(facts.features.post_quantum.is_no());
    assert!(facts.features.fallback_scsv.is_yes());
}

#[tokio::test]
async fn a_server_of_old_versions_is_read_in_each() {
    let args =
        ["-cipher", "AES128-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0", "-no_tls1_3", "-no_tls1_2", "-serverpref"];
    let facts = check(&args, &["TLS 1.0 Server: 002f c014", "TLS 1.1 Server: 002f c014"]).await;
    assert_eq!(facts.version(Version::Tls12).map(|facts| facts.offered.answer), Some(Answered::No));
    assert!(facts.features.post_quantum.is_no());
}

#[tokio::test]
async fn a_server_that_follows_the_client_is_told_from_one_that_leads() {
    let args = ["-cipher", "AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384", "-tls1_2"];
    let facts = check(&args, &["TLS 1.2 Client: c030 002f"]).await;
    assert_eq!(facts.version(Version::Tls12).map(|facts| facts.order), Some(Order::Client));
}

#[tokio::test]
async fn two_assessments_agree() {
    let server = OpensslServer::start(&[]);
    let first = assessed(server.port, Subject::default()).await;
    let second = assessed(server.port, Subject::default()).await;
    assert_eq!(first, second);
}

#[tokio::test]
async fn certificates_of_both_kinds_are_shown() {
    let server = OpensslServer::start_with_both(&["-serverpref"]);
    let facts = assessed(server.port, named()).await;
    let mut kinds: Vec<_> =
        facts.chains.iter().map(|chain| (chain.kind, chain.server_name.is_some())).collect();
    kinds.sort_unstable();
    let expected = [
        (ChainKind::Rsa, false),
        (ChainKind::Rsa, true),
        (ChainKind::Ecdsa, false),
        (ChainKind::Ecdsa, true),
    ];
    assert_eq!(kinds, expected, "{:#?}", facts.connections);
    let suites = &facts.version(Version::Tls12).unwrap().suites;
    assert!(suites.complete.is_yes() && suites.entries.len() > 20);
}

#[tokio::test]
async fn a_server_of_tls13_alone_shows_its_certificates_in_a_session() {
    let server = OpensslServer::start_with_both(&["-tls1_3", "-Verify", "1", "-alpn", "http/1.1"]);
    let facts = assessed(server.port, named()).await;
    let kinds: Vec<_> = facts.chains.iter().map(|chain| (chain.kind, chain.server_name.is_some())).collect();
    let expected = [(ChainKind::Rsa, true), (ChainKind::Ecdsa, false), (ChainKind::Ecdsa, true)];
    assert_eq!(kinds, expected, "{:#?}", facts.connections);
    assert!(facts.features.client_certificate.is_yes());
    assert!(facts.features.ocsp_staple.is_no());
    for certificate in facts.chains.iter().map(|chain| &chain.certificates[0]) {
        assert!(certificate.covers("www.example.gov.cn"));
    }
}

#[tokio::test]
async fn features_are_read_off_the_hello() {
    let server = OpensslServer::start(&["-tls1_2", "-no_ticket", "-verify", "1", "-alpn", "http/1.1,h2"]);
    let facts = assessed(server.port, named()).await;
    let Features {
        session_tickets, client_certificate, secure_renegotiation, compression, protocols, ..
    } = &facts.features;
    assert!(session_tickets.is_no() && compression.is_no(), "{:#?}", facts.features);
    assert!(client_certificate.is_yes() && secure_renegotiation.is_yes());
    assert_eq!(*protocols, ["http/1.1", "h2"]);
    let server = OpensslServer::start(&["-tls1_2"]);
    let facts = assessed(server.port, named()).await;
    assert!(facts.features.session_tickets.is_yes() && facts.features.client_certificate.is_no());
}

#[tokio::test]
async fn short_parameters_and_weak_suites_are_told() {
    let server = OpensslServer::start(&["-tls1_2", "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]);
    let facts = assessed(server.port, named()).await;
    let at_fault = faults(&facts);
    for id in [
        "tls.suite-null",
        "tls.suite-anonymous",
        "tls.static-exchange",
        "tls.lucky13",
        "tls.cert-self-signed",
    ] {
        assert!(at_fault.contains(&id), "{id} in {at_fault:?}");
    }
    for id in ["tls.suite-rc4", "tls.ssl3", "tls.beast", "tls.suite-export", "tls.dh-reused"] {
        assert!(!at_fault.contains(&id), "{id} in {at_fault:?}");
    }
}

#[tokio::test]
async fn trust_is_apart_from_names_and_validity() {
    let server = OpensslServer::start(&["-tls1_2"]);
    let facts = assessed(server.port, named()).await;
    let now = Utc::now();
    let mozilla = Roots::mozilla_and(&[]).unwrap();
    assert_eq!(mozilla.trust(&facts, now), [Trust::UnknownIssuer, Trust::UnknownIssuer]);
    let own: Vec<Vec<u8>> = facts.chains.iter().take(1).flat_map(|chain| chain.ders.clone()).collect();
    assert_eq!(Roots::mozilla_and(&own).unwrap().trust(&facts, now), [Trust::Trusted, Trust::Trusted]);
    assert!(Roots::mozilla_and(&[vec![0x30, 0]]).is_err());
}

#[tokio::test]
async fn nothing_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let facts = assessed(port, Subject::default()).await;
    assert_eq!(facts.reached, Reached::Unreachable);
}

#[tokio::test]
async fn groups_are_told_also_when_the_certificate_needs_one_of_them() {
    let server = OpensslServer::start_ecdsa(&["-groups", "X25519:P-256:P-384"]);
    let facts = assessed(server.port, named()).await;
    let mut names: Vec<&str> =
        facts.groups_before_13.entries.iter().map(|group| group.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["secp256r1", "secp384r1", "x25519"], "{:#?}", facts.connections);
    assert!(facts.groups_before_13.complete.is_yes());
}

#[tokio::test]
async fn a_staple_is_read_in_clear_and_in_a_session() {
    let staple = concat!(env!("CARGO_MANIFEST_DIR"), "/../probes/tests/fixtures/ocsp-revoked.der");
    for version in ["-tls1_2", "-tls1_3"] {
        let server = OpensslServer::start(&[version, "-status_file", staple]);
        let facts = assessed(server.port, named()).await;
        assert!(facts.features.ocsp_staple.is_yes(), "{version}: {:#?}", facts.connections);
        let told = facts.features.staple.clone().unwrap();
        assert_eq!(told.state, CertificateState::Revoked);
        let case = Case { facts: &facts, now: Utc::now(), names: &[], trust: &[], expiring_days: 30 };
        let verdict = judge(&case).into_iter().find(|verdict| verdict.check == "tls.staple-revoked").unwrap();
        assert_eq!(verdict.state, State::Fault);
    }
}
