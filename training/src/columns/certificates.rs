//! Columns of the sheets 旧证 and 等效.

use super::sheets::{EXAMPLE_MARK, PERSON, PLAIN, UNIT_OF_PERSON};
use super::{ColumnSpec, Key, Kind};

const CATEGORY: ColumnSpec = ColumnSpec {
    key: Key::Category,
    header: "证书类别",
    aliases: &["类别", "上岗证类别", "category"],
    note: "证书类别的代码或名称",
    width: 18,
    example: "WH",
    ..PLAIN
};

pub(super) const OLD_CERTIFICATES: &[ColumnSpec] = &[
    ColumnSpec {
        key: Key::Number,
        header: "证书编号",
        aliases: &["证号", "证书号", "原证号", "number", "certificate number"],
        required: true,
        kind: Kind::Code,
        note: "证书上印的编号；与发证机关一起识别证书",
        width: 22,
        example: "SL2025001",
        ..PLAIN
    },
    ColumnSpec { required: true, ..CATEGORY },
    PERSON,
    UNIT_OF_PERSON,
    ColumnSpec {
        key: Key::IssuedOn,
        header: "发证日期",
        aliases: &["签发日期", "发证时间", "issued on", "issued_on"],
        required: true,
        kind: Kind::Date,
        note: "证书上印的日期",
        width: 14,
        example: "2025-01-01",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "有效期至",
        aliases: &["有效期止", "到期日", "截止日期", "valid until", "valid_until", "until"],
        required: true,
        kind: Kind::Date,
        note: "最后一天",
        width: 14,
        example: "2027-12-31",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Issuer,
        header: "发证机关",
        aliases: &["发证单位", "签发单位", "issuer", "issuing body"],
        required: true,
        note: "证书上印的发证单位",
        width: 30,
        example: "示例市虚构测评中心",
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const WAIVERS: &[ColumnSpec] = &[
    PERSON,
    UNIT_OF_PERSON,
    ColumnSpec {
        note: "免考整个类别时填写其代码或名称；“证书类别”和“科目”填一个", example: "", ..CATEGORY
    },
    ColumnSpec {
        key: Key::Topic,
        header: "科目",
        aliases: &["项", "免考科目", "topic"],
        note: "免考一个科目时填写其代码或名称；“证书类别”和“科目”填一个",
        width: 14,
        example: "WH",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Evidence,
        header: "依据",
        aliases: &["等效证书", "证书名称", "免考依据", "evidence", "what"],
        required: true,
        note: "如 CISP、NISP、软考",
        width: 18,
        example: "CISP",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Number,
        header: "依据编号",
        aliases: &["证书编号", "证号", "number"],
        kind: Kind::Code,
        note: "证书的编号；可留空",
        width: 22,
        example: "SL-0001",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::File,
        header: "证明文件",
        aliases: &["附件", "文件名", "evidence file", "file"],
        note: "扫描件的文件名；可留空",
        width: 24,
        example: "示例甲-CISP.pdf",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Approver,
        header: "批准人",
        aliases: &["审批人", "approver", "approved by"],
        required: true,
        note: "批准免考的人",
        example: "示例丁",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::From,
        header: "起始日期",
        aliases: &["批准日期", "from"],
        kind: Kind::Date,
        note: "自哪一天起；留空为首次导入的日期",
        width: 14,
        example: "2026-01-01",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "截止日期",
        aliases: &["有效期至", "到期日", "until", "end date"],
        required: true,
        kind: Kind::Date,
        note: "最后一天",
        width: 14,
        example: "2027-12-31",
        ..PLAIN
    },
    EXAMPLE_MARK,
];
