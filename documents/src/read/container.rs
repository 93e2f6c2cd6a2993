//! What a file is, by its first bytes.
//!
//! It must not look at names: people rename files until something opens them.

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Text,
    Encrypted,
    OldWorkbook,
    WebPage,
    Other(&'static str),
}

/// Formats that people do send, so that the answer can name them.
const KNOWN: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3\0", "a database"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF document"),
];

const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

pub(super) fn kind_of(bytes: &[u8]) -> Kind {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if bytes.starts_with(COMPOUND_FILE) {
        return kind_of_compound(bytes);
    }
    let is_text = super::encoding::looks_like_text(bytes);
    if let Some((_, found)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        // Two-letter marks such as BM may also begin a CSV header.
        if !is_text || bytes.starts_with(b"%PDF") || bytes.starts_with(b"{\\rtf") {
            return Kind::Other(found);
        }
    }
    if !is_text {
        return Kind::Other("a file of an unknown binary format");
    }
    if is_markup(bytes) { Kind::WebPage } else { Kind::Text }
}

/// A compound file is an encrypted XLSX, an old XLS, or an old document; their streams' names tell.
fn kind_of_compound(bytes: &[u8]) -> Kind {
    let has = |name: &str| {
        let utf16: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(utf16.len()).any(|window| window == utf16)
    };
    if has("EncryptedPackage") {
        Kind::Encrypted
    } else if has("Workbook") || has("Book") {
        Kind::OldWorkbook
    } else if has("WordDocument") {
        Kind::Other("an old Word document")
    } else {
        Kind::Other("an old office document")
    }
}

fn is_markup(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = start.trim_ascii_start();
    let head: Vec<u8> = start.iter().take(16).map(u8::to_ascii_lowercase).collect();
    [
        &b"<html"[..],
        b"<!doctype",
        b"<?xml",
        b"<table",
        b"<head",
        b"<body",
        b"<meta",
        b"<style",
        b"mime-version:",
    ]
    .iter()
    .any(|tag| head.starts_with(tag))
}

/// All that [`KNOWN`] names.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(_, found)| *found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compound(stream: &str) -> Vec<u8> {
        let mut bytes = COMPOUND_FILE.to_vec();
        bytes.resize(512, 0);
        bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    }

    fn check(bytes: &[u8], expected: Kind) {
        assert_eq!(kind_of(bytes), expected);
    }

    #[test]
    fn tells_files_by_their_content() {
        check(b"PK\x03\x04...", Kind::Zip);
        check("单位,电话\n".as_bytes(), Kind::Text);
        check(b"BMI,weight\n1,2\n", Kind::Text);
        check(b"%PDF-1.7\n", Kind::Other("a PDF document"));
        check(b"\x89PNG\r\n\x1a\n\0\0", Kind::Other("a picture"));
        check(b"\0\x01\x02\x03", Kind::Other("a file of an unknown binary format"));
        check(b"\xef\xbb\xbf\r\n<HTML><table>", Kind::WebPage);
        check(&compound("EncryptedPackage"), Kind::Encrypted);
        check(&compound("Workbook"), Kind::OldWorkbook);
        check(&compound("WordDocument"), Kind::Other("an old Word document"));
    }
}
