//! Requirements against made-up people.

use super::*;
use crate::id::CountingMint;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// One unit, one level-3 system, and people in the post of its maintainers: since when, in which role, certified or not.
fn check(people: &[(&str, Option<Role>, bool)], rule: &Requirement, on: &str, expected: CoverStanding) {
    let mint = &mut CountingMint::default();
    let unit = UnitId::mint(mint);
    let level = ProtectionLevel::try_from(3).ok();
    let system = SystemFacts { id: SystemId::mint(mint), unit, level, is_exposed: false };
    let mut certified = Certified::new();
    let holdings: Vec<HoldingFacts> = people
        .iter()
        .map(|(from, role, is_certified)| {
            let staff = StaffId::mint(mint);
            if *is_certified {
                certified.entry("WH".to_owned()).or_default().insert(staff);
            }
            let held = Interval::new(Some(day(from)), None).expect("an open interval");
            HoldingFacts {
                staff,
                unit,
                system: Some(system.id),
                post: PostKind::Maintainer,
                role: *role,
                held,
            }
        })
        .collect();
    let known = Known {
        day: day(on),
        units: &[unit],
        systems: &[system],
        holdings: &holdings,
        certified: &certified,
    };
    let covers = cover(std::slice::from_ref(rule), &known);
    let standings: Vec<CoverStanding> = covers.iter().map(|cover| cover.standing).collect();
    assert_eq!(standings, [expected], "{people:?} on {on}");
}

fn rule(head_count: u8, needs_backup: bool) -> Requirement {
    Requirement {
        id: "level-3-maintainer".into(),
        post: PostKind::Maintainer,
        per: Per::System,
        category: "WH".into(),
        min_level: ProtectionLevel::try_from(3).ok(),
        exposed_only: false,
        head_count,
        needs_backup,
        grace_days: 30,
        effective: day("2026-01-01"),
        source: "a made-up notice".into(),
    }
}

#[test]
fn a_requirement_stands_as_its_people_do() {
    use CoverStanding::{InGrace, Met, NoBackup, NobodyInPost, NoneCertified, TooFew};
    let (a, b) = (Some(Role::A), Some(Role::B));
    let [one, two] = [rule(1, false), rule(2, true)];
    check(&[], &one, "2026-06-01", NobodyInPost);
    check(&[("2026-05-20", None, false)], &one, "2026-06-01", InGrace);
    check(&[("2026-05-01", None, false)], &one, "2026-06-01", NoneCertified);
    check(&[("2026-05-02", None, true)], &one, "2026-06-01", Met);
    check(&[("2026-07-01", None, true)], &one, "2026-06-01", NobodyInPost);
    check(&[("2026-01-01", a, true)], &two, "2026-06-01", TooFew);
    check(&[("2026-01-01", a, true), ("2026-01-01", a, true)], &two, "2026-06-01", NoBackup);
    check(&[("2026-01-01", a, true), ("2026-05-31", b, false)], &two, "2026-06-01", InGrace);
    check(&[("2026-01-01", a, true), ("2026-01-01", b, true)], &two, "2026-06-01", Met);
    // Grace begins with the rule where the appointment is older.
    check(&[("2020-01-01", None, false)], &one, "2026-01-30", InGrace);
    check(&[("2020-01-01", None, false)], &one, "2026-01-31", NoneCertified);
}

#[test]
fn a_rule_asks_nothing_before_its_day_nor_below_its_level() {
    let mint = &mut CountingMint::default();
    let unit = UnitId::mint(mint);
    let system = |level: Option<u8>| SystemFacts {
        id: made_up(level),
        unit,
        level: level.and_then(|level| ProtectionLevel::try_from(level).ok()),
        is_exposed: false,
    };
    let systems = [system(None), system(Some(2)), system(Some(3)), system(Some(4))];
    let certified = Certified::new();
    let known = |on: &str| Known {
        day: day(on),
        units: &[],
        systems: &systems,
        holdings: &[],
        certified: &certified,
    };
    assert!(cover(&[rule(1, false)], &known("2025-12-31")).is_empty());
    assert_eq!(cover(&[rule(1, false)], &known("2026-01-01")).len(), 2);
    let exposed = Requirement { exposed_only: true, ..rule(1, false) };
    assert!(cover(&[exposed], &known("2026-01-01")).is_empty());
}

fn made_up(level: Option<u8>) -> SystemId {
    format!("00000000-0000-7000-8000-00000000000{}", level.unwrap_or(0)).parse().expect("a UUID")
}

/// One person in two requirements, by the lists that they stand in; how the person counts.
fn check_holder(first: char, second: char, expected: [usize; 3]) {
    let mint = &mut CountingMint::default();
    let (unit, person) = (UnitId::mint(mint), StaffId::mint(mint));
    let in_list = |list: char, of: char| if list == of { vec![person] } else { Vec::new() };
    let cover = |list: char| Cover {
        requirement: "made-up".into(),
        unit,
        system: Some(made_up(Some(3))),
        post: PostKind::Maintainer,
        category: "WH".into(),
        n_required: 1,
        certified: in_list(list, 'c'),
        in_grace: in_list(list, 'g'),
        uncertified: in_list(list, 'u'),
        standing: CoverStanding::Met,
    };
    let told = holders(&[cover(first), cover(second)]);
    let counts: Vec<[usize; 3]> =
        told.iter().map(|one| [one.n_certified, one.n_in_grace, one.n_uncertified]).collect();
    let expected = if expected == [0; 3] { Vec::new() } else { vec![expected] };
    assert_eq!(counts, expected, "{first} and {second}");
}

#[test]
fn somebody_whom_several_requirements_ask_counts_once_by_the_worst_that_is_no_certificate() {
    check_holder('-', '-', [0, 0, 0]);
    check_holder('c', '-', [1, 0, 0]);
    check_holder('c', 'c', [1, 0, 0]);
    check_holder('g', '-', [0, 1, 0]);
    check_holder('g', 'u', [0, 0, 1]);
    check_holder('u', 'g', [0, 0, 1]);
    check_holder('u', 'u', [0, 0, 1]);
}
