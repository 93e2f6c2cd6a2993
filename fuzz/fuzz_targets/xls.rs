//! An old workbook: an answer or an error, never a panic or unbounded memory. Every other case is a stream of records that
//! gets a sound container around it, so that the records are reached.
#![no_main]

use std::io::{Cursor, Write};

use documents::read::{ReadError, ReadLimits, read_file_bytes};
use libfuzzer_sys::fuzz_target;

const START: [u8; 12] = [0x09, 0x08, 0x08, 0x00, 0x00, 0x06, 0x05, 0x00, 0, 0, 0, 0];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let bytes = if first % 2 == 0 {
        [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", rest].concat()
    } else {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a container in memory");
        let mut stream = file.create_stream("Workbook").expect("its first stream");
        stream.write_all(&[&START, rest].concat()).expect("room in memory");
        drop(stream);
        file.flush().expect("room in memory");
        file.into_inner().into_inner()
    };
    let read = read_file_bytes("a.xls", &bytes, &ReadLimits::default());
    assert_ne!(read.err(), Some(ReadError::ParserFailed));
});
