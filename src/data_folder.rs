//! The data folder: where things lie in it, and who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure, OrExit};

/// A data folder. It exists and can be written to unless it was only named by [`DataFolder::at`].
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

/// Held by a command that scans or writes findings; two can't hold one folder.
#[derive(Debug)]
pub struct ScanLock {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
#[error("another scan holds the data folder {0}; wait for it, or use another --data")]
struct Held(String);

impl DataFolder {
    /// Makes the folder if need be, and checks that it can be written to.
    pub fn open(root: &Path) -> Result<DataFolder, Failure> {
        let doing = || format!("can't use the data folder {}; choose another with --data", root.display());
        // It holds names, phones and a city's weaknesses: for its owner only.
        let mut for_owner = std::fs::DirBuilder::new();
        for_owner.recursive(true).mode(0o700);
        for_owner.create(root.join("runs")).or_exit_while(Exit::Environment, doing())?;
        let probe = root.join(format!(".write-test-{}", std::process::id()));
        File::create(&probe).or_exit_while(Exit::Environment, doing())?;
        std::fs::remove_file(&probe).or_exit_while(Exit::Environment, doing())?;
        Ok(DataFolder { root: root.to_owned() })
    }

    /// For looking into it, as far as it is there.
    pub fn at(root: &Path) -> DataFolder {
        DataFolder { root: root.to_owned() }
    }

    pub fn database(&self) -> PathBuf {
        self.root.join("sentrypost.db")
    }

    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    pub fn lab(&self) -> PathBuf {
        self.root.join("lab")
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the folder for a scan; released when the lock is dropped or the process ends, however it ends.
    pub fn lock_for_scan(&self) -> Result<ScanLock, Failure> {
        let path = self.root.join("scan.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .or_exit_while(Exit::Environment, format!("can't open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(ScanLock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::new(Exit::Busy, Held(self.root.display().to_string())))
            }
            Err(TryLockError::Error(error)) => Err(with_path(error, &path)),
        }
    }
}

fn with_path(error: io::Error, path: &Path) -> Failure {
    Failure {
        exit: Exit::Environment,
        error: anyhow::Error::from(error).context(format!("can't lock {}", path.display())),
    }
}
