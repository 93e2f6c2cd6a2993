//! IKE, the key exchange of IPsec: version 1 (RFC 2408, RFC 2409) in main and aggressive mode, version 2 (RFC 7296).
//! The first message only; the cookie is the initiator's SPI, which every answer carries.
//!
//! The exchange is never finished. Some servers drop whoever has five of them half-open, so the probes of one host
//! should not all be sent within the half minute that it takes a server to forget one.

use model::observation::ServiceFacts;
use sha2::{Digest, Sha256};

use super::UdpContext;
use super::ike_transforms::{self as transforms, GROUP, V1, V2, name};
use super::wire::{Read, echoed, hex, len16, u64_of};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const MAIN_MODE: u8 = 2;
const AGGRESSIVE: u8 = 4;
const INFORMATIONAL: u8 = 5;
const SA_INIT: u8 = 34;

/// Kinds of payload: of version 1, then of version 2.
mod payload {
    pub(super) const SA_1: u8 = 1;
    pub(super) const KEY_1: u8 = 4;
    pub(super) const ID_1: u8 = 5;
    pub(super) const NONCE_1: u8 = 10;
    pub(super) const NOTIFY_1: u8 = 11;
    pub(super) const VENDOR_1: u8 = 13;
    pub(super) const SA_2: u8 = 33;
    pub(super) const KEY_2: u8 = 34;
    pub(super) const NONCE_2: u8 = 40;
    pub(super) const NOTIFY_2: u8 = 41;
    pub(super) const VENDOR_2: u8 = 43;
}

/// On port 4500 four zero bytes tell IKE from ESP (RFC 3948 §2.2).
const NON_ESP: [u8; 4] = [0; 4];

pub(super) fn ask_main(cookie: u64, _: &UdpContext) -> Vec<u8> {
    version_1(cookie, MAIN_MODE, &[(payload::SA_1, sa_1(&transforms::v1_usual()))])
}

pub(super) fn ask_main_legacy(cookie: u64, _: &UdpContext) -> Vec<u8> {
    version_1(cookie, MAIN_MODE, &[(payload::SA_1, sa_1(&transforms::v1_legacy()))])
}

pub(super) fn ask_main_nat(cookie: u64, context: &UdpContext) -> Vec<u8> {
    [NON_ESP.to_vec(), ask_main(cookie, context)].concat()
}

/// With a pre-shared key the answer holds a hash of it, which is why aggressive mode is asked for at all; the name that
/// we give ourselves is nobody's.
pub(super) fn ask_aggressive(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let identity = [[2, 17, 1, 244].as_slice(), b"probe.invalid"].concat();
    let payloads = [
        (payload::SA_1, sa_1(&transforms::v1_aggressive())),
        (payload::KEY_1, public_value(cookie, 128)),
        (payload::NONCE_1, nonce(cookie, 20)),
        (payload::ID_1, identity),
    ];
    version_1(cookie, AGGRESSIVE, &payloads)
}

pub(super) fn ask_version_2(cookie: u64, _: &UdpContext) -> Vec<u8> {
    version_2(cookie, transforms::V2_USUAL, 14, 256)
}

pub(super) fn ask_version_2_legacy(cookie: u64, _: &UdpContext) -> Vec<u8> {
    version_2(cookie, transforms::V2_LEGACY, 2, 128)
}

pub(super) fn ask_version_2_nat(cookie: u64, context: &UdpContext) -> Vec<u8> {
    [NON_ESP.to_vec(), ask_version_2(cookie, context)].concat()
}

/// A public value of `n` bytes: two to the power of something. It is below the prime and in the right subgroup of each
/// group that we offer, which servers check (the generator is 2, RFC 2409 §6, RFC 3526).
fn public_value(cookie: u64, n: usize) -> Vec<u8> {
    let [.., place, bit] = cookie.to_be_bytes();
    let mut value = vec![0; n];
    // Not in the first bytes, where the prime's ones are.
    if let Some(byte) = value.get_mut(16 + usize::from(place % 64)) {
        *byte = 1 << (bit % 8);
    }
    value
}

