//! Append-only files of JSON lines. A last line that a crash cut short is dropped on opening.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::append::AppendFile;
use super::error::RunError;

/// Appends values of one type.
#[derive(Debug)]
pub(crate) struct LineWriter<T> {
    file: AppendFile,
    of: PhantomData<fn(&T)>,
}

impl<T: Serialize + DeserializeOwned> LineWriter<T> {
    /// Opens or creates a file, tells `each` what is in it and cuts a torn last line.
    pub(crate) fn open(path: &Path, mut each: impl FnMut(T)) -> Result<LineWriter<T>, RunError> {
        let file = AppendFile::open(path, |file| {
            let mut lines = Lines::new(path, file);
            for value in lines.by_ref() {
                each(value?);
            }
            Ok(lines.n_whole)
        })?;
        Ok(LineWriter { file, of: PhantomData })
    }

    /// Appends values and syncs.
    pub(crate) fn append(&mut self, values: &[T]) -> Result<(), RunError> {
        if values.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for value in values {
            serde_json::to_writer(&mut bytes, value)
                .map_err(|error| RunError::io("write", self.file.path(), io::Error::other(error)))?;
            bytes.push(b'\n');
        }
        self.file.append(&bytes)
    }
}

/// Reads values one at a time. A torn last line ends the reading; a bad line before that is an error.
#[derive(Debug)]
pub(crate) struct Lines<T, F = File> {
    file: BufReader<F>,
    path: PathBuf,
    n_lines: usize,
    /// Length up to which everything is whole.
    n_whole: u64,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned, F: io::Read> Lines<T, F> {
    pub(crate) fn new(path: &Path, file: F) -> Lines<T, F> {
        let file = BufReader::new(file);
        Lines { file, path: path.to_owned(), n_lines: 0, n_whole: 0, of: PhantomData }
    }

    /// Length of what was read whole: where the next value begins.
    pub(crate) fn n_whole(&self) -> u64 {
        self.n_whole
    }

    fn read(&mut self) -> Result<Option<T>, RunError> {
        let mut line = Vec::new();
        let fail = |source| RunError::io("read", &self.path, source);
        self.file.read_until(b'\n', &mut line).map_err(fail)?;
        if line.last() != Some(&b'\n') {
            return Ok(None);
        }
        self.n_lines += 1;
        match serde_json::from_slice(&line) {
            Ok(value) => {
                self.n_whole += line.len() as u64;
                Ok(Some(value))
            }
            Err(_) if self.file.fill_buf().map_err(fail)?.is_empty() => Ok(None),
            Err(source) => Err(RunError::Line { path: self.path.clone(), line: self.n_lines, source }),
        }
    }
}

impl<T: DeserializeOwned, F: io::Read> Iterator for Lines<T, F> {
    type Item = Result<T, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Value = (u32, String);

    fn read(path: &Path) -> Result<Vec<Value>, RunError> {
        Lines::new(path, File::open(path).unwrap()).collect()
    }

    fn values() -> Vec<Value> {
        vec![(1, "岗哨".to_owned()), (2, "a\nb".to_owned()), (3, String::new())]
    }

    #[test]
    fn a_file_torn_at_any_byte_keeps_its_whole_lines_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        LineWriter::open(&path, |_: Value| ()).unwrap().append(&values()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..=bytes.len() {
            for tail in [&b""[..], &[0; 9], b"\xff\n"] {
                std::fs::write(&path, [&bytes[..length], tail].concat()).unwrap();
                let n_expected = bytes[..length].iter().filter(|&&byte| byte == b'\n').count();
                let mut seen = Vec::new();
                let mut writer = LineWriter::open(&path, |value: Value| seen.push(value)).unwrap();
                assert_eq!(seen, values()[..n_expected], "torn at {length}");
                writer.append(&[(9, "next".to_owned())]).unwrap();
                assert_eq!(read(&path).unwrap()[n_expected..], [(9, "next".to_owned())]);
            }
        }
    }

    #[test]
    fn a_bad_line_in_the_middle_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "[1,\"a\"]\n[oops\n[2,\"b\"]\n").unwrap();
        assert!(matches!(read(&path), Err(RunError::Line { line: 2, .. })));
    }
}
