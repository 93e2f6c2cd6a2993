//! The statement in the QR code of a certificate: short, signed, readable where no server can be reached.
//!
//! It tells serial, masked name, category, unit, first and last day, and two digests: one byte over the full name, and
//! sixteen over everything printed. It tells nothing else of the person, and it can't tell what happened after it was
//! signed: that is what the revocation list is for.
//!
//! Text: `SP1.` and base 32, all of it in the alphanumeric mode of QR codes, optionally behind an address of the
//! customer's and `#`, so that a phone opens the page and the statement doesn't leave the phone.

use std::fmt;

use chrono::NaiveDate;

use crate::base32::{self, Base32Error};
use crate::keys::{Algorithm, KeyError, KeyId, PublicRing, SignatureError, SigningKey};
use crate::serial::Serial;

mod binary;
pub mod mask;
pub mod printed;

pub use printed::{Printed, PrintedDigest};

/// What the text begins with; a later format has another number.
const PREFIX: &str = "SP";
const VERSION: &str = "1";
/// What every signature over a statement begins with, so that it is none over anything else.
const DOMAIN: &[u8] = b"sentrypost certificate statement 1\0";
/// Longest text that is looked at, in bytes.
const MAX_TEXT: usize = 2000;
/// Longest texts inside, in characters: longer ones end in `…`, and the digest over the print covers them whole.
pub const MAX_UNIT: usize = 30;
pub const MAX_CATEGORY: usize = 16;
const MAX_ADDRESS: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub serial: Serial,
    pub masked_name: String,
    /// One byte over serial and full name. One byte, because a longer digest would let anybody find the masked
    /// characters by trying: this leaves 1 in 256 names that fit the mask.
    pub name_check: u8,
    pub category_name: String,
    pub unit: Option<String>,
    pub issued_on: NaiveDate,
    /// The last day of validity.
    pub valid_until: NaiveDate,
    pub printed: PrintedDigest,
}

/// A statement whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub statement: Statement,
    pub key_id: KeyId,
    pub algorithm: Algorithm,
}

/// What the dates of a statement say on a day. Revocation is another matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    NotYetValid,
    Valid,
    Expired,
}

/// An address in front of the statement: http or https, ASCII, without `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("this is no certificate statement; it begins with SP1.")]
    NotAStatement,
    #[error("the statement is of format {0}, which this version does not read")]
    Version(String),
    #[error("{0:?} does not belong into a statement; copy it again")]
    Symbol(char),
    #[error("the statement is cut short; copy all of it")]
    CutShort,
    #[error("the statement is longer than any can be")]
    TooLong,
    #[error("the statement is damaged: {0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// Why a statement can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    #[error("the {0} is missing")]
    Missing(&'static str),
    #[error("the date {0} is outside 2000-01-01 to 2179-06-06")]
    Date(NaiveDate),
    #[error("the certificate would end on {valid_until}, before its first day {issued_on}")]
    EndsBeforeItBegins { issued_on: NaiveDate, valid_until: NaiveDate },
    #[error(
        "an address for the code begins with http:// or https://, has at most {MAX_ADDRESS} ASCII characters and no #"
    )]
    Address,
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl StatementError {
    pub fn zh(&self) -> String {
        match self {
            StatementError::NotAStatement => "这不是证书二维码内容，应以 SP1. 开头".into(),
            StatementError::Version(found) => format!("二维码格式版本为{found}，本版本无法识别"),
            StatementError::Symbol(c) => format!("二维码内容中不会出现字符“{c}”，请重新复制"),
            StatementError::CutShort => "二维码内容不完整，请完整复制".into(),
            StatementError::TooLong => "内容过长，不是证书二维码".into(),
            StatementError::Malformed(_) => "二维码内容已损坏".into(),
            StatementError::Signature(error) => error.zh(),
        }
    }
}

