//! What came of an import.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;

use super::changes::ChangedRow;
use super::context::Context;
use super::furniture::Furniture;
use crate::cell;
use crate::change::RegisterChange;
use crate::columns::SheetKey;
use crate::reason::{Reason, RowAt};
use crate::table::{SheetOut, column_letters};

/// So many errors are listed; the others are counted.
pub const MAX_ERRORS: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
pub struct ImportOutcome {
    /// What is to be stored; empty if nothing is.
    pub change: RegisterChange,
    /// Every entry that is new or changed, whatever the mode: what would change if nothing were wrong.
    pub changes: Vec<ChangedRow>,
    /// In the order of sheets, rows and columns, at most [`MAX_ERRORS`].
    pub errors: Vec<RowError>,
    /// How many errors are not listed.
    pub n_more_errors: usize,
    pub warnings: Vec<Warning>,
    /// For each sheet that the file has rows of. New and changed ones are counted whatever the mode.
    pub counts: BTreeMap<SheetKey, Count>,
    /// The bad rows, to be corrected and imported again; empty if there are none.
    pub error_sheets: Vec<SheetOut>,
}

impl ImportOutcome {
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// How the rows of a sheet came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub n_new: usize,
    pub n_changed: usize,
    pub n_unchanged: usize,
    /// Rows that say once more what an earlier row says.
    pub n_repeats: usize,
    pub n_bad: usize,
}

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct RowError {
    /// Empty if it is about the whole file.
    pub sheet: String,
    /// As the spreadsheet numbers it; `None` if it is about the whole sheet.
    pub row: Option<u32>,
    pub column: Option<ColumnAt>,
    /// What the cell holds; empty if it is blank or none is meant.
    pub value: String,
    pub reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnAt {
    /// As the file has it.
    pub header: String,
    /// Letter over the column.
    pub letter: String,
}

/// `资产 row 7, column C 资产, "10.0.0.0/7": wider than …`
impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if !self.sheet.is_empty() {
            f.write_str(&self.sheet)?;
            separator = " ";
        }
        if let Some(row) = self.row {
            write!(f, "{separator}row {row}")?;
            separator = ", ";
        }
        if let Some(column) = &self.column {
            write!(f, "{separator}column {}", column.letter)?;
            if !column.header.is_empty() {
                write!(f, " {}", column.header)?;
            }
            separator = ", ";
        }
        if !self.value.is_empty() {
            write!(f, "{separator}{:?}", self.value)?;
            separator = ": ";
        } else if !separator.is_empty() {
            separator = ": ";
        }
        write!(f, "{separator}{}", self.reason)
    }
}

impl std::error::Error for RowError {}

impl RowError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        let mut text = String::new();
        if !self.sheet.is_empty() {
            text.push_str(&format!("“{}”表", self.sheet));
        }
        if let Some(row) = self.row {
            text.push_str(&format!("第{row}行"));
        }
        if let Some(column) = &self.column {
            text.push_str(&format!("{}列", column.letter));
            if !column.header.is_empty() {
                text.push_str(&format!("“{}”", column.header));
            }
        }
        if !self.value.is_empty() {
            text.push_str(&format!("，“{}”", self.value));
        }
        if !text.is_empty() {
            text.push('：');
        }
        text + &self.reason.zh()
    }
}

/// Something that doesn't hinder an import and should be known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("the sheet {sheet} is not one of the register and was not read")]
    UnknownSheet { sheet: String },
    #[error("{sheet} column {letter} {header}: unknown, and empty")]
    EmptyUnknownColumn { sheet: String, letter: String, header: String },
    #[error("the file was made after template version {0}, which is newer than this program")]
    NewerTemplate(u32),
    #[error("there is nothing to import: the file holds no row with an entry")]
    NothingThere,
    #[error("{sheet} {rows} ignored: looks like {what}")]
    IgnoredRows { sheet: String, rows: RowList, what: Furniture },
    #[error(
        "{at}: the unit of the credit code {code} is renamed from {old} to {new}; if these are two units, the code is wrong"
    )]
    UnitRenamed { at: RowAt, code: String, old: String, new: String },
    #[error("{sheet} {rows}: {what} (the earliest on {earliest})")]
    Ended { what: Ended, sheet: String, rows: RowList, earliest: NaiveDate },
}

