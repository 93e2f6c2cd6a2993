//! How fast a run may go: what the system gives, what a host is asked to bear, how long to wait for it.
//!
//! Pure state; sockets and timers are `drive`'s.

mod hosts;
mod limits;
mod rtt;
mod window;

pub(crate) use hosts::{Admission, HostTable, Turn};
pub use limits::{Limits, LimitsError};
pub(crate) use window::Window;
