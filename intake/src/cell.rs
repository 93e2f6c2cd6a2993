//! What a cell says, read leniently: full-width digits, odd spaces, dates in every shape that offices write.
//!
//! It must not guess: a date without its four-digit year, or a number whose digits are lost, is a fault.

use chrono::{Days, NaiveDate};

use crate::table::CellIn;

/// Longest text that is kept of a cell, in characters.
const MAX_CHARS: usize = 1000;

/// Why a cell can't be read, whatever its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CellFault {
    #[error("the cell holds an error of the spreadsheet")]
    SpreadsheetError,
    #[error("digits are lost: a spreadsheet keeps 15 of a number; format the cell as text and type it again")]
    LostDigits,
    #[error("it is longer than {MAX_CHARS} characters")]
    TooLong,
    #[error("it is not a date; write it as 2026-01-31")]
    NotADate,
    #[error("there is no such day")]
    NoSuchDay,
}

impl CellFault {
    pub fn zh(&self) -> String {
        match self {
            CellFault::SpreadsheetError => "单元格里是电子表格的错误值".into(),
            CellFault::LostDigits => {
                "数字已失真（表格软件只保留15位），请将单元格设为文本格式后重新填写".into()
            }
            CellFault::TooLong => format!("超过{MAX_CHARS}个字符"),
            CellFault::NotADate => "不是日期，请写成 2026-01-31".into(),
            CellFault::NoSuchDay => "没有这一天".into(),
        }
    }
}

/// The cell as a person reads it, for messages; shortened to 100 characters.
pub fn shown(cell: &CellIn) -> String {
    shortened(text(cell))
}

/// The first 100 characters.
pub fn shortened(whole: String) -> String {
    match whole.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

/// The same, whole.
pub fn text(cell: &CellIn) -> String {
    match cell {
        CellIn::Empty => String::new(),
        CellIn::Text(text) | CellIn::Error(text) => trim(text).to_owned(),
        CellIn::Number(number) => number_text(*number),
        CellIn::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        CellIn::Date(date) => date.to_string(),
    }
}

pub fn is_blank(cell: &CellIn) -> bool {
    match cell {
        CellIn::Empty => true,
        CellIn::Text(text) => trim(text).is_empty(),
        CellIn::Number(_) | CellIn::Bool(_) | CellIn::Date(_) | CellIn::Error(_) => false,
    }
}

/// Prose and names: without spaces around; control characters become spaces, punctuation stays as it is.
/// `None` if the cell is blank.
pub fn prose(cell: &CellIn) -> Result<Option<String>, CellFault> {
    let text = match cell {
        CellIn::Empty => return Ok(None),
        CellIn::Text(text) => text
            .chars()
            .filter(|&c| !is_zero_width(c))
            .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
            .collect(),
        CellIn::Number(number) if !number.is_finite() => return Err(CellFault::SpreadsheetError),
        CellIn::Number(number) if number.abs() >= 1e15 => return Err(CellFault::LostDigits),
        CellIn::Number(_) | CellIn::Bool(_) | CellIn::Date(_) => shown(cell),
        CellIn::Error(_) => return Err(CellFault::SpreadsheetError),
    };
    let text = trim(&text);
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err(CellFault::TooLong);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Codes, addresses, numbers: full-width forms become ASCII. `None` if the cell is blank.
pub fn code(cell: &CellIn) -> Result<Option<String>, CellFault> {
    let Some(text) = prose(cell)? else { return Ok(None) };
    let text = trim(&fold(&text)).to_owned();
    if is_shortened_number(&text) { Err(CellFault::LostDigits) } else { Ok(Some(text)) }
}

/// A date: a real one, a serial number, or text. `None` if the cell is blank.
pub fn date(cell: &CellIn, counts_from_1904: bool) -> Result<Option<NaiveDate>, CellFault> {
    match cell {
        CellIn::Empty => Ok(None),
        CellIn::Date(date) => Ok(Some(*date)),
        CellIn::Number(number) => from_number(*number, counts_from_1904).map(Some),
        CellIn::Text(_) => code(cell)?.map(|text| from_text(&text, counts_from_1904)).transpose(),
        CellIn::Bool(_) => Err(CellFault::NotADate),
        CellIn::Error(_) => Err(CellFault::SpreadsheetError),
    }
}

/// Full-width forms, ideographic full stop and comma, and typographic dashes as ASCII.
pub fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // The full-width forms stand in the order of ASCII, 0xFEE0 higher.
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{3000}' | '\u{a0}' => ' ',
            '。' | '｡' => '.',
            '、' => ',',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{301c}' => '~',
            _ => c,
        })
        .collect()
}

