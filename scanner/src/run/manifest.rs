//! The two small files of a run folder: `manifest.toml`, written once before anything is probed, and
//! `state.toml`, which says how the run ended.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use model::host_name::HostName;
use model::id::RunId;
use model::observation::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::settled::Totals;
use super::tls::TlsPlan;
use crate::options::Options;
use crate::plan::{Plan, Shard};

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
    /// The part of the plan that this run is; the whole of it if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Host names that led to an address.
    #[serde(default)]
    pub names: BTreeMap<IpAddr, Vec<HostName>>,
    /// Whose results these are, where they were imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// Which servers a run by TLS assessments asks, and what it rates them by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsPlan>,
}

/// Another tool whose results became a run, and the file that they came in. Texts are the file's own, cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The command line by which it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// Name of the file, and its SHA-256 in hexadecimal.
    pub file: String,
    pub sha256: String,
    pub imported_at: DateTime<Utc>,
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.version.iter().try_for_each(|version| write!(f, " {version}"))
    }
}

impl Manifest {
    /// The indices that this run probes.
    pub fn indices(&self) -> Range<u64> {
        self.shard.map_or(0..self.plan.n_probes(), |shard| shard.range_of(self.plan.n_probes()))
    }

    /// How many those are.
    pub fn n_probes(&self) -> u64 {
        let indices = self.indices();
        indices.end - indices.start
    }
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
