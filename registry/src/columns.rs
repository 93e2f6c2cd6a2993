//! The one table of sheets and columns. Template, header recognition, reading, export and the error workbook
//! are all driven by it; a new column is a new entry here and its use in the sheet's builder.

mod assets;
mod sheets;
mod units;

pub(crate) use self::sheets::{COMMON, UNIT_NAME};
pub use self::sheets::{SHEETS, SheetKey, sheet};
pub use crate::schema::RegisterSheets;

pub type SheetSpec = intake::columns::SheetSpec<RegisterSheets>;
pub type ColumnSpec = intake::columns::ColumnSpec<RegisterSheets>;

/// What a column holds; decides how its cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of prose.
    Name,
    /// A person's name: like [`Kind::Name`], but without `/` and `@`, which refer to people.
    PersonName,
    /// Prose of several lines.
    Note,
    CreditCode,
    /// Credit code or exact name of a unit.
    UnitRef,
    /// Name of a system, `name@unit` if it is another unit's.
    SystemRef,
    /// Name of a person, `name/phone` if the name is not enough, `…@unit` if of another unit.
    PersonRef,
    Region,
    Date,
    Level,
    /// Address, prefix, range or host name.
    Target,
    /// Address, prefix or range, and no host name: what is excluded must be known without asking anybody.
    Addresses,
    /// When an asset may be probed.
    ScanWindow,
    Port,
    Transport,
    /// Protocol name in lower case.
    Service,
    Phone,
    Email,
    /// Read by nobody: the mark of the example row, a clerk's numbering, what an error workbook adds.
    Ignored,
}

/// The columns of all sheets; a key means the same in each sheet that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Unit,
    /// Beside [`Key::Unit`]: the name, where a sheet has both name and credit code.
    UnitName,
    Name,
    CreditCode,
    Parent,
    Region,
    RegionFrom,
    RegionUntil,
    From,
    Until,
    Post,
    Phone,
    Email,
    Level,
    InCharge,
    Operator,
    User,
    System,
    Target,
    Approver,
    AuthorisedFrom,
    AuthorisedUntil,
    ScanWindow,
    Note,
    Reason,
    Port,
    Transport,
    Service,
    Purpose,
    DeclaredOn,
    /// Template only: a row that says 示例 here is not imported.
    ExampleMark,
    /// Error workbook only: what was wrong with the row.
    Fault,
    /// Error workbook only: where the row stood in the file that it came from.
    FromRow,
    /// No template has it: the numbering that clerks put before a table.
    Index,
}
