//! `lab.json`: what runs where, kept in the state folder so that another process can list it and end it.
//!
//! Written by the process that holds the lab, before and after every change; read by `list` and `down`. It never
//! starts a service.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::error::LabError;
use crate::plan::{Network, Ports};
use crate::process::ProcessMark;
use crate::services::{Declaration, Round, Transport};

const FILE_NAME: &str = "lab.json";
/// Raised when a reader of the old format would misread the new one.
const FORMAT: u32 = 1;
/// A real file is about 15 KB; whatever is larger isn't ours.
const LARGEST_FILE: u64 = 1024 * 1024;
/// The folders of running services carry this prefix, and nothing without it is ever removed.
pub(crate) const WORK_PREFIX: &str = "sentrypost-lab-";
pub(crate) const AUTHORITY_FILE: &str = "ca.pem";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabState {
    format: u32,
    pub phase: Phase,
    /// The process whose end ends the lab.
    pub holder: ProcessMark,
    pub round: Round,
    pub ports: Ports,
    pub network: Network,
    /// Where the services keep their files while they run; removed with them.
    pub work_dir: PathBuf,
    pub services: Vec<ServiceRecord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Starting,
    Ready,
}

/// One line of `lab list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    pub name: String,
    pub unit: u8,
    pub host_name: String,
    pub address: SocketAddr,
    pub transport: Transport,
    pub origin: Origin,
    pub declaration: Declaration,
    pub fault_en: String,
    pub fault_zh: String,
    pub condition: Condition,
}

/// Whose program answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A server as Debian packages it.
    Debian { package: String, binary: String },
    /// Ours, inside the holder.
    Ours,
    /// Deliberately nothing.
    Nobody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    Starting {
        process: Option<ProcessMark>,
    },
    /// It accepted a connection. `process` is that of a real server; ours live in the holder.
    Running {
        process: Option<ProcessMark>,
    },
    /// It can't run on this machine, e.g. since its package isn't installed.
    Skipped {
        reason: String,
    },
    /// It should have run.
    Failed {
        reason: String,
        /// Another program listens on its address, so that what answers there isn't the lab's.
        #[serde(default)]
        is_taken: bool,
    },
    /// The row says that nothing listens here.
    Absent,
}

impl Condition {
    pub fn process(&self) -> Option<ProcessMark> {
        match self {
            Condition::Starting { process } | Condition::Running { process } => *process,
            Condition::Skipped { .. } | Condition::Failed { .. } | Condition::Absent => None,
        }
    }
}

/// What [`down`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownReport {
    /// There was no lab in this folder.
    NothingToStop,
    /// The holder stopped its services and itself.
    Stopped,
    /// The holder was gone or had to be killed; `n_ended` servers that it left behind were ended.
    Cleaned { n_ended: usize },
}

impl LabState {
    pub(crate) fn starting(
        holder: ProcessMark,
        round: Round,
        ports: Ports,
        network: Network,
        work_dir: PathBuf,
        services: Vec<ServiceRecord>,
    ) -> LabState {
        LabState { format: FORMAT, phase: Phase::Starting, holder, round, ports, network, work_dir, services }
    }

    /// `None` when no lab was started in this folder.
    pub fn load(state_dir: &Path) -> Result<Option<LabState>, LabError> {
        let path = state_dir.join(FILE_NAME);
        let read_failed = |source| LabError::File { doing: "read", path: path.clone(), source };
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(read_failed(error)),
            Ok(metadata) if metadata.len() > LARGEST_FILE => {
                return Err(LabError::StateTooLarge { path, bytes: metadata.len() });
            }
            Ok(_) => {}
        }
        let text = fs::read(&path).map_err(read_failed)?;
        let state: LabState = serde_json::from_slice(&text)
            .map_err(|source| LabError::StateUnreadable { path: path.clone(), source })?;
        if state.format != FORMAT {
            return Err(LabError::StateOfAnotherVersion { path, found: state.format, known: FORMAT });
        }
        Ok(Some(state))
    }

    /// Replaces the file as one step, so that a reader never meets half of it.
    pub(crate) fn save(&self, state_dir: &Path) -> Result<(), LabError> {
        let path = state_dir.join(FILE_NAME);
        let write_failed = |source| LabError::File { doing: "write", path: path.clone(), source };
        let fresh = state_dir.join(format!("{FILE_NAME}.new"));
        let text =
            serde_json::to_vec_pretty(self).expect("a state is plain data without maps keyed by structures");
        fs::write(&fresh, text).map_err(write_failed)?;
        fs::rename(&fresh, &path).map_err(write_failed)
    }

    /// The certificate, in PEM, of the authority behind the lab's good certificates; there while the lab runs.
    pub fn authority_file(&self) -> PathBuf {
        self.work_dir.join(AUTHORITY_FILE)
    }

    pub fn holder_is_alive(&self) -> bool {
        self.holder.is_alive()
    }

    /// Ends what this lab may have left behind, and forgets it. The holder must be gone (or be us).
    pub(crate) fn clear(&self, state_dir: &Path) -> Result<usize, LabError> {
        let left: Vec<_> = self
            .services
            .iter()
            .filter_map(|s| s.condition.process())
            .filter(|process| process.is_alive())
            .collect();
        // All are asked first, so that they end side by side.
        for process in &left {
            process.signal(Signal::TERM);
        }
        for process in &left {
            if !process.end(Signal::INT, GRACE) {
                return Err(LabError::WontEnd { pid: process.pid() });
            }
        }
        remove_work_dir(&self.work_dir)?;
        let path = state_dir.join(FILE_NAME);
        match fs::remove_file(&path) {
            Ok(()) => Ok(left.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(left.len()),
            Err(source) => Err(LabError::File { doing: "remove", path, source }),
        }
    }
}

