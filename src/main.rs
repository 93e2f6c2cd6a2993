//! The binary: reads the command line, hands over to one command, and turns its outcome into an exit code.

#![forbid(unsafe_code)]

mod cli;
mod clock;
mod commands;
mod data_folder;
mod desk;
mod exit;
mod files;
mod handle;
mod imports;
mod output;
mod pipeline;
mod progress;
mod remind;
mod sample;
mod session;
mod shapes;
mod tls;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;
use crate::exit::{Exit, Failure, OrExit, Outcome};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Nothing is left to be done if the terminal is gone.
            let _ = error.print();
            return if asked_for_help { Exit::Done } else { Exit::Usage }.into();
        }
    };
    match run(cli) {
        Ok(_) if output::was_lost() => {
            output::note("error: the output could not be written whole; is its disk full?");
            Exit::Environment.into()
        }
        Ok(exit) => exit.into(),
        Err(Failure { exit, error }) => {
            output::error(&error);
            exit.into()
        }
    }
}

fn run(cli: Cli) -> Outcome {
    let filter = EnvFilter::try_new(&cli.global.log).or_exit_while(
        Exit::Usage,
        format!("--log {:?} is not a log level such as warn or scanner=debug", cli.global.log),
    )?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_exit_while(Exit::Environment, "can't start the runtime")?;
    runtime.block_on(commands::run(cli))
}
