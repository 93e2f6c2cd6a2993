//! What is read off servers that keep to the standards.

use probes::tls::assess::Subject;
use probes::tls::assess::facts::{Answered, Order, Reason, ServerFacts};
use probes::tls::assess::seam::Limits;
use probes::tls::codes::Version;

use crate::peer::{Ended, assess};
use crate::server::Server;

pub(crate) fn named() -> Subject {
    Subject { server_name: Some("www.example.gov.cn".parse().unwrap()), ..Subject::default() }
}

pub(crate) fn suites(facts: &ServerFacts, version: Version) -> Vec<u16> {
    let entries = facts.version(version).map(|facts| facts.suites.entries.clone()).unwrap_or_default();
    entries
        .iter()
        .map(|suite| u16::try_from(suite.code >> if version == Version::Ssl2 { 8 } else { 0 }).unwrap())
        .collect()
}

#[track_caller]
fn check(mut server: Server) -> Ended {
    let ended = assess(&mut server, &named(), &Limits::default());
    for version in Version::ALL {
        let expected = server.suites.get(&version).cloned().unwrap_or_default();
        let facts = ended.facts.version(version).unwrap();
        assert_eq!(
            facts.offered.is_yes(),
            !expected.is_empty(),
            "{version:?}: {:#?}",
            ended.facts.connections
        );
        assert_eq!(facts.offered.is_no(), expected.is_empty(), "{version:?}: {:#?}", facts.offered);
        let mut seen = suites(&ended.facts, version);
        let mut expected = expected;
        if server.follows_client {
            seen.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(seen, expected, "{version:?}");
        if !expected.is_empty() {
            assert!(facts.suites.complete.is_yes(), "{version:?}");
        }
    }
    ended
}

#[test]
fn every_version_and_suite_is_found_in_the_servers_order() {
    let ended = check(
        Server::with(Version::Tls12, &[0xc030, 0x009e, 0xc02f, 0x009f, 0x000a])
            .and(Version::Tls13, &[0x1302, 0x1301, 0x00c6])
            .and(Version::Tls10, &[0x0035, 0x0005])
            .and(Version::Ssl3, &[0x0004, 0x0003])
            .and(Version::Ssl2, &[0x0700, 0x0100]),
    );
    let facts = ended.facts;
    let order = |version| facts.version(version).unwrap().order;
    assert_eq!((order(Version::Tls12), order(Version::Tls13)), (Order::Server, Order::Server));
    let groups: Vec<u16> = facts.groups_in_13.entries.iter().map(|group| group.code).collect();
    assert_eq!(groups, [29, 23]);
    let groups: Vec<u16> = facts.groups_before_13.entries.iter().map(|group| group.code).collect();
    assert_eq!(groups, [29, 23]);
    let export = facts.version(Version::Ssl3).unwrap().suites.entries[1].clone();
    assert_eq!((export.code, export.export_key_bits), (0x0003, Some(512)));
    assert_eq!(facts.finite_fields[0].bits, 1024);
    assert!(facts.finite_fields[0].reuses_value);
    assert_eq!(facts.features.post_quantum.answer, Answered::No);
}

#[test]
fn a_server_that_follows_the_client_is_known() {
    let ended = check(Server {
        follows_client: true,
        ..Server::with(Version::Tls12, &[0xc02f, 0xc030, 0x002f]).and(Version::Tls13, &[0x1301, 0x1303])
    });
    assert_eq!(ended.facts.version(Version::Tls12).unwrap().order, Order::Client);
    assert_eq!(ended.facts.version(Version::Tls13).unwrap().order, Order::Client);
}

#[test]
fn hybrid_groups_and_national_suites_are_named() {
    let server = Server { groups: vec![0x11ec, 41], ..Server::with(Version::Tls13, &[0x00c6, 0x1302]) };
    let ended = check(server);
    let names: Vec<&str> = ended.facts.groups_in_13.entries.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["X25519MLKEM768", "curveSM2"]);
    assert!(ended.facts.features.post_quantum.is_yes());
}

#[test]
fn a_certificate_of_sm2_in_tls13_is_told_where_anything_else_is_national() {
    let sm2_in_13 = |suites: &[u16], signatures: &[u16]| {
        let server = Server { signatures_in_13: signatures.to_vec(), ..Server::with(Version::Tls13, suites) };
        check(server).facts.features.sm2_certificate_in_13.answer
    };
    assert_eq!(sm2_in_13(&[0x00c6, 0x1301], &[0x0708, 0x0403]), Answered::Yes);
    assert_eq!(sm2_in_13(&[0x00c6, 0x1301], &[0x0403]), Answered::No);
    assert_eq!(sm2_in_13(&[0x00c6], &[]), Answered::Unknown(Reason::NeedsSession));
    assert_eq!(sm2_in_13(&[0x1301], &[0x0708]), Answered::Unknown(Reason::NotAsked));
}

#[test]
fn timestamps_beside_the_certificate_are_told() {
    let told = |extensions: &[u8]| {
        let server = Server { extensions: extensions.to_vec(), ..Server::with(Version::Tls12, &[0xc02f]) };
        check(server).facts.features.timestamps_in_handshake.answer
    };
    assert_eq!(told(&[0, 18, 0, 2, 0, 0]), Answered::Yes);
    assert_eq!(told(&[]), Answered::No);
}

#[test]
fn a_server_that_hangs_up_on_long_lists_is_asked_in_short_ones() {
    check(Server { max_suites: Some(70), ..Server::with(Version::Tls12, &[0xc030, 0x000a, 0x0096]) });
}

#[test]
fn few_connections_are_enough() {
    let ended = check(
        Server::with(Version::Tls12, &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8])
            .and(Version::Tls13, &[0x1301, 0x1302, 0x1303]),
    );
    assert!(ended.n_connections < 45, "{}", ended.n_connections);
}
