//! `sentrypost lab`: start, stop and list the lab.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lab::{
    Condition, DownReport, Lab, LabError, LabOptions, LabPlan, LabState, Origin, Ports, Round, ServiceRecord,
};
use serde::Serialize;

use crate::cli::{self, Global};
use crate::data_folder::DataFolder;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output::{self, Columns};

/// How long `lab up` waits for all services, a little over what each may take by itself.
const UP_WITHIN: Duration = Duration::from_secs(40);

pub async fn run(global: &Global, command: cli::Lab) -> Outcome {
    let writable = || DataFolder::open(&global.data).map(|data| data.lab());
    match command {
        cli::Lab::Up { round } => up(global, writable()?, round).await,
        cli::Lab::Down => down(writable()?).await,
        cli::Lab::List { format } => list(&DataFolder::at(&global.data).lab(), format.json),
        cli::Lab::Serve { round } => serve(writable()?, round).await,
    }
}

/// The plan for this machine: standard ports where we may bind them and nobody else holds them everywhere.
pub fn plan(round: Round) -> LabPlan {
    let standard = LabPlan::for_round(round, Ports::Standard);
    let held = held_everywhere();
    let taken = standard.services.iter().any(|service| held.contains(&service.address.port()));
    if may_bind_low_ports() && !taken { standard } else { LabPlan::for_round(round, Ports::High) }
}

fn may_bind_low_ports() -> bool {
    std::net::TcpListener::bind(("127.0.0.1", 1)).is_ok()
}

/// Ports that some program holds on every address of this machine, loopback included.
pub fn held_everywhere() -> Vec<u16> {
    // Linux: local address and state in columns 2 and 4; 0A is LISTEN, an all-zero address is every address.
    let of_table = |path: &str| -> Vec<u16> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let listening = text.lines().skip(1).filter_map(|line| {
            let mut columns = line.split_whitespace().skip(1);
            let (local, _remote, state) = (columns.next()?, columns.next()?, columns.next()?);
            let (addr, port) = local.split_once(':')?;
            let everywhere = state == "0A" && addr.bytes().all(|digit| digit == b'0');
            everywhere.then(|| u16::from_str_radix(port, 16).ok()).flatten()
        });
        listening.collect()
    };
    let mut ports = [of_table("/proc/net/tcp"), of_table("/proc/net/tcp6")].concat();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Addresses of the lab that another program holds for itself, such as another lab.
pub fn taken(services: &[ServiceRecord]) -> Vec<SocketAddr> {
    let is_taken =
        |service: &&ServiceRecord| matches!(service.condition, Condition::Failed { is_taken: true, .. });
    services.iter().filter(is_taken).map(|service| service.address).collect()
}

/// Starts the lab in this process, and says how it went.
pub async fn start(folder: PathBuf, plan: LabPlan) -> Result<Lab, Failure> {
    let options = LabOptions::new(plan, folder, SystemTime::now());
    let started = tokio::task::spawn_blocking(|| Lab::start(options)).await;
    started.or_exit(Exit::Internal)?.or_lab_failure()
}

pub async fn up(global: &Global, folder: PathBuf, round: u8) -> Outcome {
    let program =
        std::env::current_exe().or_exit_while(Exit::Internal, "can't find this program's own file")?;
    let mut command = std::process::Command::new(program);
    command.arg("--data").arg(&global.data).args(["lab", "serve", "--round", &round.to_string()]);
    let task = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || lab::spawn_holder(command, &folder, UP_WITHIN))
    };
    let state = task.await.or_exit(Exit::Internal)?.or_lab_failure()?;
    show(&state.services);
    let failed = state.services.iter().filter(|s| matches!(s.condition, Condition::Failed { .. }));
    let failed: Vec<String> = failed.map(|service| service.name.clone()).collect();
    if !failed.is_empty() {
        // A lab in part would pass for the whole one: its faults are what trainees and tests count on.
        down(folder).await?;
        return Err(Failure::new(Exit::Environment, NotWhole(failed.join(", "))));
    }
    output::note(format!("the lab runs; `sentrypost lab down` ends it (state in {})", folder.display()));
    Ok(Exit::Done)
}

#[derive(Debug, thiserror::Error)]
#[error("these services of the lab did not start: {0}; free what they need and start it again")]
struct NotWhole(String);

