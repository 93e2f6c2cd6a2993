//! Findings and their history.

use chrono::{DateTime, Utc};
use model::finding::{Event, Finding, FindingKey, FindingState, Gone, Missing};
use model::id::FindingId;
use model::reconcile::{Change, ChangeKind, ChangeSet};
use model::severity::Severity;
use registry::ports::{FindingStore, StoreError};
use serde_json::json;

use crate::column::{self, RowRef};
use crate::sqlite::{SqliteStore, Tx};
use crate::{fault, outbox};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    check_id: String,
    target: String,
    transport: String,
    port: i64,
    severity: String,
    unit: String,
    system: Option<String>,
    asset: String,
    state: String,
    state_at: Option<i64>,
    missing_runs: Option<i64>,
    proof: Option<String>,
    first_seen_at: i64,
    last_seen_at: i64,
    last_run: String,
    n_recurrences: i64,
    unverifiable_since: Option<i64>,
    evidence: String,
}

impl FindingStore for SqliteStore {
    async fn open(&self) -> Result<Vec<Finding>, StoreError> {
        select(self, None).await
    }

    async fn known(&self, closed_since: DateTime<Utc>) -> Result<Vec<Finding>, StoreError> {
        select(self, Some(closed_since)).await
    }

    async fn apply(&self, change: &ChangeSet) -> Result<(), StoreError> {
        let run = change.run;
        let what = || format!("the judgement of run {run}");
        let mut tx = self.begin().await?;
        let first =
            sqlx::query("INSERT INTO judgements (run, at) VALUES ($1, $2) ON CONFLICT (run) DO NOTHING")
                .bind(run.to_string())
                .bind(column::ms(change.at))
                .execute(&mut *tx)
                .await
                .map_err(fault::at(what()))?;
        if first.rows_affected() == 0 {
            return Err(StoreError::AlreadyJudged { run: run.to_string() });
        }
        for one in &change.changes {
            write(&mut tx, one).await?;
        }
        let counts: serde_json::Map<String, serde_json::Value> = ChangeKind::ALL
            .into_iter()
            .map(|kind| (kind.as_str().to_owned(), change.count(kind).into()))
            .collect();
        outbox::post(&mut tx, change.at, "run.judged", &json!({ "run": run, "findings": counts })).await?;
        tx.commit().await.map_err(fault::at(what()))
    }

    async fn events(&self, finding: FindingId) -> Result<Vec<Event>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String, String, i64, String)> = sqlx::query_as(
            "SELECT id, run, at, what FROM finding_events WHERE finding = $1 ORDER BY at, position, id",
        )
        .bind(finding.to_string())
        .fetch_all(&mut *tx)
        .await
        .map_err(fault::at("finding_events"))?;
        let read = rows.iter().map(|(id, run, at, what)| {
            let row = RowRef { table: "finding_events", id };
            Ok(Event {
                id: row.read("id", id)?,
                finding,
                run: row.read("run", run)?,
                at: row.instant("at", *at)?,
                what: row.json("what", what)?,
            })
        });
        read.collect()
    }
}

/// Findings that are not closed, and those closed at or after `closed_since`.
async fn select(
    store: &SqliteStore,
    closed_since: Option<DateTime<Utc>>,
) -> Result<Vec<Finding>, StoreError> {
    let mut tx = store.read().await?;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, check_id, target, transport, port, severity, unit, system, asset, state, state_at, \
         missing_runs, proof, first_seen_at, last_seen_at, last_run, n_recurrences, unverifiable_since, evidence \
         FROM findings WHERE state <> 'closed' OR state_at >= $1 ORDER BY id",
    )
    .bind(closed_since.map_or(i64::MAX, column::ms))
    .fetch_all(&mut *tx)
    .await
    .map_err(fault::at("findings"))?;
    rows.iter().map(read).collect()
}

