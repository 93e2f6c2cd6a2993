//! Columns of the sheets 期次, 场次, 签到 and 成绩.

use super::sheets::{EXAMPLE_MARK, PERSON, PLAIN, UNIT_OF_PERSON};
use super::{ColumnSpec, Key, Kind};

const TERM: ColumnSpec = ColumnSpec {
    key: Key::Term,
    header: "期次",
    aliases: &["期次代码", "所属期次", "培训期次", "term", "term code"],
    kind: Kind::Code,
    note: "“期次”表中的期次代码",
    example: "2026-1",
    ..PLAIN
};

const TOPIC: ColumnSpec = ColumnSpec {
    key: Key::Topic,
    header: "科目",
    aliases: &["项", "培训项目", "课程", "topic", "topic code"],
    note: "科目的代码或名称",
    width: 14,
    example: "WH",
    ..PLAIN
};

const SITTING: ColumnSpec = ColumnSpec {
    key: Key::Sitting,
    header: "场次",
    aliases: &["场次代码", "sitting", "sitting code", "session"],
    kind: Kind::Code,
    note: "“场次”表中的场次代码；不同期次有相同代码时另填“期次”",
    example: "WH-K1",
    ..PLAIN
};

const DATE: ColumnSpec = ColumnSpec {
    key: Key::HeldOn,
    header: "日期",
    aliases: &["上课日期", "考试日期", "举办日期", "date", "held on"],
    kind: Kind::Date,
    note: "举办的日期",
    width: 14,
    example: "2026-06-20",
    ..PLAIN
};

pub(super) const TERMS: &[ColumnSpec] = &[
    ColumnSpec {
        key: Key::Code,
        header: "期次代码",
        aliases: &["代码", "期次", "code", "term code"],
        required: true,
        kind: Kind::Code,
        note: "用来识别期次，导入时按它更新，如 2026-1",
        example: "2026-1",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Name,
        header: "期次名称",
        aliases: &["名称", "培训班名称", "name", "term name"],
        required: true,
        note: "全称",
        width: 30,
        example: "2026年第一期示例培训",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::From,
        header: "起始日期",
        aliases: &["开班日期", "开始日期", "from"],
        required: true,
        kind: Kind::Date,
        note: "第一天",
        width: 14,
        example: "2026-03-01",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "截止日期",
        aliases: &["结班日期", "结束日期", "until"],
        required: true,
        kind: Kind::Date,
        note: "最后一天，包括补考",
        width: 14,
        example: "2026-06-30",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Topics,
        header: "科目",
        aliases: &["项", "培训项目", "开设科目", "topics"],
        required: true,
        note: "科目的代码或名称，多个用顿号隔开",
        width: 24,
        example: "FG、WH",
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const SITTINGS: &[ColumnSpec] = &[
    ColumnSpec {
        key: Key::Code,
        header: "场次代码",
        aliases: &["代码", "场次", "code", "sitting code"],
        required: true,
        kind: Kind::Code,
        note: "同一期次内不能相同，如 WH-1；导入时按期次和代码更新",
        example: "WH-K1",
        ..PLAIN
    },
    ColumnSpec { required: true, ..TERM },
    ColumnSpec { required: true, ..TOPIC },
    ColumnSpec { required: true, ..DATE },
    ColumnSpec {
        key: Key::StartsAt,
        header: "开始时间",
        aliases: &["时间", "start", "start time", "starts at"],
        kind: Kind::Time,
        note: "如 09:00",
        width: 10,
        example: "09:00",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Place,
        header: "地点",
        aliases: &["场地", "教室", "place", "room"],
        note: "可留空",
        width: 24,
        example: "示例会议室",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Hours,
        header: "学时",
        aliases: &["课时", "hours"],
        kind: Kind::Hours,
        note: "授课的学时，0 至 99 的整数；考试留空",
        width: 8,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Trainer,
        header: "授课人",
        aliases: &["讲师", "教师", "trainer", "teacher"],
        note: "授课必填",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Examiner,
        header: "考官",
        aliases: &["主考", "监考", "监考人", "阅卷人", "examiner"],
        note: "考试必填；不能是本期讲授该科目的人",
        example: "示例乙",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::SittingKind,
        header: "类型",
        aliases: &["场次类型", "kind", "type"],
        required: true,
        kind: Kind::SittingKind,
        choices: &["授课", "考试"],
        note: "授课或考试",
        width: 8,
        example: "考试",
    },
    EXAMPLE_MARK,
];

pub(super) const ATTENDANCE: &[ColumnSpec] = &[
    TERM,
    ColumnSpec { required: true, ..SITTING },
    PERSON,
    UNIT_OF_PERSON,
    ColumnSpec {
        key: Key::Presence,
        header: "出勤",
        aliases: &["出勤情况", "考勤", "签到情况", "presence", "attendance"],
        required: true,
        kind: Kind::Presence,
        choices: &["出勤", "迟到", "缺勤", "请假"],
        note: "出勤、迟到、缺勤或请假",
        width: 10,
        example: "出勤",
    },
    ColumnSpec {
        key: Key::LateReason,
        header: "补录原因",
        aliases: &["补登原因", "更正原因", "late entry", "late reason"],
        note: "事后更改已登记的出勤时必填；事后补录时填写",
        width: 24,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Signature,
        header: "签名",
        aliases: &["签字", "signature"],
        kind: Kind::Ignored,
        note: "打印后手签；导入时忽略此列",
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const SCORES: &[ColumnSpec] = &[
    ColumnSpec { note: "“期次”表中的期次代码；不填“场次”时必填", ..TERM },
    ColumnSpec {
        note: "“场次”表中考试的代码；也可改填期次、科目和日期", ..SITTING
    },
    ColumnSpec { note: "科目的代码或名称；不填“场次”时必填", ..TOPIC },
    ColumnSpec { note: "考试日期；不填“场次”时必填", ..DATE },
    PERSON,
    UNIT_OF_PERSON,
    ColumnSpec {
        key: Key::Score,
        header: "成绩",
        aliases: &["分数", "得分", "考试成绩", "score"],
        required: true,
        kind: Kind::Score,
        note: "0 至 100，最多一位小数；没有参加考试写“缺考”",
        width: 10,
        example: "85.5",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::EnteredBy,
        header: "录入人",
        aliases: &["登分人", "entered by", "entered_by"],
        note: "由第二人再录一遍时填写其姓名；留空为导入的人",
        example: "示例丙",
        ..PLAIN
    },
    EXAMPLE_MARK,
];
