//! What a run proves of a finding that it didn't see.

use super::*;

const DATABASE: &str = "exposure.database 192.0.2.1 6379";

#[test]
fn what_was_not_probed_is_not_covered() {
    World::new().check_absent(DATABASE, Absence::NotCovered);
    World::new().reply("192.0.2.1:22", Reply::Refused).check_absent(DATABASE, Absence::NotCovered);
    World::new().check_absent("portal.stale 192.0.2.1 80", Absence::NotCovered);
}

#[test]
fn replies_of_the_port_prove_what_they_prove() {
    World::new().reply("192.0.2.1:6379", Reply::Refused).check_absent(DATABASE, REFUSED);
    World::new().reply("192.0.2.1:6379", Reply::Silent).check_absent(DATABASE, Absence::CannotTell);
    let answers_elsewhere = World::new().reply("192.0.2.1:22", Reply::Refused);
    answers_elsewhere.reply("192.0.2.1:6379", Reply::Silent).check_absent(DATABASE, FILTERED);
    World::new().reply("192.0.2.1:6379", Reply::Prohibited).check_absent(DATABASE, Absence::CannotTell);
    let prohibited = World::new().reply("192.0.2.1:22", Reply::Refused);
    prohibited.reply("192.0.2.1:6379", Reply::Prohibited).check_absent(DATABASE, FILTERED);
}

#[test]
fn an_open_port_without_an_observation_tells_nothing() {
    World::new().reply("192.0.2.1:6379", Reply::Open).check_absent(DATABASE, Absence::CannotTell);
    let suspect = World::new().saw_as("192.0.2.1:6379", PortState::SuspectOpen, facts("ssh"));
    suspect.check_absent(DATABASE, Absence::CannotTell);
    let contradicted =
        World::new().saw("192.0.2.1:6379", facts("redis")).reply("192.0.2.1:6379", Reply::Refused);
    contradicted.check_absent("certificate.expired 192.0.2.1 6379", Absence::CannotTell);
}

#[test]
fn an_exposure_is_gone_when_the_port_is_something_else_for_certain() {
    World::new().saw("192.0.2.1:6379", facts("ssh")).check_absent(DATABASE, CORRECTED);
    World::new().saw("192.0.2.1:6379", product("http", "nginx")).check_absent(DATABASE, CORRECTED);
    // A bare answer over HTTP may be the gateway of the very database.
    World::new().saw("192.0.2.1:6379", facts("http")).check_absent(DATABASE, Absence::CannotTell);
    let undeclared = "exposure.undeclared 192.0.2.1 6379";
    World::new().saw("192.0.2.1:6379", facts("http")).check_absent(undeclared, CORRECTED);
    for certainty in [Certainty::Unknown, Certainty::Silent, Certainty::ClosedAtOnce, Certainty::NotAsked] {
        let console = "exposure.console 192.0.2.1 6379";
        World::new()
            .saw("192.0.2.1:6379", unidentified(certainty))
            .check_absent(console, Absence::CannotTell);
    }
}

#[test]
fn an_exposure_is_allowed_by_a_declaration_of_that_service() {
    let declared = |service, until| World::new().declare(0, "192.0.2.1:6379", service, "2026-01-01", until);
    let current = |service| declared(service, "2026-12-31");
    current("redis").saw("192.0.2.1:6379", facts("redis")).check_absent(DATABASE, ALLOWED);
    let silent = || unidentified(Certainty::Silent);
    current("redis").saw("192.0.2.1:6379", silent()).check_absent(DATABASE, ALLOWED);
    current("https").saw("192.0.2.1:6379", silent()).check_absent(DATABASE, Absence::CannotTell);
    // A declaration as something else, or one that is over, doesn't make it right.
    current("https").saw("192.0.2.1:6379", facts("redis")).check_absent(DATABASE, Absence::CannotTell);
    let over = declared("redis", "2026-06-01").saw("192.0.2.1:6379", facts("redis"));
    over.check_absent(DATABASE, Absence::CannotTell);
}

