//! What a run survives: cancelling, kill -9, a torn journal, a full disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use model::observation::ServiceFacts;
use scanner::run::{RunError, RunFolder, RunState};
use scanner::{OpenPort, Options, Outcome, SweepError};

use super::world::{Listeners, Run, now};

async fn nothing(_: OpenPort) -> ServiceFacts {
    ServiceFacts::default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_goes_on_and_probes_only_what_is_missing() {
    let listeners = Listeners::bind("127.77.6.1", 26_000..26_080);
    let options = Options { per_host: 4, ..Options::default() };
    let run = Run::new("127.77.6.1", "25900-26099", options);
    let (cancel, n_begun) = (run.cancel.clone(), AtomicUsize::new(0));
    let cancels = move |_: OpenPort| {
        if n_begun.fetch_add(1, Ordering::SeqCst) == 20 {
            cancel.cancel();
        }
        async { ServiceFacts::default() }
    };
    let swept = run.sweep(Some(Arc::new(cancels))).await.unwrap();
    assert_eq!(swept.outcome, Outcome::Interrupted);
    assert_eq!(run.folder.summary().unwrap().state, RunState::Interrupted);
    let before: BTreeSet<u16> = run.observed().iter().map(|&(_, port)| port).collect();
    assert!((20..80).contains(&before.len()), "{} observed before it was cancelled", before.len());
    assert_eq!(listeners.count().values().max(), Some(&1));

    let run = Run::open(run.folder.path(), "127.77.6.1");
    let swept = run.sweep(Some(Arc::new(nothing))).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done(), swept.totals.n_open), (Outcome::Finished, 200, 80));
    assert_eq!(run.observed().len(), 80, "each observed once");
    let again: BTreeSet<u16> = listeners.count().into_keys().collect();
    assert_eq!(again.len(), 80 - before.len());
    assert!(again.is_disjoint(&before), "what was observed isn't probed again");

    // Take the end of the journal away, as a crash might: its batch is made again, and nothing else.
    fs::remove_file(run.folder.path().join("state.toml")).unwrap();
    let journal = run.folder.path().join("journal");
    let file = fs::OpenOptions::new().write(true).open(&journal).unwrap();
    file.set_len(file.metadata().unwrap().len() - 3).unwrap();
    let n_lost = 200 - run.folder.summary().unwrap().totals.n_done();
    assert!((1..200).contains(&n_lost), "{n_lost} probes lost with the last batch");
    let swept = run.sweep(Some(Arc::new(nothing))).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done(), swept.totals.n_open), (Outcome::Finished, 200, 80));
    assert_eq!(run.observed().len(), 80, "an observation that outlived its entry isn't made twice");
    let third: BTreeSet<u16> = listeners.count().into_keys().collect();
    assert!(third.is_disjoint(&before), "what an earlier batch holds isn't probed again");
}

static IS_TOMORROW: AtomicBool = AtomicBool::new(false);

