//! Rows of a file become a change of the training records, or errors that say where and why.
//!
//! Pure: a dry run is the same call without storing the change. All errors of a file are collected; both modes find
//! the same ones. A row that refers to an entry whose own row is bad is bad too, unless the records hold that entry
//! already. An import never removes anything: what ends, ends by its dates.

mod attendance;
mod certificates;
mod changes;
mod codes;
mod context;
mod holdings;
mod mask;
mod people;
mod reason;
mod remark;
mod remarks;
mod scores;
mod sittings;
mod staff;
mod terms;
mod units;
mod value;
mod waivers;

use chrono::{DateTime, NaiveDate, Utc};
pub use intake::changes::ChangedCell;
pub use intake::outcome::{Count, MAX_ERRORS, Mode};
use intake::source;
use intake::table::Table;
pub use intake::warning::RowList;
use model::id::{CountingMint, Mint, StaffId};
use model::register::Register;

use crate::columns::{SheetKey, TrainingSheets};
use crate::id_number::IdNumber;
use crate::records::{Change, Records};
use crate::scheme::Scheme;
use context::Context;
pub(crate) use mask::masked;
pub(crate) use people::person_part;
pub use reason::{Elsewhere, Own, Reason, RowAt};
pub use remark::Remark;
pub use value::Value;
pub(crate) use value::read as read_value;

pub type ImportOutcome = intake::outcome::Outcome<TrainingSheets, Change>;
pub type RowError = intake::outcome::RowError<Own>;
pub type Warning = intake::warning::Warning<Remark>;
pub type ChangedRow = intake::changes::ChangedRow<TrainingSheets>;
type Settled = intake::stage::Settled<TrainingSheets>;
type Entries<T> = intake::stage::Entries<TrainingSheets, T>;

/// What finds people again by their ID numbers and keeps these. Neither answer tells the number.
pub trait Identity {
    /// Keyed blind indexes, under the key of now first and then under those of before.
    fn indexes(&self, number: &IdNumber) -> Vec<String>;

    /// The number, sealed for one person's entry.
    fn seal(&self, number: &IdNumber, staff: StaffId) -> String;
}

/// An import, as far as it is known before its rows are read.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    pub tables: &'a [Table],
    pub records: &'a Records,
    /// For its units and systems.
    pub register: &'a Register,
    pub scheme: &'a Scheme,
    /// `None` where the customer keeps no ID numbers: one in a file is an error then.
    pub identity: Option<&'a dyn Identity>,
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
    /// Who imports: enters the scores of rows that name nobody, and the old certificates.
    pub actor: &'a str,
    pub mode: Mode,
}

impl Import<'_> {
    /// Certificates of the change that are new have neither serial nor token yet: whoever stores them gives them both.
    pub fn run(&self, mint: &mut dyn Mint) -> ImportOutcome {
        let mut context = Context::new(self, mint);
        let names = context.names();
        let mut rows = source::read_all(&mut context, &names);
        let mut of = |key| rows.remove(&key).unwrap_or_default();

        // Each sheet refers only to those before it.
        let units = units::Units::of(self.register);
        let codes = codes::Codes::of(self.scheme);
        let staff = staff::stage(&mut context, &of(SheetKey::Staff), &units);
        let mut people = staff.people;
        let holdings = holdings::stage(&mut context, &of(SheetKey::Holdings), &units, &people);
        people.add_posts(holdings.over(&context, &self.records.holdings).map(|(one, _)| one));
        let refs = people::Refs { units: &units, people: &people };
        let terms = terms::stage(&mut context, &of(SheetKey::Terms), &codes);
        let sittings = sittings::stage(&mut context, &of(SheetKey::Sittings), &codes, &terms.index);
        let attendance =
            attendance::stage(&mut context, &of(SheetKey::Attendance), &refs, &terms.index, &sittings.index);
        let known =
            scores::Known { refs: &refs, codes: &codes, terms: &terms.index, sittings: &sittings.index };
        let attempts = scores::stage(&mut context, &of(SheetKey::Scores), &known);
        let certificates = certificates::stage(&mut context, &of(SheetKey::OldCertificates), &refs, &codes);
        let waivers = waivers::stage(&mut context, &of(SheetKey::Waivers), &refs, &codes);

        let records = self.records;
        let mut settled = Settled::default();
        let mut change = Change {
            staff: staff.entries.settle(&context, &records.staff, &mut settled),
            holdings: holdings.settle(&context, &records.holdings, &mut settled),
            terms: terms.entries.settle(&context, &records.terms, &mut settled),
            sittings: sittings.entries.settle(&context, &records.sittings, &mut settled),
            attendance: attendance.settle(&context, &records.attendance, &mut settled),
            attempts: attempts.settle(&context, &records.attempts, &mut settled),
            certificates: certificates.settle(&context, &records.certificates, &mut settled),
            waivers: waivers.settle(&context, &records.waivers, &mut settled),
            events: Vec::new(),
        };
        change.events = certificates::events(self, &change.certificates);
        certificates::name_holders(records, &mut change);
        let after = crate::records::apply(records, &change);
        let changes = changes::list(&context, &change, &after, &settled);
        let remarks = remarks::of(&context, &change, &after, &settled, &staff.remarks);
        context.warnings.extend(remarks.into_iter().map(Warning::Own));
        context.sheets.finish(self.mode, change, changes, settled)
    }
}

/// For fuzzing: any rows at all, against empty records.
pub fn import_anything(tables: &[Table], today: NaiveDate) -> ImportOutcome {
    let (records, register, scheme) = (Records::default(), Register::default(), Scheme::embedded());
    let import = Import {
        tables,
        records: &records,
        register: &register,
        scheme: &scheme,
        identity: None,
        today,
        now: DateTime::UNIX_EPOCH,
        actor: "",
        mode: Mode::GoodRows,
    };
    import.run(&mut CountingMint::default())
}
