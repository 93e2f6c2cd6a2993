//! Typed identifiers: UUIDv7 text, so that ids sort by the time they were made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Makes fresh ids. The root package implements it over clock and randomness, tests over a counter.
pub trait Mint: Send {
    /// A UUIDv7 that this mint has never returned before.
    fn mint(&mut self) -> Uuid;
}

/// Ids counted up from one, for tests and for previews that are thrown away.
#[derive(Debug, Default)]
pub struct CountingMint(u64);

impl Mint for CountingMint {
    fn mint(&mut self) -> Uuid {
        self.0 += 1;
        let mut tail = [0u8; 10];
        tail[2..].copy_from_slice(&self.0.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(0, &tail).into_uuid()
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub fn mint(mint: &mut dyn Mint) -> Self {
                Self(mint.mint())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A government body.
    UnitId,
    /// An information system of a unit.
    SystemId,
    /// An address range, address or host name of a unit.
    AssetId,
    /// A named person of a unit.
    PersonId,
    /// A part of an asset that must not be probed.
    ExclusionId,
    /// A service that a unit has registered as needed.
    DeclaredServiceId,
    /// One scan run.
    RunId,
    /// One finding, for its whole life.
    FindingId,
    /// One entry in a finding's history.
    EventId,
    /// A person in the training records; apart from the contacts of the register.
    StaffId,
    /// One person in one post, from a day on.
    HoldingId,
    /// A term of training (期).
    TermId,
    /// One lesson or exam of a term.
    SittingId,
    /// One person's exam result.
    AttemptId,
    /// A topic or a category that a person needn't pass, for evidence that was accepted.
    WaiverId,
    /// One post certificate as issued: renewals and replacements are others.
    PostCertificateId,
}
