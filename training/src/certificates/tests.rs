//! How a made-up certificate stands.

use chrono::{Datelike, Days};
use model::id::CountingMint;
use proptest::prelude::*;

use super::*;
use crate::records::{Book, Records};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn at(on: NaiveDate) -> DateTime<Utc> {
    on.and_hms_opt(4, 0, 0).expect("noon in China").and_utc()
}

/// Issued on 2026-01-01 for three years, with a review due on 2027-06-30.
pub(crate) fn certificate() -> PostCertificate {
    let mint = &mut CountingMint::default();
    let (issued_on, valid_until) = (day("2026-01-01"), day("2028-12-31"));
    PostCertificate {
        id: PostCertificateId::mint(mint),
        staff: StaffId::mint(mint),
        category: "WH".into(),
        serial: "GWSG-2026-WH-000001-K".into(),
        period: 1,
        edition: 1,
        token: String::new(),
        issued_on,
        valid_until,
        review: Some(ReviewDue {
            on: day("2027-06-30"),
            from: day("2027-05-01"),
            counts_until: day("2027-07-30"),
        }),
        printed: Printed {
            issuer: "示例中心".into(),
            title: "上岗证".into(),
            name: "虚构甲".into(),
            unit: "示例局".into(),
            post: "维护人员".into(),
            serial: "GWSG-2026-WH-000001-K".into(),
            issued_on,
            valid_until,
            review_due: Some(day("2027-06-30")),
            topics: vec![],
            scheme: "test".into(),
            old_number: None,
        },
        statement: String::new(),
        files: BTreeMap::new(),
    }
}

fn events(list: &[(CertificateAct, &str)]) -> Vec<CertificateEvent> {
    let event = |(what, on): &(CertificateAct, &str)| CertificateEvent {
        certificate: certificate().id,
        on: day(on),
        at: at(day(on)),
        what: *what,
        reason: "测试".into(),
        decided_by: "虚构丁".into(),
    };
    list.iter().map(event).collect()
}

#[track_caller]
fn check(happened: &[(CertificateAct, &str)], on: &str, expected: Standing) {
    assert_eq!(standing(&certificate(), &events(happened), day(on)), expected, "{happened:?} on {on}");
}

#[test]
fn a_certificate_stands_as_its_days_and_events_say_on_any_day() {
    use CertificateAct::{Cancelled, Reinstated, Replaced, Reviewed, Revoked, Suspended};
    check(&[], "2025-12-31", Standing::NotYet);
    check(&[], "2026-01-01", Standing::Valid);
    check(&[], "2027-06-30", Standing::Valid);
    check(&[], "2027-07-01", Standing::ReviewDue);
    check(&[], "2027-07-31", Standing::ReviewOverdue);
    check(&[(Reviewed, "2027-08-15")], "2027-08-14", Standing::ReviewOverdue);
    check(&[(Reviewed, "2027-08-15")], "2027-08-15", Standing::Valid);
    check(&[(Reviewed, "2027-05-01")], "2028-12-31", Standing::Valid);
    check(&[(Reviewed, "2027-05-01")], "2029-01-01", Standing::Expired);
    check(&[(Suspended, "2026-03-01")], "2026-02-28", Standing::Valid);
    check(&[(Suspended, "2026-03-01")], "2026-03-01", Standing::Suspended);
    check(&[(Suspended, "2026-03-01"), (Reinstated, "2026-03-05")], "2026-03-05", Standing::Valid);
    check(&[(Reinstated, "2026-03-05"), (Suspended, "2026-03-01")], "2026-04-01", Standing::Valid);
    check(&[(Revoked, "2026-03-01")], "2026-02-28", Standing::Valid);
    check(&[(Revoked, "2026-03-01")], "2030-01-01", Standing::Revoked);
    check(&[(Cancelled, "2026-03-01")], "2026-03-01", Standing::Cancelled);
    check(&[(Replaced, "2026-03-01")], "2026-03-01", Standing::Replaced);
    check(&[(Suspended, "2026-03-01")], "2029-01-01", Standing::Expired);
}

#[track_caller]
fn check_act(
    happened: &[(CertificateAct, &str)],
    what: CertificateAct,
    on: &str,
    expected: Result<(), Refused>,
) {
    let wish = Act {
        what,
        on: day(on),
        at: at(day(on)),
        today: day(on).max(day("2027-06-01")),
        reason: "测试",
        decided_by: "虚构丁",
    };
    let done = act(&certificate(), &events(happened), wish).map(drop);
    assert_eq!(done, expected, "{what:?} on {on} after {happened:?}");
}

