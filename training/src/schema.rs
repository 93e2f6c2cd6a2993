//! The training workbook's sheets as the importer of `intake` takes them.

use std::collections::HashSet;

use intake::cell::{self, name_key};
use intake::columns::CommonColumns;
use intake::schema::{Book, Layout, Schema};
use intake::table::CellIn;

use crate::columns::{COMMON, ColumnSpec, Key, Kind, SHEETS, SheetKey, SheetSpec, UNIT_NAME};
use crate::import::{Own, Reason, Remark, Value, masked, person_part, read_value};
use crate::template::TEMPLATE_VERSION;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingSheets;

impl Schema for TrainingSheets {
    type Sheet = SheetKey;
    type Key = Key;
    type Kind = Kind;
    type Value = Value;
    type Reason = Own;
    type Remark = Remark;

    const BOOK: Book = Book { en: "the training records", zh: "培训登记表" };
    const TEMPLATE_VERSION: u32 = TEMPLATE_VERSION;
    const IGNORED: Kind = Kind::Ignored;

    fn sheets() -> &'static [SheetSpec] {
        &SHEETS
    }

    fn common() -> &'static CommonColumns<TrainingSheets> {
        &COMMON
    }

    fn layout(kind: Kind) -> Layout {
        match kind {
            Kind::Date => Layout::Date,
            Kind::Hours => Layout::Number,
            Kind::Name | Kind::Note | Kind::SystemRef | Kind::PersonRef => Layout::LongText,
            Kind::PersonName
            | Kind::Code
            | Kind::UnitRef
            | Kind::Phone
            | Kind::Email
            | Kind::IdNumber
            | Kind::Employment
            | Kind::Post
            | Kind::Role
            | Kind::Time
            | Kind::SittingKind
            | Kind::Presence
            | Kind::Score
            | Kind::Ignored => Layout::Text,
        }
    }

    fn read(kind: Kind, cell: &CellIn, dates_from_1904: bool) -> Result<Option<Value>, Reason> {
        read_value(kind, cell, dates_from_1904)
    }

    fn names_entry(column: &ColumnSpec, cell: &CellIn, known: &HashSet<String>) -> bool {
        let reads = || read_value(column.kind, cell, false).is_ok_and(|value| value.is_some());
        match column.kind {
            Kind::UnitRef => known.contains(&name_key(&cell::shown(cell))),
            Kind::PersonName => known.contains(&name_key(&cell::shown(cell))),
            Kind::PersonRef => known.contains(&name_key(&person_part(&cell::shown(cell)))),
            // Whoever gets it wrong is told so.
            Kind::IdNumber => cell::shown(cell).chars().filter(char::is_ascii_digit).count() >= 15,
            Kind::Phone | Kind::Post | Kind::SittingKind | Kind::Presence | Kind::Score => reads(),
            Kind::Name
            | Kind::Note
            | Kind::Code
            | Kind::SystemRef
            | Kind::Email
            | Kind::Employment
            | Kind::Role
            | Kind::Date
            | Kind::Time
            | Kind::Hours
            | Kind::Ignored => false,
        }
    }

    fn code_and_name() -> Option<(Key, &'static ColumnSpec)> {
        Some((Key::Unit, &UNIT_NAME))
    }

    fn told(kind: Option<Kind>, text: String) -> String {
        masked(kind == Some(Kind::IdNumber), text)
    }
}
