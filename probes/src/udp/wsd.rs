//! WS-Discovery (OASIS, version 1.1 §5; devices mostly speak the namespace of April 2005): a probe for any target.

use super::UdpContext;
use super::wire::{Read, echoed, hex64, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Miss, after, contains, find};

/// What the message id begins with; the cookie's 16 digits follow, in the shape of a UUID of version 4.
const ID: &str = "urn:uuid:5e1a7e57-0000-4000-";

pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let digits = format!("{cookie:016x}");
    let (head, tail) = digits.split_at(4);
    // The variant bits of a UUID aren't kept: no receiver looks at them.
    let id = format!("{ID}{head}-{tail}");
    let soap = "http://www.w3.org/2003/05/soap-envelope";
    let addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
    let discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"{soap}\" xmlns:a=\"{addressing}\" xmlns:d=\"{discovery}\"><s:Header>\
         <a:Action>{discovery}/Probe</a:Action><a:MessageID>{id}</a:MessageID>\
         <a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>\
         <s:Body><d:Probe/></s:Body></s:Envelope>"
    )
    .into_bytes()
}

/// `types`, `scopes` and `addresses` as the device writes them.
pub(super) fn read(reply: &[u8]) -> Read {
    let reply = reply.get(..16 * 1024).unwrap_or(reply);
    let is_answer = contains(reply, b"discovery") && contains(reply, b"Envelope");
    if !is_answer || !(contains(reply, b"ProbeMatch") || contains(reply, b"Fault")) {
        return Err(Miss::No);
    }
    let text = |name: &[u8]| element(reply, name).unwrap_or_default();
    let (types, scopes) = (text(b"Types"), text(b"Scopes"));
    let product = match types {
        _ if contains(types, b"NetworkVideoTransmitter") => "ONVIF camera",
        _ if contains(types, b"PrintDeviceType") => "printer",
        _ => "",
    };
    let name = after(scopes, b"onvif.org/name/", b" \r\n\t").unwrap_or_default();
    let hardware = after(scopes, b"onvif.org/hardware/", b" \r\n\t").unwrap_or_default();
    let facts = identified("ws-discovery")
        .product(product)
        .info(name)
        .fact("hardware", hardware)
        .fact("types", types)
        .fact("scopes", scopes)
        .fact("addresses", text(b"XAddrs"));
    let cookie = after(reply, ID.as_bytes(), b"<").and_then(|digits| {
        let digits: Vec<u8> = digits.iter().copied().filter(|&b| b != b'-').take(16).collect();
        hex64(&digits)
    });
    match cookie {
        Some(cookie) => echoed(cookie, facts),
        None => plain(facts),
    }
}

/// The text of the first element of this local name.
fn element<'a>(reply: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = reply;
    for _ in 0..256 {
        rest = rest.get(find(rest, b"<")? + 1..)?;
        let n_tag = rest.iter().position(|&b| b == b'>')?;
        let (tag, behind) = rest.split_at_checked(n_tag)?;
        let n_name = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let found = tag.get(..n_name)?;
        let local = found.rsplit(|&b| b == b':').next().unwrap_or(found);
        if local == name && !tag.ends_with(b"/") {
            let content = behind.get(1..)?;
            let n = content.iter().position(|&b| b == b'<').unwrap_or(content.len());
            return content.get(..n).map(<[u8]>::trim_ascii);
        }
    }
    None
}
