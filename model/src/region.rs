//! Administrative division codes (行政区划代码, GB/T 2260): six digits, valid for a dated interval.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// Six digits; whether the code existed on a day is [`RegionTable`]'s to say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a region code: six digits, the first not 0")]
pub struct NotARegionCode(String);

impl RegionCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegionCode {
    type Err = NotARegionCode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_sound = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        if is_sound { Ok(Self(text.to_owned())) } else { Err(NotARegionCode(text.to_owned())) }
    }
}

impl TryFrom<String> for RegionCode {
    type Error = NotARegionCode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> String {
        code.0
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table of codes with names and validity, from a policy file. It need not be complete: a code that it
/// doesn't hold is unknown, not wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionTable {
    /// Date of the table.
    pub version: String,
    pub source: String,
    #[serde(rename = "region")]
    pub regions: Vec<Region>,
}

/// One code of the table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    pub code: RegionCode,
    pub name: String,
    #[serde(default)]
    pub valid: Interval,
    /// The code that took over, where one did.
    pub successor: Option<RegionCode>,
}

impl RegionTable {
    /// The table that is compiled in.
    pub fn embedded() -> RegionTable {
        toml::from_str(include_str!("../../policy/regions.toml")).expect("the embedded table is tested")
    }

    pub fn get(&self, code: &RegionCode) -> Option<&Region> {
        self.regions.iter().find(|region| region.code == *code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abolished_districts_name_their_successor() {
        let table = RegionTable::embedded();
        let code: RegionCode = "440116".parse().expect("a code");
        let region = table.get(&code).expect("萝岗 is in the table");
        assert!(region.valid.until().is_some());
        assert_eq!(region.successor.as_ref().map(RegionCode::as_str), Some("440112"));
    }

    #[test]
    fn a_code_is_six_digits() {
        assert!("44010".parse::<RegionCode>().is_err());
        assert!("044010".parse::<RegionCode>().is_err());
        assert!("44010a".parse::<RegionCode>().is_err());
    }
}
