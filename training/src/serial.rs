//! Serials of certificates, for people: `GZXA-2026-WH-000123-R` is series, year, category, sequence, check character.
//!
//! A serial is kept for life and holds nothing of the person. It isn't secret: what may be asked with it is decided
//! elsewhere. Nothing here knows what was issued: the highest sequence is an argument, and the gap-free count lives in
//! the store's transaction.
//!
//! The count runs on over the years unless the series says `EachYear`; a series has one count for all of its categories,
//! so that a sequence number alone names a certificate of the series (and year).
//!
//! The check character covers everything before it. ISO 7064 MOD 37-2 needs a 37th character, `*`, which Windows
//! doesn't allow in the names of files and Excel takes for a wildcard; MOD 37,36 misses some swapped neighbours. So the
//! 36 symbols are taken as GF(4) × GF(9), and the weights are powers of an element that is neither 0 nor 1 in
//! either field: that catches every wrong character and every swap of two neighbours, and needs no more than the 36.
//! As O is read for 0 and I for 1 (people can't tell them apart on paper), a slip goes unseen where the right check
//! character and the one typed are such a pair.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base32::{half_width, is_separator};

/// Fewest digits of the sequence; it grows beyond them.
const SEQUENCE_DIGITS: usize = 6;
/// Longest text that is looked at, in characters.
const MAX_CHARS: usize = 64;
/// Sequences end well before `u64` does, so that counting on never overflows.
const MAX_SEQUENCE: u64 = 999_999_999_999;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    #[error("a series has 2 to 6 letters A-Z, this is {0:?}")]
    Series(String),
    #[error("the year of a serial has 4 digits, from 2000 on; this is {0:?}")]
    Year(String),
    #[error("a category has 1 to 4 letters and digits, this is {0:?}")]
    Category(String),
    #[error("the sequence of a serial has at least {SEQUENCE_DIGITS} digits and is not zero, this is {0:?}")]
    Sequence(String),
    #[error("a serial looks like GZXA-2026-WH-000123-R; this has other parts")]
    Shape,
    #[error("without its dashes this serial can be read in several ways; write it as it is printed")]
    Ambiguous,
    #[error("the check character of the serial is wrong; look for a character mistyped or swapped")]
    CheckCharacter,
    #[error("the series has used up its numbers")]
    Exhausted,
}

impl SerialError {
    pub fn zh(&self) -> String {
        match self {
            SerialError::Series(found) => format!("编号系列应为2至6个字母，此处为“{found}”"),
            SerialError::Year(found) => format!("编号年份应为4位数字且不早于2000年，此处为“{found}”"),
            SerialError::Category(found) => format!("类别代码应为1至4个字母或数字，此处为“{found}”"),
            SerialError::Sequence(found) => {
                format!("流水号至少{SEQUENCE_DIGITS}位数字且不为零，此处为“{found}”")
            }
            SerialError::Shape => "证书编号形如 GZXA-2026-WH-000123-R，此处不符".into(),
            SerialError::Ambiguous => "省略连字符后有多种读法，请按证书上印的样子填写".into(),
            SerialError::CheckCharacter => "证书编号校验位不符，请核对是否录错或前后颠倒".into(),
            SerialError::Exhausted => "该系列的流水号已用尽".into(),
        }
    }
}

/// The letters that a series of serials begins with, 2 to 6.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeriesCode(String);

/// The category of a certificate as it stands in a serial: 1 to 4 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CategoryCode(String);

/// A serial whose parts and check character are right. Ordered by series, year, category, sequence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial {
    series: SeriesCode,
    year: u16,
    category: CategoryCode,
    sequence: u64,
}

/// Whether a series counts on over the years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbering {
    #[default]
    Continuous,
    /// From 1 again each year.
    EachYear,
}

/// How a customer numbers certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    pub code: SeriesCode,
    #[serde(default)]
    pub numbering: Numbering,
}

