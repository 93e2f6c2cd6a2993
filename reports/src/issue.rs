//! Issuing a report: opens the frozen snapshots, computes the figures and writes all editions, or none.

use std::fs;
use std::path::{Path, PathBuf};

use crate::editions::{html, json, xlsx};
use crate::error::ReportError;
use crate::figures::Figures;
use crate::snapshot::{open, partial_path, unwritable, write_synced};
use crate::text::Language;

/// Where the editions were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    pub html_zh: PathBuf,
    pub html_en: PathBuf,
    pub xlsx: PathBuf,
    pub json: PathBuf,
}

/// Builds the report of the snapshot in `snapshot_dir`, compared with that in `previous_dir`, and writes it into
/// `out_dir`, which may hold earlier prints of the same report. Each file appears whole: all four are written beside
/// their places first. Long and blocking: not for an async thread.
pub fn build(
    snapshot_dir: &Path,
    previous_dir: Option<&Path>,
    out_dir: &Path,
) -> Result<(ReportFiles, Figures), ReportError> {
    let now = open(snapshot_dir)?;
    let before = previous_dir.map(open).transpose()?;
    let figures = Figures::of(&now, before.as_ref())?;
    let files = ReportFiles {
        html_zh: out_dir.join("report-zh.html"),
        html_en: out_dir.join("report-en.html"),
        xlsx: out_dir.join("report.xlsx"),
        json: out_dir.join("report.json"),
    };
    let editions = [
        (&files.html_zh, html(&figures, Language::Zh)?.into_bytes()),
        (&files.html_en, html(&figures, Language::En)?.into_bytes()),
        (&files.xlsx, xlsx(&figures)?),
        (&files.json, json(&figures)?.into_bytes()),
    ];
    fs::create_dir_all(out_dir).map_err(unwritable(out_dir))?;
    for (path, bytes) in &editions {
        if let Err(error) = write_synced(&partial_path(path), bytes) {
            for (path, _) in &editions {
                // Best effort: the first error is the one worth telling.
                let _ = fs::remove_file(partial_path(path));
            }
            return Err(error);
        }
    }
    for (path, _) in &editions {
        fs::rename(partial_path(path), path).map_err(unwritable(path))?;
    }
    Ok((files, figures))
}
