//! The sheets, in the order in which they are read: each refers only to those before it.

use intake::columns::{CommonColumns, CommonKeys};

use super::{ColumnSpec, Key, Kind, RegisterSheets, SheetSpec, assets, units};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SheetKey {
    Units,
    People,
    Systems,
    Assets,
    Exclusions,
    Services,
}

pub static SHEETS: [SheetSpec; 6] = [
    SheetSpec {
        key: SheetKey::Units,
        name: "单位",
        aliases: &["units", "unit", "单位表", "单位清单", "单位信息"],
        columns: units::UNITS,
    },
    SheetSpec {
        key: SheetKey::People,
        name: "人员",
        aliases: &["people", "person", "persons", "人员表", "人员清单", "责任人", "联络表"],
        columns: units::PEOPLE,
    },
    SheetSpec {
        key: SheetKey::Systems,
        name: "系统",
        aliases: &["systems", "system", "信息系统", "系统表", "系统清单", "信息系统清单"],
        columns: units::SYSTEMS,
    },
    SheetSpec {
        key: SheetKey::Assets,
        name: "资产",
        aliases: &["assets", "asset", "资产表", "资产清单", "资产信息"],
        columns: assets::ASSETS,
    },
    SheetSpec {
        key: SheetKey::Exclusions,
        name: "排除",
        aliases: &["exclusions", "exclusion", "排除表", "排除清单", "排除目标"],
        columns: assets::EXCLUSIONS,
    },
    SheetSpec {
        key: SheetKey::Services,
        name: "备案服务",
        aliases: &["services", "declared services", "declared_services", "备案", "服务备案", "备案服务清单"],
        columns: assets::SERVICES,
    },
];

/// The entry of a sheet.
pub fn sheet(key: SheetKey) -> &'static SheetSpec {
    let [units, people, systems, assets, exclusions, services] = &SHEETS;
    match key {
        SheetKey::Units => units,
        SheetKey::People => people,
        SheetKey::Systems => systems,
        SheetKey::Assets => assets,
        SheetKey::Exclusions => exclusions,
        SheetKey::Services => services,
    }
}

/// What most columns share; entries name only what differs.
pub(super) const PLAIN: ColumnSpec = ColumnSpec::plain(Key::Note, Kind::Name);

/// The unit that a row belongs to.
pub(super) const UNIT: ColumnSpec = ColumnSpec {
    key: Key::Unit,
    header: "单位信用代码",
    aliases: &[
        "单位",
        "所属单位",
        "单位名称",
        "统一社会信用代码",
        "信用代码",
        "unit",
        "unit code",
        "unit name",
    ],
    required: true,
    kind: Kind::UnitRef,
    note: "统一社会信用代码，或与“单位”表完全一致的单位名称",
    width: 22,
    example: "11440100MADE000017",
    ..PLAIN
};

/// Beside the credit code of [`UNIT`]: the name, which must be that unit's. No template has it.
pub(crate) static UNIT_NAME: ColumnSpec = ColumnSpec {
    key: Key::UnitName,
    header: "单位名称",
    note: "与信用代码核对；以信用代码为准",
    width: 30,
    ..PLAIN
};

pub(super) const IN_CHARGE: ColumnSpec = ColumnSpec {
    key: Key::InCharge,
    header: "主管责任人",
    aliases: &["主管", "谁主管", "in charge", "in_charge", "person in charge"],
    kind: Kind::PersonRef,
    note: "姓名；同名时写“姓名/电话”；外单位人员写“姓名@单位信用代码”",
    example: "示例甲",
    ..PLAIN
};

pub(super) const OPERATOR: ColumnSpec = ColumnSpec {
    key: Key::Operator,
    header: "运营责任人",
    aliases: &["运营", "运维责任人", "谁运营", "operator", "operated by"],
    example: "示例乙",
    ..IN_CHARGE
};

pub(super) const USER: ColumnSpec = ColumnSpec {
    key: Key::User,
    header: "使用责任人",
    aliases: &["使用", "谁使用", "user", "used by"],
    example: "示例丙",
    ..IN_CHARGE
};

pub(super) const EXAMPLE_MARK: ColumnSpec = ColumnSpec::example_mark(Key::ExampleMark, Kind::Ignored);

pub(crate) static COMMON: CommonColumns<RegisterSheets> = CommonColumns::new(CommonKeys {
    fault: Key::Fault,
    from_row: Key::FromRow,
    index: Key::Index,
    example_mark: Key::ExampleMark,
    ignored: Kind::Ignored,
});

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::cell::name_key;
    use intake::header::header_key;

    #[test]
    fn sheets_are_found_by_their_key_and_names_are_their_own() {
        let mut names = BTreeSet::new();
        for spec in &SHEETS {
            assert_eq!(sheet(spec.key).name, spec.name);
            for name in spec.aliases.iter().chain([&spec.name]) {
                assert!(names.insert(name_key(name)), "{name}");
            }
        }
    }

    #[test]
    fn within_a_sheet_no_key_and_no_header_is_used_twice() {
        for spec in &SHEETS {
            let (mut keys, mut headers) = (BTreeSet::new(), BTreeMap::new());
            for column in spec.columns {
                assert!(keys.insert(column.key), "{} {:?}", spec.name, column.key);
                for header in column.aliases.iter().chain([&column.header]) {
                    let other = headers.insert(header_key(header), column.key);
                    assert!(other.is_none_or(|other| other == column.key), "{} {header}", spec.name);
                }
            }
        }
    }

    #[test]
    fn every_column_tells_what_to_write() {
        for column in SHEETS.iter().flat_map(|spec| spec.columns) {
            assert!(!column.note.is_empty(), "{}", column.header);
            assert!(
                column.choices.is_empty() || column.choices.contains(&column.example),
                "{}",
                column.header
            );
        }
    }
}