fn clock_of_two_days() -> DateTime<Utc> {
    now() + TimeDelta::days(i64::from(IS_TOMORROW.load(Ordering::SeqCst)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_as_its_day_ends_and_goes_on_under_the_scope_of_the_next() {
    let _listeners = Listeners::bind("127.77.10.1", [26_100]);
    let mut run = Run::new("127.77.10.1", "26100-26119", Options { per_host: 1, ..Options::default() });
    run.clock = clock_of_two_days;
    // Holds the only connection until the run is cancelled.
    let at_midnight = |open: OpenPort| async move {
        IS_TOMORROW.store(true, Ordering::SeqCst);
        let _held = open;
        std::future::pending::<ServiceFacts>().await
    };
    let swept = tokio::time::timeout(Duration::from_secs(60), run.sweep(Some(Arc::new(at_midnight))));
    let swept = swept.await.expect("the day ends, and the run with it").unwrap();
    assert_eq!(swept.outcome, Outcome::DayEnded);
    assert_eq!(run.folder.summary().unwrap().state, RunState::Interrupted);

    let mut run = Run::open(run.folder.path(), "127.77.10.1");
    run.clock = clock_of_two_days;
    let swept = run.sweep(Some(Arc::new(nothing))).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done(), swept.totals.n_open), (Outcome::Finished, 20, 1));
}

static HOURS_LATER: AtomicI64 = AtomicI64::new(0);

fn clock_of_a_night() -> DateTime<Utc> {
    now() + TimeDelta::hours(HOURS_LATER.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_outside_its_scan_window_waits_for_it_and_the_rest_does_not() {
    let both = "127.77.11.1,127.77.11.3";
    let (night, day) = (Listeners::bind("127.77.11.1", [26_200]), Listeners::bind("127.77.11.3", [26_200]));
    let mut run = Run::new(both, "26200-26219", Options { per_host: 1, ..Options::default() });
    // It is four in the afternoon.
    run.window = Some("22:00-06:00");
    run.clock = clock_of_a_night;
    let swept = run.sweep(None).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done(), swept.totals.n_open), (Outcome::PutOff, 20, 1));
    assert_eq!((night.accept_all().len(), day.accept_all().len()), (0, 1));
    assert_eq!(run.folder.summary().unwrap().state, RunState::Interrupted);
    assert!(!run.folder.coverage().unwrap().hosts.contains_key(&"127.77.11.1".parse().unwrap()));
    assert_eq!(run.folder.refusals().unwrap().count(), 0, "waiting is no refusal");

    // At ten it opens. Identification holds the only connection until it shuts.
    HOURS_LATER.store(6, Ordering::SeqCst);
    let until_six = |open: OpenPort| async move {
        HOURS_LATER.store(14, Ordering::SeqCst);
        let _held = open;
        std::future::pending::<ServiceFacts>().await
    };
    let mut run = Run::open(run.folder.path(), both);
    (run.window, run.clock) = (Some("22:00-06:00"), clock_of_a_night);
    // The day ends as well meanwhile; that comes first.
    let swept = tokio::time::timeout(Duration::from_secs(60), run.sweep(Some(Arc::new(until_six))));
    let swept = swept.await.expect("the session ends with the window").unwrap();
    assert!(matches!(swept.outcome, Outcome::DayEnded | Outcome::WindowEnded), "{swept:?}");
    assert!(swept.totals.n_done() < 40);

    let mut run = Run::open(run.folder.path(), both);
    (run.window, run.clock) = (Some("22:00-06:00"), clock_of_a_night);
    let swept = run.sweep(None).await.unwrap();
    assert_eq!(swept.outcome, Outcome::PutOff, "in the morning it is shut again");

    HOURS_LATER.store(30, Ordering::SeqCst);
    let mut run = Run::open(run.folder.path(), both);
    (run.window, run.clock) = (Some("22:00-06:00"), clock_of_a_night);
    let swept = run.sweep(None).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done(), swept.totals.n_open), (Outcome::Finished, 40, 2));
}

static IS_SHUT: AtomicBool = AtomicBool::new(false);

