//! What an import points out though it doesn't hinder it, as far as it is the same for every kind of sheet.

use std::fmt;

use crate::furniture::Furniture;
use crate::schema::{Book, Told};

/// Something that doesn't hinder an import and should be known. `W` are the remarks that only one domain has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning<W> {
    #[error("the sheet {sheet} is not one of {} and was not read", .book.en)]
    UnknownSheet { sheet: String, book: Book },
    #[error("{sheet} column {letter} {header}: unknown, and empty")]
    EmptyUnknownColumn { sheet: String, letter: String, header: String },
    #[error("the file was made after template version {0}, which is newer than this program")]
    NewerTemplate(u32),
    #[error("there is nothing to import: the file holds no row with an entry")]
    NothingThere,
    #[error("{sheet} {rows} ignored: looks like {what}")]
    IgnoredRows { sheet: String, rows: RowList, what: Furniture },
    #[error("{0}")]
    Own(W),
}

impl<W: Told> Warning<W> {
    pub fn zh(&self) -> String {
        match self {
            Warning::UnknownSheet { sheet, book } => format!("“{sheet}”表不属于{}，未读取", book.zh),
            Warning::EmptyUnknownColumn { sheet, letter, header } => {
                format!("“{sheet}”表{letter}列“{header}”：不认识，且为空")
            }
            Warning::NewerTemplate(version) => format!("文件采用的模板版本{version}比本程序新"),
            Warning::NothingThere => "没有可导入的内容：文件中没有一行数据".into(),
            Warning::IgnoredRows { sheet, rows, what } => {
                format!("“{sheet}”表{}已忽略：像是{}", rows.zh(), what.zh())
            }
            Warning::Own(own) => own.zh(),
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

    pub fn push(&mut self, row: u32) {
        if self.first.len() < RowList::MAX_TOLD { self.first.push(row) } else { self.n_more += 1 }
    }

    fn joined(&self, separator: &str) -> String {
        self.first.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
    }

    pub fn zh(&self) -> String {
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
