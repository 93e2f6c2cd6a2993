//! Turns one crate's shapes into another's, where the two may not know each other.

pub mod asked;
pub mod sheets;
pub mod snapshot;
pub mod staffing;
