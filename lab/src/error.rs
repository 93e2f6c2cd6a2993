//! What can go wrong with a lab as a whole. Trouble of one service is a `Condition` of that service, not an error.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum LabError {
    #[error("could not {doing} {}", path.display())]
    File {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} does not hold the state of a lab; end what it started by hand, then remove it", path.display())]
    StateUnreadable {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{} was written by another version (format {found}, this one knows {known}); use that version to end the lab", path.display())]
    StateOfAnotherVersion { path: PathBuf, found: u32, known: u32 },
    #[error("{} has {bytes} bytes, too many for the state of a lab", path.display())]
    StateTooLarge { path: PathBuf, bytes: u64 },
    #[error("a lab already runs from this folder (process {pid}); end it with `lab down` first")]
    AlreadyRunning { pid: i32 },
    #[error("this process holds the lab itself; stop it there instead of by `down`")]
    HeldHere,
    #[error("process {pid} of the lab did not end, not even when killed")]
    WontEnd { pid: i32 },
    #[error("{} is not a folder that the lab made, so it was not removed", path.display())]
    NotAWorkDir { path: PathBuf },
    #[error("standard ports need root; use high ports, or run as root")]
    NeedsRoot,
    #[error("could not make the certificate authority of the lab")]
    Certificate(#[from] rcgen::Error),
    #[error("could not start the background process of the lab")]
    Holder(#[source] io::Error),
    #[error("the background process of the lab ended before the lab was ready: {log_tail}")]
    HolderEnded { log_tail: String },
    #[error("the lab was not ready within {seconds} seconds; `lab down` ends what did start")]
    NotReady { seconds: u64 },
    #[error("could not listen for signals")]
    Signals(#[source] io::Error),
    #[error("could not run the lab's own services")]
    Runtime(#[source] io::Error),
    #[error("this system does not tell when a process began (/proc is missing)")]
    NoProc,
}
