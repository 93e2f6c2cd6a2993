//! The audit log.

use chrono::{DateTime, Utc};
use registry::ports::{AuditAction, AuditEntry, AuditStore, StoreError};

use crate::column::{self, RowRef};
use crate::fault;
use crate::sqlite::{SqliteStore, Tx};

impl AuditStore for SqliteStore {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        write(&mut tx, entry.at, &entry.actor, entry.action, &entry.detail).await?;
        tx.commit().await.map_err(fault::at("audit_log"))
    }

    async fn latest(&self, n: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT id, at, actor, action, detail FROM audit_log ORDER BY id DESC LIMIT $1";
        let rows: Vec<(i64, i64, String, String, String)> = sqlx::query_as(sql)
            .bind(i64::from(n))
            .fetch_all(&mut *tx)
            .await
            .map_err(fault::at("audit_log"))?;
        let entries = rows.into_iter().map(|(id, at, actor, action, detail)| {
            let id = id.to_string();
            let row = RowRef { table: "audit_log", id: &id };
            let at = row.instant("at", at)?;
            Ok(AuditEntry { at, actor, action: row.word("action", &action, AuditAction::parse)?, detail })
        });
        entries.collect()
    }
}

pub(crate) async fn write(
    tx: &mut Tx,
    at: DateTime<Utc>,
    actor: &str,
    action: AuditAction,
    detail: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit_log (at, actor, action, detail) VALUES ($1, $2, $3, $4)")
        .bind(column::ms(at))
        .bind(actor)
        .bind(action.as_str())
        .bind(detail)
        .execute(&mut **tx)
        .await
        .map_err(fault::at("audit_log"))?;
    Ok(())
}
