//! Bytes of a text file into text: byte order mark, else UTF-8, else GB18030.
//!
//! It must not replace what it can't decode: a unit's name with a � in it is worse than an error. Nor may it read a
//! file of two encodings in one of them: nearly all bytes of UTF-8 are some rare character of GB18030.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::ReadError;

pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let text = match marked(bytes) {
        Some((encoding, rest)) => strictly(encoding, rest)
            .ok_or_else(|| ReadError::UnknownEncoding { line: line_of_fault(encoding, rest) })?,
        None => match strictly(UTF_8, bytes) {
            Some(text) => text,
            None => decode_gb18030(bytes)?,
        },
    };
    match text.split('\n').position(|line| line.contains('\0')) {
        Some(line) => Err(ReadError::UnknownEncoding { line: line + 1 }),
        None => Ok(text),
    }
}

/// Text in any of the encodings has no control characters but these; UTF-16 without a mark fails here on its zeros.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1a);
    matches!(marked(bytes), Some((encoding, _)) if encoding != UTF_8) || !bytes.iter().any(is_control)
}

fn marked(bytes: &[u8]) -> Option<(&'static Encoding, &[u8])> {
    let (encoding, length) = Encoding::for_bom(bytes)?;
    debug_assert!([UTF_8, UTF_16LE, UTF_16BE].contains(&encoding));
    Some((encoding, bytes.get(length..)?))
}

fn strictly<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// What one line of a text that is not wholly UTF-8 must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The same in both encodings, or possible in both.
    Either,
    Utf8,
    Gb18030,
    Neither,
}

/// Text that isn't UTF-8 as a whole. Lines tell of a file that was put together from two.
fn decode_gb18030(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let (mut first_utf8, mut first_gb18030) = (None, None);
    let (mut n_utf8, mut n_gb18030) = (0_usize, 0_usize);
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        match encoding_of(line) {
            Line::Either => {}
            Line::Neither => return Err(ReadError::UnknownEncoding { line: number }),
            Line::Utf8 => {
                first_utf8.get_or_insert(number);
                n_utf8 += 1;
            }
            Line::Gb18030 => {
                first_gb18030.get_or_insert(number);
                n_gb18030 += 1;
            }
        }
    }
    match (first_utf8, first_gb18030) {
        // The rarer of the two is the one that came in by mistake.
        (Some(_), Some(line)) if n_gb18030 <= n_utf8 => {
            Err(ReadError::MixedEncoding { line, here: "GB18030", elsewhere: "UTF-8" })
        }
        (Some(line), Some(_)) => Err(ReadError::MixedEncoding { line, here: "UTF-8", elsewhere: "GB18030" }),
        _ => strictly(GB18030, bytes)
            .ok_or_else(|| ReadError::UnknownEncoding { line: line_of_fault(GB18030, bytes) }),
    }
}

fn encoding_of(line: &[u8]) -> Line {
    if line.is_ascii() {
        return Line::Either;
    }
    let utf8 = std::str::from_utf8(line).ok();
    match (utf8, strictly(GB18030, line)) {
        (None, None) => Line::Neither,
        (None, Some(_)) => Line::Gb18030,
        (Some(_), None) => Line::Utf8,
        (Some(utf8), Some(_)) => {
            // Both can be read. Few words of GB18030 are UTF-8 by chance, and hardly any are Chinese in it too.
            let is_chinese = utf8.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            if is_chinese { Line::Utf8 } else { Line::Either }
        }
    }
}

/// The line, from 1, that holds the first bytes that the encoding doesn't know.
fn line_of_fault(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut before = String::with_capacity(room);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut before, true);
    debug_assert!(!matches!(result, DecoderResult::OutputFull));
    before.matches('\n').count() + 1
}