/// What two names are compared by: width, case and spaces don't tell names apart.
pub fn name_key(name: &str) -> String {
    fold(name)
        .chars()
        .filter(|c| !c.is_whitespace() && !is_zero_width(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_zero_width(c))
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

/// Whole numbers without `.0`, fifteen significant digits.
fn number_text(number: f64) -> String {
    let shown = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    if shown == 0.0 { "0".to_owned() } else { shown.to_string() }
}

/// `4.40106E+17`, which a CSV export makes of a code typed into a numeric cell.
fn is_shortened_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_mantissa = mantissa.contains('.') && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_exponent =
        exponent.strip_prefix('+').is_some_and(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit()));
    is_mantissa && is_exponent
}

/// 9999-12-31, the last day that a spreadsheet knows.
const LAST_SERIAL: f64 = 2_958_465.0;

/// Days from the zero of the 1900 system to that of the 1904 system.
const DAYS_TO_1904: f64 = 1462.0;

fn from_number(number: f64, counts_from_1904: bool) -> Result<NaiveDate, CellFault> {
    if (19_000_101.0..=99_991_231.0).contains(&number) && number.fract() == 0.0 {
        return from_text(&number_text(number), counts_from_1904);
    }
    let number = if counts_from_1904 && number >= 1.0 { number + DAYS_TO_1904 } else { number };
    // Day 60 is the 29 February 1900 that never was; before it the count is one off, and nobody means 1900.
    if !(61.0..LAST_SERIAL + 1.0).contains(&number) {
        return Err(CellFault::NotADate);
    }
    // In range, so the cast only drops the time of day.
    let days = Days::new(number.trunc() as u64);
    NaiveDate::from_ymd_opt(1899, 12, 30)
        .and_then(|zero| zero.checked_add_days(days))
        .ok_or(CellFault::NotADate)
}

fn from_text(text: &str, counts_from_1904: bool) -> Result<NaiveDate, CellFault> {
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if text.len() == 5 && is_digits(text) {
        // A serial number exported as text.
        return from_number(text.parse().map_err(|_| CellFault::NotADate)?, counts_from_1904);
    }
    let (year, month, day) = if text.len() == 8 && is_digits(text) {
        let (year, rest) = text.split_at_checked(4).ok_or(CellFault::NotADate)?;
        let (month, day) = rest.split_at_checked(2).ok_or(CellFault::NotADate)?;
        (year, month, day)
    } else {
        split_written(text).ok_or(CellFault::NotADate)?
    };
    let sound = year.len() == 4 && [month, day].iter().all(|part| (1..=2).contains(&part.len()));
    if !sound || ![year, month, day].into_iter().all(is_digits) {
        return Err(CellFault::NotADate);
    }
    let number = |part: &str| part.parse::<u32>().map_err(|_| CellFault::NotADate);
    let year = i32::try_from(number(year)?).map_err(|_| CellFault::NotADate)?;
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).ok_or(CellFault::NoSuchDay)
}

