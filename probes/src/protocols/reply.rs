//! Replies of three digits, as SMTP, FTP and NNTP have them (RFC 5321 §4.2, RFC 959 §4.2).

use crate::seen::{Cursor, Miss};

pub(super) struct Reply<'a> {
    pub(super) code: u16,
    /// The texts of its lines, without code.
    pub(super) lines: Vec<&'a [u8]>,
}

const MAX_LINES: usize = 64;
const MAX_LINE: usize = 1024;

impl<'a> Reply<'a> {
    /// One reply of one or more lines. Lines in the middle may lack the code, as FTP allows.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Reply<'a>, Miss> {
        let mut lines = Vec::new();
        let first = digits(cursor)?;
        let code: u16 = first.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
        let mut separator = cursor.rest().first().copied();
        let mut line = cursor.line(MAX_LINE)?;
        loop {
            lines.push(line.get(1..).unwrap_or_default());
            match separator {
                Some(b'-') if lines.len() < MAX_LINES => {}
                Some(b'-') => return Err(Miss::No),
                // A bare code, or code and text.
                Some(b' ' | b'\r' | b'\n') | None => return Ok(Reply { code, lines }),
                Some(_) => return Err(Miss::No),
            }
            line = match cursor.line(MAX_LINE) {
                // It stopped in the middle of its reply; what is there is enough.
                Err(Miss::No) if cursor.is_empty() => return Ok(Reply { code, lines }),
                line => line?,
            };
            separator = Some(b'-');
            if let Some(rest) = line.strip_prefix(&first) {
                match rest.first() {
                    Some(b'-') => line = rest,
                    Some(b' ') => (separator, line) = (Some(b' '), rest),
                    None => (separator, line) = (Some(b'\n'), rest),
                    Some(_) => {}
                }
            }
        }
    }

    pub(super) fn text(&self) -> Vec<u8> {
        self.lines.join(&b' ')
    }
}

/// Three digits, known to be none from the first byte that isn't one.
fn digits(cursor: &mut Cursor<'_>) -> Result<[u8; 3], Miss> {
    let there = cursor.rest().get(..3).unwrap_or(cursor.rest());
    if !there.iter().all(u8::is_ascii_digit) {
        return Err(Miss::No);
    }
    cursor.take(3)?.try_into().map_err(|_| Miss::No)
}
