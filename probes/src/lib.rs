//! Protocols over bytes, sans-IO: what services say of themselves, and how they are asked.
//!
//! Bytes and time go in, steps come out; nothing here opens a connection, reads a clock or prints. Hostile input
//! is the normal case: every decoder is bounded and never panics. Whether a fact is a finding isn't decided here.

#![forbid(unsafe_code)]

pub mod certificate;
pub mod clean;
pub mod conversation;
mod facts;
pub mod identifier;
pub mod packet;
mod plan;
mod protocols;
pub mod recognise;
pub mod seam;
pub mod seen;
pub mod table;
pub mod talk;
pub mod tls;
pub mod udp;
