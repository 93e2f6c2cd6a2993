//! Findings, driven through reconciling as in earnest.

use std::net::IpAddr;

use model::fact::{Fact, Facts};
use model::finding::{Detection, Evidence, Finding, FindingKey, FindingState, Gone, Happened, TargetKey};
use model::id::{CountingMint, RunId};
use model::observation::{Endpoint, Method};
use model::port::Transport;
use model::reconcile::{Absence, ChangeSet, ClosingRules, Judgement, reconcile};
use model::severity::Severity;
use registry::change::RegisterChange;
use registry::ports::{FindingStore, RegisterStore, StoreError};

use super::{at, full_register};

/// A register in the store, and what makes findings about it.
struct World<'s, S> {
    store: &'s S,
    mint: CountingMint,
    register: RegisterChange,
}

impl<'s, S: RegisterStore + FindingStore> World<'s, S> {
    async fn new(store: &'s S) -> World<'s, S> {
        let mut mint = CountingMint::default();
        let register = full_register(&mut mint);
        RegisterStore::apply(store, &register, "one.csv", at("2026-01-01T00:00:00Z"))
            .await
            .expect("a register");
        World { store, mint, register }
    }

    fn detection(&self, target: &str, when: &str) -> Detection {
        let addr: IpAddr = "192.0.2.7".parse().expect("an address");
        let asset = &self.register.assets[0];
        Detection {
            key: FindingKey {
                check: "certificate.expired".parse().expect("a check id"),
                target: target.parse().expect(target),
                transport: Transport::Tcp,
                port: 443,
            },
            severity: Severity::High,
            unit: asset.unit,
            system: asset.system,
            asset: asset.id,
            evidence: Evidence {
                endpoint: Endpoint { addr, transport: Transport::Tcp, port: 443 },
                at: at(when),
                method: Method::Connect,
                service: "https".into(),
                observed: Facts::from([
                    Fact::ValidUntil { day: at(when).date_naive() },
                    Fact::Subject { name: "CN=示例".into() },
                ]),
            },
        }
    }

    /// Reconciles with what the store knows.
    async fn judge(&mut self, when: &str, targets: &[&str], absence: Absence) -> ChangeSet {
        let rules = ClosingRules { refused_runs: 2, refused_hours: 12, filtered_runs: 3, reopen_days: 90 };
        let known = self.store.known(at(when) - chrono::TimeDelta::days(90)).await.expect("known findings");
        let detections = targets.iter().map(|target| self.detection(target, when)).collect();
        let run = RunId::mint(&mut self.mint);
        let (absence, supersedes) = (|_: &FindingKey| absence, |_: &Detection| Vec::new());
        let (seen_from, at) = (at(when), at(when));
        let judgement =
            Judgement { run, seen_from, at, detections, absence: &absence, supersedes: &supersedes };
        reconcile(&known, judgement, &rules, &mut self.mint)
    }

    async fn run(&mut self, when: &str, targets: &[&str], absence: Absence) -> ChangeSet {
        let change = self.judge(when, targets, absence).await;
        FindingStore::apply(self.store, &change).await.expect("a sound change set");
        change
    }

    async fn open(&self) -> Vec<Finding> {
        self.store.open().await.expect("open findings")
    }
}

pub(crate) async fn keeps_findings_through_their_whole_life(store: &(impl RegisterStore + FindingStore)) {
    let mut world = World::new(store).await;
    let targets = ["192.0.2.7", "2001:db8::7", "portal.example"];
    let opened = world.run("2026-01-01T00:00:00.001Z", &targets, Absence::NotCovered).await;
    let mut stored: Vec<Finding> = opened.changes.iter().map(|change| change.finding.clone()).collect();
    stored.sort_by_key(|finding| finding.id);
    assert_eq!(world.open().await, stored);

    let refused = Absence::Gone(Gone::Refused);
    world.run("2026-01-02T00:00:00Z", &[], Absence::CannotTell).await;
    assert!(
        world
            .open()
            .await
            .iter()
            .all(|finding| finding.unverifiable_since == Some(at("2026-01-02T00:00:00Z")))
    );
    world.run("2026-01-03T00:00:00Z", &[], refused).await;
    assert!(world.open().await.iter().all(|finding| matches!(finding.state, FindingState::Missing(_))));
    let closed = world.run("2026-01-04T00:00:00Z", &[], refused).await;
    assert_eq!(world.open().await, []);

    let mut known = store.known(at("2026-01-04T00:00:00Z")).await.expect("known findings");
    known.sort_by_key(|finding| finding.id);
    let mut expected: Vec<Finding> = closed.changes.into_iter().map(|change| change.finding).collect();
    expected.sort_by_key(|finding| finding.id);
    assert_eq!(known, expected);
    assert_eq!(store.known(at("2026-01-04T00:00:00.001Z")).await.expect("known findings"), []);

    world.run("2026-02-01T00:00:00Z", &targets[..1], Absence::NotCovered).await;
    let open = world.open().await;
    let [reopened] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!(reopened.key.target, TargetKey::Addr("192.0.2.7".parse().expect("an address")));
    assert_eq!((reopened.n_recurrences, reopened.first_seen), (1, at("2026-01-01T00:00:00.001Z")));

    let history = store.events(reopened.id).await.expect("a history");
    let told: Vec<&str> = history.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(told, ["opened", "became-unverifiable", "missing", "closed", "reopened"]);
    assert_eq!(history[3].what, Happened::Closed { proof: Gone::Refused });
    assert_eq!(history[3].at, at("2026-01-04T00:00:00Z"));
}

pub(crate) async fn a_fault_that_is_told_better_goes_on(store: &(impl RegisterStore + FindingStore)) {
    let mut world = World::new(store).await;
    let before = world.run("2026-01-01T00:00:00Z", &["portal.example"], Absence::NotCovered).await;
    let known = world.open().await;
    let mut better = world.detection("portal.example", "2026-01-02T00:00:00Z");
    let old = better.key.clone();
    better.key.check = "tls.cert-expired".parse().expect("a check id");
    better.evidence.method = Method::Tls;
    better.evidence.observed = Facts::from([Fact::Tells { what: vec!["ended on 2026-01-01".into()] }]);
    let judgement = Judgement {
        run: RunId::mint(&mut world.mint),
        seen_from: at("2026-01-02T00:00:00Z"),
        at: at("2026-01-02T00:00:00Z"),
        detections: vec![better],
        absence: &|_| Absence::CannotTell,
        supersedes: &|_| vec![old.clone()],
    };
    let rules = ClosingRules { refused_runs: 2, refused_hours: 12, filtered_runs: 3, reopen_days: 90 };
    let change = reconcile(&known, judgement, &rules, &mut world.mint);
    FindingStore::apply(store, &change).await.expect("a sound change set");
    let open = world.open().await;
    let [new] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!(new.first_seen, at("2026-01-01T00:00:00Z"));
    let was = before.changes[0].finding.id;
    let events = store.events(was).await.expect("its history");
    let last = events.last().map(|event| event.what.clone());
    assert_eq!(last, Some(Happened::Superseded { by: new.id, check: new.key.check.clone() }));
    let known = store.known(at("2026-01-01T00:00:00Z")).await.expect("known findings");
    let closed = known.into_iter().find(|finding| finding.id == was).expect("it is kept");
    assert_eq!(
        closed.state,
        FindingState::Closed { at: at("2026-01-02T00:00:00Z"), proof: Gone::Superseded }
    );
}

pub(crate) async fn a_run_is_judged_once(store: &(impl RegisterStore + FindingStore)) {
    let mut world = World::new(store).await;
    let change = world.run("2026-01-01T00:00:00Z", &["192.0.2.7"], Absence::NotCovered).await;
    let before = world.open().await;
    // Whatever comes with it: a repeat may have been judged by another policy, or with nothing left to say.
    let none = ChangeSet { changes: Vec::new(), ..change.clone() };
    for repeat in [&change, &none] {
        let again = FindingStore::apply(store, repeat).await;
        let of = change.run.to_string();
        assert!(matches!(&again, Err(StoreError::AlreadyJudged { run }) if *run == of), "{again:?}");
    }
    assert_eq!(world.open().await, before);
    assert_eq!(store.events(before[0].id).await.expect("a history").len(), 1);
}

pub(crate) async fn there_is_one_open_finding_of_a_kind(store: &(impl RegisterStore + FindingStore)) {
    let mut world = World::new(store).await;
    // Judged before the other was stored, so that both take it for new.
    let first = world.judge("2026-01-01T00:00:00Z", &["192.0.2.7"], Absence::NotCovered).await;
    let second =
        world.judge("2026-01-01T01:00:00Z", &["portal.example", "192.0.2.7"], Absence::NotCovered).await;
    FindingStore::apply(store, &first).await.expect("a sound change set");
    let before = world.open().await;
    let refused = FindingStore::apply(store, &second).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(world.open().await, before, "nothing of the second set may stay");
}

pub(crate) async fn a_finding_of_nobody_is_refused(store: &(impl RegisterStore + FindingStore)) {
    let mut world = World::new(store).await;
    let mut change = world.judge("2026-01-01T00:00:00Z", &["192.0.2.7"], Absence::NotCovered).await;
    change.changes[0].finding.asset = model::id::AssetId::mint(&mut world.mint);
    let refused = FindingStore::apply(store, &change).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(world.open().await, []);
}

pub(crate) async fn what_a_finding_is_known_by_never_changes(store: &(impl RegisterStore + FindingStore)) {
    let mut world = World::new(store).await;
    world.run("2026-01-01T00:00:00Z", &["192.0.2.7"], Absence::NotCovered).await;
    let before = world.open().await;
    let mut change = world.judge("2026-01-02T00:00:00Z", &["192.0.2.7"], Absence::NotCovered).await;
    change.changes[0].finding.key.port = 444;
    let refused = FindingStore::apply(store, &change).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(world.open().await, before);
}
