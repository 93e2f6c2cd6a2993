//! ID numbers at rest: a keyed index by which the same person is found again, and the sealed number.
//!
//! A plain hash of an ID number is undone by trying all numbers, so the index is keyed. HMAC-SHA-256 and AES-256-GCM,
//! both from AWS-LC: one library for both, in hardware and constant time on the machines that this runs on. (HMAC-SM3
//! and SM4-GCM would be the choice of a 密评 customer; the first byte of what is sealed says which scheme it is, so that
//! they can come beside these.) Keys and nonces are arguments.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroize;

use crate::base32;
use crate::id_number::IdNumber;

const SCHEME_AES_256_GCM: u8 = 1;
const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const SEALED_BYTES: usize = 1 + ID_BYTES + NONCE_BYTES + 18 + 16;

/// Which key: the first bytes of a value derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKeyId([u8; ID_BYTES]);

impl fmt::Display for IdentityKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One secret of 32 bytes and what is derived from it, each use by its own sub-key.
pub struct IdentityKey {
    id: IdentityKeyId,
    index: hmac::Key,
    seal: LessSafeKey,
}

/// By which the same person is found again. Comparable under one key only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlindIndex([u8; 32]);

impl BlindIndex {
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn from_bytes(bytes: [u8; 32]) -> BlindIndex {
        BlindIndex(bytes)
    }
}

/// A sealed ID number: scheme (1 byte), key id (4), nonce (12), ciphertext (18), tag (16).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed([u8; SEALED_BYTES]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("this is no sealed ID number: it is cut short, or of a scheme that this version does not know")]
    Malformed,
    #[error(
        "the ID number was sealed with key {0}, which is not among the keys; restore it from the backup of the keys"
    )]
    UnknownKey(IdentityKeyId),
    #[error(
        "the sealed ID number was changed, or belongs to another person's record; restore the record from a backup"
    )]
    Tampered,
}

impl OpenError {
    pub fn zh(&self) -> String {
        match self {
            OpenError::Malformed => "加密的身份证号格式不对：内容不全，或由更新的版本写入".into(),
            OpenError::UnknownKey(id) => format!("缺少密钥{id}，无法解密身份证号，请从密钥备份中恢复"),
            OpenError::Tampered => "加密的身份证号被改动，或属于另一人的记录，请从备份中恢复".into(),
        }
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl IdentityKey {
    /// `secret` comes from the operating system's generator once, and is kept apart from the database.
    pub fn new(secret: &[u8; 32]) -> IdentityKey {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"sentrypost identity key 1").extract(secret);
        let mut index = derive::<32>(&root, b"blind index");
        let mut seal = derive::<32>(&root, b"seal");
        let key = IdentityKey {
            id: IdentityKeyId(derive(&root, b"key id")),
            index: hmac::Key::new(hmac::HMAC_SHA256, &index),
            seal: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &seal).expect("AES-256 takes 32 bytes")),
        };
        index.zeroize();
        seal.zeroize();
        key
    }

    pub fn id(&self) -> IdentityKeyId {
        self.id
    }

    pub fn blind_index(&self, number: &IdNumber) -> BlindIndex {
        let tag = hmac::sign(&self.index, number.reveal().as_bytes());
        BlindIndex(tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes"))
    }

    /// Seals for one person's record: opened with another `person_id` it is `Tampered`. A nonce is never used twice with
    /// a key; random ones are good for 2³² seals.
    pub fn seal(&self, number: &IdNumber, person_id: &str, nonce: [u8; NONCE_BYTES]) -> Sealed {
        let mut header = [0; 1 + ID_BYTES];
        header[0] = SCHEME_AES_256_GCM;
        header[1..].copy_from_slice(&self.id.0);
        let mut text = [0; 18];
        text.copy_from_slice(number.reveal().as_bytes());
        let tag = self
            .seal
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(&header, person_id),
                &mut text,
            )
            .expect("18 bytes are within what GCM takes");
        let mut sealed = [0; SEALED_BYTES];
        sealed[..5].copy_from_slice(&header);
        sealed[5..17].copy_from_slice(&nonce);
        sealed[17..35].copy_from_slice(&text);
        sealed[35..].copy_from_slice(tag.as_ref());
        Sealed(sealed)
    }

    fn open(&self, sealed: &Sealed, person_id: &str) -> Result<IdNumber, OpenError> {
        let (header, rest) = sealed.0.split_at(1 + ID_BYTES);
        let (nonce, ciphertext) = rest.split_at(NONCE_BYTES);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Malformed)?;
        let mut text = ciphertext.to_vec();
        let opened = self.seal.open_in_place(nonce, associated(header, person_id), &mut text);
        let number = opened
            .map_err(|_| OpenError::Tampered)
            .and_then(|text| std::str::from_utf8(text).map_err(|_| OpenError::Malformed))
            .and_then(|text| text.parse().map_err(|_| OpenError::Malformed));
        text.zeroize();
        number
    }
}

