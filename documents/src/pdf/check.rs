//! What is looked at before and after a document is set: every character has a glyph, and which faces served.
//!
//! It must not mend a text: a character that can't be shown is an error that names it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use typst::layout::{Frame, FrameItem};
use typst::text::TextItem;

use super::error::PdfError;
use super::fonts::FontSet;
use crate::paper::sound;

/// Every text of the value, under the name of its field, such as `rows[3].name`.
pub fn texts(value: &Value, fonts: &FontSet) -> Result<(), PdfError> {
    sound::each_text(value, "", &|field, text| characters(text, field, fonts))
}

/// Names of people anywhere in the value, which are set in one family each if possible.
pub fn names(value: &Value, fonts: &FontSet, found: &mut Map<String, Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names(item, fonts, found)),
        Value::Object(fields) => {
            for (field, item) in fields {
                match item {
                    Value::String(name) if matches!(field.as_str(), "holder" | "name") => {
                        let family = fonts.family_for(name);
                        found.extend(family.map(|family| (name.clone(), Value::from(family))));
                    }
                    _ => names(item, fonts, found),
                }
            }
        }
        _ => {}
    }
}

fn characters(text: &str, field: &str, fonts: &FontSet) -> Result<(), PdfError> {
    sound::text(field, text)?;
    match text.chars().find(|character| !character.is_whitespace() && !fonts.covers(*character)) {
        Some(character) => {
            Err(PdfError::NoGlyph { field: field.to_owned(), text: shortened(text), character })
        }
        None => Ok(()),
    }
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
