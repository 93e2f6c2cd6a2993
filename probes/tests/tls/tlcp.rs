//! TLCP servers, alone and beside TLS; bytes as GB/T 38636-2020 has them.

use probes::tls::assess::facts::{Answered, ChainKind, Reached};
use probes::tls::assess::seam::Limits;
use probes::tls::codes::Version;

use crate::peer::{Ended, assess};
use crate::readings::{named, suites};
use crate::server::{SM2, Server};

const SUITES: &[u16] = &[0xe053, 0xe013, 0xe011];

#[track_caller]
fn check(mut server: Server) -> Ended {
    let ended = assess(&mut server, &named(), &Limits::default());
    assert_eq!(ended.facts.reached, Reached::Tls);
    assert!(ended.facts.speaks(Version::Tlcp));
    assert_eq!(suites(&ended.facts, Version::Tlcp), SUITES);
    let chain = ended.facts.chains.iter().find(|chain| chain.kind == ChainKind::Tlcp).unwrap();
    assert_eq!(chain.ders, [SM2, SM2]);
    ended
}

#[test]
fn tlcp_alone_is_told_from_a_server_that_speaks_nothing() {
    let ended = check(Server::with(Version::Tlcp, SUITES));
    for version in [Version::Tls12, Version::Tls13, Version::Ssl3] {
        assert_eq!(ended.facts.version(version).unwrap().offered.answer, Answered::No, "{version:?}");
    }
}

#[test]
fn tlcp_beside_tls_on_one_port() {
    let ended = check(Server::with(Version::Tlcp, SUITES).and(Version::Tls12, &[0xc02f]));
    assert!(ended.facts.speaks(Version::Tls12));
}

#[test]
fn a_server_of_many_names_is_asked_with_one() {
    let ended = check(Server { needs_name: true, ..Server::with(Version::Tlcp, SUITES) });
    assert!(ended.facts.features.tlcp_needs_server_name.is_yes());
}

#[test]
fn a_server_without_tlcp_that_closes_without_a_word_is_not_dead() {
    let mut server = Server::with(Version::Tls12, &[0xc02f]);
    let ended = assess(&mut server, &named(), &Limits::default());
    assert_eq!(ended.facts.reached, Reached::Tls);
    assert_eq!(ended.facts.version(Version::Tlcp).unwrap().offered.answer, Answered::No);
}
