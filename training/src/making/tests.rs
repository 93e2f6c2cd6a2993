//! Batches of made-up people, through their periods.

use model::id::{CountingMint, HoldingId, StaffId, WaiverId};
use model::post::PostKind;

use super::*;
use crate::issue::{self, NotIssued};
use crate::keys::{Algorithm, KeyRing, PublicRing};
use crate::people::{Employment, Holding, Staff};
use crate::records::apply;
use crate::scheme::RunsFrom;
use crate::sittings::{Waived, Waiver};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// People in the post of maintainers, all of whose topics are waived over `waived`.
struct World {
    mint: CountingMint,
    records: Records,
    scheme: Scheme,
    key: SigningKey,
    n_random: u8,
}

impl World {
    fn new(n: usize, waived: (&str, &str)) -> World {
        let mut mint = CountingMint::default();
        let unit = UnitId::mint(&mut mint);
        let mut records = Records::default();
        for i in 0..n {
            let staff = StaffId::mint(&mut mint);
            records.staff.push(Staff {
                id: staff,
                name: format!("虚构{i}"),
                unit: None,
                employment: Employment::Staff,
                phone: None,
                email: None,
                id_number: None,
                forgotten_on: None,
            });
            records.holdings.push(Holding {
                id: HoldingId::mint(&mut mint),
                staff,
                unit,
                system: None,
                post: PostKind::Maintainer,
                role: None,
                from: day("2020-01-01"),
                until: None,
                ended_because: None,
            });
        }
        let mut world = World {
            mint,
            records,
            scheme: Scheme::embedded(),
            key: SigningKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("a seed"),
            n_random: 0,
        };
        world.waive(waived);
        world
    }

    fn waive(&mut self, (from, until): (&str, &str)) {
        for staff in &self.records.staff {
            self.records.waivers.push(Waiver {
                id: WaiverId::mint(&mut self.mint),
                staff: staff.id,
                covers: Waived::Category("WH".into()),
                evidence: "CISP".into(),
                number: None,
                file: None,
                approver: "虚构丁".into(),
                from: day(from),
                until: day(until),
            });
        }
    }

    /// Issues to everybody who gets one on a day; why the others get none.
    fn issue(&mut self, on: &str, highest_elsewhere: u64) -> Vec<NotIssued> {
        let records = self.records.clone();
        let book = Book::of(&records);
        let category = self.scheme.category("WH").expect("maintainers").clone();
        let decided =
            records.staff.iter().map(|one| issue::decide(&book, &self.scheme, &category, one.id, day(on)));
        let (ready, refused): (Vec<_>, Vec<_>) = decided.partition(Result::is_ok);
        let ready: Vec<Candidate> = ready.into_iter().filter_map(Result::ok).collect();
        let making = Making {
            scheme: &self.scheme,
            category: &category,
            day: day(on),
            at: day(on).and_hms_opt(1, 0, 0).expect("an hour").and_utc(),
            decided_by: "虚构丁",
            reason: "考试合格",
            key: &self.key,
            address: None,
            highest_elsewhere,
            unit_name: &|_| "示例局".to_owned(),
        };
        let n_random = &mut self.n_random;
        let mut random = || {
            *n_random += 1;
            [*n_random; TOKEN_BYTES]
        };
        let change = make(&book, &making, &ready, &mut self.mint, &mut random).expect("certificates");
        self.records = apply(&self.records, &change);
        refused.into_iter().filter_map(Result::err).collect()
    }

    fn sequences(&self) -> Vec<u64> {
        let serials = self.records.certificates.iter().map(|one| one.serial.parse::<Serial>());
        serials.map(|serial| serial.expect("a serial").sequence()).collect()
    }
}

#[test]
fn serials_have_no_gaps_and_nobody_gets_two() {
    let mut world = World::new(3, ("2026-01-01", "2027-12-31"));
    assert_eq!(world.issue("2026-03-01", 0), []);
    assert_eq!(world.sequences(), [1, 2, 3]);
    let again = world.issue("2026-03-01", 0);
    let (until, from) = (day("2029-02-28"), day("2028-11-30"));
    assert_eq!(again, vec![NotIssued::HoldsOne { until, from }; 3]);
    assert_eq!(world.records.certificates.len(), 3);
}

#[test]
fn a_restored_backup_never_repeats_a_serial() {
    let mut world = World::new(1, ("2026-01-01", "2027-12-31"));
    world.issue("2026-03-01", 41);
    assert_eq!(world.sequences(), [42]);
}

