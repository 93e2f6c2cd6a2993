//! What a file is, by its first bytes.
//!
//! It must not look at names: people rename files until something opens them.

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Text,
    /// Where an old workbook, an encrypted new one or another old document is in.
    Compound,
    /// A workbook from before compound files.
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

/// The first record of Excel 2, 3 and 4 with its length, and what workbooks of Excel 5 and later begin with where somebody
/// took them out of their container.
const BARE_WORKBOOKS: [&[u8]; 4] =
    [b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x10\x00"];

pub(super) fn kind_of(bytes: &[u8]) -> Kind {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if bytes.starts_with(COMPOUND_FILE) {
        return Kind::Compound;
    }
    if BARE_WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
        return Kind::OldWorkbook;
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
        check(COMPOUND_FILE, Kind::Compound);
        check(b"\x09\x00\x04\x00\x02\x00\x10\x00", Kind::OldWorkbook);
        check(b"\t\t\xe5\x8d\x95\xe4\xbd\x8d\n", Kind::Text);
    }
}
