//! The one table of the training workbook's sheets and columns. Template, header recognition, reading, forms and the
//! error workbook are all driven by it; a new column is a new entry here and its use in the sheet's builder.

mod certificates;
mod people;
mod sheets;
mod terms;

pub(crate) use self::sheets::{COMMON, UNIT_NAME};
pub use self::sheets::{SHEETS, SheetKey, sheet};
pub use crate::schema::TrainingSheets;

pub type SheetSpec = intake::columns::SheetSpec<TrainingSheets>;
pub type ColumnSpec = intake::columns::ColumnSpec<TrainingSheets>;

/// What a column holds; decides how its cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of prose.
    Name,
    /// A person's name: like [`Kind::Name`], but without `/` and `@`, which refer to people.
    PersonName,
    /// Prose of several lines.
    Note,
    /// Codes and numbers: full-width forms become ASCII.
    Code,
    /// Credit code or exact name of a unit.
    UnitRef,
    /// Name of a system, `name@unit` if it is another unit's.
    SystemRef,
    /// Name of a person, `name/phone` or the last digits of it if the name is not enough, `…@unit`, or an ID number.
    PersonRef,
    Phone,
    Email,
    /// Never told: messages show the last four places at most.
    IdNumber,
    Employment,
    Post,
    Role,
    Date,
    Time,
    /// 学时
    Hours,
    SittingKind,
    Presence,
    /// 0 to 100 with at most one decimal, or 缺考.
    Score,
    /// Read by nobody: the mark of the example row, signatures, what an error workbook adds.
    Ignored,
}

/// The columns of all sheets; a key means the same in each sheet that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Unit,
    /// Beside [`Key::Unit`]: the name, where a sheet has both name and credit code.
    UnitName,
    Name,
    Phone,
    Email,
    Employment,
    IdNumber,
    Person,
    System,
    Post,
    Role,
    From,
    Until,
    EndReason,
    Code,
    Topics,
    Term,
    Topic,
    HeldOn,
    StartsAt,
    Place,
    Hours,
    Trainer,
    Examiner,
    SittingKind,
    Sitting,
    Presence,
    LateReason,
    /// Sign-in sheets only: where people sign by hand.
    Signature,
    Score,
    EnteredBy,
    Number,
    Category,
    IssuedOn,
    Issuer,
    Evidence,
    File,
    Approver,
    /// Template only: a row that says 示例 here is not imported.
    ExampleMark,
    /// Error workbook only: what was wrong with the row.
    Fault,
    /// Error workbook only: where the row stood in the file that it came from.
    FromRow,
    /// No template has it: the numbering that clerks put before a table.
    Index,
}
