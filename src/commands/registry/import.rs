//! `sentrypost registry import`: what a file would change or has changed, told whole as JSON and in short to people.

use std::path::{Path, PathBuf};

use model::region::RegionTable;
use registry::columns::{SheetKey, sheet};
use registry::import::{ChangedRow, Import, ImportOutcome, Mode};
use registry::ports::{AuditAction, RegisterStore};
use registry::table::Table;
use serde::Serialize;

use crate::clock::{self, SystemMint};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{beside, read_tables, refuse_existing, save};
use crate::output::{self, Columns};
use crate::session::{OrStoreFailure, Session};
use crate::shapes::sheets::Purpose;

/// How many errors and changes are printed. The error workbook has all rows that are wrong, `--json` all changes.
const N_SHOWN: usize = 50;

/// How much of a cell is printed, in characters.
const N_CHARS_SHOWN: usize = 40;

pub(super) struct Asked<'a> {
    pub(super) file: &'a Path,
    pub(super) dry_run: bool,
    pub(super) mode: Mode,
    pub(super) errors: Option<PathBuf>,
    pub(super) sheet: Option<&'a str>,
    pub(super) json: bool,
}

pub(super) async fn import(session: &Session, asked: Asked<'_>) -> Outcome {
    let tables = read_tables(asked.file, asked.sheet)?;
    let outcome = run_import(session, &tables, asked.mode).await?;
    if !asked.json {
        report(&outcome, asked.dry_run);
    }
    let mut errors_file = None;
    // A file of which no sheet was recognised has errors and no rows to give back.
    if asked.mode == Mode::GoodRows && !outcome.error_sheets.is_empty() && !asked.dry_run {
        let path = asked.errors.unwrap_or_else(|| beside(asked.file));
        refuse_existing(&path)?;
        save(&path, "需更正的登记行", &outcome.error_sheets, Purpose::Read)?;
        output::note(format!("the rows that are wrong are in {}; correct and import them", path.display()));
        errors_file = Some(path);
    }
    let is_stored = !asked.dry_run && !outcome.change.is_empty();
    if asked.dry_run {
        output::note("dry run: nothing was changed");
    } else if is_stored {
        let from = asked.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        session.store.apply(&outcome.change, &from, clock::now()).await.or_store_failure()?;
    }
    if asked.json {
        let shape = ImportShape::of(&outcome, asked.dry_run, is_stored, errors_file);
        output::json("sentrypost-register-import/1", &shape).or_exit(Exit::Internal)?;
    }
    if !outcome.has_errors() {
        return Ok(Exit::Done);
    }
    if asked.mode == Mode::AllOrNothing {
        if !asked.dry_run {
            let n_errors = outcome.errors.len() + outcome.n_more_errors;
            let detail = format!("{}: {n_errors} errors", asked.file.display());
            session.log(AuditAction::ImportRefused, detail).await?;
        }
        output::note("nothing was imported; correct the file, or take its good rows with --good-rows");
    }
    Ok(Exit::BadInput)
}

/// What an import would do to the register as it stands.
pub async fn run_import(session: &Session, tables: &[Table], mode: Mode) -> Result<ImportOutcome, Failure> {
    let register = session.register().await?;
    let regions = RegionTable::embedded();
    let import = Import { tables, register: &register, regions: &regions, today: session.today(), mode };
    Ok(import.run(&mut SystemMint))
}

fn report(outcome: &ImportOutcome, dry_run: bool) {
    for warning in &outcome.warnings {
        output::note(format!("warning: {warning}\n  {}", warning.zh()));
    }
    for error in outcome.errors.iter().take(N_SHOWN) {
        output::note(format!("error: {error}\n  {}", error.zh()));
    }
    let n_hidden = outcome.errors.len().saturating_sub(N_SHOWN) + outcome.n_more_errors;
    if n_hidden > 0 {
        let plural = if n_hidden == 1 { "" } else { "s" };
        output::note(format!("and {n_hidden} more error{plural}"));
    }
    if dry_run && !outcome.changes.is_empty() {
        if outcome.change.is_empty() {
            output::note("without its errors the file would change this:");
        }
        report_changes(&outcome.changes);
    }
    let columns =
        Columns { headers: &["sheet", "new", "changed", "unchanged", "wrong"], numbers: &[1, 2, 3, 4] };
    let rows = outcome.counts.iter().map(|(kind, count)| {
        let n_same = count.n_unchanged + count.n_repeats;
        let counts = [count.n_new, count.n_changed, n_same, count.n_bad];
        std::iter::once(sheet(*kind).name.to_owned()).chain(counts.iter().map(ToString::to_string)).collect()
    });
    output::table(&columns, rows);
}

fn report_changes(changes: &[ChangedRow]) {
    let columns = Columns { headers: &["sheet", "row", "unit", "entry", "change"], numbers: &[1] };
    let row = |row: &ChangedRow| {
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
    let (new, changed): (Vec<&ChangedRow>, Vec<&ChangedRow>) = changes.iter().partition(|row| row.is_new);
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
struct ImportShape<'a> {
    dry_run: bool,
    /// Whether the register was changed.
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

impl<'a> ImportShape<'a> {
    fn of(outcome: &'a ImportOutcome, dry_run: bool, stored: bool, errors_file: Option<PathBuf>) -> Self {
        let name = |kind: SheetKey| sheet(kind).name;
        let counts = outcome.counts.iter().map(|(kind, count)| CountShape {
            sheet: name(*kind),
            new: count.n_new,
            changed: count.n_changed,
            unchanged: count.n_unchanged + count.n_repeats,
            wrong: count.n_bad,
        });
        let changes = outcome.changes.iter().map(|row| {
            let cells = row.cells.iter();
            let cells =
                cells.map(|cell| CellShape { column: cell.header, old: &cell.old, new: &cell.new }).collect();
            let (kind, new) = (name(row.kind), row.is_new);
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
        ImportShape {
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
