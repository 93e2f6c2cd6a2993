//! What a sheet and its columns are, declared once: template, header recognition, reading, export and the error
//! workbook are all driven by these entries.

use crate::schema::Schema;

/// A sheet of the workbook.
#[derive(Debug, Clone, Copy)]
pub struct SheetSpec<S: Schema> {
    pub key: S::Sheet,
    /// Chinese name, the one that is written.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    pub columns: &'static [ColumnSpec<S>],
}

impl<S: Schema> SheetSpec<S> {
    pub fn column(&self, key: S::Key) -> Option<&'static ColumnSpec<S>> {
        self.columns.iter().find(|column| column.key == key)
    }

    /// Headers of the columns that no sheet of this kind may lack.
    pub fn required(&self) -> Vec<String> {
        let required = self.columns.iter().filter(|column| column.required);
        required.map(|column| column.header.to_owned()).collect()
    }
}

/// A column of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec<S: Schema> {
    pub key: S::Key,
    /// Chinese header, the one that is written.
    pub header: &'static str,
    /// Other headers that are understood, Chinese and English.
    pub aliases: &'static [&'static str],
    pub required: bool,
    pub kind: S::Kind,
    pub choices: &'static [&'static str],
    /// What to write, for the person who fills it in.
    pub note: &'static str,
    /// In characters of half width.
    pub width: u16,
    pub example: &'static str,
}

impl<S: Schema> ColumnSpec<S> {
    /// What most columns share; entries name only what differs.
    pub const fn plain(key: S::Key, kind: S::Kind) -> ColumnSpec<S> {
        ColumnSpec {
            key,
            header: "",
            aliases: &[],
            required: false,
            kind,
            choices: &[],
            note: "",
            width: 16,
            example: "",
        }
    }

    /// Template only: a row that says 示例 here is not imported.
    pub const fn example_mark(key: S::Key, ignored: S::Kind) -> ColumnSpec<S> {
        ColumnSpec {
            header: "标记",
            aliases: &["mark"],
            note: "此列写“示例”的行不导入",
            width: 8,
            example: EXAMPLE_WORD,
            ..ColumnSpec::plain(key, ignored)
        }
    }
}

/// What the mark of an example row says.
pub const EXAMPLE_WORD: &str = "示例";

/// Columns that every sheet may have, whatever it holds. The first three are understood in every sheet that has no
/// column of its own by that name, and are in no template.
#[derive(Debug, Clone, Copy)]
pub struct CommonColumns<S: Schema> {
    /// Last column of an error workbook: what was wrong with the row.
    pub fault: ColumnSpec<S>,
    /// First column of an error workbook: reasons name rows as the file had them that was imported.
    pub from_row: ColumnSpec<S>,
    /// The numbering that clerks put before a table.
    pub index: ColumnSpec<S>,
    /// The mark of the example row.
    pub example_mark: S::Key,
}

/// Keys of the common columns in a schema, and the kind of those that nobody reads.
#[derive(Debug, Clone, Copy)]
pub struct CommonKeys<S: Schema> {
    pub fault: S::Key,
    pub from_row: S::Key,
    pub index: S::Key,
    pub example_mark: S::Key,
    pub ignored: S::Kind,
}

impl<S: Schema> CommonColumns<S> {
    pub const fn new(keys: CommonKeys<S>) -> CommonColumns<S> {
        CommonColumns {
            // Not plain 原因, which may be a column of its own.
            fault: ColumnSpec {
                header: "错误原因",
                aliases: &["原因", "fault", "error"],
                note: "导入时忽略此列；其中的行号是原文件的行号，见“原行号”列",
                width: 60,
                ..ColumnSpec::plain(keys.fault, keys.ignored)
            },
            from_row: ColumnSpec {
                header: "原行号",
                aliases: &["原行", "original row"],
                note: "该行在原文件中的行号；导入时忽略此列",
                width: 9,
                ..ColumnSpec::plain(keys.from_row, keys.ignored)
            },
            index: ColumnSpec {
                header: "序号",
                aliases: &["序", "编号", "行号", "no", "no.", "№", "#", "index", "serial"],
                note: "导入时忽略此列",
                width: 8,
                ..ColumnSpec::plain(keys.index, keys.ignored)
            },
            example_mark: keys.example_mark,
        }
    }

    pub(crate) fn always_understood(&self) -> [&ColumnSpec<S>; 3] {
        [&self.fault, &self.from_row, &self.index]
    }
}
