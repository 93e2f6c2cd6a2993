//! `sentrypost demo`: the whole path on this machine. The second time it shows what is new, unchanged and gone.

use std::net::SocketAddr;
use std::path::PathBuf;

use lab::{Condition, Lab, LabPlan, Round};
use model::observation::Method;
use model::port::{PortSet, Transport};
use registry::import::Mode;
use registry::ports::{RegisterStore, RunStore};
use reports::figures::Figures;
use scanner::Options;

use crate::cli::{self, Global};
use crate::clock::{self, SystemMint};
use crate::commands::lab as lab_command;
use crate::commands::registry::run_import;
use crate::commands::training::import::import;
use crate::commands::{report, scan};
use crate::desk::Desk;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::files::{read_tables, save};
use crate::output::{self, Columns};
use crate::pipeline::{How, Ports, Wish};
use crate::sample;
use crate::session::{OrStoreFailure, Session};
use crate::shapes::sheets::Purpose;

#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error("{0} holds a register that isn't the demo's; give the demo a folder of its own with --data")]
    OthersData(String),
    #[error("the demo's own workbook was refused: {0}")]
    Sample(String),
    #[error(
        "another program, perhaps another lab, holds {first} and {} more addresses of the demo's lab; end it first \
         (`sentrypost lab down`, with the --data that it was started with)",
        n - 1
    )]
    Taken { first: SocketAddr, n: usize },
}

pub async fn run(global: &Global, asked: &cli::Demo) -> Outcome {
    let session = Session::open(global).await?;
    let _hold = session.data.hold_alone()?;
    refuse_others_data(&session).await?;

    let n_runs = RunStore::list(&session.store).await.or_store_failure()?.len();
    let round = if n_runs.is_multiple_of(2) { Round::First } else { Round::Second };
    let plan = lab_command::plan(round);
    output::note(format!(
        "1/4 the lab, round {}: real services with known faults on {}",
        round.number(),
        network(&plan)
    ));
    let lab = lab_command::start(session.data.lab(), plan.clone()).await?;
    show_lab(&lab);

    let held = others_ports(&lab);
    let ended = match refuse_others_lab(&lab, &held) {
        Ok(()) => demonstrate(global, &session, &plan, &held).await,
        Err(refused) => Err(refused),
    };
    let stopped = tokio::task::spawn_blocking(move || lab.stop()).await.or_exit(Exit::Internal)?;
    lab_command::OrLabFailure::or_lab_failure(stopped)?;
    let exit = ended?;
    if asked.keep_lab {
        lab_command::up(global, session.data.lab(), round.number()).await?;
    }
    Ok(exit)
}

/// The demo scans a lab: it must not be let loose on a real register.
async fn refuse_others_data(session: &Session) -> Result<(), Failure> {
    let register = session.register().await?;
    let ours = |name: &str| lab::UNITS.iter().any(|unit| unit.name_zh == name);
    match register.units.iter().find(|unit| !ours(&unit.name)) {
        None => Ok(()),
        Some(_) => Err(Failure::new(
            Exit::BadInput,
            DemoError::OthersData(session.data.root().display().to_string()),
        )),
    }
}

/// What answers at the lab's own addresses must be the lab. Ports that others hold on every address are told and left
/// out instead.
fn refuse_others_lab(lab: &Lab, held: &[u16]) -> Result<(), Failure> {
    let mut taken = lab_command::taken(lab.services());
    taken.retain(|address| !held.contains(&address.port()));
    match taken.first() {
        None => Ok(()),
        Some(&first) => Err(Failure::new(Exit::Environment, DemoError::Taken { first, n: taken.len() })),
    }
}