#[test]
fn what_is_done_to_a_certificate_must_fit_how_it_stands() {
    use CertificateAct::{Reinstated, Reviewed, Revoked, Suspended};
    check_act(&[], Suspended, "2026-03-01", Ok(()));
    check_act(
        &[],
        Suspended,
        "2025-03-01",
        Err(Refused::BeforeIssue { on: day("2025-03-01"), issued: day("2026-01-01") }),
    );
    check_act(&[(Suspended, "2026-02-01")], Suspended, "2026-03-01", Err(Refused::AlreadySuspended));
    check_act(&[], Reinstated, "2026-03-01", Err(Refused::NotSuspended));
    check_act(&[(Suspended, "2026-02-01")], Reinstated, "2026-03-01", Ok(()));
    check_act(&[], Reviewed, "2027-04-30", Err(Refused::BeforeWindow(day("2027-05-01"))));
    check_act(&[], Reviewed, "2027-06-30", Ok(()));
    check_act(&[(Reviewed, "2027-05-02")], Reviewed, "2027-06-30", Err(Refused::AlreadyReviewed));
    check_act(&[(Revoked, "2026-02-01")], Suspended, "2026-03-01", Err(Refused::Final(Standing::Revoked)));
    // Entered for a day before a revocation that is known already.
    check_act(&[(Revoked, "2026-04-01")], Suspended, "2026-03-01", Err(Refused::Final(Standing::Revoked)));
    check_act(&[], Reviewed, "2029-03-01", Err(Refused::Expired));
}

#[test]
fn months_end_the_day_before_the_same_day() {
    for (from, months, until) in [
        ("2026-01-01", 36, "2028-12-31"),
        ("2026-03-15", 1, "2026-04-14"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-08-31", 18, "2028-02-29"),
    ] {
        assert_eq!(last_day(day(from), months), Some(day(until)), "{from} + {months}");
    }
}

/// Days of a month, counted without the calendar library.
fn days_in(year: i32, month: u32) -> u32 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

proptest! {
    #[test]
    fn months_are_counted_as_on_a_calendar(n_days in 0..40_000u64, months in 1..240u16) {
        let from = day("1990-01-01") + Days::new(n_days);
        let until = last_day(from, months).expect("a day");
        // Month by month, on foot.
        let (mut year, mut month) = (from.year(), from.month());
        for _ in 0..months {
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        let n_days = days_in(year, month);
        let expected = if from.day() > n_days {
            (year, month, n_days)
        } else if from.day() > 1 {
            (year, month, from.day() - 1)
        } else {
            let (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
            (year, month, days_in(year, month))
        };
        prop_assert_eq!((until.year(), until.month(), until.day()), expected);
    }

    #[test]
    fn who_begins_later_or_gets_more_months_ends_no_earlier(
        n_days in 0..40_000u64,
        later in 0..400u64,
        months in 1..240u16,
        more in 1..24u16,
    ) {
        let from = day("1990-01-01") + Days::new(n_days);
        let until = last_day(from, months).expect("a day");
        prop_assert!(last_day(from + Days::new(later), months).expect("a day") >= until);
        prop_assert!(last_day(from, months + more).expect("a day") > until);
        prop_assert!(until >= from);
        // Periods one after the other leave no day out, and a long one isn't shorter by more than a short month lacks.
        let next = until + Days::new(1);
        let both = last_day(next, more).expect("a day");
        let whole = last_day(from, months + more).expect("a day");
        prop_assert!((whole - both).num_days().abs() <= 3, "{} {}", whole, both);
    }
}

#[test]
fn a_serial_is_answered_by_the_period_and_edition_in_force_on_the_day() {
    let mint = &mut CountingMint::default();
    let mut records = Records::default();
    for (period, edition, first, issued) in [
        (1, 1, "2023-01-01", "2023-01-01"),
        (1, 2, "2023-01-01", "2024-05-01"),
        (2, 1, "2026-01-01", "2026-01-01"),
    ] {
        let id = PostCertificateId::mint(mint);
        let one = PostCertificate { id, period, edition, issued_on: day(first), ..certificate() };
        records.certificates.push(one);
        let begin = events(&[(CertificateAct::Issued, issued)]);
        records.events.extend(begin.into_iter().map(|event| CertificateEvent { certificate: id, ..event }));
    }
    let book = Book::of(&records);
    let all: Vec<&PostCertificate> = records.certificates.iter().collect();
    for (on, expected) in [
        ("2022-06-01", (1, 1)),
        ("2023-06-01", (1, 1)),
        ("2024-05-01", (1, 2)),
        ("2025-12-31", (1, 2)),
        ("2026-01-01", (2, 1)),
        ("2040-01-01", (2, 1)),
    ] {
        let found = book.in_force(&all, day(on)).map(|one| (one.period, one.edition));
        assert_eq!(found, Some(expected), "on {on}");
    }
    assert_eq!(book.in_force(&[], day("2026-01-01")), None);
}
