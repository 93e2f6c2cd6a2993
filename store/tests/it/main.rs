//! Tests of the stores: what every store must do (`conformance`), and what SQLite must do besides.

mod conformance;
mod durability;
mod files;
mod sqlite;
