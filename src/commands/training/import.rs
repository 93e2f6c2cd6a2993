//! `sentrypost training import`: workbooks into the training records.

use intake::table::{CellIn, Table};
use model::id::StaffId;
use training::id_number::IdNumber;
use training::identity::IdentityKeys;
use training::import::{Identity, Import, ImportOutcome, Mode};
use training::making::number_old;
use training::records::Change;

use crate::cli::TrainingImport;
use crate::clock::{self, SystemMint};
use crate::desk::Desk;
use crate::desk::keys::{self, KeyFolder};
use crate::desk::ledger::Ledger;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{beside, read_tables, refuse_existing, save};
use crate::imports;
use crate::output;
use crate::shapes::sheets::Purpose;

/// Finds and keeps ID numbers by the keys of the data folder.
struct Keyed(IdentityKeys);

impl Identity for Keyed {
    fn indexes(&self, number: &IdNumber) -> Vec<String> {
        let shown = |byte: &u8| format!("{byte:02x}");
        self.0
            .blind_indexes(number)
            .iter()
            .map(|index| index.as_bytes().iter().map(shown).collect())
            .collect()
    }

    fn seal(&self, number: &IdNumber, staff: StaffId) -> String {
        self.0.current().seal(number, &staff.to_string(), keys::random()).to_text()
    }
}

pub async fn run(mut desk: Desk, asked: TrainingImport) -> Outcome {
    let tables = read_tables(&asked.file, asked.sheet.as_deref())?;
    let mode = if asked.good_rows { Mode::GoodRows } else { Mode::AllOrNothing };
    let name = asked.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (outcome, is_stored) = import(&mut desk, &tables, &name, mode, asked.dry_run).await?;
    tell(outcome, is_stored, asked, mode)
}

/// Decides what the tables of a file change, and stores that unless it is a dry run; whether anything was stored.
pub async fn import(
    desk: &mut Desk,
    tables: &[Table],
    name: &str,
    mode: Mode,
    dry_run: bool,
) -> Result<(ImportOutcome, bool), Failure> {
    // The key is made only for those who have numbers to keep.
    let data = &desk.session.data;
    let identity = match names_id_numbers(tables) {
        true if dry_run => Some(Keyed(KeyFolder::identity_for_once(data, &desk.records)?)),
        true => Some(Keyed(KeyFolder::of(data)?.identity(&desk.records)?)),
        false => None,
    };
    desk.change(|desk| {
        let import = Import {
            tables,
            records: &desk.records,
            register: &desk.register,
            scheme: &desk.scheme,
            identity: identity.as_ref().map(|keyed| keyed as &dyn Identity),
            today: desk.session.today(),
            now: clock::now(),
            actor: &desk.session.actor,
            mode,
        };
        let mut outcome: ImportOutcome = import.run(&mut SystemMint);
        let mut change = if dry_run { Change::default() } else { std::mem::take(&mut outcome.change) };
        number(desk, &mut change)?;
        let line = desk.line("imported", format!("{name}: {} entries", change.len()), "");
        let is_stored = !change.is_empty();
        Ok((change, line, (outcome, is_stored)))
    })
    .await
}

/// Old certificates are numbered as they are entered.
fn number(desk: &Desk, change: &mut Change) -> Result<(), Failure> {
    if change.certificates.is_empty() {
        return Ok(());
    }
    let ledger = Ledger::of(&desk.session.data)?;
    let highest = ledger.highest(&desk.scheme.series)?;
    number_old(change, &desk.records, &desk.scheme, highest, &mut keys::random).or_exit(Exit::BadInput)?;
    ledger.reach(change.certificates.iter().map(|one| one.serial.as_str()))
}

fn tell(outcome: ImportOutcome, is_stored: bool, asked: TrainingImport, mode: Mode) -> Outcome {
    if !asked.format.json {
        imports::report(&outcome, is_stored || !outcome.change.is_empty(), asked.dry_run);
    }
    let mut errors_file = None;
    if mode == Mode::GoodRows && !outcome.error_sheets.is_empty() && !asked.dry_run {
        let path = asked.errors.unwrap_or_else(|| beside(&asked.file));
        refuse_existing(&path)?;
        save(&path, "需更正的培训记录", &outcome.error_sheets, Purpose::Read)?;
        output::note(format!("the rows that are wrong are in {}; correct and import them", path.display()));
        errors_file = Some(path);
    }
    if asked.dry_run {
        output::note("dry run: nothing was changed");
    }
    if asked.format.json {
        let shape = imports::Shape::of(&outcome, asked.dry_run, is_stored, errors_file);
        output::json("sentrypost-training-import/1", &shape).or_exit(Exit::Internal)?;
    }
    if !outcome.has_errors() {
        return Ok(Exit::Done);
    }
    if mode == Mode::AllOrNothing {
        output::note("nothing was imported; correct the file, or take its good rows with --good-rows");
    }
    Ok(Exit::BadInput)
}

/// Whether any cell speaks of ID numbers, as a header does.
fn names_id_numbers(tables: &[Table]) -> bool {
    let says = |cell: &CellIn| match cell {
        CellIn::Text(text) => text.contains("身份证") || text.to_ascii_lowercase().contains("id number"),
        _ => false,
    };
    tables.iter().any(|table| table.rows.iter().any(|row| row.cells.iter().any(says)))
}
