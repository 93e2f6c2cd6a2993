//! The SQLite database as a whole: opening it, and its transactions.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use registry::ports::StoreError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, Transaction};

use crate::{fault, schema};

pub(crate) type Tx = Transaction<'static, Sqlite>;

/// Readers beside the one writer.
const MAX_READERS: u32 = 4;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who acts, for the audit log, for example the login name.
    pub actor: String,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
    /// Most pages of 4 KiB that the database may grow to; `None` for what the disk holds.
    pub max_pages: Option<u32>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { actor: "unknown".to_owned(), busy_timeout: Duration::from_secs(10), max_pages: None }
    }
}

/// All stores of the product in one SQLite file, safe to share between tasks.
///
/// There is one connection that writes, so that writers queue here instead of meeting as `database is locked`,
/// and a few that read beside it. A call that is dropped before its commit stores nothing and harms no later one.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    actor: String,
}

impl SqliteStore {
    /// Opens the database, made if there is none yet, and brings its schema up to date. The folder must exist.
    pub async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(path, Settings::default()).await
    }

    pub async fn open_with(path: &Path, settings: Settings) -> Result<SqliteStore, StoreError> {
        // Statements stay out of the logs: with them would go people's data.
        let plain = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(settings.busy_timeout)
            .disable_statement_logging();
        // Looked at before anything is set, so that a file that isn't ours stays as it is.
        if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
            let mut connection =
                SqliteConnection::connect_with(&plain).await.map_err(fault::at("the file"))?;
            let inspected = schema::inspect(&mut connection).await;
            connection.close().await.map_err(fault::at("the file"))?;
            inspected?;
        }
        make_for_owner(path);
        // A write is acknowledged once it is on disk: WAL alone would sync at check-points only.
        let durable = plain
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let writing = match settings.max_pages {
            Some(pages) => durable.clone().pragma("max_page_count", pages.to_string()),
            None => durable.clone(),
        };
        let writer = pool(1).connect_with(writing).await.map_err(fault::at("the file"))?;
        let readers =
            pool(MAX_READERS).connect_lazy_with(durable.create_if_missing(false).pragma("query_only", "ON"));
        let store = SqliteStore { writer, readers, actor: settings.actor };
        schema::migrate(&store).await?;
        Ok(store)
    }

    /// Opens a database to read only, for a folder that can't be written to: nothing is made or brought up to date,
    /// and whatever writes is [`StoreError::Unwritable`].
    pub async fn open_to_read(path: &Path) -> Result<SqliteStore, StoreError> {
        let reading = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // Where a log is, it may hold what the file lacks. Without one nobody has the file open, and SQLite must be
        // told so, since it could not make the log that it would look into.
        let is_at_rest = std::fs::metadata(log).map_or(true, |log| log.len() == 0);
        let reading = reading.immutable(is_at_rest);
        let mut connection = SqliteConnection::connect_with(&reading).await.map_err(fault::at("the file"))?;
        let inspected = schema::inspect(&mut connection).await;
        let is_current = schema::is_current(&mut connection).await;
        connection.close().await.map_err(fault::at("the file"))?;
        inspected?;
        if !is_current? {
            let earlier =
                "it was made by an earlier version and must first be opened where it can be written to";
            return Err(StoreError::Unwritable(earlier.into()));
        }
        let writer = pool(1).connect_lazy_with(reading.clone());
        let readers = pool(MAX_READERS).connect_lazy_with(reading);
        Ok(SqliteStore { writer, readers, actor: Settings::default().actor })
    }

    /// Waits for what is under way and closes the file.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// A transaction that writes: it holds the write lock from its first moment, since one that began by reading
    /// can't wait for the lock.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::at("the file"))
    }

    /// A transaction that reads: all its queries see one moment.
    pub(crate) async fn read(&self) -> Result<Tx, StoreError> {
        self.readers.begin().await.map_err(fault::at("the file"))
    }
}

/// A database that isn't there yet is made for its owner alone, and SQLite gives its log and its index the same mode. What
/// fails here is told by SQLite, which fails at it next.
fn make_for_owner(path: &Path) {
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

fn pool(n: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(n).idle_timeout(None).max_lifetime(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_acknowledged_is_on_disk_and_references_are_checked() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a new database");
        let mut tx = store.begin().await.expect("a transaction");
        let journal: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *tx).await.expect("a mode");
        let synchronous: i64 =
            sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.expect("a level");
        let references: i64 =
            sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *tx).await.expect("a switch");
        assert_eq!((journal.as_str(), synchronous, references), ("wal", 2, 1));
    }

    #[tokio::test]
    async fn all_its_files_are_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a new database");
        let tx = store.begin().await.expect("a transaction");
        let mut modes = Vec::new();
        for entry in std::fs::read_dir(folder.path()).expect("the folder") {
            let entry = entry.expect("a file");
            let mode = entry.metadata().expect("its mode").permissions().mode() & 0o777;
            modes.push((entry.file_name().into_string().expect("a plain name"), mode));
        }
        drop(tx);
        modes.sort();
        let all = ["test.db", "test.db-shm", "test.db-wal"].map(|name| (name.to_owned(), 0o600));
        assert_eq!(modes, all);
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a new database");
        let mut tx = store.read().await.expect("a transaction");
        let refused = sqlx::query("DELETE FROM units").execute(&mut *tx).await.map_err(fault::at("units"));
        assert!(matches!(refused, Err(StoreError::Unwritable(_))), "{refused:?}");
    }
}