#[test]
fn access_is_corrected_only_by_being_asked_for_a_password() {
    let finding = "access.no-authentication 192.0.2.1 6379";
    let saw = |facts| World::new().saw("192.0.2.1:6379", facts);
    saw(asked("redis", Access::AuthenticationRequired)).check_absent(finding, CORRECTED);
    saw(facts("redis")).check_absent(finding, Absence::CannotTell);
    saw(unidentified(Certainty::Silent)).check_absent(finding, Absence::CannotTell);
    saw(facts("http")).check_absent(finding, Absence::CannotTell);
    saw(facts("smtp")).check_absent(finding, CORRECTED);
}

#[test]
fn a_certificate_is_corrected_only_by_another_that_was_seen() {
    let finding = "certificate.expired 192.0.2.1 443";
    let saw = |facts| World::new().saw("192.0.2.1:443", facts);
    saw(in_tls("http", &[("", &[sound()])])).check_absent(finding, CORRECTED);
    saw(in_tls("http", &[("", &[])])).check_absent(finding, Absence::CannotTell);
    saw(in_tls("http", &[("portal.example", &[sound()])])).check_absent(finding, Absence::CannotTell);
    saw(facts("http")).check_absent(finding, Absence::CannotTell);
    World::new().reply("192.0.2.1:443", Reply::Refused).check_absent(finding, REFUSED);
}

#[test]
fn a_certificate_that_was_expiring_and_has_expired_is_not_corrected() {
    let world = World::new().saw("192.0.2.1:443", in_tls("http", &[("", &[expired()])]));
    world.check_absent("certificate.expiring 192.0.2.1 443", ALLOWED);
}

#[test]
fn a_fault_of_a_name_is_gone_when_it_is_gone_at_all_its_addresses() {
    let finding = "certificate.expired portal.example 443";
    World::new().check_absent(finding, Absence::NotCovered);
    World::new().resolved("portal.example", &[]).check_absent(finding, Absence::CannotTell);
    let two = || World::new().resolved("portal.example", &["192.0.2.1", "192.0.2.2"]);
    let good = || in_tls("http", &[("portal.example", &[sound()])]);
    two().saw("192.0.2.1:443", good()).check_absent(finding, Absence::NotCovered);
    two().saw("192.0.2.1:443", good()).saw("192.0.2.2:443", good()).check_absent(finding, CORRECTED);
    let one_is_dark = two().saw("192.0.2.1:443", good()).reply("192.0.2.2:443", Reply::Silent);
    one_is_dark.check_absent(finding, Absence::CannotTell);
    let not_by_name =
        two().saw("192.0.2.1:443", good()).saw("192.0.2.2:443", in_tls("http", &[("", &[sound()])]));
    not_by_name.check_absent(finding, Absence::CannotTell);
    let one_filtered = two().saw("192.0.2.1:443", good()).reply("192.0.2.2:443", Reply::Prohibited);
    one_filtered.reply("192.0.2.2:22", Reply::Refused).check_absent(finding, FILTERED);
}

#[test]
fn nothing_of_a_name_is_gone_while_it_may_have_other_addresses() {
    let half = || {
        let world = World::new().resolved("portal.example", &["192.0.2.1"]).incomplete("portal.example");
        world.saw("192.0.2.1:443", in_tls("http", &[("portal.example", &[sound()])]))
    };
    half().check_absent("certificate.expired portal.example 443", Absence::CannotTell);
    half().check_absent("declaration.silent portal.example 443", Absence::CannotTell);
    half().check_absent("certificate.expired portal.example 8443", Absence::NotCovered);
    half().check_absent("certificate.expired www.example 443", Absence::NotCovered);
    let of_address = half().saw("192.0.2.2:443", in_tls("http", &[("", &[sound()])]));
    of_address.check_absent("certificate.expired 192.0.2.2 443", CORRECTED);
}

