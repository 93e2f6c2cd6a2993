//! What every implementation of the ports must do, written against the traits alone. Each function takes a
//! store that is empty.

mod findings;
mod register;
mod reminders;
mod rows;
mod training;

pub(crate) use findings::*;
pub(crate) use register::*;
pub(crate) use reminders::*;
pub(crate) use rows::*;
pub(crate) use training::*;

use chrono::{DateTime, NaiveDate, Utc};
use model::credit_code::CreditCode;
use model::id::{AssetId, CountingMint, DeclaredServiceId, ExclusionId, PersonId, SystemId, UnitId};
use model::interval::Interval;
use model::port::Transport;
use model::register::{
    Answerable, Asset, AssetTarget, Authorisation, DeclaredService, Exclusion, Person, ProtectionLevel,
    System, Unit,
};
use registry::change::RegisterChange;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

pub(crate) fn unit(mint: &mut CountingMint, n: u32, parent: Option<UnitId>) -> Unit {
    Unit {
        id: UnitId::mint(mint),
        code: CreditCode::with_check_symbol(&format!("11440100MB{n:07}")).expect("a sound code"),
        name: format!("示例单位{n}"),
        parent,
        region: Some("440100".parse().expect("a region")),
        region_valid: Interval::new(Some(day("2014-01-01")), None).expect("an interval"),
        valid: Interval::ALWAYS,
    }
}

/// A register with every field set somewhere and unset elsewhere.
pub(crate) fn full_register(mint: &mut CountingMint) -> RegisterChange {
    let parent = unit(mint, 1, None);
    let child = unit(mint, 2, Some(parent.id));
    let person = Person {
        id: PersonId::mint(mint),
        unit: child.id,
        name: "虚构甲".into(),
        post: Some("科长".into()),
        phone: Some("020-0000-0001".into()),
        email: None,
    };
    let answerable = Answerable { in_charge: Some(person.id), operator: None, user: Some(person.id) };
    let system = System {
        id: SystemId::mint(mint),
        unit: child.id,
        name: "示例系统".into(),
        level: ProtectionLevel::try_from(3).ok(),
        answerable,
    };
    let targets =
        ["192.0.2.0/24", "198.51.100.7", "203.0.113.5-203.0.113.9", "2001:db8::/64", "portal.example"];
    let target = |text: &str| {
        text.parse().map_or_else(|_| AssetTarget::Host(text.parse().expect(text)), AssetTarget::Addresses)
    };
    let assets = targets.iter().enumerate().map(|(i, text)| Asset {
        id: AssetId::mint(mint),
        unit: child.id,
        system: (i == 0).then_some(system.id),
        target: target(text),
        owned: if i == 1 {
            Interval::new(None, Some(day("2026-12-31"))).expect("an interval")
        } else {
            Interval::ALWAYS
        },
        authorisation: (i != 2).then(|| Authorisation {
            approver: "示例领导".into(),
            valid_from: (i == 0).then(|| day("2026-01-01")),
            valid_until: day("2026-12-31"),
        }),
        scan_window: (i < 2).then(|| "Mon-Fri 22:00-06:00; Sun 00:00-24:00".parse().expect("a window")),
        answerable: if i == 0 { answerable } else { Answerable::default() },
        note: (i == 3).then(|| "备注\n第二行 ' \" \\".into()),
    });
    let assets: Vec<Asset> = assets.collect();
    let exclusion = Exclusion {
        id: ExclusionId::mint(mint),
        unit: child.id,
        target: target("192.0.2.64/26"),
        reason: "示例设备".into(),
        until: day("2026-12-31"),
    };
    let service = DeclaredService {
        id: DeclaredServiceId::mint(mint),
        unit: child.id,
        target: target("portal.example"),
        port: 65535,
        transport: Transport::Tcp,
        service: "https".into(),
        purpose: "示例门户".into(),
        approver: "示例领导".into(),
        declared_on: None,
        until: day("2026-12-31"),
    };
    RegisterChange {
        // The child first: what refers to what is settled at the end.
        units: vec![child, parent],
        people: vec![person],
        systems: vec![system],
        assets,
        exclusions: vec![exclusion],
        services: vec![service],
    }
}
