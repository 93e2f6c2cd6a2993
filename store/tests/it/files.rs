//! Files that can't be opened, and those that can.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::id::CountingMint;
use registry::ports::{RegisterStore, RunStore, StoreError};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use store::{Settings, SqliteStore};
use tempfile::TempDir;

use crate::conformance::{at, full_register, run};

const NOW: &str = "2026-06-01T08:00:00Z";

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(TempDir::new().expect("a temporary folder"))
    }

    fn db(&self) -> PathBuf {
        self.0.path().join("test.db")
    }
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.expect("a database")
}

async fn execute(path: &Path, sql: &'static str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.expect(sql);
    connection.close().await.expect("closed");
}

/// A database with a register and a run, closed.
async fn filled(path: &Path) {
    let store = SqliteStore::open(path).await.expect("a new database");
    let change = full_register(&mut CountingMint::default());
    RegisterStore::apply(&store, &change, "one.csv", at(NOW)).await.expect("a sound change");
    RunStore::insert(&store, &run(&mut CountingMint::default(), NOW)).await.expect("a new run");
    store.close().await;
}

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let store = SqliteStore::open(&folder.db()).await.expect("a known database");
    assert_eq!(store.load().await.expect("a register").units.len(), 2);
    assert_eq!(RunStore::list(&store).await.expect("runs").len(), 1);
}

#[tokio::test]
async fn what_can_only_be_read_is_read_and_left_as_it_is() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let names = || {
        let entries = std::fs::read_dir(folder.0.path()).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>()
    };
    let (bytes, before) = (std::fs::read(folder.db()).expect("a file"), names());
    let store = SqliteStore::open_to_read(&folder.db()).await.expect("a known database");
    assert_eq!(store.load().await.expect("a register").units.len(), 2);
    let refused = RunStore::insert(&store, &run(&mut CountingMint::default(), NOW)).await;
    assert!(matches!(refused, Err(StoreError::Unwritable(_))), "{refused:?}");
    store.close().await;
    assert_eq!((std::fs::read(folder.db()).expect("a file"), names()), (bytes, before));

    // As a reader beside a writer sees it: the log holds what the file lacks.
    let writer = SqliteStore::open(&folder.db()).await.expect("a known database");
    let mut mint = CountingMint::default();
    let (_, second) = (run(&mut mint, NOW), run(&mut mint, NOW));
    RunStore::insert(&writer, &second).await.expect("a new run");
    let reader = SqliteStore::open_to_read(&folder.db()).await.expect("a known database");
    assert_eq!(RunStore::list(&reader).await.expect("runs").len(), 2);
}

#[tokio::test]
async fn a_database_of_an_earlier_version_or_none_cannot_be_only_read() {
    let folder = Folder::new();
    let missing = SqliteStore::open_to_read(&folder.db()).await;
    assert!(matches!(missing, Err(StoreError::Unwritable(_))), "{missing:?}");
    filled(&folder.db()).await;
    execute(&folder.db(), "DELETE FROM _sqlx_migrations WHERE version > 1").await;
    execute(&folder.db(), "UPDATE _sqlx_migrations SET version = 0").await;
    let earlier = SqliteStore::open_to_read(&folder.db()).await;
    assert!(matches!(earlier, Err(StoreError::Unwritable(_))), "{earlier:?}");
}

#[tokio::test]
async fn the_events_of_a_use_case_are_in_its_transaction() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let topics: Vec<String> =
        sqlx::query_scalar("SELECT topic FROM outbox WHERE delivered_at IS NULL ORDER BY id")
            .fetch_all(&mut raw(&folder.db()).await)
            .await
            .expect("an outbox");
    assert_eq!(topics, ["register.changed", "run.changed"]);
}

#[tokio::test]
async fn the_database_of_a_newer_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    execute(&folder.db(), "INSERT INTO _sqlx_migrations VALUES (77, 'later', '2027-01-01', 1, x'00', 0)")
        .await;
    let before = std::fs::read(folder.db()).expect("a file");
    let refused = SqliteStore::open(&folder.db()).await.expect_err("a newer database");
    assert!(matches!(refused, StoreError::NewerVersion { found: 77, known: 5 }), "{refused:?}");
    assert_eq!(std::fs::read(folder.db()).expect("a file"), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_of_ours_is_refused_and_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.db(), "示例文本，不是数据库。".repeat(100)).expect("a file");
    let foreign = folder.0.path().join("foreign.db");
    execute(&foreign, "CREATE TABLE notes (text TEXT)").await;
    for path in [folder.db(), foreign] {
        let before = std::fs::read(&path).expect("a file");
        let refused = SqliteStore::open(&path).await.expect_err("no database of ours");
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
        assert_eq!(std::fs::read(&path).expect("a file"), before);
    }
}

