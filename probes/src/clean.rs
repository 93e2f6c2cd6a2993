//! Text from a peer made safe to keep and print. Nothing else in this crate turns peer bytes into text.

/// The most characters kept of any one text.
pub const MAX_CHARS: usize = 256;

/// UTF-8 where it is, replacement characters where it isn't; control characters and runs of blanks become one
/// blank; at most [`MAX_CHARS`] characters.
pub fn text(bytes: &[u8]) -> String {
    // A character is at most four bytes; what lies far behind the bound needn't be decoded.
    let bytes = bytes.get(..8 * MAX_CHARS).unwrap_or(bytes);
    clean(&String::from_utf8_lossy(bytes))
}

/// Like [`text`], but bytes that aren't UTF-8 are read as GB18030, as old Chinese pages are written.
pub fn chinese_text(bytes: &[u8]) -> String {
    let bytes = bytes.get(..8 * MAX_CHARS).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        // Cut in the middle of a character by the bound above.
        Err(error) if error.error_len().is_none() => clean(&String::from_utf8_lossy(bytes)),
        Err(_) => clean(&encoding_rs::GB18030.decode_without_bom_handling(bytes).0),
    }
}

/// Cleans and bounds text that is already decoded.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(MAX_CHARS));
    let mut n_chars = 0;
    let mut blank_is_due = false;
    for c in text.chars() {
        if c.is_control() || c.is_whitespace() || is_invisible(c) {
            blank_is_due = n_chars > 0;
            continue;
        }
        if n_chars + usize::from(blank_is_due) >= MAX_CHARS {
            break;
        }
        if std::mem::take(&mut blank_is_due) {
            cleaned.push(' ');
            n_chars += 1;
        }
        cleaned.push(c);
        n_chars += 1;
    }
    cleaned
}

/// Marks that reorder or hide text on a screen or in a sheet.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(chinese_text(bytes), expected);
    }

    #[test]
    fn cleans_and_decodes() {
        check(b"  a\r\n\tb\x1b[31m\0 ", "a b [31m");
        check("示例门户".as_bytes(), "示例门户");
        check(&[0xca, 0xbe, 0xc0, 0xfd], "示例");
        check("a\u{202e}b".as_bytes(), "a b");
        check(&[b'x'; 9000], &"x".repeat(MAX_CHARS));
    }

    proptest! {
        #[test]
        fn is_bounded_and_free_of_control_characters(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            for cleaned in [text(&bytes), chinese_text(&bytes)] {
                prop_assert!(cleaned.chars().count() <= MAX_CHARS);
                prop_assert!(!cleaned.chars().any(char::is_control));
            }
        }
    }
}
