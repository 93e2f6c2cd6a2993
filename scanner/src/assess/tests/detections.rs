//! What is a finding.

use super::*;

const A: &str = "192.0.2.1";

#[test]
fn an_undeclared_service_is_a_finding_by_what_it_is_whatever_its_port() {
    World::new().saw("192.0.2.1:2222", facts("ssh")).check(&["exposure.remote-admin 192.0.2.1 2222"]);
    World::new().saw("192.0.2.1:22", product("mysql", "MariaDB")).check(&["exposure.database 192.0.2.1 22"]);
    World::new().saw("192.0.2.1:80", facts("http")).check(&["exposure.web 192.0.2.1 80"]);
    World::new().saw("192.0.2.1:443", in_tls("http", &[])).check(&["exposure.web 192.0.2.1 443"]);
}

#[test]
fn over_http_the_product_decides_and_elsewhere_the_protocol() {
    World::new().saw("192.0.2.1:80", product("http", "Docker")).check(&["exposure.console 192.0.2.1 80"]);
    World::new()
        .saw("192.0.2.1:80", product("http", "Apache Solr"))
        .check(&["exposure.database 192.0.2.1 80"]);
    World::new().saw("192.0.2.1:80", product("http", "nginx")).check(&["exposure.web 192.0.2.1 80"]);
    World::new().saw("192.0.2.1:80", product("amqp", "RabbitMQ")).check(&["exposure.messaging 192.0.2.1 80"]);
}

#[test]
fn an_unidentified_service_is_classed_by_its_port() {
    for certainty in [Certainty::Unknown, Certainty::Silent, Certainty::ClosedAtOnce, Certainty::NotAsked] {
        World::new()
            .saw("192.0.2.1:6379", unidentified(certainty))
            .check(&["exposure.database 192.0.2.1 6379"]);
        World::new()
            .saw("192.0.2.1:4321", unidentified(certainty))
            .check(&["exposure.undeclared 192.0.2.1 4321"]);
    }
}

#[test]
fn clear_text_is_a_fault_outside_tls_only() {
    World::new().saw("192.0.2.1:143", facts("imap")).check(&["exposure.clear-text 192.0.2.1 143"]);
    World::new().saw("192.0.2.1:993", in_tls("imap", &[])).check(&["exposure.undeclared 192.0.2.1 993"]);
    let mut after_start_tls = in_tls("smtp", &[]);
    after_start_tls.tls.as_mut().expect("a TLS layer").after_start_tls = true;
    World::new().saw("192.0.2.1:25", after_start_tls).check(&["exposure.clear-text 192.0.2.1 25"]);
}

#[test]
fn a_declared_service_is_no_finding() {
    let declared = |service| World::new().declare(0, "192.0.2.1:80", service, "2026-01-01", "2026-12-31");
    declared("http").saw("192.0.2.1:80", facts("http")).check(&[]);
    declared("HTTP ").saw("192.0.2.1:80", in_tls("http", &[])).check(&[]);
    declared("mariadb").saw("192.0.2.1:80", facts("mysql")).check(&[]);
    declared("jenkins").saw("192.0.2.1:80", product("http", "Jenkins")).check(&[]);
    declared("http").saw("192.0.2.1:80", unidentified(Certainty::Silent)).check(&[]);
}

#[test]
fn a_declaration_counts_for_its_unit_place_and_days_only() {
    let elsewhere = [
        World::new().declare(0, "192.0.2.1:81", "http", "2026-01-01", "2026-12-31"),
        World::new().declare(0, "192.0.2.2:80", "http", "2026-01-01", "2026-12-31"),
        World::new().declare(1, "192.0.2.1:80", "http", "2026-01-01", "2026-12-31"),
        World::new().declare(0, "192.0.2.1:80", "http", "2026-06-16", "2026-12-31"),
    ];
    for world in elsewhere {
        world.saw("192.0.2.1:80", facts("http")).check(&["exposure.web 192.0.2.1 80"]);
    }
    let range = World::new().declare(0, "192.0.2.0/28:80", "http", "2026-01-01", "2026-06-15");
    range.saw("192.0.2.1:80", facts("http")).check(&[]);
}

