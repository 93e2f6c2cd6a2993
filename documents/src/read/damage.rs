//! What is damaged about a workbook and where a text stands in it, in both languages.
//!
//! It must not put a library's English into a Chinese sentence.

/// One fault of a workbook's make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    #[error("it is missing")]
    Missing,
    #[error("it ends in the middle")]
    EndsInTheMiddle,
    #[error("its shared texts end in the middle")]
    TextsEndInTheMiddle,
    #[error("elements are nested too deep")]
    NestedTooDeep,
    #[error("a text without end")]
    EndlessText,
    #[error("the entity &{0};")]
    UnknownEntity(String),
    #[error("it is not a worksheet")]
    NotAWorksheet,
    #[error("a cell has no valid position")]
    CellNowhere,
    #[error("cell {cell} points at no text")]
    CellWithoutText { cell: String },
    #[error("sheet {sheet:?} points nowhere")]
    SheetNowhere { sheet: String },
    #[error("sheet {sheet:?} is missing")]
    SheetMissing { sheet: String },
    #[error("sheet {sheet:?} doesn't start here")]
    NoSheetHere { sheet: String },
    #[error("sheet {sheet:?} is in the place of another")]
    PlaceTaken { sheet: String },
    #[error("it has too many relations")]
    TooManyRelations,
    #[error("it has the layout for archives beyond 4 GiB")]
    Zip64,
    #[error("it doesn't start as a workbook does")]
    NoWorkbook,
    #[error("its texts are of code page {0}, which isn't known")]
    UnknownCodePage(u16),
    #[error("record {kind:#06x} is too short")]
    ShortRecord { kind: u16 },
    #[error("record {kind:#06x} of sheet {sheet:?} is too short")]
    ShortRecordOfSheet { kind: u16, sheet: String },
    #[error("it was cut off, or a stream claims to be longer than the file")]
    StreamBeyondFile,
    #[error("its list of sectors is longer than the file needs")]
    EndlessSectors,
    #[error("{what} (byte {byte})")]
    At { what: Box<Damage>, byte: usize },
    /// What a library says of its format, in its English.
    #[error("{0}")]
    Library(String),
}

impl Damage {
    /// `None` for what only a library's English tells.
    pub fn zh(&self) -> Option<String> {
        Some(match self {
            Damage::Missing => "缺少该部分".into(),
            Damage::EndsInTheMiddle => "内容不完整".into(),
            Damage::TextsEndInTheMiddle => "共享文字不完整".into(),
            Damage::NestedTooDeep => "元素嵌套过深".into(),
            Damage::EndlessText => "有一段文字没有结束".into(),
            Damage::UnknownEntity(name) => format!("含未知的实体“&{name};”"),
            Damage::NotAWorksheet => "不是工作表".into(),
            Damage::CellNowhere => "有单元格没有有效的位置".into(),
            Damage::CellWithoutText { cell } => format!("单元格 {cell} 指向的文字不存在"),
            Damage::SheetNowhere { sheet } => format!("“{sheet}”表没有指向任何内容"),
            Damage::SheetMissing { sheet } => format!("缺少“{sheet}”表"),
            Damage::NoSheetHere { sheet } => format!("“{sheet}”表不从所指的位置开始"),
            Damage::PlaceTaken { sheet } => format!("“{sheet}”表与另一张表位置重叠"),
            Damage::TooManyRelations => "关系过多".into(),
            Damage::Zip64 => "采用了 4 GiB 以上压缩包的格式".into(),
            Damage::NoWorkbook => "开头不是工作簿".into(),
            Damage::UnknownCodePage(number) => format!("文字采用未知的代码页 {number}"),
            Damage::ShortRecord { kind } => format!("记录 {kind:#06x} 过短"),
            Damage::ShortRecordOfSheet { kind, sheet } => format!("“{sheet}”表的记录 {kind:#06x} 过短"),
            Damage::StreamBeyondFile => "文件不完整，或数据流声称的长度超过文件".into(),
            Damage::EndlessSectors => "扇区表超过文件所需的长度".into(),
            Damage::At { what, byte } => format!("{}，第 {byte} 字节", what.zh()?),
            Damage::Library(_) => return None,
        })
    }
}

/// Where a text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A CSV file has no sheets.
    Cell { cell: String, sheet: Option<String> },
    /// One that cells share, counted from 1.
    SharedText(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Cell { cell, sheet: Some(sheet) } => write!(f, "cell {cell} of sheet {sheet:?}"),
            Place::Cell { cell, sheet: None } => write!(f, "cell {cell}"),
            Place::SharedText(n) => write!(f, "shared text {n}"),
        }
    }
}

impl Place {
    pub fn zh(&self) -> String {
        match self {
            Place::Cell { cell, sheet: Some(sheet) } => format!("“{sheet}”表的单元格 {cell} "),
            Place::Cell { cell, sheet: None } => format!("单元格 {cell} "),
            Place::SharedText(n) => format!("第{n}段共享文字"),
        }
    }
}
