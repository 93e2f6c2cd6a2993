//! The keys that sign certificates and revocation lists: made of given seeds, rotated, revoked; and the public half of
//! the ring, by which anybody verifies.
//!
//! A retired key signs no more, and what it signed verifies on. A revoked key verifies nothing, whatever date a
//! statement bears: who holds a stolen key writes any date. Files are the caller's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{digest, signature};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sm2::dsa::signature::{Signer, Verifier};
use zeroize::{Zeroize, Zeroizing};

use crate::base32;

mod ring;

pub use ring::{PublicRing, Revocation, RingKey};

pub const SIGNATURE_BYTES: usize = 64;
/// The signer's id that GM/T 0009 prescribes where none is agreed.
const SM2_SIGNER: &str = "1234567812345678";
const SECRET_FORMAT: &str = "sentrypost-signing-key-1";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// RFC 8032.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// GB/T 32918.2 with SM3, signer's id 1234567812345678.
    #[serde(rename = "sm2-sm3")]
    Sm2,
}

impl Algorithm {
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::Sm2 => "sm2-sm3",
        }
    }
}

impl FromStr for Algorithm {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Algorithm::Ed25519, Algorithm::Sm2]
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or(KeyError::UnknownAlgorithm)
    }
}

/// Which key: the first four bytes of SHA-256 over the algorithm's name and the public key. It selects, it proves
/// nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| digits).ok_or(KeyError::Id)?;
        Ok(KeyId(number.to_be_bytes()))
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> String {
        id.to_string()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("this key is of an algorithm that is not known here; known are ed25519 and sm2-sm3")]
    UnknownAlgorithm,
    #[error("a key id has eight hexadecimal digits")]
    Id,
    #[error("the seed is no private key of this algorithm; take other random bytes")]
    Seed,
    #[error("the public key is none of its algorithm")]
    Public,
    #[error(
        "this is no signing key as sentrypost writes them, or it was changed; restore it from the backup of the keys"
    )]
    SecretText,
    #[error("the ring of keys holds the key {0} twice")]
    Twice(KeyId),
    #[error("the id {0} does not belong to its public key; the ring was edited")]
    IdOfOther(KeyId),
    #[error("the ring of keys is of format {0}, which this version does not read")]
    RingVersion(u32),
    #[error("the ring of keys cannot be read: {0}")]
    RingText(String),
    #[error("a ring holds at most {0} keys")]
    TooMany(usize),
    #[error("the key {0} is not in the ring")]
    NotInRing(KeyId),
    #[error("the key {0} cannot be retired before it was made")]
    RetiredBeforeCreated(KeyId),
    #[error("no key is in use; make one")]
    NoneInUse,
    #[error(
        "the private half of the key {0} is missing; restore it from the backup of the keys, or make a new key"
    )]
    SecretMissing(KeyId),
}

/// Why a signature isn't accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("it is signed with the key {0}, which is not among the known ones")]
    UnknownKey(KeyId),
    #[error("it is signed with the key {id}, which was revoked on {on}")]
    RevokedKey { id: KeyId, on: NaiveDate },
    #[error("the signature is wrong: this was not issued here, or was changed")]
    Wrong,
}

impl SignatureError {
    pub fn zh(&self) -> String {
        match self {
            SignatureError::UnknownKey(id) => format!("签名密钥{id}不在已知密钥之列"),
            SignatureError::RevokedKey { id, on } => format!("签名密钥{id}已于{on}作废"),
            SignatureError::Wrong => "签名不符：并非本机构签发，或内容被改动".into(),
        }
    }
}

/// A public key, 32 bytes of Ed25519 or an uncompressed point of SM2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl PublicKey {
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<PublicKey, KeyError> {
        let fits = match algorithm {
            Algorithm::Ed25519 => signature::ParsedPublicKey::new(&signature::ED25519, bytes).is_ok(),
            // Other lengths would be compressed points, whose text isn't the only one of the key.
            Algorithm::Sm2 => {
                bytes.len() == 65 && sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_SIGNER, bytes).is_ok()
            }
        };
        if fits { Ok(PublicKey { algorithm, bytes: bytes.to_vec() }) } else { Err(KeyError::Public) }
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn id(&self) -> KeyId {
        let text = [self.algorithm.name().as_bytes(), &[0], &self.bytes].concat();
        let hash = digest::digest(&digest::SHA256, &text);
        let mut id = [0; 4];
        id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        KeyId(id)
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => signature::UnparsedPublicKey::new(&signature::ED25519, &self.bytes)
                .verify(message, signature)
                .is_ok(),
            Algorithm::Sm2 => sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_SIGNER, &self.bytes)
                .and_then(|key| key.verify(message, &sm2::dsa::Signature::from_slice(signature)?))
                .is_ok(),
        }
    }
}