#[test]
fn a_declaration_by_name_covers_the_addresses_that_the_name_led_to() {
    let world = || World::new().declare(0, "portal.example:80", "http", "2026-01-01", "2026-12-31");
    let led = world().resolved("portal.example", &[A, "198.51.100.1"]);
    led.saw("192.0.2.1:80", facts("http")).saw("198.51.100.1:80", facts("http")).check(&[]);
    world().saw("192.0.2.1:80", facts("http")).check(&["exposure.web 192.0.2.1 80"]);
}

#[test]
fn another_service_than_declared_is_a_mismatch_and_nothing_else() {
    let declared = |service| World::new().declare(0, "192.0.2.1:80", service, "2026-01-01", "2026-12-31");
    let mismatch = &["declaration.mismatch 192.0.2.1 80"];
    declared("http").saw("192.0.2.1:80", facts("redis")).check(mismatch);
    declared("https").saw("192.0.2.1:80", facts("http")).check(mismatch);
}

#[test]
fn a_declaration_that_is_over_is_told_as_such() {
    let over = || World::new().declare(0, "192.0.2.1:22", "ssh", "2025-01-01", "2026-06-14");
    over().saw("192.0.2.1:22", facts("ssh")).check(&["declaration.expired 192.0.2.1 22"]);
    over().saw("192.0.2.1:22", facts("redis")).check(&["exposure.database 192.0.2.1 22"]);
    let renewed = over().declare(0, "192.0.2.1:22", "ssh", "2026-06-15", "2027-06-14");
    renewed.saw("192.0.2.1:22", facts("ssh")).check(&[]);
}

#[test]
fn a_declared_service_is_silent_only_when_every_address_proves_it() {
    let declared = |place| World::new().declare(0, place, "http", "2026-03-17", "2026-12-31");
    let silent = &["declaration.silent 192.0.2.1 80"];
    declared("192.0.2.1:80").reply("192.0.2.1:80", Reply::Refused).check(silent);
    let filtered = declared("192.0.2.1:80").reply("192.0.2.1:80", Reply::Silent);
    filtered.reply("192.0.2.1:81", Reply::Refused).check(silent);
    declared("192.0.2.1:80").reply("192.0.2.1:80", Reply::Silent).check(&[]);
    declared("192.0.2.1:80").reply("192.0.2.1:81", Reply::Refused).check(&[]);
    declared("192.0.2.1:80")
        .reply("192.0.2.1:80", Reply::Refused)
        .answered("2026-06-01T00:00:00Z")
        .check(&[]);
    let both = || declared("192.0.2.1-192.0.2.2:80").reply("192.0.2.1:80", Reply::Refused);
    both().check(&[]);
    both().reply("192.0.2.2:80", Reply::Refused).check(silent);
    both().saw("192.0.2.2:80", facts("http")).check(&[]);
    let named = || declared("portal.example:80").resolved("portal.example", &[A]);
    named().reply("192.0.2.1:80", Reply::Refused).check(&["declaration.silent portal.example 80"]);
    named().check(&[]);
}

#[test]
fn a_declaration_of_less_than_the_silent_days_is_left_alone() {
    let young = World::new().declare(0, "192.0.2.1:80", "http", "2026-03-18", "2026-12-31");
    young.reply("192.0.2.1:80", Reply::Refused).check(&[]);
    let undated = World::new().declare(0, "192.0.2.1:80", "http", "", "2026-12-31");
    undated.reply("192.0.2.1:80", Reply::Refused).check(&[]);
}

