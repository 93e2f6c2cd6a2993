//! Why a document was not printed. In English by `Display`, in Chinese by [`PdfError::zh`].

use std::path::PathBuf;

use super::fonts::Missing;
use crate::paper::Unsound;

/// Nothing is printed in any of these cases: there is no half-right PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The caller's fault, or the fonts'.
    #[error(
        "no font has the character {character} (U+{:04X}) of {text:?} in {field}; put a font that has it into the fonts folder",
        u32::from(*.character)
    )]
    NoGlyph { field: String, text: String, character: char },
    #[error(transparent)]
    Unsound(#[from] Unsound),
    #[error("{bytes} bytes don't fit a QR code with error correction M; shorten the text")]
    QrTooLong { bytes: usize },
    /// Our own fault.
    #[error("the template {template} failed: {detail}")]
    Template { template: &'static str, detail: String },
}

impl PdfError {
    pub fn zh(&self) -> String {
        match self {
            PdfError::NoGlyph { field, text, character } => format!(
                "{field} 中的“{text}”含有字体里没有的字“{character}”（U+{:04X}），未打印；请把含有该字的字体放入 fonts 目录",
                u32::from(*character)
            ),
            PdfError::Unsound(unsound) => unsound.zh(),
            PdfError::QrTooLong { bytes } => {
                format!("二维码内容 {bytes} 字节，超过纠错等级 M 的容量，请缩短")
            }
            PdfError::Template { template, detail } => format!("模板 {template} 出错：{detail}"),
        }
    }
}

/// Why no fonts could be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FontError {
    #[error("no font for Chinese text is installed; {0}")]
    Missing(Missing),
    #[error("cannot read the font file {path}; check that it is there and readable")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a font file that can be read (OpenType or TrueType); remove or replace it")]
    NotAFont { path: PathBuf },
    #[error("{path} has {bytes} bytes, more than the {limit} that a font file may have")]
    TooLarge { path: PathBuf, bytes: u64, limit: u64 },
    #[error(
        "{folder} holds {found} font files, more than the {limit} that are loaded; keep those that are used"
    )]
    TooMany { folder: PathBuf, found: usize, limit: usize },
}
