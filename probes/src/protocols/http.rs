//! HTTP/1: the request that serves as the general question, and what its answer says (RFC 9112).

use model::observation::{Access, ServiceFacts};

use super::http_message::Message;
use super::http_products;
use crate::facts::{Tell, identified};
use crate::seen::{Clue, Miss, Seen, after, contains, find};
use crate::talk::Peer;

/// Published, so that whoever reads it in a log can tell who asked.
const USER_AGENT: &str = concat!("Mozilla/5.0 (compatible; Sentrypost/", env!("CARGO_PKG_VERSION"), ")");

/// `GET /` of HTTP/1.1: some gateways refuse 1.0. The first line is also what other protocols stumble over.
pub(crate) fn request(peer: &Peer) -> Vec<u8> {
    format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        peer.host
    )
    .into_bytes()
}

/// What servers answer to HTTP in clear on a port that wants TLS.
const WANTS_TLS: [&[u8]; 5] = [
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Client sent an HTTP request to an HTTPS server",
    b"This combination of host and port requires TLS",
    b"HTTP request was sent to HTTPS",
];

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    match Message::read(seen, b"HTTP") {
        Ok(message) => facts_of(&message),
        Err(Miss::No) => bare_page(seen),
        Err(miss) => Err(miss),
    }
}

fn facts_of(message: &Message<'_>) -> Result<ServiceFacts, Miss> {
    if message.status == 400 && WANTS_TLS.iter().any(|words| contains(&message.body, words)) {
        return Err(Miss::Clue(Clue::HttpInTls));
    }
    if contains(&message.body, b"trying to access MongoDB over HTTP") {
        return Ok(identified("mongodb").product("MongoDB"));
    }
    let mut facts = identified("http").fact("status", message.status.to_string().as_bytes());
    if let Some(server) = message.field("server") {
        let (product, version) = http_products::split_server(server);
        facts = facts.product(&crate::clean::text(product)).version(version).fact("server", server);
    }
    if let Some(title) = title(&message.body) {
        facts = facts.info(title);
    } else if !message.reason.is_empty() && message.status >= 400 {
        facts = facts.info(&[message.status.to_string().as_bytes(), b" ", message.reason].concat());
    }
    if let Some(location) = message.field("location") {
        facts = facts.fact("location", location);
    }
    if let Some(powered_by) = message.field("x-powered-by") {
        facts = facts.fact("x-powered-by", powered_by);
    }
    if let Some(challenge) = message.field("www-authenticate") {
        if let Some(realm) = after(challenge, b"realm=\"", b"\"") {
            facts = facts.fact("realm", realm);
        }
        let scheme = challenge.split(|&b| b == b' ').next().unwrap_or_default();
        facts = facts.fact("auth-scheme", scheme);
    }
    if message.status == 401 {
        facts = facts.access(Access::AuthenticationRequired);
    }
    Ok(http_products::enrich(facts, message))
}

fn title(body: &[u8]) -> Option<&[u8]> {
    let from = body.get(find(body, b"<title")?..)?;
    let from = from.get(from.iter().position(|&b| b == b'>')? + 1..)?;
    let title = from.get(..find(from, b"</title").unwrap_or(from.len()))?.trim_ascii();
    (!title.is_empty()).then_some(title)
}

/// HTTP/0.9: a page without a head, as some devices and proxies answer a request that they can't read.
fn bare_page(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    if seen.asked != crate::seen::Asked::Http {
        return Err(Miss::No);
    }
    let mut cursor = seen.cursor();
    while matches!(cursor.rest().first(), Some(b' ' | b'\r' | b'\n' | b'\t')) {
        cursor.take(1)?;
    }
    let opening = [b"<!doctype html".as_slice(), b"<html"];
    let rest = cursor.rest();
    let fits = |tag: &&[u8]| {
        let n = rest.len().min(tag.len());
        rest.get(..n).is_some_and(|there| tag.get(..n).is_some_and(|tag| there.eq_ignore_ascii_case(tag)))
    };
    match opening.iter().find(|tag| fits(tag)) {
        None => Err(Miss::No),
        Some(tag) if rest.len() < tag.len() => Err(cursor.short()),
        Some(_) => match title(rest).filter(|_| find(rest, b"</title").is_some()) {
            Some(title) => Ok(identified("http").fact("status", b"0.9").info(title)),
            None if seen.end || rest.len() > 16 * 1024 => Ok(identified("http").fact("status", b"0.9")),
            None => Err(Miss::More),
        },
    }
}
