//! A server that follows the standards, of any version and with any suites, for those that no library can be. Its
//! signatures and shares are made up: nobody checks them here.

use std::collections::BTreeMap;

use probes::tls::codes::{Exchange, Version, suite, tlcp_suite};
use probes::tls::message::RETRY;
use probes::tls::record::handshake_record;
use probes::tls::sm2::{exchange_message, handshake_message};
use sm2::dsa::signature::Signer;
use sm2::dsa::{Signature, SigningKey};

use crate::peer::{Act, Peer, Then};

pub(crate) const RSA: &[u8] = include_bytes!("../fixtures/rsa2048.der");
pub(crate) const SM2: &[u8] = include_bytes!("../fixtures/sm2.der");

/// What a client has offered.
#[derive(Debug, Default)]
pub(crate) struct Offered {
    pub(crate) record_version: u16,
    pub(crate) version: u16,
    pub(crate) suites: Vec<u16>,
    pub(crate) extensions: BTreeMap<u16, Vec<u8>>,
}

fn word(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(word).collect()
}

/// Reads a hello of ours; `None` until it is whole. It is well formed, or the test fails.
pub(crate) fn offered(received: &[u8]) -> Option<Offered> {
    if received.len() < 5 || received.len() < 5 + usize::from(word(&received[3..])) {
        return None;
    }
    let record_version = word(&received[1..]);
    let body = &received[9..];
    let version = word(body);
    let mut at = 34;
    at += 1 + usize::from(body[at]);
    let n = usize::from(word(&body[at..]));
    let suites = words(&body[at + 2..at + 2 + n]);
    at += 2 + n;
    at += 1 + usize::from(body[at]);
    let mut extensions = BTreeMap::new();
    if at < body.len() {
        let mut rest = &body[at + 2..at + 2 + usize::from(word(&body[at..]))];
        while !rest.is_empty() {
            let n = usize::from(word(&rest[2..]));
            extensions.insert(word(rest), rest[4..4 + n].to_vec());
            rest = &rest[4 + n..];
        }
    }
    Some(Offered { record_version, version, suites, extensions })
}

pub(crate) fn alert(version: u16, description: u8) -> Vec<u8> {
    let [major, minor] = version.to_be_bytes();
    vec![21, major, minor, 0, 2, 2, description]
}

fn with_length24(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length[1..], bytes].concat()
}

fn with_length16(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// TLCP's signature, by the key of `sm2-sign.der`.
fn signed(client_random: &[u8], encryption: &[u8]) -> Vec<u8> {
    let key = include_bytes!("../fixtures/sm2-sign.key");
    let key = SigningKey::from_slice("1234567812345678", key).unwrap();
    let message = handshake_message(client_random.try_into().unwrap(), &[7; 32], encryption);
    let signature: Signature = key.sign(&message);
    signature.to_der().as_bytes().to_vec()
}

/// The same in suites with a share of the server's own.
fn signed_exchange(client_random: &[u8], parameters: &[u8]) -> Vec<u8> {
    let key = include_bytes!("../fixtures/sm2-sign.key");
    let key = SigningKey::from_slice("1234567812345678", key).unwrap();
    let message = exchange_message(client_random.try_into().unwrap(), &[7; 32], parameters);
    let signature: Signature = key.sign(&message);
    signature.to_der().as_bytes().to_vec()
}

pub(crate) fn hello(version: u16, suite: u16, random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
    let legacy = version.min(0x0303);
    let mut body = legacy.to_be_bytes().to_vec();
    body.extend(random);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if !extensions.is_empty() {
        body.extend(with_length16(extensions));
    }
    handshake_record(legacy, 2, &body)
}

/// Suites by version, in the server's order.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) suites: BTreeMap<Version, Vec<u16>>,
    pub(crate) groups: Vec<u16>,
    pub(crate) follows_client: bool,
    /// TLCP only: a hello without a server name is refused.
    pub(crate) needs_name: bool,
    /// Longer lists make it hang up.
    pub(crate) max_suites: Option<usize>,
    pub(crate) prime: Vec<u8>,
    /// In each hello of SSL 3.0 to TLS 1.2, as they are encoded.
    pub(crate) extensions: Vec<u8>,
    /// What TLS 1.3 signs with, looked at once a share is there; it asks for one always if empty.
    pub(crate) signatures_in_13: Vec<u16>,
    /// TLCP's; the same certificate twice if empty.
    pub(crate) national_chain: Vec<&'static [u8]>,
}

impl Server {
    pub(crate) fn with(version: Version, suites: &[u16]) -> Server {
        Server {
            suites: [(version, suites.to_vec())].into(),
            groups: vec![29, 23],
            prime: vec![0xff; 128],
            ..Server::default()
        }
    }

    pub(crate) fn and(mut self, version: Version, suites: &[u16]) -> Server {
        self.suites.insert(version, suites.to_vec());
        self
    }

