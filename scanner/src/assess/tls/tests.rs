//! One small register, and what runs of a line each prove.

use model::id::{AssetId, CountingMint, FindingId, RunId, UnitId};
use model::interval::Interval;
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use model::severity::Severity;
use model::tls::{Offered, TlsServer, TlsVersion};

use super::*;

const CORRECTED: Absence = Absence::Gone(Gone::Corrected);
const REFUSED: Absence = Absence::Gone(Gone::Refused);
const NAME: &str = "portal.example";

/// One unit owns 192.0.2.0/24 and portal.example.
struct World {
    scope: Scope,
    names: BTreeMap<HostName, Vec<IpAddr>>,
    incomplete: BTreeSet<HostName>,
    records: Vec<TlsRecord>,
}

impl World {
    fn new(records: Vec<TlsRecord>) -> World {
        let mint = &mut CountingMint::default();
        let unit = UnitId::mint(mint);
        let targets = [
            AssetTarget::Addresses("192.0.2.0/24".parse().expect("a range")),
            AssetTarget::Host(NAME.parse().expect("a name")),
        ];
        let assets = targets.into_iter().map(|target| Asset {
            id: AssetId::mint(mint),
            unit,
            system: None,
            target,
            owned: Interval::ALWAYS,
            authorisation: Some(Authorisation {
                approver: "示例".into(),
                valid_from: None,
                valid_until: "2026-12-31".parse().expect("a day"),
            }),
            scan_window: None,
            answerable: Answerable::default(),
            note: None,
        });
        let register = Register { assets: assets.collect(), ..Register::default() };
        let day = "2026-06-15".parse().expect("a day");
        let scope = Scope::of(&register, day);
        World { scope, names: BTreeMap::new(), incomplete: BTreeSet::new(), records }
    }

    fn led_to(mut self, addrs: &[&str]) -> World {
        let addrs = addrs.iter().map(|addr| addr.parse().expect("an address"));
        self.names.insert(NAME.parse().expect("a name"), addrs.collect());
        self
    }

    fn judged(&self) -> TlsAssessment<'_> {
        assess_tls(TlsInput {
            records: &self.records,
            scope: &self.scope,
            names: &self.names,
            incomplete_names: &self.incomplete,
        })
    }

    #[track_caller]
    fn says(&self, key: &str, expected: Absence) {
        assert_eq!(self.judged().absence(&key_of(key)), expected, "{key}");
    }
}

/// `check target port`
fn key_of(text: &str) -> FindingKey {
    let [check, target, port] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    FindingKey {
        check: check.parse().expect(check),
        target: target.parse().expect(target),
        transport: Transport::Tcp,
        port: port.parse().expect(port),
    }
}

/// A server at 443, what was reached, and its verdicts: `check=state`, where a state in brackets is why it is unknown.
fn record(addr: &str, name: Option<&str>, reached: TlsReached, verdicts: &[&str]) -> TlsRecord {
    let verdict = |text: &&str| {
        let (check, state) = text.split_once('=').expect(text);
        TlsVerdict {
            check: check.parse().expect(check),
            severity: Severity::Medium,
            state: match state {
                "fault" => VerdictState::Fault,
                "sound" => VerdictState::Sound,
                "not-applicable" => VerdictState::NotApplicable,
                why => VerdictState::Unknown(why.trim_matches(['(', ')']).to_owned()),
            },
            evidence: vec!["TLS 1.0".to_owned()],
        }
    };
    let version = |name: &str, offered| TlsVersion { name: name.to_owned(), offered };
    TlsRecord {
        at: "2026-06-15T04:00:00Z".parse().expect("an instant"),
        server: TlsServer {
            addr: addr.parse().expect(addr),
            port: 443,
            name: name.map(|name| name.parse().expect(name)),
            start_tls: None,
            given: addr.to_owned(),
        },
        reached,
        given_up: None,
        versions: vec![version("TLS 1.0", Offered::No), version("TLS 1.3", Offered::Yes)],
        grade: None,
        verdicts: verdicts.iter().map(verdict).collect(),
        profiles: Vec::new(),
        leaves: Vec::new(),
        n_connections: 2,
    }
}