/// At most 32 bytes that nobody has sent before.
fn nonce(cookie: u64, n: usize) -> Vec<u8> {
    Sha256::digest(cookie.to_be_bytes()).into_iter().take(n).collect()
}

fn version_1(cookie: u64, exchange: u8, payloads: &[(u8, Vec<u8>)]) -> Vec<u8> {
    message(cookie, 0x10, exchange, 0, payloads)
}

fn version_2(cookie: u64, proposals: &[V2], group: u16, n_key: usize) -> Vec<u8> {
    let key = [group.to_be_bytes().as_slice(), &[0, 0], &public_value(cookie, n_key)].concat();
    let payloads =
        [(payload::SA_2, sa_2(proposals)), (payload::KEY_2, key), (payload::NONCE_2, nonce(cookie, 32))];
    message(cookie, 0x20, SA_INIT, 0x08, &payloads)
}

fn message(cookie: u64, version: u8, exchange: u8, flags: u8, payloads: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let first = payloads.first().map_or(0, |(kind, _)| *kind);
    let followers = payloads.iter().skip(1).map(|(kind, _)| *kind).chain([0]);
    let body: Vec<u8> =
        payloads.iter().zip(followers).flat_map(|((_, data), next)| chained(next, data)).collect();
    let length = u32::try_from(28 + body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let kind = [first, version, exchange, flags, 0, 0, 0, 0];
    [cookie.to_be_bytes().as_slice(), &[0; 8], &kind, &length, &body].concat()
}

/// What payloads, proposals and transforms begin with: which one follows, and how long this one is.
fn chained(next: u8, data: &[u8]) -> Vec<u8> {
    [[next, 0].as_slice(), &len16(data.len() + 4), data].concat()
}

/// An attribute whose value is a number.
fn attribute(kind: u16, value: u16) -> Vec<u8> {
    [(0x8000 | kind).to_be_bytes(), value.to_be_bytes()].concat()
}

/// A security association of version 1: IPsec, identity only, one proposal.
fn sa_1(offered: &[V1]) -> Vec<u8> {
    let n = u8::try_from(offered.len()).unwrap_or(u8::MAX);
    let mut transforms = Vec::new();
    for (i, offer) in (1..=n).zip(offered) {
        let mut data = vec![i, 1, 0, 0];
        data.extend(attribute(1, offer.encryption));
        if let Some(bits) = offer.key_bits {
            data.extend(attribute(14, bits));
        }
        data.extend(attribute(2, offer.hash));
        data.extend(attribute(3, offer.authentication));
        data.extend(attribute(4, offer.group));
        // A life of eight hours, in seconds.
        data.extend(attribute(11, 1));
        data.extend(attribute(12, 28_800));
        transforms.extend(chained(if i == n { 0 } else { 3 }, &data));
    }
    let proposal = [[1, 1, 0, n].as_slice(), &transforms].concat();
    [[0, 0, 0, 1, 0, 0, 0, 1].as_slice(), &chained(0, &proposal)].concat()
}

fn sa_2(proposals: &[V2]) -> Vec<u8> {
    let mut sa = Vec::new();
    for (i, proposal) in (1u8..).zip(proposals) {
        let of = |kind: u8, ids: &[u16]| ids.iter().map(|&id| (kind, id, None)).collect::<Vec<_>>();
        let mut all: Vec<(u8, u16, Option<u16>)> =
            proposal.encryption.iter().map(|&(id, bits)| (1, id, bits)).collect();
        all.extend(of(2, proposal.prf));
        all.extend(of(3, proposal.integrity));
        all.extend(of(4, proposal.groups));
        let n = all.len();
        let mut data = vec![i, 1, 0, u8::try_from(n).unwrap_or(u8::MAX)];
        for (at, (kind, id, bits)) in (1..).zip(all) {
            let [high, low] = id.to_be_bytes();
            let mut transform = vec![kind, 0, high, low];
            transform.extend(bits.map(|bits| attribute(14, bits)).unwrap_or_default());
            data.extend(chained(if at == n { 0 } else { 3 }, &transform));
        }
        let is_last = usize::from(i) == proposals.len();
        sa.extend(chained(if is_last { 0 } else { 2 }, &data));
    }
    sa
}

/// An answer's header and payloads.
struct Answer<'a> {
    cookie: u64,
    version: u8,
    exchange: u8,
    payloads: Vec<(u8, &'a [u8])>,
}

fn answer(reply: &[u8]) -> Result<Answer<'_>, Miss> {
    let reply = reply.strip_prefix(&NON_ESP).unwrap_or(reply);
    let mut cursor = Cursor::whole(reply);
    let (cookie, responder) = (u64_of(&mut cursor)?, u64_of(&mut cursor)?);
    let (mut next, version, exchange, flags) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    cursor.u32()?;
    let length = cursor.len32()?;
    // Our own message sent back is no answer. In version 1 whoever agrees has a cookie of its own, and only refusals may
    // come without one; in version 2 the flags tell initiator (0x08) and response (0x20) apart.
    let is_answer = match (version >> 4, exchange) {
        (1, MAIN_MODE | AGGRESSIVE) => responder != 0,
        (1, INFORMATIONAL) => true,
        (2, SA_INIT) => flags & 0x28 == 0x20,
        _ => false,
    };
    if !is_answer || length != reply.len() {
        return Err(Miss::No);
    }
    let mut payloads = Vec::new();
    while next != 0 && payloads.len() < 32 {
        let kind = std::mem::replace(&mut next, cursor.u8()?);
        cursor.u8()?;
        let n = usize::from(cursor.u16()?).checked_sub(4).ok_or(Miss::No)?;
        payloads.push((kind, cursor.take(n)?));
    }
    Ok(Answer { cookie, version, exchange, payloads })
}