/// Year, month and day of `2026-1-31`, `2026/1/31`, `2026.1.31`, `2026年1月31日`; a midnight after it is dropped.
fn split_written(text: &str) -> Option<(&str, &str, &str)> {
    let text = text
        .split_once([' ', 'T'])
        .filter(|(_, time)| {
            time.contains(':') && time.bytes().all(|b| b.is_ascii_digit() || b":.Z".contains(&b))
        })
        .map_or(text, |(date, _)| date);
    let (year, rest) = text.split_once(['-', '/', '.', '年'])?;
    let (month, day) = rest.split_once(['-', '/', '.', '月'])?;
    let day = day.strip_suffix(['日', '号']).unwrap_or(day);
    Some((year.trim(), month.trim(), day.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> CellIn {
        CellIn::Text(text.into())
    }

    #[track_caller]
    fn check_code(cell: CellIn, expected: Result<Option<&str>, CellFault>) {
        assert_eq!(code(&cell), expected.map(|text| text.map(str::to_owned)), "{cell:?}");
    }

    #[track_caller]
    fn check_date(cell: CellIn, expected: Result<Option<&str>, CellFault>) {
        check_counted(cell, false, expected);
    }

    #[track_caller]
    fn check_counted(cell: CellIn, from_1904: bool, expected: Result<Option<&str>, CellFault>) {
        let read = date(&cell, from_1904).map(|day| day.map(|day| day.to_string()));
        assert_eq!(read, expected.map(|text| text.map(str::to_owned)), "{cell:?}");
    }

    #[test]
    fn codes_are_folded_and_keep_their_digits() {
        check_code(text("\u{feff}　１９２．０。２．０／２４\u{a0}"), Ok(Some("192.0.2.0/24")));
        check_code(CellIn::Number(440_106.0), Ok(Some("440106")));
        check_code(CellIn::Number(13_800_000_001.0), Ok(Some("13800000001")));
        check_code(CellIn::Number(80.5), Ok(Some("80.5")));
        check_code(text(" \u{3000}"), Ok(None));
        check_code(CellIn::Empty, Ok(None));
        check_code(CellIn::Number(123_456_789_012_345_678.0), Err(CellFault::LostDigits));
        check_code(text("4.40106E+17"), Err(CellFault::LostDigits));
        check_code(text("12E1A"), Ok(Some("12E1A")));
        check_code(CellIn::Error("#REF!".into()), Err(CellFault::SpreadsheetError));
        check_code(CellIn::Number(f64::NAN), Err(CellFault::SpreadsheetError));
        check_code(text(&"x".repeat(1001)), Err(CellFault::TooLong));
    }

    #[test]
    fn names_keep_their_punctuation() {
        assert_eq!(prose(&text(" 示例局（虚构）\t二科 ")), Ok(Some("示例局（虚构） 二科".into())));
        assert_eq!(name_key("示例局（虚构） OA"), name_key("示例局(虚构)ｏａ"));
    }

    #[test]
    fn dates_are_read_in_every_shape() {
        for written in [
            "2026-01-31",
            "2026/1/31",
            "2026.1.31",
            "2026年1月31日",
            "2026 年 01 月 31 号",
            "20260131",
            "46053",
            "２０２６－０１－３１",
            "2026-01-31 00:00:00",
            "2026-01-31T00:00:00Z",
            "\u{a0}2026-1-31 ",
        ] {
            check_date(text(written), Ok(Some("2026-01-31")));
        }
        check_date(CellIn::Number(46_053.0), Ok(Some("2026-01-31")));
        check_date(CellIn::Number(46_053.75), Ok(Some("2026-01-31")));
        check_date(CellIn::Number(20_260_131.0), Ok(Some("2026-01-31")));
        check_date(CellIn::Number(61.0), Ok(Some("1900-03-01")));
        check_date(CellIn::Empty, Ok(None));
    }

    #[test]
    fn serial_numbers_of_an_old_workbook_count_from_1904() {
        check_counted(CellIn::Number(44_591.0), true, Ok(Some("2026-01-31")));
        check_counted(CellIn::Number(1.0), true, Ok(Some("1904-01-02")));
        check_counted(text("44591"), true, Ok(Some("2026-01-31")));
        check_counted(CellIn::Number(20_260_131.0), true, Ok(Some("2026-01-31")));
        check_counted(text("2026-1-31"), true, Ok(Some("2026-01-31")));
        check_counted(CellIn::Number(2_957_004.0), true, Err(CellFault::NotADate));
        check_counted(CellIn::Number(0.0), true, Err(CellFault::NotADate));
    }

    #[test]
    fn what_is_no_date_is_a_fault() {
        for wrong in
            ["长期", "26-1-31", "31/01/2026", "2026年1月", "2026-1-31 或以后", "+026-1-31", "2026--1"]
        {
            check_date(text(wrong), Err(CellFault::NotADate));
        }
        for wrong in ["2026-02-30", "20261301", "2026年0月1日"] {
            check_date(text(wrong), Err(CellFault::NoSuchDay));
        }
        for wrong in [60.0, 0.0, -1.0, 1e300, f64::NAN, f64::INFINITY, 2_958_466.0] {
            check_date(CellIn::Number(wrong), Err(CellFault::NotADate));
        }
        check_date(CellIn::Bool(true), Err(CellFault::NotADate));
    }
}
