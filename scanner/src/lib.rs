//! Sweeps: which endpoints to probe, in what order, how fast; connecting to them; and a run folder that
//! survives a kill at any moment.
//!
//! The scanner doesn't know the register: it takes a `Scope` and emits observations and coverage, and the
//! root package connects the two. It prints nothing and reads no clock of its own for what it records.

#![forbid(unsafe_code)]

pub mod assess;
mod cancel;
mod drive;
pub mod exchange;
pub mod identify;
mod onlooker;
mod options;
mod pace;
pub mod plan;
mod progress;
mod questions;
pub mod raw;
pub mod resolve;
pub mod run;
mod seam;
mod sweep;
pub mod tls;

pub use cancel::Cancel;
pub use options::{Options, RawOptions, UdpOptions};
pub use pace::{Limits, LimitsError};
pub use progress::Progress;
pub use questions::Questions;
pub use seam::{HostGate, Identifier, OpenPort, Permit};
pub use sweep::{Clock, Outcome, RawRequest, SweepError, SweepOutcome, SweepRequest, sweep};
