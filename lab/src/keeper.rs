//! Starts, watches and ends the services of one lab, on one thread.
//!
//! Real servers are prepared side by side, started as each is ready, and polled until they accept; every change is
//! written to `lab.json` before going on, so that nothing runs that `down` doesn't know of.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::runtime::{Builder, Runtime};

use crate::certificates::Authority;
use crate::error::LabError;
use crate::lab::LabOptions;
use crate::own;
use crate::plan::{LabPlan, LabService, Ports};
use crate::process::{POLL, ProcessMark};
use crate::programs::site::{Runner, Site};
use crate::programs::step::{command, log_tail};
use crate::programs::{Launch, Program, Trouble};
use crate::services::ServiceKind;
use crate::state::{AUTHORITY_FILE, Condition, LabState, Origin, Phase, ServiceRecord, WORK_PREFIX};

pub(crate) struct Keeper {
    state: LabState,
    state_dir: PathBuf,
    children: Vec<Server>,
    /// Holds our own services; `None` once stopped.
    runtime: Option<Runtime>,
}

/// A real server of ours, not yet reaped, so its pid can't have become another's.
struct Server {
    /// Its place in the plan.
    index: usize,
    child: Child,
    mark: ProcessMark,
    stop: Signal,
}

const GRACE: Duration = Duration::from_secs(4);

impl Keeper {
    pub(crate) fn start(options: &LabOptions) -> Result<Keeper, LabError> {
        let runner = Runner::current();
        if options.plan.ports == Ports::Standard && !runner.is_root() {
            return Err(LabError::NeedsRoot);
        }
        let holder = ProcessMark::of(std::process::id()).ok_or(LabError::NoProc)?;
        fs::create_dir_all(&options.state_dir).map_err(|source| LabError::File {
            doing: "make",
            path: options.state_dir.clone(),
            source,
        })?;
        if let Some(earlier) = LabState::load(&options.state_dir)? {
            if earlier.holder_is_alive() {
                return Err(LabError::AlreadyRunning { pid: earlier.holder.pid() });
            }
            earlier.clear(&options.state_dir)?;
        }
        let authority = Authority::new(options.now)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("lab-own")
            .enable_all()
            .build()
            .map_err(LabError::Runtime)?;
        let plan = &options.plan;
        let work_dir = make_work_dir()?;
        let authority_file = work_dir.join(AUTHORITY_FILE);
        fs::write(&authority_file, authority.certificate()).map_err(|source| LabError::File {
            doing: "write",
            path: authority_file,
            source,
        })?;
        let services = plan.services.iter().map(record).collect();
        let mut keeper = Keeper {
            state: LabState::starting(holder, plan.round, plan.ports, plan.network, work_dir, services),
            state_dir: options.state_dir.clone(),
            children: Vec::new(),
            runtime: Some(runtime),
        };
        keeper.start_all(options, &runner, &authority)?;
        Ok(keeper)
    }

    pub(crate) fn state(&self) -> &LabState {
        &self.state
    }

    fn start_all(
        &mut self,
        options: &LabOptions,
        runner: &Runner,
        authority: &Authority,
    ) -> Result<(), LabError> {
        self.save()?;
        self.start_own(&options.plan);
        self.start_real(&options.plan, runner, authority)?;
        self.wait_until_ready(options.ready_within);
        self.state.phase = Phase::Ready;
        self.save()
    }

    fn start_own(&mut self, plan: &LabPlan) {
        let Some(runtime) = &self.runtime else { return };
        let _inside = runtime.enter();
        let zone = own::zone(plan.host_names());
        for (service, record) in plan.services.iter().zip(&mut self.state.services) {
            let ServiceKind::Ours(kind) = service.kind else { continue };
            let served = own::bind(service.address, service.transport)
                .and_then(|bound| own::serve(bound, kind, service.host_name.clone(), Arc::clone(&zone)));
            record.condition = match served {
                Ok(()) => Condition::Running { process: None },
                Err(error) => bind_trouble(service, &error),
            };
        }
    }

    fn start_real(&mut self, plan: &LabPlan, runner: &Runner, authority: &Authority) -> Result<(), LabError> {
        let work_dir = self.state.work_dir.clone();
        thread::scope(|scope| {
            let (report, prepared) = mpsc::channel();
            for (index, service) in plan.services.iter().enumerate() {
                let ServiceKind::Debian(program) = service.kind else { continue };
                let (report, work_dir) = (report.clone(), &work_dir);
                scope.spawn(move || {
                    let condition = free_port(service)
                        .map_or_else(|| Ok(prepare(service, program, work_dir, runner, authority)), Err);
                    // The receiver takes one report of each.
                    let _ = report.send((index, condition));
                });
            }
            drop(report);
            for (index, outcome) in prepared {
                let condition = match outcome {
                    Err(condition) => condition,
                    Ok(Err(trouble)) if trouble.is_lack() => {
                        Condition::Skipped { reason: trouble.to_string() }
                    }
                    Ok(Err(trouble)) => failed(trouble.to_string()),
                    Ok(Ok(launch)) => self.launch(index, &launch),
                };
                self.set(index, condition);
                self.save()?;
            }
            Ok(())
        })
    }