fn by_address(reached: TlsReached, verdicts: &[&str]) -> World {
    World::new(vec![record("192.0.2.1", None, reached, verdicts)])
}

#[test]
fn faults_become_detections_under_the_name_that_was_sent_if_it_is_registered() {
    let faults = ["tls.tls10=fault", "tls.sweet32=sound", "tls.poodle=(timed-out)"];
    for (name, target) in [(None, "192.0.2.1"), (Some(NAME), NAME), (Some("elsewhere.example"), "192.0.2.1")]
    {
        let world = World::new(vec![record("192.0.2.1", name, TlsReached::Tls, &faults)]);
        let judged = world.judged();
        let [one] = judged.detections.as_slice() else { panic!("{:?}", judged.detections) };
        assert_eq!(one.key, key_of(&format!("tls.tls10 {target} 443")));
        assert_eq!(one.evidence.method, Method::Tls);
        assert_eq!(one.evidence.observed, Facts::from([Fact::Tells { what: vec!["TLS 1.0".into()] }]));
    }
    let nobodys = World::new(vec![record("198.51.100.1", None, TlsReached::Tls, &faults)]);
    assert!(nobodys.judged().detections.is_empty());
}

#[test]
fn only_what_is_sound_where_tls_was_spoken_proves_a_correction() {
    use TlsReached::{Http, NoStartTls, NothingInCommon, OtherProtocol, Refused, Silent, Tls, Unreachable};
    let key = "tls.tls10 192.0.2.1 443";
    for (verdict, expected) in [
        ("tls.tls10=sound", CORRECTED),
        ("tls.tls10=fault", Absence::CannotTell),
        ("tls.tls10=(timed-out)", Absence::CannotTell),
        ("tls.tls10=(not-asked)", Absence::NotCovered),
        ("tls.tls10=not-applicable", CORRECTED),
        ("tls.sweet32=sound", Absence::NotCovered),
    ] {
        by_address(Tls, &[verdict]).says(key, expected);
    }
    for (reached, expected) in [
        (Http, Absence::CannotTell),
        (OtherProtocol, Absence::CannotTell),
        (NoStartTls, Absence::CannotTell),
        (NothingInCommon, Absence::CannotTell),
        (Silent, Absence::CannotTell),
        (Unreachable, Absence::CannotTell),
        (Refused, REFUSED),
    ] {
        by_address(reached, &["tls.tls10=sound"]).says(key, expected);
    }
    by_address(Tls, &["tls.tls10=sound"]).says("tls.tls10 192.0.2.1 8443", Absence::NotCovered);
    by_address(Tls, &["tls.tls10=sound"]).says("tls.tls10 192.0.2.2 443", Absence::NotCovered);
}

#[test]
fn not_applicable_proves_nothing_where_a_version_is_unknown_or_something_was_just_not_shown() {
    let mut world = by_address(TlsReached::Tls, &["tls.tls10=not-applicable", "tls.no-hsts=not-applicable"]);
    world.says("tls.no-hsts 192.0.2.1 443", Absence::CannotTell);
    world.says("tls.tls10 192.0.2.1 443", CORRECTED);
    world.records[0].versions[0].offered = Offered::Unknown;
    world.says("tls.tls10 192.0.2.1 443", Absence::CannotTell);
}

#[test]
fn a_name_is_mended_only_if_it_is_at_all_its_addresses() {
    let at = |addr, verdict| record(addr, Some(NAME), TlsReached::Tls, &[verdict]);
    let (sound, key) = ("tls.tls10=sound", "tls.tls10 portal.example 443");
    let both = || vec![at("192.0.2.1", sound), at("192.0.2.2", sound)];
    World::new(both()).says(key, Absence::NotCovered);
    World::new(both()).led_to(&["192.0.2.1", "192.0.2.2"]).says(key, CORRECTED);
    World::new(both()).led_to(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]).says(key, Absence::NotCovered);
    let mut doubtful = World::new(both()).led_to(&["192.0.2.1", "192.0.2.2"]);
    doubtful.incomplete.insert(NAME.parse().expect("a name"));
    doubtful.says(key, Absence::CannotTell);
    let one = vec![at("192.0.2.1", sound), at("192.0.2.2", "tls.tls10=(timed-out)")];
    World::new(one).led_to(&["192.0.2.1", "192.0.2.2"]).says(key, Absence::CannotTell);
    // Under its address it may be another face.
    World::new(both()).says("tls.tls10 192.0.2.1 443", Absence::NotCovered);
    let refused = vec![record("192.0.2.1", Some(NAME), TlsReached::Refused, &[])];
    World::new(refused).says("tls.tls10 192.0.2.1 443", REFUSED);
}

