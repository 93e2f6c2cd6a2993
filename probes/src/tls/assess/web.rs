//! HTTP over TLS: what the head of an answer says of TLS. It reads the one answer to the one request that an
//! assessment makes; everything but the head is left alone.

use super::facts::{ConnectionNo, PageFacts};
use crate::clean;

const MAX_HEADERS: usize = 100;

/// The head of an answer (RFC 9112 §2.1), as far as it came; bounded by whoever received it.
pub(super) fn read_head(bytes: &[u8], by: ConnectionNo) -> Option<PageFacts> {
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