async fn write(tx: &mut Tx, change: &Change) -> Result<(), StoreError> {
    let finding = &change.finding;
    let what = || format!("finding {} ({})", finding.id, finding.key);
    let (state_at, missing_runs, proof) = match &finding.state {
        FindingState::Open => (None, None, None),
        FindingState::Missing(missing) => {
            (Some(missing.since), Some(i64::from(missing.n_runs)), Some(missing.proof))
        }
        FindingState::Closed { at, proof } => (Some(*at), None, Some(*proof)),
    };
    // What a finding is known by, and when it was first seen, never change; the condition makes that an error.
    let written = sqlx::query(
        "INSERT INTO findings (id, check_id, target, transport, port, severity, unit, system, asset, state, \
         state_at, missing_runs, proof, first_seen_at, last_seen_at, last_run, n_recurrences, unverifiable_since, \
         evidence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
         ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, unit = excluded.unit, \
         system = excluded.system, asset = excluded.asset, state = excluded.state, state_at = excluded.state_at, \
         missing_runs = excluded.missing_runs, proof = excluded.proof, last_seen_at = excluded.last_seen_at, \
         last_run = excluded.last_run, n_recurrences = excluded.n_recurrences, \
         unverifiable_since = excluded.unverifiable_since, evidence = excluded.evidence \
         WHERE findings.check_id = excluded.check_id AND findings.target = excluded.target \
         AND findings.transport = excluded.transport AND findings.port = excluded.port \
         AND findings.first_seen_at = excluded.first_seen_at",
    )
    .bind(finding.id.to_string())
    .bind(finding.key.check.as_str())
    .bind(finding.key.target.to_string())
    .bind(finding.key.transport.as_str())
    .bind(i64::from(finding.key.port))
    .bind(finding.severity.as_str())
    .bind(finding.unit.to_string())
    .bind(column::text(finding.system))
    .bind(finding.asset.to_string())
    .bind(finding.state.as_str())
    .bind(state_at.map(column::ms))
    .bind(missing_runs)
    .bind(proof.map(Gone::as_str))
    .bind(column::ms(finding.first_seen))
    .bind(column::ms(finding.last_seen))
    .bind(finding.last_run.to_string())
    .bind(i64::from(finding.n_recurrences))
    .bind(finding.unverifiable_since.map(column::ms))
    .bind(column::json(&finding.evidence))
    .execute(&mut **tx)
    .await
    .map_err(fault::at(what()))?;
    if written.rows_affected() != 1 {
        return Err(StoreError::Conflict { what: what(), source: None });
    }
    for (position, event) in (0i64..).zip(&change.events) {
        sqlx::query("INSERT INTO finding_events (id, finding, run, at, position, what) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(event.id.to_string())
            .bind(event.finding.to_string())
            .bind(event.run.to_string())
            .bind(column::ms(event.at))
            .bind(position)
            .bind(column::json(&event.what))
            .execute(&mut **tx)
            .await
            .map_err(fault::at(what()))?;
        outbox::post(tx, event.at, "finding.changed", event).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Finding, StoreError> {
    let at = RowRef { table: "findings", id: &row.id };
    let proof = row.proof.as_deref().map(|proof| at.word("proof", proof, gone)).transpose()?;
    let since = at.instant_some("state_at", row.state_at)?;
    let state = match (row.state.as_str(), proof, since, row.missing_runs) {
        ("open", None, None, None) => FindingState::Open,
        ("missing", Some(proof), Some(since), Some(n_runs)) => {
            FindingState::Missing(Missing { since, n_runs: at.number("missing_runs", n_runs)?, proof })
        }
        ("closed", Some(proof), Some(closed_at), None) => FindingState::Closed { at: closed_at, proof },
        (other, ..) => return Err(at.damaged("state", format!("{other:?} doesn't fit the other columns"))),
    };
    Ok(Finding {
        id: at.read("id", &row.id)?,
        key: FindingKey {
            check: at.read("check_id", &row.check_id)?,
            target: at.read("target", &row.target)?,
            transport: at.read("transport", &row.transport)?,
            port: at.number("port", row.port)?,
        },
        severity: at.word("severity", &row.severity, Severity::parse)?,
        unit: at.read("unit", &row.unit)?,
        system: at.read_some("system", row.system.as_deref())?,
        asset: at.read("asset", &row.asset)?,
        state,
        first_seen: at.instant("first_seen_at", row.first_seen_at)?,
        last_seen: at.instant("last_seen_at", row.last_seen_at)?,
        last_run: at.read("last_run", &row.last_run)?,
        n_recurrences: at.number("n_recurrences", row.n_recurrences)?,
        unverifiable_since: at.instant_some("unverifiable_since", row.unverifiable_since)?,
        evidence: at.json("evidence", &row.evidence)?,
    })
}

fn gone(text: &str) -> Option<Gone> {
    Gone::ALL.into_iter().find(|gone| gone.as_str() == text)
}
