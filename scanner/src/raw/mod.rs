//! Raw scans: an engine that asks by single packets, and the thread that sends and receives them.
//!
//! The engine and all that it is made of are sans-IO; sockets and time are `drive`'s, routes `paths`'.

mod bucket;
mod canaries;
mod clock;
mod dialect;
mod discovery;
mod drive;
mod engine;
mod hosts;
mod lane;
mod loss;
mod neighbours;
mod nets;
mod paths;
mod refusals;
mod report;
mod rtt;
mod syn;
mod throttle;
mod udp;
mod window;

pub use discovery::Discovery;
pub use drive::{RawFailure, RawStart};
pub use paths::PathError;
pub use report::{HostFacts, RawReport};
pub use throttle::Throttle;

pub(crate) use drive::sweep_by_packets;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod udp_tests;
