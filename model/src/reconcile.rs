//! Reconciling: what one run's judgement does to the findings that are known.
//!
//! Pure: known findings, detections, what the run proves of each absent finding, rules and time in; a change
//! set out. Not seen is not fixed: only [`Absence::Gone`] moves a finding towards closing. Runs may be judged late
//! and out of order: what a later run has shown already, an earlier one doesn't undo.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::finding::{CheckId, Detection, Event, Finding, FindingKey, FindingState, Gone, Happened, Missing};
use crate::id::{EventId, FindingId, Mint, RunId};
use crate::severity::Severity;

/// What a run says about a finding that it didn't detect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Absence {
    /// The endpoint was not part of the run.
    NotCovered,
    /// It was probed, and nothing can be told from what came back.
    CannotTell,
    /// It was probed, and the answer proves the fault gone.
    Gone(Gone),
}

/// When a finding that is gone may be closed, and when one that returns is the same; from the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingRules {
    /// Runs in a row that must see a refusal, a correction or a declaration.
    pub refused_runs: u32,
    /// Hours that must lie between the first and the last of them.
    pub refused_hours: u32,
    /// Runs in a row that must see the port filtered while the host answers.
    pub filtered_runs: u32,
    /// Within so many days after closing, a return reopens the same finding.
    pub reopen_days: u32,
}

/// One run's judgement.
pub struct Judgement<'a> {
    pub run: RunId,
    /// When the run began: nothing that it saw is older.
    pub seen_from: DateTime<Utc>,
    /// When it ended: nothing that it saw is younger.
    pub at: DateTime<Utc>,
    pub detections: Vec<Detection>,
    /// Asked for every known finding, not closed, that was not detected.
    pub absence: &'a dyn Fn(&FindingKey) -> Absence,
    /// What findings a detection takes the place of, since it tells their fault more exactly. They are closed at once,
    /// and the new one keeps their first day.
    pub supersedes: &'a dyn Fn(&Detection) -> Vec<FindingKey>,
}

/// What is to be stored, in one transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeSet {
    pub run: RunId,
    pub at: DateTime<Utc>,
    /// Findings to insert or update, each with what happened to it.
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub finding: Finding,
    pub kind: ChangeKind,
    pub events: Vec<Event>,
}

/// How a finding came out of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    New,
    Reopened,
    Unchanged,
    /// Proved gone in this run; not yet closed.
    Missing,
    Closed,
    Unverifiable,
}

impl ChangeKind {
    pub const ALL: [ChangeKind; 6] = [
        ChangeKind::New,
        ChangeKind::Reopened,
        ChangeKind::Unchanged,
        ChangeKind::Missing,
        ChangeKind::Closed,
        ChangeKind::Unverifiable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::New => "new",
            ChangeKind::Reopened => "reopened",
            ChangeKind::Unchanged => "unchanged",
            ChangeKind::Missing => "missing",
            ChangeKind::Closed => "closed",
            ChangeKind::Unverifiable => "unverifiable",
        }
    }
}

