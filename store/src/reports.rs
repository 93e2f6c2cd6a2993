//! Reports that were built, numbered without gaps within a year.

use std::collections::BTreeMap;

use model::id::RunId;
use registry::ports::{ReportNumber, ReportRow, ReportStore, StoreError};

use crate::column::{self, RowRef};
use crate::sqlite::{SqliteStore, Tx};
use crate::{fault, outbox};

impl ReportStore for SqliteStore {
    async fn next_number(&self, year: u16) -> Result<ReportNumber, StoreError> {
        next(&mut self.read().await?, year).await
    }

    async fn insert(&self, report: &ReportRow) -> Result<(), StoreError> {
        let number = report.number;
        let what = || format!("report {number}");
        let mut tx = self.begin().await?;
        let next = next(&mut tx, number.year).await?;
        if number != next {
            return Err(StoreError::Conflict {
                what: format!("{} (the next is {next})", what()),
                source: None,
            });
        }
        sqlx::query(
            "INSERT INTO reports (year, serial, built_at, policy_version, snapshot_sha256) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(i64::from(number.year))
        .bind(i64::from(number.serial))
        .bind(column::ms(report.built_at))
        .bind(&report.policy_version)
        .bind(&report.snapshot_sha256)
        .execute(&mut *tx)
        .await
        .map_err(fault::at(what()))?;
        for (position, run) in (0i64..).zip(&report.runs) {
            sqlx::query("INSERT INTO report_runs (year, serial, position, run) VALUES ($1, $2, $3, $4)")
                .bind(i64::from(number.year))
                .bind(i64::from(number.serial))
                .bind(position)
                .bind(run.to_string())
                .execute(&mut *tx)
                .await
                .map_err(fault::at(what()))?;
        }
        let event = serde_json::json!({ "number": number.to_string(), "runs": report.runs });
        outbox::post(&mut tx, report.built_at, "report.built", &event).await?;
        tx.commit().await.map_err(fault::at(what()))
    }

    async fn list(&self) -> Result<Vec<ReportRow>, StoreError> {
        let mut tx = self.read().await?;
        let runs: Vec<(i64, i64, String)> =
            sqlx::query_as("SELECT year, serial, run FROM report_runs ORDER BY year, serial, position")
                .fetch_all(&mut *tx)
                .await
                .map_err(fault::at("report_runs"))?;
        let mut runs_of: BTreeMap<(i64, i64), Vec<String>> = BTreeMap::new();
        for (year, serial, run) in runs {
            runs_of.entry((year, serial)).or_default().push(run);
        }
        let rows: Vec<(i64, i64, i64, String, String)> = sqlx::query_as(
            "SELECT year, serial, built_at, policy_version, snapshot_sha256 FROM reports \
             ORDER BY year DESC, serial DESC",
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(fault::at("reports"))?;
        let read = rows.into_iter().map(|(year, serial, built_at, policy_version, snapshot_sha256)| {
            let id = format!("{year}-{serial}");
            let row = RowRef { table: "reports", id: &id };
            let runs = runs_of.get(&(year, serial)).map(Vec::as_slice).unwrap_or_default();
            let runs: Result<Vec<RunId>, StoreError> = runs.iter().map(|run| row.read("run", run)).collect();
            Ok(ReportRow {
                number: ReportNumber {
                    year: row.number("year", year)?,
                    serial: row.number("serial", serial)?,
                },
                built_at: row.instant("built_at", built_at)?,
                runs: runs?,
                policy_version,
                snapshot_sha256,
            })
        });
        read.collect()
    }
}

async fn next(tx: &mut Tx, year: u16) -> Result<ReportNumber, StoreError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT MAX(serial) FROM reports WHERE year = $1")
        .bind(i64::from(year))
        .fetch_one(&mut **tx)
        .await
        .map_err(fault::at("reports"))?;
    let id = year.to_string();
    let row = RowRef { table: "reports", id: &id };
    Ok(ReportNumber { year, serial: row.number("serial", last.unwrap_or(0).saturating_add(1))? })
}
