//! Resident identity numbers (公民身份号码, GB 11643-1999): read leniently, kept for as long as needed, never shown.
//!
//! `Debug` tells nothing and `Display` the last four. The digits leave by `reveal` alone, whose caller logs who asked
//! and why. The region is never judged: a number keeps the code of the place of issue long after the place is gone.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use zeroize::Zeroize;

use crate::base32::{half_width, is_separator};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [u8; 11] = *b"10X98765432";
/// Longest text that is looked at, in characters.
const MAX_CHARS: usize = 64;

/// A number of 18 places whose birth date exists and whose check digit fits. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct IdNumber([u8; 18]);

/// None of these carries a digit of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdNumberError {
    #[error("an ID number has 18 places, this has {0}")]
    Length(usize),
    #[error("place {0} of the ID number is not a digit")]
    Place(usize),
    #[error(
        "this is an ID number of the first generation with 15 digits; it has been invalid since 2013, ask for the one with 18"
    )]
    FirstGeneration,
    #[error(
        "the spreadsheet has destroyed this ID number (it keeps 15 digits of a number); format the column as text and type it again"
    )]
    DestroyedBySpreadsheet,
    #[error("the birth date in the ID number does not exist")]
    BirthDate,
    #[error("the check digit of the ID number is wrong; look for a digit mistyped")]
    CheckDigit,
}

impl IdNumberError {
    pub fn zh(&self) -> String {
        match self {
            IdNumberError::Length(n) => format!("身份证号应为18位，此处为{n}位"),
            IdNumberError::Place(place) => format!("身份证号第{place}位不是数字"),
            IdNumberError::FirstGeneration => {
                "这是15位的一代身份证号，2013年起已停用，请填写18位号码".into()
            }
            IdNumberError::DestroyedBySpreadsheet => {
                "身份证号已被电子表格破坏（数字只保留15位，末三位变成000或变成科学计数法），请将该列设为文本格式后重新填写"
                    .into()
            }
            IdNumberError::BirthDate => "身份证号中的出生日期不存在".into(),
            IdNumberError::CheckDigit => "身份证号校验位不符，请核对是否录错".into(),
        }
    }
}

impl IdNumber {
    /// The whole number. Whoever calls this logs by whom and why it was asked.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and X only, by the constructor")
    }

    /// The most that may be shown without a log.
    pub fn last_four(&self) -> &str {
        self.reveal().get(14..).unwrap_or_default()
    }

    /// The check digit fits, yet the number ends in 000, as one does that a spreadsheet has rounded: one in eleven of
    /// those fits by chance. Worth a warning, no refusal.
    pub fn looks_rounded(&self) -> bool {
        self.0.ends_with(b"000")
    }

    fn from_places(places: &[u8; 18]) -> Result<IdNumber, IdNumberError> {
        let digit = |at: usize| places.get(at).map_or(0, |d| u32::from(d.wrapping_sub(b'0')));
        let number = |from: usize, to: usize| (from..to).fold(0, |sum, at| sum * 10 + digit(at));
        let born = i32::try_from(number(6, 10))
            .ok()
            .filter(|year| (1850..=2200).contains(year))
            .and_then(|year| NaiveDate::from_ymd_opt(year, number(10, 12), number(12, 14)));
        let sum: u32 = WEIGHTS.iter().enumerate().map(|(at, weight)| weight * digit(at)).sum();
        let check = CHECKS[(sum % 11) as usize];
        match (born, check == places[17]) {
            (Some(_), true) => Ok(IdNumber(*places)),
            (_, false) if places.ends_with(b"000") => Err(IdNumberError::DestroyedBySpreadsheet),
            (None, _) => Err(IdNumberError::BirthDate),
            (Some(_), false) => Err(IdNumberError::CheckDigit),
        }
    }
}

impl FromStr for IdNumber {
    type Err = IdNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut clean: Vec<char> = text
            .chars()
            .take(MAX_CHARS)
            .map(half_width)
            .filter(|&c| !is_separator(c) && c != '\'')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let parsed = parse(&clean);
        clean.zeroize();
        parsed
    }
}

fn parse(clean: &[char]) -> Result<IdNumber, IdNumberError> {
    if is_scientific(clean) {
        return Err(IdNumberError::DestroyedBySpreadsheet);
    }
    // What a program writes that read the cell as a number.
    let clean = clean.strip_suffix(&['.', '0']).unwrap_or(clean);
    if clean.len() == 15 && clean.iter().all(char::is_ascii_digit) {
        return Err(IdNumberError::FirstGeneration);
    }
    if clean.len() != 18 {
        return Err(IdNumberError::Length(clean.len()));
    }
    let mut places = [0u8; 18];
    for (at, (place, &c)) in places.iter_mut().zip(clean).enumerate() {
        let fits = c.is_ascii_digit() || (c == 'X' && at == 17);
        *place = u8::try_from(c).ok().filter(|_| fits).ok_or(IdNumberError::Place(at + 1))?;
    }
    let parsed = IdNumber::from_places(&places);
    places.zeroize();
    parsed
}

