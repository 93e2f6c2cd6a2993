//! What holds for every check and every run.

use model::finding::TargetKey;
use model::policy::REQUIRED_CHECKS;
use proptest::prelude::*;

use super::*;

const HOSTS: [&str; 3] = ["192.0.2.1", "192.0.2.2", "198.51.100.1"];
const PORTS: [u16; 4] = [22, 80, 443, 6379];

/// One world that breaks every rule of the product at once.
fn worst() -> World {
    let bad = CertificateFacts {
        key: KeyFacts { algorithm: "RSA".into(), bits: Some(1024) },
        signature: "md5WithRSAEncryption".into(),
        self_signed: true,
        names: vec!["other.example".into()],
        ..expired()
    };
    let later = CertificateFacts { not_before: at("2026-06-20T00:00:00Z"), ..sound() };
    let soon = CertificateFacts { not_after: at("2026-06-20T00:00:00Z"), ..sound() };
    World::new()
        .resolved("portal.example", &["192.0.2.1"])
        .declare(0, "192.0.2.9:80", "http", "2025-01-01", "2026-12-31")
        .declare(0, "192.0.2.1:22", "ssh", "2025-01-01", "2026-01-01")
        .declare(0, "192.0.2.2:22", "ssh", "2025-01-01", "2026-12-31")
        .reply("192.0.2.9:80", Reply::Refused)
        .saw("192.0.2.1:22", facts("ssh"))
        .saw("192.0.2.2:22", facts("telnet"))
        .saw("192.0.2.1:443", in_tls("http", &[("portal.example", &[bad])]))
        .saw("192.0.2.2:443", in_tls("http", &[("", &[later])]))
        .saw("192.0.2.3:443", in_tls("http", &[("", &[soon])]))
        .saw("192.0.2.1:6379", asked("redis", Access::NoAuthentication))
        .saw("192.0.2.1:4321", unidentified(Certainty::Silent))
}

#[test]
fn every_check_that_the_product_promises_can_be_raised() {
    let raised: Vec<String> = worst().judge(|assessment| {
        assessment.detections.iter().map(|detection| detection.key.check.to_string()).collect()
    });
    for check in REQUIRED_CHECKS {
        assert!(raised.iter().any(|raised| raised == check), "{check}");
    }
}

#[test]
fn every_class_of_the_policy_can_be_raised_by_each_of_its_services() {
    let policy = Policy::embedded();
    for class in &policy.classes {
        for service in &class.services {
            let id = class.check_id().expect("a sound id");
            World::new().saw("192.0.2.1:1", facts(service)).check(&[&format!("{id} 192.0.2.1 1")]);
        }
    }
}

#[test]
fn every_protocol_that_probes_recognise_has_a_class_or_a_reason_for_none() {
    // Reached through what they carry (`tls`), or harmless enough to be only undeclared.
    let without_class = ["tls", "managesieve", "beanstalkd"];
    let policy = Policy::embedded();
    for entry in probes::table::PROBES {
        let has_class = policy.class_of(&[entry.name]).is_some();
        assert_ne!(has_class, without_class.contains(&entry.name), "{}", entry.name);
    }
}

#[test]
fn every_finding_belongs_to_an_asset_of_its_unit_and_says_why() {
    let world = worst();
    world.judge(|assessment| {
        for detection in &assessment.detections {
            let asset = world.register.asset(detection.asset);
            assert_eq!(asset.map(|asset| asset.unit), Some(detection.unit), "{}", detection.key);
            let observed = &detection.evidence.observed;
            let stored = serde_json::to_string(observed).expect("facts are stored as JSON");
            assert!(!observed.0.is_empty() && stored.chars().count() < 800, "{stored}");
        }
    });
}

fn any_reply() -> impl Strategy<Value = Reply> {
    prop::sample::select(vec![
        Reply::Open,
        Reply::Refused,
        Reply::Silent,
        Reply::NetworkUnreachable,
        Reply::HostUnreachable,
        Reply::Prohibited,
    ])
}

