//! SNMP: which engine is it (version 3, RFC 3414 §4, no name needed), and does it tell its description to whoever
//! knows a community (version 2c, RFC 1901, RFC 3416)?

use super::UdpContext;
use super::ber::{self, INTEGER, NULL, OCTETS, OID, SEQUENCE};
use super::wire::{Read, echoed, hex, low32};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const REPORT: u8 = 0xa8;

/// Bits of a request id that are the cookie's; the one above is always set, so that the number is four bytes long
/// in every case.
pub(super) const COOKIE_BITS: u32 = 30;
const ALWAYS: u64 = 1 << COOKIE_BITS;

/// sysDescr.0, sysObjectID.0 and sysName.0 (RFC 3418).
const WANTED: [&[u8]; 3] =
    [&[0x2b, 6, 1, 2, 1, 1, 1, 0], &[0x2b, 6, 1, 2, 1, 1, 2, 0], &[0x2b, 6, 1, 2, 1, 1, 5, 0]];

fn id(cookie: u64) -> Vec<u8> {
    ber::element(INTEGER, &low32(cookie | ALWAYS))
}

fn cookie_of(id: u64) -> u64 {
    id ^ ALWAYS
}

/// Without a community from the caller the empty one is sent, which opens nothing.
pub(super) fn ask_description(cookie: u64, context: &UdpContext) -> Vec<u8> {
    let community = context.snmp_community.as_deref().unwrap_or_default().as_bytes();
    let community = community.get(..64).unwrap_or(community);
    let wanted = WANTED.map(|name| ber::group(SEQUENCE, &[ber::element(OID, name), ber::element(NULL, b"")]));
    let question =
        ber::group(GET, &[id(cookie), ber::small(0), ber::small(0), ber::group(SEQUENCE, &wanted)]);
    ber::group(SEQUENCE, &[ber::small(1), ber::element(OCTETS, community), question])
}

/// The message that a manager begins with: no engine, no user, a report wanted.
pub(super) fn ask_engine(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let empty = || ber::element(OCTETS, b"");
    // Largest message 65507 bytes, flag "reportable", the user-based security model.
    let size = ber::element(INTEGER, &[0, 0xff, 0xe3]);
    let global = ber::group(SEQUENCE, &[id(cookie), size, ber::element(OCTETS, &[4]), ber::small(3)]);
    let security = ber::group(SEQUENCE, &[empty(), ber::small(0), ber::small(0), empty(), empty(), empty()]);
    let question = ber::group(GET, &[id(cookie), ber::small(0), ber::small(0), ber::element(SEQUENCE, b"")]);
    let scoped = ber::group(SEQUENCE, &[empty(), empty(), question]);
    ber::group(SEQUENCE, &[ber::small(3), global, ber::element(OCTETS, &security), scoped])
}

/// `community`: `public` if that was accepted, `accepted` for another one, which isn't repeated here.
pub(super) fn read_description(reply: &[u8]) -> Read {
    let mut message = Cursor::whole(ber::expect(&mut Cursor::whole(reply), SEQUENCE)?);
    let version = ber::number(&mut message)?;
    let community = ber::expect(&mut message, OCTETS)?;
    let mut response = Cursor::whole(ber::expect(&mut message, RESPONSE)?);
    if version > 1 {
        return Err(Miss::No);
    }
    let (id, error) = (ber::number(&mut response)?, ber::number(&mut response)?);
    ber::number(&mut response)?;
    let accepted = if community == b"public" { "public" } else { "accepted" };
    let mut facts = identified("snmp")
        .fact("community", accepted.as_bytes())
        .fact("protocol-version", if version == 0 { b"1" } else { b"2c" });
    if error != 0 {
        return echoed(cookie_of(id), facts.fact("error", error.to_string().as_bytes()));
    }
    let mut bindings = Cursor::whole(ber::expect(&mut response, SEQUENCE)?);
    while let Ok((SEQUENCE, binding)) = ber::next(&mut bindings) {
        let mut binding = Cursor::whole(binding);
        let (Ok((OID, name)), Ok((tag, value))) = (ber::next(&mut binding), ber::next(&mut binding)) else {
            break;
        };
        facts = match (WANTED.iter().position(|wanted| *wanted == name), tag) {
            (Some(0), OCTETS) => facts.info(value),
            (Some(1), OID) => facts.product(vendor_of(value).unwrap_or_default()),
            (Some(2), OCTETS) => facts.fact("host-name", value),
            _ => facts,
        };
    }
    echoed(cookie_of(id), facts)
}

/// `engine-id`, `engine-boots` and `engine-time` in seconds since the last boot.
pub(super) fn read_engine(reply: &[u8]) -> Read {
    let mut message = Cursor::whole(ber::expect(&mut Cursor::whole(reply), SEQUENCE)?);
    if ber::number(&mut message)? != 3 {
        return Err(Miss::No);
    }
    let mut global = Cursor::whole(ber::expect(&mut message, SEQUENCE)?);
    let id = ber::number(&mut global)?;
    let security = ber::expect(&mut message, OCTETS)?;
    let mut security = Cursor::whole(ber::expect(&mut Cursor::whole(security), SEQUENCE)?);
    let engine = ber::expect(&mut security, OCTETS)?;
    let (boots, time) = (ber::number(&mut security)?, ber::number(&mut security)?);
    if let Ok(scoped) = ber::expect(&mut message, SEQUENCE) {
        let mut scoped = Cursor::whole(scoped);
        ber::expect(&mut scoped, OCTETS)?;
        ber::expect(&mut scoped, OCTETS)?;
        if !matches!(ber::next(&mut scoped)?.0, REPORT | RESPONSE) {
            return Err(Miss::No);
        }
    }
    let facts = identified("snmp")
        .fact("protocol-version", b"3")
        .fact("engine-id", hex(engine, 32).as_bytes())
        .fact("engine-boots", boots.to_string().as_bytes())
        .fact("engine-time", time.to_string().as_bytes())
        .product(engine_vendor(engine).unwrap_or_default());
    echoed(cookie_of(id), facts)
}

/// Private enterprise numbers (IANA) of those often met.
const VENDORS: [(u32, &str); 12] = [
    (9, "Cisco"),
    (11, "HP"),
    (311, "Microsoft"),
    (674, "Dell"),
    (1588, "Brocade"),
    (2011, "Huawei"),
    (2636, "Juniper"),
    (3902, "ZTE"),
    (4881, "Ruijie"),
    (8072, "Net-SNMP"),
    (14988, "MikroTik"),
    (25506, "H3C"),
];

fn vendor(number: u32) -> Option<&'static str> {
    VENDORS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// An engine id begins with its vendor's number (RFC 3411 §5).
fn engine_vendor(engine: &[u8]) -> Option<&'static str> {
    vendor(Cursor::whole(engine).u32().ok()? & 0x7fff_ffff)
}

/// The number behind 1.3.6.1.4.1 in an object id.
fn vendor_of(oid: &[u8]) -> Option<&'static str> {
    let mut number = 0u32;
    for byte in oid.strip_prefix(&[0x2b, 6, 1, 4, 1])?.iter().take(4) {
        number = number << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return vendor(number);
        }
    }
    None
}
