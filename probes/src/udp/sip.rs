//! SIP (RFC 3261 §11): OPTIONS, to be answered to where it came from (RFC 3581).

use super::UdpContext;
use super::wire::{Read, echoed, header, hex64, name_and_version, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Miss, after};

/// What RFC 3261 wants a branch to begin with, and a mark of our own.
const BRANCH: &str = "z9hG4bKsp";

pub(super) fn ask(cookie: u64, context: &UdpContext) -> Vec<u8> {
    let from = match context.source {
        None => "anonymous.invalid".to_owned(),
        Some(std::net::IpAddr::V4(addr)) => addr.to_string(),
        Some(std::net::IpAddr::V6(addr)) => format!("[{addr}]"),
    };
    let lines = [
        "OPTIONS sip:options@anonymous.invalid SIP/2.0".to_owned(),
        format!("Via: SIP/2.0/UDP {from};branch={BRANCH}{cookie:016x};rport"),
        "Max-Forwards: 0".to_owned(),
        format!("From: <sip:options@{from}>;tag={cookie:016x}"),
        "To: <sip:options@anonymous.invalid>".to_owned(),
        format!("Call-ID: {cookie:016x}@{from}"),
        "CSeq: 1 OPTIONS".to_owned(),
        format!("Contact: <sip:options@{from}>"),
        "Accept: application/sdp".to_owned(),
        "Content-Length: 0".to_owned(),
        String::new(),
        String::new(),
    ];
    lines.join("\r\n").into_bytes()
}

pub(super) fn read(reply: &[u8]) -> Read {
    let status = reply.strip_prefix(b"SIP/2.0 ").and_then(|rest| rest.get(..3)).ok_or(Miss::No)?;
    if !status.iter().all(u8::is_ascii_digit) {
        return Err(Miss::No);
    }
    let said = header(reply, b"server").or_else(|| header(reply, b"user-agent")).unwrap_or_default();
    let (name, version) = name_and_version(said);
    let facts = identified("sip")
        .product(&crate::clean::text(name))
        .version(version)
        .info(said)
        .fact("status", status)
        .fact("methods", header(reply, b"allow").unwrap_or_default());
    match after(reply, BRANCH.as_bytes(), b";\r\n, ").and_then(hex64) {
        Some(cookie) => echoed(cookie, facts),
        None => plain(facts),
    }
}
