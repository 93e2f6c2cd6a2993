//! The token of a certificate: what a verify page is asked by. Nothing about the certificate follows from it, and it
//! follows from nothing: the caller hands in fresh random bytes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, digest};

use crate::base32::{self, Base32Error};

/// Bytes of a token: 160 bits are 32 symbols of base 32 without a rest.
pub const TOKEN_BYTES: usize = 20;
const GROUP: usize = 4;
/// Longest text that is looked at, in bytes.
const MAX_TEXT: usize = 200;

/// 160 random bits. Shown in full by `Display` only.
#[derive(Clone, Copy)]
pub struct Token([u8; TOKEN_BYTES]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Text(#[from] Base32Error),
    #[error("a token has 32 letters and digits; this is shorter or longer")]
    Length,
}

impl TokenError {
    pub fn zh(&self) -> String {
        match self {
            TokenError::Text(Base32Error::Symbol(c)) => format!("查验码中不会出现字符“{c}”"),
            TokenError::Text(Base32Error::Length) | TokenError::Length => {
                "查验码应为32个字母和数字，请核对是否漏录或多录".into()
            }
        }
    }
}

impl Token {
    /// `random` comes from the operating system's generator.
    pub fn from_random(random: [u8; TOKEN_BYTES]) -> Token {
        Token(random)
    }

    pub fn as_bytes(&self) -> &[u8; TOKEN_BYTES] {
        &self.0
    }

    /// SHA-256 of the token: to be stored and looked up by, so that whoever reads the database can't ask as a holder,
    /// and the time that an index takes tells nothing of the token.
    pub fn lookup_hash(&self) -> [u8; 32] {
        let hash = digest::digest(&digest::SHA256, &self.0);
        hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

/// In constant time.
impl PartialEq for Token {
    fn eq(&self, other: &Token) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}
impl Eq for Token {}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = base32::encode(&self.0);
        for (at, symbol) in text.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{symbol}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TEXT {
            return Err(TokenError::Length);
        }
        let bytes = base32::decode(text)?;
        bytes.try_into().map(Token).map_err(|_| TokenError::Length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_printed_is_read(random: [u8; TOKEN_BYTES]) {
            let token = Token::from_random(random);
            let text = token.to_string();
            prop_assert_eq!(text.len(), 39);
            prop_assert_eq!(text.parse(), Ok(token));
            prop_assert_eq!(text.to_lowercase().replace('-', " ").parse(), Ok(token));
            prop_assert_eq!(text.replace('0', "O").replace('1', "l").parse(), Ok(token));
        }

        #[test]
        fn a_token_cut_short_is_none(random: [u8; TOKEN_BYTES], length in 0..39usize) {
            let text = Token::from_random(random).to_string();
            prop_assert!(text[..length].parse::<Token>().is_err() || text[..length].len() == 39);
        }
    }

    #[test]
    fn other_tokens_differ() {
        let one = Token::from_random([1; TOKEN_BYTES]);
        let mut bytes = [1; TOKEN_BYTES];
        bytes[TOKEN_BYTES - 1] = 0;
        assert_ne!(one, Token::from_random(bytes));
        assert_ne!(one.lookup_hash(), Token::from_random(bytes).lookup_hash());
        assert_eq!(format!("{one:?}"), "Token(not shown)");
    }
}