fn any_facts() -> impl Strategy<Value = ServiceFacts> {
    prop::sample::select(vec![
        facts("ssh"),
        facts("http"),
        product("http", "Jenkins"),
        asked("redis", Access::NoAuthentication),
        asked("redis", Access::AuthenticationRequired),
        unidentified(Certainty::Silent),
        unidentified(Certainty::NotAsked),
        in_tls("http", &[("", &[expired()]), ("portal.example", &[sound()])]),
        in_tls("http", &[("portal.example", &[expired()])]),
        in_tls("imap", &[("", &[])]),
    ])
}

fn any_world() -> impl Strategy<Value = World> {
    let probe = (
        prop::sample::select(HOSTS.to_vec()),
        prop::sample::select(PORTS.to_vec()),
        any_reply(),
        any_facts(),
    );
    let declared = (
        prop::sample::select(HOSTS.to_vec()),
        prop::sample::select(PORTS.to_vec()),
        0..2usize,
        any::<bool>(),
    );
    let names = prop::collection::vec(prop::sample::select(HOSTS.to_vec()), 0..3);
    let parts =
        (prop::collection::vec(probe, 0..12), prop::collection::vec(declared, 0..4), prop::option::of(names));
    parts.prop_map(|(probes, declared, names)| {
        let mut world = World::new();
        if let Some(addrs) = names {
            world = world.resolved("portal.example", &addrs);
        }
        for (host, port, unit, current) in declared {
            let until = if current { "2026-12-31" } else { "2026-01-01" };
            world = world.declare(unit, &format!("{host}:{port}"), "http", "2025-01-01", until);
        }
        for (host, port, reply, facts) in probes {
            let place = format!("{host}:{port}");
            world = if reply == Reply::Open { world.saw(&place, facts) } else { world.reply(&place, reply) };
        }
        world
    })
}

/// Every finding that could be known of these hosts and ports.
fn every_key() -> Vec<FindingKey> {
    let policy = Policy::embedded();
    let texts = policy.texts();
    let targets = HOSTS.into_iter().chain(["portal.example"]);
    let places = targets.flat_map(|target| PORTS.into_iter().map(move |port| (target, port)));
    let keys = places
        .flat_map(|(target, port)| texts.keys().map(move |check| key(&format!("{check} {target} {port}"))));
    keys.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gone_is_never_told_without_an_answer_of_every_place(world in any_world()) {
        let states: BTreeMap<IpAddr, HostCoverage> =
            world.replies.iter().map(|(addr, replies)| (*addr, HostCoverage::settle(replies.clone()))).collect();
        let led_to = world.names.values().flatten().copied().collect::<Vec<_>>();
        world.judge(|assessment| {
            for key in every_key() {
                let addrs = match &key.target {
                    TargetKey::Addr(addr) => vec![*addr],
                    TargetKey::Name(_) => led_to.clone(),
                };
                let proved = |addr: &IpAddr| states.get(addr).and_then(|host| host.state(key.port))
                    .is_some_and(|state| state != PortState::Unverifiable);
                let told = assessment.absence(&key);
                if matches!(told, Absence::Gone(_)) {
                    let one_answer = key.check.as_str() == "declaration.silent" && addrs.iter().any(proved);
                    assert!(one_answer || (!addrs.is_empty() && addrs.iter().all(proved)), "{key}: {told:?}");
                }
            }
        });
    }

    #[test]
    fn what_is_detected_is_never_told_gone_and_is_told_once(world in any_world()) {
        world.judge(|assessment| {
            let mut before: Option<&FindingKey> = None;
            for detection in &assessment.detections {
                assert_eq!(assessment.absence(&detection.key), Absence::CannotTell);
                assert!(before.is_none_or(|before| before < &detection.key));
                before = Some(&detection.key);
            }
        });
    }
}
