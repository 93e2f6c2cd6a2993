//! Why a row of a file can't be imported, in English (`Display`) and Chinese ([`Reason::zh`]), as far as only the
//! register says so.
//!
//! The place and the value are [`crate::import::RowError`]'s to tell; a reason says what is wrong and what to do.

mod chinese;

use chrono::NaiveDate;
use model::addr::AddrError;
use model::credit_code::CreditCodeError;

pub use intake::reason::RowAt;

pub type Reason = intake::reason::Reason<Own>;

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

/// What only the register can say of a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Own {
    // The file and its sheets.
    #[error(
        "the sheet could be a list of exclusions ({why}) and can't be read as one; name it 排除 and give it the columns {}, or delete it",
        .required.join(", ")
    )]
    MaybeExclusions { why: String, required: Vec<String> },

    // One cell.
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
    #[error("the unit would be its own superior: {}", .names.join(" → "))]
    ParentCycle { names: Vec<String> },
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

impl From<Own> for Reason {
    fn from(own: Own) -> Reason {
        Reason::Own(own)
    }
}
