//! HTTP over TLS: one request for `/`, for what the head of the answer says of TLS, and for the tickets that come along
//! with it in TLS 1.3. Only where the server has said that the protocol inside is HTTP.

use super::exchange::Answer;
use super::facts::{ConnectionNo, PageFacts, Told};
use super::seam::Purpose;
use super::story::Teller;
use crate::clean;
use crate::tls::codes::Version;

/// Everything that today's libraries verify.
const SCHEMES: &[u16] = &[0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];
const MAX_HEADERS: usize = 100;

pub(super) async fn find(teller: &mut Teller) {
    let speaks_http =
        teller.found.features.protocols.iter().any(|name| matches!(name.as_str(), "http/1.1" | "http/1.0"));
    let is_modern = teller.found.speaks(Version::Tls12) || teller.found.speaks(Version::Tls13);
    if !speaks_http || !is_modern || teller.subject.start_tls.is_some() || !teller.asker.may_hold_sessions() {
        return;
    }
    let reply = teller.asker.ask_session("GET / over TLS", SCHEMES, Purpose::Page).await;
    let number = reply.number;
    let Ok(Answer::Session(seen)) = reply.answer else { return };
    let features = &mut teller.found.features;
    features.page = read_head(&seen.page, number);
    // Tickets come before the answer, or together with it.
    if seen.is_tls13 && features.page.is_some() {
        features.tickets_in_13 = Told::of(seen.n_tickets > 0, number);
        features.early_data = Told::of(seen.takes_early_data, number);
    }
}

/// The head of an answer (RFC 9112 §2.1), as far as it came; bounded by whoever received it.
fn read_head(bytes: &[u8], by: ConnectionNo) -> Option<PageFacts> {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status = lines.next()?.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    let status = std::str::from_utf8(status).ok()?.parse().ok()?;
    let mut page = PageFacts { status, hsts: None, hsts_seconds: None, location: None, by };
    for line in lines.take(MAX_HEADERS).take_while(|line| !line.is_empty()) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"strict-transport-security") && page.hsts.is_none() {
            // Of several only the first counts (RFC 6797 §8.1).
            let value = clean::text(value);
            page.hsts_seconds = max_age(&value);
            page.hsts = Some(value);
        } else if name.eq_ignore_ascii_case(b"location") {
            let target = value.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
            page.location = Some(clean::text(target));
        }
    }
    Some(page)
}

/// RFC 6797 §6.1.1.
fn max_age(value: &str) -> Option<u64> {
    value.split(';').find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        let is_meant = name.trim().eq_ignore_ascii_case("max-age");
        is_meant.then(|| seconds.trim().trim_matches('"').parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: Option<(u16, Option<u64>, Option<&str>)>) {
        let page = read_head(head.as_bytes(), 1);
        let seen = page.as_ref().map(|page| (page.status, page.hsts_seconds, page.location.as_deref()));
        assert_eq!(seen, expected, "{head:?}");
    }

    #[test]
    fn the_head_of_an_answer_tells_of_hsts_and_redirects() {
        check(
            "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=\"31\"; preload\r\n\r\n",
            Some((200, Some(31), None)),
        );
        check(
            "HTTP/1.1 301 x\r\nLocation: http://a.example/b?token=1\r\n\r\n",
            Some((301, None, Some("http://a.example/b"))),
        );
        check(
            "HTTP/1.0 404 x\nStrict-Transport-Security: includeSubDomains; MAX-AGE = 0\n",
            Some((404, Some(0), None)),
        );
        check("HTTP/1.1 200 OK\r\n\r\nStrict-Transport-Security: max-age=1\r\n", Some((200, None, None)));
        check("HTTP/1.1 20", None);
        check("220 mail.example ESMTP\r\n", None);
        check("", None);
    }
}