impl ChangeSet {
    /// Number of findings per kind and severity.
    pub fn counts(&self) -> BTreeMap<(ChangeKind, Severity), usize> {
        let mut counts = BTreeMap::new();
        for change in &self.changes {
            *counts.entry((change.kind, change.finding.severity)).or_insert(0) += 1;
        }
        counts
    }

    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

/// Applies one judgement to the known findings. `known` holds at most one finding per key that is not closed;
/// of closed ones with the same key the latest counts.
pub fn reconcile(
    known: &[Finding],
    judgement: Judgement<'_>,
    rules: &ClosingRules,
    mint: &mut dyn Mint,
) -> ChangeSet {
    let (run, seen_from, at) = (judgement.run, judgement.seen_from, judgement.at);
    let mut latest: BTreeMap<&FindingKey, &Finding> = BTreeMap::new();
    for finding in known {
        let newer = latest.get(&finding.key).is_none_or(|other| other.last_seen <= finding.last_seen);
        if newer {
            latest.insert(&finding.key, finding);
        }
    }
    let mut recorder = Recorder { run, seen_from, at, mint, changes: Vec::new() };
    let mut detected = BTreeSet::new();
    for detection in judgement.detections {
        if detected.insert(detection.key.clone()) {
            let known = latest.get(&detection.key).copied();
            let is_meant = |finding: &&Finding| {
                !matches!(finding.state, FindingState::Closed { .. }) && finding.last_seen <= at
            };
            let mut keys = (judgement.supersedes)(&detection);
            keys.retain(|key| !detected.contains(key));
            let replaced: Vec<&Finding> =
                keys.iter().filter_map(|key| latest.get(key).copied()).filter(is_meant).collect();
            let replaced = recorder.seen(known, detection, &replaced, rules);
            detected.extend(replaced.into_iter().map(|finding| finding.key.clone()));
        }
    }
    for finding in latest.into_values() {
        let closed = matches!(finding.state, FindingState::Closed { .. });
        if !closed && !detected.contains(&finding.key) {
            recorder.absent(finding, (judgement.absence)(&finding.key), rules);
        }
    }
    ChangeSet { run, at, changes: recorder.changes }
}

struct Recorder<'m> {
    run: RunId,
    seen_from: DateTime<Utc>,
    at: DateTime<Utc>,
    mint: &'m mut dyn Mint,
    changes: Vec<Change>,
}

