//! Versions of the protocol, oldest first.

use serde::{Serialize, Serializer};

/// A version that a server may speak. TLCP stands last, since it isn't one of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    Ssl2,
    Ssl3,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
    Tlcp,
}

impl Version {
    pub const ALL: [Version; 7] = [
        Version::Ssl2,
        Version::Ssl3,
        Version::Tls10,
        Version::Tls11,
        Version::Tls12,
        Version::Tls13,
        Version::Tlcp,
    ];

    /// As it stands in a hello.
    pub fn code(self) -> u16 {
        match self {
            Version::Ssl2 => 0x0002,
            Version::Ssl3 => 0x0300,
            Version::Tls10 => 0x0301,
            Version::Tls11 => 0x0302,
            Version::Tls12 => 0x0303,
            Version::Tls13 => 0x0304,
            Version::Tlcp => 0x0101,
        }
    }

    pub fn from_code(code: u16) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.code() == code)
    }

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Version::Ssl2 => "SSL 2.0",
            Version::Ssl3 => "SSL 3.0",
            Version::Tls10 => "TLS 1.0",
            Version::Tls11 => "TLS 1.1",
            Version::Tls12 => "TLS 1.2",
            Version::Tls13 => "TLS 1.3",
            Version::Tlcp => "TLCP 1.1",
        }
    }

    /// Suites, extensions and messages are those of SSL 3.0 to TLS 1.2.
    pub fn is_classic(self) -> bool {
        matches!(self, Version::Ssl3 | Version::Tls10 | Version::Tls11 | Version::Tls12)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
