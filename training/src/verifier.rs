//! The verifier page: one HTML file that checks QR codes and revocation lists without any network.
//!
//! Its sources are in `assets`; here they are put together with the public keys. The page's own policy (CSP) lets
//! exactly these scripts and this style run, and nothing be fetched. It isn't secret, and it proves nothing about itself: it
//! has to come from the issuing body.

use aws_lc_rs::digest;
use chrono::NaiveDate;
use serde::Serialize;

use crate::keys::PublicRing;

const PAGE: &str = include_str!("../assets/verifier.html");
const STYLE: &str = include_str!("../assets/verifier.css");
const CRYPTO: &str = include_str!("../assets/verifier-crypto.js");
const TEXTS: &str = include_str!("../assets/verifier-texts.js");
const SCRIPT: &str = include_str!("../assets/verifier-page.js");

/// What a verifier page is made with, besides the keys.
#[derive(Debug, Clone, Serialize)]
pub struct VerifierPage<'a> {
    /// The issuing body, as it is to stand at the head.
    pub issuer: &'a str,
    pub made_on: NaiveDate,
    /// A revocation list in force when the page is made, as `RevocationList::sign` wrote it.
    pub list: Option<&'a str>,
    /// A list older than this is told as old, even before its own next update.
    pub stale_after_days: u16,
}

#[derive(Serialize)]
struct Data<'a> {
    ring: &'a PublicRing,
    #[serde(flatten)]
    page: &'a VerifierPage<'a>,
}

pub fn verifier_page(ring: &PublicRing, page: &VerifierPage) -> String {
    let data =
        serde_json::to_string(&Data { ring, page }).expect("texts, dates and numbers always have JSON");
    let scripts =
        [CRYPTO, TEXTS, SCRIPT].map(|script| format!("'sha256-{}'", sha256_base64(script))).join(" ");
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        sha256_base64(STYLE)
    );
    let parts = [
        ("%%POLICY%%", policy.as_str()),
        ("%%STYLE%%", STYLE),
        ("%%DATA%%", &in_script(&data)),
        ("%%CRYPTO%%", CRYPTO),
        ("%%TEXTS%%", TEXTS),
        ("%%PAGE%%", SCRIPT),
    ];
    // One pass in the order of the places, so that what was put in is never taken for a place.
    let (mut whole, mut rest) = (String::with_capacity(64 << 10), PAGE);
    for (place, part) in parts {
        let (before, after) = rest.split_once(place).expect("the page has this place, in this order");
        whole.push_str(before);
        whole.push_str(part);
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// JSON that ends no script element and starts no comment, whatever its texts hold.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Base 64 with padding, as CSP wants it.
fn sha256_base64(text: &str) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut encoded = String::new();
    for three in hash.as_ref().chunks(3) {
        let held =
            three.iter().fold(0u32, |held, &byte| held << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let symbol = SYMBOLS[(held >> (18 - 6 * place) & 63) as usize];
            encoded.push(if place > three.len() { '=' } else { char::from(symbol) });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(issuer: &str, list: Option<&str>) -> String {
        let made_on = "2026-11-23".parse().unwrap();
        verifier_page(&PublicRing::default(), &VerifierPage { issuer, made_on, list, stale_after_days: 30 })
    }

    #[test]
    fn hashes_as_csp_wants_them() {
        // SHA-256 of nothing, as every text on CSP quotes it.
        assert_eq!(sha256_base64(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn texts_cannot_leave_the_data() {
        let html = page("</script><script>alert(1)</script><!-- %%PAGE%% &amp;", Some("%%DATA%%</script>"));
        assert_eq!(html.matches("</script>").count(), page("虚构中心", None).matches("</script>").count());
        assert!(!html.contains("<!-- ") && html.contains("\\u003c/script\\u003e"));
        assert!(html.contains("%%DATA%%"), "what was put in is left alone");
    }

    #[test]
    fn the_page_fetches_nothing() {
        let html = page("虚构中心", None);
        for fetching in
            ["http:", "https:", "fetch(", "XMLHttpRequest", "import(", "src=", "@import", "url(", "eval("]
        {
            assert!(!html.contains(fetching), "{fetching}");
        }
        assert!(html.contains("default-src 'none'; script-src 'sha256-"));
    }

    #[test]
    fn scripts_hold_nothing_that_ends_them() {
        for script in [CRYPTO, TEXTS, SCRIPT] {
            assert!(!script.contains("</") && !script.contains("<!--"));
            assert!(!script.contains("await ") && !script.contains("import "));
        }
    }

    #[test]
    fn every_text_key_of_the_page_is_there_in_two_languages() {
        for place in PAGE.split("data-t=\"").skip(1) {
            let key = place.split('"').next().unwrap();
            assert!(TEXTS.contains(&format!("  {key}: [")), "{key}");
        }
        for reason in crate::revocations::ReasonClass::ALL {
            assert!(TEXTS.contains(&format!("\"reason-{reason}\": [\"{}\"", reason.zh())), "{reason}");
        }
        for state in crate::revocations::RevokedState::ALL {
            assert!(
                TEXTS.contains(&format!("\"is-{state}\"")) && TEXTS.contains(&format!("\"why-{state}\""))
            );
        }
    }
}
