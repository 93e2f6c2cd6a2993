//! `sentrypost registry`: template, import, export, check, list.

use std::path::{Path, PathBuf};

use documents::read::{ReadLimits, read_file_bytes};
use documents::write::{WorkbookDoc, write_csv, write_workbook};
use model::interval::china;
use model::region::RegionTable;
use model::register::Register;
use registry::check::Remark;
use registry::columns::{SHEETS, SheetKey};
use registry::import::{Import, ImportOutcome, Mode};
use registry::ports::RegisterStore;
use registry::table::{CellIn, SheetOut, Table};
use serde::Serialize;

use crate::cli::{self, Global, RegisterKind};
use crate::clock::{self, SystemMint};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::session::{OrStoreFailure, Session};
use crate::shapes::sheets::{self, Purpose};

/// How many errors are printed; all are in the error workbook.
const N_ERRORS_SHOWN: usize = 50;

pub async fn run(global: &Global, command: cli::Registry) -> Outcome {
    match command {
        cli::Registry::Template { output } => template(&output),
        cli::Registry::Import { file, dry_run, good_rows, errors, sheet } => {
            let session = Session::open(global).await?;
            // Between reading the register and storing the change nobody else may change it.
            let _lock = session.data.lock_for_scan()?;
            let mode = if good_rows { Mode::GoodRows } else { Mode::AllOrNothing };
            let asked = Asked { file: &file, dry_run, mode, errors, sheet: sheet.as_deref() };
            import(&session, asked).await
        }
        cli::Registry::Export { output } => {
            let session = Session::open(global).await?;
            export(&session.register().await?, &output)
        }
        cli::Registry::Check { format } => {
            let session = Session::open(global).await?;
            check(&session, format.json).await
        }
        cli::Registry::List { kind, format } => {
            let session = Session::open(global).await?;
            list(&session.register().await?, kind, format.json)
        }
    }
}

fn template(path: &Path) -> Outcome {
    refuse_existing(path)?;
    save(path, "岗哨登记表", &registry::template::template(), Purpose::FillIn)?;
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

/// Writes sheets of the register as a workbook.
pub fn save(path: &Path, title: &str, sheets: &[SheetOut], purpose: Purpose) -> Result<(), Failure> {
    let made_at = clock::now().with_timezone(&china()).naive_local();
    let doc: WorkbookDoc = sheets::workbook(title, sheets, purpose, made_at);
    let bytes =
        write_workbook(&doc).or_exit_while(Exit::Internal, format!("can't make {}", path.display()))?;
    write_file(path, &bytes)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).or_exit_while(Exit::Environment, format!("can't write {}", path.display()))
}

struct Asked<'a> {
    file: &'a Path,
    dry_run: bool,
    mode: Mode,
    errors: Option<PathBuf>,
    sheet: Option<&'a str>,
}

async fn import(session: &Session, asked: Asked<'_>) -> Outcome {
    let tables = read_tables(asked.file, asked.sheet)?;
    let outcome = run_import(session, &tables, asked.mode).await?;
    report(&outcome);
    // A file of which no sheet was recognised has errors and no rows to give back.
    if asked.mode == Mode::GoodRows && !outcome.error_sheets.is_empty() && !asked.dry_run {
        let path = asked.errors.unwrap_or_else(|| beside(asked.file));
        refuse_existing(&path)?;
        save(&path, "需更正的登记行", &outcome.error_sheets, Purpose::Read)?;
        output::note(format!("the rows that are wrong are in {}; correct and import them", path.display()));
    }
    if asked.dry_run {
        output::note("dry run: nothing was changed");
    } else if !outcome.change.is_empty() {
        let from = asked.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        session.store.apply(&outcome.change, &from, clock::now()).await.or_store_failure()?;
    }
    if !outcome.has_errors() {
        return Ok(Exit::Done);
    }
    if asked.mode == Mode::AllOrNothing {
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

/// The rows of a workbook or CSV file. Reading is bounded, whatever the file claims to be.
pub fn read_tables(path: &Path, sheet: Option<&str>) -> Result<Vec<Table>, Failure> {
    let doing = || format!("can't read {}", path.display());
    let limits = ReadLimits::default();
    let size = std::fs::metadata(path).or_exit_while(Exit::NotFound, doing())?.len();
    if size > limits.file_bytes as u64 {
        let error = documents::read::ReadError::FileTooLarge {
            bytes: usize::try_from(size).unwrap_or(usize::MAX),
            limit: limits.file_bytes,
        };
        return Err(error).or_exit_while(Exit::BadInput, doing());
    }
    let bytes = std::fs::read(path).or_exit_while(Exit::Environment, doing())?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = sheet.map_or(stem, ToOwned::to_owned);
    let workbook = read_file_bytes(&name, &bytes, &limits).or_exit_while(Exit::BadInput, doing())?;
    Ok(sheets::tables(&workbook))
}

/// A name beside the file that no earlier error workbook has: somebody may be correcting that one.
fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let named = |ending: String| file.with_file_name(format!("{stem}-errors{ending}.xlsx"));
    let mut names = (2..1000).map(|n| named(format!("-{n}")));
    let first = named(String::new());
    if first.exists() { names.find(|name| !name.exists()).unwrap_or(first) } else { first }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} exists already and may hold somebody's work; choose another name")]
struct Exists(String);

/// What people fill in or correct is never written over.
fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::new(Exit::Environment, Exists(path.display().to_string())));
    }
    Ok(())
}

