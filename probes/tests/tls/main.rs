//! Assessments of scripted servers on a virtual clock: those that no library on this machine can be (SSL 2.0, EXPORT,
//! TLCP), and those that nobody would want to be.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod flights;
mod hostile;
mod judged;
mod peer;
mod provoked;
mod readings;
mod resumed;
mod server;
mod tlcp;
