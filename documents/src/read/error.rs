//! Why a file could not be read, for the person who sent it.
//!
//! It must not carry a parser's wording alone: each message says what is wrong with the file and what to try.

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
    #[error("the file is a workbook in the old .xls format; open it in WPS or Excel and save it as .xlsx")]
    OldWorkbook,
    #[error(
        "the file is a web page under a workbook's name, as some systems export it; open it in WPS or Excel and save it as .xlsx"
    )]
    WebPage,
    #[error("the workbook is protected by a password; remove the password and save it again")]
    Encrypted,
    #[error(
        "the workbook is damaged in {part}: {detail}; open it in WPS or Excel and save it again as .xlsx"
    )]
    Damaged { part: String, detail: String },
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
    CellTooLong { place: String, limit: usize },
    #[error(
        "the text is neither UTF-8, UTF-16 nor GB18030; in WPS or Excel save it as \"CSV UTF-8\" or as .xlsx"
    )]
    UnknownEncoding,
    #[error(
        "a quotation mark opened in row {row} is never closed; write a quotation mark inside a cell twice"
    )]
    UnclosedQuote { row: u32 },
    #[error(
        "the workbook could not be read because of a fault in our reader; save it as CSV UTF-8 and report the fault"
    )]
    ParserFailed,
}
