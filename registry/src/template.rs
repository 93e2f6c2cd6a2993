//! The workbook that is handed out to be filled in: instructions, and every sheet with an example row.

use crate::cell;
use crate::columns::{SHEETS, SheetSpec};
use crate::import::column_out;
use crate::table::{CellIn, ColumnOut, RowIn, SheetOut, Table};

/// Name of the sheet of instructions.
pub const INSTRUCTIONS: &str = "说明";

/// Goes up when a column is added or changes its meaning.
pub const TEMPLATE_VERSION: u32 = 1;

const VERSION_LABEL: &str = "模板版本";

/// Instructions first, then the sheets of the register.
pub fn template() -> Vec<SheetOut> {
    let mut sheets = vec![instructions()];
    sheets.extend(SHEETS.iter().map(with_example));
    sheets
}

fn with_example(spec: &SheetSpec) -> SheetOut {
    let example = spec.columns.iter().map(|column| match column.example {
        "" => CellIn::Empty,
        text => CellIn::Text(text.to_owned()),
    });
    SheetOut {
        name: spec.name.to_owned(),
        columns: spec.columns.iter().map(column_out).collect(),
        rows: vec![example.collect()],
        marks: Vec::new(),
    }
}

fn instructions() -> SheetOut {
    let text = |text: &str| CellIn::Text(text.to_owned());
    let general = [
        "本工作簿用于登记单位、人员、信息系统、资产、排除目标和备案服务，每张表一类，一行一条。",
        "不要改动表名和列名；不用的列可以删除，删除的列不改变已登记的内容，留空则表示“无”。",
        "“标记”列写“示例”的行不导入，可以保留或删除。",
        "日期写成 2026-01-31；信用代码、电话、地址请保持文本格式，以免丢失数字。",
        "“单位信用代码”列也可以写与“单位”表完全一致的单位名称。",
        "两个单位的资产在同一天不能重叠；同一单位的大小网段可以嵌套。",
        "同一文件可以重复导入：内容相同则没有变化，内容不同则更新。",
        "表头下的填写说明、表尾的合计、填表人、备注等行会自动忽略，并在导入时列出；数据前的“序号”列可以保留。",
    ];
    let mut rows = vec![vec![text(VERSION_LABEL), text(&TEMPLATE_VERSION.to_string())]];
    // In the widest column, where it breaks into lines.
    rows.extend(general.iter().map(|line| vec![text("总则"), CellIn::Empty, CellIn::Empty, text(line)]));
    for spec in &SHEETS {
        for column in spec.columns {
            let must = if column.required { "必填" } else { "选填" };
            rows.push(vec![text(spec.name), text(column.header), text(must), text(column.note)]);
        }
    }
    let column = |header: &str, width: u16| ColumnOut {
        header: header.to_owned(),
        width,
        as_text: true,
        wraps: true,
        ..ColumnOut::default()
    };
    let columns = vec![column("项目", 14), column("内容", 22), column("要求", 8), column("填写方法", 70)];
    SheetOut { name: INSTRUCTIONS.to_owned(), columns, rows, marks: Vec::new() }
}

/// The sheet of instructions, also if somebody renamed it.
pub(crate) fn is_instructions(table: &Table) -> bool {
    let is_version = |row: &RowIn| row.cells.first().is_some_and(|cell| cell::shown(cell) == VERSION_LABEL);
    table.sheet.trim() == INSTRUCTIONS || table.rows.iter().take(3).any(is_version)
}

/// The version that a sheet of instructions states, if this program doesn't know it.
pub(crate) fn newer_version(instructions: &Table) -> Option<u32> {
    let mut rows = instructions.rows.iter();
    let row = rows.find(|row| row.cells.first().is_some_and(|cell| cell::shown(cell) == VERSION_LABEL))?;
    let version: u32 = cell::shown(row.cells.get(1)?).parse().ok()?;
    (version > TEMPLATE_VERSION).then_some(version)
}
