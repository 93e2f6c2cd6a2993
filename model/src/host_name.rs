//! A DNS host name in ASCII lower case, checked after RFC 1123: labels of 1–63 letters, digits, hyphens
//! and underscores, 253 characters in all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A host name; never an IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostNameError {
    #[error("{0:?} is an address, not a host name")]
    IsAddress(String),
    #[error("{0:?} is not a host name: labels of letters, digits and hyphens, joined by dots")]
    Malformed(String),
}

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Err(HostNameError::IsAddress(name));
        }
        let label_is_sound = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label of digits only would be a malformed address such as 192.0.2.300.
        let all_digits_at_the_end =
            name.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
        if name.len() > 253 || !name.split('.').all(label_is_sound) || all_digits_at_the_end {
            return Err(HostNameError::Malformed(text.to_owned()));
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for HostName {
    type Error = HostNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> String {
        name.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(text.parse::<HostName>().ok().as_ref().map(HostName::as_str), expected, "{text:?}");
    }

    #[test]
    fn takes_names_and_nothing_else() {
        check("Portal.Example.GOV.cn.", Some("portal.example.gov.cn"));
        check("localhost", Some("localhost"));
        check("192.0.2.1", None);
        check("192.0.2.300", None);
        check("2001:db8::1", None);
        check("", None);
        check("a..b", None);
        check("-a.example", None);
        check("exa mple.com", None);
        check(&"a".repeat(64), None);
        check("http://a.example", None);
    }
}
