//! TLS assessments of real servers on loopback: what is read off them is what they were told to offer.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod clear;
mod daemon;
mod many;
mod nginx;
mod old_openssl;
mod openssl;
mod others;
mod sessions;
mod tongsuo;
mod world;