fn clock_of_an_evening() -> DateTime<Utc> {
    now() + TimeDelta::minutes(if IS_SHUT.load(Ordering::SeqCst) { 60 } else { 59 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_as_a_scan_window_shuts() {
    let _listeners = Listeners::bind("127.77.12.1", [26_300]);
    let mut run = Run::new("127.77.12.1", "26300-26319", Options { per_host: 1, ..Options::default() });
    (run.window, run.clock) = (Some("16:00-17:00"), clock_of_an_evening);
    let at_five = |open: OpenPort| async move {
        IS_SHUT.store(true, Ordering::SeqCst);
        let _held = open;
        std::future::pending::<ServiceFacts>().await
    };
    let swept = tokio::time::timeout(Duration::from_secs(60), run.sweep(Some(Arc::new(at_five))));
    let swept = swept.await.expect("the window shuts, and the session with it").unwrap();
    assert_eq!(swept.outcome, Outcome::WindowEnded);
}

const CHILD_RUN: &str = "SCANNER_TEST_CHILD_RUN";
const KILLED_TARGET: &str = "127.77.7.1";

/// Carried out in a process of its own by the next test. Its identification never ends, so that it is
/// stuck, with the cap used up, until it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child_scans_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD_RUN) else { return };
    let run = Run::open(Path::new(&path), KILLED_TARGET);
    let stuck = |open: OpenPort| async move {
        let _held = open;
        std::future::pending::<ServiceFacts>().await
    };
    run.sweep(Some(Arc::new(stuck))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_goes_on_where_it_was() {
    let listeners = Listeners::bind(KILLED_TARGET, 27_000..27_060);
    let options = Options { per_host: 16, ..Options::default() };
    let run = Run::new(KILLED_TARGET, "26001-28000", options);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "survives::child_scans_until_it_is_killed", "--nocapture"])
        .env(CHILD_RUN, run.folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let journal = run.folder.path().join("journal");
    let empty = fs::metadata(&journal).unwrap().len();
    while fs::metadata(&journal).unwrap().len() == empty {
        assert_eq!(child.try_wait().unwrap(), None, "the child ended by itself");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(run.folder.summary().unwrap().state, RunState::Running);
    let held = run.sweep(None).await.expect_err("the child holds the run");
    assert!(matches!(held, SweepError::Run(RunError::Held { .. })), "{held}");
    child.kill().unwrap();
    child.wait().unwrap();
    let summary = run.folder.summary().unwrap();
    assert_eq!((summary.state, summary.totals.n_open), (RunState::Interrupted, 16));
    assert!(summary.totals.n_refused > 0);
    assert_eq!(listeners.count().len(), 16);

    let swept = run.sweep(Some(Arc::new(nothing))).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done()), (Outcome::Finished, 2000));
    assert_eq!((swept.totals.n_open, swept.totals.n_observations, swept.totals.n_refused), (60, 60, 1940));
    let again = listeners.count();
    assert_eq!(
        (again.len(), again.values().max()),
        (60, Some(&1)),
        "none was identified before, all are now"
    );
    assert_eq!(run.observed().len(), 60);
}

/// A file system of so many bytes, gone when this is.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let disk = SmallDisk(tempfile::tempdir().unwrap());
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(disk.0.path()).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(disk)
    }

    fn resize(&self, size: &str) {
        let resized =
            Command::new("mount").args(["-o", &format!("remount,{size}")]).arg(self.0.path()).status();
        assert!(resized.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Not mounted if this was made for nothing; there is nobody left to tell.
        drop(Command::new("umount").arg("-l").arg(self.0.path()).output());
    }
}

#[test]
fn a_run_that_could_not_be_begun_leaves_no_folder() {
    // Room for the root, the folder and the journal, and none for the manifest.
    let Some(disk) = SmallDisk::mount("size=1m,nr_inodes=3") else {
        println!("skipped: mounting a small file system takes root");
        return;
    };
    let template = Run::new("127.77.12.1", "1-10", Options::default());
    let begin = || RunFolder::create(disk.0.path(), template.folder.manifest().clone(), &[]);
    let error = begin().expect_err("the manifest finds no room");
    assert!(matches!(error, RunError::DiskFull { .. }), "{error}");
    assert_eq!(fs::read_dir(disk.0.path()).unwrap().count(), 0);
    disk.resize("nr_inodes=9");
    begin().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_run_by_name_and_costs_nothing_that_was_written() {
    let Some(disk) = SmallDisk::mount("size=48k") else {
        println!("skipped: mounting a small file system takes root");
        return;
    };
    let run = Run::under(disk.0.path(), "127.77.8.1-5", "20001-30000,30002-32001", Options::default());
    let error = run.sweep(None).await.expect_err("60,000 probes don't fit in 48 KiB");
    assert!(error.to_string().starts_with("the disk is full: could not write "), "{error}");
    let before = run.folder.summary().unwrap();
    assert!(matches!(before.state, RunState::Failed | RunState::Interrupted), "{:?}", before.state);
    disk.resize("size=2m");
    let run = Run::open(run.folder.path(), "127.77.8.1-5");
    let swept = run.sweep(None).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done()), (Outcome::Finished, 60_000));
    assert_eq!(run.folder.summary().unwrap().state, RunState::Finished);
}