    pub(crate) fn answer(&self, received: &[u8]) -> Act {
        if received.first() == Some(&0x80) {
            return self.answer_ssl2(received);
        }
        let Some(offered) = offered(received) else { return Act::Wait };
        let refuse = |code| Act::Say(alert(offered.version.clamp(0x0101, 0x0303), code), Then::Close);
        let is_tlcp = offered.record_version == 0x0101;
        if is_tlcp && !self.suites.contains_key(&Version::Tlcp) {
            // As OpenSSL does: not a word.
            return Act::Say(Vec::new(), Then::Close);
        }
        if self.max_suites.is_some_and(|max| offered.suites.len() > max) {
            return Act::Say(Vec::new(), Then::Reset);
        }
        let has_13 = offered.extensions.get(&43).is_some_and(|list| list.ends_with(&[3, 4]));
        let version = if is_tlcp {
            Some(Version::Tlcp)
        } else if has_13 {
            Some(Version::Tls13).filter(|version| self.suites.contains_key(version))
        } else {
            let spoken = self.suites.keys().filter(|version| version.is_classic());
            spoken.copied().filter(|version| version.code() <= offered.version).max()
        };
        let Some(version) = version else { return refuse(70) };
        if is_tlcp && self.needs_name && !offered.extensions.contains_key(&0) {
            return refuse(40);
        }
        let ours = &self.suites[&version];
        let chosen = if self.follows_client {
            offered.suites.iter().find(|suite| ours.contains(suite))
        } else {
            ours.iter().find(|suite| offered.suites.contains(suite))
        };
        let Some(&chosen) = chosen else { return refuse(40) };
        let theirs = offered.extensions.get(&10).map(|list| words(&list[2..])).unwrap_or_else(|| vec![23]);
        let group = self.groups.iter().copied().find(|group| theirs.contains(group));
        if version == Version::Tls13 {
            let Some(group) = group else { return refuse(40) };
            let has_share = offered.extensions.get(&51).is_some_and(|shares| shares.len() > 2);
            if has_share && !self.signatures_in_13.is_empty() {
                let theirs = offered.extensions.get(&13).map(|list| words(&list[2..])).unwrap_or_default();
                if !self.signatures_in_13.iter().any(|code| theirs.contains(code)) {
                    return refuse(40);
                }
                return Act::Say(hello(0x0304, chosen, [7; 32], &[0, 43, 0, 2, 3, 4]), Then::Hold);
            }
            let [high, low] = group.to_be_bytes();
            let extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, high, low];
            return Act::Say(hello(0x0304, chosen, RETRY, &extensions), Then::Hold);
        }
        match self.flight(version, chosen, group, &received[11..43]) {
            Some(flight) => Act::Say(flight, Then::Hold),
            None => refuse(40),
        }
    }

    /// Hello, certificates, key exchange, done.
    fn flight(&self, version: Version, chosen: u16, group: Option<u16>, random: &[u8]) -> Option<Vec<u8>> {
        let code = version.code();
        let is_tlcp = version == Version::Tlcp;
        let known = if is_tlcp { tlcp_suite(chosen)? } else { suite(chosen)? };
        let extensions = if is_tlcp { &[][..] } else { &self.extensions };
        let mut flight = hello(code, chosen, [7; 32], extensions);
        let chain = match is_tlcp {
            true if self.national_chain.is_empty() => vec![SM2, SM2],
            true => self.national_chain.clone(),
            false => vec![RSA],
        };
        let list: Vec<u8> = chain.iter().flat_map(|der| with_length24(der)).collect();
        flight.extend(handshake_record(code, 11, &with_length24(&list)));
        let mut share = match known.exchange {
            Exchange::Ecdhe => {
                let [high, low] = group.unwrap_or(41).to_be_bytes();
                if group.is_none() && !is_tlcp {
                    return None;
                }
                vec![3, high, low, 2, 4, 4]
            }
            Exchange::Dhe => {
                [with_length16(&self.prime), with_length16(&[2]), with_length16(&[5; 128])].concat()
            }
            Exchange::Static if known.export => {
                [with_length16(&[0xff; 64]), with_length16(&[1, 0, 1])].concat()
            }
            _ => Vec::new(),
        };
        if !share.is_empty() || is_tlcp {
            if version == Version::Tls12 {
                share.extend([4, 1]);
            }
            match chain.as_slice() {
                [_, encryption, ..] if is_tlcp && known.exchange == Exchange::Static => {
                    share.extend(with_length16(&signed(random, encryption)));
                }
                _ if is_tlcp => share.extend(with_length16(&signed_exchange(random, &share))),
                _ => share.extend(with_length16(&[9; 70])),
            }
            flight.extend(handshake_record(code, 12, &share));
        }
        flight.extend(handshake_record(code, 14, &[]));
        Some(flight)
    }

    fn answer_ssl2(&self, _received: &[u8]) -> Act {
        let Some(ciphers) = self.suites.get(&Version::Ssl2) else {
            return Act::Say(alert(0x0301, 70), Then::Close);
        };
        let list: Vec<u8> =
            ciphers.iter().flat_map(|code| [u8::try_from(code >> 8).unwrap(), 0, 0x80]).collect();
        let mut body = vec![4, 0, 1, 0, 2];
        body.extend(u16::try_from(RSA.len()).unwrap().to_be_bytes());
        body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
        body.extend([0, 1]);
        body.extend(RSA);
        body.extend(list);
        body.push(1);
        let length = 0x8000 | u16::try_from(body.len()).unwrap();
        Act::Say([&length.to_be_bytes(), body.as_slice()].concat(), Then::Hold)
    }
}

impl Peer for Server {
    fn hear(&mut self, _number: u32, received: &[u8]) -> Act {
        if received.is_empty() { Act::Wait } else { self.answer(received) }
    }
}
