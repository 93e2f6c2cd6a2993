//! The public ring: which keys there are and were, as JSON for the verifier page and for others who verify.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Algorithm, KeyError, KeyId, PublicKey, SignatureError};
use crate::base32;

const VERSION: u32 = 1;
/// One a year for a lifetime.
const MAX_KEYS: usize = 100;
const MAX_JSON: usize = 1 << 20;

/// Public keys in the order in which they came into use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PublicRing {
    keys: Vec<RingKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingKey {
    id: KeyId,
    public: PublicKey,
    created_on: NaiveDate,
    retired_on: Option<NaiveDate>,
    revoked: Option<Revocation>,
}

/// When and why a key was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub on: NaiveDate,
    pub reason: String,
}

impl RingKey {
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub fn created_on(&self) -> NaiveDate {
        self.created_on
    }

    pub fn retired_on(&self) -> Option<NaiveDate> {
        self.retired_on
    }

    pub fn revoked(&self) -> Option<&Revocation> {
        self.revoked.as_ref()
    }

    pub fn in_use(&self) -> bool {
        self.retired_on.is_none() && self.revoked.is_none()
    }
}

impl PublicRing {
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    pub fn get(&self, id: KeyId) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub fn add(&mut self, public: &PublicKey, created_on: NaiveDate) -> Result<KeyId, KeyError> {
        let id = public.id();
        self.push(RingKey { id, public: public.clone(), created_on, retired_on: None, revoked: None })?;
        Ok(id)
    }

    fn push(&mut self, key: RingKey) -> Result<(), KeyError> {
        if self.get(key.id).is_some() {
            return Err(KeyError::Twice(key.id));
        }
        if self.keys.len() >= MAX_KEYS {
            return Err(KeyError::TooMany(MAX_KEYS));
        }
        self.keys.push(key);
        Ok(())
    }

    /// A key retired already stays retired since then.
    pub fn retire(&mut self, id: KeyId, on: NaiveDate) -> Result<(), KeyError> {
        let key = self.get_mut(id)?;
        if on < key.created_on {
            return Err(KeyError::RetiredBeforeCreated(id));
        }
        key.retired_on.get_or_insert(on);
        Ok(())
    }

    /// A key revoked already stays revoked for the first reason.
    pub fn revoke(&mut self, id: KeyId, on: NaiveDate, reason: &str) -> Result<(), KeyError> {
        let reason = reason.chars().filter(|c| !c.is_control()).take(200).collect();
        self.get_mut(id)?.revoked.get_or_insert(Revocation { on, reason });
        Ok(())
    }

    fn get_mut(&mut self, id: KeyId) -> Result<&mut RingKey, KeyError> {
        self.keys.iter_mut().find(|key| key.id == id).ok_or(KeyError::NotInRing(id))
    }

    /// Whether a key of the ring that isn't revoked has signed `message`.
    pub fn verify(
        &self,
        id: KeyId,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<&RingKey, SignatureError> {
        let key = self.get(id).ok_or(SignatureError::UnknownKey(id))?;
        if key.public.algorithm() != algorithm || !key.public.verifies(message, signature) {
            return Err(SignatureError::Wrong);
        }
        match &key.revoked {
            Some(Revocation { on, .. }) => Err(SignatureError::RevokedKey { id, on: *on }),
            None => Ok(key),
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("dates, texts and ids always have JSON")
    }

    pub fn from_json(text: &str) -> Result<PublicRing, KeyError> {
        if text.len() > MAX_JSON {
            return Err(KeyError::TooMany(MAX_KEYS));
        }
        let written: Written =
            serde_json::from_str(text).map_err(|error| KeyError::RingText(error.to_string()))?;
        written.try_into()
    }
}

/// The ring as JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    keys: Vec<WrittenKey>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    id: KeyId,
    algorithm: Algorithm,
    /// Base 32.
    public: String,
    created_on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<Revocation>,
}

impl From<PublicRing> for Written {
    fn from(ring: PublicRing) -> Written {
        let keys = ring
            .keys
            .into_iter()
            .map(|key| WrittenKey {
                id: key.id,
                algorithm: key.public.algorithm(),
                public: base32::encode(key.public.as_bytes()),
                created_on: key.created_on,
                retired_on: key.retired_on,
                revoked: key.revoked,
            })
            .collect();
        Written { version: VERSION, keys }
    }
}

impl TryFrom<Written> for PublicRing {
    type Error = KeyError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.version != VERSION {
            return Err(KeyError::RingVersion(written.version));
        }
        let mut ring = PublicRing::default();
        for WrittenKey { id, algorithm, public, created_on, retired_on, revoked } in written.keys {
            let bytes = base32::decode(&public).map_err(|_| KeyError::Public)?;
            let public = PublicKey::new(algorithm, &bytes)?;
            if public.id() != id {
                return Err(KeyError::IdOfOther(id));
            }
            ring.push(RingKey { id, public, created_on, retired_on, revoked })?;
        }
        Ok(ring)
    }
}
