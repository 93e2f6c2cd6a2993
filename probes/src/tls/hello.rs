//! Builds a ClientHello (RFC 5246 §7.4.1.2, with the extensions of RFC 6066, 8422 and 5746).

use model::host_name::HostName;
use sha2::{Digest, Sha256};

/// What a client offers. Fields are public: an assessor composes what it wants to see refused.
#[derive(Debug, Clone)]
pub struct ClientHello {
    /// Version of the record that carries it.
    pub record_version: u16,
    pub version: u16,
    pub random: [u8; 32],
    pub cipher_suites: Vec<u16>,
    pub server_name: Option<String>,
    /// Extensions are left out altogether: very old servers stumble over them.
    pub with_extensions: bool,
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

impl ClientHello {
    /// Answered by anything from SSL 3.0 to TLS 1.2.
    pub fn compatible(server_name: Option<&HostName>, seed: u64) -> ClientHello {
        ClientHello {
            record_version: 0x0301,
            version: 0x0303,
            random: Sha256::digest(seed.to_be_bytes()).into(),
            cipher_suites: SUITES.to_vec(),
            server_name: server_name.map(|name| name.as_str().to_owned()),
            with_extensions: true,
        }
    }

    /// One record that holds the whole message.
    pub fn to_record(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend(self.random);
        // No session to resume.
        body.push(0);
        body.extend(with_length16(&words(&self.cipher_suites)));
        // Compression: none.
        body.extend([1, 0]);
        if self.with_extensions {
            body.extend(with_length16(&self.extensions()));
        }
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        // Type 1, three bytes of length.
        let message = [[1].as_slice(), length.get(1..).unwrap_or_default(), &body].concat();
        [[0x16].as_slice(), &self.record_version.to_be_bytes(), &with_length16(&message)].concat()
    }

    fn extensions(&self) -> Vec<u8> {
        let mut extensions = Vec::new();
        let mut add = |kind: u16, data: &[u8]| {
            extensions.extend(kind.to_be_bytes());
            extensions.extend(with_length16(data));
        };
        if let Some(name) = &self.server_name {
            let entry = [[0].as_slice(), &with_length16(name.as_bytes())].concat();
            add(0, &with_length16(&entry));
        }
        add(10, &with_length16(&words(GROUPS)));
        // Points uncompressed.
        add(11, &[1, 0]);
        add(13, &with_length16(&words(SIGNATURES)));
        extensions
    }
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn with_length16(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
    [length.as_slice(), data].concat()
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