impl Recorder<'_> {
    fn push(&mut self, finding: Finding, kind: ChangeKind, happened: Vec<Happened>) {
        let events = happened
            .into_iter()
            .map(|what| Event {
                id: EventId::mint(self.mint),
                finding: finding.id,
                run: self.run,
                at: self.at,
                what,
            })
            .collect();
        self.changes.push(Change { finding, kind, events });
    }

    /// Gives back the findings that the one detected has replaced.
    fn seen<'k>(
        &mut self,
        known: Option<&Finding>,
        detection: Detection,
        replaced: &[&'k Finding],
        rules: &ClosingRules,
    ) -> Vec<&'k Finding> {
        let reopenable = |closed_at: DateTime<Utc>| {
            self.at.signed_duration_since(closed_at) <= TimeDelta::days(i64::from(rules.reopen_days))
        };
        let Some(known) = known else { return self.open(detection, replaced) };
        let outdated = match known.state {
            FindingState::Closed { at, .. } => self.at < at,
            FindingState::Open | FindingState::Missing(_) => self.at < known.last_seen,
        };
        if outdated {
            return Vec::new();
        }
        let (kind, mut happened) = match known.state {
            FindingState::Open => (ChangeKind::Unchanged, Vec::new()),
            FindingState::Missing(_) => (ChangeKind::Unchanged, vec![Happened::SeenAgain]),
            FindingState::Closed { at, .. } if reopenable(at) => {
                (ChangeKind::Reopened, vec![Happened::Reopened { recurrences: known.n_recurrences + 1 }])
            }
            FindingState::Closed { .. } => return self.open(detection, replaced),
        };
        happened.extend(replaced.iter().map(|old| supersedes(old)));
        if known.severity != detection.severity {
            happened.push(Happened::SeverityChanged { from: known.severity, to: detection.severity });
        }
        if known.unit != detection.unit {
            happened.push(Happened::OwnerChanged { from: known.unit, to: detection.unit });
        }
        let finding = Finding {
            severity: detection.severity,
            unit: detection.unit,
            system: detection.system,
            asset: detection.asset,
            state: FindingState::Open,
            last_seen: self.at,
            last_run: self.run,
            n_recurrences: known.n_recurrences + u32::from(kind == ChangeKind::Reopened),
            unverifiable_since: None,
            evidence: detection.evidence,
            ..known.clone()
        };
        let (id, check) = (finding.id, finding.key.check.clone());
        self.push(finding, kind, happened);
        self.replace(replaced, id, &check)
    }

    fn open<'k>(&mut self, detection: Detection, replaced: &[&'k Finding]) -> Vec<&'k Finding> {
        let first_seen = replaced.iter().map(|old| old.first_seen).min().unwrap_or(self.at);
        let happened = std::iter::once(Happened::Opened).chain(replaced.iter().map(|old| supersedes(old)));
        let (id, check) = (FindingId::mint(self.mint), detection.key.check.clone());
        let finding = Finding {
            id,
            key: detection.key,
            severity: detection.severity,
            unit: detection.unit,
            system: detection.system,
            asset: detection.asset,
            state: FindingState::Open,
            first_seen: first_seen.min(self.at),
            last_seen: self.at,
            last_run: self.run,
            n_recurrences: 0,
            unverifiable_since: None,
            evidence: detection.evidence,
        };
        // What goes on under another name is nothing new.
        let kind = if replaced.is_empty() { ChangeKind::New } else { ChangeKind::Unchanged };
        let happened = happened.collect();
        self.push(finding, kind, happened);
        self.replace(replaced, id, &check)
    }

    fn replace<'k>(&mut self, replaced: &[&'k Finding], by: FindingId, check: &CheckId) -> Vec<&'k Finding> {
        for old in replaced {
            let state = FindingState::Closed { at: self.at, proof: Gone::Superseded };
            let finding = Finding { state, unverifiable_since: None, ..(*old).clone() };
            let happened = Happened::Superseded { by, check: check.clone() };
            self.push(finding, ChangeKind::Closed, vec![happened]);
        }
        replaced.to_vec()
    }

    fn absent(&mut self, known: &Finding, absence: Absence, rules: &ClosingRules) {
        let already_missing = match &known.state {
            FindingState::Missing(missing) => Some(missing.since),
            FindingState::Open | FindingState::Closed { .. } => None,
        };
        // Some of what this run saw may be older than what is known, or of the same moment.
        if Some(known.last_seen).max(already_missing) >= Some(self.seen_from) {
            return;
        }
        match absence {
            Absence::NotCovered => {}
            Absence::CannotTell => {
                let first = known.unverifiable_since.is_none();
                let since = known.unverifiable_since.or(Some(self.at));
                let finding = Finding { unverifiable_since: since, ..known.clone() };
                let happened = if first { vec![Happened::BecameUnverifiable] } else { Vec::new() };
                self.push(finding, ChangeKind::Unverifiable, happened);
            }
            Absence::Gone(proof) => self.gone(known, proof, rules),
        }
    }

    fn gone(&mut self, known: &Finding, proof: Gone, rules: &ClosingRules) {
        let missing = match &known.state {
            // A refusal and a silence don't add up: the weaker proof starts its own count.
            FindingState::Missing(before)
                if (before.proof == Gone::Filtered) == (proof == Gone::Filtered) =>
            {
                Missing { since: before.since, n_runs: before.n_runs.saturating_add(1), proof }
            }
            FindingState::Open | FindingState::Missing(_) | FindingState::Closed { .. } => {
                Missing { since: self.at, n_runs: 1, proof }
            }
        };
        // From the end of the first run to the beginning of this one, so that the two can't overlap.
        let lasted = self.seen_from.signed_duration_since(missing.since).max(TimeDelta::zero());
        let closes = match proof {
            Gone::Filtered => missing.n_runs >= rules.filtered_runs,
            Gone::Corrected | Gone::Refused | Gone::Allowed | Gone::Superseded => {
                missing.n_runs >= rules.refused_runs
                    && lasted >= TimeDelta::hours(i64::from(rules.refused_hours))
            }
        };
        let (state, kind, happened) = if closes {
            (FindingState::Closed { at: self.at, proof }, ChangeKind::Closed, Happened::Closed { proof })
        } else {
            let happened = Happened::Missing { proof, n_runs: missing.n_runs };
            (FindingState::Missing(missing), ChangeKind::Missing, happened)
        };
        self.push(Finding { state, unverifiable_since: None, ..known.clone() }, kind, vec![happened]);
    }
}

