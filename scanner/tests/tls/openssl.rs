//! OpenSSL's `s_server` in several moods.

use probes::tls::assess::Subject;
use probes::tls::assess::facts::{Answered, Order, Reached, ServerFacts};
use probes::tls::codes::Version;

use crate::world::{OpensslServer, assessed};

/// `version: suites in order`, one line for each version that is spoken.
fn suites(facts: &ServerFacts) -> Vec<String> {
    let spoken = facts.versions.iter().filter(|version| version.offered.is_yes());
    let line = |version: &probes::tls::assess::facts::VersionFacts| {
        let codes: Vec<String> =
            version.suites.entries.iter().map(|suite| format!("{:04x}", suite.code)).collect();
        let complete = if version.suites.complete.is_yes() { "" } else { " …" };
        format!("{} {:?}: {}{complete}", version.version.name(), version.order, codes.join(" "))
    };
    spoken.map(line).collect()
}

fn groups(facts: &ServerFacts) -> String {
    let names = facts.groups_in_13.entries.iter().map(|group| group.name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

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
    assert_eq!(groups(&facts), "secp384r1 x25519 secp256r1");
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
