//! One made-up value of each document, shared by the tests and by `examples/specimens.rs`.

use chrono::NaiveDate;
use documents::paper::{
    Align, Block, CertificateDoc, ColumnSpec, ContactLine, DigestDoc, EvidenceDoc, FactLine, LapseRow,
    OpeningRow, Orientation, PhotoFrame, SignInDoc, SignInKind, SignInRow, TopicLine,
};

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// As long as a signed statement: 64 bytes of signature in base64, serial, masked name, category and dates.
pub const QR: &str = "SP1.AG-2026-M-000123-7.eyJuIjoi56S6KuS-iyIsImMiOiJNMyIsImkiOiIyMDI2LTExLTIzIiwidSI6IjIwMjktMTEtMjIiLCJrIjoiazEifQ.bm90LWEtcmVhbC1zaWduYXR1cmUtb25seS1hLXNwZWNpbWVuLW9mLTY0LWJ5dGVzLWluLWJhc2U2NC1lbmNvZGluZw";

fn topic(name: &str, detail: &str) -> TopicLine {
    TopicLine { name: name.to_owned(), detail: detail.to_owned() }
}

pub fn certificate() -> CertificateDoc {
    CertificateDoc {
        issuing_body: "示例市信息安全测评中心".to_owned(),
        title: "信息安全上岗证".to_owned(),
        holder: "示例一".to_owned(),
        unit: "示例市虚构区政务服务数据管理局".to_owned(),
        post: "维护人员".to_owned(),
        category: "电子政务信息系统安全运维（三级）".to_owned(),
        serial: "AG-2026-M-000123-7".to_owned(),
        issued_on: day(2026, 11, 23),
        valid_until: day(2029, 11, 22),
        review_due_on: Some(day(2028, 5, 22)),
        topics: vec![
            topic("信息安全法律法规与标准", "2026年第1期 · 16学时"),
            topic("网络安全等级保护", "2026年第1期 · 24学时"),
            topic("系统运维安全与应急处置", "2026年第2期 · 32学时"),
            topic("商用密码应用基础", "2026年第2期 · 16学时"),
        ],
        statement: None,
        signatory: String::new(),
        qr: QR.to_owned(),
        hint: "扫码后用离线验证页核对编号、姓名、类别与有效期".to_owned(),
        photo: PhotoFrame::Frame,
        orientation: Orientation::Landscape,
    }
}

pub fn sign_in(n_rows: usize) -> SignInDoc {
    let rows = (1..=n_rows).map(|number| SignInRow {
        name: format!("示例{}", ["甲", "乙", "丙", "丁", "戊"][number % 5]),
        unit: ["示例市虚构区政务服务数据管理局", "示例市档案馆", "虚构县人民政府办公室"][number % 3]
            .to_owned(),
        post: ["维护人员", "开发人员", "主管"][number % 3].to_owned(),
        remark: if number % 11 == 0 { "补考".to_owned() } else { String::new() },
    });
    SignInDoc {
        issuing_body: "示例市信息安全测评中心".to_owned(),
        title: "信息安全上岗培训签到表".to_owned(),
        kind: SignInKind::Lesson,
        sitting: "2026年第2期 第3次".to_owned(),
        topic: "系统运维安全与应急处置".to_owned(),
        place: "示例市虚构路1号 培训楼301室".to_owned(),
        held_on: day(2026, 9, 8),
        hours: "09:00—17:30".to_owned(),
        leader: "示例老师".to_owned(),
        rows: rows.collect(),
        spare_rows: 3,
    }
}

