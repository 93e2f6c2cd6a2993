//! Tests of the whole: the binary from outside, and the house rules (`tidy`).

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop where it is")]

mod bad_input;
mod datagrams;
mod demo;
mod exchange;
mod handles;
mod identification;
mod names;
mod old_workbooks;
mod packages;
mod reading;
mod registering;
mod sandbox;
mod scanning;
mod silence;
mod tidy;
mod tls;
mod tls_flow;
mod training_faults;
mod training_papers;
mod training_people;
mod training_reminding;
mod training_report;
mod training_restored;
mod training_year;
mod windows;
