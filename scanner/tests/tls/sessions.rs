//! What a whole handshake with OpenSSL shows: tickets and ids by which sessions go on, another handshake inside, and
//! the signature of a staple.

use std::path::Path;
use std::process::Command;

use chrono::Utc;
use probes::tls::assess::Subject;
use probes::tls::assess::facts::{Answered, Features, Reason, ServerFacts};
use probes::tls::flight::Flight;
use probes::tls::judge::{Case, State, judge};
use probes::tls::provoke::{BadKey, Provocation};
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

use crate::world::{OpensslServer, assessed, keys, named, provoked};

/// Resumption by ticket and by id in TLS 1.2, and in TLS 1.3.
#[track_caller]
fn check(facts: &ServerFacts, expected: [Answered; 3]) {
    let Features { resumption_by_ticket, resumption_by_id, resumption_in_13, .. } = &facts.features;
    let told = [resumption_by_ticket.answer, resumption_by_id.answer, resumption_in_13.answer];
    assert_eq!(told, expected, "{:#?}", facts.connections);
}

const NEITHER: Answered = Answered::Unknown(Reason::NotApplicable);
const NOT_ASKED: Answered = Answered::Unknown(Reason::NotAsked);

#[tokio::test]
async fn sessions_go_on_by_tickets_and_ids() {
    use Answered::{No, Yes};
    let server = OpensslServer::start(&[]);
    let facts = assessed(server.port, named()).await;
    check(&facts, [Yes, Yes, Yes]);
    let Features { ticket_lifetime_seconds, ticket_lifetime_seconds_in_13, early_data, .. } = &facts.features;
    assert_eq!((*ticket_lifetime_seconds, *ticket_lifetime_seconds_in_13), (Some(7200), Some(7200)));
    assert!(early_data.is_no());
    let server = OpensslServer::start(&["-no_ticket", "-tls1_2"]);
    check(&assessed(server.port, named()).await, [No, Yes, NOT_ASKED]);
    let server = OpensslServer::start(&["-no_cache", "-tls1_2"]);
    check(&assessed(server.port, named()).await, [Yes, No, NOT_ASKED]);
    let server = OpensslServer::start(&["-num_tickets", "0", "-tls1_3"]);
    check(&assessed(server.port, named()).await, [NEITHER, NEITHER, No]);
}

#[tokio::test]
async fn each_suite_of_tls13_opens_its_tickets() {
    for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
        let server = OpensslServer::start(&["-tls1_3", "-ciphersuites", suite]);
        let features = assessed(server.port, Subject::default()).await.features;
        assert_eq!(features.ticket_lifetime_seconds_in_13, Some(7200), "{suite}");
    }
}

#[tokio::test]
async fn a_handshake_inside_a_session_is_taken_or_not() {
    for cipher in
        ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"]
    {
        let allowing = OpensslServer::start(&["-tls1_2", "-client_renegotiation", "-cipher", cipher]);
        let facts = provoked(allowing.port, named()).await;
        assert!(facts.features.provoked.client_renegotiation.is_yes(), "{cipher}: {:#?}", facts.connections);
    }
    let refusing = OpensslServer::start(&["-tls1_2"]);
    let facts = provoked(refusing.port, named()).await;
    assert!(facts.features.provoked.client_renegotiation.is_no(), "{:#?}", facts.connections);
}

#[tokio::test]
async fn a_server_of_today_takes_every_provocation_well() {
    let server = OpensslServer::start(&[]);
    let facts = provoked(server.port, named()).await;
    let told = &facts.features.provoked;
    for told in [
        &told.heartbleed,
        &told.early_change,
        &told.ticketbleed,
        &told.client_renegotiation,
        &told.padding_oracle,
    ] {
        assert!(told.is_no(), "{:#?}", facts.connections);
    }
    assert_eq!(facts, provoked(server.port, named()).await);
}