fn derive<const N: usize>(root: &hkdf::Prk, purpose: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    root.expand(&[purpose], Length(N))
        .and_then(|okm| okm.fill(&mut bytes))
        .expect("HKDF gives up to 255 blocks");
    bytes
}

/// The person's id has no fixed length, so it comes last.
fn associated(header: &[u8], person_id: &str) -> Aad<Vec<u8>> {
    Aad::from([header, person_id.as_bytes()].concat())
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.id)
    }
}

impl Sealed {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Sealed, OpenError> {
        let sealed: [u8; SEALED_BYTES] = bytes.try_into().map_err(|_| OpenError::Malformed)?;
        if sealed[0] != SCHEME_AES_256_GCM {
            return Err(OpenError::Malformed);
        }
        Ok(Sealed(sealed))
    }

    pub fn to_text(&self) -> String {
        base32::encode(&self.0)
    }

    pub fn from_text(text: &str) -> Result<Sealed, OpenError> {
        if text.len() > 4 * SEALED_BYTES {
            return Err(OpenError::Malformed);
        }
        Sealed::from_bytes(&base32::decode(text).map_err(|_| OpenError::Malformed)?)
    }

    pub fn key_id(&self) -> IdentityKeyId {
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&self.0[1..1 + ID_BYTES]);
        IdentityKeyId(id)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed(key {})", self.key_id())
    }
}

/// The key in use, and those before it, which keep opening.
#[derive(Debug)]
pub struct IdentityKeys {
    current: IdentityKey,
    old: Vec<IdentityKey>,
}

impl IdentityKeys {
    pub fn new(current: IdentityKey, old: Vec<IdentityKey>) -> IdentityKeys {
        IdentityKeys { current, old }
    }

    pub fn current(&self) -> &IdentityKey {
        &self.current
    }

    /// The indexes under which the person may be stored: under the current key first, then under those before it,
    /// for records that aren't resealed yet.
    pub fn blind_indexes(&self, number: &IdNumber) -> Vec<BlindIndex> {
        self.keys().map(|key| key.blind_index(number)).collect()
    }

    pub fn open(&self, sealed: &Sealed, person_id: &str) -> Result<IdNumber, OpenError> {
        let id = sealed.key_id();
        let key = self.keys().find(|key| key.id == id).ok_or(OpenError::UnknownKey(id))?;
        key.open(sealed, person_id)
    }

