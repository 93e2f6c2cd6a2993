//! Events for other parts of the product, written in the transaction that causes them. Delivering them is not
//! for here.

use chrono::{DateTime, Utc};
use registry::ports::StoreError;
use serde::Serialize;

use crate::sqlite::Tx;
use crate::{column, fault};

pub(crate) async fn post(
    tx: &mut Tx,
    at: DateTime<Utc>,
    topic: &str,
    payload: &impl Serialize,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (at, topic, payload) VALUES ($1, $2, $3)")
        .bind(column::ms(at))
        .bind(topic)
        .bind(column::json(payload))
        .execute(&mut **tx)
        .await
        .map_err(fault::at("outbox"))?;
    Ok(())
}
