//! What can go wrong between rows and a printed report, by whose fault it is.

use std::path::{Path, PathBuf};

use polars::error::PolarsError;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The environment's fault: no space, no leave, no such folder.
    #[error("can't write {}: check that the folder exists, is writable and has space", path.display())]
    Unwritable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("can't read {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A snapshot is written once.
    #[error("{} exists already: a frozen snapshot is never written over", path.display())]
    Exists { path: PathBuf },
    #[error("{} is not what was frozen: {damage}; restore it from a copy", path.display())]
    Damaged { path: PathBuf, damage: Damage },
    #[error("{} is of format {found}, and this program reads up to {readable}: use a newer one", path.display())]
    NewerFormat { path: PathBuf, found: u32, readable: u32 },
    /// Ours: polars refused what we asked of it.
    #[error("computing {what} failed")]
    Compute {
        what: &'static str,
        #[source]
        source: PolarsError,
    },
    #[error("the workbook could not be written")]
    Workbook(#[from] documents::write::WriteError),
    #[error("the page could not be written")]
    Page(#[from] askama::Error),
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// How a frozen file differs from what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("its SHA-256 differs from the one noted at freezing")]
    Hash,
    #[error("it is missing")]
    Missing,
    #[error("it is not a snapshot's table of contents")]
    Contents,
    #[error("it is not readable as Parquet")]
    Parquet,
    #[error("column {0} is missing or of another type")]
    Column(&'static str),
    #[error("column {0} holds a value that is unknown here")]
    Value(&'static str),
}

impl ReportError {
    pub(crate) fn damaged(path: &Path, damage: Damage) -> ReportError {
        ReportError::Damaged { path: path.to_owned(), damage }
    }

    pub(crate) fn compute(what: &'static str) -> impl FnOnce(PolarsError) -> ReportError {
        move |source| ReportError::Compute { what, source }
    }
}
