//! Snapshots: the rows of one report, frozen as Parquet files with a table of contents that holds their hashes.
//!
//! A snapshot is written once, whole or not at all, and checked byte by byte when it is opened. It must not hold
//! anything that isn't needed to print the report again, and must not compute.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Damage, ReportError};
use crate::frame::{Row, from_parquet, to_parquet};
use crate::rows::{
    AssetRow, CertificateRow, CheckRow, ClusterRow, CoverRow, CoveredRow, ExclusionRow, FindingRow,
    HoldersRow, HostRow, LapseRow, LossRow, OverdueUnitRow, PostDueRow, RefusalRow, RunRow, ServiceRow,
    SilentRow, SystemRow, TlsServerRow, TrainingRow, UnitRow, UnsureRow,
};

/// The format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
const CONTENTS: &str = "snapshot.json";

/// Everything that one report is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotInput {
    pub head: Head,
    pub runs: Vec<RunRow>,
    pub units: Vec<UnitRow>,
    pub systems: Vec<SystemRow>,
    pub assets: Vec<AssetRow>,
    pub exclusions: Vec<ExclusionRow>,
    pub hosts: Vec<HostRow>,
    pub services: Vec<ServiceRow>,
    pub silent: Vec<SilentRow>,
    pub certificates: Vec<CertificateRow>,
    pub checks: Vec<CheckRow>,
    pub findings: Vec<FindingRow>,
    pub refusals: Vec<RefusalRow>,
    pub losses: Vec<LossRow>,
    pub unsure: Vec<UnsureRow>,
    pub clusters: Vec<ClusterRow>,
    pub covered: Vec<CoveredRow>,
    pub tls: Vec<TlsServerRow>,
    /// One row where training is recorded; the rows below are empty without it.
    pub training: Vec<TrainingRow>,
    pub covers: Vec<CoverRow>,
    pub holders: Vec<HoldersRow>,
    pub post_due: Vec<PostDueRow>,
    pub lapses: Vec<LapseRow>,
    pub overdue_units: Vec<OverdueUnitRow>,
}

/// What a report says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the report, as printed.
    pub number: String,
    /// Who issues it, as printed; empty if that is not configured.
    pub issuer: String,
    pub made_at: DateTime<Utc>,
    /// The instant that the rows describe; days to expiry and ages are counted from here.
    pub data_as_of: DateTime<Utc>,
    pub policy_version: String,
    pub software_version: String,
}

impl SnapshotInput {
    /// A snapshot of nothing.
    pub fn empty(head: Head) -> SnapshotInput {
        SnapshotInput {
            head,
            runs: Vec::new(),
            units: Vec::new(),
            systems: Vec::new(),
            assets: Vec::new(),
            exclusions: Vec::new(),
            hosts: Vec::new(),
            services: Vec::new(),
            silent: Vec::new(),
            certificates: Vec::new(),
            checks: Vec::new(),
            findings: Vec::new(),
            refusals: Vec::new(),
            losses: Vec::new(),
            unsure: Vec::new(),
            clusters: Vec::new(),
            covered: Vec::new(),
            tls: Vec::new(),
            training: Vec::new(),
            covers: Vec::new(),
            holders: Vec::new(),
            post_due: Vec::new(),
            lapses: Vec::new(),
            overdue_units: Vec::new(),
        }
    }

    fn frames(&self) -> Result<Vec<(&'static str, DataFrame)>, ReportError> {
        fn one<R: Row>(rows: &[R]) -> Result<(&'static str, DataFrame), ReportError> {
            let frame = R::to_frame(rows).map_err(ReportError::compute("a frame of the snapshot"))?;
            Ok((R::FRAME, frame))
        }
        Ok(vec![
            one(&self.runs)?,
            one(&self.units)?,
            one(&self.systems)?,
            one(&self.assets)?,
            one(&self.exclusions)?,
            one(&self.hosts)?,
            one(&self.services)?,
            one(&self.silent)?,
            one(&self.certificates)?,
            one(&self.checks)?,
            one(&self.findings)?,
            one(&self.refusals)?,
            one(&self.losses)?,
            one(&self.unsure)?,
            one(&self.clusters)?,
            one(&self.covered)?,
            one(&self.tls)?,
            one(&self.training)?,
            one(&self.covers)?,
            one(&self.holders)?,
            one(&self.post_due)?,
            one(&self.lapses)?,
            one(&self.overdue_units)?,
        ])
    }
}

/// The table of contents of a frozen snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Contents {
    format: u32,
    head: Head,
    files: BTreeMap<String, FileEntry>,
    /// SHA-256 over everything above.
    hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FileEntry {
    sha256: String,
    n_rows: usize,
}

/// Read before anything else, since a newer format may have other fields.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Contents {
    fn hash_of(head: &Head, files: &BTreeMap<String, FileEntry>) -> Result<String, ReportError> {
        Ok(hex(&Sha256::digest(serde_json::to_vec(&(FORMAT, head, files))?)))
    }
}

/// A snapshot that has been opened and found whole.
#[derive(Debug, Clone)]
pub struct Snapshot {
    dir: PathBuf,
    head: Head,
    hash: String,
    frames: BTreeMap<&'static str, DataFrame>,
}

impl Snapshot {
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// SHA-256 that stands for the whole snapshot, hexadecimal; printed in the report.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The rows of one kind.
    pub fn rows<R: Row>(&self) -> Result<Vec<R>, ReportError> {
        R::from_frame(self.frame::<R>()?).map_err(|damage| self.damaged::<R>(damage))
    }

