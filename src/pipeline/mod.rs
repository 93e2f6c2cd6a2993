//! From a wish to findings: what to probe, probing it, judging what was seen.

mod import;
mod judge;
mod prepare;
mod sweep;
mod tls;
pub mod windows;

pub use import::{Form, ImportResult, ImportWish, Imported, import};
pub use judge::{Evidence, judge, observations};
pub use prepare::{Ports, Prepared, Wish, find_unit, prepare};
pub use sweep::{How, OrSweepFailure, Swept, carry_out, note_state, resume};
pub use tls::{TlsDone, TlsEvidence, TlsRun, assess_tls, begin_tls, judge_tls};
