//! What an import would change or has changed, of whatever kind its sheets are: in short to people, whole as JSON.

use std::path::PathBuf;

use intake::changes::ChangedRow;
use intake::outcome::{Outcome, RowError};
use intake::reason::Reason;
use intake::schema::{Schema, sheet};
use serde::Serialize;

use crate::output::{self, Columns};

/// How many errors and changes are printed. The error workbook has all rows that are wrong, `--json` all changes.
const N_SHOWN: usize = 50;

/// How much of a cell is printed, in characters.
const N_CHARS_SHOWN: usize = 40;

/// What a sheet is called.
fn name<S: Schema>(kind: S::Sheet) -> &'static str {
    sheet::<S>(kind).map_or("", |spec| spec.name)
}

pub fn report<S: Schema, C>(outcome: &Outcome<S, C>, would_change: bool, dry_run: bool) {
    for warning in &outcome.warnings {
        output::note(format!("warning: {warning}\n  {}", warning.zh()));
    }
    for error in causes_first(&outcome.errors).take(N_SHOWN) {
        output::note(format!("error: {error}\n  {}", error.zh()));
    }
    let n_hidden = outcome.errors.len().saturating_sub(N_SHOWN) + outcome.n_more_errors;
    if n_hidden > 0 {
        let plural = if n_hidden == 1 { "" } else { "s" };
        output::note(format!("and {n_hidden} more error{plural}"));
    }
    if dry_run && !outcome.changes.is_empty() {
        if !would_change {
            output::note("without its errors the file would change this:");
        }
        report_changes(&outcome.changes);
    }
    let columns =
        Columns { headers: &["sheet", "new", "changed", "unchanged", "wrong"], numbers: &[1, 2, 3, 4] };
    let rows = outcome.counts.iter().map(|(kind, count)| {
        let n_same = count.n_unchanged + count.n_repeats;
        let counts = [count.n_new, count.n_changed, n_same, count.n_bad];
        std::iter::once(name::<S>(*kind).to_owned()).chain(counts.iter().map(ToString::to_string)).collect()
    });
    output::table(&columns, rows);
}

/// Rows that are only wrong because they refer to a wrong one come last: mending that one mends them all.
fn causes_first<R>(errors: &[RowError<R>]) -> impl Iterator<Item = &RowError<R>> {
    let follows = |error: &&RowError<R>| {
        matches!(error.reason, Reason::RefersToBadRow(_) | Reason::RefersToUnreadSheet { .. })
    };
    errors.iter().filter(move |error| !follows(error)).chain(errors.iter().filter(follows))
}

fn report_changes<S: Schema>(changes: &[ChangedRow<S>]) {
    let columns = Columns { headers: &["sheet", "row", "unit", "entry", "change"], numbers: &[1] };
    let row = |row: &ChangedRow<S>| {
        let change = if row.is_new {
            "new".to_owned()
        } else {
            let lines = row
                .cells
                .iter()
                .map(|cell| format!("{}: {} → {}", cell.header, shortened(&cell.old), shortened(&cell.new)));
            lines.collect::<Vec<_>>().join("\n")
        };
        vec![row.sheet.clone(), row.row.to_string(), shortened(&row.unit), shortened(&row.entry), change]
    };
    // What changes matters more than what is added, and is what a slip of the pen would hide in.
    let (new, changed): (Vec<&ChangedRow<S>>, Vec<&ChangedRow<S>>) =
        changes.iter().partition(|row| row.is_new);
    output::table(&columns, changed.into_iter().chain(new).take(N_SHOWN).map(row));
    let n_hidden = changes.len().saturating_sub(N_SHOWN);
    if n_hidden > 0 {
        let plural = if n_hidden == 1 { "" } else { "s" };
        output::note(format!("and {n_hidden} more change{plural}; --json lists all"));
    }
}

fn shortened(text: &str) -> String {
    let line = text.replace('\n', " ");
    match line.char_indices().nth(N_CHARS_SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None if line.is_empty() => "(empty)".to_owned(),
        None => line,
    }
}

