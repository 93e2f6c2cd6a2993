//! Bytes as text that can be read out, typed and put into a QR code: Crockford's base 32.
//!
//! Its 32 symbols belong to the alphanumeric mode of QR codes and may stand in the fragment of a URL as they are,
//! which base 45 with its blanks and per-cent signs may not. Not for large things: text is kept in memory whole.

const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why text isn't base 32.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Base32Error {
    #[error("{0:?} is not a symbol of base 32")]
    Symbol(char),
    #[error("the text is cut short or has a symbol too many")]
    Length,
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let mut held = 0u32;
    let mut n_bits = 0;
    for &byte in bytes {
        held = held << 8 | u32::from(byte);
        n_bits += 8;
        while n_bits >= 5 {
            n_bits -= 5;
            text.push(symbol(held >> n_bits));
        }
        held &= (1 << n_bits) - 1;
    }
    if n_bits > 0 {
        text.push(symbol(held << (5 - n_bits)));
    }
    text
}

fn symbol(value: u32) -> char {
    char::from(SYMBOLS[(value & 31) as usize])
}

/// Reads leniently: full-width and lower-case letters, blanks and dashes in between, O for 0, I and L for 1.
/// Strict about length: the bits beyond the last whole byte must be fewer than a symbol, and zero, so that one value has
/// one text.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Base32Error> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let mut held = 0u32;
    let mut n_bits = 0;
    for c in text.chars().map(half_width).filter(|&c| !is_separator(c)) {
        held = held << 5 | value(c).ok_or(Base32Error::Symbol(c))?;
        n_bits += 5;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((held >> n_bits) as u8);
            held &= (1 << n_bits) - 1;
        }
    }
    if n_bits >= 5 || held != 0 {
        return Err(Base32Error::Length);
    }
    Ok(bytes)
}

fn value(c: char) -> Option<u32> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    SYMBOLS.iter().position(|&s| char::from(s) == c).and_then(|at| u32::try_from(at).ok())
}

/// Full-width forms (U+FF01–FF5E) as the ASCII that they stand for.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xff01 + 0x21).unwrap_or(c),
        c => c,
    }
}

/// Blanks of all widths, signs of no width, and the dashes that word processors and input methods make.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '_' | '\u{200b}'..='\u{200d}' | '\u{2060}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn one_value_has_one_text(text in "[0-9A-HJKMNP-TV-Z]{0,40}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }

    #[test]
    fn reads_what_people_type() {
        assert_eq!(decode("ｏ１－il 0z"), decode("011110Z").or(decode("01110Z")));
        assert_eq!(decode("U0"), Err(Base32Error::Symbol('U')));
        assert_eq!(decode("0"), Err(Base32Error::Length));
        assert_eq!(decode("01"), Err(Base32Error::Length));
    }
}