fn report(outcome: &ImportOutcome) {
    for warning in &outcome.warnings {
        output::note(format!("warning: {warning}\n  {}", warning.zh()));
    }
    for error in outcome.errors.iter().take(N_ERRORS_SHOWN) {
        output::note(format!("error: {error}\n  {}", error.zh()));
    }
    let n_hidden = outcome.errors.len().saturating_sub(N_ERRORS_SHOWN) + outcome.n_more_errors;
    if n_hidden > 0 {
        output::note(format!("and {n_hidden} more errors"));
    }
    let columns =
        Columns { headers: &["sheet", "new", "changed", "unchanged", "wrong"], numbers: &[1, 2, 3, 4] };
    let rows = outcome.counts.iter().map(|(sheet, count)| {
        let name = SHEETS.iter().find(|spec| spec.key == *sheet).map_or("", |spec| spec.name);
        let n_same = count.n_unchanged + count.n_repeats;
        let counts = [count.n_new, count.n_changed, n_same, count.n_bad];
        std::iter::once(name.to_owned()).chain(counts.iter().map(ToString::to_string)).collect()
    });
    output::table(&columns, rows);
}

fn export(register: &Register, path: &Path) -> Outcome {
    refuse_existing(path)?;
    let sheets = registry::export::export(register);
    let is_workbook = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
    if is_workbook {
        save(path, "岗哨登记表", &sheets, Purpose::Read)?;
    } else {
        std::fs::create_dir_all(path)
            .or_exit_while(Exit::Environment, format!("can't make {}", path.display()))?;
        for sheet in &sheets {
            let file = path.join(format!("{}.csv", sheet.name));
            write_file(&file, &write_csv(&sheets::sheet_doc(sheet, Purpose::Read)))?;
        }
    }
    output::data(path.display().to_string());
    Ok(Exit::Done)
}

async fn check(session: &Session, json: bool) -> Outcome {
    let register = session.register().await?;
    let remarks = registry::check::check(&register, &RegionTable::embedded(), session.today());
    if json {
        #[derive(Serialize)]
        struct Shown<'a> {
            weight: &'static str,
            unit: &'a str,
            object: &'a str,
            en: String,
            zh: String,
        }
        let shown = remarks.iter().map(|remark| Shown {
            weight: remark.weight.as_str(),
            unit: &remark.unit_name,
            object: &remark.object,
            en: remark.kind.to_string(),
            zh: remark.kind.zh(),
        });
        output::json("sentrypost-register-check/1", &shown.collect::<Vec<_>>()).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let columns = Columns { headers: &["weight", "unit", "what", "remark"], numbers: &[] };
    let row = |remark: &Remark| {
        let weight = format!("{} {}", remark.weight.as_str(), remark.weight.chinese());
        vec![
            weight,
            remark.unit_name.clone(),
            remark.object.clone(),
            format!("{}\n{}", remark.kind, remark.kind.zh()),
        ]
    };
    output::table(&columns, remarks.iter().map(row));
    output::note(format!("{} remarks", remarks.len()));
    Ok(Exit::Done)
}

fn list(register: &Register, kind: RegisterKind, json: bool) -> Outcome {
    if json {
        let written = match kind {
            RegisterKind::Units => output::json("sentrypost-units/1", &register.units),
            RegisterKind::People => output::json("sentrypost-people/1", &register.people),
            RegisterKind::Systems => output::json("sentrypost-systems/1", &register.systems),
            RegisterKind::Assets => output::json("sentrypost-assets/1", &register.assets),
            RegisterKind::Exclusions => output::json("sentrypost-exclusions/1", &register.exclusions),
            RegisterKind::Services => output::json("sentrypost-services/1", &register.services),
        };
        written.or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let key = match kind {
        RegisterKind::Units => SheetKey::Units,
        RegisterKind::People => SheetKey::People,
        RegisterKind::Systems => SheetKey::Systems,
        RegisterKind::Assets => SheetKey::Assets,
        RegisterKind::Exclusions => SheetKey::Exclusions,
        RegisterKind::Services => SheetKey::Services,
    };
    let name = registry::columns::sheet(key).name;
    let sheets = registry::export::export(register);
    let sheet =
        sheets.into_iter().find(|sheet| sheet.name == name).expect("every sheet of the table is exported");
    let headers: Vec<&str> = sheet.columns.iter().map(|column| column.header.as_str()).collect();
    let rows = sheet.rows.iter().map(|row| row.iter().map(shown).collect());
    output::table(&Columns { headers: &headers, numbers: &[] }, rows);
    Ok(Exit::Done)
}

fn shown(cell: &CellIn) -> String {
    match cell {
        CellIn::Empty => String::new(),
        CellIn::Text(text) | CellIn::Error(text) => text.clone(),
        CellIn::Number(number) => number.to_string(),
        CellIn::Bool(value) => value.to_string(),
        CellIn::Date(date) => date.to_string(),
    }
}
