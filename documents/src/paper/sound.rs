//! What every value is looked at for before it is printed, whatever it is printed as.
//!
//! It must not mend a text, and knows no font: whether a character can be drawn is the printer's question.

use serde::Serialize;
use serde_json::Value;

use super::{Block, DigestDoc, EvidenceDoc};

/// Limits on what one document holds; beyond, it is a fault of the caller rather than a document.
const MAX_DIGEST_ROWS: usize = 5_000;
const MAX_EVIDENCE_CELLS: usize = 100_000;
const MAX_BLOCKS: usize = 2_000;
const MAX_COLUMNS: usize = 16;
/// In characters: more than any text of a form or paragraph; keeps a pasted book out of the layout.
const MAX_TEXT: usize = 8_000;

/// Why a value isn't printed. In English by `Display`, in Chinese by [`Unsound::zh`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    #[error("{field} holds the control character U+{:04X}; remove it", u32::from(*.character))]
    ControlCharacter { field: String, character: char },
    #[error("the text of {field} doesn't fit its place; shorten it")]
    DoesNotFit { field: String },
    #[error("{field} has {found} entries, more than the {limit} that are printed; split the document")]
    TooMany { field: String, found: usize, limit: usize },
    #[error("row {row} of a table has {found} cells, and {expected} columns")]
    UnevenRow { row: usize, found: usize, expected: usize },
}

impl Unsound {
    pub fn zh(&self) -> String {
        match self {
            Unsound::ControlCharacter { field, character } => {
                format!("{field} 含有控制字符 U+{:04X}，请删除后重试", u32::from(*character))
            }
            Unsound::DoesNotFit { field } => format!("{field} 的文字太长，放不下，请缩短"),
            Unsound::TooMany { field, found, limit } => {
                format!("{field} 有 {found} 项，超过可打印的 {limit} 项，请拆分")
            }
            Unsound::UnevenRow { row, found, expected } => {
                format!("表格第 {row} 行有 {found} 格，而表头有 {expected} 列")
            }
        }
    }
}

/// The sizes of a letter.
pub(crate) fn digest(doc: &DigestDoc) -> Result<(), Unsound> {
    at_most("lapses", doc.lapses.len(), MAX_DIGEST_ROWS)?;
    at_most("openings", doc.openings.len(), MAX_DIGEST_ROWS)?;
    at_most("paragraphs", doc.paragraphs.len(), MAX_BLOCKS)?;
    at_most("requests", doc.requests.len(), MAX_BLOCKS)
}

/// The sizes of an evidence sheet, and that its rows have as many cells as columns.
pub(crate) fn evidence(doc: &EvidenceDoc) -> Result<(), Unsound> {
    at_most("blocks", doc.blocks.len(), MAX_BLOCKS)?;
    let mut n_cells = 0;
    for block in &doc.blocks {
        if let Block::Table { columns, rows, .. } = block {
            at_most("columns", columns.len(), MAX_COLUMNS)?;
            let uneven = rows.iter().enumerate().find(|(_, row)| row.len() != columns.len());
            if let Some((index, row)) = uneven {
                let (found, expected) = (row.len(), columns.len());
                return Err(Unsound::UnevenRow { row: index + 1, found, expected });
            }
            n_cells += rows.len() * columns.len();
        }
    }
    at_most("cells", n_cells, MAX_EVIDENCE_CELLS)
}

pub(crate) fn at_most(field: &str, found: usize, limit: usize) -> Result<(), Unsound> {
    match found <= limit {
        true => Ok(()),
        false => Err(Unsound::TooMany { field: field.to_owned(), found, limit }),
    }
}

/// Every text of a value, under the name of its field, such as `rows[3].name`.
pub(crate) fn each_text<E>(
    value: &Value,
    field: &str,
    judge: &impl Fn(&str, &str) -> Result<(), E>,
) -> Result<(), E> {
    match value {
        Value::String(text) => judge(field, text),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| each_text(item, &format!("{field}[{index}]"), judge)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, item)| match field {
            "" => each_text(item, name, judge),
            _ => each_text(item, &format!("{field}.{name}"), judge),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Every text of a document, where nothing is asked of fonts.
pub(crate) fn texts(doc: &impl Serialize) -> Result<(), Unsound> {
    let value = serde_json::to_value(doc).expect("a document of texts, numbers and lists has a value");
    each_text(&value, "", &text)
}

/// One text that is to be printed in `field`.
pub(crate) fn text(field: &str, text: &str) -> Result<(), Unsound> {
    if text.len() > MAX_TEXT * 4 || text.chars().count() > MAX_TEXT {
        return Err(Unsound::DoesNotFit { field: field.to_owned() });
    }
    match text.chars().find(|character| is_control(*character)) {
        Some(character) => Err(Unsound::ControlCharacter { field: field.to_owned(), character }),
        None => Ok(()),
    }
}

/// What XML 1.0 forbids (2.2), and what turns the direction of writing or ends a line unseen: a name must not be
/// printed otherwise than it is stored.
fn is_control(character: char) -> bool {
    let turns =
        matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let separates = matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    let is_none = matches!(character, '\u{FFFE}' | '\u{FFFF}');
    (character.is_control() && character != '\n') || turns || separates || is_none
}
