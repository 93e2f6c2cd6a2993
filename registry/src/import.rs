//! Rows of a file become a change of the register, or errors that say where and why.
//!
//! Pure: a dry run is the same call without storing the change. All errors of a file are collected; both modes
//! find the same ones. A row that refers to an entry whose own row is bad is bad too, unless the register holds
//! that entry already.

mod assets;
mod changes;
mod context;
mod declared;
mod error_sheets;
mod furniture;
mod header;
mod outcome;
mod overlaps;
mod people;
mod protection;
mod source;
mod stage;
mod systems;
mod units;
mod value;

use chrono::NaiveDate;
use model::id::Mint;
use model::region::RegionTable;
use model::register::Register;

use crate::change::RegisterChange;
use crate::columns::SheetKey;
use crate::table::Table;
pub(crate) use assets::holds;
pub use changes::{ChangedCell, ChangedRow};
use context::Context;
pub(crate) use error_sheets::column_out;
pub use furniture::Furniture;
#[cfg(test)]
pub(crate) use header::header_key;
pub use outcome::{Count, Ended, ImportOutcome, MAX_ERRORS, RowError, RowList, Warning};
use stage::Settled;

/// What to do with the good rows of a file that has bad ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One error, and nothing changes.
    AllOrNothing,
    /// Good rows change the register, bad ones come back in [`ImportOutcome::error_sheets`].
    GoodRows,
}

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
        let mut records = source::read_all(&mut context);
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
        let mut change = RegisterChange {
            units: units.entries.settle(&context, &register.units, &mut settled),
            people: people.entries.settle(&context, &register.people, &mut settled),
            systems: systems.entries.settle(&context, &register.systems, &mut settled),
            assets: assets.entries.settle(&context, &register.assets, &mut settled),
            exclusions: exclusions.entries.settle(&context, &register.exclusions, &mut settled),
            services: services.settle(&context, &register.services, &mut settled),
        };
        let changes = changes::list(&context, &change, &settled.places);
        let remarks = changes::warnings(&context, &change, &settled.places, self.today);
        context.warnings.extend(remarks);
        if settled.counts.is_empty() && !context.has_faults() {
            context.warnings.push(Warning::NothingThere);
        }
        if self.mode == Mode::AllOrNothing && context.has_faults() {
            change = RegisterChange::default();
        }
        context.into_outcome(change, changes, settled.counts)
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