async fn demonstrate(global: &Global, session: &Session, plan: &LabPlan, held: &[u16]) -> Outcome {
    let workbook = import_sample(session, plan).await?;
    output::note(format!("2/4 the register: twelve fictional units, imported from {}", workbook.display()));
    import_training(global).await?;

    let mut ports: Vec<u16> = model::policy::common_ports(1000);
    ports.extend(plan.services.iter().map(|service| service.address.port()));
    if !held.is_empty() {
        let list: Vec<String> = held.iter().map(ToString::to_string).collect();
        output::note(format!(
            "    left out: ports {} answer on every address of this machine, so they aren't the lab's",
            list.join(", ")
        ));
    }
    ports.retain(|port| !held.contains(port));
    let ports = PortSet::new(ports).expect("a thousand ports are not none");
    let wish = Wish {
        units: Vec::new(),
        systems: Vec::new(),
        targets: Vec::new(),
        ports: Ports::Same(ports),
        transport: Transport::Tcp,
        seed: clock::random_seed(),
        resolver: plan.name_server().map(|server| server.socket_addr()),
    };
    let options = Options { no_payload: Some(session.policy.fragile.ports.clone()), ..Options::default() };
    output::note("3/4 the scan: every authorised address, its open ports identified and judged");
    // Services of this machine itself: connections tell all there is to tell, also without privileges.
    let how = How { method: Method::Connect, shard: None, options };
    let ended = scan::scan(session, &wish, how).await?;
    let exit = ended.show(false)?;
    if exit != Exit::Done {
        return Ok(exit);
    }

    output::note("4/4 the report");
    let built = report::build(session).await?;
    show_card(&built.figures);
    output::note(format!("report {}:", built.number));
    report::show_files(&built.files);
    output::note(
        "run the demo again: a service of the lab is gone, another is new, a certificate is renewed",
    );
    Ok(Exit::Done)
}

/// Writes the sample as a workbook and imports that, the way a real register comes in.
async fn import_sample(session: &Session, plan: &LabPlan) -> Result<PathBuf, Failure> {
    let register = sample::register(plan, session.today(), &mut SystemMint);
    let path = session.data.root().join("sample-register.xlsx");
    save(&path, "示例登记表（虚构）", &registry::export::export(&register), Purpose::Read)?;
    let tables = read_tables(&path, None)?;
    let outcome = run_import(session, &tables, Mode::AllOrNothing).await?;
    if let Some(error) = outcome.errors.first() {
        return Err(Failure::new(Exit::Internal, DemoError::Sample(error.to_string())));
    }
    if !outcome.change.is_empty() {
        session
            .store
            .apply(&outcome.change, "sample-register.xlsx", clock::now())
            .await
            .or_store_failure()?;
    }
    Ok(path)
}

/// Writes sample training records as a workbook and imports that; once, since certificates stay as they were issued.
async fn import_training(global: &Global) -> Result<(), Failure> {
    let mut desk = Desk::open(global).await?;
    if !desk.records.staff.is_empty() {
        return Ok(());
    }
    let path = desk.session.data.root().join("sample-training.xlsx");
    let sheets = sample::training::sheets(&desk.register, desk.session.today());
    save(&path, "示例培训记录（虚构）", &sheets, Purpose::Read)?;
    let tables = read_tables(&path, None)?;
    let mode = training::import::Mode::AllOrNothing;
    let (outcome, _) = import(&mut desk, &tables, "sample-training.xlsx", mode, false).await?;
    match outcome.errors.first() {
        Some(error) => Err(Failure::new(Exit::Internal, DemoError::Sample(error.to_string()))),
        None => Ok(()),
    }
}

/// Ports that other programs hold on every address of this machine, so that no service of the lab can.
fn others_ports(lab: &Lab) -> Vec<u16> {
    let runs = |service: &lab::ServiceRecord| matches!(service.condition, Condition::Running { .. });
    let of_lab: Vec<u16> = lab.services().iter().filter(|s| runs(s)).map(|s| s.address.port()).collect();
    let mut held = lab_command::held_everywhere();
    held.retain(|port| !of_lab.contains(port));
    held
}

/// The report's one-page card, as far as a terminal shows it.
fn show_card(figures: &Figures) {
    let columns = Columns { headers: &["", "now", "since the last report"], numbers: &[1, 2] };
    let card = figures.figures.iter().filter(|figure| figure.id.starts_with("card."));
    let row = |figure: &reports::figures::Figure| {
        let change = figure.change().map(|change| format!("{change:+}")).unwrap_or_default();
        vec![figure.title.en.to_string(), figure.value.to_string(), change]
    };
    output::table(&columns, card.map(row));
}

fn network(plan: &LabPlan) -> String {
    format!("127.{}.0.0/16", plan.network.octet())
}

fn show_lab(lab: &Lab) {
    let count =
        |wanted: fn(&Condition) -> bool| lab.services().iter().filter(|s| wanted(&s.condition)).count();
    let n_running = count(|condition| matches!(condition, Condition::Running { .. }));
    let n_skipped = count(|condition| matches!(condition, Condition::Skipped { .. }));
    output::note(format!(
        "    {n_running} services run, {n_skipped} skipped since their program isn't installed"
    ));
    for service in lab.failed() {
        if let Condition::Failed { reason, .. } = &service.condition {
            output::note(format!("    {} did not start: {reason}", service.name));
        }
    }
}