#[tokio::test]
async fn a_migration_that_was_changed_since_is_refused() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    execute(&folder.db(), "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let refused = SqliteStore::open(&folder.db()).await.expect_err("another schema");
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_damaged_row_is_told_by_table_and_id_and_never_skipped() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    execute(&folder.db(), "UPDATE assets SET target = 'not a target' WHERE target = '192.0.2.0/24'").await;
    let store = SqliteStore::open(&folder.db()).await.expect("a known database");
    let damaged = store.load().await.expect_err("a damaged row").to_string();
    assert!(damaged.contains("assets ") && damaged.contains("column target"), "{damaged}");
}

#[tokio::test]
async fn a_damaged_page_is_told_as_such() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let mut bytes = std::fs::read(folder.db()).expect("a file");
    // All but the first page, which holds the head and the names of the tables.
    bytes.get_mut(4096..).expect("more than a page").fill(0x5a);
    std::fs::write(folder.db(), bytes).expect("a file");
    let store = SqliteStore::open(&folder.db()).await;
    let damaged = match store {
        Err(error) => error,
        Ok(store) => store.load().await.expect_err("a damaged page"),
    };
    assert!(matches!(damaged, StoreError::Corrupt { .. }), "{damaged:?}");
}

#[tokio::test]
async fn a_place_that_cant_be_written_to_is_told_as_such() {
    let folder = Folder::new();
    std::fs::write(folder.0.path().join("file"), "").expect("a file");
    let places = [folder.0.path().join("no-such-folder/test.db"), folder.0.path().join("file/test.db")];
    for path in places.iter().map(PathBuf::as_path).chain([folder.0.path()]) {
        let refused = SqliteStore::open(path).await.expect_err("nowhere to write");
        assert!(matches!(refused, StoreError::Unwritable(_)), "{}: {refused:?}", path.display());
    }
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_loses_nothing() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let n_pages = std::fs::metadata(folder.db()).expect("a file").len() / 4096;
    let max_pages = u32::try_from(n_pages).ok().map(|n| n + 2);
    let small = Settings { max_pages, ..Settings::default() };
    let store = SqliteStore::open_with(&folder.db(), small).await.expect("a known database");
    let before = store.load().await.expect("a register");
    let mut mint = CountingMint::default();
    let mut change = full_register(&mut mint);
    change.assets[0].note = Some("示".repeat(1_000_000));
    let full = RegisterStore::apply(&store, &change, "large.csv", at(NOW)).await.expect_err("no room");
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert_eq!(store.load().await.expect("a register"), before);
    store.close().await;

    let store = SqliteStore::open(&folder.db()).await.expect("a known database");
    assert_eq!(store.load().await.expect("a register"), before);
    RegisterStore::apply(&store, &change, "large.csv", at(NOW)).await.expect("room again");
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_unavailable_not_broken() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let mut other = raw(&folder.db()).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.expect("the write lock");
    let hasty = || Settings { busy_timeout: Duration::from_millis(10), ..Settings::default() };
    let refused = SqliteStore::open_with(&folder.db(), hasty()).await.expect_err("a held database");
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    lock.rollback().await.expect("released");
    SqliteStore::open_with(&folder.db(), hasty()).await.expect("a free database");
}

#[tokio::test]
async fn many_writers_and_readers_at_once_wait_for_each_other() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.db()).await.expect("a new database");
    let mut mint = CountingMint::default();
    let runs: Vec<_> = (0..50).map(|_| run(&mut mint, NOW)).collect();
    let tasks = runs.into_iter().map(|run| {
        let store = store.clone();
        tokio::spawn(async move {
            RunStore::insert(&store, &run).await.expect("a new run");
            RunStore::list(&store).await.expect("runs").iter().any(|listed| listed.id == run.id)
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(task.await.expect("a task that ends"), "a run that was stored is seen at once");
    }
    assert_eq!(RunStore::list(&store).await.expect("runs").len(), 50);
}

#[tokio::test]
async fn the_audit_log_can_only_be_added_to() {
    let folder = Folder::new();
    filled(&folder.db()).await;
    let mut connection = raw(&folder.db()).await;
    for sql in ["DELETE FROM audit_log", "UPDATE audit_log SET actor = 'x'"] {
        sqlx::query(sql).execute(&mut connection).await.expect_err(sql);
    }
}