/// What has no effect any more, since its last day is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Ended {
    #[error("the authorisation ended before today, so that the asset is not probed")]
    Authorisation,
    #[error("the exclusion ended before today, so that it protects nothing")]
    Exclusion,
    #[error("the declaration ended before today, so that the service counts as undeclared")]
    Service,
}

impl Ended {
    fn zh(self) -> &'static str {
        match self {
            Ended::Authorisation => "授权已到期，资产不会被扫描",
            Ended::Exclusion => "排除已到期，不起保护作用",
            Ended::Service => "备案已到期，服务按未备案处理",
        }
    }
}

/// Row numbers, of which the first few are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowList {
    pub first: Vec<u32>,
    pub n_more: usize,
}

impl RowList {
    const MAX_TOLD: usize = 10;

    pub(crate) fn push(&mut self, row: u32) {
        if self.first.len() < RowList::MAX_TOLD { self.first.push(row) } else { self.n_more += 1 }
    }

    fn joined(&self, separator: &str) -> String {
        self.first.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
    }

    fn zh(&self) -> String {
        let more =
            if self.n_more > 0 { format!("等{}行", self.first.len() + self.n_more) } else { "行".into() };
        format!("第{}{more}", self.joined("、"))
    }
}

/// `row 3` or `rows 3, 5 and 12 more`.
impl fmt::Display for RowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.first.len() + self.n_more == 1 { "" } else { "s" };
        write!(f, "row{plural} {}", self.joined(", "))?;
        if self.n_more > 0 { write!(f, " and {} more", self.n_more) } else { Ok(()) }
    }
}

impl Warning {
    pub fn zh(&self) -> String {
        match self {
            Warning::UnknownSheet { sheet } => format!("“{sheet}”表不属于登记表，未读取"),
            Warning::EmptyUnknownColumn { sheet, letter, header } => {
                format!("“{sheet}”表{letter}列“{header}”：不认识，且为空")
            }
            Warning::NewerTemplate(version) => format!("文件采用的模板版本{version}比本程序新"),
            Warning::NothingThere => "没有可导入的内容：文件中没有一行登记数据".into(),
            Warning::IgnoredRows { sheet, rows, what } => {
                format!("“{sheet}”表{}已忽略：像是{}", rows.zh(), what.zh())
            }
            Warning::UnitRenamed { at, code, old, new } => format!(
                "{}：信用代码{code}的单位将由“{old}”改名为“{new}”；如果这是两个单位，则信用代码有误",
                at.zh()
            ),
            Warning::Ended { what, sheet, rows, earliest } => {
                format!("“{sheet}”表{}：{}（最早于{earliest}到期）", rows.zh(), what.zh())
            }
        }
    }
}

pub(super) fn build(
    context: Context<'_>,
    change: RegisterChange,
    changes: Vec<ChangedRow>,
    counts: BTreeMap<SheetKey, Count>,
    error_sheets: Vec<SheetOut>,
) -> ImportOutcome {
    let n_more_errors = context.faults.len().saturating_sub(MAX_ERRORS);
    let Context { sources, faults, warnings, .. } = context;
    let errors = faults.into_iter().take(MAX_ERRORS).map(|fault| {
        let source = fault.source.and_then(|source| sources.get(source));
        let table = source.map(|source| source.table);
        let row = table.zip(fault.row).and_then(|(table, row)| table.rows.get(row));
        let header = source.and_then(|source| source.header.as_ref());
        let header_row = table.zip(header).and_then(|(table, header)| table.rows.get(header.row));
        let text = |column: usize, row: Option<&crate::table::RowIn>| {
            row.and_then(|row| row.cells.get(column)).map(cell::shown).unwrap_or_default()
        };
        RowError {
            sheet: table.map(|table| table.sheet.clone()).unwrap_or_default(),
            row: row.map(|row| row.number),
            column: fault
                .column
                .map(|column| ColumnAt { header: text(column, header_row), letter: column_letters(column) }),
            value: fault.column.map(|column| text(column, row)).unwrap_or_default(),
            reason: fault.reason,
        }
    });
    ImportOutcome { change, changes, errors: errors.collect(), n_more_errors, warnings, counts, error_sheets }
}
