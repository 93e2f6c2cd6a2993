//! The command line: what can be asked for, in words. Nothing here does anything.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Sentrypost (岗哨): sweeps authorised address ranges for unneeded services and weak TLS, and reports them by unit.
#[derive(Debug, Parser)]
#[command(name = "sentrypost", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// Data folder: database, runs, reports.
    #[arg(
        long,
        global = true,
        env = "SENTRYPOST_DATA",
        default_value = "sentrypost-data",
        value_name = "DIR"
    )]
    pub data: PathBuf,
    /// Policy file that replaces the embedded one whole.
    #[arg(long, global = true, env = "SENTRYPOST_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What to write of its own doings to standard error.
    #[arg(long, global = true, env = "SENTRYPOST_LOG", default_value = "warn", value_name = "LEVEL")]
    pub log: String,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole path on this machine: lab, register, scan, findings, report.
    Demo(Demo),
    /// Real services with known faults on loopback addresses, for the demo, for training and for tests.
    #[command(subcommand)]
    Lab(Lab),
    /// Units, systems, assets, people and declared services.
    #[command(subcommand)]
    Registry(Registry),
    /// Sweep the authorised addresses of the register.
    Scan(Scan),
    /// Past scans, and those that were cut off.
    #[command(subcommand)]
    Runs(Runs),
    /// What the scans found, and how it stands.
    #[command(subcommand)]
    Findings(Findings),
    /// Reports from a frozen snapshot.
    #[command(subcommand)]
    Report(Report),
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Leave the lab running when the demo ends (`sentrypost lab down` ends it).
    #[arg(long)]
    pub keep_lab: bool,
}

#[derive(Debug, Subcommand)]
pub enum Lab {
    /// Start the services in the background.
    Up {
        /// Which of the two line-ups: the second has a service less, and another more.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
        round: u8,
    },
    /// End the services that `lab up` started.
    Down,
    /// What runs where, and what is wrong with it.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Holds the services of `lab up`; not for people.
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        round: u8,
    },
}

#[derive(Debug, Subcommand)]
pub enum Registry {
    /// Write an empty workbook to fill in.
    Template {
        /// File to write.
        #[arg(long, short, default_value = "sentrypost-register.xlsx", value_name = "FILE")]
        output: PathBuf,
    },
    /// Read units, people, systems, assets, exclusions and declared services from XLSX or CSV.
    Import {
        /// Workbook or CSV file.
        file: PathBuf,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Import the rows that are right, and write the others to a workbook that can be corrected and imported.
        #[arg(long)]
        good_rows: bool,
        /// Where `--good-rows` writes the others.
        #[arg(long, value_name = "FILE", requires = "good_rows")]
        errors: Option<PathBuf>,
        /// Which sheet a CSV file is (by its name in the template); recognised by its columns otherwise.
        #[arg(long, value_name = "SHEET")]
        sheet: Option<String>,
    },
    /// Write the register in the form of the template.
    Export {
        /// File to write; `.xlsx` for a workbook, a folder name for one CSV file a sheet.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// What is wrong or about to lapse in the register.
    Check {
        #[command(flatten)]
        format: Format,
    },
    /// List one kind of entry.
    List {
        #[arg(value_enum, default_value_t = RegisterKind::Units)]
        kind: RegisterKind,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RegisterKind {
    Units,
    People,
    Systems,
    Assets,
    Exclusions,
    Services,
}

#[derive(Debug, Args)]
pub struct Scan {
    /// Only assets of these units, by credit code or name.
    #[arg(long, value_name = "UNIT")]
    pub unit: Vec<String>,
    /// Only assets of these systems, by name.
    #[arg(long, value_name = "SYSTEM")]
    pub system: Vec<String>,
    /// Only these addresses: an address, `192.0.2.0/24`, `192.0.2.1-9`, or a host name of the register.
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Ports: `22,80,8000-8100`, `top100`, `top1000`, `all`, or a mixture.
    #[arg(long, short, default_value = "top1000", conflicts_with = "reverify")]
    pub ports: String,
    /// Only what was open in earlier runs, endpoint by endpoint.
    #[arg(long)]
    pub reverify: bool,
    /// Only find open ports; ask no service what it is.
    #[arg(long)]
    pub no_identify: bool,
    /// Seed of the probing order; drawn at random if not given.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Name server for host names, instead of the system's.
    #[arg(long, value_name = "IP:PORT", env = "SENTRYPOST_RESOLVER")]
    pub resolver: Option<std::net::SocketAddr>,
    /// The most connections at one time to one host.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub per_host: u16,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// All runs, newest first.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// One run: its options, its coverage, what was refused.
    Show {
        /// Run id, or the beginning of one.
        run: String,
        #[command(flatten)]
        format: Format,
    },
    /// Finish a run that was cut off.
    Resume {
        /// Run id, or the beginning of one.
        run: String,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum Findings {
    /// Findings that are not closed.
    List {
        /// Closed ones too.
        #[arg(long)]
        all: bool,
        /// Only this unit, by credit code or name.
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// One finding with its evidence, advice and history.
    Show {
        /// Finding id, or the beginning of one.
        finding: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Report {
    /// Freeze a snapshot and write the report: HTML in Chinese and English, XLSX, JSON.
    Build,
    /// Reports made so far.
    List {
        #[command(flatten)]
        format: Format,
    },
}

/// How results are written to standard output.
#[derive(Debug, Clone, Copy, Args)]
pub struct Format {
    /// Versioned JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}