#[test]
fn access_without_authentication_is_a_fault_where_strangers_have_no_business() {
    let open = |protocol| World::new().saw("192.0.2.1:7", asked(protocol, Access::NoAuthentication));
    open("redis").check(&["access.no-authentication 192.0.2.1 7", "exposure.database 192.0.2.1 7"]);
    open("vnc").check(&["access.no-authentication 192.0.2.1 7", "exposure.remote-admin 192.0.2.1 7"]);
    open("mqtt").check(&["access.no-authentication 192.0.2.1 7", "exposure.messaging 192.0.2.1 7"]);
    open("dns").check(&["exposure.name-service 192.0.2.1 7"]);
    open("http").check(&["exposure.web 192.0.2.1 7"]);
    open("smtp").check(&["exposure.clear-text 192.0.2.1 7"]);
    let declared = open("redis").declare(0, "192.0.2.1:7", "redis", "2026-01-01", "2026-12-31");
    declared.check(&["access.no-authentication 192.0.2.1 7"]);
    World::new()
        .saw("192.0.2.1:7", asked("redis", Access::AuthenticationRequired))
        .check(&["exposure.database 192.0.2.1 7"]);
}

#[test]
fn suspect_open_and_foreign_addresses_give_no_findings() {
    World::new().saw_as("192.0.2.1:22", PortState::SuspectOpen, facts("ssh")).check(&[]);
    World::new().saw("203.0.113.1:22", facts("ssh")).check(&[]);
}

#[test]
fn the_latest_observation_of_an_endpoint_counts() {
    let mut world = World::new().saw("192.0.2.1:22", facts("ssh")).saw("192.0.2.1:22", facts("redis"));
    world.check(&["exposure.database 192.0.2.1 22"]);
    world.observations[0].at = at("2026-06-15T05:00:00Z");
    world.check(&["exposure.remote-admin 192.0.2.1 22"]);
}

/// A declared web site with these chains.
fn site(presented: &[(&str, &[CertificateFacts])]) -> World {
    World::new()
        .declare(0, "192.0.2.0/24:443", "https", "2026-01-01", "2026-12-31")
        .resolved("portal.example", &[A])
        .saw("192.0.2.1:443", in_tls("http", presented))
}

#[test]
fn each_fault_of_a_certificate_is_a_finding() {
    let check = |certificate, expected: &str| {
        site(&[("", &[certificate])]).check(&[&format!("{expected} 192.0.2.1 443")]);
    };
    site(&[("", &[sound()])]).check(&[]);
    check(expired(), "certificate.expired");
    check(
        CertificateFacts { not_before: at("2026-06-16T00:00:00Z"), ..sound() },
        "certificate.not-yet-valid",
    );
    check(CertificateFacts { not_after: at("2026-07-15T04:00:00Z"), ..sound() }, "certificate.expiring");
    check(CertificateFacts { self_signed: true, ..sound() }, "certificate.self-signed");
    let key = |algorithm: &str, bits| KeyFacts { algorithm: algorithm.into(), bits: Some(bits) };
    check(CertificateFacts { key: key("RSA", 1024), ..sound() }, "certificate.weak-key");
    check(CertificateFacts { key: key("EC P-192", 192), ..sound() }, "certificate.weak-key");
    check(
        CertificateFacts { signature: "sha1WithRSAEncryption".into(), ..sound() },
        "certificate.weak-signature",
    );
    let fine = [key("EC P-256", 256), key("SM2", 256), key("Ed25519", 256)];
    for key in fine {
        site(&[("", &[CertificateFacts { key, ..sound() }])]).check(&[]);
    }
}

#[test]
fn a_weak_signature_counts_along_the_chain_but_not_on_the_root() {
    let weak = CertificateFacts { signature: "sha1WithRSAEncryption".into(), is_ca: true, ..sound() };
    let root = CertificateFacts { self_signed: true, ..weak.clone() };
    site(&[("", &[sound(), weak])]).check(&["certificate.weak-signature 192.0.2.1 443"]);
    site(&[("", &[sound(), root])]).check(&[]);
}

#[test]
fn only_a_registered_name_can_mismatch() {
    let other = CertificateFacts { names: vec!["other.example".into()], ..sound() };
    site(&[("", std::slice::from_ref(&other))]).check(&[]);
    site(&[("portal.example", std::slice::from_ref(&other))])
        .check(&["certificate.name-mismatch portal.example 443"]);
    site(&[("stranger.example", &[other])]).check(&[]);
}

