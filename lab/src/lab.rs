//! A running lab: starts everything of a plan, says how each service fared, and ends all of it.
//!
//! All processes are started and ended by one thread of the lab's own, since the kernel ends a server together with
//! the thread that started it, not only with the process. It never touches a process that it didn't start.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use crate::error::LabError;
use crate::keeper::Keeper;
use crate::plan::LabPlan;
use crate::state::{Condition, LabState, ServiceRecord};

/// What to start, and where to note it.
#[derive(Debug, Clone)]
pub struct LabOptions {
    pub plan: LabPlan,
    /// Holds `lab.json` while the lab runs; made if missing. One lab a folder.
    pub state_dir: PathBuf,
    /// Certificates are valid, expired or about to expire relative to this.
    pub now: SystemTime,
    /// How long a real server may take to accept its first connection.
    pub ready_within: Duration,
}

impl LabOptions {
    pub fn new(plan: LabPlan, state_dir: PathBuf, now: SystemTime) -> LabOptions {
        LabOptions { plan, state_dir, now, ready_within: Duration::from_secs(20) }
    }
}

/// Stops everything when dropped.
#[derive(Debug)]
pub struct Lab {
    state: LabState,
    stop: Option<mpsc::Sender<()>>,
    keeper: Option<JoinHandle<Result<(), LabError>>>,
}

impl Lab {
    /// Blocks until every service has accepted a connection, was skipped or has failed; look at [`Lab::services`] for
    /// which. An error means that nothing was left running.
    ///
    /// From async code, call it through `spawn_blocking`.
    pub fn start(options: LabOptions) -> Result<Lab, LabError> {
        let (report_start, started) = mpsc::channel();
        let (stop, stopped) = mpsc::channel();
        let keeper = thread::Builder::new()
            .name("lab-keeper".to_owned())
            .spawn(move || {
                let mut keeper = match Keeper::start(&options) {
                    Ok(keeper) => keeper,
                    Err(error) => {
                        // The receiver waits for exactly this.
                        let _ = report_start.send(Err(error));
                        return Ok(());
                    }
                };
                let _ = report_start.send(Ok(keeper.state().clone()));
                // Ends when told to, and also when the handle is gone.
                let _ = stopped.recv();
                keeper.stop()
            })
            .map_err(LabError::Runtime)?;
        match started.recv() {
            Ok(Ok(state)) => Ok(Lab { state, stop: Some(stop), keeper: Some(keeper) }),
            Ok(Err(error)) => Err(error),
            Err(_) => match keeper.join() {
                Ok(_) => unreachable_report(),
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }

    /// How each service of the plan fared, in the plan's order.
    pub fn services(&self) -> &[ServiceRecord] {
        &self.state.services
    }

    pub fn state(&self) -> &LabState {
        &self.state
    }

    /// The services that should run and don't. Skipped ones aren't among them.
    pub fn failed(&self) -> impl Iterator<Item = &ServiceRecord> {
        self.services().iter().filter(|service| matches!(service.condition, Condition::Failed { .. }))
    }

    /// Ends every service and removes its files.
    pub fn stop(mut self) -> Result<(), LabError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), LabError> {
        drop(self.stop.take());
        match self.keeper.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(outcome)) => outcome,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if thread::panicking() {
            // A second panic here would abort and hide the first; the services are still ended.
            drop(self.stop.take());
            if let Some(keeper) = self.keeper.take() {
                let _ = keeper.join();
            }
        } else {
            // `stop` reports errors; here nobody could hear them, and `lab.json` stays for `down`.
            let _ = self.end();
        }
    }
}

fn unreachable_report() -> Result<Lab, LabError> {
    Err(LabError::Runtime(std::io::Error::other("the lab's thread ended without a report")))
}