/// An import as JSON.
#[derive(Serialize)]
pub struct Shape<'a> {
    dry_run: bool,
    /// Whether anything was changed.
    stored: bool,
    errors_file: Option<String>,
    counts: Vec<CountShape>,
    /// Of a file that isn't stored because of its errors, what it would change without them.
    changes: Vec<ChangeShape<'a>>,
    warnings: Vec<Said>,
    errors: Vec<ErrorShape<'a>>,
    /// How many errors are not listed.
    more_errors: usize,
}

#[derive(Serialize)]
struct CountShape {
    sheet: &'static str,
    new: usize,
    changed: usize,
    unchanged: usize,
    wrong: usize,
}

#[derive(Serialize)]
struct ChangeShape<'a> {
    kind: &'static str,
    sheet: &'a str,
    row: u32,
    unit: &'a str,
    entry: &'a str,
    new: bool,
    cells: Vec<CellShape<'a>>,
}

#[derive(Serialize)]
struct CellShape<'a> {
    column: &'a str,
    old: &'a str,
    new: &'a str,
}

#[derive(Serialize)]
struct Said {
    en: String,
    zh: String,
}

#[derive(Serialize)]
struct ErrorShape<'a> {
    sheet: &'a str,
    row: Option<u32>,
    column: Option<&'a str>,
    letter: Option<&'a str>,
    value: &'a str,
    en: String,
    zh: String,
}

impl<'a> Shape<'a> {
    pub fn of<S: Schema, C>(
        outcome: &'a Outcome<S, C>,
        dry_run: bool,
        stored: bool,
        errors_file: Option<PathBuf>,
    ) -> Self {
        let counts = outcome.counts.iter().map(|(kind, count)| CountShape {
            sheet: name::<S>(*kind),
            new: count.n_new,
            changed: count.n_changed,
            unchanged: count.n_unchanged + count.n_repeats,
            wrong: count.n_bad,
        });
        let changes = outcome.changes.iter().map(|row| {
            let cells = row.cells.iter();
            let cells =
                cells.map(|cell| CellShape { column: cell.header, old: &cell.old, new: &cell.new }).collect();
            let (kind, new) = (name::<S>(row.kind), row.is_new);
            ChangeShape {
                kind,
                sheet: &row.sheet,
                row: row.row,
                unit: &row.unit,
                entry: &row.entry,
                new,
                cells,
            }
        });
        let warnings = outcome.warnings.iter();
        let errors = outcome.errors.iter().map(|error| ErrorShape {
            sheet: &error.sheet,
            row: error.row,
            column: error.column.as_ref().map(|column| column.header.as_str()),
            letter: error.column.as_ref().map(|column| column.letter.as_str()),
            value: &error.value,
            en: error.reason.to_string(),
            zh: error.reason.zh(),
        });
        Shape {
            dry_run,
            stored,
            errors_file: errors_file.map(|path| path.display().to_string()),
            counts: counts.collect(),
            changes: changes.collect(),
            warnings: warnings.map(|warning| Said { en: warning.to_string(), zh: warning.zh() }).collect(),
            errors: errors.collect(),
            more_errors: outcome.n_more_errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use intake::reason::RowAt;

    use super::*;

    #[test]
    fn what_only_refers_to_a_wrong_row_is_told_last() {
        let error = |row: u32, reason: Reason<()>| RowError {
            sheet: "签到".into(),
            row: Some(row),
            column: None,
            value: String::new(),
            reason,
        };
        let cause = || Reason::RefersToBadRow(RowAt { sheet: "期次".into(), row: 2 });
        let errors = [error(2, cause()), error(3, Reason::Empty), error(4, cause()), error(5, Reason::Phone)];
        let rows: Vec<Option<u32>> = causes_first(&errors).map(|error| error.row).collect();
        assert_eq!(rows, [Some(3), Some(5), Some(2), Some(4)]);
    }
}