#[test]
fn the_same_fault_of_a_name_and_its_address_is_told_once() {
    let both = site(&[("", &[expired()]), ("portal.example", &[expired()])]);
    both.check(&["certificate.expired portal.example 443"]);
    both.check_absent("certificate.expired 192.0.2.1 443", Absence::CannotTell);
    let another = CertificateFacts { sha256: "cd".repeat(32), ..expired() };
    site(&[("", &[another]), ("portal.example", &[expired()])])
        .check(&["certificate.expired 192.0.2.1 443", "certificate.expired portal.example 443"]);
}

#[test]
fn evidence_is_short_clean_and_says_what_was_seen() {
    let redis = ServiceFacts {
        version: Some("7.0.15".into()),
        info: Some("\u{1b}[31mred\n".into()),
        access: Some(Access::NoAuthentication),
        ..product("redis", "Redis")
    };
    let speaks =
        |name: &str, version: &str| Fact::Speaks { name: name.into(), version: Some(version.into()) };
    let says = |quote: &str| Fact::Says { quote: quote.into() };
    let open = Fact::Access { access: Access::NoAuthentication };
    let facts = vec![speaks("Redis", "7.0.15"), says("[31mred"), open];
    assert_eq!(World::new().saw("192.0.2.1:6379", redis).evidence(), [facts.clone(), facts]);
    let unknown = World::new().saw("192.0.2.1:4321", unidentified(Certainty::Unknown));
    assert_eq!(unknown.evidence(), [[Fact::Unrecognised, says(r"\x01hello")]]);
    let certificate = site(&[("", &[expired()])]).evidence();
    let ended = Fact::ValidUntil { day: "2026-06-14".parse().expect("a day") };
    let subject = Fact::Subject { name: "CN=portal.example".into() };
    let beginning = "ab".repeat(8);
    assert_eq!(certificate, [[ended.clone(), subject, Fact::Fingerprint { beginning }]]);
    let in_the_night = CertificateFacts { not_after: at("2026-06-13T16:00:00Z"), ..expired() };
    let shown = World::new().saw("192.0.2.1:443", in_tls("http", &[("", &[in_the_night])])).evidence();
    assert_eq!(shown[0][0], ended, "the date in China");
}

#[test]
fn services_that_answered_are_known_for_the_next_run() {
    let world = World::new()
        .declare(0, "192.0.2.1:80", "http", "2026-01-01", "2026-12-31")
        .declare(0, "192.0.2.2:80", "http", "2026-01-01", "2026-12-31")
        .saw("192.0.2.1:80", facts("http"));
    let first = world.register.services[0].id;
    assert_eq!(world.judge(|assessment| assessment.answered.clone()), BTreeMap::from([(first, at(TODAY))]));
}

#[test]
fn what_a_udp_service_says_proves_a_check_though_it_is_declared() {
    let world = World::new().over_udp();
    let world = world.saw("192.0.2.1:53", says("dns", &[("recursion", "open")]));
    let world = world.saw("192.0.2.2:53", says("dns", &[("recursion", "refused")]));
    let found = |world: &World| {
        world.judge(|assessment| {
            let ids = assessment.detections.iter().map(|found| found.key.check.as_str().to_owned());
            ids.filter(|id| id.starts_with("service.")).collect::<Vec<_>>()
        })
    };
    assert_eq!(found(&world), ["service.open-resolver"]);
    assert!(world.evidence().concat().contains(&Fact::Says { quote: "recursion: open".into() }));
    let mut declared = world.declare(0, "192.0.2.1:53", "dns", "2026-01-01", "2026-12-31");
    declared.register.services[0].transport = Transport::Udp;
    assert_eq!(found(&declared), ["service.open-resolver"]);
}

#[test]
fn a_class_of_tcp_ports_says_nothing_of_an_unknown_udp_service() {
    let unknown = || unidentified(Certainty::Unknown);
    World::new().saw("192.0.2.1:3306", unknown()).check(&["exposure.database 192.0.2.1 3306"]);
    World::new().over_udp().saw("192.0.2.1:3306", unknown()).check(&["exposure.undeclared 192.0.2.1 3306"]);
}
