//! Texts of an old workbook: UTF-16 in full or in halves since Excel 97, bytes of a code page before.
//!
//! It must not make room for the length that a text declares.

use encoding_rs::{Encoding, GB18030};

use super::record::Bytes;

/// How a workbook writes texts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Texts {
    Unicode,
    CodePage(&'static Encoding),
}

/// How the length of a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Short,
    Long,
}

impl Texts {
    /// `None` for a code page that isn't known.
    pub(super) fn of_code_page(number: u16) -> Option<Texts> {
        let encoding = match number {
            // Written as its own page by Macs; and 1252 by the oldest Excel.
            10_008 => GB18030,
            32_769 => encoding_rs::WINDOWS_1252,
            367 => encoding_rs::WINDOWS_1252,
            number => codepage::to_encoding(number)?,
        };
        Some(Texts::CodePage(encoding))
    }

    /// A text with its length before it. `None` when the record is too short; `Some(Err)` when the text has more
    /// characters than `limit`.
    pub(super) fn read(
        self,
        bytes: &mut Bytes<'_>,
        length: Length,
        limit: usize,
    ) -> Option<Result<String, TooLong>> {
        let n = match length {
            Length::Short => usize::from(bytes.u8()?),
            Length::Long => usize::from(bytes.u16()?),
        };
        match self {
            Texts::Unicode => read_unicode(bytes, n, limit),
            Texts::CodePage(encoding) => {
                let raw = bytes.take(n);
                let is_whole = raw.len() == n;
                is_whole.then(|| bounded(encoding.decode_without_bom_handling(raw).0.into_owned(), limit))
            }
        }
    }
}

/// A text has more characters than a cell may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// `n` code units after the byte of flags (MS-XLS 2.5.293). Each continuation has such a byte of its own, since the
/// width may change there.
fn read_unicode(bytes: &mut Bytes<'_>, n: usize, limit: usize) -> Option<Result<String, TooLong>> {
    // Some writers leave the flags out of a text of nothing.
    if n == 0 && bytes.is_record_empty() {
        return Some(Ok(String::new()));
    }
    let flags = bytes.u8()?;
    let n_runs = if flags & 0x08 != 0 { usize::from(bytes.u16()?) } else { 0 };
    let n_extra = if flags & 0x04 != 0 { bytes.u32()? as usize } else { 0 };
    let mut units: Vec<u16> = Vec::new();
    let mut is_wide = flags & 0x01 != 0;
    while units.len() < n {
        if bytes.is_record_empty() {
            bytes.go_on()?;
            is_wide = bytes.u8()? & 0x01 != 0;
        }
        let left = n - units.len();
        if is_wide {
            let pairs = bytes.take(left.saturating_mul(2)).chunks_exact(2);
            // Half a unit at a record's end belongs to no text.
            if !pairs.remainder().is_empty() {
                return None;
            }
            units.extend(
                pairs.map(|pair| pair.iter().rev().fold(0, |unit, byte| unit << 8 | u16::from(*byte))),
            );
        } else {
            units.extend(bytes.take(left).iter().map(|byte| u16::from(*byte)));
        }
    }
    bytes.skip(n_runs.saturating_mul(4))?;
    bytes.skip(n_extra)?;
    Some(bounded(String::from_utf16_lossy(&units), limit))
}

fn bounded(text: String, limit: usize) -> Result<String, TooLong> {
    if text.chars().count() > limit { Err(TooLong) } else { Ok(text) }
}
