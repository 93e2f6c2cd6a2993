//! The two small files of a run folder: `manifest.toml`, written once before anything is probed, and
//! `state.toml`, which says how the run ended.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use model::host_name::HostName;
use model::id::RunId;
use model::observation::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::settled::Totals;
use crate::options::Options;
use crate::plan::Plan;

const FORMAT: u32 = 1;

/// All that a run needs to be carried out, now or later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub run: RunId,
    pub started_at: DateTime<Utc>,
    /// Name and version of the program.
    pub software: String,
    /// Version of the policy in force, as printed in reports.
    pub policy: String,
    pub method: Method,
    /// The day whose scope admitted the targets, and what that scope was.
    pub scope_day: NaiveDate,
    pub scope_hash: String,
    pub options: Options,
    pub plan: Plan,
    /// Host names that led to an address.
    #[serde(default)]
    pub names: BTreeMap<IpAddr, Vec<HostName>>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndState {
    pub(crate) end: End,
    pub(crate) at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    pub(crate) totals: Totals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    Finished,
    Interrupted,
    Failed,
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    format: u32,
    #[serde(flatten)]
    value: &'a T,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// Writes a value atomically: after a crash the old file or the new one is there, whole.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), RunError> {
    let fail = |source| RunError::io("write", path, source);
    let text = toml::to_string(&Versioned { format: FORMAT, value })
        .map_err(|error| fail(io::Error::other(error)))?;
    let fresh = path.with_extension("new");
    let put = || {
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), sync_folder)
    };
    put().map_err(|source| {
        drop(fs::remove_file(&fresh));
        fail(source)
    })
}

/// Reads a value; `None` if there is no such file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RunError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(RunError::io("read", path, source)),
    };
    let bad = |source| RunError::Manifest { path: path.to_owned(), source: Box::new(source) };
    // The version first: a newer file may well not have the shape known here.
    let Version { format } = toml::from_str(&text).map_err(bad)?;
    if format > FORMAT {
        return Err(RunError::NewerFormat { path: path.to_owned(), found: format, known: FORMAT });
    }
    toml::from_str(&text).map(Some).map_err(bad)
}

/// Makes names in a folder outlast a crash.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
