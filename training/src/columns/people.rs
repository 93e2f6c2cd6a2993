//! Columns of the sheets 人员 and 岗位.

use super::sheets::{EXAMPLE_MARK, PERSON, PLAIN, UNIT};
use super::{ColumnSpec, Key, Kind};

pub(super) const STAFF: &[ColumnSpec] = &[
    ColumnSpec {
        key: Key::Name,
        header: "姓名",
        aliases: &["人员姓名", "学员姓名", "name"],
        required: true,
        kind: Kind::PersonName,
        note: "不能含“/”和“@”",
        example: "示例甲",
        ..PLAIN
    },
    ColumnSpec {
        required: true,
        note: "信用代码，或与登记表完全一致的单位名称；人员的单位以“岗位”表为准，此列用来区分同名人员",
        ..UNIT
    },
    ColumnSpec {
        key: Key::Phone,
        header: "电话",
        aliases: &["联系电话", "手机", "手机号", "手机号码", "办公电话", "phone", "telephone", "mobile"],
        kind: Kind::Phone,
        note: "没有身份证号时，与姓名一起识别人员；只填一个号码，留空不改变已登记的号码",
        width: 18,
        example: "020-0000-0001",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Email,
        header: "邮箱",
        aliases: &["电子邮箱", "电子邮件", "email", "e-mail", "mail"],
        kind: Kind::Email,
        note: "如 name@unit.example；到期提醒发到此处",
        width: 24,
        example: "jia@unit.example",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Employment,
        header: "用工性质",
        aliases: &["编制", "人员类别", "人员性质", "用工形式", "employment"],
        kind: Kind::Employment,
        choices: &["在编", "聘用", "外包"],
        note: "在编、聘用或外包；留空按在编",
        width: 10,
        example: "在编",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::IdNumber,
        header: "身份证号",
        aliases: &["身份证号码", "身份证", "公民身份号码", "证件号码", "id number", "id_number", "id card"],
        kind: Kind::IdNumber,
        note: "可不填；填写则须18位并保持文本格式，加密保存，只用来识别同一个人，留空不改变已登记的号码",
        width: 22,
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const HOLDINGS: &[ColumnSpec] = &[
    PERSON,
    ColumnSpec {
        required: true, note: "岗位所在单位：信用代码，或与登记表完全一致的单位名称", ..UNIT
    },
    ColumnSpec {
        key: Key::System,
        header: "系统",
        aliases: &["所属系统", "系统名称", "信息系统", "system", "system name"],
        kind: Kind::SystemRef,
        note: "本单位系统的名称；外单位系统写“名称@单位信用代码”；不针对某个系统则留空",
        width: 24,
        example: "示例门户网站",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Post,
        header: "岗位",
        aliases: &["岗位类别", "岗位类型", "post", "post kind"],
        required: true,
        kind: Kind::Post,
        choices: &["维护人员", "开发人员", "主管", "负责人", "测评人员"],
        note: "从列表中选择",
        width: 12,
        example: "维护人员",
    },
    ColumnSpec {
        key: Key::Role,
        header: "A/B角",
        aliases: &["ab角", "角色", "role", "a/b role"],
        kind: Kind::Role,
        choices: &["A", "B"],
        note: "A 或 B；没有则留空",
        width: 8,
        example: "A",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::From,
        header: "起始日期",
        aliases: &["任职日期", "任职起", "起", "上岗日期", "from", "since"],
        required: true,
        kind: Kind::Date,
        note: "任此岗位的第一天",
        width: 14,
        example: "2026-01-01",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "截止日期",
        aliases: &["离岗日期", "任职止", "止", "until", "end date"],
        kind: Kind::Date,
        note: "任此岗位的最后一天；仍在岗则留空。调动时为原岗位填写此日期，再为新岗位另写一行",
        width: 14,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::EndReason,
        header: "离岗原因",
        aliases: &["截止原因", "变动原因", "end reason"],
        kind: Kind::Name,
        note: "如 调动、离职；可留空",
        ..PLAIN
    },
    EXAMPLE_MARK,
];
