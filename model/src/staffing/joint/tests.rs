//! Made-up findings on systems that somebody, or nobody, looks after.

use super::*;
use crate::fact::Facts;
use crate::finding::{Evidence, FindingKey, Gone, Missing, TargetKey};
use crate::id::{AssetId, CountingMint, RunId, StaffId};
use crate::observation::{Endpoint, Method};
use crate::port::Transport;
use crate::staffing::CoverStanding;

fn at(day: &str) -> DateTime<Utc> {
    format!("{day}T04:00:00Z").parse().expect("an instant")
}

/// A unit with a system, and what is found there.
struct Place {
    mint: CountingMint,
    unit: UnitId,
    system: SystemId,
}

impl Place {
    fn new() -> Place {
        let mut mint = CountingMint::default();
        let (unit, system) = (UnitId::mint(&mut mint), SystemId::mint(&mut mint));
        Place { mint, unit, system }
    }

    fn finding(&mut self, severity: Severity, first_seen: &str) -> Finding {
        let addr = "192.0.2.1".parse().expect("an address");
        let seen = at(first_seen);
        Finding {
            id: FindingId::mint(&mut self.mint),
            key: FindingKey {
                check: "exposure.database".parse().expect("a check"),
                target: TargetKey::Addr(addr),
                transport: Transport::Tcp,
                port: 3306,
            },
            severity,
            unit: self.unit,
            system: Some(self.system),
            asset: AssetId::mint(&mut self.mint),
            state: FindingState::Open,
            first_seen: seen,
            last_seen: seen,
            last_run: RunId::mint(&mut self.mint),
            n_recurrences: 0,
            unverifiable_since: None,
            evidence: Evidence {
                endpoint: Endpoint { addr, port: 3306, transport: Transport::Tcp },
                at: seen,
                method: Method::Connect,
                service: "mysql".into(),
                observed: Facts::default(),
            },
        }
    }

    /// A requirement of the system with so many certified, in grace and uncertified.
    fn cover(&mut self, post: PostKind, [certified, in_grace, uncertified]: [usize; 3]) -> Cover {
        let mut people = |n: usize| (0..n).map(|_| StaffId::mint(&mut self.mint)).collect();
        Cover {
            requirement: "made-up".into(),
            unit: self.unit,
            system: Some(self.system),
            post,
            category: "WH".into(),
            n_required: 1,
            certified: people(certified),
            in_grace: people(in_grace),
            uncertified: people(uncertified),
            standing: CoverStanding::Met,
        }
    }
}

/// A high finding on a system whose requirements have these people; whether it is told, and with a maintainer or not.
fn check_lapse(covers: &[(PostKind, [usize; 3])], expected: Option<bool>) {
    let mut place = Place::new();
    let finding = place.finding(Severity::High, "2026-11-01");
    let made: Vec<Cover> = covers.iter().map(|(post, people)| place.cover(*post, *people)).collect();
    let told = lapses(std::slice::from_ref(&finding), &made);
    let has_maintainer: Vec<bool> = told.iter().map(|lapse| lapse.has_maintainer).collect();
    assert_eq!(has_maintainer, Vec::from_iter(expected), "{covers:?}");
    for lapse in told {
        let expected = (finding.id, place.system, place.unit, Severity::High);
        assert_eq!((lapse.finding, lapse.system, lapse.unit, lapse.severity), expected);
    }
}

#[test]
fn a_high_finding_is_a_lapse_where_no_maintainer_is_certified() {
    use PostKind::{Developer, Maintainer};
    check_lapse(&[(Maintainer, [0, 0, 0])], Some(false));
    check_lapse(&[(Maintainer, [0, 0, 1])], Some(true));
    check_lapse(&[(Maintainer, [0, 1, 0])], Some(true));
    check_lapse(&[(Maintainer, [1, 0, 0])], None);
    check_lapse(&[(Maintainer, [1, 0, 3])], None);
    // One of two requirements with a certified maintainer is enough, in whatever order.
    check_lapse(&[(Maintainer, [0, 0, 1]), (Maintainer, [1, 0, 0])], None);
    check_lapse(&[(Maintainer, [1, 0, 0]), (Maintainer, [0, 0, 1])], None);
    check_lapse(&[(Maintainer, [0, 0, 0]), (Maintainer, [0, 0, 1])], Some(true));
    // A developer's certificate is for something else.
    check_lapse(&[(Maintainer, [0, 0, 0]), (Developer, [1, 0, 0])], Some(false));
    // Of a system that nothing is asked for, nothing is said.
    check_lapse(&[], None);
    check_lapse(&[(Developer, [0, 0, 1])], None);
}

