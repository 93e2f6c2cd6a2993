//! Why a row of a file can't be imported, in English (`Display`) and Chinese ([`Reason::zh`]), as far as it is the
//! same for every kind of sheet.
//!
//! The place and the value are [`crate::outcome::RowError`]'s to tell; a reason says what is wrong and what to do.

use chrono::NaiveDate;

use crate::cell::CellFault;
use crate::schema::{Book, Told};

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

impl RowAt {
    pub fn zh(&self) -> String {
        format!("“{}”表第{}行", self.sheet, self.row)
    }
}

/// `R` are the reasons that only one domain has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason<R> {
    // The file and its sheets.
    #[error("no sheet of {} is in the file; it needs one of: {}", .book.en, .expected.join(", "))]
    NoKnownSheet { book: Book, expected: Vec<String> },
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

    // One cell.
    #[error("required, but empty")]
    Empty,
    #[error("{0}")]
    Cell(CellFault),
    #[error("not a phone number")]
    Phone,
    #[error("not an e-mail address")]
    Email,
    #[error("a name must not contain / or @")]
    NameHasSeparator,

    // Cells of one row together.
    #[error("the last day {until} lies before the first day {from} ({from_header})")]
    Reversed { from: NaiveDate, until: NaiveDate, from_header: String },

    // Rows together.
    #[error("it refers to {0}, which has an error itself")]
    RefersToBadRow(RowAt),
    #[error("it may refer to the sheet {sheet}, which can't be read because of an error of its own")]
    RefersToUnreadSheet { sheet: String },
    #[error("the same entry as {0}, with other content; keep one of them")]
    Duplicate(RowAt),

    #[error("{0}")]
    Own(R),
}

impl<R> From<CellFault> for Reason<R> {
    fn from(fault: CellFault) -> Reason<R> {
        Reason::Cell(fault)
    }
}

impl<R: Told> Reason<R> {
    pub fn zh(&self) -> String {
        match self {
            Reason::NoKnownSheet { book, expected } => {
                format!("文件中没有{}的工作表，应有下列之一：{}", book.zh, expected.join("、"))
            }
            Reason::NoHeader { looked_at, required } => {
                format!("前{looked_at}行中没有找到表头，应有列：{}", required.join("、"))
            }
            Reason::MissingColumns(columns) => format!("缺少必填的列：{}", columns.join("、")),
            Reason::UnknownColumn => "不认识的列，且有内容；请按模板改列名，或删除该列".into(),
            Reason::RepeatedColumn { first } => format!("列重复，第一次出现在{first}列"),
            Reason::HiddenSheet => "工作表已隐藏，未读取；要导入请取消隐藏，否则请删除该表".into(),
            Reason::Empty => "必填，但为空".into(),
            Reason::Cell(fault) => fault.zh(),
            Reason::Phone => "不是电话号码".into(),
            Reason::Email => "不是邮箱地址".into(),
            Reason::NameHasSeparator => "姓名不能含“/”或“@”".into(),
            Reason::Reversed { from, until, from_header } => {
                format!("截止日 {until} 早于起始日 {from}（“{from_header}”列）")
            }
            Reason::RefersToBadRow(row) => format!("所指的{}本身有错误", row.zh()),
            Reason::RefersToUnreadSheet { sheet } => {
                format!("可能指向“{sheet}”表，而该表因自身错误未能读取")
            }
            Reason::Duplicate(row) => format!("与{}是同一条但内容不同，请只留一条", row.zh()),
            Reason::Own(own) => own.zh(),
        }
    }
}