/// A private key, kept as its seed of 32 bytes and wiped when dropped.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SigningKey {
    /// `seed` comes from the operating system's generator. Of SM2 it is the private scalar; one in 2³² or fewer is none
    /// (`KeyError::Seed`).
    pub fn from_seed(algorithm: Algorithm, seed: &[u8; 32]) -> Result<SigningKey, KeyError> {
        let bytes = match algorithm {
            Algorithm::Ed25519 => ed25519(seed)?.public_key().as_ref().to_vec(),
            Algorithm::Sm2 => sm2_key(seed)?.verifying_key().to_sec1_bytes().to_vec(),
        };
        Ok(SigningKey { seed: Zeroizing::new(*seed), public: PublicKey::new(algorithm, &bytes)? })
    }

    pub fn id(&self) -> KeyId {
        self.public.id()
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// 64 bytes; the same for the same message: nonces are derived (RFC 8032; RFC 6979 with SM3).
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], KeyError> {
        match self.public.algorithm {
            Algorithm::Ed25519 => {
                let signature = ed25519(&self.seed)?.sign(message);
                signature.as_ref().try_into().map_err(|_| KeyError::Seed)
            }
            Algorithm::Sm2 => {
                let signature = sm2_key(&self.seed)?.try_sign(message).map_err(|_| KeyError::Seed)?;
                Ok(signature.to_bytes().into())
            }
        }
    }

    /// One line for a file that only the service may read: format, algorithm, id, seed.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(base32::encode(self.seed.as_slice()));
        let (name, id) = (self.public.algorithm.name(), self.id());
        Zeroizing::new(format!("{SECRET_FORMAT} {name} {id} {}\n", seed.as_str()))
    }

    /// The id in the text proves that the seed is whole.
    pub fn from_secret_text(text: &str) -> Result<SigningKey, KeyError> {
        let mut words = text.split_whitespace();
        let mut word = || words.next().ok_or(KeyError::SecretText);
        let (format, algorithm, id, seed) = (word()?, word()?, word()?, word()?);
        if format != SECRET_FORMAT || word().is_ok() || seed.len() > 64 {
            return Err(KeyError::SecretText);
        }
        let mut bytes = base32::decode(seed).map_err(|_| KeyError::SecretText)?;
        let seed: Result<Zeroizing<[u8; 32]>, _> = bytes.as_slice().try_into().map(Zeroizing::new);
        bytes.zeroize();
        let key = SigningKey::from_seed(algorithm.parse()?, &*seed.map_err(|_| KeyError::SecretText)?)?;
        if key.id() == id.parse()? { Ok(key) } else { Err(KeyError::SecretText) }
    }
}

fn ed25519(seed: &[u8; 32]) -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Seed)
}

fn sm2_key(seed: &[u8; 32]) -> Result<sm2::dsa::SigningKey, KeyError> {
    sm2::dsa::SigningKey::from_slice(SM2_SIGNER, seed).map_err(|_| KeyError::Seed)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.public.algorithm.name(), self.id())
    }
}

/// The public ring together with the private keys that are at hand.
#[derive(Debug, Default)]
pub struct KeyRing {
    public: PublicRing,
    secrets: BTreeMap<KeyId, SigningKey>,
}

impl KeyRing {
    /// Private keys that the ring doesn't list are refused: somebody mixed up the folders.
    pub fn new(public: PublicRing, secrets: Vec<SigningKey>) -> Result<KeyRing, KeyError> {
        let mut ring = KeyRing { public, secrets: BTreeMap::new() };
        for key in secrets {
            ring.public.get(key.id()).ok_or(KeyError::NotInRing(key.id()))?;
            ring.secrets.insert(key.id(), key);
        }
        Ok(ring)
    }

    pub fn public(&self) -> &PublicRing {
        &self.public
    }

    /// Takes a fresh key into use, and retires those of before.
    pub fn rotate(&mut self, key: SigningKey, today: NaiveDate) -> Result<KeyId, KeyError> {
        let id = self.public.add(key.public(), today)?;
        let before: Vec<KeyId> =
            self.public.keys().iter().filter(|key| key.in_use() && key.id() != id).map(RingKey::id).collect();
        for old in before {
            self.public.retire(old, today)?;
        }
        self.secrets.insert(id, key);
        Ok(id)
    }

    /// The key was stolen, or may have been: nothing that it signed counts any more.
    pub fn revoke(&mut self, id: KeyId, on: NaiveDate, reason: &str) -> Result<(), KeyError> {
        self.public.revoke(id, on, reason)?;
        self.secrets.remove(&id);
        Ok(())
    }

    /// The key in use.
    pub fn signer(&self) -> Result<&SigningKey, KeyError> {
        let in_use = self.public.keys().iter().rev().find(|key| key.in_use()).ok_or(KeyError::NoneInUse)?;
        self.secrets.get(&in_use.id()).ok_or(KeyError::SecretMissing(in_use.id()))
    }
}

#[cfg(test)]
mod tests;
