//! The ledger of serials, apart from the database: a restored backup must never give a serial a second time.
//!
//! One line for each batch, written and synced before the batch is stored. A batch that came to nothing leaves a line
//! all the same; its numbers are skipped if the database doesn't know them, and the log says so.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use training::serial::Serial;

use crate::data_folder::DataFolder;
use crate::exit::{Exit, Failure, OrExit};
use crate::files::make_folder;

pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    pub fn of(data: &DataFolder) -> Result<Ledger, Failure> {
        let folder = data.certificates();
        make_folder(&folder)?;
        Ok(Ledger { path: folder.join("serials") })
    }

    /// The highest sequence of a series that was ever written down; 0 if none was.
    pub fn highest(&self, series: &str) -> Result<u64, Failure> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => {
                return Err(error)
                    .or_exit_while(Exit::Environment, format!("can't read {}", self.path.display()));
            }
        };
        // A torn last line is of a batch that was never stored.
        let serials = text.lines().filter_map(|line| line.parse::<Serial>().ok());
        let own = serials.filter(|serial| serial.series().to_string() == series);
        Ok(own.map(|serial| serial.sequence()).max().unwrap_or(0))
    }

    /// Writes down the highest serial of a batch that is about to be stored: by its sequence, since years and categories
    /// stand before it in the text.
    pub fn reach<'a>(&self, serials: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        let read = serials.filter_map(|serial| serial.parse::<Serial>().ok());
        let Some(serial) = read.max_by_key(Serial::sequence) else { return Ok(()) };
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
            writeln!(file, "{serial}")?;
            file.sync_all()
        };
        write().or_exit_while(Exit::Environment, format!("can't write {}", self.path.display()))
    }
}
