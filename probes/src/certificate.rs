//! What a certificate says, from its DER. Tolerant of what issuers do, and bounded; signatures aren't checked.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::certificate::{CertificateFacts, KeyFacts};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use crate::clean;

/// The longest chain that is looked at.
pub const MAX_CHAIN: usize = 10;
/// The longest certificate that is looked at, in bytes.
pub const MAX_DER: usize = 64 * 1024;
/// The most alternative names that are kept.
const MAX_NAMES: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("the certificate is longer than {MAX_DER} bytes")]
    TooLong,
    #[error("the certificate isn't X.509")]
    Malformed,
}

/// Reads one certificate. Bytes behind it are ignored.
pub fn certificate_facts(der: &[u8]) -> Result<CertificateFacts, CertificateError> {
    if der.len() > MAX_DER {
        return Err(CertificateError::TooLong);
    }
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
    let whole = der.get(..der.len() - rest.len()).unwrap_or(der);
    let sha256 = Sha256::digest(whole);
    Ok(CertificateFacts {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        serial: hexadecimal(certificate.raw_serial().get(..64).unwrap_or(certificate.raw_serial())),
        names: names(&certificate),
        not_before: instant(certificate.validity().not_before),
        not_after: instant(certificate.validity().not_after),
        key: key(certificate.public_key()),
        signature: signature_name(&certificate.signature_algorithm.algorithm.to_id_string()),
        self_signed: is_self_signed(&certificate),
        is_ca: certificate.basic_constraints().ok().flatten().is_some_and(|constraints| constraints.value.ca),
        sha256: hexadecimal(&sha256),
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Out of chrono's range is out of anyone's calendar: the nearest end.
fn instant(time: ASN1Time) -> DateTime<Utc> {
    let seconds = time.timestamp();
    DateTime::from_timestamp(seconds, 0).unwrap_or(if seconds < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

/// `CN=…, O=…`, most specific first as people read it, whatever string type the issuer chose.
fn name(name: &X509Name<'_>) -> String {
    let mut parts = Vec::new();
    for attribute in name.iter_attributes().take(32) {
        let oid = attribute.attr_type().to_id_string();
        let label = match oid.as_str() {
            "2.5.4.3" => "CN",
            "2.5.4.6" => "C",
            "2.5.4.7" => "L",
            "2.5.4.8" => "ST",
            "2.5.4.10" => "O",
            "2.5.4.11" => "OU",
            "1.2.840.113549.1.9.1" => "E",
            "0.9.2342.19200300.100.1.25" => "DC",
            other => other,
        };
        parts.push(format!("{label}={}", text(attribute.attr_value())));
    }
    clean::clean(&parts.join(", "))
}

/// The text of a value by its ASN.1 type: BMPString is UTF-16, all others are read as UTF-8 or GB18030.
fn text(value: &x509_parser::asn1_rs::Any<'_>) -> String {
    const BMP_STRING: u32 = 30;
    if value.tag().0 == BMP_STRING {
        let (units, _) = value.data.as_chunks::<2>();
        let units: Vec<u16> =
            units.iter().map(|unit| u16::from_be_bytes(*unit)).take(clean::MAX_CHARS).collect();
        return clean::clean(&String::from_utf16_lossy(&units));
    }
    clean::chinese_text(value.data)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let alternatives =
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => Some(names),
            _ => None,
        });
    for alternative in alternatives.iter().flat_map(|names| names.general_names.iter()).take(MAX_NAMES) {
        match alternative {
            GeneralName::DNSName(name) => names.push(clean::clean(name).to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => names.extend(address(bytes).map(|address| address.to_string())),
            _ => {}
        }
    }
    if names.is_empty() {
        let common_name = certificate.subject().iter_common_name().next();
        names.extend(common_name.map(|name| text(name.attr_value()).to_ascii_lowercase()));
    }
    names.retain(|name| !name.is_empty());
    names
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// The name of an elliptic curve and its size.
fn curve(oid: &str) -> Option<(&'static str, u32)> {
    Some(match oid {
        "1.2.840.10045.3.1.7" => ("EC P-256", 256),
        "1.3.132.0.34" => ("EC P-384", 384),
        "1.3.132.0.35" => ("EC P-521", 521),
        "1.3.132.0.33" => ("EC P-224", 224),
        "1.2.840.10045.3.1.1" => ("EC P-192", 192),
        "1.3.132.0.10" => ("EC secp256k1", 256),
        "1.3.36.3.3.2.8.1.1.7" => ("EC brainpoolP256r1", 256),
        "1.3.36.3.3.2.8.1.1.11" => ("EC brainpoolP384r1", 384),
        "1.2.156.10197.1.301" => ("SM2", 256),
        _ => return None,
    })
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> KeyFacts {
    let algorithm = info.algorithm.algorithm.to_id_string();
    let named = |algorithm: &str, bits: Option<u32>| KeyFacts { algorithm: algorithm.to_owned(), bits };
    match algorithm.as_str() {
        // RSA and RSASSA-PSS.
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let bits = match info.parsed() {
                Ok(PublicKey::RSA(rsa)) => modulus_bits(rsa.modulus),
                _ => None,
            };
            named("RSA", bits)
        }
        // An ordinary elliptic-curve key: the curve is the parameter.
        "1.2.840.10045.2.1" => {
            let parameter = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            match parameter.map(|oid| oid.to_id_string()) {
                Some(oid) => match curve(&oid) {
                    Some((name, bits)) => named(name, Some(bits)),
                    None => named(&format!("EC {}", clean::clean(&oid)), None),
                },
                None => named("EC", None),
            }
        }
        // Some issuers put SM2's curve where the algorithm belongs.
        "1.2.156.10197.1.301" => named("SM2", Some(256)),
        "1.3.101.112" => named("Ed25519", Some(256)),
        "1.3.101.113" => named("Ed448", Some(456)),
        "1.2.840.10040.4.1" => {
            let bits = match info.parsed() {
                Ok(PublicKey::DSA(value)) => modulus_bits(value),
                _ => None,
            };
            named("DSA", bits)
        }
        other => named(&clean::clean(other), None),
    }
}

/// The size of a big-endian number, leading zeros left out.
fn modulus_bits(modulus: &[u8]) -> Option<u32> {
    let first = modulus.iter().position(|&byte| byte != 0)?;
    let significant = modulus.get(first..)?;
    let high = significant.first()?;
    u32::try_from(significant.len()).ok()?.checked_mul(8)?.checked_sub(high.leading_zeros())
}

/// The name by which people know a signature algorithm, or its number.
fn signature_name(oid: &str) -> String {
    let known = match oid {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-SHA256",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.156.10197.1.501" => "SM2-with-SM3",
        "1.2.156.10197.1.504" => "rsaWithSM3",
        other => return clean::clean(other),
    };
    known.to_owned()
}

fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    if certificate.subject().as_raw() != certificate.issuer().as_raw() {
        return false;
    }
    let mut own = None;
    let mut authority = None;
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => own = Some(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority = id.key_identifier.as_ref().map(|id| id.0)
            }
            _ => {}
        }
    }
    match (own, authority) {
        (Some(own), Some(authority)) => own == authority,
        _ => true,
    }
}
