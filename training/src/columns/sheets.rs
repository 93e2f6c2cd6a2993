//! The sheets, in the order in which they are read: each refers only to those before it.

use intake::columns::{CommonColumns, CommonKeys};

use super::{ColumnSpec, Key, Kind, SheetSpec, TrainingSheets, certificates, people, terms};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SheetKey {
    /// 人员
    Staff,
    /// 岗位
    Holdings,
    /// 期次
    Terms,
    /// 场次
    Sittings,
    /// 签到
    Attendance,
    /// 成绩
    Scores,
    /// 旧证
    OldCertificates,
    /// 等效
    Waivers,
}

pub static SHEETS: [SheetSpec; 8] = [
    SheetSpec {
        key: SheetKey::Staff,
        name: "人员",
        aliases: &[
            "staff",
            "people",
            "roster",
            "人员表",
            "人员清单",
            "人员名册",
            "花名册",
            "学员",
            "学员名单",
        ],
        columns: people::STAFF,
    },
    SheetSpec {
        key: SheetKey::Holdings,
        name: "岗位",
        aliases: &["posts", "post holdings", "holdings", "岗位表", "任职", "任职情况", "岗位任职"],
        columns: people::HOLDINGS,
    },
    SheetSpec {
        key: SheetKey::Terms,
        name: "期次",
        aliases: &["terms", "term", "培训期次", "期次表", "培训班"],
        columns: terms::TERMS,
    },
    SheetSpec {
        key: SheetKey::Sittings,
        name: "场次",
        aliases: &["sittings", "sitting", "sessions", "场次表", "课程安排", "考试安排"],
        columns: terms::SITTINGS,
    },
    SheetSpec {
        key: SheetKey::Attendance,
        name: "签到",
        aliases: &["attendance", "sign-in", "签到表", "考勤", "考勤表", "出勤"],
        columns: terms::ATTENDANCE,
    },
    SheetSpec {
        key: SheetKey::Scores,
        name: "成绩",
        aliases: &["scores", "score", "marks", "成绩表", "成绩单", "考试成绩"],
        columns: terms::SCORES,
    },
    SheetSpec {
        key: SheetKey::OldCertificates,
        name: "旧证",
        aliases: &[
            "old certificates",
            "paper certificates",
            "certificates",
            "旧证书",
            "纸质证书",
            "原证书",
            "证书",
        ],
        columns: certificates::OLD_CERTIFICATES,
    },
    SheetSpec {
        key: SheetKey::Waivers,
        name: "等效",
        aliases: &["waivers", "equivalents", "waiver", "免考", "等效免考", "等效证书", "免试"],
        columns: certificates::WAIVERS,
    },
];

/// The entry of a sheet.
pub fn sheet(key: SheetKey) -> &'static SheetSpec {
    let [staff, holdings, terms, sittings, attendance, scores, old_certificates, waivers] = &SHEETS;
    match key {
        SheetKey::Staff => staff,
        SheetKey::Holdings => holdings,
        SheetKey::Terms => terms,
        SheetKey::Sittings => sittings,
        SheetKey::Attendance => attendance,
        SheetKey::Scores => scores,
        SheetKey::OldCertificates => old_certificates,
        SheetKey::Waivers => waivers,
    }
}

/// What most columns share; entries name only what differs.
pub(super) const PLAIN: ColumnSpec = ColumnSpec::plain(Key::Name, Kind::Name);

/// The unit that a row is about.
pub(super) const UNIT: ColumnSpec = ColumnSpec {
    key: Key::Unit,
    header: "单位信用代码",
    aliases: &[
        "单位",
        "所属单位",
        "工作单位",
        "单位名称",
        "统一社会信用代码",
        "信用代码",
        "unit",
        "unit code",
        "unit name",
    ],
    kind: Kind::UnitRef,
    note: "统一社会信用代码，或与登记表完全一致的单位名称",
    width: 22,
    example: "11440100MADE000017",
    ..PLAIN
};

/// The same where it only tells namesakes apart.
pub(super) const UNIT_OF_PERSON: ColumnSpec =
    ColumnSpec { note: "人员任职的单位，用来区分同名人员；可留空", ..UNIT };

/// Beside the credit code of [`UNIT`]: the name, which must be that unit's. No template has it.
pub(crate) static UNIT_NAME: ColumnSpec = ColumnSpec {
    key: Key::UnitName,
    header: "单位名称",
    note: "与信用代码核对；以信用代码为准",
    width: 30,
    ..PLAIN
};

/// Somebody of the staff.
pub(super) const PERSON: ColumnSpec = ColumnSpec {
    key: Key::Person,
    header: "姓名",
    aliases: &["人员", "人员姓名", "学员", "学员姓名", "持证人", "person", "name", "staff"],
    required: true,
    kind: Kind::PersonRef,
    note: "姓名；同名时写“姓名/电话”（或电话末四位）或“姓名@单位信用代码”，也可写身份证号",
    width: 20,
    example: "示例甲",
    ..PLAIN
};

pub(super) const EXAMPLE_MARK: ColumnSpec = ColumnSpec::example_mark(Key::ExampleMark, Kind::Ignored);

pub(crate) static COMMON: CommonColumns<TrainingSheets> = CommonColumns::new(CommonKeys {
    fault: Key::Fault,
    from_row: Key::FromRow,
    index: Key::Index,
    example_mark: Key::ExampleMark,
    ignored: Kind::Ignored,
});

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use intake::cell::name_key;
    use intake::header::header_key;

    use super::*;

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
            let example = column.example;
            let is_choice =
                column.choices.is_empty() || example.is_empty() || column.choices.contains(&example);
            assert!(is_choice, "{}", column.header);
        }
    }
}
