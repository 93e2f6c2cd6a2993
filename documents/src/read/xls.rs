//! Workbooks of Excel 5 to 2003 (`.xls`, BIFF5 and BIFF8 after MS-XLS), as WPS and other systems still save them.
//!
//! It must not believe a count or a position of the file: records are windows into the stream, nothing is reserved for
//! what is declared, and all that is kept is counted against the limits, one text at a time. The stream itself is no longer
//! than the file. Formulas are taken at the value that the file holds for them.

mod record;
mod sheet;
mod text;

use std::ops::Range;

use self::record::{Record, Records};
use self::text::{Length, Texts, TooLong};
use super::rows::shared_text;
use super::styles::Styles;
use super::xml::damaged;
use super::{Allowance, Damage, Place, ReadError, ReadLimits, compound};
use crate::sheet::{DateSystem, Workbook};

const STREAM: &str = "the workbook stream";

/// Starts the workbook's own records, each sheet and each chart in a sheet.
const BOF: u16 = 0x0809;
const EOF: u16 = 0x000a;

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, ReadError> {
    let stream = compound::workbook_stream(bytes)?;
    read_stream(&stream, limits)
}

fn read_stream(stream: &[u8], limits: &ReadLimits) -> Result<Workbook, ReadError> {
    let globals = Globals::read(stream, limits)?;
    let mut allowance = Allowance::new(limits);
    let mut sheets = Vec::new();
    let mut taken: Vec<Range<usize>> = Vec::new();
    for listed in globals.listed.iter().filter(|listed| listed.is_worksheet) {
        let (sheet, records) = sheet::read(stream, listed, &globals, limits, &mut allowance)?;
        // Or few bytes were read as often as there are sheets.
        if taken.iter().any(|other| records.start < other.end && other.start < records.end) {
            return Err(damaged_at(listed.at, Damage::PlaceTaken { sheet: listed.name.clone() }));
        }
        taken.push(records);
        sheets.push(sheet);
    }
    Ok(Workbook { sheets, date_system: globals.date_system })
}

/// What the workbook says before its sheets.
struct Globals {
    texts: Texts,
    date_system: DateSystem,
    styles: Styles,
    strings: Vec<String>,
    listed: Vec<Listed>,
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    is_visible: bool,
    is_worksheet: bool,
    /// Where its records start in the stream.
    at: usize,
}

impl Globals {
    fn read(stream: &[u8], limits: &ReadLimits) -> Result<Globals, ReadError> {
        let mut records = Records::from(stream, 0);
        let mut globals = Globals {
            texts: first_texts(&records.next()?)?,
            date_system: DateSystem::From1900,
            styles: Styles::default(),
            strings: Vec::new(),
            listed: Vec::new(),
        };
        let mut styles = Formats::default();
        let mut n_sheets = 0_usize;
        loop {
            let record = records.next()?;
            let mut bytes = record.bytes();
            let short = || damaged_at(record.end(), Damage::ShortRecord { kind: record.kind });
            match record.kind {
                EOF => break,
                // FilePass: from here on the records' contents are encrypted.
                0x002f => return Err(ReadError::Encrypted),
                // CodePage; since Excel 97 it says nothing about texts.
                0x0042 => {
                    let number = bytes.u16().ok_or_else(short)?;
                    if let Texts::CodePage(_) = globals.texts {
                        globals.texts = Texts::of_code_page(number)
                            .ok_or_else(|| damaged(STREAM, Damage::UnknownCodePage(number)))?;
                    }
                }
                // Date1904
                0x0022 if bytes.u16().ok_or_else(short)? == 1 => globals.date_system = DateSystem::From1904,
                // Format, XF
                0x041e => styles.add_code(&record, globals.texts).ok_or_else(short)?,
                0x00e0 => styles.add_style(&record).ok_or_else(short)?,
                // BoundSheet8
                0x0085 => {
                    n_sheets += 1;
                    if n_sheets <= limits.sheets {
                        globals.listed.push(listed(&record, globals.texts, limits).ok_or_else(short)?);
                    }
                }
                // SST
                0x00fc => globals.strings = read_strings(&record, limits)?,
                _ => {}
            }
        }
        if n_sheets > limits.sheets {
            return Err(ReadError::TooManySheets { sheets: n_sheets, limit: limits.sheets });
        }
        globals.styles = styles.finish();
        Ok(globals)
    }
}

