//! Rows that clerks put around a table and that hold no entry: notes and examples under the header, the header once
//! more, totals, signatures.
//!
//! It must not swallow data: a row whose key can be read is an entry, whatever else stands in it. What is passed over
//! is told as a remark.

use std::collections::HashSet;

use crate::cell;
use crate::header::Header;
use crate::schema::Schema;
use crate::table::{CellIn, RowIn, Table};

/// What a row without an entry looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Furniture {
    #[error("a note under the header")]
    Note,
    #[error("an example under the header")]
    Example,
    #[error("the header once more")]
    Header,
    #[error("a footer")]
    Footer,
}

impl Furniture {
    pub fn zh(self) -> &'static str {
        match self {
            Furniture::Note => "表头下的填写说明",
            Furniture::Example => "表头下的示例",
            Furniture::Header => "重复的表头",
            Furniture::Footer => "表尾",
        }
    }
}

/// What a footer begins with, without spaces and in lower case.
const FOOTERS: &[&str] = &[
    "填表",
    "填报",
    "填写",
    "制表",
    "编制",
    "审核",
    "审批",
    "复核",
    "核对",
    "校对",
    "批准",
    "经办",
    "负责",
    "联系",
    "单位负责",
    "部门负责",
    "分管领导",
    "合计",
    "总计",
    "小计",
    "共计",
    "共",
    "以上",
    "以上共",
    "备注",
    "附注",
    "注",
    "说明",
    "日期",
    "签字",
    "签名",
    "签章",
    "盖章",
    "公章",
    "单位盖章",
    "total",
    "subtotal",
    "preparedby",
    "checkedby",
    "approvedby",
    "note",
    "notes",
    "remark",
    "remarks",
    "date",
];
/// What may follow it before the word is over.
const TAILS: &[&str] = &[
    "人员", "人", "者", "单位", "部门", "日期", "时间", "签字", "签名", "签章", "盖章", "电话", "意见",
    "说明",
];
/// What a note on how to fill in a column begins with.
const NOTES: &[&str] =
    &["必填", "选填", "必须", "可选", "可填", "非必填", "可空", "required", "optional", "mandatory"];
/// The kind of a column, as the whole cell.
const FORMATS: &[&str] = &["文本", "日期", "数字", "数值", "下拉", "下拉选择", "text", "date", "number"];
const EXAMPLES: &[&str] = &[
    "示例",
    "样例",
    "范例",
    "例",
    "例如",
    "如",
    "格式",
    "填写示例",
    "填表示例",
    "example",
    "sample",
    "e.g.",
];

/// Notes and examples stand in the first rows below the header.
const N_ROWS_UNDER_HEADER: usize = 3;

/// The rows below the header that hold no entry. `known` are the names and codes that rows may refer to, as
/// [`cell::name_key`]s.
pub(crate) fn find<S: Schema>(
    table: &Table,
    header: &Header<S>,
    sheet: S::Sheet,
    known: &HashSet<String>,
) -> Vec<(usize, Furniture)> {
    let filled = table.rows.iter().enumerate().skip(header.row + 1);
    let filled = filled.filter(|(_, row)| !row.cells.iter().all(cell::is_blank));
    let headers = table.rows.get(header.row).map(texts).unwrap_or_default();
    let of_row = |(n, (i, row)): (usize, (usize, &RowIn))| {
        Some((i, furniture(row, n < N_ROWS_UNDER_HEADER, &headers, header, sheet, known)?))
    };
    filled.enumerate().filter_map(of_row).collect()
}

