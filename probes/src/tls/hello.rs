//! Builds a ClientHello (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2, with the extensions of RFC 6066, 8422 and 5746).
//! It writes what it is told to, whatever a sane client would think of it.

use model::host_name::HostName;
use sha2::{Digest, Sha256};

use super::message::extension;
use super::record::{handshake_record, with_length8, with_length16, words};

/// "I know of RFC 5746", for servers that stumble over extensions.
pub const RENEGOTIATION_SCSV: u16 = 0x00ff;
/// "I have come down from a higher version" (RFC 7507).
pub const FALLBACK_SCSV: u16 = 0x5600;

/// What a client offers. Fields are public: an assessor composes what it wants to see refused.
#[derive(Debug, Clone)]
pub struct ClientHello {
    /// Version of the record that carries it.
    pub record_version: u16,
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub cipher_suites: Vec<u16>,
    pub compressions: Vec<u8>,
    /// `None` leaves out even the length of the list: very old servers stumble over it.
    pub extensions: Option<Vec<Extension>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    pub kind: u16,
    pub data: Vec<u8>,
}

impl Extension {
    pub fn raw(kind: u16, data: impl Into<Vec<u8>>) -> Extension {
        Extension { kind, data: data.into() }
    }

    /// A flag, or a request without particulars.
    pub fn empty(kind: u16) -> Extension {
        Extension::raw(kind, Vec::new())
    }

    pub fn server_name(name: &str) -> Extension {
        let entry = [[0].as_slice(), &with_length16(name.as_bytes())].concat();
        Extension::raw(extension::SERVER_NAME, with_length16(&entry))
    }

    pub fn groups(groups: &[u16]) -> Extension {
        Extension::raw(extension::GROUPS, with_length16(&words(groups)))
    }

    /// Points uncompressed.
    pub fn point_formats() -> Extension {
        Extension::raw(extension::POINT_FORMATS, [1, 0])
    }

    pub fn signatures(schemes: &[u16]) -> Extension {
        Extension::raw(extension::SIGNATURES, with_length16(&words(schemes)))
    }

    pub fn protocols(protocols: &[&str]) -> Extension {
        let list: Vec<u8> = protocols.iter().flat_map(|protocol| with_length8(protocol.as_bytes())).collect();
        Extension::raw(extension::ALPN, with_length16(&list))
    }

    /// OCSP, any responder, no extensions of its own.
    pub fn status_request() -> Extension {
        Extension::raw(extension::STATUS_REQUEST, [1, 0, 0, 0, 0])
    }

    /// The peer may send heartbeats to us.
    pub fn heartbeat() -> Extension {
        Extension::raw(extension::HEARTBEAT, [1])
    }

    /// First handshake: nothing to renegotiate.
    pub fn renegotiation_info() -> Extension {
        Extension::raw(extension::RENEGOTIATION_INFO, [0])
    }

    pub fn versions(versions: &[u16]) -> Extension {
        Extension::raw(extension::SUPPORTED_VERSIONS, with_length8(&words(versions)))
    }

    pub fn psk_modes() -> Extension {
        Extension::raw(extension::PSK_MODES, [1, 1])
    }

    /// Shares of these groups; none at all makes the server ask for the one it would like.
    pub fn key_shares(shares: &[(u16, &[u8])]) -> Extension {
        let entry =
            |(group, share): &(u16, &[u8])| [group.to_be_bytes().as_slice(), &with_length16(share)].concat();
        let list: Vec<u8> = shares.iter().flat_map(entry).collect();
        Extension::raw(extension::KEY_SHARE, with_length16(&list))
    }
}

