//! Rows of a file become a change of the register, or errors that say where and why.
//!
//! Pure: a dry run is the same call without storing the change. All errors of a file are collected; both modes
//! find the same ones. A row that refers to an entry whose own row is bad is bad too, unless the register holds
//! that entry already.

mod assets;
mod changes;
mod context;
mod declared;
mod overlaps;
mod people;
mod protection;
mod remark;
mod suspect;
mod systems;
mod units;
mod value;

use chrono::NaiveDate;
pub use intake::changes::ChangedCell;
pub use intake::furniture::Furniture;
pub use intake::outcome::{Count, MAX_ERRORS, Mode};
use intake::source;
pub use intake::warning::RowList;
use model::id::Mint;
use model::region::RegionTable;
use model::register::Register;

use crate::change::RegisterChange;
use crate::columns::{RegisterSheets, SheetKey};
use crate::reason::Own;
use crate::table::Table;
pub(crate) use assets::holds;
use context::Context;
pub use remark::{Ended, Remark};
pub(crate) use suspect::{names_address, says_not_to_scan, suspect};
pub use value::Value;
pub(crate) use value::read as read_value;

pub type ImportOutcome = intake::outcome::Outcome<RegisterSheets, RegisterChange>;
pub type RowError = intake::outcome::RowError<Own>;
pub type Warning = intake::warning::Warning<Remark>;
pub type ChangedRow = intake::changes::ChangedRow<RegisterSheets>;
type Settled = intake::stage::Settled<RegisterSheets>;
type Entries<T> = intake::stage::Entries<RegisterSheets, T>;

/// An import, as far as it is known before its rows are read.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    pub tables: &'a [Table],
    pub register: &'a Register,
    pub regions: &'a RegionTable,
    pub today: NaiveDate,
    pub mode: Mode,
}

impl Import<'_> {
    pub fn run(&self, mint: &mut dyn Mint) -> ImportOutcome {
        let mut context = Context::new(self, mint);
        let units = context.unit_names();
        let mut records = source::read_all(&mut context, &units);
        let mut of = |key| records.remove(&key).unwrap_or_default();

        // Each sheet refers only to those before it. Exclusions come before the assets: one that is wrong holds
        // back the assets of its unit.
        let units = units::stage(&mut context, &of(SheetKey::Units));
        let people = people::stage(&mut context, &of(SheetKey::People), &units.index);
        let systems = systems::stage(&mut context, &of(SheetKey::Systems), &units.index, &people.index);
        let exclusions = declared::exclusions(&mut context, &of(SheetKey::Exclusions), &units.index);
        let known = systems::Known { units: &units.index, people: &people.index, systems: &systems.index };
        let assets = assets::stage(&mut context, &of(SheetKey::Assets), &known, &exclusions.missing);
        let services = declared::services(&mut context, &of(SheetKey::Services), &units.index, &assets.index);

        let register = self.register;
        let mut settled = Settled::default();
        let change = RegisterChange {
            units: units.entries.settle(&context, &register.units, &mut settled),
            people: people.entries.settle(&context, &register.people, &mut settled),
            systems: systems.entries.settle(&context, &register.systems, &mut settled),
            assets: assets.entries.settle(&context, &register.assets, &mut settled),
            exclusions: exclusions.entries.settle(&context, &register.exclusions, &mut settled),
            services: services.settle(&context, &register.services, &mut settled),
        };
        let changes = changes::list(&context, &change, &settled);
        let remarks = changes::warnings(&context, &change, &settled, self.today);
        context.warnings.extend(remarks);
        context.sheets.finish(self.mode, change, changes, settled)
    }
}

/// For fuzzing: any rows at all, against an empty register.
pub fn import_anything(tables: &[Table], today: NaiveDate) -> ImportOutcome {
    let register = Register::default();
    let regions = RegionTable { version: String::new(), source: String::new(), regions: Vec::new() };
    let mode = Mode::GoodRows;
    let import = Import { tables, register: &register, regions: &regions, today, mode };
    import.run(&mut model::id::CountingMint::default())
}
