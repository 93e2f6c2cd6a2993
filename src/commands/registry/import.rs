//! `sentrypost registry import`: what a file would change or has changed, told whole as JSON and in short to people.

use std::path::{Path, PathBuf};

use model::region::RegionTable;
use registry::import::{Import, ImportOutcome, Mode};
use registry::ports::{AuditAction, RegisterStore};
use registry::table::Table;

use crate::clock::{self, SystemMint};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{beside, read_tables, refuse_existing, save};
use crate::imports;
use crate::output;
use crate::session::{OrStoreFailure, Session};
use crate::shapes::sheets::Purpose;

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
        imports::report(&outcome, !outcome.change.is_empty(), asked.dry_run);
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
        let shape = imports::Shape::of(&outcome, asked.dry_run, is_stored, errors_file);
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
