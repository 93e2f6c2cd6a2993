//! All that is printed on a certificate, and the digest over it by which an edited PDF is told.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use super::is_unprintable;
use crate::base32;
use crate::serial::Serial;
use crate::token::Token;

/// What a certificate shows. The token makes the digest unguessable: without it, whoever has the QR code could find the
/// name by trying.
#[derive(Debug, Clone, Copy)]
pub struct Printed<'a> {
    pub serial: &'a Serial,
    pub name: &'a str,
    pub unit: Option<&'a str>,
    pub post: Option<&'a str>,
    pub category_name: &'a str,
    pub issued_on: NaiveDate,
    pub valid_until: NaiveDate,
    pub token: Option<&'a Token>,
}

/// The first 16 bytes of SHA-512 over the print. It also names one copy of a certificate: a replacement with the same
/// serial has another token or other dates, and so another digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrintedDigest([u8; 16]);

impl Printed<'_> {
    pub fn digest(&self) -> PrintedDigest {
        let Printed { serial, name, unit, post, category_name, issued_on, valid_until, token } = self;
        let mut hash = digest::Context::new(&digest::SHA512);
        hash.update(b"sentrypost print 1\0");
        let fields = [
            serial.to_string(),
            fold(name),
            fold(unit.unwrap_or_default()),
            fold(post.unwrap_or_default()),
            fold(category_name),
            issued_on.to_string(),
            valid_until.to_string(),
            token.map(ToString::to_string).unwrap_or_default(),
        ];
        for field in &fields {
            hash.update(&(field.len() as u64).to_be_bytes());
            hash.update(field.as_bytes());
        }
        let mut digest = [0; 16];
        digest.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
        PrintedDigest(digest)
    }
}

/// A printed text as it is compared: what a reader of PDFs, a typist and the database write differently is made alike.
/// Unicode NFKC (full-width letters; the radicals that PDF readers give for characters), no blanks, one dot between the
/// parts of a name, capitals.
pub fn fold(text: &str) -> String {
    text.nfkc()
        .filter(|&c| !c.is_whitespace() && !is_unprintable(c))
        .map(|c| match c {
            '•' | '・' | '‧' | '⋅' | '∙' => '·',
            c => c.to_ascii_uppercase(),
        })
        .collect()
}

impl PrintedDigest {
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub fn from_bytes(bytes: [u8; 16]) -> PrintedDigest {
        PrintedDigest(bytes)
    }
}

/// Base 32.
impl fmt::Display for PrintedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32::encode(&self.0))
    }
}

impl fmt::Debug for PrintedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrintedDigest({self})")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest over a print has 26 letters and digits")]
pub struct NotADigest;

impl FromStr for PrintedDigest {
    type Err = NotADigest;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = Some(text).filter(|text| text.len() <= 100).and_then(|text| base32::decode(text).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(PrintedDigest).ok_or(NotADigest)
    }
}
