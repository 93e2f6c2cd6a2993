//! Lists of posts and certificates: systems without a certified maintainer, what that means for findings, what lapses,
//! and each requirement.

use std::collections::HashMap;

use super::Names;
use crate::figures::findings::place;
use crate::rows::{CheckRow, CoverRow, FindingRow, LapseRow, OverdueUnitRow, PostDueRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Term, Words, due_term, level_words, post_term, standing_term, term, words};
use crate::view::{CoverState, UnmaintainedRow, View};

pub(super) fn unmaintained(view: &View, names: &Names<'_>) -> Table {
    let row = |row: &UnmaintainedRow| {
        vec![
            Value::Words(level_words(row.level)),
            names.unit(&row.unit),
            names.system(&Some(row.system.clone())),
            Value::Term(in_post(row.n_in_grace > 0 || row.n_uncertified > 0)),
            Value::Count(row.n_in_grace.into()),
            Value::Count(row.n_uncertified.into()),
        ]
    };
    Table {
        id: "post-unmaintained",
        title: words("无持证维护人员的系统", "Systems without a certified maintainer"),
        note: Some(words(
            "级别高的在前；宽限期内的也列入。",
            "Highest level first; those whose people are in grace are among them.",
        )),
        empty: words("各系统均有持证维护人员。", "Every system has a certified maintainer."),
        columns: vec![
            Column::new("level", "等保级别", "Level", Kind::Text, 12),
            Column::new("unit", "单位", "Unit", Kind::Text, 34),
            Column::new("system", "信息系统", "System", Kind::Text, 34),
            Column::new("in_post", "在岗情况", "In post", Kind::Text, 22),
            Column::new("in_grace", "宽限期内", "In grace", Kind::Count, 12),
            Column::new("uncertified", "未持证", "Without", Kind::Count, 12),
        ],
        rows: view.posts.unmaintained.iter().map(row).collect(),
        total: None,
        sheet: "无持证维护人员的系统",
        page_limit: 200,
    }
}

fn in_post(somebody: bool) -> Term {
    match somebody {
        true => term("uncertified", "在岗未持证", "In post, not certified"),
        false => term("nobody", "无人在岗", "Nobody in post"),
    }
}

pub(super) fn lapses(view: &View, names: &Names<'_>) -> Table {
    let findings: HashMap<&str, &FindingRow> =
        view.findings.iter().map(|(row, _)| (row.id.as_str(), row)).collect();
    let checks: HashMap<&str, &CheckRow> = view.checks.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut rows: Vec<_> = view.posts.lapses.iter().collect();
    let first_seen = |id: &str| findings.get(id).map(|row| row.first_seen);
    rows.sort_by_cached_key(|row| {
        (std::cmp::Reverse(row.severity), first_seen(&row.finding), row.finding.clone())
    });
    let row = |row: &LapseRow| {
        let finding = findings.get(row.finding.as_str());
        let title = finding.map_or(Value::None, |finding| match checks.get(finding.check.as_str()) {
            Some(check) => Value::Words(Words::of(check.title_zh.clone(), check.title_en.clone())),
            None => Value::Text(finding.check.clone()),
        });
        vec![
            Value::Severity(row.severity),
            title,
            finding.map_or(Value::None, |row| Value::Text(place(&row.target, row.port, &row.transport))),
            names.unit(&row.unit),
            names.system(&Some(row.system.clone())),
            Value::Term(in_post(row.has_maintainer)),
            Value::instant(first_seen(&row.finding)),
            Value::Text(row.finding.clone()),
        ]
    };
    Table {
        id: "post-lapses",
        title: words(
            "无持证维护人员系统上的超危、高危问题",
            "Grave findings on systems without a certified maintainer",
        ),
        note: Some(words(
            "只列最近一次探测确认仍在的问题；疑似消除与无法判定的不列。",
            "Only findings that the last probe saw there; those seen gone and those we could not tell are left out.",
        )),
        empty: words("没有这样的问题。", "There are none."),
        columns: vec![
            Column::new("severity", "级别", "Severity", Kind::Severity, 10),
            Column::new("check", "问题", "Finding", Kind::Text, 30),
            Column::new("place", "位置", "Place", Kind::Place, 24),
            Column::new("unit", "单位", "Unit", Kind::Text, 26),
            Column::new("system", "信息系统", "System", Kind::Text, 24),
            Column::new("in_post", "维护人员", "Maintainer", Kind::Text, 18),
            Column::new("first_seen", "首次发现", "First seen", Kind::Date, 14),
            Column::new("finding", "问题编号", "Finding id", Kind::Code, 38).off_page(),
        ],
        rows: rows.into_iter().map(row).collect(),
        total: None,
        sheet: "无持证维护人员的高危问题",
        page_limit: 200,
    }
}

