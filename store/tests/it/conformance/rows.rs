//! Runs and reports.

use model::id::{CountingMint, RunId};
use model::observation::Method;
use registry::ports::{ReportNumber, ReportRow, ReportStore, RunRow, RunState, RunStore, StoreError};

use super::at;

pub(crate) fn run(mint: &mut CountingMint, started: &str) -> RunRow {
    RunRow {
        id: RunId::mint(mint),
        state: RunState::Running,
        started_at: at(started),
        ended_at: None,
        method: Method::Connect,
        asked_for: "unit 示例局, ports top100".into(),
        n_addresses: 256,
        n_probes: 25_600,
        n_probed: 0,
        n_open: 0,
        policy_version: None,
    }
}

pub(crate) async fn keeps_runs_newest_first(store: &impl RunStore) {
    let mut mint = CountingMint::default();
    let first = run(&mut mint, "2026-01-01T00:00:00.5Z");
    let mut second = run(&mut mint, "2026-01-02T00:00:00Z");
    store.insert(&first).await.expect("a new run");
    store.insert(&second).await.expect("a new run");
    assert_eq!(store.list().await.expect("runs"), [second.clone(), first.clone()]);
    for state in RunState::ALL {
        second.state = state;
        second.ended_at = Some(at("2026-01-02T01:00:00.001Z"));
        (second.n_probed, second.n_open) = (25_600, 31);
        second.policy_version = Some("2026-11-22".into());
        store.update(&second).await.expect("a known run");
        assert_eq!(store.list().await.expect("runs"), [second.clone(), first.clone()]);
    }
}

pub(crate) async fn a_run_is_inserted_once_and_updated_only_then(store: &impl RunStore) {
    let mut mint = CountingMint::default();
    let known = run(&mut mint, "2026-01-01T00:00:00Z");
    store.insert(&known).await.expect("a new run");
    let twice = store.insert(&known).await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
    let unknown = store.update(&run(&mut mint, "2026-01-02T00:00:00Z")).await;
    assert!(matches!(unknown, Err(StoreError::Conflict { .. })), "{unknown:?}");
    assert_eq!(store.list().await.expect("runs"), [known]);
}

fn report(year: u16, serial: u32, runs: Vec<RunId>) -> ReportRow {
    ReportRow {
        number: ReportNumber { year, serial },
        built_at: at("2026-01-01T00:00:00Z"),
        runs,
        policy_version: "2026-11-22".into(),
        snapshot_sha256: "ab".repeat(32),
    }
}

pub(crate) async fn report_numbers_have_no_gaps(store: &impl ReportStore) {
    let mut mint = CountingMint::default();
    let runs = vec![RunId::mint(&mut mint), RunId::mint(&mut mint)];
    let first = report(2026, 1, runs.iter().rev().copied().collect());
    let second = report(2026, 2, Vec::new());
    let next_year = report(2027, 1, runs);
    for report in [&first, &second, &next_year] {
        assert_eq!(store.next_number(report.number.year).await.expect("a number"), report.number);
        store.insert(report).await.expect("the next number");
    }
    for wrong in [report(2026, 2, Vec::new()), report(2026, 4, Vec::new())] {
        let refused = store.insert(&wrong).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    }
    assert_eq!(store.list().await.expect("reports"), [next_year, second, first]);
}
