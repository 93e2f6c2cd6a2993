//! How long an import of many rows takes: `cargo run --release -p training --example large_import [rows]`.
//!
//! A roster of half of them and a post for each person, then the same file once more, then one with every row wrong.

use std::io::Write;
use std::time::Instant;

use chrono::{DateTime, NaiveDate};
use intake::table::{CellIn, RowIn, Table};
use model::credit_code::CreditCode;
use model::id::{CountingMint, StaffId, UnitId};
use model::interval::Interval;
use model::register::{Register, Unit};
use training::id_number::IdNumber;
use training::identity::IdentityKey;
use training::import::{Identity, Import, ImportOutcome, Mode};
use training::records::{Records, apply};
use training::scheme::Scheme;

/// The index is a keyed hash as in earnest; nothing is sealed.
struct IndexOnly(IdentityKey);

impl Identity for IndexOnly {
    fn indexes(&self, number: &IdNumber) -> Vec<String> {
        vec![self.0.blind_index(number).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()]
    }

    fn seal(&self, _number: &IdNumber, staff: StaffId) -> String {
        staff.to_string()
    }
}

/// A number of nobody: its region is no place's.
fn id_number(n: usize) -> String {
    let first = format!("000001{}0101{:03}", 1900 + n / 1000, n % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = first.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('0');
    format!("{first}{check}")
}

fn unit_code(n: usize) -> Result<CreditCode, model::credit_code::CreditCodeError> {
    CreditCode::with_check_symbol(&format!("11440100MADE{n:05}"))
}

fn table(sheet: &str, header: &str, rows: impl Iterator<Item = String>) -> Table {
    let lines = std::iter::once(header.to_owned()).chain(rows);
    let rows = (1..).zip(lines).map(|(number, line)| RowIn {
        number,
        cells: line.split('|').map(|cell| CellIn::Text(cell.to_owned())).collect(),
    });
    Table { sheet: sheet.to_owned(), rows: rows.collect(), ..Table::default() }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n_rows: usize = std::env::args().nth(1).map_or(Ok(50_000), |text| text.parse())?;
    let n_people = n_rows / 2;
    let mint = &mut CountingMint::default();
    let mut register = Register::default();
    let mut codes = Vec::new();
    for n in 0..60 {
        let code = unit_code(n)?;
        codes.push(code.to_string());
        let (id, valid) = (UnitId::mint(mint), Interval::ALWAYS);
        let name = format!("示例{n}局");
        register.units.push(Unit { id, code, name, parent: None, region: None, region_valid: valid, valid });
    }
    // One in ten shares a name with nine others.
    let name =
        |n: usize| if n.is_multiple_of(10) { format!("虚构{}", n / 100) } else { format!("虚构甲{n}") };
    let unit = |n: usize| codes.get(n % codes.len()).map_or("", String::as_str);
    let phone = |n: usize| format!("020-{:04}-{:04}", n / 10_000, n % 10_000);
    let staff = (0..n_people).map(|n| format!("{}|{}|{}|在编|{}", name(n), unit(n), phone(n), id_number(n)));
    let posts =
        (0..n_rows - n_people).map(|n| format!("{}/{}|{}|维护人员|2026-01-01", name(n), phone(n), unit(n)));
    let good = [
        table("人员", "姓名|单位|电话|用工性质|身份证号", staff),
        table("岗位", "姓名|单位|岗位|起始日期", posts),
    ];
    let wrong = (0..n_rows).map(|n| format!("{}|{}|维护人员|2026-13-01", name(n), unit(n)));
    let wrong = [table("岗位", "姓名|单位|岗位|起始日期", wrong)];

    let scheme = Scheme::embedded();
    let identity = IndexOnly(IdentityKey::new(&[7; 32]));
    let mut records = Records::default();
    let mut run = |what: &str, tables: &[Table], records: &mut Records| -> std::io::Result<ImportOutcome> {
        let import = Import {
            tables,
            records,
            register: &register,
            scheme: &scheme,
            identity: Some(&identity),
            today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap_or_default(),
            now: DateTime::UNIX_EPOCH,
            actor: "虚构经办",
            mode: Mode::GoodRows,
        };
        let begun = Instant::now();
        let outcome = import.run(mint);
        let took = begun.elapsed();
        let n_errors = outcome.errors.len() + outcome.n_more_errors;
        let (n_changed, n_given_back) =
            (outcome.change.len(), outcome.error_sheets.iter().map(|sheet| sheet.rows.len()).sum::<usize>());
        writeln!(
            std::io::stdout(),
            "{what}: {took:.2?}, {n_changed} changes, {n_errors} errors, {n_given_back} rows given back"
        )?;
        Ok(outcome)
    };
    let first = run("first import", &good, &mut records)?;
    records = apply(&records, &first.change);
    run("the same file once more", &good, &mut records)?;
    run("every row wrong", &wrong, &mut records)?;
    Ok(())
}
