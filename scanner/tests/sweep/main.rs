//! Whole sweeps, against listeners on loopback addresses of their own and inside namespaces.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod drives;
mod namespaces;
mod survives;
mod world;
