//! A lab that outlives the command that started it: the holder's own main loop, and how to start one.
//!
//! `lab up` starts the binary again with a hidden subcommand; that process calls [`hold`] and is ended by
//! [`down`](crate::down), which signals it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::error::LabError;
use crate::lab::{Lab, LabOptions};
use crate::process::POLL;
use crate::programs::step::tail_of;
use crate::state::{LabState, Phase};

const LOG_NAME: &str = "holder.log";

/// Runs the lab until this process is sent SIGTERM, SIGINT or SIGHUP, then ends every service. Blocks; must not be
/// called from async code.
pub fn hold(options: LabOptions) -> Result<(), LabError> {
    // Away from the terminal of whoever started us; refused only where we lead a session already, which is as good.
    let _ = rustix::process::setsid();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LabError::Runtime)?;
    // Before anything runs, so that an early signal isn't lost: it is found pending after the start.
    let mut signals = {
        let _inside = runtime.enter();
        [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()]
            .into_iter()
            .map(signal)
            .collect::<Result<Vec<_>, _>>()
            .map_err(LabError::Signals)?
    };
    let lab = Lab::start(options)?;
    runtime.block_on(std::future::poll_fn(|context| {
        if signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    }));
    lab.stop()
}

/// Starts `command` in the background and returns when the lab that it holds is ready. `command` must end up in
/// [`hold`] with the same `state_dir`; its output goes to `holder.log` there.
///
/// Refuses when a lab runs from `state_dir` already.
pub fn spawn_holder(mut command: Command, state_dir: &Path, within: Duration) -> Result<LabState, LabError> {
    if let Some(earlier) = LabState::load(state_dir)?.filter(LabState::holder_is_alive) {
        return Err(LabError::AlreadyRunning { pid: earlier.holder.pid() });
    }
    fs::create_dir_all(state_dir).map_err(|source| LabError::File {
        doing: "make",
        path: state_dir.to_owned(),
        source,
    })?;
    let log_path: PathBuf = state_dir.join(LOG_NAME);
    let log = File::create(&log_path).map_err(|source| LabError::File {
        doing: "write",
        path: log_path.clone(),
        source,
    })?;
    let errors = log.try_clone().map_err(LabError::Holder)?;
    let mut child =
        command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().map_err(LabError::Holder)?;

    let deadline = Instant::now() + within;
    loop {
        let state = LabState::load(state_dir)?;
        let ours =
            state.filter(|s| u32::try_from(s.holder.pid()) == Ok(child.id()) && s.phase == Phase::Ready);
        if let Some(state) = ours {
            return Ok(state);
        }
        if child.try_wait().map_err(LabError::Holder)?.is_some() {
            let log_tail = tail_of(&log_path).unwrap_or_else(|| "it left no log".to_owned());
            return Err(LabError::HolderEnded { log_tail });
        }
        if Instant::now() >= deadline {
            return Err(LabError::NotReady { seconds: within.as_secs() });
        }
        thread::sleep(POLL);
    }
}