fn furniture<S: Schema>(
    row: &RowIn,
    is_under_header: bool,
    headers: &[(usize, String)],
    header: &Header<S>,
    sheet: S::Sheet,
    known: &HashSet<String>,
) -> Option<Furniture> {
    let cells = texts(row);
    let (first_column, first) = cells.first()?;
    let index = header.column_of(S::common().index.key);
    let is_index = index == Some(*first_column);
    if is_under_header && is_index && is_word(first, EXAMPLES) {
        // Somebody marked it as one, beside the data, so that its key is an example as well.
        return Some(Furniture::Example);
    }
    if names_entry(row, header, known) {
        return None;
    }
    if cells == headers {
        return Some(Furniture::Header);
    }
    let is_note = |text: &str| begins(text, NOTES) || FORMATS.contains(&text) || is_word(text, EXAMPLES);
    let mut written =
        cells.iter().filter(|(i, _)| index != Some(*i)).map(|(_, text)| text.as_str()).peekable();
    if is_under_header && written.peek().is_some() && written.clone().all(is_note) {
        let is_example = written.all(|text| !begins(text, NOTES) && !FORMATS.contains(&text));
        return Some(if is_example { Furniture::Example } else { Furniture::Note });
    }
    let is_footer = is_word(first, FOOTERS) || is_first_word(row, FOOTERS);
    (is_footer && !S::keeps_footer(sheet, &cells)).then_some(Furniture::Footer)
}

/// Column and text of each cell that isn't blank, without spaces and opening brackets.
fn texts(row: &RowIn) -> Vec<(usize, String)> {
    let text = |cell: &CellIn| {
        let squeezed = cell::name_key(&cell::shown(cell));
        squeezed.trim_start_matches(['(', '[', '【', '*', '※', '·']).to_owned()
    };
    let texts = row.cells.iter().enumerate().map(|(i, cell)| (i, text(cell)));
    texts.filter(|(_, text)| !text.is_empty()).collect()
}

fn begins(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.starts_with(word))
}

/// Whether the text is one of the words, alone or with something set off behind it: `合计12`, `填表人:虚构甲`, but not
/// `注册中心` nor `示例市`.
fn is_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let Some(mut rest) = text.strip_prefix(word) else { return false };
        while let Some(shorter) = TAILS.iter().find_map(|tail| rest.strip_prefix(tail)) {
            rest = shorter;
        }
        let next = rest.chars().next();
        // 示例1 may be somebody's name for a unit.
        let is_counted = next.is_some_and(|c| c.is_ascii_digit()) && !EXAMPLES.contains(word);
        is_counted || next.is_none_or(|c| ":,;.(/)]】".contains(c))
    })
}

/// The same of a word that a space ends: `填表人 虚构甲`.
fn is_first_word(row: &RowIn, words: &[&str]) -> bool {
    let first = row.cells.iter().find(|cell| !cell::is_blank(cell)).map(cell::shown).unwrap_or_default();
    let folded = cell::fold(&first);
    folded.split_whitespace().next().is_some_and(|word| is_word(&cell::name_key(word), words))
}

/// Whether one of the columns that tell entries apart can be read.
fn names_entry<S: Schema>(row: &RowIn, header: &Header<S>, known: &HashSet<String>) -> bool {
    let cell = |i: usize| row.cells.get(i).unwrap_or(&CellIn::Empty);
    header.columns.iter().any(|(i, column)| S::names_entry(column, cell(*i), known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, words: &[&str], expected: bool) {
        let row = RowIn { number: 1, cells: vec![CellIn::Text(text.into())] };
        let found =
            texts(&row).first().is_some_and(|(_, text)| is_word(text, words)) || is_first_word(&row, words);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_word_ends_where_something_else_begins() {
        for footer in [
            "合 计",
            "合计：12",
            "合计12",
            "填表人：虚构甲",
            "填 表 人 ：",
            "填表人 虚构甲",
            "审核人签字（盖章）",
            "备注：1. 略",
            "（注：略）",
            "注1：略",
            "共12条",
            "制表日期：2026年11月22日",
            "Total",
            "Prepared by: X",
            "单位负责人：",
        ] {
            check(footer, FOOTERS, true);
        }
        for data in [
            "注册中心",
            "审核中心",
            "共青团示例市委",
            "附属医院",
            "备注栏目公司",
            "说明书编印社",
            "192.0.2.1",
        ] {
            check(data, FOOTERS, false);
        }
        for example in ["示例", "（示例）", "例：", "例如：192.0.2.1", "Example"] {
            check(example, EXAMPLES, true);
        }
        for data in ["示例市", "示例1", "示例市虚构局", "如皋局"] {
            check(data, EXAMPLES, false);
        }
    }
}
