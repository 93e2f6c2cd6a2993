//! A process that is killed while it writes loses nothing that it had acknowledged, and leaves nothing half done.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use model::id::CountingMint;
use registry::change::RegisterChange;
use registry::ports::{AuditStore, RegisterStore, RunStore, StoreError};
use store::SqliteStore;
use tempfile::TempDir;

use crate::conformance::{at, run, unit};

const UNITS_PER_IMPORT: u32 = 20;
const DATABASE: &str = "STORE_TEST_DATABASE";
const LIMITED_DATABASE: &str = "STORE_TEST_LIMITED_DATABASE";

/// The process that is killed: this test again, told by the environment where to write.
#[tokio::test]
async fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let store = SqliteStore::open(&path).await.expect("a new database");
    let mut mint = CountingMint::default();
    for import in 0.. {
        let first = import * UNITS_PER_IMPORT;
        let units = (first..first + UNITS_PER_IMPORT).map(|n| unit(&mut mint, n, None)).collect();
        let change = RegisterChange { units, ..RegisterChange::default() };
        RegisterStore::apply(&store, &change, "示例.csv", at("2026-06-01T08:00:00Z")).await.expect("stored");
        let mut out = std::io::stdout();
        writeln!(out, "\nstored {import}").and_then(|()| out.flush()).expect("a parent that reads");
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.db");
    for round in 1..=3u32 {
        let path = path.with_extension(round.to_string());
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "durability::writes_until_it_is_killed", "--nocapture"])
            .env(DATABASE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut n_stored = 0u32;
        for line in lines.map_while(Result::ok).filter(|line| line.starts_with("stored ")) {
            assert_eq!(line, format!("stored {n_stored}"));
            n_stored += 1;
            if n_stored == 10 * round {
                child.kill().expect("a child to kill");
            }
        }
        child.wait().expect("a dead child");
        assert!(n_stored >= 10 * round);

        let store = SqliteStore::open(&path).await.expect("a sound database");
        let n_units = store.load().await.expect("a register").units.len();
        let n_imports = store.latest(u32::MAX).await.expect("a log").len();
        assert_eq!(n_units, n_imports * usize::try_from(UNITS_PER_IMPORT).expect("a small number"));
        assert!(
            n_imports >= usize::try_from(n_stored).expect("a small number"),
            "{n_imports} of {n_stored} are left"
        );
    }
}

/// The process whose files may not grow: this test again, told by the environment where to write.
#[tokio::test]
async fn writes_until_its_files_may_not_grow() {
    let Some(path) = std::env::var_os(LIMITED_DATABASE).map(PathBuf::from) else { return };
    let store = SqliteStore::open(&path).await.expect("a known database");
    let mut mint = CountingMint::default();
    let refused = loop {
        if let Err(error) = RunStore::insert(&store, &run(&mut mint, "2026-06-01T08:00:00Z")).await {
            break error;
        }
    };
    assert!(matches!(refused, StoreError::Unwritable(_)), "{refused:?}");
    let mut out = std::io::stdout();
    writeln!(out, "\nrefused as unwritable").and_then(|()| out.flush()).expect("a parent that reads");
}

#[tokio::test]
async fn a_disk_that_refuses_a_write_is_not_taken_for_a_rival() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.db");
    SqliteStore::open(&path).await.expect("a new database").close().await;
    // The limit on the size of files (in blocks of 512 bytes, room for some rows) fails a write as a quota does,
    // once its signal is ignored.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "durability::writes_until_its_files_may_not_grow", "--nocapture"])
        .env(LIMITED_DATABASE, &path)
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&limited.stdout);
    assert!(limited.status.success() && said.contains("refused as unwritable"), "{limited:?}");
    SqliteStore::open(&path).await.expect("a sound database");
}

#[tokio::test]
async fn a_call_that_is_dropped_harms_no_later_one() {
    let folder = TempDir::new().expect("a temporary folder");
    let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a new database");
    let mut mint = CountingMint::default();
    let mut n_kept = 0;
    for n_turns in 0..60u32 {
        let dropped = run(&mut mint, "2026-06-01T08:00:00Z");
        tokio::select! {
            biased;
            stored = RunStore::insert(&store, &dropped) => stored.expect("a new run"),
            () = turns(n_turns) => {}
        }
        RunStore::insert(&store, &run(&mut mint, "2026-06-01T08:00:00Z")).await.expect("a new run");
        n_kept += 1;
    }
    let n_listed = RunStore::list(&store).await.expect("runs").len();
    assert!((n_kept..=2 * n_kept).contains(&n_listed), "{n_listed} of {n_kept}");
}

/// So many turns of the scheduler.
async fn turns(n: u32) {
    for _ in 0..n {
        tokio::task::yield_now().await;
    }
}