    pub(crate) fn frame<R: Row>(&self) -> Result<&DataFrame, ReportError> {
        self.frames.get(R::FRAME).ok_or_else(|| self.damaged::<R>(Damage::Missing))
    }

    /// That the rows of one kind are not what was frozen.
    pub(crate) fn damaged<R: Row>(&self, damage: Damage) -> ReportError {
        ReportError::damaged(&self.dir.join(file_name(R::FRAME)), damage)
    }
}

/// Writes a snapshot into the fresh folder `dir`, whole or not at all. Returns its hash.
pub fn freeze(dir: &Path, input: &SnapshotInput) -> Result<String, ReportError> {
    if dir.exists() {
        return Err(ReportError::Exists { path: dir.to_owned() });
    }
    let partial = partial_path(dir);
    // Left behind by a freeze that was killed; nothing else has this name.
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(unwritable(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(unwritable(&partial))?;
    let mut files = BTreeMap::new();
    for (name, mut frame) in input.frames()? {
        let bytes = to_parquet(&mut frame).map_err(ReportError::compute("a Parquet file of the snapshot"))?;
        let entry = FileEntry { sha256: hex(&Sha256::digest(&bytes)), n_rows: frame.height() };
        write_synced(&partial.join(file_name(name)), &bytes)?;
        files.insert(file_name(name), entry);
    }
    let hash = Contents::hash_of(&input.head, &files)?;
    let contents = Contents { format: FORMAT, head: input.head.clone(), files, hash: hash.clone() };
    write_synced(&partial.join(CONTENTS), &serde_json::to_vec_pretty(&contents)?)?;
    fs::rename(&partial, dir).map_err(unwritable(dir))?;
    Ok(hash)
}

/// Opens a frozen snapshot and checks its format and every byte.
pub fn open(dir: &Path) -> Result<Snapshot, ReportError> {
    let path = dir.join(CONTENTS);
    let text = fs::read(&path).map_err(|source| ReportError::Unreadable { path: path.clone(), source })?;
    let not_contents = |_| ReportError::damaged(&path, Damage::Contents);
    let FormatOnly { format } = serde_json::from_slice(&text).map_err(not_contents)?;
    if format > FORMAT {
        return Err(ReportError::NewerFormat { path, found: format, readable: FORMAT });
    }
    let contents: Contents = serde_json::from_slice(&text).map_err(not_contents)?;
    if Contents::hash_of(&contents.head, &contents.files)? != contents.hash {
        return Err(ReportError::damaged(&path, Damage::Hash));
    }
    let mut frames = BTreeMap::new();
    for (name, empty) in LATER_FRAMES {
        frames.insert(name, empty().map_err(ReportError::compute("an empty frame"))?);
    }
    for name in FRAMES.into_iter().chain(LATER_FRAMES.map(|(name, _)| name)) {
        let path = dir.join(file_name(name));
        let entry = match contents.files.get(&file_name(name)) {
            Some(entry) => entry,
            // The hash over the table of contents says that there was none.
            None if frames.contains_key(name) => continue,
            None => return Err(ReportError::damaged(&path, Damage::Missing)),
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ReportError::damaged(&path, Damage::Missing));
            }
            Err(source) => return Err(ReportError::Unreadable { path, source }),
        };
        if hex(&Sha256::digest(&bytes)) != entry.sha256 {
            return Err(ReportError::damaged(&path, Damage::Hash));
        }
        let frame = from_parquet(bytes).map_err(|_| ReportError::damaged(&path, Damage::Parquet))?;
        if frame.height() != entry.n_rows {
            return Err(ReportError::damaged(&path, Damage::Parquet));
        }
        frames.insert(name, frame);
    }
    Ok(Snapshot { dir: dir.to_owned(), head: contents.head, hash: contents.hash, frames })
}

const FRAMES: [&str; 12] = [
    RunRow::FRAME,
    UnitRow::FRAME,
    SystemRow::FRAME,
    AssetRow::FRAME,
    ExclusionRow::FRAME,
    HostRow::FRAME,
    ServiceRow::FRAME,
    SilentRow::FRAME,
    CertificateRow::FRAME,
    CheckRow::FRAME,
    FindingRow::FRAME,
    RefusalRow::FRAME,
];

/// Frames that the first snapshots had not, and how they look without a row.
const LATER_FRAMES: [(&str, EmptyFrame); 11] = [
    (LossRow::FRAME, || LossRow::to_frame(&[])),
    (UnsureRow::FRAME, || UnsureRow::to_frame(&[])),
    (ClusterRow::FRAME, || ClusterRow::to_frame(&[])),
    (CoveredRow::FRAME, || CoveredRow::to_frame(&[])),
    (TlsServerRow::FRAME, || TlsServerRow::to_frame(&[])),
    (TrainingRow::FRAME, || TrainingRow::to_frame(&[])),
    (CoverRow::FRAME, || CoverRow::to_frame(&[])),
    (HoldersRow::FRAME, || HoldersRow::to_frame(&[])),
    (PostDueRow::FRAME, || PostDueRow::to_frame(&[])),
    (LapseRow::FRAME, || LapseRow::to_frame(&[])),
    (OverdueUnitRow::FRAME, || OverdueUnitRow::to_frame(&[])),
];

type EmptyFrame = fn() -> polars::error::PolarsResult<DataFrame>;

fn file_name(frame: &str) -> String {
    format!("{frame}.parquet")
}

/// The folder's name with `.partial` behind it, beside it, so that the rename stays on one file system.
pub(crate) fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(unwritable(path))
}

pub(crate) fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> ReportError {
    move |source| ReportError::Unwritable { path: path.to_owned(), source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
