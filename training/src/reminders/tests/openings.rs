//! What lapsing certificates leave open: a system of level 3, and people who look after it.

use model::id::SystemId;
use model::post::Role;
use model::register::{Answerable, ProtectionLevel, System};

use super::*;
use crate::coverage;

/// A unit with a system of level 3 and no people.
fn with_system() -> World {
    let mut world = World::new();
    let (id, unit) = (SystemId::mint(&mut world.mint), world.register.units[0].id);
    let level = ProtectionLevel::try_from(3).ok();
    let answerable = Answerable::default();
    world.register.systems.push(System { id, unit, name: "示例系统".into(), level, answerable });
    world
}

/// A maintainer of the system whose certificate lasts until a day.
fn maintainer(world: &mut World, name: &str, role: Role, until: &str) {
    world.person(name, None, PostKind::Maintainer);
    let system = world.register.systems[0].id;
    let held = world.records.holdings.last_mut().expect("the one just added");
    (held.system, held.role) = (Some(system), Some(role));
    let n = world.records.staff.len();
    world.certify(n - 1, &format!("GWSG-2026-WH-{n:06}-K"), "WH", until);
}

/// What opens by what falls due within 90 days: requirement, first day, how it stands, who is left.
#[track_caller]
fn check(world: &World, day: &str, expected: &[(&str, &str, CoverStanding, usize)]) {
    let book = Book::of(&world.records);
    let (scheme, register, exposed) = (&world.scheme, &world.register, HashSet::new());
    let opened = openings(&book, coverage::Asked { scheme, register, exposed: &exposed, day: date(day) }, 90);
    let told: Vec<_> = opened
        .iter()
        .map(|one| (one.requirement.as_str(), one.opens_on.to_string(), one.standing, one.n_left))
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|(rule, on, how, n)| (*rule, (*on).to_owned(), *how, *n)).collect();
    assert_eq!(told, expected, "{day}");
}

use model::staffing::CoverStanding::{self, NoneCertified, TooFew};

#[test]
fn a_gap_opens_on_the_day_after_the_last_and_once_more_where_it_gets_worse() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2026-12-31");
    let (first, second) = ("2026-12-11", "2027-01-01");
    let all = [
        ("maintainer-level-3", first, TooFew, 1),
        ("maintainer", second, NoneCertified, 0),
        ("maintainer-level-3", second, NoneCertified, 0),
    ];
    check(&world, "2026-09-10", &[]);
    check(&world, "2026-09-11", &all[..1]);
    check(&world, "2026-12-01", &all);
    check(&world, "2026-12-10", &all);
    // Past and still open: it is told with the day on which it began.
    check(&world, "2027-01-05", &all);
    check(&world, "2027-03-11", &all[1..]);
}

#[test]
fn whoever_stays_keeps_it_closed() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2028-12-31");
    maintainer(&mut world, "虚构丙", Role::A, "2028-12-31");
    check(&world, "2026-12-01", &[]);
    // For the unit as a whole counts as well, and a renewal that is there already.
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2028-12-31");
    check(&world, "2026-12-01", &[("maintainer-level-3", "2026-12-11", TooFew, 1)]);
    world.certify(0, "GWSG-2026-WH-000001-K", "WH", "2029-12-10");
    check(&world, "2026-12-01", &[]);
}

#[test]
fn what_was_open_already_is_not_opened_by_it() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    // One of two that level 3 asks for: too few before, and worse after.
    let worse = [
        ("maintainer", "2026-12-11", NoneCertified, 0),
        ("maintainer-level-3", "2026-12-11", NoneCertified, 0),
    ];
    check(&world, "2026-12-01", &worse);
    // Two of the same role lack the backup; one less of three changes nothing in how it stands.
    let mut world = with_system();
    for (name, until) in [("虚构甲", "2026-12-10"), ("虚构乙", "2028-12-31"), ("虚构丙", "2028-12-31")]
    {
        maintainer(&mut world, name, Role::A, until);
    }
    check(&world, "2026-12-01", &[]);
}

#[test]
fn what_else_happens_meanwhile_is_not_laid_to_it() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2028-12-31");
    maintainer(&mut world, "虚构丙", Role::A, "2028-12-31");
    // On the very day that the one lapses, the other leaves: who leaves takes the backup along, who lapses the number.
    world.records.holdings[1].until = Some(date("2026-12-10"));
    check(&world, "2026-12-01", &[("maintainer-level-3", "2026-12-11", TooFew, 1)]);
    maintainer(&mut world, "虚构丁", Role::A, "2028-12-31");
    check(&world, "2026-12-01", &[]);
    // A past gap that somebody has filled meanwhile is none.
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2028-12-31");
    check(&world, "2026-12-20", &[("maintainer-level-3", "2026-12-11", TooFew, 1)]);
    maintainer(&mut world, "虚构丁", Role::A, "2028-12-31");
    world.records.certificates[2].issued_on = date("2026-12-15");
    check(&world, "2026-12-20", &[]);
}

#[test]
fn a_review_opens_a_gap_after_its_days_of_grace() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2028-12-31");
    world.records.certificates[0].review = Some(ReviewDue {
        on: date("2026-12-10"),
        from: date("2026-10-10"),
        counts_until: date("2027-01-09"),
    });
    let worse = [
        ("maintainer", "2027-01-10", NoneCertified, 0),
        ("maintainer-level-3", "2027-01-10", NoneCertified, 0),
    ];
    check(&world, "2026-12-01", &worse);
}

