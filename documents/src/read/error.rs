//! Why a file could not be read, for the person who sent it.
//!
//! In English by `Display`, in Chinese by [`ReadError::zh`]. It must not carry a parser's wording alone: each message
//! says what is wrong with the file and what to try.

use super::{Damage, Place};

/// The file's fault in every case but [`ReadError::ParserFailed`]. Where a limit is named, nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    #[error("the file is empty; save it again and check that it was copied completely")]
    EmptyFile,
    #[error("the file has {bytes} bytes, more than the {limit} that are read; split it into several files")]
    FileTooLarge { bytes: usize, limit: usize },
    #[error("the file is {found}, not a workbook; save the table as .xlsx or as CSV")]
    NotAWorkbook { found: &'static str },
    #[error(
        "the file is a workbook from before Excel 5, or a part of one; open it in WPS or Excel and save it as .xlsx"
    )]
    OldWorkbook,
    #[error(
        "the file is a web page under a workbook's name, as some systems export it; open it in WPS or Excel and save it as .xlsx"
    )]
    WebPage,
    /// Excel also encrypts what is only protected against changes of its structure, by a password that it knows itself.
    #[error(
        "the workbook has a password, or its structure is protected; remove the protection, or save it as .xlsx"
    )]
    Encrypted,
    #[error("the workbook is damaged in {part}: {what}; open it in WPS or Excel and save it again as .xlsx")]
    Damaged { part: String, what: Damage },
    #[error(
        "the workbook grows beyond {limit} bytes when unpacked; remove pictures and unused sheets, or split it"
    )]
    InflatesTooLarge { limit: u64 },
    #[error(
        "the workbook is made of {parts} parts, more than the {limit} that are read; copy the table into a new workbook"
    )]
    TooManyParts { parts: usize, limit: usize },
    #[error(
        "the workbook has {sheets} sheets, more than the {limit} that are read; keep only those to import"
    )]
    TooManySheets { sheets: usize, limit: usize },
    #[error(
        "sheet {sheet:?} has data in row {row}, beyond the {limit} rows that are read; split the sheet, or delete the rows below the table"
    )]
    TooManyRows { sheet: String, row: u64, limit: u32 },
    #[error(
        "sheet {sheet:?} has data in cell {cell}, beyond the {limit} columns that are read; delete the columns right of the table"
    )]
    TooManyColumns { sheet: String, cell: String, limit: usize },
    #[error("the file has more than {limit} cells; split it into several files")]
    TooManyCells { limit: usize },
    #[error("the file has more than {limit} bytes of text in its cells; split it into several files")]
    TooMuchText { limit: usize },
    #[error(
        "the workbook has more than {limit} merged areas; unmerge cells and fill each with its value, or split the file"
    )]
    TooManyMerges { limit: usize },
    #[error("{place} holds more than {limit} characters; shorten the text")]
    CellTooLong { place: Place, limit: usize },
    #[error(
        "the zip directory at the end of the workbook is missing, so the file was cut off on its way; download or copy it again, or ask its sender to"
    )]
    CutOff,
    #[error(
        "line {line} is neither UTF-8, UTF-16 nor GB18030; look at that line, and in WPS or Excel save the file as \"CSV UTF-8\" or as .xlsx"
    )]
    UnknownEncoding { line: usize },
    #[error(
        "line {line} is {here} and other lines are {elsewhere}, as when two files are put together; write that line again and save the file as \"CSV UTF-8\" or as .xlsx"
    )]
    MixedEncoding { line: usize, here: &'static str, elsewhere: &'static str },
    #[error(
        "a quotation mark opened in row {row} is never closed; write a quotation mark inside a cell twice"
    )]
    UnclosedQuote { row: u32 },
    #[error(
        "the workbook could not be read because of a fault in our reader; save it as CSV UTF-8 and report the fault"
    )]
    ParserFailed,
}

