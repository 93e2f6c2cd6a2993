//! The only module that prints. Data goes to standard output, everything else to standard error.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use model::interval::china;
use serde::Serialize;

/// Whether a line of data could not be written, and not because its reader had enough.
static LOST: AtomicBool = AtomicBool::new(false);

/// A line of data. A reader that has gone away (`| head`) is no error of ours; a full disk is, see [`was_lost`].
pub fn data(line: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush());
    if written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Standard output for data of any length, which no line holds. The caller flushes it and tells what fails.
pub fn stream() -> impl Write {
    std::io::BufWriter::with_capacity(1 << 16, std::io::stdout())
}

/// Whether some of the data that was to be printed is missing from the output.
pub fn was_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// A line for the person at the terminal, if there still is one.
pub fn note(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
}

/// An error with its whole chain, each cause on a line of its own.
pub fn error(error: &anyhow::Error) {
    note(format!("error: {error}"));
    for cause in error.chain().skip(1) {
        note(format!("  because: {cause}"));
    }
}

/// An instant as people read it, in China's time.
pub fn instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&china()).format("%Y-%m-%d %H:%M").to_string()
}

/// Which columns hold numbers, and are set flush right.
pub struct Columns<'a> {
    pub headers: &'a [&'a str],
    pub numbers: &'a [usize],
}

/// A table on standard output. It reads without colour, and is as wide as the terminal at most; where there is none,
/// as wide as `COLUMNS` says.
pub fn table(columns: &Columns<'_>, rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.headers.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    if let Some(width) = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()) {
        table.set_width(width);
    }
    for &column in columns.numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    data(table.to_string());
}

/// A machine-readable answer: `format` names its kind and version, `data` holds it.
pub fn json<T: Serialize>(format: &str, value: &T) -> Result<(), serde_json::Error> {
    #[derive(Serialize)]
    struct Versioned<'a, T> {
        format: &'a str,
        data: &'a T,
    }
    data(serde_json::to_string_pretty(&Versioned { format, data: value })?);
    Ok(())
}
