//! Why a row of a file can't be imported, in English (`Display`) and Chinese ([`Reason::zh`]).
//!
//! The place and the value are [`crate::import::RowError`]'s to tell; a reason says what is wrong and what to do.

mod chinese;

use chrono::NaiveDate;
use model::addr::AddrError;
use model::credit_code::CreditCodeError;

use crate::cell::CellFault;

/// A row elsewhere in the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowAt {
    pub sheet: String,
    pub row: u32,
}

impl std::fmt::Display for RowAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} row {}", self.sheet, self.row)
    }
}

/// The other side of an overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    pub unit: String,
    pub target: String,
    pub other_unit: String,
    pub other_target: String,
    /// `None` if the other one is in the register and not in the file.
    pub other_row: Option<RowAt>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    // The file and its sheets.
    #[error("no sheet of the register is in the file; it needs one of: {}", .expected.join(", "))]
    NoKnownSheet { expected: Vec<String> },
    #[error("no header row found in the first {looked_at} rows; it needs the columns: {}", .required.join(", "))]
    NoHeader { looked_at: usize, required: Vec<String> },
    #[error("required columns are missing: {}", .0.join(", "))]
    MissingColumns(Vec<String>),
    #[error("unknown column with content; rename it after the template or delete it")]
    UnknownColumn,
    #[error("the column is there twice, first in {first}")]
    RepeatedColumn { first: String },
    #[error("the sheet is hidden and was not read; unhide it to import it, or delete it")]
    HiddenSheet,
    #[error(
        "the sheet could be a list of exclusions ({why}) and can't be read as one; name it 排除 and give it the columns {}, or delete it",
        .required.join(", ")
    )]
    MaybeExclusions { why: String, required: Vec<String> },

    // One cell.
    #[error("required, but empty")]
    Empty,
    #[error(transparent)]
    Cell(#[from] CellFault),
    #[error(transparent)]
    CreditCode(CreditCodeError),
    #[error("not a region code: six digits, the first not 0")]
    Region,
    #[error("not a classified-protection level: 1 to 5, or 未定级")]
    Level,
    #[error("not a scan window: write it as 22:00-06:00 or 周一至周五 22:00-06:00, several with ; between")]
    ScanWindow,
    #[error("a host name has no scan window: give it to the addresses that the name leads to")]
    WindowOfHost,
    #[error("not a port: a whole number from 1 to 65535")]
    Port,
    #[error("not a transport: tcp or udp")]
    Transport,
    #[error("not a protocol name: letters, digits and hyphens, such as https")]
    Service,
    #[error("not a phone number")]
    Phone,
    #[error("not an e-mail address")]
    Email,
    #[error("a name must not contain / or @")]
    NameHasSeparator,
    #[error("several targets in one cell; write one in each row")]
    SeveralTargets,
    #[error("a web address; write only its host name")]
    UrlTarget,
    #[error(transparent)]
    Address(AddrError),
    #[error("not an address, a prefix, a range or a host name")]
    Target,
    #[error("an octet with a leading zero, which some read as octal; write {without}")]
    LeadingZeros { without: String },
    #[error("{mask} is not a netmask: its ones must come first; write a prefix such as 192.0.2.0/24")]
    Netmask { mask: String },
    #[error("an exclusion is a range of addresses, and this is a host name; give the host's addresses")]
    ExclusionOfHost,
    #[error("wider than a unit may own: at most /{shortest_prefix}")]
    TooWide { shortest_prefix: u8 },

    // Cells of one row together.
    #[error("the last day {until} lies before the first day {from} ({from_header})")]
    Reversed { from: NaiveDate, until: NaiveDate, from_header: String },
    #[error("an authorisation needs its approver")]
    NoApprover,
    #[error("an authorisation needs its last day")]
    NoAuthorisationEnd,
    #[error("the region code {code} {name} was abolished: its last day was {until}{}", took_over(.successor))]
    RegionAbolished { code: String, name: String, until: NaiveDate, successor: Option<String> },
    #[error("the region code {code} {name} begins only on {from}")]
    RegionNotYet { code: String, name: String, from: NaiveDate },

    // Rows together.
    #[error("no such unit, neither in the file nor in the register")]
    UnknownUnit,
    #[error("several units have this name: {}; write the credit code", .codes.join(", "))]
    AmbiguousUnit { codes: Vec<String> },
    #[error("the credit code is that of {registered}; correct the name or the code")]
    UnitNameDiffers { registered: String },
    #[error("no such system of this unit, neither in the file nor in the register")]
    UnknownSystem,
    #[error("no such person of this unit, neither in the file nor in the register")]
    UnknownPerson,
    #[error("several people of the unit have this name; write one of: {}", .choices.join(", "))]
    AmbiguousPerson { choices: Vec<String> },
    #[error("it refers to {0}, which has an error itself")]
    RefersToBadRow(RowAt),
    #[error("it may refer to the sheet {sheet}, which can't be read because of an error of its own")]
    RefersToUnreadSheet { sheet: String },
    #[error("the unit would be its own superior: {}", .names.join(" → "))]
    ParentCycle { names: Vec<String> },
    #[error("the same entry as {0}, with other content; keep one of them")]
    Duplicate(RowAt),
    #[error(
        "{} of {} overlaps {} of {} ({})",
        .0.target, .0.unit, .0.other_target, .0.other_unit, other_place(.0)
    )]
    Overlap(Box<Overlap>),
    #[error("outside the assets of the unit")]
    OutsideAssets,
    /// The row's target covers the asset, or the row doesn't tell its target and is of the same unit or of an unknown
    /// one.
    #[error("not imported while the exclusion in {0} has an error: what it was to protect could be probed")]
    BehindBadExclusion(RowAt),
    #[error("not imported while the sheet {sheet} can't be read: what it was to protect could be probed")]
    BehindUnreadExclusions { sheet: String },
}

fn took_over(successor: &Option<String>) -> String {
    successor.as_ref().map(|code| format!("; {code} took over")).unwrap_or_default()
}

fn other_place(overlap: &Overlap) -> String {
    match &overlap.other_row {
        Some(row) => row.to_string(),
        None => "registered".to_owned(),
    }
}