impl Statement {
    /// What the QR code of this certificate will say.
    pub fn of(printed: &Printed) -> Result<Statement, MakeError> {
        let (issued_on, valid_until) = (printed.issued_on, printed.valid_until);
        for date in [issued_on, valid_until] {
            binary::day_number(date).ok_or(MakeError::Date(date))?;
        }
        if valid_until < issued_on {
            return Err(MakeError::EndsBeforeItBegins { issued_on, valid_until });
        }
        let category_name = shortened(printed.category_name, MAX_CATEGORY);
        let masked_name = mask::masked(printed.name);
        for (text, what) in [(&category_name, "name of the category"), (&masked_name, "name")] {
            if text.is_empty() {
                return Err(MakeError::Missing(what));
            }
        }
        Ok(Statement {
            serial: printed.serial.clone(),
            masked_name,
            name_check: mask::name_check(printed.serial, printed.name),
            category_name,
            unit: printed.unit.map(|unit| shortened(unit, MAX_UNIT)).filter(|unit| !unit.is_empty()),
            issued_on,
            valid_until,
            printed: printed.digest(),
        })
    }

    /// The text for the QR code.
    pub fn sign(&self, key: &SigningKey, address: Option<&Address>) -> Result<String, MakeError> {
        let mut bytes = binary::encode(self, key.public().algorithm(), key.id())?;
        let signature = key.sign(&[DOMAIN, &bytes].concat())?;
        bytes.extend_from_slice(&signature);
        let before = address.map(|Address(address)| format!("{address}#")).unwrap_or_default();
        Ok(format!("{before}{PREFIX}{VERSION}.{}", base32::encode(&bytes)))
    }

    pub fn standing(&self, today: NaiveDate) -> Standing {
        match (today < self.issued_on, today > self.valid_until) {
            (true, _) => Standing::NotYetValid,
            (_, true) => Standing::Expired,
            _ => Standing::Valid,
        }
    }

    /// Whether a name, as read on paper and typed in, can be the one that was certified.
    pub fn may_be_of(&self, name: &str) -> bool {
        printed::fold(&mask::masked(name)) == printed::fold(&self.masked_name)
            && mask::name_check(&self.serial, name) == self.name_check
    }

    /// Whether what is printed is what was certified, to the letter.
    pub fn is_of(&self, printed: &Printed) -> bool {
        printed.digest() == self.printed
    }
}

/// Reads and verifies the text of a QR code: with or without an address before it, with blanks and line ends, in full
/// width or lower case.
pub fn verify(text: &str, ring: &PublicRing) -> Result<Verified, StatementError> {
    let bytes = decode_text(text)?;
    let read = binary::decode(&bytes)?;
    let message = [DOMAIN, read.signed].concat();
    ring.verify(read.key_id, read.algorithm, &message, read.signature)?;
    Ok(Verified { statement: read.statement, key_id: read.key_id, algorithm: read.algorithm })
}

fn decode_text(text: &str) -> Result<Vec<u8>, StatementError> {
    if text.len() > MAX_TEXT {
        return Err(StatementError::TooLong);
    }
    let clean: String = text
        .chars()
        .map(base32::half_width)
        .filter(|&c| c == '-' || !base32::is_separator(c))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let clean = clean.rsplit('#').next().unwrap_or_default();
    let (head, body) = clean.split_once('.').ok_or(StatementError::NotAStatement)?;
    let version = head.strip_prefix(PREFIX).ok_or(StatementError::NotAStatement)?;
    if version.is_empty() || version.len() > 4 || !version.bytes().all(|b| b.is_ascii_digit()) {
        return Err(StatementError::NotAStatement);
    }
    if version != VERSION {
        return Err(StatementError::Version(version.to_owned()));
    }
    base32::decode(body).map_err(|error| match error {
        Base32Error::Symbol(c) => StatementError::Symbol(c),
        Base32Error::Length => StatementError::CutShort,
    })
}

/// Without control characters; beyond `max` characters it ends in `…`.
fn shortened(text: &str, max: usize) -> String {
    let clean: Vec<char> = text.trim().chars().filter(|&c| !is_unprintable(c)).collect();
    if clean.len() <= max {
        return clean.into_iter().collect();
    }
    clean.into_iter().take(max - 1).chain(['…']).collect()
}

/// Control characters, and those that turn the direction of writing around and so show another text than they sign.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl std::str::FromStr for Address {
    type Err = MakeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let fits = text.len() <= MAX_ADDRESS
            && (lower.starts_with("https://") || lower.starts_with("http://"))
            && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'"' | b'<' | b'>'));
        if fits { Ok(Address(text.to_owned())) } else { Err(MakeError::Address) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
