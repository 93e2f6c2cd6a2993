//! The schema's version: whose file it is, whether this program knows it, and bringing it up to date.

use registry::ports::StoreError;
use sqlx::SqliteConnection;
use sqlx::migrate::{MigrateError, Migrator};

use crate::fault;
use crate::sqlite::SqliteStore;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// `PRAGMA application_id` of our databases, set by the first migration.
const APPLICATION_ID: i64 = 0x5350_5354;

/// Refuses a file that isn't ours, or that a later program has changed; changes nothing.
pub(crate) async fn inspect(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let head = "the head of the file";
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(fault::at(head))?;
    let n_tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master")
        .fetch_one(&mut *connection)
        .await
        .map_err(fault::at(head))?;
    if n_tables == 0 {
        return Ok(());
    }
    if application != APPLICATION_ID {
        return Err(StoreError::Corrupt {
            what: format!("{head} (it belongs to another program)"),
            source: None,
        });
    }
    let found: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(fault::at("_sqlx_migrations"))?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match found {
        Some(found) if found > known => {
            Err(StoreError::NewerVersion { found: version(found), known: version(known) })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether no migration is missing.
pub(crate) async fn is_current(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let found: Result<Option<i64>, _> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max();
    // A file without the table is as empty as one that was just made.
    Ok(found.map_err(fault::at("_sqlx_migrations"))? == known)
}

fn version(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Applies the migrations that are missing, all or none.
pub(crate) async fn migrate(store: &SqliteStore) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    MIGRATIONS.run(&mut *tx).await.map_err(|error| match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            fault::at("the schema")(source)
        }
        other => StoreError::Corrupt { what: "the schema".to_owned(), source: Some(Box::new(other)) },
    })?;
    tx.commit().await.map_err(fault::at("the schema"))
}
