//! The commands, one file each, and the way to them.

mod audit;
mod demo;
mod findings;
mod import;
mod lab;
mod registry;
mod report;
mod runs;
mod runs_diff;
mod runs_export;
mod scan;
mod tls;
mod training;

use crate::cli::{Cli, Command};
use crate::exit::Outcome;

pub async fn run(cli: Cli) -> Outcome {
    let global = cli.global;
    match cli.command {
        Command::Demo(demo) => demo::run(&global, &demo).await,
        Command::Lab(command) => lab::run(&global, command).await,
        Command::Registry(command) => registry::run(&global, command).await,
        Command::Scan(scan) => scan::run(&global, &scan).await,
        Command::Tls(asked) => tls::run(&global, &asked).await,
        Command::Import(command) => import::run(&global, command).await,
        Command::Runs(command) => runs::run(&global, command).await,
        Command::Findings(command) => findings::run(&global, command).await,
        Command::Report(command) => report::run(&global, command).await,
        Command::Audit(asked) => audit::run(&global, &asked).await,
        Command::Training(command) => training::run(&global, command).await,
    }
}
