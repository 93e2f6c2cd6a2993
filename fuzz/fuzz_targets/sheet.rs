//! A workbook as a person uploads it: an answer or an error, never a panic or unbounded memory.
#![no_main]

use documents::read::{ReadLimits, read_file_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = read_file_bytes("a.xlsx", data, &ReadLimits::default());
});
