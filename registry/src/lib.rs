//! The register's use cases: template, import, export, check; and the ports through which it is stored.
//!
//! Plain rows in, plain rows out: which file they come from or go to is the root's to know. No SQL, no XLSX, no
//! clock: `today` and fresh ids are arguments.

#![forbid(unsafe_code)]

pub mod change;
pub mod check;
pub mod columns;
pub mod export;
pub mod import;
pub mod overlap;
pub mod ports;
pub mod reason;
mod schema;
pub mod template;

pub use intake::{cell, table};