const GRACE: Duration = Duration::from_secs(3);
/// A holder needs a little more: it waits for its own children.
const HOLDER_GRACE: Duration = Duration::from_secs(12);

/// Ends the lab whose state is in `state_dir`: the holder if it runs, else the servers that it left behind. Only
/// processes whose pid and start time both match the record are touched.
pub fn down(state_dir: &Path) -> Result<DownReport, LabError> {
    let Some(state) = LabState::load(state_dir)? else { return Ok(DownReport::NothingToStop) };
    if state.holder.is_this_process() {
        return Err(LabError::HeldHere);
    }
    if state.holder_is_alive() {
        state.holder.signal(Signal::TERM);
        if state.holder.wait_until_gone(HOLDER_GRACE) && LabState::load(state_dir)?.is_none() {
            return Ok(DownReport::Stopped);
        }
        if !state.holder.end(Signal::KILL, GRACE) {
            return Err(LabError::WontEnd { pid: state.holder.pid() });
        }
    }
    // Read again: a holder that was still starting may have written more children since.
    let state = LabState::load(state_dir)?.unwrap_or(state);
    Ok(DownReport::Cleaned { n_ended: state.clear(state_dir)? })
}

/// The path came out of a file, so it is removed only if it looks like one of ours.
pub(crate) fn remove_work_dir(work_dir: &Path) -> Result<(), LabError> {
    let ours =
        work_dir.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(WORK_PREFIX));
    if !ours || !work_dir.is_absolute() {
        return Err(LabError::NotAWorkDir { path: work_dir.to_owned() });
    }
    match fs::remove_dir_all(work_dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(LabError::File { doing: "remove", path: work_dir.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn example() -> LabState {
        let holder = ProcessMark::of(std::process::id()).unwrap();
        let work_dir = PathBuf::from(format!("/nonexistent/{WORK_PREFIX}1"));
        LabState::starting(holder, Round::First, Ports::High, Network::default(), work_dir, Vec::new())
    }

    #[test]
    fn a_saved_state_is_read_back_the_same() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(LabState::load(dir.path()).unwrap(), None);
        example().save(dir.path()).unwrap();
        assert_eq!(LabState::load(dir.path()).unwrap(), Some(example()));
    }

    #[test]
    fn an_unreadable_state_is_an_error_and_not_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), b"{ \"format\": 1").unwrap();
        assert!(matches!(LabState::load(dir.path()), Err(LabError::StateUnreadable { .. })));
        let mut newer = example();
        newer.format = FORMAT + 1;
        newer.save(dir.path()).unwrap();
        assert!(matches!(LabState::load(dir.path()), Err(LabError::StateOfAnotherVersion { .. })));
    }

    #[test]
    fn never_removes_a_folder_that_is_not_a_work_folder() {
        let dir = tempfile::tempdir().unwrap();
        for path in
            [dir.path().to_owned(), PathBuf::from("/"), PathBuf::from(format!("{WORK_PREFIX}relative"))]
        {
            assert!(
                matches!(remove_work_dir(&path), Err(LabError::NotAWorkDir { .. })),
                "{}",
                path.display()
            );
        }
        assert!(dir.path().exists());
    }

    #[test]
    fn down_refuses_to_end_the_process_that_asks() {
        let dir = tempfile::tempdir().unwrap();
        example().save(dir.path()).unwrap();
        assert!(matches!(down(dir.path()), Err(LabError::HeldHere)));
    }

    /// Without setpriv a server outlives a holder that is killed.
    #[test]
    fn down_ends_a_server_that_its_holder_left_and_no_stranger() {
        let dir = tempfile::tempdir().unwrap();
        let work_dir = dir.path().join(format!("{WORK_PREFIX}left"));
        fs::create_dir(&work_dir).unwrap();
        let mut left = Command::new("sleep").arg("60").spawn().unwrap();
        let left_mark = ProcessMark::of(left.id()).unwrap();
        let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
        let stranger_mark = ProcessMark::of(stranger.id()).unwrap().of_an_earlier_process();

        let mut state = example();
        state.holder = stranger_mark;
        state.work_dir = work_dir.clone();
        state.services = [left_mark, stranger_mark].map(running).into();
        state.save(dir.path()).unwrap();

        assert_eq!(down(dir.path()).unwrap(), DownReport::Cleaned { n_ended: 1 });
        assert!(!left_mark.is_alive() && !work_dir.exists());
        assert_eq!(LabState::load(dir.path()).unwrap(), None);
        assert!(stranger.try_wait().unwrap().is_none(), "a stranger with a recorded pid was ended");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        left.wait().unwrap();
    }

    fn running(process: ProcessMark) -> ServiceRecord {
        ServiceRecord {
            name: "u01-example".to_owned(),
            unit: 1,
            host_name: "example.u01.lab.example".to_owned(),
            address: SocketAddr::from(([127, 20, 1, 1], 1)),
            transport: Transport::Tcp,
            origin: Origin::Ours,
            declaration: Declaration::Undeclared,
            fault_en: String::new(),
            fault_zh: String::new(),
            condition: Condition::Running { process: Some(process) },
        }
    }

    #[test]
    fn down_without_a_lab_says_so() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(down(dir.path()).unwrap(), DownReport::NothingToStop);
    }
}
