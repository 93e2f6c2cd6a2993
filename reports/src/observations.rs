//! A run's observations as a Parquet file: columns to search by, and the whole observation as JSON beside them.
//!
//! The columns are for queries and for people; the JSON is what is read back, so that no fact is lost when the model
//! grows a field.

use std::path::Path;

use chrono::{DateTime, Utc};
use model::observation::Observation;

use crate::error::{Damage, ReportError};
use crate::frame::{Row, from_parquet, rows, to_parquet};
use crate::snapshot::write_synced;

rows! {
    pub struct ObservationRow in "observations" {
        pub run: String,
        pub at: DateTime<Utc>,
        pub addr: String,
        pub port: u32,
        pub transport: String,
        pub names: Vec<String>,
        pub state: String,
        pub method: String,
        pub rtt_us: Option<u32>,
        /// Of the packet that answered, where it was seen: time to live, window, TCP options by name.
        pub ttl: Option<u32>,
        pub window: Option<u32>,
        pub tcp_options: Option<String>,
        /// Name for people, for example `https`.
        pub service: String,
        pub product: Option<String>,
        pub version: Option<String>,
        pub tls: Option<String>,
        /// The whole observation as the model serialises it.
        pub json: String,
    }
}

/// Writes the observations of a run; an existing file is replaced. Returns how many there were.
pub fn write_parquet<'o>(
    path: &Path,
    observations: impl Iterator<Item = &'o Observation>,
) -> Result<usize, ReportError> {
    let rows = observations.map(row).collect::<Result<Vec<_>, _>>()?;
    let failed = || ReportError::compute("the observations of a run");
    let mut frame = ObservationRow::to_frame(&rows).map_err(failed())?;
    write_synced(path, &to_parquet(&mut frame).map_err(failed())?)?;
    Ok(rows.len())
}

/// Reads them back.
pub fn read_parquet(path: &Path) -> Result<Vec<Observation>, ReportError> {
    let bytes =
        std::fs::read(path).map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    let frame = from_parquet(bytes).map_err(|_| ReportError::damaged(path, Damage::Parquet))?;
    let rows = ObservationRow::from_frame(&frame).map_err(|damage| ReportError::damaged(path, damage))?;
    let parse = |row: &ObservationRow| {
        serde_json::from_str(&row.json).map_err(|_| ReportError::damaged(path, Damage::Value("json")))
    };
    rows.iter().map(parse).collect()
}

fn row(observation: &Observation) -> Result<ObservationRow, ReportError> {
    let service = &observation.service;
    Ok(ObservationRow {
        run: observation.run.to_string(),
        at: observation.at,
        addr: observation.endpoint.addr.to_string(),
        port: u32::from(observation.endpoint.port),
        transport: observation.endpoint.transport.as_str().to_owned(),
        names: observation.names.iter().map(ToString::to_string).collect(),
        state: observation.state.as_str().to_owned(),
        method: observation.method.as_str().to_owned(),
        rtt_us: observation.rtt_us,
        ttl: observation.shape.map(|shape| u32::from(shape.ttl)),
        window: observation.shape.map(|shape| u32::from(shape.window)),
        tcp_options: observation.shape.map(|shape| shape.option_names()),
        service: service.display_name(),
        product: service.product.clone(),
        version: service.version.clone(),
        tls: service.tls.as_ref().and_then(|tls| tls.version.clone()),
        json: serde_json::to_string(observation)?,
    })
}
