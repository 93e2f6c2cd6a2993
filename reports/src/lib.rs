//! Reports: frozen snapshots, the figures computed from them, and the editions (HTML, XLSX, JSON) printed of those.
//!
//! The only crate that links polars. It knows neither the register nor the store: the root hands over plain rows
//! ([`snapshot::SnapshotInput`]), they are frozen as Parquet, and everything later is computed from the frozen files,
//! so that a reprint gives the same bytes. It reads no clock; all of it is synchronous and belongs on a blocking
//! thread.

pub mod asked;
pub mod coverage;
pub mod editions;
mod error;
pub mod figures;
mod frame;
pub mod issue;
pub mod observations;
pub mod rows;
pub mod snapshot;
pub mod table;
pub mod text;
pub mod tls;
pub mod view;

pub use error::ReportError;
pub use issue::{ReportFiles, build};
