//! Which cell formats show a number as a date.
//!
//! It must not keep anything else of the styles: fonts and colours are most of the part and mean nothing to us.

use std::collections::HashMap;
use std::io::Read;

use quick_xml::events::Event;

use super::ReadError;
use super::xml::{Xml, attribute};

/// Spreadsheets themselves stop at 65,490 formats.
pub(super) const MOST_FORMATS: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Styles {
    /// By the index that cells name.
    dates: Vec<bool>,
}

impl Styles {
    /// From the format codes of a file, by number with whether they show a date, and the code that each style names.
    pub(super) fn new(
        codes: impl Iterator<Item = (u32, bool)>,
        styles: impl IntoIterator<Item = u32>,
    ) -> Styles {
        let codes: HashMap<u32, bool> = codes.collect();
        let is_date = |id: u32| codes.get(&id).copied().unwrap_or_else(|| is_built_in_date(id));
        Styles { dates: styles.into_iter().map(is_date).collect() }
    }

    pub(super) fn is_date(&self, index: Option<usize>) -> bool {
        index.and_then(|index| self.dates.get(index).copied()).unwrap_or(false)
    }
}

pub(super) fn read<R: Read>(mut part: Xml<R>) -> Result<Styles, ReadError> {
    let mut custom: HashMap<u32, bool> = HashMap::new();
    let mut dates = Vec::new();
    let mut in_cell_formats = false;
    loop {
        match part.next()? {
            Event::Start(element) => match element.local_name().into_inner() {
                "numFmt" if custom.len() < MOST_FORMATS => {
                    let id = attribute(&element, "numFmtId").and_then(|id| id.parse().ok());
                    if let (Some(id), Some(code)) = (id, attribute(&element, "formatCode")) {
                        custom.insert(id, shows_date(&code));
                    }
                }
                "cellXfs" => in_cell_formats = true,
                "xf" if in_cell_formats && dates.len() < MOST_FORMATS => {
                    let id = attribute(&element, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    dates.push(custom.get(&id).copied().unwrap_or_else(|| is_built_in_date(id)));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().into_inner() == "cellXfs" => in_cell_formats = false,
            Event::Eof => return Ok(Styles { dates }),
            _ => {}
        }
    }
}

/// Formats that have a number only (ECMA-376 part 1, 18.8.30, with those of zh-CN); times of day are not dates.
fn is_built_in_date(id: u32) -> bool {
    matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58)
}

/// Whether a format code shows a year, a month or a day.
pub(super) fn shows_date(code: &str) -> bool {
    let mut letters = String::new();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '"' => drop(chars.by_ref().find(|c| *c == '"')),
            '[' => drop(chars.by_ref().find(|c| *c == ']')),
            '\\' | '_' | '*' => drop(chars.next()),
            letter => letters.push(letter.to_ascii_lowercase()),
        }
    }
    let letters = letters.replace("am/pm", "").replace("a/p", "").replace("general", "");
    let has_time = letters.contains(['h', 's']);
    letters.contains(['y', 'd']) || (letters.contains('m') && !has_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_formats_that_show_a_date() {
        for code in
            ["yyyy-mm-dd", "yyyy\"年\"m\"月\"d\"日\";@", "[$-804]yyyy/m/d h:mm", "m\\月", "mmm-yy", "D-MMM"]
        {
            assert!(shows_date(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "@",
            "#,##0_);[Red](#,##0)",
            "h:mm AM/PM",
            "[h]:mm:ss",
            "\"day\"0",
            "mm:ss.0",
            "0;yyyy",
        ] {
            assert!(!shows_date(code), "{code}");
        }
    }
}
