//! What can be wrong with a run folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::plan::PlanError;

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("could not {doing} {path}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the disk is full: could not {doing} {path}; free some space, then resume the run")]
    DiskFull { doing: &'static str, path: PathBuf },
    #[error(
        "{path} was written by a newer version (format {found}, known up to {known}); update this program"
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error("{path} is not a run folder: it holds no manifest")]
    NotARun { path: PathBuf },
    #[error("{path} can't be read as a manifest")]
    Manifest { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{path} can't be read: {what}")]
    Damaged { path: PathBuf, what: &'static str },
    #[error("line {line} of {path} can't be read")]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("{path} exists already; every run has a folder of its own")]
    Exists { path: PathBuf },
    #[error("the run in {path} is being carried out by another process; wait for it, or stop it first")]
    Held { path: PathBuf },
    #[error("the run in {path} is finished; there is nothing to resume")]
    Finished { path: PathBuf },
    #[error("the plan can't be carried out")]
    Plan(#[from] PlanError),
}

impl RunError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> RunError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RunError::DiskFull { doing, path },
            _ => RunError::Io { doing, path, source },
        }
    }

    pub(crate) fn damaged(path: &Path, what: &'static str) -> RunError {
        RunError::Damaged { path: path.to_owned(), what }
    }
}
