//! How a run by raw packets asked, as Parquet files: a row for each host that answered or lost something, and one for
//! each session.
//!
//! Shares are whole parts in a million, since columns hold no fractions.

use std::path::Path;

use crate::error::{Damage, ReportError};
use crate::frame::{Row, from_parquet, rows, to_parquet};
use crate::snapshot::write_synced;

rows! {
    /// How one host was asked, and how sure its result is.
    pub struct AskedRow in "asked hosts" {
        pub addr: String,
        pub n_sent: u32,
        pub n_open: u32,
        pub n_refused: u32,
        /// Questions to ports that answer, and how many of them got lost.
        pub n_measured: u32,
        pub n_lost: u32,
        /// Part that gets lost on the way there and back, as estimated.
        pub loss_ppm: u32,
        /// How sure it is that an open port of this host was seen.
        pub confidence_ppm: u32,
        pub takes_everything: bool,
        /// Time to live of a refusal.
        pub refused_ttl: Option<u32>,
    }

    /// What one session sent and lost.
    pub struct SessionRow in "sessions" {
        pub n_sent: u64,
        pub n_repeats: u64,
        pub n_received: u64,
        pub n_late: u64,
        pub n_forged: u64,
        pub n_measured: u32,
        pub n_lost: u32,
        /// Part that gets lost, not exceeded with 95 % confidence.
        pub loss_at_most_ppm: u32,
    }
}

/// A share as parts in a million; what is no share is none or all.
pub fn ppm(share: f64) -> u32 {
    // Saturates, and takes what isn't a number for 0.
    (share.clamp(0.0, 1.0) * 1e6).round() as u32
}

/// Writes the hosts of a run; an existing file is replaced.
pub fn write_hosts(path: &Path, rows: &[AskedRow]) -> Result<(), ReportError> {
    write(path, rows, "the hosts of a run")
}

/// Writes the sessions of a run; an existing file is replaced.
pub fn write_sessions(path: &Path, rows: &[SessionRow]) -> Result<(), ReportError> {
    write(path, rows, "the sessions of a run")
}

/// Reads rows back.
pub fn read<R: Row>(path: &Path) -> Result<Vec<R>, ReportError> {
    let bytes =
        std::fs::read(path).map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    let frame = from_parquet(bytes).map_err(|_| ReportError::damaged(path, Damage::Parquet))?;
    R::from_frame(&frame).map_err(|damage| ReportError::damaged(path, damage))
}

fn write<R: Row>(path: &Path, rows: &[R], what: &'static str) -> Result<(), ReportError> {
    let failed = || ReportError::compute(what);
    let mut frame = R::to_frame(rows).map_err(failed())?;
    write_synced(path, &to_parquet(&mut frame).map_err(failed())?)
}
