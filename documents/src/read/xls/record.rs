//! The records of a workbook stream (MS-XLS 2.1.4), and the bytes of one with its continuations.
//!
//! It must not copy anything: a record is a window into the stream.

use super::damaged_at;
use crate::read::{Damage, ReadError};

/// Carries on what didn't fit into the record before it.
const CONTINUE: u16 = 0x003c;

/// Walks over records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) kind: u16,
    pub(super) data: &'a [u8],
    /// What follows, where the record may go on.
    after: Records<'a>,
}

impl<'a> Records<'a> {
    pub(super) fn from(stream: &'a [u8], at: usize) -> Records<'a> {
        Records { stream, at }
    }

    /// The next record. A stream that ends without the record that says so was cut off.
    pub(super) fn next(&mut self) -> Result<Record<'a>, ReadError> {
        let record = self.read().ok_or_else(|| damaged_at(self.at, Damage::EndsInTheMiddle))?;
        *self = record.after;
        Ok(record)
    }

    fn read(&self) -> Option<Record<'a>> {
        let rest = self.stream.get(self.at..)?;
        let (kind, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let data = rest.get(..length)?;
        let after = Records { stream: self.stream, at: self.at + 4 + length };
        Some(Record { kind: u16::from_le_bytes(*kind), data, after })
    }
}

impl<'a> Record<'a> {
    pub(super) fn bytes(&self) -> Bytes<'a> {
        Bytes { data: self.data, after: self.after }
    }

    /// Where the record ends in the stream.
    pub(super) fn end(&self) -> usize {
        self.after.at
    }
}

/// Reads a record from its start, and on into its continuations.
#[derive(Debug, Clone)]
pub(super) struct Bytes<'a> {
    data: &'a [u8],
    after: Records<'a>,
}

impl<'a> Bytes<'a> {
    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// A value that is never broken between records; one that a record ends just before begins the next.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        if self.data.is_empty() {
            self.go_on()?;
        }
        let (value, rest) = self.data.split_first_chunk()?;
        self.data = rest;
        Some(*value)
    }

    /// Up to `n` bytes of this record.
    pub(super) fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.data.split_at(n.min(self.data.len()));
        self.data = rest;
        taken
    }

    /// Passes over bytes that may be broken anywhere.
    pub(super) fn skip(&mut self, n: usize) -> Option<()> {
        let mut left = n;
        loop {
            left -= self.take(left).len();
            if left == 0 {
                return Some(());
            }
            self.go_on()?;
        }
    }

    /// Whether nothing is left of this record and its continuations.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.data.is_empty() && self.go_on().is_none()
    }

    /// Into the next continuation that holds anything.
    pub(super) fn go_on(&mut self) -> Option<()> {
        loop {
            let next = self.after.read().filter(|next| next.kind == CONTINUE)?;
            *self = next.bytes();
            if !self.data.is_empty() {
                return Some(());
            }
        }
    }

    pub(super) fn is_record_empty(&self) -> bool {
        self.data.is_empty()
    }
}
