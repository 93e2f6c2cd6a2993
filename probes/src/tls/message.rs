//! The messages of a server's first flight that are sent in clear (RFC 5246 §7.4, RFC 8422, RFC 8446 §4,
//! GB/T 38636-2020 §6.4). Each is read from its own bytes alone, bounded; what it means isn't said here.

use super::codes::{Authentication, Exchange, suite, tlcp_suite};
use crate::certificate::MAX_CHAIN;
use crate::seen::{Cursor, Miss};

/// The random of a server hello that is a HelloRetryRequest (RFC 8446 §4.1.3): the SHA-256 of that word.
pub const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// More than any server sends.
const MAX_EXTENSIONS: usize = 64;

pub mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const STATUS_REQUEST: u16 = 5;
    pub const GROUPS: u16 = 10;
    pub const POINT_FORMATS: u16 = 11;
    pub const SIGNATURES: u16 = 13;
    pub const HEARTBEAT: u16 = 15;
    pub const ALPN: u16 = 16;
    pub const CERTIFICATE_TIMESTAMPS: u16 = 18;
    pub const PADDING: u16 = 21;
    pub const ENCRYPT_THEN_MAC: u16 = 22;
    pub const EXTENDED_MASTER_SECRET: u16 = 23;
    pub const SESSION_TICKET: u16 = 35;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const PSK_MODES: u16 = 45;
    pub const KEY_SHARE: u16 = 51;
    pub const NEXT_PROTOCOL: u16 = 13172;
    pub const RENEGOTIATION_INFO: u16 = 0xff01;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// As negotiated; from `supported_versions` if the server sent that.
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suite: u16,
    pub compression: u8,
    pub extensions: Vec<(u16, Vec<u8>)>,
}

impl ServerHello {
    pub fn read(body: &[u8]) -> Result<ServerHello, Miss> {
        let mut body = Cursor::whole(body);
        let mut version = body.u16()?;
        let random = body.take(32)?.try_into().map_err(|_| Miss::No)?;
        let n_session_id = usize::from(body.u8()?);
        let session_id = body.take_bounded(n_session_id, 32)?.to_vec();
        let suite = body.u16()?;
        let compression = body.u8()?;
        let mut extensions = Vec::new();
        if !body.is_empty() {
            let length = usize::from(body.u16()?);
            let mut rest = Cursor::whole(body.take(length)?);
            while !rest.is_empty() {
                let kind = rest.u16()?;
                let length = usize::from(rest.u16()?);
                let data = rest.take(length)?;
                // supported_versions (RFC 8446 §4.2.1) says what the old field can't.
                if let (extension::SUPPORTED_VERSIONS, &[major, minor]) = (kind, data) {
                    version = u16::from_be_bytes([major, minor]);
                }
                if extensions.len() >= MAX_EXTENSIONS {
                    return Err(Miss::No);
                }
                extensions.push((kind, data.to_vec()));
            }
        }
        Ok(ServerHello { version, random, session_id, suite, compression, extensions })
    }

    pub fn extension(&self, kind: u16) -> Option<&[u8]> {
        self.extensions.iter().find(|(known, _)| *known == kind).map(|(_, data)| data.as_slice())
    }

    /// Asks for another hello instead of going on.
    pub fn is_retry(&self) -> bool {
        self.random == RETRY
    }

    /// The group of TLS 1.3, as chosen or as asked for.
    pub fn group(&self) -> Option<u16> {
        Cursor::whole(self.extension(extension::KEY_SHARE)?).u16().ok()
    }

    /// The protocol inside, as chosen (RFC 7301 §3.1).
    pub fn protocol(&self) -> Option<&[u8]> {
        let mut list = Cursor::whole(self.extension(extension::ALPN)?);
        list.u16().ok()?;
        let length = usize::from(list.u8().ok()?);
        list.take(length).ok()
    }
}

/// What the server contributes to the key, and how it signed that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyExchange {
    pub share: Share,
    /// TLS 1.2 only: older versions fix it.
    pub scheme: Option<u16>,
    /// The bytes that the signature covers, beside the randoms.
    pub signed: Vec<u8>,
    pub signature: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    Curve {
        group: u16,
        point: Vec<u8>,
    },
    /// A curve of the server's own making (RFC 8422 forbids it).
    ExplicitCurve,
    FiniteField {
        prime: Vec<u8>,
        generator: Vec<u8>,
        value: Vec<u8>,
    },
    /// A short RSA key of the export rules.
    Rsa {
        modulus: Vec<u8>,
    },
    /// Only a signature (TLCP), or only a hint (shared secrets).
    Nothing,
}

