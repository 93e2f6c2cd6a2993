//! A file that is only ever added to: what a crash left of its end is cut off, and no half write stays behind.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::RunError;

#[derive(Debug)]
pub(crate) struct AppendFile {
    file: File,
    path: PathBuf,
    n_whole: u64,
}

impl AppendFile {
    /// Opens or creates a file and cuts it to the length up to which `read` says that it is whole.
    pub(crate) fn open(
        path: &Path,
        read: impl FnOnce(&File) -> Result<u64, RunError>,
    ) -> Result<AppendFile, RunError> {
        let fail = |source| RunError::io("open", path, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(fail)?;
        let n_whole = read(&file)?;
        if file.metadata().map_err(fail)?.len() > n_whole {
            file.set_len(n_whole).and_then(|()| file.sync_all()).map_err(fail)?;
        }
        file.seek(SeekFrom::Start(n_whole)).map_err(fail)?;
        Ok(AppendFile { file, path: path.to_owned(), n_whole })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends bytes and syncs.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Leave no half line behind. If this fails as well, the next opening cuts it.
            let cut = self.file.set_len(self.n_whole);
            drop(cut.and_then(|()| self.file.seek(SeekFrom::Start(self.n_whole))));
            return Err(RunError::io("write", &self.path, source));
        }
        self.n_whole += bytes.len() as u64;
        Ok(())
    }
}
