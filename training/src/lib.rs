//! Training and post certificates: people, posts, sittings, scores, certificates, requirements; and the ports through
//! which they are stored.
//!
//! Pure rules over plain values. No SQL, no files, no clock, no randomness: `today`, fresh ids, nonces and keys are
//! arguments.

#![forbid(unsafe_code)]

mod base32;
pub mod id_number;
pub mod identity;
pub mod keys;
pub mod revocations;
pub mod serial;
pub mod statement;
pub mod token;
pub mod verifier;
