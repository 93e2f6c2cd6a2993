//! What clerks write in workbooks, before anybody knows what it means: rows and cells as files hold them, and cells
//! read leniently.
//!
//! Nothing here knows a sheet or a column by name; `registry` and `training` bring theirs.

#![forbid(unsafe_code)]

pub mod cell;
pub mod table;