#[test]
fn of_other_findings_only_certificates_are_spoken_of_and_only_what_is_proved() {
    let check = |verdict: &str, expected| {
        by_address(TlsReached::Tls, &[verdict]).says("certificate.expired 192.0.2.1 443", expected);
    };
    check("tls.cert-expired=sound", CORRECTED);
    check("tls.cert-expired=(needs-session)", Absence::NotCovered);
    check("tls.tls10=sound", Absence::NotCovered);
    let named = record("192.0.2.1", Some(NAME), TlsReached::Tls, &["tls.cert-expired=sound"]);
    World::new(vec![named]).says("certificate.expired 192.0.2.1 443", CORRECTED);
    by_address(TlsReached::Refused, &[]).says("exposure.web 192.0.2.1 443", Absence::NotCovered);
}

fn finding(key: &str) -> Finding {
    let world = by_address(TlsReached::Tls, &["tls.tls10=fault"]);
    let Detection { severity, unit, system, asset, evidence, .. } = world.judged().detections[0].clone();
    let mint = &mut CountingMint::default();
    Finding {
        id: FindingId::mint(mint),
        key: key_of(key),
        severity,
        unit,
        system,
        asset,
        state: FindingState::Open,
        first_seen: evidence.at,
        last_seen: evidence.at,
        last_run: RunId::mint(mint),
        n_recurrences: 0,
        unverifiable_since: None,
        evidence,
    }
}

#[test]
fn a_detection_takes_the_place_of_what_tells_the_same_of_its_name_or_endpoint() {
    let named =
        record("192.0.2.1", Some(NAME), TlsReached::Tls, &["tls.cert-expired=fault", "tls.tls10=fault"]);
    let world = World::new(vec![named]);
    let judged = world.judged();
    let keys: Vec<Vec<FindingKey>> =
        judged.detections.iter().map(|detection| judged.supersedes(detection)).collect();
    let old = ["certificate.expired portal.example 443", "certificate.expired 192.0.2.1 443"];
    assert_eq!(keys, [old.map(key_of).to_vec(), Vec::new()]);
}

#[test]
fn what_is_seen_of_certificates_in_passing_is_left_out_where_it_is_told_better() {
    let check = |known: &str, seen: &str, expected: usize| {
        let seen = finding(seen);
        let Finding { key, severity, unit, system, asset, evidence, .. } = seen;
        let detection = Detection { key, severity, unit, system, asset, evidence };
        assert_eq!(without_what_tls_tells(vec![detection], &[finding(known)]).len(), expected, "{known}");
    };
    check("tls.cert-expired 192.0.2.1 443", "certificate.expired 192.0.2.1 443", 0);
    check("tls.cert-expired portal.example 443", "certificate.expired 192.0.2.1 443", 0);
    check("tls.cert-expiring 192.0.2.1 443", "certificate.expired 192.0.2.1 443", 1);
    check("tls.cert-expired 192.0.2.1 8443", "certificate.expired 192.0.2.1 443", 1);
    check("tls.cert-expired 192.0.2.1 443", "exposure.undeclared 192.0.2.1 443", 1);
}

#[test]
fn every_check_named_here_exists() {
    let checks = model::tls_policy::TlsChecks::embedded();
    let policy = model::policy::Policy::embedded();
    for (old, new) in SUCCESSORS {
        assert!(policy.check(old).is_some() && checks.get(new).is_some(), "{old} {new}");
    }
    for check in SHOWN_OR_NOT {
        assert!(checks.get(check).is_some(), "{check}");
    }
}
