//! NTP (RFC 5905): the time (mode 3), and the control (mode 6, RFC 9327) and private (mode 7) questions that nobody
//! outside should get an answer to.

use super::UdpContext;
use super::wire::{Read, echoed, hex, low16, plain, u64_of};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// A client's question, version 4; the cookie is the transmit timestamp, which comes back as the origin.
pub(super) fn ask_time(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let mut request = vec![0x23, 0, 0, 0];
    request.resize(40, 0);
    request.extend(cookie.to_be_bytes());
    request
}

/// Read the system's variables: version 2, mode 6, operation 2.
pub(super) fn ask_variables(cookie: u64, _: &UdpContext) -> Vec<u8> {
    [[0x16, 2].as_slice(), &low16(cookie), &[0; 8]].concat()
}

/// The list of the last clients: version 2, mode 7, implementation XNTPD (3), request 42.
pub(super) fn ask_clients(_: u64, _: &UdpContext) -> Vec<u8> {
    vec![0x17, 0, 3, 42, 0, 0, 0, 0]
}

pub(super) fn read_time(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (first, stratum) = (cursor.u8()?, cursor.u8()?);
    let version = first >> 3 & 7;
    if first & 7 != 4 || !(1..=4).contains(&version) {
        return Err(Miss::No);
    }
    cursor.take(10)?;
    let reference = cursor.take(4)?;
    cursor.take(8)?;
    let origin = u64_of(&mut cursor)?;
    cursor.take(16)?;
    let facts = identified("ntp")
        .fact("stratum", stratum.to_string().as_bytes())
        .fact("protocol-version", version.to_string().as_bytes());
    // Below stratum 2 the reference is a name, such as `GPS` or a kiss code; above, an address inside their network.
    let facts = if stratum < 2 { facts.fact("reference", reference.trim_ascii_end()) } else { facts };
    echoed(origin, facts)
}

/// `mode6`: `answers`, or `error-N`. The variables name the daemon and the system.
pub(super) fn read_variables(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (first, second) = (cursor.u8()?, cursor.u8()?);
    let (sequence, status) = (cursor.u16()?, cursor.u16()?);
    // Mode 6, a response, of operation 2.
    if first & 7 != 6 || second & 0x9f != 0x82 {
        return Err(Miss::No);
    }
    cursor.u32()?;
    let n = usize::from(cursor.u16()?);
    let data = cursor.rest().get(..n).unwrap_or(cursor.rest());
    let facts = identified("ntp");
    if second & 0x40 != 0 {
        return echoed(sequence, facts.fact("mode6", format!("error-{}", status >> 8).as_bytes()));
    }
    let facts = facts.fact("mode6", b"answers");
    let value = |name: &[u8]| variable(data, name).unwrap_or_default();
    let daemon = value(b"version");
    let (product, number) = match daemon.iter().position(|&b| b == b' ') {
        Some(at) => daemon.split_at(at),
        None => (daemon, b"".as_slice()),
    };
    // NTPsec says `ntpd ntpsec-1.2.2`.
    let number = number.trim_ascii_start();
    let (product, number) = match number.strip_prefix(b"ntpsec-") {
        Some(number) => (b"NTPsec".as_slice(), number),
        None => (product, number),
    };
    let n = number.iter().position(|b| matches!(b, b'@' | b' ')).unwrap_or(number.len());
    let facts = facts.product(&crate::clean::text(product)).version(number.get(..n).unwrap_or_default());
    echoed(sequence, facts.fact("system", value(b"system")).fact("processor", value(b"processor")))
}

/// `name=value` or `name="value"` in a list of such, separated by commas.
fn variable<'a>(list: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = list;
    for _ in 0..64 {
        rest = rest.trim_ascii_start();
        let equals = rest.iter().position(|&b| b == b'=')?;
        let (key, value) = rest.split_at_checked(equals)?;
        let value = value.get(1..)?;
        let (value, behind) = match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.split_at(quoted.iter().position(|&b| b == b'"')?),
            None => value.split_at(value.iter().position(|&b| b == b',').unwrap_or(value.len())),
        };
        if key == name {
            return Some(value);
        }
        let comma = behind.iter().position(|&b| b == b',')?;
        rest = behind.get(comma + 1..)?;
    }
    None
}

/// `mode7`: `monlist` if it hands out the list, else `error-N`.
pub(super) fn read_clients(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (first, _, implementation, request) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    // A response of mode 7, to our request or, as some answer, to none.
    if first & 0x87 != 0x87 || !matches!(implementation, 0 | 2 | 3) || !matches!(request, 0 | 20 | 42) {
        return Err(Miss::No);
    }
    let (error_and_count, size) = (cursor.u16()?, cursor.u16()? & 0x0fff);
    let (error, n_items) = (error_and_count >> 12, error_and_count & 0x0fff);
    let facts = identified("ntp");
    match error {
        0 if n_items > 0 && size > 0 && !cursor.is_empty() => {
            let version = hex(&[first >> 3 & 7], 1);
            plain(facts.fact("mode7", b"monlist").fact("mode7-version", version.as_bytes()))
        }
        0 => plain(facts.fact("mode7", b"monlist")),
        _ => plain(facts.fact("mode7", format!("error-{error}").as_bytes())),
    }
}
