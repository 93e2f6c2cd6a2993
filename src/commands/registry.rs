//! `sentrypost registry`: template, import, export, check, list.

mod import;

use std::path::Path;

use documents::write::write_csv;
use model::region::RegionTable;
use model::register::Register;
use registry::check::Remark;
use registry::columns::SheetKey;
use registry::import::Mode;
use registry::table::CellIn;
use serde::Serialize;

use crate::cli::{self, Global, RegisterKind};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{refuse_existing, save, write_file};
use crate::output::{self, Columns};
use crate::session::Session;
use crate::shapes::sheets::{self, Purpose};
pub use import::run_import;
use import::{Asked, import};

pub async fn run(global: &Global, command: cli::Registry) -> Outcome {
    match command {
        cli::Registry::Template { output } => template(&output),
        cli::Registry::Import { file, dry_run, good_rows, errors, sheet, format } => {
            let session = Session::open(global).await?;
            // Between reading the register and storing the change nobody else may change it.
            let _hold = session.data.hold_alone()?;
            let mode = if good_rows { Mode::GoodRows } else { Mode::AllOrNothing };
            let json = format.json;
            let asked = Asked { file: &file, dry_run, mode, errors, sheet: sheet.as_deref(), json };
            import(&session, asked).await
        }
        cli::Registry::Export { output } => {
            let session = Session::open_to_read(global).await?;
            export(&session.register().await?, &output)
        }
        cli::Registry::Check { format } => {
            let session = Session::open_to_read(global).await?;
            check(&session, format.json).await
        }
        cli::Registry::List { kind, format } => {
            let session = Session::open_to_read(global).await?;
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

#[derive(Debug, thiserror::Error)]
enum NotAnExport {
    #[error(
        "one CSV file can't hold all sheets; name a folder, such as {folder}, for a CSV file each, or {workbook}"
    )]
    OneCsv { folder: String, workbook: String },
    #[error("the register is written as .xlsx, or as CSV files in a folder, and not as .{0}")]
    Ending(String),
}

/// Endings that promise a file of a kind that isn't written.
const OTHER_ENDINGS: [&str; 8] = ["xls", "xlsm", "xlsb", "ods", "et", "json", "txt", "tsv"];

fn export(register: &Register, path: &Path) -> Outcome {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let ending = ending.unwrap_or_default();
    if ending == "csv" {
        let named = |path: &Path| path.display().to_string();
        let (folder, workbook) = (named(&path.with_extension("")), named(&path.with_extension("xlsx")));
        return Err(Failure::new(Exit::Usage, NotAnExport::OneCsv { folder, workbook }));
    }
    if OTHER_ENDINGS.contains(&ending.as_str()) {
        return Err(Failure::new(Exit::Usage, NotAnExport::Ending(ending)));
    }
    refuse_existing(path)?;
    let sheets = registry::export::export(register);
    if ending == "xlsx" {
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
    let plural = if remarks.len() == 1 { "" } else { "s" };
    output::note(format!("{} remark{plural}", remarks.len()));
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