impl ReadError {
    pub fn zh(&self) -> String {
        match self {
            ReadError::EmptyFile => "文件是空的，请重新保存，并确认已完整复制".into(),
            ReadError::FileTooLarge { bytes, limit } => {
                format!("文件有{bytes}字节，超过{limit}字节的上限，请拆成几个文件")
            }
            ReadError::NotAWorkbook { found } => {
                format!("这是{}，不是工作簿，请把表格另存为 .xlsx 或 CSV", found_zh(found))
            }
            ReadError::OldWorkbook => {
                "这是 Excel 5 以前的工作簿（或其一部分），请用 WPS 或 Excel 打开后另存为 .xlsx".into()
            }
            ReadError::WebPage => {
                "这是以表格命名的网页（有的系统这样导出），请用 WPS 或 Excel 打开后另存为 .xlsx".into()
            }
            ReadError::Encrypted => "工作簿设有密码，或工作簿结构受保护：请取消保护，或另存为 .xlsx".into(),
            ReadError::Damaged { part, what } => {
                let part = match part.as_str() {
                    "the zip directory" => "zip 目录",
                    "the compound file" => "复合文档",
                    "the workbook stream" => "工作簿数据流",
                    part => part,
                };
                let what = what.zh().map(|what| format!("：{what}")).unwrap_or_default();
                format!("工作簿已损坏（{part}{what}），请用 WPS 或 Excel 打开后另存为 .xlsx")
            }
            ReadError::InflatesTooLarge { limit } => {
                format!("工作簿解压后超过{limit}字节，请删除图片和无用的表，或拆成几个文件")
            }
            ReadError::TooManyParts { parts, limit } => {
                format!("工作簿由{parts}个部件组成，上限为{limit}个，请把表格复制到新的工作簿")
            }
            ReadError::TooManySheets { sheets, limit } => {
                format!("工作簿有{sheets}张表，上限为{limit}张，请只保留要导入的表")
            }
            ReadError::TooManyRows { sheet, row, limit } => {
                format!("“{sheet}”表第{row}行有内容，超出{limit}行的上限，请拆分该表，或删除表格下方的行")
            }
            ReadError::TooManyColumns { sheet, cell, limit } => {
                format!("“{sheet}”表的 {cell} 有内容，超出{limit}列的上限，请删除表格右侧的列")
            }
            ReadError::TooManyCells { limit } => format!("文件超过{limit}个单元格，请拆成几个文件"),
            ReadError::TooMuchText { limit } => {
                format!("文件中的文字超过{limit}字节，请拆成几个文件")
            }
            ReadError::TooManyMerges { limit } => {
                format!("合并单元格超过{limit}处，请取消合并并逐格填写，或拆成几个文件")
            }
            ReadError::CellTooLong { place, limit } => {
                format!("{}超过{limit}个字符，请缩短", place.zh())
            }
            ReadError::CutOff => {
                "文件不完整（缺少结尾的目录），可能没有下载或复制完，请重新获取，或请对方重发".into()
            }
            ReadError::UnknownEncoding { line } => format!(
                "第{line}行的文字编码不是 UTF-8、UTF-16 或 GB18030，请检查该行，并用 WPS 或 Excel 另存为“CSV UTF-8”或 .xlsx"
            ),
            ReadError::MixedEncoding { line, here, elsewhere } => format!(
                "第{line}行的文字编码是 {here}，其他行是 {elsewhere}（常因拼接两个文件），请重新填写该行，再另存为“CSV UTF-8”或 .xlsx"
            ),
            ReadError::UnclosedQuote { row } => {
                format!("第{row}行的引号没有结束；单元格里的引号要写两个")
            }
            ReadError::ParserFailed => {
                "读取程序出错，工作簿未能读取，请另存为 CSV UTF-8 再试，并报告此问题".into()
            }
        }
    }
}

/// What a file is instead of a workbook, as [`ReadError::NotAWorkbook`] names it.
fn found_zh(found: &str) -> &'static str {
    match found {
        "a text file" => "文本文件",
        "a PDF document" => "PDF 文档",
        "a picture" => "图片",
        "a RAR archive" => "RAR 压缩包",
        "a 7z archive" => "7z 压缩包",
        "a gzip archive" => "gzip 压缩包",
        "a zip archive" => "zip 压缩包",
        "a database" => "数据库文件",
        "a program" => "程序文件",
        "an RTF document" => "RTF 文档",
        "an old Word document" => "旧版 Word 文档",
        "an old office document" => "旧版办公文档",
        "a Word document" => "Word 文档",
        "a presentation" => "演示文稿",
        "a binary workbook (.xlsb)" => "二进制工作簿（.xlsb）",
        "an OpenDocument file" => "OpenDocument 文件",
        _ => "其他格式的文件",
    }
}

#[cfg(test)]
mod tests {
    use super::found_zh;
    use crate::read::container;

    #[test]
    fn every_format_that_is_told_apart_has_a_chinese_name() {
        for found in container::names() {
            assert_ne!(found_zh(found), "其他格式的文件", "{found}");
        }
    }
}