impl Series {
    /// What the store keeps the highest sequence under, so that two issuers meet at one row: the series, and the year
    /// if each counts on its own.
    pub fn counter(&self, year: u16) -> (SeriesCode, Option<u16>) {
        let year = match self.numbering {
            Numbering::Continuous => None,
            Numbering::EachYear => Some(year),
        };
        (self.code.clone(), year)
    }

    /// The serial after the highest sequence that was ever issued under `counter(year)`; `None` if there is none.
    pub fn next(
        &self,
        year: u16,
        category: &CategoryCode,
        highest: Option<u64>,
    ) -> Result<Serial, SerialError> {
        let sequence = highest.unwrap_or(0).checked_add(1).ok_or(SerialError::Exhausted)?;
        if sequence > MAX_SEQUENCE {
            return Err(SerialError::Exhausted);
        }
        Serial::new(self.code.clone(), year, category.clone(), sequence)
    }
}

impl Serial {
    pub fn new(
        series: SeriesCode,
        year: u16,
        category: CategoryCode,
        sequence: u64,
    ) -> Result<Serial, SerialError> {
        if !(2000..=9999).contains(&year) {
            return Err(SerialError::Year(year.to_string()));
        }
        if sequence == 0 || sequence > MAX_SEQUENCE {
            return Err(SerialError::Sequence(sequence.to_string()));
        }
        Ok(Serial { series, year, category, sequence })
    }

    pub fn series(&self) -> &SeriesCode {
        &self.series
    }

    pub fn year(&self) -> u16 {
        self.year
    }

    pub fn category(&self) -> &CategoryCode {
        &self.category
    }

    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub fn check_character(&self) -> char {
        let Serial { series, year, category, sequence } = self;
        check_character(&format!("{series}{year}{category}{sequence:06}"))
    }
}

/// An element of GF(4) × GF(9).
#[derive(Clone, Copy, PartialEq, Eq)]
struct Element {
    /// Bits: coefficients of 1 and w, where w² = w + 1.
    four: u8,
    /// Coefficients modulo 3 of 1 and i, where i² = -1.
    nine: (u8, u8),
}

const ZERO: Element = Element { four: 0, nine: (0, 0) };

impl Element {
    /// 0-9 and A-Z are 0 to 35; others don't get here.
    fn of(symbol: char) -> Element {
        let value = symbol.to_digit(36).unwrap_or(0) as u8;
        Element { four: value % 4, nine: (value / 4 % 3, value / 12) }
    }

    fn symbol(self) -> char {
        let value = self.four + 4 * self.nine.0 + 12 * self.nine.1;
        char::from_digit(u32::from(value), 36).unwrap_or('0').to_ascii_uppercase()
    }

    fn plus(self, other: Element) -> Element {
        let nine = ((self.nine.0 + other.nine.0) % 3, (self.nine.1 + other.nine.1) % 3);
        Element { four: self.four ^ other.four, nine }
    }

    /// By w in GF(4), by 1 + i in GF(9): neither is 0 or 1, so that both they and they less 1 have inverses. They have
    /// order 3 and 8, so that characters up to 24 places apart carry different weights.
    fn times_weight(self) -> Element {
        let (low, high) = (self.four & 1, self.four >> 1);
        let (a, b) = self.nine;
        Element { four: high | (low ^ high) << 1, nine: ((a + 2 * b) % 3, (a + b) % 3) }
    }

    fn minus(self) -> Element {
        Element { four: self.four, nine: ((3 - self.nine.0) % 3, (3 - self.nine.1) % 3) }
    }
}

/// What makes the weighted sum nothing, the check character itself having weight 1.
fn check_character(text: &str) -> char {
    let sum = text.chars().fold(ZERO, |sum, symbol| sum.plus(Element::of(symbol)).times_weight());
    sum.minus().symbol()
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Serial { series, year, category, sequence } = self;
        write!(f, "{series}-{year}-{category}-{sequence:06}-{}", self.check_character())
    }
}

