//! Opens what a server of TLS 1.3 sent behind its handshake, for the lifetimes in its tickets: the library takes
//! tickets in and doesn't tell them. The keys are those of a session that carries nothing.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{self, Prk};
use probes::seen::Cursor;
use probes::tls::flight::{NEW_SESSION_TICKET, next_message};
use probes::tls::message::SessionTicket;
use probes::tls::record::{ContentKind, next_record};

struct Algorithms {
    hkdf: hkdf::Algorithm,
    aead: &'static aead::Algorithm,
}

/// Of the suites that the library speaks.
fn algorithms(suite: u16) -> Option<Algorithms> {
    Some(match suite {
        0x1301 => Algorithms { hkdf: hkdf::HKDF_SHA256, aead: &aead::AES_128_GCM },
        0x1302 => Algorithms { hkdf: hkdf::HKDF_SHA384, aead: &aead::AES_256_GCM },
        0x1303 => Algorithms { hkdf: hkdf::HKDF_SHA256, aead: &aead::CHACHA20_POLY1305 },
        _ => return None,
    })
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label without a context (RFC 8446 §7.1).
fn expand(secret: &Prk, label: &str, n: usize) -> Option<Vec<u8>> {
    let label = [b"tls13 ", label.as_bytes()].concat();
    let length = u16::try_from(n).ok()?.to_be_bytes();
    let n_label = [u8::try_from(label.len()).ok()?];
    let info = [length.as_slice(), &n_label, &label, &[0]];
    let mut expanded = vec![0; n];
    secret.expand(&info, Length(n)).ok()?.fill(&mut expanded).ok()?;
    Some(expanded)
}

const HANDSHAKE: u8 = 22;

/// The tickets among the records that a server sent, opened by its secret for application data.
pub(super) fn open(suite: u16, secret: &[u8], bytes: &[u8]) -> Vec<SessionTicket> {
    try_open(suite, secret, bytes).unwrap_or_default()
}

fn try_open(suite: u16, secret: &[u8], bytes: &[u8]) -> Option<Vec<SessionTicket>> {
    let Algorithms { hkdf, aead } = algorithms(suite)?;
    let secret = Prk::new_less_safe(hkdf, secret);
    let key = expand(&secret, "key", aead.key_len())?;
    let key = LessSafeKey::new(UnboundKey::new(aead, &key).ok()?);
    let iv: [u8; 12] = expand(&secret, "iv", 12)?.try_into().ok()?;
    let mut records = Cursor::whole(bytes);
    let (mut sequence, mut handshake) = (0u64, Vec::new());
    loop {
        let from = records.rest();
        let Ok(record) = next_record(&mut records) else { break };
        let (Some(header), ContentKind::Application) = (from.get(..5), record.kind) else { continue };
        let mut nonce = iv;
        for (byte, with) in nonce.iter_mut().skip(4).zip(sequence.to_be_bytes()) {
            *byte ^= with;
        }
        let mut content = record.content.to_vec();
        // Records of the handshake are under another key, and don't open.
        let Ok(opened) =
            key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(header), &mut content)
        else {
            continue;
        };
        sequence += 1;
        let n = opened.iter().rposition(|byte| *byte != 0).unwrap_or_default();
        if let Some((&HANDSHAKE, inner)) = opened.get(..=n).and_then(<[u8]>::split_last) {
            handshake.extend_from_slice(inner);
        }
    }
    let mut messages = Cursor::whole(&handshake);
    let mut tickets = Vec::new();
    while let Ok((kind, body)) = next_message(&mut messages) {
        if kind == NEW_SESSION_TICKET {
            tickets.extend(SessionTicket::read_in_13(body));
        }
    }
    Some(tickets)
}
