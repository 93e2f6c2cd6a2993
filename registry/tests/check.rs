//! Remarks on the register as it is stored.

use chrono::NaiveDate;
use model::id::{AssetId, CountingMint, DeclaredServiceId, ExclusionId, PersonId, SystemId, UnitId};
use model::interval::Interval;
use model::port::Transport;
use model::region::RegionTable;
use model::register::{
    Answerable, Asset, AssetTarget, Authorisation, DeclaredService, Exclusion, Person, ProtectionLevel,
    Register, System, Unit,
};
use registry::check::{Weight, check};

fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

fn target(text: &str) -> AssetTarget {
    text.parse().map_or_else(|_| AssetTarget::Host(text.parse().expect(text)), AssetTarget::Addresses)
}

/// Two units without fault, one asset each.
fn sound() -> Register {
    let mint = &mut CountingMint::default();
    let mut register = Register::default();
    for (n, name) in [(1, "示例一局"), (2, "示例二局")] {
        let unit = UnitId::mint(mint);
        let person = PersonId::mint(mint);
        let system = SystemId::mint(mint);
        register.units.push(Unit {
            id: unit,
            code: model::credit_code::CreditCode::with_check_symbol(&format!("11440100MADE0000{n}"))
                .expect("17"),
            name: name.into(),
            parent: None,
            region: Some("440106".parse().expect("a code")),
            region_valid: Interval::ALWAYS,
            valid: Interval::ALWAYS,
        });
        register.people.push(Person {
            id: person,
            unit,
            name: "虚构甲".into(),
            post: None,
            phone: None,
            email: None,
        });
        let everyone = Answerable { in_charge: Some(person), operator: Some(person), user: Some(person) };
        register.systems.push(System {
            id: system,
            unit,
            name: "虚构门户".into(),
            level: ProtectionLevel::try_from(2).ok(),
            answerable: everyone,
        });
        register.assets.push(Asset {
            id: AssetId::mint(mint),
            unit,
            system: Some(system),
            target: target(if n == 1 { "192.0.2.0/24" } else { "portal.example" }),
            owned: Interval::ALWAYS,
            authorisation: Some(Authorisation {
                approver: "虚构丁".into(),
                valid_from: None,
                valid_until: day("2027-12-31"),
            }),
            scan_window: None,
            answerable: Answerable::default(),
            note: None,
        });
    }
    register
}

/// Remarks of a sound register after one change, as `weight: remark`.
#[track_caller]
fn expect(change: impl FnOnce(&mut Register), expected: &[&str]) {
    let mut register = sound();
    change(&mut register);
    let remarks = check(&register, &RegionTable::embedded(), day("2026-11-22"));
    let shown: Vec<String> =
        remarks.iter().map(|remark| format!("{}: {remark}", remark.weight.as_str())).collect();
    assert_eq!(shown, expected);
    for remark in &remarks {
        assert!(remark.zh().contains(&remark.unit_name) && remark.kind.zh() != remark.kind.to_string());
        assert!(matches!(remark.weight, Weight::Error | Weight::Warning));
    }
}

fn service(register: &Register, until: &str) -> DeclaredService {
    DeclaredService {
        id: DeclaredServiceId::mint(&mut CountingMint::default()),
        unit: register.units[0].id,
        target: target("192.0.2.1"),
        port: 443,
        transport: Transport::Tcp,
        service: "https".into(),
        purpose: "门户".into(),
        approver: "虚构丁".into(),
        declared_on: None,
        until: day(until),
    }
}

fn exclusion(register: &Register, on: &str, until: &str) -> Exclusion {
    Exclusion {
        id: ExclusionId::mint(&mut CountingMint::default()),
        unit: register.units[0].id,
        target: target(on),
        reason: "医疗设备".into(),
        until: day(until),
    }
}

#[test]
fn a_sound_register_has_no_remarks() {
    expect(|_| {}, &[]);
    expect(|register| register.services.push(service(register, "2026-12-23")), &[]);
    expect(|register| register.exclusions.push(exclusion(register, "192.0.2.9", "2026-12-23")), &[]);
}

