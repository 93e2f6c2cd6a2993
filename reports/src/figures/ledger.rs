//! The ledger itself as a table: every figure with its query in words.

use super::Figure;
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Words, words};

pub(super) fn table(figures: &[Figure]) -> Table {
    let row = |figure: &Figure| {
        vec![
            Value::Words(figure.title.clone()),
            Value::Count(figure.value),
            figure.previous.map_or(Value::None, Value::Count),
            figure.change().map_or(Value::None, Value::Change),
            Value::Words(figure.unit.clone()),
            Value::Words(figure.filter.clone()),
            Value::Text(figure.frame.to_owned()),
            Value::Text(figure.id.to_owned()),
        ]
    };
    Table {
        id: "figures",
        title: words("指标台账", "Figure ledger"),
        note: Some(Words::of(
            "报告中的每个数字均由冻结的快照按下列口径计算，可由编号追溯到明细。",
            "Each number of this report is computed from the frozen snapshot by the query below, and can be traced to its rows by its id.",
        )),
        empty: words("没有指标。", "No figures."),
        columns: vec![
            Column::new("title", "指标", "Figure", Kind::Text, 22),
            Column::new("value", "数值", "Value", Kind::Count, 12),
            Column::new("previous", "上期", "Previous", Kind::Count, 11),
            Column::new("change", "变化", "Change", Kind::Number, 11),
            Column::new("unit", "计量", "Unit", Kind::Text, 13),
            Column::new("filter", "口径", "What is counted", Kind::Long, 50),
            Column::new("frame", "数据表", "Frame", Kind::Code, 16).off_page(),
            Column::new("id", "编号", "Id", Kind::Code, 34),
        ],
        rows: figures.iter().map(row).collect(),
        total: None,
        sheet: "总览",
        page_limit: usize::MAX,
    }
}
