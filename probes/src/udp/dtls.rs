//! DTLS 1.2 (RFC 6347): a ClientHello. The cookie is the record's sequence number, which a HelloVerifyRequest must
//! repeat (§4.2.1). A server that goes straight to its ServerHello doesn't, nor does OpenSSL where it keeps state: they
//! count from 0.

use sha2::{Digest, Sha256};

use super::UdpContext;
use super::wire::{Read, echoed, len16, low32, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const HELLO_VERIFY: u8 = 3;

/// Suites with certificates first, then pre-shared keys as CoAP has them, and the mark of safe renegotiation.
const SUITES: [u16; 14] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0x009c, 0x002f, 0x000a, 0xc0a8, 0x00ae,
    0x00ff,
];

pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let words = |values: &[u16]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
    let sized = |data: &[u8]| [len16(data.len()).as_slice(), data].concat();
    let extension = |kind: u16, data: &[u8]| [kind.to_be_bytes().to_vec(), sized(data)].concat();
    let extensions = [
        extension(10, &sized(&words(&[23, 29, 24]))),
        extension(11, &[1, 0]),
        extension(13, &sized(&words(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0501, 0x0603, 0x0203, 0x0201]))),
    ]
    .concat();
    let hello = [
        [0xfe, 0xfd].as_slice(),
        Sha256::digest(cookie.to_be_bytes()).as_slice(),
        // No session, no cookie of theirs yet.
        &[0, 0],
        &sized(&words(&SUITES)),
        &[1, 0],
        &sized(&extensions),
    ]
    .concat();
    let length = [[0].as_slice(), &len16(hello.len())].concat();
    // ClientHello, message 0, in one fragment.
    let message = [[1].as_slice(), &length, &[0, 0, 0, 0, 0], &length, &hello].concat();
    // Version 1.0 on the first record, epoch 0.
    [[HANDSHAKE, 0xfe, 0xff, 0, 0, 0, 0].as_slice(), &low32(cookie), &sized(&message)].concat()
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let kind = cursor.u8()?;
    // The other one is what old Cisco gateways speak.
    let version = cursor.u16()?;
    if !matches!(version, 0xfeff | 0xfefd | 0x0100) || cursor.u16()? != 0 || cursor.u16()? != 0 {
        return Err(Miss::No);
    }
    let sequence = cursor.u32()?;
    let length = usize::from(cursor.u16()?);
    let mut record = Cursor::whole(cursor.take(length)?);
    let facts = identified("dtls");
    match kind {
        ALERT if length == 2 => {
            record.u8()?;
            let alert = record.u8()?;
            plain(facts.fact("alert", alert.to_string().as_bytes()))
        }
        HANDSHAKE => {
            let message = record.u8()?;
            // Length, number, place and length of the fragment.
            record.take(11)?;
            let chosen = record.u16()?;
            match message {
                HELLO_VERIFY => {
                    let facts = facts.fact("dtls-cookie", b"required");
                    if sequence == 0 { plain(facts) } else { echoed(sequence, facts) }
                }
                SERVER_HELLO => {
                    record.take(32)?;
                    let n = usize::from(record.u8()?);
                    record.take(n)?;
                    let suite = record.u16()?;
                    let version: &[u8] = if chosen == 0xfefd { b"1.2" } else { b"1.0" };
                    let suite = format!("{suite:04x}");
                    plain(facts.fact("dtls-version", version).fact("cipher-suite", suite.as_bytes()))
                }
                _ => Err(Miss::No),
            }
        }
        _ => Err(Miss::No),
    }
}
