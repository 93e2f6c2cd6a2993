//! Training and post certificates: people, posts, sittings, scores, certificates, requirements; and the ports through
//! which they are stored.
//!
//! Pure rules over plain values. No SQL, no files, no clock, no randomness: `today`, fresh ids, nonces and keys are
//! arguments.

#![forbid(unsafe_code)]

pub mod amend;
mod base32;
mod cells;
pub mod certificates;
pub mod columns;
pub mod coverage;
pub mod credits;
pub mod due;
pub mod evidence;
pub mod forget;
pub mod forms;
pub mod id_number;
pub mod identity;
pub mod import;
pub mod issue;
pub mod keys;
pub mod making;
pub mod moves;
pub mod people;
pub mod ports;
pub mod records;
pub mod reminders;
pub mod revocations;
mod schema;
pub mod scheme;
pub mod serial;
pub mod sittings;
pub mod statement;
pub mod template;
pub mod token;
pub mod verifier;
