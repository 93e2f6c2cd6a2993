//! One row for each scan run.

use model::id::RunId;
use model::observation::Method;
use registry::ports::{RunRow, RunState, RunStore, StoreError};

use crate::column::{self, RowRef};
use crate::sqlite::SqliteStore;
use crate::{fault, outbox};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    state: String,
    started_at: i64,
    ended_at: Option<i64>,
    method: String,
    asked_for: String,
    n_addresses: i64,
    n_probes: i64,
    n_probed: i64,
    n_open: i64,
    policy_version: Option<String>,
}

impl RunStore for SqliteStore {
    async fn insert(&self, run: &RunRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO runs (id, state, started_at, ended_at, method, asked_for, n_addresses, n_probes, \
                   n_probed, n_open, policy_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        write(self, run, sql).await
    }

    async fn update(&self, run: &RunRow) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET state = $2, started_at = $3, ended_at = $4, method = $5, asked_for = $6, \
                   n_addresses = $7, n_probes = $8, n_probed = $9, n_open = $10, policy_version = $11 WHERE id = $1";
        write(self, run, sql).await
    }

    async fn list(&self) -> Result<Vec<RunRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, state, started_at, ended_at, method, asked_for, n_addresses, n_probes, n_probed, n_open, \
             policy_version FROM runs ORDER BY started_at DESC, id DESC",
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(fault::at("runs"))?;
        rows.into_iter().map(read).collect()
    }
}

async fn write(store: &SqliteStore, run: &RunRow, sql: &'static str) -> Result<(), StoreError> {
    let what = || format!("run {}", run.id);
    let mut tx = store.begin().await?;
    let written = sqlx::query(sql)
        .bind(run.id.to_string())
        .bind(run.state.as_str())
        .bind(column::ms(run.started_at))
        .bind(run.ended_at.map(column::ms))
        .bind(run.method.as_str())
        .bind(&run.asked_for)
        .bind(column::count(run.n_addresses))
        .bind(column::count(run.n_probes))
        .bind(column::count(run.n_probed))
        .bind(column::count(run.n_open))
        .bind(&run.policy_version)
        .execute(&mut *tx)
        .await
        .map_err(fault::at(what()))?;
    if written.rows_affected() != 1 {
        return Err(StoreError::Conflict { what: format!("{}, which is not known,", what()), source: None });
    }
    let at = run.ended_at.unwrap_or(run.started_at);
    let event = serde_json::json!({ "run": run.id, "state": run.state.as_str() });
    outbox::post(&mut tx, at, "run.changed", &event).await?;
    tx.commit().await.map_err(fault::at(what()))
}

fn read(row: Row) -> Result<RunRow, StoreError> {
    let at = RowRef { table: "runs", id: &row.id };
    Ok(RunRow {
        id: at.read::<RunId>("id", &row.id)?,
        state: at.word("state", &row.state, RunState::parse)?,
        started_at: at.instant("started_at", row.started_at)?,
        ended_at: at.instant_some("ended_at", row.ended_at)?,
        method: at.word("method", &row.method, method)?,
        n_addresses: at.number("n_addresses", row.n_addresses)?,
        n_probes: at.number("n_probes", row.n_probes)?,
        n_probed: at.number("n_probed", row.n_probed)?,
        n_open: at.number("n_open", row.n_open)?,
        asked_for: row.asked_for,
        policy_version: row.policy_version,
    })
}

fn method(text: &str) -> Option<Method> {
    Method::ALL.into_iter().find(|method| method.as_str() == text)
}
