//! Columns of the sheets 资产, 排除 and 备案服务.

use super::sheets::{EXAMPLE_MARK, IN_CHARGE, OPERATOR, PLAIN, UNIT, USER};
use super::{ColumnSpec, Key, Kind};

const TARGET: ColumnSpec = ColumnSpec {
    key: Key::Target,
    header: "目标",
    aliases: &["地址", "ip", "ip地址", "target", "address"],
    required: true,
    kind: Kind::Target,
    note: "一格只写一个：地址、网段（192.0.2.0/24）、范围（192.0.2.1-192.0.2.9）或域名",
    width: 30,
    example: "192.0.2.0/24",
    ..PLAIN
};

pub(super) const ASSETS: &[ColumnSpec] = &[
    UNIT,
    ColumnSpec {
        key: Key::System,
        header: "所属系统",
        aliases: &["系统", "系统名称", "信息系统", "system", "system name"],
        kind: Kind::SystemRef,
        note: "本单位系统的名称；外单位系统写“名称@单位信用代码”；没有则留空",
        width: 24,
        example: "示例门户网站",
        ..PLAIN
    },
    ColumnSpec {
        header: "资产",
        aliases: &["目标", "资产地址", "地址", "ip", "ip地址", "网段", "域名", "asset", "target", "address"],
        ..TARGET
    },
    ColumnSpec {
        key: Key::From,
        header: "归属起",
        aliases: &["归属起始日期", "归属开始日期", "owned from", "owned_from", "from"],
        kind: Kind::Date,
        note: "资产归该单位的第一天；不限则留空",
        width: 14,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "归属止",
        aliases: &["归属截止日期", "归属结束日期", "owned until", "owned_until", "until"],
        kind: Kind::Date,
        note: "资产归该单位的最后一天；不限则留空",
        width: 14,
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Approver,
        header: "授权批准人",
        aliases: &["批准人", "授权人", "approver", "authorised by", "authorized by"],
        note: "授权书上的批准人；没有授权的资产不会被扫描",
        example: "示例丁",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::AuthorisedFrom,
        header: "授权起",
        aliases: &["授权起始日期", "授权开始日期", "authorised from", "authorized from", "authorised_from"],
        kind: Kind::Date,
        note: "授权的第一天；不限则留空",
        width: 14,
        example: "2026-01-01",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::AuthorisedUntil,
        header: "授权止",
        aliases: &[
            "授权截止日期",
            "授权结束日期",
            "授权到期日",
            "authorised until",
            "authorized until",
            "authorised_until",
        ],
        kind: Kind::Date,
        note: "授权的最后一天；有授权就必须填写",
        width: 14,
        example: "2026-12-31",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::ScanWindow,
        header: "扫描时段",
        aliases: &[
            "扫描窗口",
            "扫描时间",
            "允许扫描时间",
            "允许扫描时段",
            "scan window",
            "scan_window",
            "scan hours",
        ],
        kind: Kind::ScanWindow,
        note: "北京时间，如 22:00-06:00 或 周一至周五 22:00-06:00，多个用分号隔开；不限则留空",
        width: 28,
        example: "周一至周五 22:00-06:00",
        ..PLAIN
    },
    IN_CHARGE,
    OPERATOR,
    USER,
    ColumnSpec {
        key: Key::Note,
        header: "备注",
        aliases: &["说明", "note", "notes", "remark"],
        kind: Kind::Note,
        note: "可留空",
        width: 30,
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const EXCLUSIONS: &[ColumnSpec] = &[
    UNIT,
    ColumnSpec {
        header: "目标",
        aliases: &["排除目标", "地址", "ip", "ip地址", "资产", "target", "address"],
        kind: Kind::Addresses,
        note: "不扫描的地址、网段（192.0.2.0/24）或范围（192.0.2.1-192.0.2.9），一格只写一个；不能写域名，请写其地址",
        example: "192.0.2.200",
        ..TARGET
    },
    ColumnSpec {
        key: Key::Reason,
        header: "原因",
        aliases: &["排除原因", "reason"],
        required: true,
        note: "为什么不能扫描",
        width: 30,
        example: "医疗设备，扫描可能影响使用",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "截止日期",
        aliases: &["排除截止日期", "到期日", "until", "end date"],
        required: true,
        kind: Kind::Date,
        note: "排除的最后一天",
        width: 14,
        example: "2026-12-31",
        ..PLAIN
    },
    EXAMPLE_MARK,
];

pub(super) const SERVICES: &[ColumnSpec] = &[
    UNIT,
    ColumnSpec {
        aliases: &["资产", "地址", "ip", "ip地址", "域名", "target", "address", "asset"], ..TARGET
    },
    ColumnSpec {
        key: Key::Port,
        header: "端口",
        aliases: &["端口号", "port"],
        required: true,
        kind: Kind::Port,
        note: "1 至 65535，一行一个端口",
        width: 8,
        example: "443",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Transport,
        header: "传输协议",
        aliases: &["协议", "传输层协议", "transport", "protocol"],
        required: true,
        kind: Kind::Transport,
        choices: &["tcp", "udp"],
        note: "tcp 或 udp",
        width: 10,
        example: "tcp",
    },
    ColumnSpec {
        key: Key::Service,
        header: "服务",
        aliases: &["服务名称", "应用协议", "service"],
        required: true,
        kind: Kind::Service,
        note: "应用协议的英文名，如 https、ssh",
        width: 12,
        example: "https",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Purpose,
        header: "用途",
        aliases: &["服务用途", "purpose"],
        required: true,
        note: "为什么需要这项服务",
        width: 30,
        example: "门户网站对外服务",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Approver,
        header: "批准人",
        aliases: &["审批人", "备案批准人", "approver", "approved by"],
        required: true,
        note: "单位内批准这项服务的人",
        example: "示例丁",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::DeclaredOn,
        header: "备案日期",
        aliases: &["备案起", "declared on", "declared_on"],
        kind: Kind::Date,
        note: "备案的第一天；不清楚则留空",
        width: 14,
        example: "2026-01-01",
        ..PLAIN
    },
    ColumnSpec {
        key: Key::Until,
        header: "截止日期",
        aliases: &["备案截止日期", "备案止", "到期日", "until", "end date"],
        required: true,
        kind: Kind::Date,
        note: "备案的最后一天",
        width: 14,
        example: "2026-12-31",
        ..PLAIN
    },
    EXAMPLE_MARK,
];
