//! The servers of a run of TLS assessments as a Parquet file: columns to search by, and the whole record as JSON.

use std::path::Path;

use chrono::{DateTime, Utc};
use model::id::RunId;
use model::tls::{TLCP, TlsRecord};

use crate::error::ReportError;
use crate::frame::{Row, rows, to_parquet};
use crate::snapshot::write_synced;

rows! {
    /// One assessed server.
    pub struct TlsRow in "tls" {
        pub run: String,
        pub at: DateTime<Utc>,
        pub addr: String,
        pub port: u32,
        pub server_name: Option<String>,
        pub start_tls: Option<String>,
        /// As `model::tls::TlsReached::as_str` has it.
        pub reached: String,
        pub versions: Vec<String>,
        /// `yes`, `no` or `unknown`.
        pub tlcp: String,
        pub grade: Option<String>,
        pub score: Option<u32>,
        /// Checks at fault.
        pub faults: Vec<String>,
        /// The whole record as the model serialises it.
        pub json: String,
    }
}

/// Writes the servers of a run; an existing file is replaced.
pub fn write_parquet(path: &Path, run: RunId, records: &[TlsRecord]) -> Result<(), ReportError> {
    let rows = records.iter().map(|record| row(run, record)).collect::<Result<Vec<_>, _>>()?;
    let failed = || ReportError::compute("the servers of a run");
    let mut frame = TlsRow::to_frame(&rows).map_err(failed())?;
    write_synced(path, &to_parquet(&mut frame).map_err(failed())?)
}

fn row(run: RunId, record: &TlsRecord) -> Result<TlsRow, ReportError> {
    let server = &record.server;
    Ok(TlsRow {
        run: run.to_string(),
        at: record.at,
        addr: server.addr.to_string(),
        port: u32::from(server.port),
        server_name: server.name.as_ref().map(ToString::to_string),
        start_tls: server.start_tls.clone(),
        reached: record.reached.as_str().to_owned(),
        versions: record.spoken().map(str::to_owned).collect(),
        tlcp: record.offers(TLCP).as_str().to_owned(),
        grade: record.grade.as_ref().map(|grade| grade.grade.clone()),
        score: record.grade.as_ref().map(|grade| grade.score),
        faults: record.faults().map(|verdict| verdict.check.to_string()).collect(),
        json: serde_json::to_string(record)?,
    })
}
