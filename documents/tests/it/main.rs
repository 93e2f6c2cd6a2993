//! The crate from outside: files in, rows out; documents in, files out.

#![expect(clippy::unwrap_used, reason = "a fixture that can't be made fails the test that wants it")]

mod biff;
mod calendar;
mod csv;
mod docx;
mod fixture;
mod glyphs;
mod hostile;
mod parts;
mod poppler;
mod printing;
mod properties;
mod specimens;
mod workbook;
mod writing;
mod xls;