    fn launch(&mut self, index: usize, launch: &Launch) -> Condition {
        let dir = self.service_dir(index);
        let spawned = command(&launch.binary, &launch.args, launch.account, &dir).and_then(|mut c| c.spawn());
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                return failed(format!("could not run {}: {error}", launch.binary.display()));
            }
        };
        let Some(mark) = ProcessMark::of(child.id()) else {
            // It is a zombie already, which `wait` turns into nothing.
            let _ = child.wait();
            return failed(format!("it ended at once: {}", log_tail(&dir)));
        };
        self.children.push(Server { index, child, mark, stop: launch.stop });
        Condition::Starting { process: Some(mark) }
    }

    /// Polls all servers that are starting until each has accepted a connection, has ended, or time is up.
    fn wait_until_ready(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            let mut n_starting = 0;
            let mut changes = Vec::new();
            for server in &mut self.children {
                let Some(record) = self.state.services.get(server.index) else { continue };
                if !matches!(record.condition, Condition::Starting { .. }) {
                    continue;
                }
                let dir = self.state.work_dir.join(&record.name);
                if let Ok(Some(status)) = server.child.try_wait() {
                    let reason = format!("it ended ({status}): {}", log_tail(&dir));
                    changes.push((server.index, failed(reason)));
                } else if TcpStream::connect_timeout(&record.address, CONNECT).is_ok() {
                    changes.push((server.index, Condition::Running { process: Some(server.mark) }));
                } else if Instant::now() >= deadline {
                    let reason =
                        format!("no connection accepted within {} s: {}", within.as_secs(), log_tail(&dir));
                    changes.push((server.index, failed(reason)));
                } else {
                    n_starting += 1;
                }
            }
            for (index, condition) in changes {
                self.set(index, condition);
            }
            if n_starting == 0 {
                return;
            }
            thread::sleep(POLL);
        }
    }

    pub(crate) fn stop(&mut self) -> Result<(), LabError> {
        // All are asked first, so that they end side by side.
        for server in &self.children {
            server.mark.signal(server.stop);
        }
        let mut wont_end = None;
        for server in &mut self.children {
            if server.mark.end(server.stop, GRACE) {
                // It has ended, so this returns at once.
                let _ = server.child.wait();
            } else {
                wont_end = Some(server.mark.pid());
            }
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
        if let Some(pid) = wont_end {
            return Err(LabError::WontEnd { pid });
        }
        self.children.clear();
        self.state.clear(&self.state_dir).map(|_| ())
    }

    fn set(&mut self, index: usize, condition: Condition) {
        if let Some(record) = self.state.services.get_mut(index) {
            record.condition = condition;
        }
    }

    fn service_dir(&self, index: usize) -> PathBuf {
        let name = self.state.services.get(index).map_or("", |record| record.name.as_str());
        self.state.work_dir.join(name)
    }

    fn save(&self) -> Result<(), LabError> {
        self.state.save(&self.state_dir)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Only when a start failed half-way or the keeper panicked: the error that led here is the one to report.
        if self.runtime.is_some() {
            let _ = self.stop();
        }
    }
}

const CONNECT: Duration = Duration::from_millis(250);

fn record(service: &LabService) -> ServiceRecord {
    let (origin, condition) = match service.kind {
        ServiceKind::Debian(program) => (
            Origin::Debian { package: program.package().to_owned(), binary: program.binary().to_owned() },
            Condition::Starting { process: None },
        ),
        ServiceKind::Ours(_) => (Origin::Ours, Condition::Starting { process: None }),
        ServiceKind::Absent => (Origin::Nobody, Condition::Absent),
    };
    ServiceRecord {
        name: service.name.to_owned(),
        unit: service.unit.number,
        host_name: service.host_name.clone(),
        address: service.address.socket_addr(),
        transport: service.transport,
        origin,
        declaration: service.declaration,
        fault_en: service.fault.en.to_owned(),
        fault_zh: service.fault.zh.to_owned(),
        condition,
    }
}

/// `Some` when the port is taken: the server's own message about it would be one of ten dialects.
fn free_port(service: &LabService) -> Option<Condition> {
    TcpListener::bind(service.address.socket_addr()).err().map(|error| bind_trouble(service, &error))
}

fn failed(reason: String) -> Condition {
    Condition::Failed { reason, is_taken: false }
}

fn bind_trouble(service: &LabService, error: &io::Error) -> Condition {
    let address = service.address;
    match error.kind() {
        ErrorKind::AddrInUse => {
            let reason = format!("{address} is already in use by another program");
            Condition::Failed { reason, is_taken: true }
        }
        ErrorKind::AddrNotAvailable => {
            Condition::Skipped { reason: format!("this machine has no address {}", address.ip()) }
        }
        _ => failed(format!("could not listen on {address}: {error}")),
    }
}

fn prepare(
    service: &LabService,
    program: Program,
    work_dir: &Path,
    runner: &Runner,
    authority: &Authority,
) -> Result<Launch, Trouble> {
    let dir = work_dir.join(service.name);
    DirBuilder::new()
        .mode(0o755)
        .create(&dir)
        .map_err(|source| Trouble::Write { path: dir.clone(), source })?;
    let site = Site { address: service.address, host_name: &service.host_name, dir, authority, runner };
    program.prepare(&site)
}

/// Below the system's folder for temporary files: servers that root runs as `nobody` must be able to reach it, which
/// a state folder in somebody's home is not for, and socket paths must stay below 108 bytes.
fn make_work_dir() -> Result<PathBuf, LabError> {
    let base = std::env::temp_dir();
    for attempt in 0..1000 {
        let path = base.join(format!("{WORK_PREFIX}{}-{attempt}", std::process::id()));
        match DirBuilder::new().mode(0o711).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(LabError::File { doing: "make", path, source }),
        }
    }
    Err(LabError::File { doing: "make", path: base, source: io::Error::from(ErrorKind::AlreadyExists) })
}
