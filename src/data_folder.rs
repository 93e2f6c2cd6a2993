//! The data folder: where things lie in it, and who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::exit::{Exit, Failure, OrExit};

/// A data folder. It exists and can be written to unless it was only named by [`DataFolder::at`].
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

/// A hold on the data folder; released when it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
#[error("another command, perhaps a scan, holds {0}; wait for it, or use another --data")]
struct Held(String);

/// How often a hold that is waited for is tried.
const TRY_EVERY: Duration = Duration::from_millis(50);

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

    /// The customer's scheme of training, where there is one.
    pub fn scheme(&self) -> PathBuf {
        self.root.join("training.toml")
    }

    pub fn certificates(&self) -> PathBuf {
        self.root.join("certificates")
    }

    /// Secrets: of ID numbers and of signatures.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The customer's fonts.
    pub fn fonts(&self) -> PathBuf {
        self.root.join("fonts")
    }

    pub fn lab(&self) -> PathBuf {
        self.root.join("lab")
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the folder together with others: scans run side by side, each with a folder and a lock of its own.
    pub fn share(&self) -> Result<Hold, Failure> {
        hold(&self.root, "scan.lock", File::try_lock_shared)
    }

    /// Takes the folder alone: nobody scans by a register that changes meanwhile.
    pub fn hold_alone(&self) -> Result<Hold, Failure> {
        hold(&self.root, "scan.lock", File::try_lock)
    }

    /// Waits for the findings: runs are judged one by one, each knowing what those before it found.
    pub async fn hold_findings(&self) -> Result<Hold, Failure> {
        loop {
            match hold(&self.root, "findings.lock", File::try_lock) {
                Err(failure) if failure.exit == Exit::Busy => tokio::time::sleep(TRY_EVERY).await,
                held => return held,
            }
        }
    }

    /// Takes the queue of reminders: whoever holds it knows that nobody else is sending.
    pub fn hold_reminders(&self) -> Result<Hold, Failure> {
        hold(&self.root, "remind.lock", File::try_lock)
    }

    /// Takes a run for as long as it is carried out, waits for scan windows included.
    pub fn hold_run(run: &Path) -> Result<Hold, Failure> {
        hold(run, "scan.lock", File::try_lock)
    }
}

fn hold(
    folder: &Path,
    name: &str,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Hold, Failure> {
    let path = folder.join(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .or_exit_while(Exit::Environment, format!("can't open {}", path.display()))?;
    match lock(&file) {
        Ok(()) => Ok(Hold { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Failure::new(Exit::Busy, Held(folder.display().to_string()))),
        Err(TryLockError::Error(error)) => Err(with_path(error, &path)),
    }
}

fn with_path(error: io::Error, path: &Path) -> Failure {
    Failure {
        exit: Exit::Environment,
        error: anyhow::Error::from(error).context(format!("can't lock {}", path.display())),
    }
}
