//! Bytes of a text file into text: byte order mark, else UTF-8, else GB18030.
//!
//! It must not replace what it can't decode: a unit's name with a � in it is worse than an error.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::ReadError;

pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let text = match marked(bytes) {
        Some((encoding, rest)) => strictly(encoding, rest),
        None => strictly(UTF_8, bytes).or_else(|| strictly(GB18030, bytes)),
    };
    text.filter(|text| !text.contains('\0')).ok_or(ReadError::UnknownEncoding)
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
