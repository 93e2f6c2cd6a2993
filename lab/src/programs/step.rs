//! Building commands for real servers, and running the short ones that prepare them, within a time limit.
//!
//! Every command gets a bare environment, no input, and asks the kernel to end it with the thread that started it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::site::{Account, find_program};
use crate::process::POLL;

/// Where a service's program writes; its tail goes into the reason when it fails.
pub(crate) const LOG_NAME: &str = "log";
const LONGEST_STEP: Duration = Duration::from_secs(20);
const TAIL: usize = 600;

#[derive(Debug, Error)]
pub(crate) enum StepFailed {
    #[error("could not run {program}: {source}")]
    Start { program: String, source: io::Error },
    #[error("{program} failed ({status}): {log_tail}")]
    Status { program: String, status: String, log_tail: String },
    #[error("{program} took longer than {} seconds: {log_tail}", LONGEST_STEP.as_secs())]
    TooLong { program: String, log_tail: String },
}

/// A command in the foreground, in a process group of its own so that Ctrl-C reaches only the holder, which then
/// ends it in order.
pub(crate) fn command(
    binary: &Path,
    args: &[String],
    account: Option<Account>,
    dir: &Path,
) -> Result<Command, io::Error> {
    // util-linux' setpriv becomes the program that it is given, so the pid stays. Without it a server outlives a
    // holder that is killed, until `down` ends it.
    let mut command = match find_program("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "TERM", "--"]).arg(binary);
            command
        }
        None => Command::new(binary),
    };
    let log = File::options().append(true).create(true).open(dir.join(LOG_NAME))?;
    command
        .args(args)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .env("HOME", dir)
        .env("TMPDIR", dir)
        // A distribution's openssl.cnf may forbid the very protocols that the lab is there to show.
        .env("OPENSSL_CONF", "/dev/null")
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(log.try_clone()?)
        .stdout(log)
        .process_group(0);
    if let Some(account) = account {
        // The standard library drops supplementary groups with the uid.
        command.gid(account.gid).uid(account.uid);
    }
    Ok(command)
}

/// Runs a short program to its end.
pub(crate) fn run(
    binary: &Path,
    args: &[String],
    account: Option<Account>,
    dir: &Path,
) -> Result<(), StepFailed> {
    let program = binary.display().to_string();
    let start_failed = |source| StepFailed::Start { program: program.clone(), source };
    let mut child = command(binary, args, account, dir).and_then(|mut c| c.spawn()).map_err(start_failed)?;
    let deadline = Instant::now() + LONGEST_STEP;
    loop {
        match child.try_wait().map_err(start_failed)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                return Err(StepFailed::Status {
                    program,
                    status: status.to_string(),
                    log_tail: log_tail(dir),
                });
            }
            None if Instant::now() >= deadline => {
                // Best effort: what matters now is the report.
                let _ = child.kill();
                let _ = child.wait();
                return Err(StepFailed::TooLong { program, log_tail: log_tail(dir) });
            }
            None => thread::sleep(POLL),
        }
    }
}

/// The last lines of the service's log on one line, for a message.
pub(crate) fn log_tail(dir: &Path) -> String {
    tail_of(&dir.join(LOG_NAME)).unwrap_or_else(|| "it left no log".to_owned())
}

pub(crate) fn tail_of(path: &PathBuf) -> Option<String> {
    let length = fs::metadata(path).ok()?.len();
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL as u64))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL as u64).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_carries_what_the_program_said() {
        let dir = tempfile::tempdir().unwrap();
        let args = ["-c".to_owned(), "echo 虚构 fault >&2; exit 3".to_owned()];
        let failed = run(Path::new("/bin/sh"), &args, None, dir.path()).unwrap_err().to_string();
        assert!(failed.contains("exit status: 3") && failed.contains("虚构 fault"), "{failed}");
    }

    #[test]
    fn a_log_tail_is_bounded_and_survives_a_cut_character() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(LOG_NAME), "岗".repeat(10_000)).unwrap();
        assert!(log_tail(dir.path()).len() <= 3 * TAIL);
        fs::write(dir.path().join(LOG_NAME), "\n \n").unwrap();
        assert_eq!(log_tail(dir.path()), "it left no log");
    }
}
