//! The ports' adapters: SQLite now, PostgreSQL later by the same code path.
//!
//! SQL stores, it never decides: what a change is and whether a finding closes is settled before it comes here.
//! Every use case is one transaction with its events in it, and what was acknowledged is on disk. Nothing
//! outside this crate knows a table or a column.

#![forbid(unsafe_code)]

mod audit;
mod column;
mod fault;
mod findings;
mod outbox;
mod register;
mod reminders;
mod reports;
mod runs;
mod schema;
mod sightings;
mod sqlite;
mod training;

pub use sqlite::{Settings, SqliteStore};