fn supersedes(old: &Finding) -> Happened {
    Happened::Supersedes { finding: old.id, check: old.key.check.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Facts;
    use crate::finding::{Evidence, TargetKey};
    use crate::id::{AssetId, CountingMint, UnitId};
    use crate::observation::{Endpoint, Method};
    use crate::port::Transport;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn rules() -> ClosingRules {
        ClosingRules { refused_runs: 2, refused_hours: 12, filtered_runs: 3, reopen_days: 90 }
    }

    /// A database of one finding, driven run by run.
    struct World {
        mint: CountingMint,
        unit: UnitId,
        asset: AssetId,
        known: Vec<Finding>,
    }

    impl World {
        fn new() -> World {
            let mut mint = CountingMint::default();
            let (unit, asset) = (UnitId::mint(&mut mint), AssetId::mint(&mut mint));
            World { mint, unit, asset, known: Vec::new() }
        }

        fn detection(&self, when: &str) -> Detection {
            let addr = "192.0.2.1".parse().expect("an address");
            Detection {
                key: FindingKey {
                    check: "exposure.database".parse().expect("a check id"),
                    target: TargetKey::Addr(addr),
                    transport: Transport::Tcp,
                    port: 6379,
                },
                severity: Severity::High,
                unit: self.unit,
                system: None,
                asset: self.asset,
                evidence: Evidence {
                    endpoint: Endpoint { addr, transport: Transport::Tcp, port: 6379 },
                    at: at(when),
                    method: Method::Connect,
                    service: "redis".into(),
                    observed: Facts::default(),
                },
            }
        }

        /// A run that took no time, at `when`, or from and to, as in `2026-01-01T00:00:00Z/2026-01-02T00:00:00Z`.
        fn run(&mut self, when: &str, detections: Vec<Detection>, absence: Absence) -> Vec<ChangeKind> {
            let (from, to) = when.split_once('/').unwrap_or((when, when));
            let run = RunId::mint(&mut self.mint);
            let absence = |_: &FindingKey| absence;
            let judgement = Judgement {
                run,
                seen_from: at(from),
                at: at(to),
                detections,
                absence: &absence,
                supersedes: &|detection| match detection.key.check.as_str() {
                    "tls.database" => {
                        let check = "exposure.database".parse().expect("a check id");
                        vec![FindingKey { check, ..detection.key.clone() }]
                    }
                    _ => Vec::new(),
                },
            };
            let set = reconcile(&self.known, judgement, &rules(), &mut self.mint);
            let kinds = set.changes.iter().map(|change| change.kind).collect();
            for change in set.changes {
                self.known.retain(|finding| finding.id != change.finding.id);
                self.known.push(change.finding);
            }
            kinds
        }

        fn seen(&mut self, when: &str) -> Vec<ChangeKind> {
            let detection = self.detection(when.split('/').next_back().unwrap_or(when));
            self.run(when, vec![detection], Absence::NotCovered)
        }

        fn absent(&mut self, when: &str, absence: Absence) -> Vec<ChangeKind> {
            self.run(when, Vec::new(), absence)
        }
    }

    #[test]
    fn a_finding_is_new_once_and_keeps_its_first_day() {
        let mut world = World::new();
        assert_eq!(world.seen("2026-01-01T00:00:00Z"), [ChangeKind::New]);
        assert_eq!(world.seen("2026-01-02T00:00:00Z"), [ChangeKind::Unchanged]);
        assert_eq!(world.known.len(), 1);
        assert_eq!(world.known[0].first_seen, at("2026-01-01T00:00:00Z"));
        assert_eq!(world.known[0].last_seen, at("2026-01-02T00:00:00Z"));
    }

    #[test]
    fn one_refusal_does_not_close_and_two_close_only_after_the_hours() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        let refused = Absence::Gone(Gone::Refused);
        assert_eq!(world.absent("2026-01-02T00:00:00Z", refused), [ChangeKind::Missing]);
        assert_eq!(world.absent("2026-01-02T01:00:00Z", refused), [ChangeKind::Missing]);
        assert_eq!(world.absent("2026-01-02T12:00:00Z", refused), [ChangeKind::Closed]);
        assert_eq!(world.absent("2026-01-03T00:00:00Z", refused), [], "closed findings are left alone");
    }

    #[test]
    fn silence_never_closes_however_often() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        for day in 2..30 {
            let when = format!("2026-01-{day:02}T00:00:00Z");
            assert_eq!(world.absent(&when, Absence::CannotTell), [ChangeKind::Unverifiable]);
        }
        assert_eq!(world.known[0].state, FindingState::Open);
        assert_eq!(world.known[0].unverifiable_since, Some(at("2026-01-02T00:00:00Z")));
    }

    #[test]
    fn what_a_run_did_not_cover_does_not_change() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        assert_eq!(world.absent("2026-01-02T00:00:00Z", Absence::NotCovered), []);
    }

    #[test]
    fn filtered_needs_three_runs_and_a_refusal_between_starts_anew() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        let filtered = Absence::Gone(Gone::Filtered);
        world.absent("2026-01-02T00:00:00Z", filtered);
        world.absent("2026-01-03T00:00:00Z", filtered);
        world.absent("2026-01-04T00:00:00Z", Absence::Gone(Gone::Refused));
        assert_eq!(world.absent("2026-01-05T00:00:00Z", filtered), [ChangeKind::Missing]);
        assert_eq!(world.absent("2026-01-06T00:00:00Z", filtered), [ChangeKind::Missing]);
        assert_eq!(world.absent("2026-01-07T00:00:00Z", filtered), [ChangeKind::Closed]);
    }

    #[test]
    fn what_returns_within_90_days_is_the_same_finding() {
        let close = |world: &mut World| {
            world.seen("2026-01-01T00:00:00Z");
            world.absent("2026-01-02T00:00:00Z", Absence::Gone(Gone::Refused));
            world.absent("2026-01-03T00:00:00Z", Absence::Gone(Gone::Refused));
        };
        let mut soon = World::new();
        close(&mut soon);
        assert_eq!(soon.seen("2026-04-03T00:00:00Z"), [ChangeKind::Reopened]);
        assert_eq!((soon.known.len(), soon.known[0].n_recurrences), (1, 1));
        assert_eq!(soon.known[0].first_seen, at("2026-01-01T00:00:00Z"));

        let mut late = World::new();
        close(&mut late);
        assert_eq!(late.seen("2026-04-04T00:00:01Z"), [ChangeKind::New]);
        assert_eq!(late.known.len(), 2);
    }

    #[test]
    fn a_finding_that_is_back_before_closing_forgets_that_it_was_missing() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        world.absent("2026-01-02T00:00:00Z", Absence::Gone(Gone::Refused));
        assert_eq!(world.seen("2026-01-03T00:00:00Z"), [ChangeKind::Unchanged]);
        assert_eq!(world.absent("2026-01-04T00:00:00Z", Absence::Gone(Gone::Refused)), [ChangeKind::Missing]);
    }

    #[test]
    fn a_refusal_from_before_it_was_seen_open_is_no_step_towards_closing() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        world.seen("2026-01-04T00:00:00Z");
        let refused = Absence::Gone(Gone::Refused);
        assert_eq!(world.absent("2026-01-02T00:00:00Z", refused), [], "judged late");
        assert_eq!(world.absent("2026-01-03T00:00:00Z/2026-01-05T00:00:00Z", refused), [], "resumed since");
        assert_eq!(world.known[0].state, FindingState::Open);
        assert_eq!(world.absent("2026-01-05T00:00:00Z", refused), [ChangeKind::Missing]);
    }

    #[test]
    fn refusals_of_runs_that_overlap_count_once() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        let refused = Absence::Gone(Gone::Refused);
        let resumed = "2026-01-02T00:00:00Z/2026-01-02T00:20:00Z";
        assert_eq!(world.absent(resumed, refused), [ChangeKind::Missing]);
        assert_eq!(world.absent("2026-01-02T00:05:00Z/2026-01-03T00:05:00Z", refused), []);
        let long = "2026-01-02T12:19:00Z/2026-01-03T12:00:00Z";
        assert_eq!(world.absent(long, refused), [ChangeKind::Missing], "a minute too early");
        assert_eq!(world.absent("2026-01-03T12:20:00Z", refused), [ChangeKind::Closed]);
    }

    #[test]
    fn a_sighting_judged_late_neither_turns_time_back_nor_reopens() {
        let mut world = World::new();
        world.seen("2026-01-03T00:00:00Z");
        assert_eq!(world.seen("2026-01-02T00:00:00Z"), []);
        assert_eq!(world.known[0].last_seen, at("2026-01-03T00:00:00Z"));
        world.absent("2026-01-04T00:00:00Z", Absence::Gone(Gone::Refused));
        world.absent("2026-01-05T00:00:00Z", Absence::Gone(Gone::Refused));
        assert_eq!(world.seen("2026-01-04T12:00:00Z"), []);
        assert!(matches!(world.known[0].state, FindingState::Closed { .. }));
        assert_eq!((world.known.len(), world.known[0].n_recurrences), (1, 0));
        assert_eq!(world.seen("2026-01-06T00:00:00Z"), [ChangeKind::Reopened]);
    }

    /// The same fault as another check tells it.
    fn told_better(world: &World, when: &str) -> Detection {
        let mut detection = world.detection(when);
        detection.key.check = "tls.database".parse().expect("a check id");
        detection.severity = Severity::Low;
        detection
    }

    #[test]
    fn a_fault_that_is_told_better_goes_on_with_its_first_day_and_names_what_it_was() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        let better = told_better(&world, "2026-01-02T00:00:00Z");
        let kinds = world.run("2026-01-02T00:00:00Z", vec![better.clone()], Absence::CannotTell);
        assert_eq!(kinds, [ChangeKind::Unchanged, ChangeKind::Closed]);
        let find = |world: &World, check: &str| {
            let mut found = world.known.iter().filter(|one| one.key.check.as_str() == check);
            found.next().expect(check).clone()
        };
        let (old, new) = (find(&world, "exposure.database"), find(&world, "tls.database"));
        let at_once = at("2026-01-02T00:00:00Z");
        assert_eq!(old.state, FindingState::Closed { at: at_once, proof: Gone::Superseded });
        assert_eq!((new.first_seen, new.severity), (at("2026-01-01T00:00:00Z"), Severity::Low));
        assert_eq!(new.state, FindingState::Open);
        // Again: the one that goes on is seen, and nothing is replaced a second time.
        assert_eq!(
            world.run("2026-01-03T00:00:00Z", vec![better], Absence::NotCovered),
            [ChangeKind::Unchanged]
        );
    }

    #[test]
    fn what_was_seen_since_is_not_replaced_by_a_run_that_is_judged_late() {
        let mut world = World::new();
        world.seen("2026-01-03T00:00:00Z");
        let better = told_better(&world, "2026-01-02T00:00:00Z");
        assert_eq!(world.run("2026-01-02T00:00:00Z", vec![better], Absence::CannotTell), [ChangeKind::New]);
        let open = world.known.iter().filter(|one| one.state == FindingState::Open);
        assert_eq!(open.count(), 2);
    }

    #[test]
    fn a_range_that_changes_hands_keeps_the_finding_and_its_history() {
        let mut world = World::new();
        world.seen("2026-01-01T00:00:00Z");
        let before = world.unit;
        world.unit = UnitId::mint(&mut world.mint);
        assert_eq!(world.seen("2026-01-02T00:00:00Z"), [ChangeKind::Unchanged]);
        assert_eq!(world.known.len(), 1);
        assert_ne!(world.known[0].unit, before);
    }
}
