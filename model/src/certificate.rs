//! What an X.509 certificate says, as facts for people and rules.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One certificate. Texts are bounded and cleaned of control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    pub subject: String,
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Subject alternative names: DNS names in lower case, addresses as text; the common name if there are none.
    pub names: Vec<String>,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    pub key: KeyFacts,
    /// For example `sha256WithRSAEncryption`, `ecdsa-with-SHA256`, `SM2-with-SM3`, or the dotted OID.
    pub signature: String,
    /// Subject and issuer are the same name, and the key identifiers, where present, don't contradict it.
    pub self_signed: bool,
    pub is_ca: bool,
    /// SHA-256 of the DER, hexadecimal.
    pub sha256: String,
}

/// The public key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// `RSA`, `EC P-256`, `SM2`, `Ed25519`, or the dotted OID.
    pub algorithm: String,
    /// Size in bits, where the algorithm has one.
    pub bits: Option<u32>,
}

impl CertificateFacts {
    /// Whether the certificate is good for `name`: exactly, or by a wildcard in its leftmost label
    /// (RFC 9525 §6.3).
    pub fn covers(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.names.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(parent) => {
                name.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
            }
            None => *pattern == name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], asked: &str, expected: bool) {
        let certificate = CertificateFacts {
            subject: String::new(),
            issuer: String::new(),
            serial: String::new(),
            names: names.iter().map(ToString::to_string).collect(),
            not_before: DateTime::UNIX_EPOCH,
            not_after: DateTime::UNIX_EPOCH,
            key: KeyFacts { algorithm: "RSA".into(), bits: Some(2048) },
            signature: String::new(),
            self_signed: false,
            is_ca: false,
            sha256: String::new(),
        };
        assert_eq!(certificate.covers(asked), expected, "{names:?} for {asked}");
    }

    #[test]
    fn a_wildcard_stands_for_exactly_one_label() {
        check(&["*.example.gov.cn"], "www.example.gov.cn", true);
        check(&["*.example.gov.cn"], "a.www.example.gov.cn", false);
        check(&["*.example.gov.cn"], "example.gov.cn", false);
        check(&["www.example.gov.cn"], "WWW.example.gov.cn.", true);
        check(&["w*.example.gov.cn"], "www.example.gov.cn", false);
    }
}
