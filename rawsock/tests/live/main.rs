//! Against the kernel, in network namespaces of our own. Takes root; without it every test says that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test a panic is the message, and skipping is told"
)]

mod bare;
mod faults;
mod inside;
mod kernel;
mod loopback;
mod privilege;
mod veth;
