//! Certificates as other tools write them, in base64 with or without PEM's lines around it.

use model::certificate::CertificateFacts;
use probes::certificate::certificate_facts;

/// The longest text that is read as a certificate.
pub(super) const MAX_TEXT: usize = 64 << 10;

/// The facts of a certificate in base64; `None` if it is none.
pub(super) fn certificate(text: &str) -> Option<CertificateFacts> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let body = match text.split_once("-----BEGIN CERTIFICATE-----") {
        Some((_, rest)) => rest.split_once("-----END").map_or(rest, |(body, _)| body),
        None => text,
    };
    certificate_facts(&from_base64(body)?).ok()
}

/// RFC 4648 §4, blanks left out; what isn't of its alphabet makes it none.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0u32, 0u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = ((bits << 6) | u32::from(value)) & 0xffff;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[u8]>) {
        assert_eq!(from_base64(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn base64_is_read_with_its_line_breaks() {
        check("", Some(b""));
        check("Zg==", Some(b"f"));
        check("Zm9v\nYmFy", Some(b"foobar"));
        check("+/+/", Some(&[0xfb, 0xff, 0xbf]));
        check("Zm9v!", None);
        assert_eq!(certificate("Zm9v"), None);
    }
}