/// Whether a finding so changed counts, for a lapse and for being overdue.
fn check_counts(change: impl Fn(&mut Finding), is_lapse: bool, is_overdue: bool) {
    let mut place = Place::new();
    let mut finding = place.finding(Severity::High, "2026-01-01");
    change(&mut finding);
    let covers = [place.cover(PostKind::Maintainer, [0, 0, 1])];
    let day = "2026-11-23".parse().expect("a day");
    let overdue = overdue_without_maintainer(std::slice::from_ref(&finding), &HashSet::new(), day, |_| 15);
    assert_eq!(lapses(std::slice::from_ref(&finding), &covers).len() == 1, is_lapse, "{finding:?}");
    assert_eq!(overdue.len() == 1, is_overdue, "{finding:?}");
}

#[test]
fn only_grave_findings_that_are_there_count() {
    check_counts(|_| (), true, true);
    for (severity, counts) in [
        (Severity::Critical, true),
        (Severity::High, true),
        (Severity::Medium, false),
        (Severity::Low, false),
    ] {
        check_counts(|finding| finding.severity = severity, counts, counts);
    }
    let gone = || Gone::Refused;
    let missing = || Missing { since: at("2026-11-01"), n_runs: 1, proof: gone() };
    check_counts(|finding| finding.state = FindingState::Missing(missing()), false, false);
    check_counts(
        |finding| finding.state = FindingState::Closed { at: at("2026-11-01"), proof: gone() },
        false,
        false,
    );
    check_counts(|finding| finding.unverifiable_since = Some(at("2026-11-01")), false, false);
    // On no system there is nobody to miss, but the unit is late all the same.
    check_counts(|finding| finding.system = None, false, true);
}

/// Findings by severity and first day, on one day; how many are overdue and since when the oldest is.
fn check_overdue(found: &[(Severity, &str)], has_maintainer: bool, expected: Option<(usize, &str)>) {
    let mut place = Place::new();
    let findings: Vec<Finding> = found.iter().map(|(grade, day)| place.finding(*grade, day)).collect();
    let with: HashSet<UnitId> = has_maintainer.then_some(place.unit).into_iter().collect();
    let allowed = |severity| if severity == Severity::Critical { 7 } else { 15 };
    let day = "2026-11-23".parse().expect("a day");
    let told = overdue_without_maintainer(&findings, &with, day, allowed);
    let expected =
        expected.map(|(n_overdue, oldest)| OverdueUnit { unit: place.unit, n_overdue, oldest: at(oldest) });
    assert_eq!(told, Vec::from_iter(expected), "{found:?}");
}

#[test]
fn a_unit_is_overdue_from_the_day_after_the_deadline_unless_it_has_a_maintainer() {
    use Severity::{Critical, High};
    check_overdue(&[], false, None);
    check_overdue(&[(High, "2026-11-08")], false, None);
    check_overdue(&[(High, "2026-11-07")], false, Some((1, "2026-11-07")));
    check_overdue(&[(High, "2026-11-07")], true, None);
    check_overdue(&[(Critical, "2026-11-16")], false, None);
    check_overdue(&[(Critical, "2026-11-15")], false, Some((1, "2026-11-15")));
    let many = [(High, "2026-10-01"), (High, "2026-11-20"), (Critical, "2026-09-01")];
    check_overdue(&many, false, Some((2, "2026-09-01")));
}

#[test]
fn ages_are_counted_in_days_of_china() {
    let mut place = Place::new();
    let mut finding = place.finding(Severity::High, "2026-11-07");
    let day = "2026-11-23".parse().expect("a day");
    for (first_seen, expected) in [("2026-11-07T15:59:59Z", 1), ("2026-11-07T16:00:00Z", 0)] {
        finding.first_seen = first_seen.parse().expect("an instant");
        let told = overdue_without_maintainer(std::slice::from_ref(&finding), &HashSet::new(), day, |_| 15);
        assert_eq!(told.len(), expected, "{first_seen}");
    }
}

#[test]
fn overdue_units_stand_in_the_order_of_their_oldest_finding() {
    let mut place = Place::new();
    let mut findings: Vec<Finding> = Vec::new();
    for day in ["2026-05-01", "2026-03-01", "2026-04-01"] {
        place.unit = UnitId::mint(&mut place.mint);
        findings.push(place.finding(Severity::High, day));
    }
    let day = "2026-11-23".parse().expect("a day");
    let told = overdue_without_maintainer(&findings, &HashSet::new(), day, |_| 15);
    let oldest: Vec<DateTime<Utc>> = told.iter().map(|unit| unit.oldest).collect();
    assert_eq!(oldest, ["2026-03-01", "2026-04-01", "2026-05-01"].map(at));
}