fn openssl(folder: &Path, args: &[&str]) {
    let done = Command::new("openssl").current_dir(folder).args(args).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A certificate of a made-up authority, and word on it from that authority and from a stranger.
fn authority() -> TempDir {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    std::fs::write(at.join("usage"), "subjectAltName=DNS:www.example.gov.cn").unwrap();
    let request = ["-nodes", "-newkey", "rsa:2048"];
    for (name, subject) in [("ca", "/CN=示例机构"), ("stranger", "/CN=虚构机构")] {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        let made =
            ["req", "-x509", "-utf8", "-days", "9", "-subj", subject, "-keyout", &key, "-out", &certificate];
        openssl(at, &[&made[..], &request].concat());
    }
    let asked = ["req", "-subj", "/CN=www.example.gov.cn", "-keyout", "leaf.key", "-out", "leaf.csr"];
    openssl(at, &[&asked[..], &request].concat());
    let issue =
        ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", "0x1001"];
    openssl(at, &[&issue[..], &["-days", "9", "-extfile", "usage", "-out", "leaf.crt"]].concat());
    std::fs::write(at.join("index"), "V\t491231000000Z\t\t1001\tunknown\t/CN=www.example.gov.cn\n").unwrap();
    openssl(at, &["ocsp", "-issuer", "ca.crt", "-cert", "leaf.crt", "-reqout", "ask.der"]);
    for (signer, to) in [("ca", "good.der"), ("stranger", "bad.der")] {
        let (key, certificate) = (format!("{signer}.key"), format!("{signer}.crt"));
        let answer = ["ocsp", "-index", "index", "-CA", "ca.crt", "-rsigner", &certificate, "-rkey", &key];
        openssl(at, &[&answer[..], &["-reqin", "ask.der", "-respout", to, "-ndays", "3"]].concat());
    }
    folder
}

#[tokio::test]
async fn a_staple_is_verified_against_the_issuer() {
    let folder = authority();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        for (staple, expected) in [("good.der", Answered::Yes), ("bad.der", Answered::No)] {
            let (staple, leaf, key, ca) = (path(staple), path("leaf.crt"), path("leaf.key"), path("ca.crt"));
            // The last certificate and key that are named count.
            let args = [version, "-status_file", &staple, "-cert", &leaf, "-key", &key, "-cert_chain", &ca];
            let server = OpensslServer::start(&args);
            let facts = assessed(server.port, named()).await;
            assert_eq!(facts.features.staple_signature.answer, expected, "{version} {staple}");
            let case = Case { facts: &facts, now: Utc::now(), names: &[], trust: &[], expiring_days: 30 };
            let verdict =
                judge(&case).into_iter().find(|verdict| verdict.check == "tls.staple-bad-signature");
            let expected = if expected == Answered::Yes { State::Sound } else { State::Fault };
            assert_eq!(verdict.unwrap().state, expected);
        }
    }
    // A word on another certificate is none on this one.
    let staple = path("good.der");
    let server = OpensslServer::start(&["-tls1_2", "-status_file", &staple]);
    let facts = assessed(server.port, named()).await;
    assert_eq!(facts.features.staple_signature.answer, NEITHER);
}

/// The secret that was encrypted to the server's key, opened with `openssl`; `None` if the padding is wrong.
fn opened(how: BadKey) -> Option<Vec<u8>> {
    let pem = std::fs::read(keys().path("rsa", "crt")).unwrap();
    let der = rustls::pki_types::CertificateDer::from_pem_slice(&pem).unwrap();
    let flight = Flight { version: Some(0x0303), certificates: vec![der.to_vec()], ..Flight::default() };
    let said = Provocation::BadKey(how).bytes(&flight, 1).unwrap();
    // Behind the heads of record and message, and the length.
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("sealed"), &said[11..11 + 256]).unwrap();
    let key = keys().path("rsa", "key").display().to_string();
    let args = ["pkeyutl", "-decrypt", "-inkey", &key, "-in", "sealed", "-pkeyopt", "rsa_padding_mode:none"];
    let done = Command::new("openssl").current_dir(folder.path()).args(args).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let padded = done.stdout.strip_prefix(&[0, 2])?.to_vec();
    let zero = padded.iter().position(|byte| *byte == 0)?;
    Some(padded[zero + 1..].to_vec())
}

#[test]
fn only_the_first_of_the_bad_keys_opens_as_it_should() {
    for how in BadKey::ALL {
        let secret = opened(how).filter(|secret| secret.len() == 48 && secret.starts_with(&[3, 3]));
        assert_eq!(secret.is_some(), how == BadKey::None, "{how:?}");
    }
}
