//! The texts that cells of a workbook share, and texts with formatting inside.
//!
//! It must not believe the count that the part declares.

use std::io::Read;

use quick_xml::events::Event;

use super::rows::shared_text;
use super::xml::Xml;
use super::{Damage, Place, ReadError, ReadLimits};

/// Blank ones are empty.
pub(super) fn read<R: Read>(mut part: Xml<R>, limits: &ReadLimits) -> Result<Vec<String>, ReadError> {
    let mut strings = Vec::new();
    let mut bytes = 0_usize;
    loop {
        let is_item = match part.next()? {
            Event::Start(element) => element.local_name().into_inner() == "si",
            Event::Eof => return Ok(strings),
            _ => false,
        };
        if !is_item {
            continue;
        }
        let Some(text) = read_rich_text(&mut part, limits.cell_chars)? else {
            let place = Place::SharedText(strings.len() + 1);
            return Err(ReadError::CellTooLong { place, limit: limits.cell_chars });
        };
        bytes += text.len();
        if bytes > limits.text_bytes {
            return Err(ReadError::TooMuchText { limit: limits.text_bytes });
        }
        if strings.len() >= limits.cells {
            return Err(ReadError::TooManyCells { limit: limits.cells });
        }
        strings.push(shared_text(text));
    }
}

/// The text of the `si` or `is` element that was just started: plain or in runs, without the reading aids (`rPh`).
/// `None` when it is longer than `limit` characters.
pub(super) fn read_rich_text<R: Read>(part: &mut Xml<R>, limit: usize) -> Result<Option<String>, ReadError> {
    let mut text = String::new();
    let mut left = limit;
    let mut inside = 0_usize;
    // The depth at which a reading aid started.
    let mut aid: Option<usize> = None;
    loop {
        let is_text = match part.next()? {
            Event::Start(element) => {
                let name = element.local_name().into_inner();
                let is_text = name == "t" && aid.is_none();
                if name == "rPh" && aid.is_none() {
                    aid = Some(inside);
                }
                // `text_to_end` takes the end of a text itself.
                inside += usize::from(!is_text);
                is_text
            }
            Event::End(_) if inside == 0 => return Ok(Some(text)),
            Event::End(_) => {
                inside -= 1;
                if aid == Some(inside) {
                    aid = None;
                }
                false
            }
            Event::Eof => return Err(part.damaged(Damage::EndsInTheMiddle)),
            _ => false,
        };
        if is_text {
            let Some(piece) = part.text_to_end(left)? else { return Ok(None) };
            left -= piece.chars().count();
            text.push_str(&piece);
        }
    }
}
