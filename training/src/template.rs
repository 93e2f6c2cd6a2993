//! The workbook that is handed out to be filled in: instructions, and every sheet with an example row.

use intake::table::{ColumnOut, SheetOut};
pub use intake::template::INSTRUCTIONS;

use crate::columns::{Key, SHEETS, TrainingSheets};
use crate::scheme::Scheme;

/// Goes up when a column is added or changes its meaning.
pub const TEMPLATE_VERSION: u32 = 1;

const GENERAL: &[&str] = &[
    "本工作簿用于登记培训人员、岗位、期次、场次、签到、成绩、旧证和等效免考，每张表一类，一行一条；用不到的表可以删除。",
    "不要改动表名和列名；不用的列可以删除，删除的列不改变已登记的内容，留空则表示“无”（列说明另有规定的除外）。",
    "“标记”列写“示例”的行不导入，可以保留或删除。",
    "日期写成 2026-01-31；信用代码、电话、身份证号、证书编号请保持文本格式，以免丢失数字。",
    "单位和系统须已在登记表中；“单位信用代码”列也可以写与登记表完全一致的单位名称。",
    "提到人员时写姓名；有同名人员时写“姓名/电话”“姓名/电话末四位”或“姓名@单位信用代码”，也可写身份证号。",
    "人员属于哪个单位以“岗位”表为准：调动时为原岗位填写截止日期，再为新岗位另写一行。",
    "同一文件可以重复导入：内容相同则没有变化，内容不同则更新；导入不会删除任何内容。",
    "表头下的填写说明、表尾的合计、填表人、备注等行会自动忽略，并在导入时列出；数据前的“序号”列可以保留。",
];

/// Instructions first, then the sheets; topics and categories are chosen from those of the scheme.
pub fn template(scheme: &Scheme) -> Vec<SheetOut> {
    let mut sheets = intake::template::template::<TrainingSheets>(GENERAL);
    for spec in &SHEETS {
        let Some(out) = sheets.iter_mut().find(|out| out.name == spec.name) else { continue };
        for (column, spec) in out.columns.iter_mut().zip(spec.columns) {
            choose(column, spec.key, scheme);
        }
    }
    sheets
}

/// Drop-down choices that the scheme has.
pub(crate) fn choose(column: &mut ColumnOut, key: Key, scheme: &Scheme) {
    column.choices = match key {
        Key::Topic => scheme.topics.iter().map(|topic| topic.code.clone()).collect(),
        Key::Category => scheme.categories.iter().map(|category| category.code.clone()).collect(),
        _ => return,
    };
}
