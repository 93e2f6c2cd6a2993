//! Append-only files of JSON lines, each with a checksum of its own: `{"crc32":"1a2b3c4d","of":…}`. What a crash left of
//! the last line is cut off on opening; a line that isn't what was written is an error.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::append::AppendFile;
use super::error::RunError;

const HEAD: &[u8] = b"{\"crc32\":\"";
const MIDDLE: &[u8] = b"\",\"of\":";
const DIGITS: usize = 8;
/// Bounds what a damaged file can make us read at once.
const MAX_LINE: u64 = 16 << 20;

/// Appends values of one type.
#[derive(Debug)]
pub(crate) struct SealedWriter<T> {
    file: AppendFile,
    of: PhantomData<fn(&T)>,
}

impl<T: Serialize + DeserializeOwned> SealedWriter<T> {
    /// Opens or creates a file, tells `each` what is in it and cuts a torn last line.
    pub(crate) fn open(path: &Path, mut each: impl FnMut(T)) -> Result<SealedWriter<T>, RunError> {
        let file = AppendFile::open(path, |file| {
            let mut lines = SealedLines::new(path, file);
            for value in lines.by_ref() {
                each(value?);
            }
            Ok(lines.n_whole)
        })?;
        Ok(SealedWriter { file, of: PhantomData })
    }

    /// Appends a value and syncs.
    pub(crate) fn append(&mut self, value: &T) -> Result<(), RunError> {
        let body = serde_json::to_vec(value)
            .map_err(|error| RunError::io("write", self.file.path(), io::Error::other(error)))?;
        let sum = format!("{:08x}", crc32fast::hash(&body));
        self.file.append(&[HEAD, sum.as_bytes(), MIDDLE, &body, b"}\n"].concat())
    }
}

/// Reads values one at a time. A torn last line ends the reading.
#[derive(Debug)]
pub(crate) struct SealedLines<T, F = File> {
    file: BufReader<F>,
    path: PathBuf,
    /// Length up to which everything is whole.
    n_whole: u64,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned, F: Read> SealedLines<T, F> {
    pub(crate) fn new(path: &Path, file: F) -> SealedLines<T, F> {
        SealedLines { file: BufReader::new(file), path: path.to_owned(), n_whole: 0, of: PhantomData }
    }

    fn read(&mut self) -> Result<Option<T>, RunError> {
        let fail = |source| RunError::io("read", &self.path, source);
        let mut line = Vec::new();
        (&mut self.file).take(MAX_LINE).read_until(b'\n', &mut line).map_err(fail)?;
        let value = line.strip_suffix(b"\n").and_then(unsealed).and_then(|body| {
            // What the checksum says is whole, and can't be read, is of another version.
            serde_json::from_slice(body).ok()
        });
        match value {
            Some(value) => {
                self.n_whole += line.len() as u64;
                Ok(Some(value))
            }
            None if self.file.fill_buf().map_err(fail)?.is_empty() && !is_whole(&line) => Ok(None),
            None => Err(RunError::damaged(&self.path, "a line isn't what was written")),
        }
    }
}

impl<T: DeserializeOwned, F: Read> Iterator for SealedLines<T, F> {
    type Item = Result<T, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Whether a line is as it was written, though it may hold nothing that is known here.
fn is_whole(line: &[u8]) -> bool {
    line.strip_suffix(b"\n").and_then(unsealed).is_some()
}

/// What a line holds, if it is what was written.
fn unsealed(line: &[u8]) -> Option<&[u8]> {
    let (sum, rest) = line.strip_prefix(HEAD)?.split_at_checked(DIGITS)?;
    let body = rest.strip_prefix(MIDDLE)?.strip_suffix(b"}")?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (crc32fast::hash(body) == sum).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Value = (u32, String);

    fn values() -> Vec<Value> {
        vec![(1, "岗哨".to_owned()), (2, "a\nb".to_owned()), (3, String::new())]
    }

    fn written(path: &Path) -> Vec<u8> {
        let mut writer = SealedWriter::open(path, |_: Value| ()).unwrap();
        values().iter().for_each(|value| writer.append(value).unwrap());
        std::fs::read(path).unwrap()
    }

    fn read(path: &Path) -> Result<Vec<Value>, RunError> {
        SealedLines::new(path, File::open(path).unwrap()).collect()
    }

    #[test]
    fn a_file_torn_at_any_byte_keeps_its_whole_lines_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealed");
        let bytes = written(&path);
        for length in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let n_expected = bytes[..length].iter().filter(|&&byte| byte == b'\n').count();
            let mut seen = Vec::new();
            let mut writer = SealedWriter::open(&path, |value: Value| seen.push(value)).unwrap();
            assert_eq!(seen, values()[..n_expected], "torn at {length}");
            writer.append(&(9, "next".to_owned())).unwrap();
            assert_eq!(read(&path).unwrap()[n_expected..], [(9, "next".to_owned())]);
        }
    }

    #[test]
    fn a_changed_byte_before_the_last_line_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealed");
        let bytes = written(&path);
        let first_line = bytes.iter().position(|&byte| byte == b'\n').unwrap();
        for at in 0..first_line {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(read(&path), Err(RunError::Damaged { .. })), "at {at}");
        }
    }
}
