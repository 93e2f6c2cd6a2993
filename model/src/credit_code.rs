//! Unified social credit code (统一社会信用代码), GB 32100-2015: 17 symbols and a check symbol.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The 31 symbols of GB 32100-2015: digits and capitals without I, O, S, V, Z.
const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A credit code whose length, symbols and check symbol are right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    #[error("a credit code has 18 characters, this has {0}")]
    Length(usize),
    #[error("{0:?} is not a symbol of a credit code (digits and capitals without I, O, S, V, Z)")]
    Symbol(char),
    #[error("the check symbol should be {expected}, this has {found}")]
    CheckSymbol { expected: char, found: char },
}

impl CreditCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends the check symbol to the first 17 symbols; for samples and fixtures.
    pub fn with_check_symbol(first_17: &str) -> Result<CreditCode, CreditCodeError> {
        let check = check_symbol(first_17)?;
        format!("{first_17}{check}").parse()
    }
}

fn check_symbol(text: &str) -> Result<char, CreditCodeError> {
    let mut sum = 0usize;
    let mut weight = 1usize;
    for c in text.chars().take(17) {
        let value = SYMBOLS.iter().position(|&s| char::from(s) == c).ok_or(CreditCodeError::Symbol(c))?;
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    // Widely copied snippets index past the table when the sum is a multiple of 31.
    let check = (31 - sum % 31) % 31;
    Ok(SYMBOLS.get(check).copied().map_or('0', char::from))
}

impl FromStr for CreditCode {
    type Err = CreditCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let n_chars = text.chars().count();
        if n_chars != 18 {
            return Err(CreditCodeError::Length(n_chars));
        }
        let expected = check_symbol(text)?;
        let found = text.chars().next_back().unwrap_or_default();
        if found != expected {
            return Err(CreditCodeError::CheckSymbol { expected, found });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for CreditCode {
    type Error = CreditCodeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> String {
        code.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_it_completes_and_rejects_every_other_check_symbol() {
        let code = CreditCode::with_check_symbol("11440100TEST00001").expect_err("S is not a symbol");
        assert_eq!(code, CreditCodeError::Symbol('S'));
        let code = CreditCode::with_check_symbol("11440100MADE00001").expect("a complete code");
        for &symbol in SYMBOLS {
            let text = format!("{}{}", &code.as_str()[..17], char::from(symbol));
            assert_eq!(text.parse::<CreditCode>().is_ok(), text == code.as_str(), "{text}");
        }
    }

    #[test]
    fn a_sum_that_is_a_multiple_of_31_gives_check_symbol_0() {
        // Seventeen zeros sum to 0, the case in which copied snippets go wrong.
        assert!("000000000000000000".parse::<CreditCode>().is_ok());
    }

    #[test]
    fn one_changed_symbol_is_noticed() {
        let code = CreditCode::with_check_symbol("12440100MADE00017").expect("a complete code");
        let mut changed = code.as_str().to_owned();
        changed.replace_range(5..6, "9");
        assert!(matches!(changed.parse::<CreditCode>(), Err(CreditCodeError::CheckSymbol { .. })));
    }

    #[test]
    fn says_how_long_a_wrong_one_is() {
        assert_eq!("123".parse::<CreditCode>(), Err(CreditCodeError::Length(3)));
    }
}
