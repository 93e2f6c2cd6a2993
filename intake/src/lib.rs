//! What clerks write in workbooks: rows and cells as files hold them, and one importer for every kind of sheet.
//!
//! A domain brings its [`schema::Schema`]: sheets, columns, how their cells are read, its own reasons and remarks.
//! It then calls [`source::read_all`], stages the records sheet by sheet ([`stage`]), lists what changes
//! ([`changes`]) and gets its [`outcome::Outcome`]. Nothing here knows a sheet or a column by name; `registry` and
//! `training` bring theirs.

#![forbid(unsafe_code)]

pub mod cell;
pub mod changes;
pub mod columns;
pub mod contact;
pub mod context;
mod error_sheets;
pub mod furniture;
pub mod header;
pub mod outcome;
pub mod reason;
pub mod schema;
pub mod source;
pub mod stage;
pub mod table;
pub mod template;
pub mod warning;

pub use error_sheets::column_out;