#[test]
fn a_renewal_keeps_the_serial_and_ends_what_it_renews() {
    let mut world = World::new(1, ("2026-01-01", "2027-12-31"));
    world.issue("2026-03-01", 0);
    // In the window, but nothing was learnt since.
    let refused = world.issue("2029-01-01", 0);
    assert_eq!(refused, [NotIssued::Missing(vec!["安全运维".into()])]);
    world.waive(("2028-12-01", "2029-12-31"));
    assert_eq!(world.issue("2029-01-01", 0), []);
    let [first, second] = world.records.certificates.as_slice() else { panic!("two certificates") };
    assert_eq!((&first.serial, first.period), (&second.serial, 1));
    assert_eq!((second.period, second.valid_until), (2, day("2031-12-31")));
    let book = Book::of(&world.records);
    assert_eq!(book.standing(first, day("2027-01-01")), Standing::Valid);
    assert_eq!(book.standing(first, day("2029-01-01")), Standing::Replaced);
    assert_eq!(book.standing(second, day("2029-01-01")), Standing::Valid);
}

#[test]
fn a_city_may_let_early_renewals_run_from_the_last_day_of_the_one_before() {
    // The certificate ends on 2029-02-28, and its window opens on 2028-11-30.
    for (runs_from, on, until) in [
        (RunsFrom::Issue, "2028-12-15", "2031-12-14"),
        (RunsFrom::Expiry, "2028-12-15", "2032-02-29"),
        (RunsFrom::Expiry, "2029-02-28", "2032-02-29"),
        // Days without a certificate aren't given back.
        (RunsFrom::Expiry, "2029-05-15", "2032-05-14"),
    ] {
        let mut world = World::new(1, ("2026-01-01", "2027-12-31"));
        world.issue("2026-03-01", 0);
        for category in &mut world.scheme.categories {
            category.renewal.runs_from = runs_from;
        }
        world.waive(("2028-12-01", "2029-12-31"));
        assert_eq!(world.issue(on, 0), []);
        let second = world.records.certificates.last().expect("two certificates");
        assert_eq!((second.issued_on, second.valid_until), (day(on), day(until)), "{runs_from:?} {on}");
    }
}

#[test]
fn the_later_the_renewal_the_more_must_be_passed() {
    // The certificate ends on 2029-02-28; all topics were waived anew on the day before that.
    for (on, expected) in [
        ("2029-08-28", Ok(())),
        ("2030-02-28", Ok(())),
        ("2030-03-01", Err(NotIssued::Missing(vec!["法规与职责".into(), "安全运维".into()]))),
    ] {
        let mut world = World::new(1, ("2026-01-01", "2027-12-31"));
        world.issue("2026-03-01", 0);
        world.waive(("2029-02-28", "2031-12-31"));
        let refused = world.issue(on, 0);
        assert_eq!(refused.first().cloned().map_or(Ok(()), Err), expected, "{on}");
    }
}

#[test]
fn the_statement_says_what_is_printed_and_an_edited_print_is_told() {
    let mut world = World::new(1, ("2026-01-01", "2027-12-31"));
    world.issue("2026-03-01", 0);
    let certificate = &world.records.certificates[0];
    let mut ring = KeyRing::new(PublicRing::default(), vec![]).expect("an empty ring");
    let key = SigningKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("a seed");
    ring.rotate(key, day("2026-01-01")).expect("a key in use");
    let verified = statement::verify(&certificate.statement, ring.public()).expect("a good statement");
    let serial = certificate.serial.parse().expect("a serial");
    let token = certificate.token.parse().expect("a token");
    assert!(verified.statement.is_of(&on_paper(&certificate.printed, &serial, &token)));
    let edited = Printed { name: "虚构壬".into(), ..certificate.printed.clone() };
    assert!(!verified.statement.is_of(&on_paper(&edited, &serial, &token)));
}

#[test]
fn a_replacement_has_the_same_facts_and_another_token() {
    let mut world = World::new(1, ("2026-01-01", "2027-12-31"));
    world.issue("2026-03-01", 0);
    let old = world.records.certificates[0].clone();
    let category = world.scheme.category("WH").expect("maintainers").clone();
    let making = Making {
        scheme: &world.scheme,
        category: &category,
        day: day("2026-05-01"),
        at: day("2026-05-01").and_hms_opt(1, 0, 0).expect("an hour").and_utc(),
        decided_by: "虚构丁",
        reason: "遗失补发",
        key: &world.key,
        address: None,
        highest_elsewhere: 0,
        unit_name: &|_| String::new(),
    };
    let change = replace(&making, &old, &mut world.mint, [99; TOKEN_BYTES]).expect("a replacement");
    let new = &change.certificates[0];
    assert_eq!((&new.printed, new.edition, new.period), (&old.printed, 2, 1));
    assert!(new.token != old.token && new.statement != old.statement);
    let records = apply(&world.records, &change);
    let book = Book::of(&records);
    assert_eq!(book.standing(&old, day("2026-05-01")), Standing::Replaced);
    assert_eq!(book.standing(new, day("2026-05-01")), Standing::Valid);
}
