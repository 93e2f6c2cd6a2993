//! Exit codes: the only place where they are given, and what scripts may rely on. README lists them too.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, whole.
    Done,
    /// What was compared differs, where that was asked for; a certificate is genuine and doesn't count on the day.
    Differs,
    /// A certificate isn't genuine: it was forged, changed, or signed with a stolen key.
    NotGenuine,
    /// Cut off or incomplete: what was done is kept, and can be resumed.
    Partial,
    /// So much got lost on the way that the run was stopped (`--max-loss`); it can be resumed.
    TooMuchLoss,
    /// A target was refused: it is outside the scope.
    OutOfScope,
    /// The command line makes no sense.
    Usage,
    /// A file that somebody gave is wrong; nothing of it was taken, unless that was asked for.
    BadInput,
    /// Something that was asked for doesn't exist.
    NotFound,
    /// The environment fails: unwritable folder, full disk, missing permission, a file in the way.
    Environment,
    /// Another scan holds the data folder.
    Busy,
    /// The data folder was written by a newer version, or is damaged.
    Data,
    /// A fault of ours.
    Internal,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Differs => 10,
            Exit::NotGenuine => 11,
            Exit::Partial => 20,
            Exit::TooMuchLoss => 21,
            Exit::OutOfScope => 30,
            Exit::Usage => 64,
            Exit::BadInput => 65,
            Exit::NotFound => 66,
            Exit::Internal => 70,
            Exit::Environment => 74,
            Exit::Busy => 75,
            Exit::Data => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// An error with the exit code that it leads to. The root's own error type: libraries have theirs, and each is
/// given its code where a command calls it.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
}

impl Failure {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Failure {
        Failure { exit, error: error.into() }
    }
}

/// What commands return.
pub type Outcome = Result<Exit, Failure>;

/// Names the exit code of an error, where it is first seen.
pub trait OrExit<T> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
    /// The same, with what was being done.
    fn or_exit_while(self, exit: Exit, doing: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }

    fn or_exit_while(self, exit: Exit, doing: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure { exit, error: error.into().context(doing.into()) })
    }
}