#[test]
fn what_did_not_count_anyway_opens_nothing_by_its_last_day() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2028-12-31");
    let too_few = ("maintainer-level-3", "2026-12-11", TooFew, 1);
    check(&world, "2026-12-01", &[too_few]);
    world.records.certificates[0].review = Some(ReviewDue {
        on: date("2025-06-30"),
        from: date("2025-05-01"),
        counts_until: date("2025-07-30"),
    });
    check(&world, "2026-12-01", &[]);
}

/// A person in a post: in which of two units, for which of their systems or for the unit as a whole, last day of the
/// certificate.
type Post = (usize, Option<usize>, &'static str);

const DAY: &str = "2026-12-01";
const FIRST: &str = "2026-12-10";
const SECOND: &str = "2026-12-31";
const STAYS: &str = "2028-12-31";

/// Two units with a system each, and maintainers of whom one may look after the other unit's system.
fn across_units(posts: &[Post]) -> World {
    let mut world = with_system();
    let unit = Unit { id: UnitId::mint(&mut world.mint), ..world.register.units[0].clone() };
    let system =
        System { id: SystemId::mint(&mut world.mint), unit: unit.id, ..world.register.systems[0].clone() };
    world.register.units.push(unit);
    world.register.systems.push(system);
    for (n, (unit, system, until)) in posts.iter().enumerate() {
        maintainer(&mut world, &format!("虚构{n}"), [Role::A, Role::B][n % 2], until);
        let (unit, system) =
            (world.register.units[*unit].id, system.map(|system| world.register.systems[system].id));
        let held = world.records.holdings.last_mut().expect("the one just added");
        (held.unit, held.system) = (unit, system);
    }
    world
}

/// Requirement, unit, system, first day, how it stands, who is left.
type Told = (String, UnitId, Option<SystemId>, NaiveDate, CoverStanding, usize);

/// What opens, told by two coverages of all units: on the last day of certificates and on the day after.
fn by_coverage(world: &World) -> Vec<Told> {
    let book = Book::of(&world.records);
    let (scheme, register, exposed) = (&world.scheme, &world.register, &HashSet::new());
    let on = |day| coverage::coverage(&book, coverage::Asked { scheme, register, exposed, day });
    let lapse = |last: NaiveDate| {
        let first_without = last.succ_opt().expect("not the last of all days");
        let pairs = on(last).into_iter().zip(on(first_without));
        let opened = pairs.filter(|(was, will)| was.standing < will.standing && will.standing.is_gap());
        opened.map(move |(_, will)| {
            let n_left = will.certified.len();
            (will.requirement, will.unit, will.system, first_without, will.standing, n_left)
        })
    };
    [FIRST, SECOND].map(date).into_iter().flat_map(lapse).collect()
}

#[test]
fn letters_have_the_gaps_of_coverage_also_where_somebody_looks_after_another_units_system() {
    let mut any_post: Vec<Post> = Vec::new();
    for unit in [0, 1] {
        for system in [None, Some(0), Some(1)] {
            any_post.extend([FIRST, SECOND, STAYS].map(|until| (unit, system, until)));
        }
    }
    let mut n_opened = 0;
    for one in &any_post {
        for other in &any_post {
            for third in [None, Some((1, Some(0), STAYS))] {
                let posts: Vec<Post> = [Some(*one), Some(*other), third].into_iter().flatten().collect();
                let world = across_units(&posts);
                let book = Book::of(&world.records);
                let (scheme, register, exposed) = (&world.scheme, &world.register, &HashSet::new());
                let asked = coverage::Asked { scheme, register, exposed, day: date(DAY) };
                let told = openings(&book, asked, 90).into_iter().map(|one| {
                    (one.requirement, one.unit, one.system, one.opens_on, one.standing, one.n_left)
                });
                let told: Vec<Told> = told.collect();
                assert_eq!(told, by_coverage(&world), "{posts:?}");
                n_opened += told.len();
            }
        }
    }
    assert!(n_opened > 500, "{n_opened} prove too little");
}

#[test]
fn a_lapse_opens_a_gap_in_the_unit_of_the_system_and_nowhere_else() {
    // The second unit's only man looks after the first unit's system.
    let lapses = [
        ("maintainer", "2026-12-11", NoneCertified, 0),
        ("maintainer-level-3", "2026-12-11", NoneCertified, 0),
    ];
    check(&across_units(&[(1, Some(0), FIRST)]), DAY, &lapses);
    check(&across_units(&[(1, Some(0), FIRST)]), "2026-12-20", &lapses);
    // The first unit's man lapses, and the second unit's stays.
    let (lapses, stays) = ((0, Some(0), FIRST), (1, Some(0), STAYS));
    check(&across_units(&[lapses, stays]), DAY, &[("maintainer-level-3", "2026-12-11", TooFew, 1)]);
    check(&across_units(&[lapses, stays, stays]), DAY, &[]);
}

#[test]
fn a_digest_names_systems_and_what_opens() {
    let mut world = with_system();
    maintainer(&mut world, "虚构甲", Role::A, "2026-12-10");
    maintainer(&mut world, "虚构乙", Role::B, "2028-12-31");
    let book = Book::of(&world.records);
    let digests = digests(&book, world.asked("2026-12-01"), &HashSet::new());
    let [digest] = &digests[..] else { panic!("{digests:?}") };
    assert_eq!(digest.rows[0].systems, ["示例系统"]);
    let [opening] = &digest.openings[..] else { panic!("{:?}", digest.openings) };
    assert_eq!((opening.system_name.as_str(), opening.level.map(u8::from)), ("示例系统", Some(3)));
    assert_eq!(opening.asks, "至少 2 名持证维护人员（A、B 角）");
    assert_eq!(opening.holders, ["虚构甲"]);
}