pub fn digest() -> DigestDoc {
    let lapse =
        |holder: &str, post: &str, system: &str, serial: &str, on: NaiveDate, left: i64, state: &str| {
            LapseRow {
                holder: holder.to_owned(),
                post: post.to_owned(),
                system: system.to_owned(),
                category: "安全运维（三级）".to_owned(),
                serial: serial.to_owned(),
                lapses_on: on,
                days_left: left,
                state: state.to_owned(),
            }
        };
    let text = str::to_owned;
    DigestDoc {
        issuing_body: text("示例市信息安全测评中心"),
        title: text("关于上岗证到期及岗位持证情况的提醒"),
        number: text("示测评函〔2026〕17号"),
        unit: text("示例市虚构区政务服务数据管理局"),
        as_of: day(2026, 11, 23),
        dated_on: day(2026, 11, 23),
        paragraphs: Vec::new(),
        lapses: vec![
            lapse(
                "示例一",
                "维护人员",
                "虚构政务服务网",
                "AG-2023-M-000107-3",
                day(2026, 11, 20),
                -3,
                "已过期",
            ),
            lapse(
                "示例禤玥",
                "维护人员",
                "虚构政务服务网",
                "AG-2023-M-000108-1",
                day(2026, 11, 30),
                7,
                "待复审",
            ),
            lapse("示例三", "开发人员", "", "AG-2023-D-000052-9", day(2027, 1, 22), 60, ""),
        ],
        openings: vec![OpeningRow {
            system: text("虚构政务服务网"),
            level: text("三级"),
            requirement: text("至少 2 名持证维护人员（A、B 角）"),
            opens_on: day(2026, 11, 21),
            remark: text("现有 1 名，11月30日后为 0 名"),
        }],
        requests: vec![
            text("请于12月5日前为上述人员报名最近一期复审培训，或变更岗位人员并报我中心备案。"),
            text("证书过期期间，相关人员不得单独从事所载岗位的工作。"),
        ],
        contact: ContactLine {
            office: text("培训部"),
            person: text("示例老师"),
            phone: text("020-0000-0001"),
            mail: text("training@example.org"),
            address: text("示例市虚构路1号"),
        },
    }
}

pub fn evidence() -> EvidenceDoc {
    let text = str::to_owned;
    let fact = |label: &str, value: &str| FactLine { label: text(label), value: text(value) };
    let column = |title: &str, weight, align| ColumnSpec { title: text(title), weight, align };
    let rows = (1..=48).map(|n| {
        vec![
            n.to_string(),
            format!("示例业务系统第{n}号"),
            text(["三级", "四级"][n % 2]),
            format!("{}", n % 3),
            text(if n % 3 == 0 { "无持证维护人员" } else { "满足" }),
        ]
    });
    EvidenceDoc {
        issuing_body: text("示例市信息安全测评中心"),
        title: text("安全意识教育和培训证据表"),
        subtitle: text("GB/T 22239—2019 第三级 8.1.7.3"),
        dated_on: day(2026, 11, 23),
        facts: vec![
            fact("被测单位", "示例市虚构区政务服务数据管理局"),
            fact("统计截止日", "2026年11月23日"),
            fact("规则版本", "requirements 2026-10-01"),
        ],
        blocks: vec![
            Block::Heading { text: text("一、培训计划") },
            Block::Paragraph {
                text: text(
                    "各岗位的培训计划按岗位类别制定，包含基础知识、岗位操作规程等内容；每年至少组织一次技能考核，考核结果在册。",
                ),
            },
            Block::Table {
                caption: text("表 1 各岗位培训计划"),
                columns: vec![
                    column("岗位", 2, Align::Left),
                    column("项目", 5, Align::Left),
                    column("学时", 1, Align::Right),
                ],
                rows: vec![
                    vec![text("维护人员"), text("系统运维安全与应急处置"), text("32")],
                    vec![text("开发人员"), text("安全开发与代码审查"), text("24")],
                ],
            },
            Block::Heading { text: text("二、三级以上系统持证情况") },
            Block::Table {
                caption: text("表 2 三级以上系统持证维护人员"),
                columns: vec![
                    column("序号", 1, Align::Centre),
                    column("信息系统", 5, Align::Left),
                    column("级别", 1, Align::Centre),
                    column("持证", 1, Align::Right),
                    column("结论", 3, Align::Left),
                ],
                rows: rows.collect(),
            },
        ],
        signatures: vec![text("编制"), text("审核"), text("批准")],
        source: text("数据取自培训登记，截止 2026年11月23日；统计口径见规则版本。"),
        orientation: Orientation::Portrait,
    }
}
