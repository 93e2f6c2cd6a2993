//! Evidence: the facts that a judgement rests on, texts of strangers cleaned and bounded, and nothing that a service
//! holds behind its greeting.

use model::certificate::CertificateFacts;
use model::fact::{Fact, Facts};
use model::observation::{Certainty, ServiceFacts};

/// Characters of any one text that a service says of itself.
const MAX_PART: usize = 100;

/// Name of the service for people, for example `https`.
pub(super) fn service_name(facts: &ServiceFacts) -> String {
    cleaned(&facts.display_name())
}

/// What a service says of itself, or how it kept silent; then what `more` there is to say.
pub(super) fn of_service(facts: &ServiceFacts, more: Option<Fact>) -> Facts {
    let protocol = facts.protocol.as_ref().map(|_| service_name(facts));
    let name = facts.product.as_deref().map(cleaned).or(protocol);
    let quote =
        |text: &str| Some(cleaned(text)).filter(|quote| !quote.is_empty()).map(|quote| Fact::Says { quote });
    let what = match name {
        Some(name) => Fact::Speaks { name, version: facts.version.as_deref().map(cleaned) },
        None => Fact::Unrecognised,
    };
    let tls = facts.tls.as_ref().map(|tls| Fact::Tls { version: tls.version.as_deref().map(cleaned) });
    let how = match facts.certainty {
        Certainty::Identified => None,
        Certainty::Unknown => quote(&facts.first_bytes.first_line()),
        Certainty::Silent => Some(Fact::SendsNothing),
        Certainty::ClosedAtOnce => Some(Fact::ClosesAtOnce),
        Certainty::NotAsked => Some(Fact::NotAsked),
    };
    let said = facts.info.as_deref().and_then(quote);
    let access = facts.access.map(|access| Fact::Access { access });
    Facts([Some(what), said, tls, access, how, more].into_iter().flatten().collect())
}

/// What a certificate says, with the fact that matters first.
pub(super) fn of_certificate(certificate: &CertificateFacts, fact: Fact) -> Facts {
    let beginning = certificate.sha256.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    let subject = Fact::Subject { name: cleaned(&certificate.subject) };
    Facts::from([fact, subject, Fact::Fingerprint { beginning }])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_loses_control_characters_and_direction_marks() {
        assert_eq!(cleaned("a\u{1b}[31m\u{202e}b\n"), "a[31mb");
        assert_eq!(cleaned(&"长".repeat(500)).chars().count(), MAX_PART);
    }
}
