//! When declared services last answered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::id::DeclaredServiceId;
use registry::ports::{SightingStore, StoreError};

use crate::column::{self, RowRef};
use crate::fault;
use crate::sqlite::SqliteStore;

const TABLE: &str = "declared_service_seen";

impl SightingStore for SqliteStore {
    async fn last_seen(&self) -> Result<BTreeMap<DeclaredServiceId, DateTime<Utc>>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT service, last_seen_at FROM declared_service_seen")
                .fetch_all(&mut *tx)
                .await
                .map_err(fault::at(TABLE))?;
        let read = rows.iter().map(|(id, at)| {
            let row = RowRef { table: TABLE, id };
            Ok((row.read("service", id)?, row.instant("last_seen_at", *at)?))
        });
        read.collect()
    }

    async fn saw(&self, answered: &BTreeMap<DeclaredServiceId, DateTime<Utc>>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (service, at) in answered {
            sqlx::query(
                "INSERT INTO declared_service_seen (service, last_seen_at) VALUES ($1, $2)
                 ON CONFLICT (service) DO UPDATE SET last_seen_at = excluded.last_seen_at
                 WHERE declared_service_seen.last_seen_at < excluded.last_seen_at",
            )
            .bind(service.to_string())
            .bind(column::ms(*at))
            .execute(&mut *tx)
            .await
            .map_err(fault::at(format!("{TABLE} {service}")))?;
        }
        tx.commit().await.map_err(fault::at(TABLE))
    }
}
