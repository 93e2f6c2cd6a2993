//! What a domain tells about its sheets, so that one importer reads the register's and the training records'.

use std::collections::HashSet;
use std::fmt::{Debug, Display};

use chrono::NaiveDate;

use crate::columns::{ColumnSpec, CommonColumns, SheetSpec};
use crate::reason::Reason;
use crate::table::{CellIn, Table};

/// A text for people, in English (`Display`) and Chinese.
pub trait Told: Display {
    fn zh(&self) -> String;
}

/// What the sheets of a schema make up together, in English and Chinese: “the register”, “登记表”.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Book {
    pub en: &'static str,
    pub zh: &'static str,
}

/// What a cell was read as.
pub trait Value: Debug + Clone {
    fn text(&self) -> Option<&str>;
    fn date(&self) -> Option<NaiveDate>;
}

/// How the cells of a column are laid out where they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Formatted as text, so that a spreadsheet keeps every digit.
    Text,
    /// The same, and broken into lines.
    LongText,
    Number,
    Date,
}

/// The sheets of one domain: their names and columns, how cells are read, and what only that domain knows of them.
pub trait Schema: Debug + Clone + Copy + PartialEq + 'static {
    /// Names a sheet; sheets sort in the order in which they are told.
    type Sheet: Debug + Copy + Ord;
    /// Names a column; a key means the same in each sheet that has it.
    type Key: Debug + Copy + Ord;
    /// What a column holds; decides how its cells are read.
    type Kind: Debug + Copy + PartialEq;
    type Value: Value;
    /// Why a row is bad, beyond what every import may say.
    type Reason: Debug + Clone + PartialEq + Told;
    /// What is pointed out, beyond what every import may say.
    type Remark: Debug + Clone + PartialEq + Told;

    const BOOK: Book;
    /// Goes up when a column is added or changes its meaning.
    const TEMPLATE_VERSION: u32;
    /// The kind that nobody reads: marks, numberings, remarks.
    const IGNORED: Self::Kind;

    /// In the order in which they are read: each refers only to those before it.
    fn sheets() -> &'static [SheetSpec<Self>];
    fn common() -> &'static CommonColumns<Self>;

    fn layout(kind: Self::Kind) -> Layout;

    /// `None` if the cell is blank.
    fn read(
        kind: Self::Kind,
        cell: &CellIn,
        dates_from_1904: bool,
    ) -> Result<Option<Self::Value>, Reason<Self::Reason>>;

    /// Whether the cell tells an entry apart, so that its row is no furniture, whatever else stands in it. `known`
    /// are the names, as [`crate::cell::name_key`]s, that the caller said rows may refer to.
    fn names_entry(column: &ColumnSpec<Self>, cell: &CellIn, known: &HashSet<String>) -> bool;

    /// Of the column in which an entry is referred to by code or name, the key, and the column that stands for the
    /// name where a sheet has both.
    fn code_and_name() -> Option<(Self::Key, &'static ColumnSpec<Self>)> {
        None
    }

    /// A table that is called after no sheet and must not be overlooked for that.
    fn suspect(_table: &Table) -> Option<Suspect<Self>> {
        None
    }

    /// Whether a row that looks like a footer says something that a person must enter where it counts. `texts` are
    /// column and text of its cells, without spaces and in lower case.
    fn keeps_footer(_sheet: Self::Sheet, _texts: &[(usize, String)]) -> bool {
        false
    }

    /// The text of a cell as messages may tell it; `kind` is its column's, where that is known. What nobody but the
    /// clerk should see is hidden here.
    fn told(_kind: Option<Self::Kind>, text: String) -> String {
        text
    }
}

/// What a table may be, and the reason that is told if it can't be read as that.
#[derive(Debug, Clone)]
pub struct Suspect<S: Schema> {
    pub spec: &'static SheetSpec<S>,
    pub reason: Reason<S::Reason>,
}

/// The entry of a sheet.
pub fn sheet<S: Schema>(key: S::Sheet) -> Option<&'static SheetSpec<S>> {
    S::sheets().iter().find(|spec| spec.key == key)
}