#[test]
fn authorisations_are_told_before_and_after_they_end() {
    let until = |last: &'static str| {
        move |register: &mut Register| {
            if let Some(leave) = &mut register.assets[0].authorisation {
                leave.valid_until = day(last);
            }
        }
    };
    expect(until("2026-12-23"), &[]);
    expect(until("2026-12-22"), &["warning: 示例一局: 192.0.2.0/24: the authorisation ends on 2026-12-22"]);
    expect(until("2026-11-22"), &["warning: 示例一局: 192.0.2.0/24: the authorisation ends on 2026-11-22"]);
    expect(
        until("2026-11-21"),
        &["error: 示例一局: 192.0.2.0/24: the authorisation ended on 2026-11-21; the asset is not probed"],
    );
    expect(
        |register| register.assets[0].authorisation = None,
        &["warning: 示例一局: 192.0.2.0/24: no authorisation; the asset is not probed"],
    );
}

#[test]
fn three_people_answer_for_every_asset() {
    expect(
        |register| register.systems[0].answerable.operator = None,
        &["error: 示例一局: 192.0.2.0/24: nobody answers for it as operator"],
    );
    expect(
        |register| register.assets[0].system = None,
        &["error: 示例一局: 192.0.2.0/24: nobody answers for it as in charge, operator, user"],
    );
}

#[test]
fn overlaps_are_told_of_both_units() {
    expect(
        |register| register.assets[1].target = target("192.0.2.7"),
        &[
            "error: 示例一局: 192.0.2.0/24: overlaps 192.0.2.7 of 示例二局",
            "error: 示例二局: 192.0.2.7: overlaps 192.0.2.0/24 of 示例一局",
        ],
    );
}

#[test]
fn units_and_systems_are_complete() {
    expect(
        |register| register.systems[0].level = None,
        &["warning: 示例一局: 虚构门户: the system has no classified-protection level"],
    );
    expect(
        |register| {
            register.assets[1].owned = Interval::new(None, Some(day("2026-11-21"))).expect("an interval")
        },
        &["warning: 示例二局: 示例二局: the unit owns no asset today"],
    );
    expect(
        |register| register.units[1].region = Some("440116".parse().expect("a code")),
        &["error: 示例二局: 440116: the region code was abolished on 2014-12-31; 440112 took over"],
    );
    expect(
        |register| {
            let namesake =
                Person { id: PersonId::mint(&mut CountingMint::default()), ..register.people[1].clone() };
            register.people.push(namesake);
        },
        &["warning: 示例二局: 虚构甲: several people of the unit have this name"],
    );
}

#[test]
fn declarations_and_exclusions_age() {
    expect(
        |register| register.services.push(service(register, "2026-12-01")),
        &["warning: 示例一局: 192.0.2.1 443/tcp https: the declaration ends on 2026-12-01"],
    );
    expect(
        |register| register.services.push(service(register, "2026-11-01")),
        &["warning: 示例一局: 192.0.2.1 443/tcp https: the declaration ended on 2026-11-01"],
    );
    expect(
        |register| register.exclusions.push(exclusion(register, "192.0.2.9", "2026-11-01")),
        &["warning: 示例一局: 192.0.2.9: the exclusion ended on 2026-11-01; the target is probed again"],
    );
    expect(
        |register| register.exclusions.push(exclusion(register, "198.51.100.9", "2027-11-01")),
        &["warning: 示例一局: 198.51.100.9: the exclusion lies outside the assets of the unit"],
    );
    expect(
        |register| register.exclusions.push(exclusion(register, "portal.example", "2027-11-01")),
        &[
            "error: 示例一局: portal.example: the exclusion names a host and protects no address; exclude the host's addresses",
        ],
    );
}

#[test]
fn a_window_at_a_host_name_holds_nothing_back() {
    expect(
        |register| {
            for asset in &mut register.assets {
                asset.scan_window = "22:00-06:00".parse().ok();
            }
        },
        &[
            "error: 示例二局: portal.example: the scan window is of a host name and holds no address back; give it to the host's addresses",
        ],
    );
}
