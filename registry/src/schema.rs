//! The register's sheets as the importer of `intake` takes them.

use std::collections::HashSet;

use intake::columns::CommonColumns;
use intake::schema::{Book, Layout, Schema, Suspect};

use crate::cell;
use crate::columns::{COMMON, ColumnSpec, Key, Kind, SHEETS, SheetKey, SheetSpec, UNIT_NAME};
use crate::import::{Remark, Value, names_address, read_value, says_not_to_scan, suspect};
use crate::reason::{Own, Reason};
use crate::table::{CellIn, Table};
use crate::template::TEMPLATE_VERSION;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterSheets;

impl Schema for RegisterSheets {
    type Sheet = SheetKey;
    type Key = Key;
    type Kind = Kind;
    type Value = Value;
    type Reason = Own;
    type Remark = Remark;

    const BOOK: Book = Book { en: "the register", zh: "登记表" };
    const TEMPLATE_VERSION: u32 = TEMPLATE_VERSION;
    const IGNORED: Kind = Kind::Ignored;

    fn sheets() -> &'static [SheetSpec] {
        &SHEETS
    }

    fn common() -> &'static CommonColumns<RegisterSheets> {
        &COMMON
    }

    fn layout(kind: Kind) -> Layout {
        match kind {
            Kind::Date => Layout::Date,
            Kind::Port => Layout::Number,
            Kind::Name | Kind::Note | Kind::SystemRef | Kind::Target | Kind::Addresses => Layout::LongText,
            Kind::PersonName
            | Kind::CreditCode
            | Kind::UnitRef
            | Kind::PersonRef
            | Kind::Region
            | Kind::Level
            | Kind::ScanWindow
            | Kind::Transport
            | Kind::Service
            | Kind::Phone
            | Kind::Email
            | Kind::Ignored => Layout::Text,
        }
    }

    fn read(kind: Kind, cell: &CellIn, dates_from_1904: bool) -> Result<Option<Value>, Reason> {
        read_value(kind, cell, dates_from_1904)
    }

    fn names_entry(column: &ColumnSpec, cell: &CellIn, units: &HashSet<String>) -> bool {
        let reads = |kind| read_value(kind, cell, false).is_ok_and(|value| value.is_some());
        match column.key {
            Key::CreditCode => reads(Kind::CreditCode),
            // A host name too where none is taken, so that its error is told.
            Key::Target => reads(Kind::Target),
            Key::Unit => units.contains(&cell::name_key(&cell::shown(cell))) || reads(Kind::CreditCode),
            _ => false,
        }
    }

    fn code_and_name() -> Option<(Key, &'static ColumnSpec)> {
        Some((Key::Unit, &UNIT_NAME))
    }

    fn suspect(table: &Table) -> Option<Suspect<RegisterSheets>> {
        suspect(table)
    }

    /// A footer that names an address under the exclusions, or says under the assets what not to scan.
    fn keeps_footer(sheet: SheetKey, texts: &[(usize, String)]) -> bool {
        texts.iter().any(|(_, text)| match sheet {
            SheetKey::Exclusions => names_address(text),
            SheetKey::Assets => says_not_to_scan(text),
            SheetKey::Units | SheetKey::People | SheetKey::Systems | SheetKey::Services => false,
        })
    }
}
