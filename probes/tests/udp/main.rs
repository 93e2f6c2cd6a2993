//! The UDP probes: the table as a whole, every payload against a decoder of its own, recorded and hand-made answers,
//! and real servers on loopback where they are installed.

mod recorded;
mod recordings;
mod servers;
mod well_formed;

use std::collections::BTreeSet;

use model::observation::{Access, Certainty, ServiceFacts};
use probes::table::FRAGILE_PORTS;
use probes::udp::{
    AnswersFrom, FALLBACK, FRAGILE_FALLBACK, UDP_PROBES, UdpContext, UdpIntrusiveness, UdpProbe,
    amplification_hundredths, by_id, merge, probes_for, unrecognised,
};

/// The longest that goes into one packet on every path.
const MAX_PAYLOAD: usize = 1200;
const COOKIE: u64 = 0x0123_4567_89ab_cdef;

fn every_probe() -> impl Iterator<Item = &'static UdpProbe> {
    UDP_PROBES.iter().chain(FALLBACK).chain(FRAGILE_FALLBACK)
}

fn context() -> UdpContext {
    UdpContext {
        dns_name: "www.example.test".to_owned(),
        snmp_community: Some("public".to_owned()),
        include_fragile: true,
        source: None,
    }
}

fn ids(port: u16) -> Vec<&'static str> {
    probes_for(port).map(|probe| probe.id).collect()
}

#[test]
fn ids_are_unique_and_every_entry_says_where_it_is_from() {
    let ids: BTreeSet<&str> = every_probe().map(|probe| probe.id).collect();
    assert_eq!(ids.len(), every_probe().count());
    for probe in every_probe() {
        assert!(
            !probe.source.is_empty() && !probe.protocol.is_empty() && probe.cookie_bits <= 64,
            "{probe:?}"
        );
        assert!(by_id(probe.id).is_some_and(|found| found.id == probe.id), "{probe:?}");
    }
    assert!(UDP_PROBES.iter().all(|probe| !probe.ports.is_empty()));
}

#[test]
fn every_port_that_matters_for_exposure_has_its_probes() {
    let wanted = [
        7, 13, 17, 19, 37, 53, 69, 111, 123, 137, 161, 177, 389, 443, 500, 520, 523, 623, 1434, 1701, 1900,
        2049, 3283, 3478, 3702, 4433, 4500, 5060, 5353, 5632, 5683, 10001, 11211, 17185, 37810, 47808, 51820,
    ];
    for port in wanted {
        let of_port: Vec<&UdpProbe> = probes_for(port).collect();
        assert!(of_port.iter().all(|probe| probe.ports.contains(&port)) && !of_port.is_empty(), "{port}");
    }
    assert_eq!(ids(123), ["ntp-time", "ntp-variables", "ntp-monlist"]);
    assert_eq!(ids(40_000), ["empty", "lines"]);
    assert_eq!(ids(502), ["empty-fragile"]);
    assert_eq!(ids(55_001), ["empty-fragile"]);
}

#[test]
fn nothing_that_tries_a_password_or_may_break_a_device_is_sent_unless_allowed() {
    let bare = UdpContext::default();
    for port in 1..=u16::MAX {
        for probe in probes_for(port).filter(|probe| probe.is_allowed(&bare)) {
            assert!(!FRAGILE_PORTS.contains(&port), "{port} {probe:?}");
            assert_eq!(probe.intrusiveness, UdpIntrusiveness::Safe, "{port} {probe:?}");
            let payload = probe.payload(COOKIE, &bare);
            assert!(!payload.windows(6).any(|window| window == b"public"), "{port} {probe:?}");
        }
    }
    for id in ["bacnet-vendor", "wdb-ping", "empty-fragile", "snmp-community"] {
        let probe = by_id(id).expect("in the table");
        assert!(!probe.is_allowed(&bare) && probe.is_allowed(&context()), "{id}");
    }
    // Asked for in spite of it, it still doesn't try the community that everybody knows.
    let payload = by_id("snmp-community").expect("in the table").payload(COOKIE, &bare);
    assert!(!payload.windows(6).any(|window| window == b"public"));
}

#[test]
fn the_cookie_is_in_the_payload_and_nothing_else_changes_it() {
    for probe in every_probe() {
        let of = |cookie| probe.payload(cookie, &context());
        assert_eq!(of(COOKIE), of(COOKIE), "{probe:?}");
        assert!(of(COOKIE).len() <= MAX_PAYLOAD, "{probe:?}");
        assert_eq!(of(COOKIE) == of(!COOKIE), probe.cookie_bits == 0, "{probe:?}");
        for bit in 0..probe.cookie_bits {
            assert_ne!(of(0), of(1 << bit), "{probe:?} {bit}");
        }
        let beyond = u64::MAX.checked_shl(probe.cookie_bits).unwrap_or(0);
        assert_eq!(of(COOKIE), of(COOKIE | beyond), "{probe:?}");
    }
}

#[test]
fn a_question_sent_back_is_no_answer() {
    for probe in UDP_PROBES.iter().filter(|probe| probe.id != "echo") {
        let payload = probe.payload(COOKIE, &context());
        assert_eq!(probe.recognise(&payload).map(|reply| reply.facts.protocol), None, "{probe:?}");
    }
}

#[test]
fn only_wireguard_is_said_to_answer_nobody() {
    let silent = UDP_PROBES.iter().filter(|probe| probe.answers_from == AnswersFrom::Nowhere);
    assert_eq!(silent.map(|probe| probe.id).collect::<Vec<_>>(), ["wireguard-initiation"]);
}

#[test]
fn amplification_is_in_hundredths_and_never_overflows() {
    let check = |sent, back, expected| assert_eq!(amplification_hundredths(sent, back), expected);
    check(36, 20_016, Some(55_600));
    check(100, 100, Some(100));
    check(1228, 60, Some(4));
    check(60, 0, Some(0));
    check(0, 60, None);
    check(1, u64::MAX, Some(u64::MAX));
}

#[test]
fn answers_of_one_service_become_one() {
    let facts = |protocol: &str, access, fact: (&str, &str)| ServiceFacts {
        certainty: Certainty::Identified,
        protocol: Some(protocol.to_owned()),
        access,
        facts: [(fact.0.to_owned(), fact.1.to_owned())].into(),
        ..ServiceFacts::default()
    };
    let locked = facts("ipmi", Some(Access::AuthenticationRequired), ("anonymous", "no"));
    let open = facts("ipmi", Some(Access::NoAuthentication), ("cipher-zero", "accepted"));
    for merged in [merge(locked.clone(), open.clone()), merge(open.clone(), locked.clone())] {
        assert_eq!(merged.access, Some(Access::NoAuthentication));
        assert_eq!(merged.facts.len(), 2);
    }
    let noise = unrecognised(b"\x01\x02");
    assert_eq!(noise.certainty, Certainty::Unknown);
    for merged in [merge(locked.clone(), noise.clone()), merge(noise, locked.clone())] {
        assert_eq!((merged.certainty, merged.protocol.as_deref()), (Certainty::Identified, Some("ipmi")));
    }
    let other = facts("sun-rpc", None, ("a", "b"));
    assert_eq!(merge(locked.clone(), other), locked);
}