#[test]
fn declarations_come_right_by_renewal_or_correction() {
    let declared = |until| World::new().declare(0, "192.0.2.1:22", "ssh", "2026-01-01", until);
    let expired = "declaration.expired 192.0.2.1 22";
    declared("2026-12-31").saw("192.0.2.1:22", facts("ssh")).check_absent(expired, ALLOWED);
    World::new().saw("192.0.2.1:22", facts("ssh")).check_absent(expired, ALLOWED);
    declared("2026-06-01").saw("192.0.2.1:22", facts("redis")).check_absent(expired, CORRECTED);
    let mismatch = "declaration.mismatch 192.0.2.1 22";
    declared("2026-12-31").saw("192.0.2.1:22", facts("ssh")).check_absent(mismatch, CORRECTED);
    let silent = unidentified(Certainty::Silent);
    declared("2026-12-31").saw("192.0.2.1:22", silent).check_absent(mismatch, Absence::CannotTell);
    World::new().saw("192.0.2.1:22", facts("redis")).check_absent(mismatch, ALLOWED);
    World::new().reply("192.0.2.1:22", Reply::Refused).check_absent(mismatch, REFUSED);
}

#[test]
fn silence_of_a_declared_service_ends_by_an_answer_or_by_withdrawal_not_by_a_refusal() {
    let finding = "declaration.silent 192.0.2.1 80";
    let declared = || World::new().declare(0, "192.0.2.1:80", "http", "2025-01-01", "2026-12-31");
    declared().saw("192.0.2.1:80", facts("http")).check_absent(finding, CORRECTED);
    declared().reply("192.0.2.1:80", Reply::Silent).check_absent(finding, Absence::CannotTell);
    declared().check_absent(finding, Absence::NotCovered);
    let lately = declared().answered("2026-06-10T00:00:00Z").reply("192.0.2.1:80", Reply::Refused);
    lately.check_absent(finding, CORRECTED);
    World::new().reply("192.0.2.1:80", Reply::Refused).check_absent(finding, ALLOWED);
    World::new().reply("192.0.2.1:80", Reply::Silent).check_absent(finding, Absence::CannotTell);
    World::new().check_absent(finding, Absence::NotCovered);
    World::new().check_absent("declaration.silent portal.example 80", Absence::NotCovered);
}

#[test]
fn a_fault_that_a_service_told_is_gone_once_it_tells_otherwise_and_not_for_its_silence() {
    let check = |finding: &str, today: ServiceFacts, expected| {
        let port = finding.rsplit_once(' ').expect(finding).1;
        let world = World::new().over_udp().saw(&format!("192.0.2.1:{port}"), today);
        world.check_absent(finding, expected);
    };
    let resolver = "service.open-resolver 192.0.2.1 53";
    check(resolver, says("dns", &[("recursion", "refused")]), CORRECTED);
    check(resolver, says("dns", &[]), Absence::CannotTell);
    check(resolver, unidentified(Certainty::Unknown), Absence::CannotTell);
    check(resolver, says("dns", &[("recursion", "open")]), Absence::CannotTell);
    check(resolver, facts("ntp"), CORRECTED);
    check("service.ntp-control 192.0.2.1 123", says("ntp", &[("mode6", "refused")]), Absence::CannotTell);
    check("service.amplifier 192.0.2.1 11211", facts("memcached"), Absence::CannotTell);
    check("service.amplifier 192.0.2.1 11211", facts("dns"), CORRECTED);
}

#[test]
fn over_udp_only_a_refusal_or_an_error_proves_absence() {
    let world = World::new().over_udp().reply("192.0.2.1:53", Reply::Silent);
    let world = world.reply("192.0.2.1:123", Reply::Refused).reply("192.0.2.1:161", Reply::Prohibited);
    world.check_absent("service.open-resolver 192.0.2.1 53", Absence::CannotTell);
    world.check_absent("service.ntp-monlist 192.0.2.1 123", REFUSED);
    world.check_absent("service.snmp-public 192.0.2.1 161", FILTERED);
}
