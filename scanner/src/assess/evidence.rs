//! The line of evidence: facts that need no translation, cleaned and bounded, and nothing that a service holds
//! behind its greeting.

use model::certificate::CertificateFacts;
use model::observation::{Access, Certainty, FirstBytes, ServiceFacts};

/// Characters of the service's first bytes, escaped, that are shown.
const MAX_BYTES_SHOWN: usize = 80;
/// Characters of any one text that a service says of itself.
const MAX_PART: usize = 100;

/// Name of the service for people, for example `https`.
pub(super) fn service_name(facts: &ServiceFacts) -> String {
    cleaned(&facts.display_name())
}

/// What a service says of itself, or how it kept silent.
pub(super) fn of_service(facts: &ServiceFacts) -> String {
    let mut parts = Vec::new();
    match (&facts.product, &facts.version, &facts.protocol) {
        (Some(product), Some(version), _) => parts.push(format!("{} {}", cleaned(product), cleaned(version))),
        (Some(product), None, _) => parts.push(cleaned(product)),
        (None, Some(version), Some(protocol)) => {
            parts.push(format!("{} {}", cleaned(protocol), cleaned(version)))
        }
        (None, None | Some(_), _) => parts.push(service_name(facts)),
    }
    parts.extend(facts.info.as_deref().map(cleaned).filter(|info| !info.is_empty()));
    if let Some(tls) = &facts.tls {
        parts.push(tls.version.as_deref().map_or_else(|| "TLS".to_owned(), cleaned));
    }
    match facts.access {
        Some(Access::NoAuthentication) => parts.push("no authentication".to_owned()),
        Some(Access::AuthenticationRequired) => parts.push("authentication required".to_owned()),
        None => {}
    }
    match facts.certainty {
        Certainty::Identified => {}
        Certainty::Unknown => parts.push(format!("\"{}\"", first_bytes(&facts.first_bytes))),
        Certainty::Silent => parts.push("accepts, sends nothing".to_owned()),
        Certainty::ClosedAtOnce => parts.push("accepts, closes at once".to_owned()),
        Certainty::NotAsked => parts.push("accepts, not asked".to_owned()),
    }
    parts.join("; ")
}

/// What a certificate says, with the fact that matters first.
pub(super) fn of_certificate(certificate: &CertificateFacts, fact: &str) -> String {
    let print: String = certificate.sha256.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    format!("{fact}; {}; SHA-256 {print}…", cleaned(&certificate.subject))
}

/// One line without control characters, of at most [`MAX_PART`] characters.
pub(super) fn cleaned(text: &str) -> String {
    let shown = text.chars().filter(|&c| !c.is_control() && !reorders(c));
    let mut line: String = shown.take(MAX_PART + 1).collect();
    if line.chars().count() > MAX_PART {
        line = line.chars().take(MAX_PART - 1).chain(['…']).collect();
    }
    line.trim().to_owned()
}

/// Unicode marks that change the order in which text reads, so that a banner could make a line lie.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn first_bytes(bytes: &FirstBytes) -> String {
    let mut shown = String::new();
    for byte in bytes.as_slice() {
        let escaped = byte.escape_ascii().to_string();
        if shown.len() + escaped.len() > MAX_BYTES_SHOWN {
            break;
        }
        shown.push_str(&escaped);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_escaped_whole_and_bounded() {
        assert_eq!(first_bytes(&FirstBytes::of(b"\x1b[2J\r\nhi")), r"\x1b[2J\r\nhi");
        let long = first_bytes(&FirstBytes::of(&[0; 256]));
        assert_eq!(long, r"\x00".repeat(20));
    }

    #[test]
    fn text_loses_control_characters_and_direction_marks() {
        assert_eq!(cleaned("a\u{1b}[31m\u{202e}b\n"), "a[31mb");
        assert_eq!(cleaned(&"长".repeat(500)).chars().count(), MAX_PART);
    }
}