/// The edition of the format, by the first record (MS-XLS 2.4.21).
fn first_texts(first: &Record<'_>) -> Result<Texts, ReadError> {
    let version = first.bytes().u16().filter(|_| first.kind == BOF);
    match version {
        Some(0x0600) => Ok(Texts::Unicode),
        // Until the record that names the code page, which stands before any text.
        Some(0x0500) => Ok(Texts::CodePage(encoding_rs::GB18030)),
        Some(0x0200..=0x0400) => Err(ReadError::OldWorkbook),
        _ => Err(damaged_at(0, Damage::NoWorkbook)),
    }
}

fn listed(record: &Record<'_>, texts: Texts, limits: &ReadLimits) -> Option<Listed> {
    let mut bytes = record.bytes();
    let at = bytes.u32()? as usize;
    let is_visible = bytes.u8()? & 0x03 == 0;
    let is_worksheet = bytes.u8()? == 0;
    let name = texts.read(&mut bytes, Length::Short, limits.cell_chars)?.ok()?;
    Some(Listed { name: name.replace('\0', ""), is_visible, is_worksheet, at })
}

/// The texts that cells share (MS-XLS 2.4.265), as many as there are, whatever count is declared. Blank ones are empty.
fn read_strings(record: &Record<'_>, limits: &ReadLimits) -> Result<Vec<String>, ReadError> {
    let mut strings = Vec::new();
    let mut n_bytes = 0_usize;
    let mut bytes = record.bytes();
    let cut = || damaged_at(record.end(), Damage::TextsEndInTheMiddle);
    bytes.skip(4).ok_or_else(cut)?;
    let n_declared = bytes.u32().ok_or_else(cut)? as usize;
    while strings.len() < n_declared && !bytes.is_at_end() {
        let text = Texts::Unicode.read(&mut bytes, Length::Long, limits.cell_chars).ok_or_else(cut)?;
        let text = text.map_err(|TooLong| {
            let place = Place::SharedText(strings.len() + 1);
            ReadError::CellTooLong { place, limit: limits.cell_chars }
        })?;
        n_bytes += text.len();
        if n_bytes > limits.text_bytes {
            return Err(ReadError::TooMuchText { limit: limits.text_bytes });
        }
        if strings.len() >= limits.cells {
            return Err(ReadError::TooManyCells { limit: limits.cells });
        }
        strings.push(shared_text(text));
    }
    Ok(strings)
}

/// Number formats, and the styles that name them.
#[derive(Default)]
struct Formats {
    codes: Vec<(u16, bool)>,
    styles: Vec<u16>,
}

impl Formats {
    fn add_code(&mut self, record: &Record<'_>, texts: Texts) -> Option<()> {
        let mut bytes = record.bytes();
        let id = bytes.u16()?;
        let length = match texts {
            Texts::Unicode => Length::Long,
            Texts::CodePage(_) => Length::Short,
        };
        // A code may be no longer than 255 characters; who writes a longer one shows no date by it.
        let code = texts.read(&mut bytes, length, 255)?;
        if self.codes.len() < super::styles::MOST_FORMATS {
            self.codes.push((id, code.is_ok_and(|code| super::styles::shows_date(&code))));
        }
        Some(())
    }

    fn add_style(&mut self, record: &Record<'_>) -> Option<()> {
        let mut bytes = record.bytes();
        bytes.skip(2)?;
        let format = bytes.u16()?;
        if self.styles.len() < super::styles::MOST_FORMATS {
            self.styles.push(format);
        }
        Some(())
    }

    fn finish(self) -> Styles {
        Styles::new(
            self.codes.into_iter().map(|(id, is_date)| (u32::from(id), is_date)),
            self.styles.into_iter().map(u32::from),
        )
    }
}

fn damaged_at(byte: usize, what: Damage) -> ReadError {
    damaged(STREAM, Damage::At { what: Box::new(what), byte })
}