impl<'a> Answer<'a> {
    fn of(&self, kind: u8) -> impl Iterator<Item = &'a [u8]> + use<'_, 'a> {
        self.payloads.iter().filter(move |(found, _)| *found == kind).map(|(_, data)| *data)
    }
}

/// Of version 1, whatever was offered. `ike1-choice` is what was chosen, `ike1-refusal` the number of the refusal.
pub(super) fn read_version_1(reply: &[u8]) -> Read {
    read_1(reply, "ike1-choice")
}

/// `ike1-legacy-choice`: what was chosen of transforms that nobody should accept.
pub(super) fn read_version_1_legacy(reply: &[u8]) -> Read {
    read_1(reply, "ike1-legacy-choice")
}

fn read_1(reply: &[u8], key: &str) -> Read {
    let answer = answer(reply)?;
    if answer.version >> 4 != 1 {
        return Err(Miss::No);
    }
    let mut facts = identified("ike").fact("ike1", b"answers");
    if let Some(choice) = answer.of(payload::SA_1).next().and_then(|sa| choice_1(sa).ok()) {
        facts = facts.fact(key, choice.join(" ").as_bytes());
        if answer.exchange == AGGRESSIVE {
            facts = facts.fact("aggressive-mode", b"answers");
        }
    }
    if let Some(notify) = answer.of(payload::NOTIFY_1).next() {
        let kind = notify.get(6..8).and_then(|kind| Cursor::whole(kind).u16().ok());
        facts = facts.fact("ike1-refusal", kind.map(|kind| kind.to_string()).unwrap_or_default().as_bytes());
    }
    echoed(answer.cookie, with_vendors(facts, answer.of(payload::VENDOR_1)))
}

/// Encryption, hash, authentication and group of the one transform that a responder gives back.
fn choice_1(sa: &[u8]) -> Result<Vec<String>, Miss> {
    let mut cursor = Cursor::whole(sa);
    // Domain and situation; the proposal up to its number of transforms; the transform up to its attributes.
    cursor.take(8 + 4 + 2)?;
    let n_spi = usize::from(cursor.u8()?);
    cursor.take(1 + n_spi + 8)?;
    let mut values = [0u16; 16];
    while !cursor.is_empty() {
        let (kind, value) = (cursor.u16()?, cursor.u16()?);
        if kind & 0x8000 == 0 {
            cursor.take(usize::from(value))?;
        } else if let Some(kept) = values.get_mut(usize::from(kind & 0x7fff)) {
            *kept = value;
        }
    }
    let [_, encryption, hash, authentication, group, ..] = values;
    let [.., bits, _] = values;
    let size = if bits == 0 { String::new() } else { format!("-{bits}") };
    Ok(vec![
        format!("{}{size}", name(transforms::V1_ENCRYPTION, encryption)),
        name(transforms::V1_HASH, hash),
        name(transforms::V1_AUTHENTICATION, authentication),
        name(GROUP, group),
    ])
}

