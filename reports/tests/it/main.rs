//! The crate through its public face: from rows to frozen files to editions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its own functions")]

mod editions;
mod figures;
mod hostile;
mod languages;
mod posts;
mod runs;
mod snapshot;
mod town;