/// `4.40106E+17`: what Excel shows, and saves as CSV, of a long number. (The dash of an exponent is gone by now, but a
/// number of 18 digits has none.)
fn is_scientific(clean: &[char]) -> bool {
    let mut parts = clean.split(|&c| c == 'E');
    let (Some(mantissa), Some(exponent), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let exponent = exponent.strip_prefix(&['+']).unwrap_or(exponent);
    !mantissa.is_empty()
        && mantissa.iter().all(|c| c.is_ascii_digit() || *c == '.')
        && !exponent.is_empty()
        && exponent.iter().all(char::is_ascii_digit)
}

impl Drop for IdNumber {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdNumber(not shown)")
    }
}

impl fmt::Display for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "**************{}", self.last_four())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number of a made-up person: region 000001 isn't any place's.
    const MADE_UP: &str = "00000119900101001";

    fn with_check(first_17: &str) -> String {
        let sum: u32 = first_17.bytes().zip(WEIGHTS).map(|(d, weight)| u32::from(d - b'0') * weight).sum();
        format!("{first_17}{}", char::from(CHECKS[(sum % 11) as usize]))
    }

    fn check(text: &str, expected: Result<&str, IdNumberError>) {
        let parsed: Result<IdNumber, _> = text.parse();
        assert_eq!(parsed.as_ref().map(IdNumber::reveal).map_err(|&e| e), expected, "{text}");
    }

    fn made_up_ending_in_x() -> String {
        (0..1000)
            .map(|order| with_check(&format!("00000119900101{order:03}")))
            .find(|number| number.ends_with('X'))
            .unwrap()
    }

    #[test]
    fn reads_what_clerks_type() {
        let number = with_check(MADE_UP);
        let with_x = made_up_ending_in_x();
        check(&number, Ok(&number));
        check(&format!(" {} {} ", &number[..6], &number[6..]), Ok(&number));
        check(&format!("'{number}"), Ok(&number));
        check(&format!("{number}.0"), Ok(&number));
        check(&with_x.to_lowercase(), Ok(&with_x));
        let full_width: String =
            with_x.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        check(&full_width, Ok(&with_x));
    }

    #[test]
    fn names_what_excel_did() {
        let destroyed = (1..1000)
            .map(|order| format!("00000119900101{order:03}"))
            .map(|first_17| format!("{}000", &first_17[..15]))
            .find(|rounded| with_check(&rounded[..17]) != *rounded)
            .unwrap();
        check(&destroyed, Err(IdNumberError::DestroyedBySpreadsheet));
        for text in ["4.40106E+17", "4.4010619900101E17", "4.40106e+17", "４．４０１０６Ｅ＋１７"]
        {
            check(text, Err(IdNumberError::DestroyedBySpreadsheet));
        }
        assert!(IdNumberError::DestroyedBySpreadsheet.zh().contains("000"));
    }

    #[test]
    fn warns_of_a_rounded_number_that_fits_by_chance() {
        let fits = (1..=9999)
            .map(|day| format!("00000119{:02}0101{}00", day % 100, day / 100 % 10))
            .map(|first_17| with_check(&first_17))
            .find(|number| number.ends_with("000"))
            .unwrap();
        assert!(fits.parse::<IdNumber>().unwrap().looks_rounded());
        assert!(!with_check(MADE_UP).parse::<IdNumber>().unwrap().looks_rounded());
    }

    #[test]
    fn refuses_with_a_reason() {
        check("000001900101001", Err(IdNumberError::FirstGeneration));
        assert!(IdNumberError::FirstGeneration.to_string().contains("15 digits"));
        check("", Err(IdNumberError::Length(0)));
        check(&"1".repeat(500), Err(IdNumberError::Length(MAX_CHARS)));
        check("0000011990010100Ａ1", Err(IdNumberError::Place(17)));
        check("00000119900101X011", Err(IdNumberError::Place(15)));
        check(&with_check("00000119900230001"), Err(IdNumberError::BirthDate));
        check(&with_check("00000100010101001"), Err(IdNumberError::BirthDate));
    }

    #[test]
    fn every_single_wrong_digit_and_swap_of_neighbours_is_noticed() {
        let number = with_check(MADE_UP);
        for at in 0..17 {
            for digit in '0'..='9' {
                let mut wrong: Vec<char> = number.chars().collect();
                wrong[at] = digit;
                let wrong: String = wrong.into_iter().collect();
                assert!(wrong == number || wrong.parse::<IdNumber>().is_err(), "{wrong}");
            }
            let mut swapped: Vec<char> = number.chars().collect();
            swapped.swap(at, at + 1);
            let swapped: String = swapped.into_iter().collect();
            assert!(swapped == number || swapped.parse::<IdNumber>().is_err(), "{swapped}");
        }
    }

    #[test]
    fn keeps_numbers_of_regions_that_are_gone() {
        // 440116 (萝岗) was abolished in 2014, 440102 (东山) in 2005.
        for region in ["440116", "440102"] {
            let number = with_check(&format!("{region}19900101001"));
            check(&number, Ok(&number));
        }
    }

    #[test]
    fn shows_four_digits_at_most() {
        let number: IdNumber = with_check(MADE_UP).parse().unwrap();
        assert_eq!(format!("{number:?} {number:#?}"), "IdNumber(not shown) IdNumber(not shown)");
        assert_eq!(number.to_string(), format!("**************{}", number.last_four()));
        assert_eq!(number.last_four().len(), 4);
    }
}
