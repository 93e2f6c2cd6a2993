//! Whether certificates can be printed, to be known before any is issued: glyphs for all, a place for every text.
//!
//! It must not issue, write or shorten anything. Laying out takes long beside the rest, and nearly all texts are so
//! short that they fit without it: only the others are laid out, each once.

use std::collections::HashSet;

use serde_json::json;

use super::error::PdfError;
use super::fonts::FontSet;
use super::template::Template;
use super::{MAX_TOPICS, check, in_world, laid_out};
use crate::paper::{CertificateDoc, sound};

/// Characters of a field that fit its place on sheet and card at the smallest size, each as wide as it is high.
const SURE: [(&str, usize); 7] = [
    ("holder", 16),
    ("unit", 20),
    ("post", 8),
    ("category", 20),
    ("title", 12),
    ("issuing_body", 20),
    ("topic", 12),
];
/// Lines of the hint, and characters of each.
const SURE_LINES: (usize, usize) = (3, 19);
/// Characters of a serial, and how many of them may be letters, which are wider than digits and dashes.
const SURE_SERIAL: (usize, usize) = (22, 8);
/// Letters and digits that stand in one piece on any line.
const SURE_WORD: usize = 19;
/// Bytes of a QR code whose modules are wide enough on the card.
const SURE_QR: usize = 400;

/// Looks at certificates one after the other, and remembers what fitted.
pub struct CertificateCheck<'a> {
    fonts: &'a FontSet,
    fitting: HashSet<String>,
}

impl<'a> CertificateCheck<'a> {
    pub fn new(fonts: &'a FontSet) -> CertificateCheck<'a> {
        CertificateCheck { fonts, fitting: HashSet::new() }
    }

    /// Fails as printing `doc` as sheet or card would.
    pub fn check(&mut self, doc: &CertificateDoc) -> Result<(), PdfError> {
        sound::at_most("topics", doc.topics.len(), MAX_TOPICS)?;
        check::texts(&json!(doc), self.fonts)?;
        let unsure = unsure(doc);
        if unsure.iter().all(|text| self.fitting.contains(text)) {
            return Ok(());
        }
        for template in [Template::CertificateA4, Template::CertificateCard] {
            in_world(template, doc, doc.issued_on, Some(&doc.qr), self.fonts, laid_out)?;
        }
        self.fitting.extend(unsure);
        Ok(())
    }
}

/// The texts that may not fit, with what else their places depend on.
fn unsure(doc: &CertificateDoc) -> Vec<String> {
    let topics = doc.topics.iter();
    let topics = topics.flat_map(|topic| [("topic", topic.name.as_str()), ("detail", &topic.detail)]);
    let qr = if doc.qr.len() > SURE_QR { doc.qr.as_str() } else { "" };
    let texts = [
        ("holder", doc.holder.as_str()),
        ("unit", &doc.unit),
        ("post", &doc.post),
        ("category", &doc.category),
        ("title", &doc.title),
        ("issuing_body", &doc.issuing_body),
        ("serial", &doc.serial),
        ("hint", &doc.hint),
        ("signatory", &doc.signatory),
        ("statement", doc.statement.as_deref().unwrap_or_default()),
        ("qr", qr),
    ];
    let places = format!("{} {:?} {:?}", doc.topics.len(), doc.photo, doc.orientation);
    let unsure = texts.into_iter().chain(topics).filter(|(field, text)| !is_sure(field, text));
    unsure.map(|(field, text)| format!("{places} {field} {text}")).collect()
}

/// Whether a text fits whatever its characters are: of a few scripts only, since some characters are wider than high.
fn is_sure(field: &str, text: &str) -> bool {
    let (n_lines, n_in_line) = SURE_LINES;
    let is_short = match SURE.iter().find(|(name, _)| *name == field) {
        Some((_, limit)) => text.chars().count() <= *limit,
        None if field == "serial" => {
            let n_letters = text.bytes().filter(|byte| !byte.is_ascii_digit() && *byte != b'-').count();
            text.len() <= SURE_SERIAL.0 && n_letters <= SURE_SERIAL.1
        }
        None if field == "hint" => {
            text.lines().count() <= n_lines && text.lines().all(|line| line.chars().count() <= n_in_line)
        }
        None => text.is_empty(),
    };
    let is_square = |c: char| {
        let is_punctuation = matches!(c, '\n' | '·' | '\u{3000}'..='\u{3002}' | '（' | '）' | '，' | '：');
        matches!(c, ' '..='~' | '\u{4e00}'..='\u{9fff}') || is_punctuation
    };
    let is_in_word = |c: char| c.is_ascii() && !c.is_ascii_whitespace();
    let mut words = text.split(|c| !is_in_word(c));
    // A serial is one word, and counted above.
    is_short
        && text.chars().all(is_square)
        && (field == "serial" || words.all(|word| word.len() <= SURE_WORD))
}