/// Suites of TLS 1.2 and older, those that nobody should offer any more included, so that every server finds
/// one. Strong ones first, since some servers follow our order.
const SUITES: &[u16] = &[
    0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9, 0x009e, 0x009f, 0xc027, 0xc028, 0xc023, 0xc024, 0xc013,
    0xc014, 0xc009, 0xc00a, 0x0067, 0x006b, 0x0033, 0x0039, 0x0032, 0x0038, 0x009c, 0x009d, 0x003c, 0x003d,
    0x002f, 0x0035, 0x0041, 0x0084, 0x0096, 0x000a, 0xc012, 0xc008, 0x0016, 0x0013, 0x0005, 0x0004, 0xc011,
    0xc007, 0x0009, 0x0015, 0x0012, 0x0008, 0x0006, 0x0003, 0x0014, 0x0011,
    // Certificates without encryption still show the certificate.
    0x003b, 0x0002, 0x0001, // SM4 inside ordinary TLS 1.2, as some GmSSL servers have it.
    0xe011, 0xe013, 0xe051,
    0xe053, // Renegotiation is signalled by a suite, so that servers without extensions can.
    0x00ff,
];

/// secp256r1, x25519, secp384r1, secp521r1, secp224r1, secp192r1, curveSM2.
const GROUPS: &[u16] = &[23, 29, 24, 25, 21, 19, 41];

const SIGNATURES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0807, 0x0303, 0x0301, 0x0203,
    0x0201, 0x0202, 0x0101, 0x0708,
];

/// The bytes of a random, the same for the same seed.
pub fn random_of(seed: u64) -> [u8; 32] {
    Sha256::digest(seed.to_be_bytes()).into()
}

impl ClientHello {
    /// Answered by anything from SSL 3.0 to TLS 1.2.
    pub fn compatible(server_name: Option<&HostName>, seed: u64) -> ClientHello {
        let mut extensions: Vec<Extension> =
            server_name.map(|name| Extension::server_name(name.as_str())).into_iter().collect();
        extensions.extend([
            Extension::groups(GROUPS),
            Extension::point_formats(),
            Extension::signatures(SIGNATURES),
        ]);
        ClientHello {
            record_version: 0x0301,
            version: 0x0303,
            random: random_of(seed),
            session_id: Vec::new(),
            cipher_suites: SUITES.to_vec(),
            compressions: vec![0],
            extensions: Some(extensions),
        }
    }

    /// One record that holds the whole message.
    pub fn to_record(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend(self.random);
        body.extend(with_length8(&self.session_id));
        body.extend(with_length16(&words(&self.cipher_suites)));
        body.extend(with_length8(&self.compressions));
        if let Some(extensions) = &self.extensions {
            let mut list = Vec::new();
            for Extension { kind, data } in extensions {
                list.extend(kind.to_be_bytes());
                list.extend(with_length16(data));
            }
            // Some load balancers hang on messages of 256 to 511 bytes (RFC 7685 §1).
            let n_message = 4 + body.len() + 2 + list.len();
            if (256..512).contains(&n_message) {
                let padding = vec![0; 512usize.saturating_sub(n_message + 4)];
                list.extend(extension::PADDING.to_be_bytes());
                list.extend(with_length16(&padding));
            }
            body.extend(with_length16(&list));
        }
        handshake_record(self.record_version, 1, &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::Cursor;

    #[test]
    fn lengths_agree_at_every_level() {
        for name in [None, Some("www.example.gov.cn".parse::<HostName>().expect("a host name"))] {
            let record = ClientHello::compatible(name.as_ref(), 7).to_record();
            let mut cursor = Cursor::whole(&record);
            cursor.tag(&[0x16, 3, 1]).expect("record header");
            assert_eq!(usize::from(cursor.u16().expect("length")), cursor.rest().len());
            assert!(!(256..512).contains(&cursor.rest().len()), "padded");
            cursor.tag(&[1]).expect("client hello");
            assert_eq!(cursor.u24().expect("length"), cursor.rest().len());
            cursor.take(2 + 32 + 1).expect("version, random, session");
            let n = usize::from(cursor.u16().expect("suites"));
            cursor.take(n + 2).expect("suites and compression");
            let n = usize::from(cursor.u16().expect("extensions"));
            let mut extensions = Cursor::whole(cursor.take(n).expect("extensions"));
            assert!(cursor.is_empty());
            let mut kinds = Vec::new();
            while !extensions.is_empty() {
                kinds.push(extensions.u16().expect("kind"));
                let n = usize::from(extensions.u16().expect("length"));
                extensions.take(n).expect("data");
            }
            assert_eq!(kinds.contains(&0), name.is_some());
        }
    }
}