/// Of version 2. `ike2-choice`, `ike2-refusal` (the notification's number) and `ike2-group` (the group that it would
/// rather have).
pub(super) fn read_version_2(reply: &[u8]) -> Read {
    read_2(reply, "ike2-choice")
}

/// `ike2-legacy-choice`: what was chosen of transforms that nobody should accept.
pub(super) fn read_version_2_legacy(reply: &[u8]) -> Read {
    read_2(reply, "ike2-legacy-choice")
}

fn read_2(reply: &[u8], key: &str) -> Read {
    let answer = answer(reply)?;
    if answer.version >> 4 != 2 {
        return Err(Miss::No);
    }
    let mut facts = identified("ike").fact("ike2", b"answers");
    if let Some(choice) = answer.of(payload::SA_2).next().and_then(|sa| choice_2(sa).ok()) {
        facts = facts.fact(key, choice.join(" ").as_bytes());
    }
    for notify in answer.of(payload::NOTIFY_2) {
        let mut cursor = Cursor::whole(notify);
        let (Ok(_), Ok(n_spi), Ok(kind)) = (cursor.u8(), cursor.u8(), cursor.u16()) else { continue };
        if let Ok(_) = cursor.take(usize::from(n_spi))
            && kind == 17
            && let Ok(group) = cursor.u16()
        {
            facts = facts.fact("ike2-group", name(GROUP, group).as_bytes());
        } else if kind < 16_384 {
            facts = facts.fact("ike2-refusal", kind.to_string().as_bytes());
        }
    }
    echoed(answer.cookie, with_vendors(facts, answer.of(payload::VENDOR_2)))
}

/// The transforms of the one proposal that a responder gives back.
fn choice_2(sa: &[u8]) -> Result<Vec<String>, Miss> {
    let mut cursor = Cursor::whole(sa);
    cursor.take(6)?;
    let (n_spi, n_transforms) = (cursor.u8()?, cursor.u8()?);
    cursor.take(usize::from(n_spi))?;
    let mut choice = Vec::new();
    for _ in 0..n_transforms.min(8) {
        cursor.u16()?;
        let n = usize::from(cursor.u16()?).checked_sub(4).ok_or(Miss::No)?;
        let mut transform = Cursor::whole(cursor.take(n)?);
        let (kind, _, id) = (transform.u8()?, transform.u8()?, transform.u16()?);
        let bits = match (transform.u16(), transform.u16()) {
            (Ok(0x800e), Ok(bits)) => format!("-{bits}"),
            _ => String::new(),
        };
        let names = match kind {
            1 => transforms::V2_ENCRYPTION,
            2 => transforms::V2_PRF,
            3 => transforms::V2_INTEGRITY,
            4 => GROUP,
            _ => continue,
        };
        choice.push(format!("{}{bits}", name(names, id)));
    }
    Ok(choice)
}

/// Vendor ids that name a product, each the MD5 of a text that the product's makers have published.
const VENDORS: [(&str, &str); 3] = [
    ("882fe56d6fd20dbc2251613b2ebe5beb", "strongSwan"),
    ("1e2b516905991c7d7c96fcbfb587e461", "Windows"),
    ("12f5f28c457168a9702d9fe274cc0100", "Cisco Unity"),
];

fn with_vendors<'a>(facts: ServiceFacts, ids: impl Iterator<Item = &'a [u8]>) -> ServiceFacts {
    let ids: Vec<String> = ids.take(6).map(|id| hex(id, 20)).collect();
    let known = VENDORS.iter().find(|(id, _)| ids.iter().any(|found| found.starts_with(id)));
    facts
        .product(known.map(|(_, name)| *name).unwrap_or_default())
        .fact("vendor-ids", ids.join(",").as_bytes())
}
