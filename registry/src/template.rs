//! The workbook that is handed out to be filled in: instructions, and every sheet with an example row.

pub use intake::template::INSTRUCTIONS;

use crate::columns::RegisterSheets;
use crate::table::SheetOut;

/// Goes up when a column is added or changes its meaning.
pub const TEMPLATE_VERSION: u32 = 1;

const GENERAL: &[&str] = &[
    "本工作簿用于登记单位、人员、信息系统、资产、排除目标和备案服务，每张表一类，一行一条。",
    "不要改动表名和列名；不用的列可以删除，删除的列不改变已登记的内容，留空则表示“无”。",
    "“标记”列写“示例”的行不导入，可以保留或删除。",
    "日期写成 2026-01-31；信用代码、电话、地址请保持文本格式，以免丢失数字。",
    "“单位信用代码”列也可以写与“单位”表完全一致的单位名称。",
    "两个单位的资产在同一天不能重叠；同一单位的大小网段可以嵌套。",
    "同一文件可以重复导入：内容相同则没有变化，内容不同则更新。",
    "表头下的填写说明、表尾的合计、填表人、备注等行会自动忽略，并在导入时列出；数据前的“序号”列可以保留。",
];

/// Instructions first, then the sheets of the register.
pub fn template() -> Vec<SheetOut> {
    intake::template::template::<RegisterSheets>(GENERAL)
}