impl KeyExchange {
    /// Reads the message by the suite that was chosen.
    pub fn read(body: &[u8], version: u16, suite_code: u16) -> Result<KeyExchange, Miss> {
        let is_tlcp = version == 0x0101;
        let suite = if is_tlcp { tlcp_suite(suite_code) } else { suite(suite_code) }.ok_or(Miss::No)?;
        let mut cursor = Cursor::whole(body);
        let is_shared = suite.authentication == Authentication::Shared || suite.exchange == Exchange::Shared;
        if is_shared {
            // A hint for the client to choose its secret by.
            vector16(&mut cursor)?;
        }
        let share = match suite.exchange {
            Exchange::Ecdhe => match cursor.u8()? {
                3 => {
                    let group = cursor.u16()?;
                    let length = usize::from(cursor.u8()?);
                    Share::Curve { group, point: cursor.take(length)?.to_vec() }
                }
                _ => {
                    let share = Share::ExplicitCurve;
                    return Ok(KeyExchange {
                        share,
                        scheme: None,
                        signed: Vec::new(),
                        signature: Vec::new(),
                    });
                }
            },
            Exchange::Dhe => Share::FiniteField {
                prime: vector16(&mut cursor)?.to_vec(),
                generator: vector16(&mut cursor)?.to_vec(),
                value: vector16(&mut cursor)?.to_vec(),
            },
            Exchange::Static if suite.export => {
                let modulus = vector16(&mut cursor)?.to_vec();
                vector16(&mut cursor)?;
                Share::Rsa { modulus }
            }
            Exchange::Static | Exchange::Shared | Exchange::Any | Exchange::Other => Share::Nothing,
        };
        let signed = body.get(..cursor.n_used()).unwrap_or_default().to_vec();
        let is_unsigned = is_shared || suite.authentication == Authentication::Anonymous || cursor.is_empty();
        if is_unsigned {
            return Ok(KeyExchange { share, scheme: None, signed, signature: Vec::new() });
        }
        let scheme = if version == 0x0303 { Some(cursor.u16()?) } else { None };
        let signature = vector16(&mut cursor)?.to_vec();
        Ok(KeyExchange { share, scheme, signed, signature })
    }
}

fn vector16<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Miss> {
    let length = usize::from(cursor.u16()?);
    cursor.take(length)
}

/// The server would like to see a certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    pub kinds: Vec<u8>,
    /// How many authorities it names.
    pub n_authorities: usize,
}

impl CertificateRequest {
    pub fn read(body: &[u8], version: u16) -> Result<CertificateRequest, Miss> {
        let mut cursor = Cursor::whole(body);
        let length = usize::from(cursor.u8()?);
        let kinds = cursor.take(length)?.to_vec();
        if version == 0x0303 {
            vector16(&mut cursor)?;
        }
        let mut names = Cursor::whole(vector16(&mut cursor)?);
        let mut n_authorities = 0;
        while !names.is_empty() {
            vector16(&mut names)?;
            n_authorities += 1;
        }
        Ok(CertificateRequest { kinds, n_authorities })
    }
}

/// The certificates of a `Certificate` message of TLS 1.2 or older (RFC 5246 §7.4.2), at most [`MAX_CHAIN`].
pub fn certificate_list(body: &[u8]) -> Result<Vec<Vec<u8>>, Miss> {
    let mut body = Cursor::whole(body);
    let length = body.u24()?;
    let mut list = Cursor::whole(body.take(length)?);
    let mut certificates = Vec::new();
    while !list.is_empty() && certificates.len() < MAX_CHAIN {
        let length = list.u24()?;
        certificates.push(list.take(length)?.to_vec());
    }
    Ok(certificates)
}

/// The stapled OCSP response of a `CertificateStatus` message (RFC 6066 §8).
pub fn certificate_status(body: &[u8]) -> Result<Vec<u8>, Miss> {
    let mut body = Cursor::whole(body);
    body.tag(&[1])?;
    let length = body.u24()?;
    body.take(length).map(<[u8]>::to_vec)
}

/// A ticket by which a session may be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTicket {
    /// Seconds for which the server would like it to be used; in TLS 1.2 and older, zero says nothing.
    pub lifetime: u32,
    pub ticket: Vec<u8>,
    /// TLS 1.3: bytes that may come in the first flight.
    pub max_early_data: Option<u32>,
}

impl SessionTicket {
    /// `NewSessionTicket` of TLS 1.2 and older (RFC 5077 §3.3).
    pub fn read(body: &[u8]) -> Result<SessionTicket, Miss> {
        let mut cursor = Cursor::whole(body);
        let lifetime = cursor.u32()?;
        let ticket = vector16(&mut cursor)?.to_vec();
        Ok(SessionTicket { lifetime, ticket, max_early_data: None })
    }

    /// `NewSessionTicket` of TLS 1.3 (RFC 8446 §4.6.1).
    pub fn read_in_13(body: &[u8]) -> Result<SessionTicket, Miss> {
        let mut cursor = Cursor::whole(body);
        let lifetime = cursor.u32()?;
        cursor.u32()?;
        let n_nonce = usize::from(cursor.u8()?);
        cursor.take(n_nonce)?;
        let ticket = vector16(&mut cursor)?.to_vec();
        let mut extensions = Cursor::whole(vector16(&mut cursor)?);
        let mut max_early_data = None;
        while !extensions.is_empty() {
            let kind = extensions.u16()?;
            let data = vector16(&mut extensions)?;
            if kind == extension::EARLY_DATA {
                max_early_data = Some(Cursor::whole(data).u32()?);
            }
        }
        Ok(SessionTicket { lifetime, ticket, max_early_data })
    }
}
