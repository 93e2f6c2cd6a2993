//! SSDP (UPnP Device Architecture 1.1 §1.3.2): a search sent to one host. Each device and service answers on its own,
//! so several datagrams come back.

use super::UdpContext;
use super::wire::{Read, header, plain};
use crate::facts::{Tell, identified};
use crate::seen::Miss;

pub(super) fn ask(_: u64, _: &UdpContext) -> Vec<u8> {
    let lines = [
        "M-SEARCH * HTTP/1.1",
        "HOST: 239.255.255.250:1900",
        "MAN: \"ssdp:discover\"",
        "MX: 1",
        "ST: ssdp:all",
        "",
        "",
    ];
    lines.join("\r\n").into_bytes()
}

pub(super) fn read(reply: &[u8]) -> Read {
    if !reply.starts_with(b"HTTP/1.") {
        return Err(Miss::No);
    }
    let value = |name: &[u8]| header(reply, name).unwrap_or_default();
    let (target, unique) = (value(b"st"), value(b"usn"));
    if target.is_empty() && unique.is_empty() {
        return Err(Miss::No);
    }
    let facts = identified("ssdp").info(value(b"server"));
    plain(facts.fact("location", value(b"location")).fact("search-target", target).fact("usn", unique))
}