pub(super) fn overdue(view: &View, names: &Names<'_>) -> Table {
    let row = |row: &OverdueUnitRow| {
        vec![names.unit(&row.unit), Value::Count(row.n_overdue.into()), Value::Instant(row.oldest)]
    };
    let note = view.posts.training.as_ref().map(|training| {
        let (critical, high) = (training.critical_days, training.high_days);
        Words::of(
            format!("整改期限自首次发现起计：超危 {critical} 天，高危 {high} 天；最早的在前。"),
            format!("Days to mend, from first sight: {critical} for critical, {high} for high findings. Oldest first."),
        )
    });
    Table {
        id: "post-overdue",
        title: words(
            "超危、高危问题逾期且没有持证维护人员的单位",
            "Units with overdue grave findings and no certified maintainer",
        ),
        note,
        empty: words("没有这样的单位。", "There are none."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 50),
            Column::new("findings", "逾期问题", "Overdue findings", Kind::Count, 20),
            Column::new("oldest", "最早首次发现", "Oldest first seen", Kind::Date, 24),
        ],
        rows: view.posts.overdue.iter().map(row).collect(),
        total: None,
        sheet: "逾期且无持证维护人员的单位",
        page_limit: 200,
    }
}

pub(super) fn due(view: &View, names: &Names<'_>) -> Table {
    let row = |(row, days_left): &(PostDueRow, i64)| {
        vec![
            Value::Number(*days_left),
            Value::Date(row.on),
            Value::Term(due_term(row.what)),
            names.unit(&row.unit),
            Value::Words(Words::of(row.category_zh.clone(), row.category_en.clone())),
            Value::Text(row.serial.clone()),
        ]
    };
    Table {
        id: "post-due",
        title: words("上岗证到期与复审", "Post certificates that lapse"),
        note: Some(words(
            "前后 90 天内到期或应复审、在岗人员所需的上岗证；已过的日期为负数。两家单位都需要的，各列一行。姓名以证书编号在持证系统中查询，不随报告传播。",
            "Needed by people in post, and ending or to be reviewed within 90 days before or after; below 0 once the day is past. One that two units need has a row for each. Names are looked up by serial and don't travel with the report.",
        )),
        empty: words(
            "前后 90 天内没有到期或应复审的上岗证。",
            "None ends or is to be reviewed within 90 days.",
        ),
        columns: vec![
            Column::new("days_left", "剩余天数", "Days left", Kind::Number, 12),
            Column::new("on", "日期", "Day", Kind::Date, 16),
            Column::new("what", "事项", "What", Kind::Text, 12),
            Column::new("unit", "单位", "Unit", Kind::Text, 36),
            Column::new("category", "证书类别", "Category", Kind::Text, 32),
            Column::new("serial", "证书编号", "Serial", Kind::Code, 26),
        ],
        rows: view.posts.due.iter().map(row).collect(),
        total: None,
        sheet: "上岗证到期",
        page_limit: 200,
    }
}

pub(super) fn coverage(view: &View, names: &Names<'_>) -> Table {
    let mut covers: Vec<&CoverRow> = view.posts.covers.iter().collect();
    let weight = |row: &CoverRow| match CoverState::of(row.standing) {
        CoverState::Gap => 0,
        CoverState::InGrace => 1,
        CoverState::Met => 2,
    };
    // Stable: of equals in the order of the rules and the register.
    covers.sort_by_key(|row| (weight(row), std::cmp::Reverse(row.level)));
    let row = |row: &CoverRow| {
        vec![
            Value::Term(standing_term(row.standing)),
            names.unit(&row.unit),
            names.system(&row.system),
            row.level.map_or(Value::None, |level| Value::Words(level_words(Some(level)))),
            Value::Term(post_term(row.post)),
            Value::Words(Words::of(row.category_zh.clone(), row.category_en.clone())),
            Value::Count(row.n_required.into()),
            Value::Count(row.n_certified.into()),
            Value::Count(row.n_in_grace.into()),
            Value::Count(row.n_uncertified.into()),
            Value::Term(CoverState::of(row.standing).term()),
            Value::Text(row.requirement.clone()),
        ]
    };
    let people = |column: Column| column.under("在岗人数", "People in post");
    Table {
        id: "post-coverage",
        title: words("岗位持证要求逐项", "Requirements one by one"),
        note: Some(words(
            "缺口在前，其次为宽限期内的；同一系统可有几项要求。",
            "Gaps first, then those in grace; several requirements may ask of one system.",
        )),
        empty: words("持证制度没有提出要求。", "The scheme asks nothing."),
        columns: vec![
            Column::new("standing", "状态", "Standing", Kind::Text, 16),
            Column::new("unit", "单位", "Unit", Kind::Text, 26),
            Column::new("system", "信息系统", "System", Kind::Text, 24),
            Column::new("level", "等保级别", "Level", Kind::Text, 11),
            Column::new("post", "岗位", "Post", Kind::Text, 13),
            Column::new("category", "证书类别", "Category", Kind::Text, 24),
            Column::new("n_required", "应有", "Asked", Kind::Count, 8),
            people(Column::new("certified", "持证", "Cert.", Kind::Count, 8)),
            people(Column::new("in_grace", "宽限", "Grace", Kind::Count, 8)),
            people(Column::new("uncertified", "未持证", "Without", Kind::Count, 9)),
            Column::new("state", "结论", "State", Kind::Text, 12).off_page(),
            Column::new("requirement", "要求编号", "Requirement", Kind::Code, 24).off_page(),
        ],
        rows: covers.into_iter().map(row).collect(),
        total: None,
        sheet: "岗位持证要求",
        page_limit: 200,
    }
}
