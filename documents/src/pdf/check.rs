//! What is looked at before and after a document is set: every character has a glyph, and which faces served.
//!
//! It must not mend a text: a character that can't be shown is an error that names it.

use std::collections::BTreeSet;

use serde_json::Value;
use typst::layout::{Frame, FrameItem};
use typst::text::TextItem;

use super::error::PdfError;
use super::fonts::FontSet;

/// More than any text of a form or paragraph; keeps a pasted book out of the layout.
const MAX_TEXT: usize = 8_000;

/// Every text of the value, under the name of its field, such as `rows[3].name`.
pub fn texts(value: &Value, field: &str, fonts: &FontSet) -> Result<(), PdfError> {
    match value {
        Value::String(text) => characters(text, field, fonts),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| texts(item, &format!("{field}[{index}]"), fonts)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, item)| match field {
            "" => texts(item, name, fonts),
            _ => texts(item, &format!("{field}.{name}"), fonts),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn characters(text: &str, field: &str, fonts: &FontSet) -> Result<(), PdfError> {
    if text.len() > MAX_TEXT * 4 || text.chars().count() > MAX_TEXT {
        return Err(PdfError::DoesNotFit { field: field.to_owned() });
    }
    for character in text.chars() {
        if is_control(character) {
            return Err(PdfError::ControlCharacter { field: field.to_owned(), character });
        }
        if !character.is_whitespace() && !fonts.covers(character) {
            return Err(PdfError::NoGlyph { field: field.to_owned(), text: shortened(text), character });
        }
    }
    Ok(())
}

/// Also what turns the direction of writing or ends a line unseen: a name must not be printed otherwise than it is
/// stored.
fn is_control(character: char) -> bool {
    let turns =
        matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let separates = matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    (character.is_control() && character != '\n') || turns || separates
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Faces that drew something, by their index in the font set; an error if a character was drawn as a box.
pub fn glyphs(frame: &Frame, fonts: &FontSet, served: &mut BTreeSet<usize>) -> Result<(), PdfError> {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => glyphs(&group.frame, fonts, served)?,
            FrameItem::Text(run) => {
                no_boxes(run)?;
                served.extend(fonts.faces.iter().position(|face| face.font == *run.font.font()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn no_boxes(run: &TextItem) -> Result<(), PdfError> {
    for glyph in run.glyphs.iter().filter(|glyph| glyph.id == 0) {
        let drawn = run.text.get(glyph.range()).unwrap_or_default();
        if let Some(character) = drawn.chars().find(|c| !c.is_whitespace()) {
            let text = shortened(&run.text);
            return Err(PdfError::NoGlyph { field: "the document".to_owned(), text, character });
        }
    }
    Ok(())
}
