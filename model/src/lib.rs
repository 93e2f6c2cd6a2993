//! Domain types and pure rules of Sentrypost.
//!
//! Nothing here reads a clock, a file, the network or randomness: `now` and fresh ids are arguments.
//! SQL, HTML, sockets and data frames stay out; every other crate may use this one, and it uses none of them.

#![forbid(unsafe_code)]

pub mod addr;
pub mod certificate;
pub mod coverage;
pub mod credit_code;
pub mod fact;
pub mod finding;
pub mod host_name;
pub mod id;
pub mod interval;
pub mod observation;
pub mod policy;
pub mod port;
pub mod post;
pub mod reconcile;
pub mod region;
pub mod register;
pub mod scan_window;
pub mod scope;
pub mod severity;
pub mod shape;
pub mod staffing;
pub mod tls_policy;
pub mod unreachable;
