//! The rules that findings were judged by, with their sources.

use crate::rows::CheckRow;
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Words, words};
use crate::view::View;

pub(super) fn table(view: &View) -> Table {
    let mut checks: Vec<&CheckRow> = view.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.severity));
    let row = |check: &CheckRow| {
        vec![
            Value::Severity(check.severity),
            Value::Words(Words::of(check.title_zh.clone(), check.title_en.clone())),
            Value::Text(check.source.clone()),
            Value::Words(Words::of(check.advice_zh.clone(), check.advice_en.clone())),
            Value::Text(check.id.clone()),
        ]
    };
    Table {
        id: "policy",
        title: words("判定规则与依据", "Rules and their sources"),
        note: None,
        empty: words("没有判定规则。", "There are no rules."),
        columns: vec![
            Column::new("severity", "级别", "Severity", Kind::Severity, 17),
            Column::new("title", "规则", "Rule", Kind::Text, 36),
            Column::new("source", "依据", "Source", Kind::Long, 46),
            Column::new("advice", "整改建议", "Advice", Kind::Long, 60).off_page(),
            Column::new("id", "规则编号", "Id", Kind::Code, 28),
        ],
        rows: checks.into_iter().map(row).collect(),
        total: None,
        sheet: "判定规则",
        page_limit: usize::MAX,
    }
}
