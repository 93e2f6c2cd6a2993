//! Training and post certificates: people, posts, sittings, scores, certificates, requirements; and the ports through
//! which they are stored.
//!
//! Pure rules over plain values. No SQL, no files, no clock, no randomness: `today`, fresh ids, nonces and keys are
//! arguments.

#![forbid(unsafe_code)]

mod base32;
pub mod certificates;
pub mod coverage;
pub mod credits;
pub mod due;
pub mod id_number;
pub mod identity;
pub mod issue;
pub mod keys;
pub mod moves;
pub mod people;
pub mod ports;
pub mod records;
pub mod reminders;
pub mod revocations;
pub mod scheme;
pub mod serial;
pub mod sittings;
pub mod statement;
pub mod token;
pub mod verifier;