    /// Sealed and indexed anew under the current key; `None` if it is already.
    pub fn reseal(
        &self,
        sealed: &Sealed,
        person_id: &str,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Option<(Sealed, BlindIndex)>, OpenError> {
        let number = self.open(sealed, person_id)?;
        if sealed.key_id() == self.current.id {
            return Ok(None);
        }
        Ok(Some((self.current.seal(&number, person_id, nonce), self.current.blind_index(&number))))
    }

    fn keys(&self) -> impl Iterator<Item = &IdentityKey> {
        std::iter::once(&self.current).chain(&self.old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = "00000000-0000-7000-8000-000000000001";

    /// Made-up people: region 000001 isn't any place's.
    fn number(order: u32) -> IdNumber {
        (0..10)
            .map(|digit| format!("00000119900101{order:03}{digit}"))
            .chain([format!("00000119900101{order:03}X")])
            .find_map(|text| text.parse().ok())
            .unwrap()
    }

    #[test]
    fn opens_what_was_sealed() {
        let keys = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
        let sealed = keys.current().seal(&number(1), PERSON, [7; 12]);
        assert_eq!(keys.open(&sealed, PERSON), Ok(number(1)));
        assert_eq!(Sealed::from_text(&sealed.to_text()), Ok(sealed.clone()));
        assert_eq!(Sealed::from_bytes(sealed.as_bytes()), Ok(sealed));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let keys = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
        let sealed = keys.current().seal(&number(1), PERSON, [7; 12]);
        for at in 0..SEALED_BYTES {
            for bit in 0..8 {
                let mut bytes = sealed.0;
                bytes[at] ^= 1 << bit;
                let opened = Sealed::from_bytes(&bytes).and_then(|sealed| keys.open(&sealed, PERSON));
                let expected = match at {
                    0 => matches!(opened, Err(OpenError::Malformed)),
                    1..5 => matches!(opened, Err(OpenError::UnknownKey(_))),
                    _ => opened == Err(OpenError::Tampered),
                };
                assert!(expected, "byte {at}: {opened:?}");
            }
        }
        for length in 0..SEALED_BYTES {
            assert_eq!(Sealed::from_bytes(&sealed.0[..length]), Err(OpenError::Malformed));
        }
    }

    #[test]
    fn does_not_open_for_another_person() {
        let keys = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
        let sealed = keys.current().seal(&number(1), PERSON, [7; 12]);
        let other = "00000000-0000-7000-8000-000000000002";
        assert_eq!(keys.open(&sealed, other), Err(OpenError::Tampered));
    }

    #[test]
    fn finds_the_same_person_and_nobody_else() {
        let key = IdentityKey::new(&[1; 32]);
        assert_eq!(key.blind_index(&number(1)), key.blind_index(&number(1)));
        assert_ne!(key.blind_index(&number(1)), key.blind_index(&number(2)));
        assert_ne!(key.blind_index(&number(1)), IdentityKey::new(&[2; 32]).blind_index(&number(1)));
    }

    #[test]
    fn old_keys_keep_opening_and_records_move_to_the_new_key() {
        let old = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
        let sealed = old.current().seal(&number(1), PERSON, [7; 12]);
        let keys = IdentityKeys::new(IdentityKey::new(&[2; 32]), vec![IdentityKey::new(&[1; 32])]);
        assert_eq!(keys.open(&sealed, PERSON), Ok(number(1)));
        assert_eq!(keys.blind_indexes(&number(1))[1], old.current().blind_index(&number(1)));
        let (resealed, index) = keys.reseal(&sealed, PERSON, [8; 12]).unwrap().unwrap();
        assert_eq!(index, keys.current().blind_index(&number(1)));
        assert_eq!(resealed.key_id(), keys.current().id());
        assert_eq!(keys.reseal(&resealed, PERSON, [9; 12]), Ok(None));
        assert_eq!(old.open(&resealed, PERSON), Err(OpenError::UnknownKey(keys.current().id())));
    }

    /// The values were worked out by another HKDF and HMAC (Python's).
    #[test]
    fn derived_values_do_not_change_between_versions() {
        let key = IdentityKey::new(&[1; 32]);
        assert_eq!(key.id().to_string(), "ae91ea72");
        let index = key.blind_index(&number(1));
        assert_eq!(base32::encode(index.as_bytes()), "JVGM65BWJRQRME6Y9XRWWV35KGPFYSCBST3Q4Z354RHEBVYT17Q0");
    }

    #[test]
    fn shows_no_secret() {
        let key = IdentityKey::new(&[1; 32]);
        let sealed = key.seal(&number(1), PERSON, [7; 12]);
        assert_eq!(format!("{key:?} {sealed:?}"), format!("IdentityKey({0}) Sealed(key {0})", key.id()));
    }
}
