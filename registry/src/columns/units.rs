//! Columns of the sheets 单位, 人员 and 系统.

use super::sheets::{EXAMPLE_MARK, IN_CHARGE, OPERATOR, PLAIN, UNIT, USER};
use super::{ColumnSpec, Key, Kind};

pub(super) const UNITS: &[ColumnSpec] = &[
    ColumnSpec {
        key: Key::Name,
        header: "单位名称",
        aliases: &["名称", "单位", "单位全称", "unit name", "name"],
        required: true,
        note: "单位全称",
        width: 30,
        example: "示例市虚构局",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::CreditCode,
        header: "统一社会信用代码",
        aliases: &["信用代码", "单位信用代码", "社会信用代码", "credit code", "credit_code", "code"],
        required: true,
        kind: Kind::CreditCode,
        note: "18位，末位为校验码；用来识别单位，导入时按它更新",
        width: 22,
        example: "11440100MADE000017",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Parent,
        header: "上级单位信用代码",
        aliases: &["上级单位", "上级单位名称", "主管单位", "parent", "parent unit", "parent code"],
        kind: Kind::UnitRef,
        note: "信用代码或单位名称；没有上级单位则留空",
        width: 22,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Region,
        header: "行政区划代码",
        aliases: &["区划代码", "行政区划", "region", "region code", "region_code"],
        kind: Kind::Region,
        note: "六位数字，如 440106",
        width: 14,
        example: "440106",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::RegionFrom,
        header: "区划启用日期",
        aliases: &["区划起", "区划开始日期", "region from", "region_from"],
        kind: Kind::Date,
        note: "该单位自哪一天起使用此区划代码；不限则留空",
        width: 14,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::RegionUntil,
        header: "区划停用日期",
        aliases: &["区划止", "区划结束日期", "region until", "region_until"],
        kind: Kind::Date,
        note: "该单位使用此区划代码的最后一天；不限则留空",
        width: 14,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::From,
        header: "单位启用日期",
        aliases: &["单位起", "成立日期", "from", "valid from", "valid_from"],
        kind: Kind::Date,
        note: "单位存在的第一天；不限则留空",
        width: 14,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "单位停用日期",
        aliases: &["单位止", "撤销日期", "until", "valid until", "valid_until"],
        kind: Kind::Date,
        note: "单位存在的最后一天；不限则留空",
        width: 14,
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const PEOPLE: &[ColumnSpec] = &[
    UNIT,
    ColumnSpec {
        key: Key::Name,
        header: "姓名",
        aliases: &["人员姓名", "name"],
        required: true,
        kind: Kind::PersonName,
        note: "不能含“/”和“@”",
        example: "示例甲",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Post,
        header: "职务",
        aliases: &["岗位", "职务岗位", "职称", "post", "title"],
        note: "如 处长、系统管理员",
        example: "信息科科长",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Phone,
        header: "电话",
        aliases: &["联系电话", "手机", "手机号", "手机号码", "办公电话", "phone", "telephone", "mobile"],
        kind: Kind::Phone,
        note: "与单位、姓名一起识别人员；只填一个号码",
        width: 18,
        example: "020-0000-0001",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Email,
        header: "邮箱",
        aliases: &["电子邮箱", "电子邮件", "email", "e-mail", "mail"],
        kind: Kind::Email,
        note: "如 name@unit.example",
        width: 24,
        example: "jia@unit.example",
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const SYSTEMS: &[ColumnSpec] = &[
    UNIT,
    ColumnSpec {
        key: Key::Name,
        header: "系统名称",
        aliases: &["系统", "信息系统名称", "信息系统", "system", "system name", "name"],
        required: true,
        note: "同一单位内不能重名",
        width: 30,
        example: "示例门户网站",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Level,
        header: "等保级别",
        aliases: &["等级保护级别", "等保等级", "安全保护等级", "定级", "level", "protection level"],
        kind: Kind::Level,
        choices: &["1", "2", "3", "4", "5", "未定级"],
        note: "1 至 5，未定级写“未定级”或留空",
        width: 12,
        example: "3",
        ..PLAIN
    },
    IN_CHARGE,
    OPERATOR,
    USER,
    EXAMPLE_MARK,
];
