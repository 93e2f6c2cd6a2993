//! The hellos that an assessment sends: everything there is, minus what was struck out.

use crate::tls::codes::{GROUPS, SIGNATURES, TLCP_SUITES, Version};
use crate::tls::hello::{ClientHello, Extension, RENEGOTIATION_SCSV};
use crate::tls::message::extension;

/// How much a hello of SSL 3.0 to TLS 1.2 carries, for servers that stumble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Every extension whose answer tells something, and compression.
    Full,
    /// What any client of the last fifteen years sends.
    Plain,
    /// No extensions at all.
    Bare,
}

/// What is offered in a hello of SSL 3.0 to TLS 1.2.
#[derive(Debug, Clone)]
pub(super) struct Classic<'a> {
    pub(super) version: Version,
    pub(super) form: Form,
    pub(super) server_name: Option<&'a str>,
    pub(super) suites: &'a [u16],
    pub(super) groups: &'a [u16],
    pub(super) signatures: &'a [u16],
    pub(super) protocols: &'a [&'a str],
    /// Signalled as a suite, after all others.
    pub(super) signal: Option<u16>,
}

pub(super) fn all_groups() -> Vec<u16> {
    GROUPS.iter().map(|group| group.code).collect()
}

pub(super) fn all_signatures() -> Vec<u16> {
    SIGNATURES.iter().map(|(code, _)| *code).collect()
}

/// Protocols inside TLS that servers choose among. Those that only prove a domain to a certificate authority are
/// left out: they bring a certificate made for that.
pub(super) const PROTOCOLS: &[&str] = &["h2", "http/1.1", "http/1.0", "spdy/3.1"];

impl Classic<'_> {
    pub(super) fn hello(&self) -> ClientHello {
        let code = self.version.code();
        let mut cipher_suites = self.suites.to_vec();
        if self.form != Form::Full {
            cipher_suites.push(RENEGOTIATION_SCSV);
        }
        cipher_suites.extend(self.signal);
        let compressions = if self.form == Form::Full { vec![1, 0] } else { vec![0] };
        ClientHello {
            record_version: code.min(Version::Tls10.code()),
            version: code,
            random: [0; 32],
            session_id: Vec::new(),
            cipher_suites,
            compressions,
            extensions: (self.form != Form::Bare).then(|| self.extensions()),
        }
    }

    fn extensions(&self) -> Vec<Extension> {
        let mut extensions: Vec<Extension> =
            self.server_name.map(Extension::server_name).into_iter().collect();
        extensions.push(Extension::groups(self.groups));
        extensions.push(Extension::point_formats());
        if self.version == Version::Tls12 {
            extensions.push(Extension::signatures(self.signatures));
        }
        if self.form == Form::Full {
            extensions.extend([
                Extension::renegotiation_info(),
                Extension::status_request(),
                Extension::empty(extension::CERTIFICATE_TIMESTAMPS),
                Extension::empty(extension::EXTENDED_MASTER_SECRET),
                Extension::empty(extension::ENCRYPT_THEN_MAC),
                Extension::empty(extension::SESSION_TICKET),
                Extension::heartbeat(),
            ]);
            if !self.protocols.is_empty() {
                extensions.push(Extension::protocols(self.protocols));
            }
        }
        extensions
    }
}

/// What is offered in a hello of TLS 1.3.
#[derive(Debug, Clone)]
pub(super) struct Modern<'a> {
    pub(super) server_name: Option<&'a str>,
    pub(super) suites: &'a [u16],
    pub(super) groups: &'a [u16],
    pub(super) signatures: &'a [u16],
    /// Shares for servers that don't ask for one; none makes the others ask.
    pub(super) with_shares: bool,
}

/// The base points of the curves: valid shares whose secret is 1, which is enough to be answered.
const X25519_SHARE: [u8; 32] = {
    let mut share = [0; 32];
    share[0] = 9;
    share
};
const P256_SHARE: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

/// The base point of curveSM2 (GM/T 0003.5).
const SM2_SHARE: [u8; 65] = [
    0x04, 0x32, 0xc4, 0xae, 0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04, 0x46, 0x6a, 0x39, 0xc9, 0x94,
    0x8f, 0xe3, 0x0b, 0xbf, 0xf2, 0x66, 0x0b, 0xe1, 0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7, 0xbc,
    0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77, 0x9c, 0x59, 0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9,
    0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40, 0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0,
];

impl Modern<'_> {
    pub(super) fn hello(&self) -> ClientHello {
        let mut extensions: Vec<Extension> =
            self.server_name.map(Extension::server_name).into_iter().collect();
        let shares: &[(u16, &[u8])] =
            if self.with_shares { &[(29, &X25519_SHARE), (23, &P256_SHARE), (41, &SM2_SHARE)] } else { &[] };
        let shares: Vec<_> =
            shares.iter().filter(|(group, _)| self.groups.contains(group)).copied().collect();
        extensions.extend([
            Extension::groups(self.groups),
            Extension::signatures(self.signatures),
            Extension::versions(&[Version::Tls13.code()]),
            Extension::psk_modes(),
            Extension::key_shares(&shares),
        ]);
        ClientHello {
            record_version: Version::Tls10.code(),
            version: Version::Tls12.code(),
            random: [0; 32],
            session_id: vec![0x5e; 32],
            cipher_suites: self.suites.to_vec(),
            compressions: vec![0],
            extensions: Some(extensions),
        }
    }
}

/// A hello of TLCP (GB/T 38636-2020 §6.4.4.1.1): without extensions, unless a server name is to be sent.
pub(super) fn tlcp(suites: &[u16], server_name: Option<&str>) -> ClientHello {
    let code = Version::Tlcp.code();
    ClientHello {
        record_version: code,
        version: code,
        random: [0; 32],
        session_id: Vec::new(),
        cipher_suites: suites.to_vec(),
        compressions: vec![0],
        extensions: server_name.map(|name| vec![Extension::server_name(name)]),
    }
}

pub(super) fn all_tlcp_suites() -> Vec<u16> {
    TLCP_SUITES.iter().map(|(code, _)| *code).collect()
}
