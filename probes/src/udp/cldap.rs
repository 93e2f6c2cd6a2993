//! LDAP over UDP: the root of the directory (RFC 1798, as Active Directory still serves it; MS-ADTS §3.1.1.3).

use super::UdpContext;
use super::ber::{self, INTEGER, OCTETS, SEQUENCE};
use super::wire::{Read, echoed, low32};
use crate::facts::identified;
use crate::protocols::ldap;
use crate::seen::{Cursor, Miss};

/// As in SNMP: the bit above is always set.
pub(super) const COOKIE_BITS: u32 = 30;
const ALWAYS: u64 = 1 << COOKIE_BITS;

const SEARCH: u8 = 0x63;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;

const ATTRIBUTES: [&[u8]; 5] =
    [b"namingContexts", b"vendorName", b"vendorVersion", b"defaultNamingContext", b"dnsHostName"];

/// One entry of the root, `(objectClass=*)`.
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let id = ber::element(INTEGER, &low32(cookie | ALWAYS));
    // Base object, aliases never followed, one entry, five seconds, values too.
    let how = [0x0a, 1, 0, 0x0a, 1, 0, 2, 1, 1, 2, 1, 5, 1, 1, 0];
    let wanted = ATTRIBUTES.map(|name| ber::element(OCTETS, name));
    let search = [
        ber::element(OCTETS, b""),
        how.to_vec(),
        ber::element(0x87, b"objectClass"),
        ber::group(SEQUENCE, &wanted),
    ];
    ber::group(SEQUENCE, &[id, ber::group(SEARCH, &search)])
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut message = Cursor::whole(ber::expect(&mut Cursor::whole(reply), SEQUENCE)?);
    let id = ber::number(&mut message)? ^ ALWAYS;
    match ber::next(&mut message)? {
        (ENTRY, entry) => echoed(id, ldap::root(identified("cldap"), entry).0),
        (DONE, _) => echoed(id, identified("cldap")),
        _ => Err(Miss::No),
    }
}
