//! Old workbooks built record by record, so that odd and hostile ones can be made.

use std::io::{Cursor, Write};

/// A workbook stream: the workbook's own records, then the sheets with their positions filled in.
pub(crate) struct Biff {
    version: u16,
    globals: Vec<u8>,
    sheets: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(crate) fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

/// Values of a record one after the other, as little-endian numbers of 16 bits.
pub(crate) fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The first record of a part: 0x0005 for the workbook, 0x0010 for a sheet, 0x0020 for a chart.
pub(crate) fn start(version: u16, kind: u16) -> Vec<u8> {
    record(0x0809, &words(&[version, kind, 0, 0]))
}

pub(crate) fn end() -> Vec<u8> {
    record(0x000a, &[])
}

/// A number at a row and column, both from 0.
pub(crate) fn number(row: u16, column: u16, style: u16, value: f64) -> Vec<u8> {
    record(0x0203, &[words(&[row, column, style]), value.to_le_bytes().to_vec()].concat())
}

/// A cell that points at a shared text.
pub(crate) fn shared(row: u16, column: u16, index: u32) -> Vec<u8> {
    record(0x00fd, &[words(&[row, column, 0]), index.to_le_bytes().to_vec()].concat())
}

/// Shared texts in one record, none of them broken.
pub(crate) fn texts(declared: u32, texts: &[&str]) -> Vec<u8> {
    let mut data = [declared.to_le_bytes(), declared.to_le_bytes()].concat();
    for text in texts {
        let units: Vec<u16> = text.encode_utf16().collect();
        data.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
        data.push(1);
        data.extend(words(&units));
    }
    record(0x00fc, &data)
}

impl Biff {
    pub(crate) fn new(version: u16) -> Biff {
        Biff { version, globals: Vec::new(), sheets: Vec::new() }
    }

    /// One sheet of the records given, in the edition of Excel 97.
    pub(crate) fn of(records: &[Vec<u8>]) -> Biff {
        Biff::new(0x0600).sheet(&[2, 0, 0x0d, 0x54, 0x55, 0x5f], records)
    }

    pub(crate) fn global(mut self, record: Vec<u8>) -> Biff {
        self.globals.extend(record);
        self
    }

    /// A visible sheet; its name with whatever stands before it in this edition.
    pub(crate) fn sheet(mut self, name: &[u8], records: &[Vec<u8>]) -> Biff {
        let records = [&[start(self.version, 0x0010)], records, &[end()]].concat().concat();
        self.sheets.push((name.to_vec(), records));
        self
    }

    pub(crate) fn stream(&self) -> Vec<u8> {
        let list_length: usize = self.sheets.iter().map(|(name, _)| 4 + 6 + name.len()).sum();
        let head = start(self.version, 0x0005);
        let mut at = head.len() + self.globals.len() + list_length + end().len();
        let mut list = Vec::new();
        for (name, records) in &self.sheets {
            let position = u32::try_from(at).unwrap().to_le_bytes();
            list.extend(record(0x0085, &[&position, &[0, 0][..], name].concat()));
            at += records.len();
        }
        let sheets = self.sheets.iter().map(|(_, records)| records.clone()).collect::<Vec<_>>().concat();
        [head, self.globals.clone(), list, end(), sheets].concat()
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        compound(&[(if self.version == 0x0600 { "Workbook" } else { "Book" }, &self.stream())])
    }
}

/// A compound file of streams.
pub(crate) fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).unwrap();
    for (name, content) in streams {
        file.create_stream(name).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}