/// Leniently: full-width and lower-case letters, blanks, any dashes or none; and as people read print, O for 0 and I
/// for 1 or the other way round in year, sequence and check character, where that alone makes it a serial.
impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clean: Vec<char> =
            text.trim().chars().take(MAX_CHARS).map(|c| half_width(c).to_ascii_uppercase()).collect();
        let parts: Vec<String> = clean
            .split(|&c| is_separator(c) || c == '/')
            .filter(|part| !part.is_empty())
            .map(|part| part.iter().collect())
            .collect();
        match read(&parts, Looks::Exact) {
            Ok(serial) => Ok(serial),
            Err(SerialError::Ambiguous) => Err(SerialError::Ambiguous),
            Err(error) => read(&parts, Looks::Alike).map_err(|_| error),
        }
    }
}

/// Whether characters that look alike are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Exact,
    Alike,
}

impl Looks {
    /// A text of digits, or one character of check.
    fn digits(self, text: &str) -> String {
        match self {
            Looks::Exact => text.to_owned(),
            Looks::Alike => text.replace('O', "0").replace('I', "1"),
        }
    }
}

fn read(parts: &[String], looks: Looks) -> Result<Serial, SerialError> {
    let (serial, check) = match parts {
        [series, year, category, sequence, check] => {
            let (year, sequence) = (looks.digits(year), looks.digits(sequence));
            (from_parts(series, &year, category, &sequence)?, check.clone())
        }
        _ => from_one(&parts.concat(), looks)?,
    };
    if looks.digits(&check) != looks.digits(&serial.check_character().to_string()) {
        return Err(SerialError::CheckCharacter);
    }
    Ok(serial)
}

fn from_parts(series: &str, year: &str, category: &str, sequence: &str) -> Result<Serial, SerialError> {
    let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?;
    let series = series.parse()?;
    let whole_year = number(year)
        .and_then(|year: u64| u16::try_from(year).ok())
        .filter(|_| year.len() == 4)
        .ok_or_else(|| SerialError::Year(year.to_owned()))?;
    let category = category.parse()?;
    // One serial has one text: no zeros in front beyond the sixth place.
    let padded = sequence.len() == SEQUENCE_DIGITS || !sequence.starts_with('0');
    let whole_sequence = number(sequence)
        .filter(|_| sequence.len() >= SEQUENCE_DIGITS && padded)
        .ok_or_else(|| SerialError::Sequence(sequence.to_owned()))?;
    Serial::new(series, whole_year, category, whole_sequence)
}

/// Without dashes: the series ends where the year begins, the check character is the last; where the category ends can
/// be in doubt if it ends with a digit.
fn from_one(text: &str, looks: Looks) -> Result<(Serial, String), SerialError> {
    let n_letters = text.chars().take_while(char::is_ascii_alphabetic).count();
    let (series, rest) = text.split_at_checked(n_letters).ok_or(SerialError::Shape)?;
    let (year, rest) = rest.split_at_checked(4).ok_or(SerialError::Shape)?;
    let (last, _) = rest.char_indices().next_back().ok_or(SerialError::Shape)?;
    let (middle, check) = rest.split_at(last);
    let mut readings = (1..=4).filter_map(|length| {
        let (category, sequence) = middle.split_at_checked(length)?;
        from_parts(series, &looks.digits(year), category, &looks.digits(sequence)).ok()
    });
    match (readings.next(), readings.next()) {
        (Some(serial), None) => Ok((serial, check.to_owned())),
        (Some(_), Some(_)) => Err(SerialError::Ambiguous),
        (None, _) => Err(SerialError::Shape),
    }
}

impl FromStr for SeriesCode {
    type Err = SerialError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        letters.then(|| SeriesCode(text.to_owned())).ok_or_else(|| SerialError::Series(text.to_owned()))
    }
}

impl FromStr for CategoryCode {
    type Err = SerialError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=4).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        fits.then(|| CategoryCode(text.to_owned())).ok_or_else(|| SerialError::Category(text.to_owned()))
    }
}

macro_rules! text_both_ways {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = SerialError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}

text_both_ways!(Serial, SeriesCode, CategoryCode);

impl fmt::Display for SeriesCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CategoryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