async fn down(folder: PathBuf) -> Outcome {
    let report = tokio::task::spawn_blocking(move || lab::down(&folder)).await.or_exit(Exit::Internal)?;
    match report.or_lab_failure()? {
        DownReport::NothingToStop => output::note("no lab runs in this data folder"),
        DownReport::Stopped => output::note("the lab has ended"),
        DownReport::Cleaned { n_ended } => {
            output::note(format!(
                "the lab's own process was gone; {n_ended} servers that it left were ended"
            ));
        }
    }
    Ok(Exit::Done)
}

fn list(folder: &Path, json: bool) -> Outcome {
    let running = LabState::load(folder).or_lab_failure()?.filter(LabState::holder_is_alive);
    let Some(state) = running else {
        output::note("no lab runs in this data folder; this is what `sentrypost lab up` would start here");
        return list_plan(&plan(Round::First), json);
    };
    if json {
        output::json("sentrypost-lab/1", &state.services).or_exit(Exit::Internal)?;
    } else {
        show(&state.services);
    }
    Ok(Exit::Done)
}

fn list_plan(plan: &LabPlan, json: bool) -> Outcome {
    #[derive(Serialize)]
    struct Planned {
        name: &'static str,
        address: String,
        host_name: String,
        ours: bool,
        fault: lab::Fault,
    }
    let planned = plan.services.iter().map(|service| Planned {
        name: service.name,
        address: service.address.socket_addr().to_string(),
        host_name: service.host_name.clone(),
        ours: matches!(service.kind, lab::ServiceKind::Ours(_)),
        fault: service.fault,
    });
    let planned: Vec<Planned> = planned.collect();
    if json {
        output::json("sentrypost-lab-plan/1", &planned).or_exit(Exit::Internal)?;
        return Ok(Exit::Done);
    }
    let columns = Columns { headers: &["service", "address", "whose", "what is wrong"], numbers: &[] };
    let row = |service: &Planned| {
        let whose = if service.ours { "ours" } else { "Debian's" };
        vec![service.name.to_owned(), service.address.clone(), whose.to_owned(), service.fault.en.to_owned()]
    };
    output::table(&columns, planned.iter().map(row));
    Ok(Exit::Done)
}

fn show(services: &[ServiceRecord]) {
    let columns = Columns {
        headers: &["service", "address", "whose", "condition", "declared", "what is wrong"],
        numbers: &[],
    };
    let row = |service: &ServiceRecord| {
        vec![
            service.name.clone(),
            service.address.to_string(),
            whose(&service.origin),
            condition(&service.condition),
            service.declaration.to_string(),
            service.fault_en.clone(),
        ]
    };
    output::table(&columns, services.iter().map(row));
}

fn whose(origin: &Origin) -> String {
    match origin {
        Origin::Debian { package, .. } => format!("Debian's {package}"),
        Origin::Ours => "ours".to_owned(),
        Origin::Nobody => "nobody".to_owned(),
    }
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Starting { .. } => "starting".to_owned(),
        Condition::Running { .. } => "running".to_owned(),
        Condition::Skipped { reason } => format!("skipped: {reason}"),
        Condition::Failed { reason, .. } => format!("FAILED: {reason}"),
        Condition::Absent => "nothing listens, on purpose".to_owned(),
    }
}

/// The process behind `lab up`: holds the services until it is told to end.
async fn serve(folder: PathBuf, round: u8) -> Outcome {
    let round = Round::from_number(round).expect("clap admits rounds 1 and 2 only");
    let options = LabOptions::new(plan(round), folder, SystemTime::now());
    // The holder runs a runtime of its own, on a thread of its own.
    let held = tokio::task::spawn_blocking(move || {
        std::thread::spawn(move || lab::hold(options))
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    held.await.or_exit(Exit::Internal)?.or_lab_failure()?;
    Ok(Exit::Done)
}

/// Gives a lab's error its exit code.
pub trait OrLabFailure<T> {
    fn or_lab_failure(self) -> Result<T, Failure>;
}

impl<T> OrLabFailure<T> for Result<T, LabError> {
    fn or_lab_failure(self) -> Result<T, Failure> {
        self.or_exit(Exit::Environment)
    }
}
