//! From a wish to findings: what to probe, probing it, judging what was seen.

mod judge;
mod prepare;
mod sweep;

pub use judge::{judge, names_asked_for, observations};
pub use prepare::{Ports, Prepared, Wish, find_unit, prepare};
pub use sweep::{OrSweepFailure, Swept, carry_out, note_state, resume};
