//! The command line: what can be asked for, in words. Nothing here does anything.

mod cert;
mod remind;
mod tls;
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use cert::{Act, Cert, Keys, SignedBy};
pub use remind::Remind;
pub use tls::{Tls, Tongue, WayIn};
pub use training::{By, Listed, On, Place, Post, Redate, Training, TrainingImport, Who};

/// Sentrypost (岗哨): sweeps authorised address ranges for unneeded services and weak TLS, and reports them by unit.
#[derive(Debug, Parser)]
#[command(name = "sentrypost", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Args)]
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
    /// Policy file that replaces the embedded one whole; for `tls` also a grade, a profile or checks of your own.
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
    /// What TLS and TLCP servers speak, how good that is, and what to mend; each time a run that is kept and judged.
    Tls(Tls),
    /// Take in what another tool has found, as a run of its own.
    #[command(subcommand)]
    Import(Import),
    /// Past scans, and those that were cut off.
    #[command(subcommand)]
    Runs(Runs),
    /// What the scans found, and how it stands.
    #[command(subcommand)]
    Findings(Findings),
    /// Reports from a frozen snapshot.
    #[command(subcommand)]
    Report(Report),
    /// The log of imports and refusals, newest first.
    Audit(Audit),
    /// People, posts, sittings and scores; who must hold a post certificate, and who does.
    #[command(subcommand)]
    Training(Training),
    /// Post certificates: issue, print, verify, suspend, revoke.
    #[command(subcommand)]
    Cert(Cert),
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
        /// Workbook, CSV file, or folder of CSV files as `registry export` writes it.
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
        #[command(flatten)]
        format: Format,
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
    /// Ports: `22,80,8000-8100`, `top100`, `top1000`, `all`, or a mixture; `top1000` if not given, with `--udp` `top100`.
    #[arg(long, short, conflicts_with = "reverify")]
    pub ports: Option<String>,
    /// Ask UDP ports, each in the protocols that it is known for; takes CAP_NET_RAW.
    #[arg(long, conflicts_with = "method")]
    pub udp: bool,
    /// Ask printers and industrial controllers too what they are; such devices have fallen over when asked.
    #[arg(long)]
    pub include_fragile: bool,
    /// Only what was open in earlier runs, endpoint by endpoint.
    #[arg(long)]
    pub reverify: bool,
    /// Only find open ports; ask no service what it is.
    #[arg(long)]
    pub no_identify: bool,
    /// Then assess every TLS server that was seen, by each name that leads there, as `sentrypost tls` does; a run of its
    /// own.
    #[arg(long, conflicts_with_all = ["no_identify", "udp"])]
    pub tls: bool,
    /// Seed of the probing order; drawn at random if not given.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Name server for host names, instead of the system's.
    #[arg(long, value_name = "IP:PORT", env = "SENTRYPOST_RESOLVER")]
    pub resolver: Option<std::net::SocketAddr>,
    /// How ports are asked: `auto` sends SYN packets of its own where the process may (CAP_NET_RAW), and connects
    /// where it may not.
    #[arg(long, value_enum, default_value_t = AskedMethod::Auto)]
    pub method: AskedMethod,
    /// Packets a second at most, in all. SIGUSR1 raises it while a scan runs, SIGUSR2 lowers it, SIGQUIT (Ctrl-\)
    /// pauses and goes on.
    #[arg(long, value_name = "PACKETS", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
    /// Packets a second at most to one host.
    #[arg(long, value_name = "PACKETS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub host_rate: u32,
    /// Packets a second at most to one /24 (IPv6: /64).
    #[arg(long, value_name = "PACKETS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub net_rate: u32,
    /// How sure it should be that an open port is seen: silent ports are asked again as often as the measured loss
    /// demands.
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.9999, value_parser = confidence)]
    pub confidence: f64,
    /// Stop when more answers than this get lost.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub max_loss: Option<f64>,
    /// How hosts are looked for before their ports are asked by SYN: `none`, or any of `icmp,tcp,arp,nd`. `auto` is
    /// `none` up to 1000 ports a host, and all of them above. What nobody answers for isn't probed, and is told as
    /// unverifiable.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto")]
    pub discover: Vec<AskedDiscovery>,
    /// Only this part of the probes: `2/5` is the second of five, which together with the same seed make the whole.
    #[arg(long, value_name = "I/N", requires = "seed")]
    pub shard: Option<scanner::plan::Shard>,
    /// The most connections at one time to one host.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub per_host: u16,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AskedMethod {
    Auto,
    /// SYN packets of our own; takes CAP_NET_RAW.
    Syn,
    /// Full connections by the operating system.
    Connect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AskedDiscovery {
    Auto,
    None,
    /// Echo and timestamp requests.
    Icmp,
    /// A SYN to 443 and to 80, an ACK to 80.
    Tcp,
    /// Who answers on our own link, for IPv4.
    Arp,
    /// The same for IPv6.
    Nd,
}

fn confidence(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.5..1.0).contains(number));
    number.ok_or_else(|| "a probability from 0.5 up to, and not with, 1".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number =
        text.trim_end_matches('%').parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    number.map(|percent| percent / 100.0).ok_or_else(|| "a percentage from 0 to 100".to_owned())
}

#[derive(Debug, Subcommand)]
pub enum Import {
    /// The XML of nmap (`-oX`), or of masscan.
    NmapXml(ImportFile),
    /// The JSON of masscan: `-oJ`, or an object a line (`-oD`).
    MasscanJson(ImportFile),
}

#[derive(Debug, Args)]
pub struct ImportFile {
    pub file: PathBuf,
    /// Take the hosts that are right, where others are wrong or the file is cut off.
    #[arg(long)]
    pub good_hosts: bool,
    #[command(flatten)]
    pub format: Format,
}

fn export_format(text: &str) -> Result<scanner::exchange::ExportFormat, String> {
    let mut all = scanner::exchange::ExportFormat::ALL.into_iter();
    all.find(|format| format.as_str() == text).ok_or_else(|| "one of nmap-xml, jsonl, csv, grep".to_owned())
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
        /// Id of a run, or its last digits as `runs list` shows them.
        run: String,
        #[command(flatten)]
        format: Format,
    },
    /// Write a run for other programs.
    Export {
        /// Id of a run, or its last digits as `runs list` shows them.
        run: String,
        #[arg(long, value_parser = export_format, value_name = "nmap-xml|jsonl|csv|grep")]
        format: scanner::exchange::ExportFormat,
        /// File to write, instead of standard output.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write over the file if it is there.
        #[arg(long, requires = "output")]
        overwrite: bool,
    },
    /// What is new, gone or changed from one run to another, and what the other can't tell.
    Diff {
        /// The earlier run: its id, or the last digits of it.
        first: String,
        /// The later run.
        second: String,
        /// End with 10 if the runs differ, with 20 if they don't and the second can't tell all of the first.
        #[arg(long)]
        exit_code: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Finish a run that was cut off.
    Resume {
        /// Id of a run, or its last digits as `runs list` shows them.
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
        /// Id of a finding, or its last digits as `findings list` shows them.
        finding: String,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum Report {
    /// Freeze a snapshot and write the report: HTML in Chinese and English, XLSX, JSON.
    Build {
        #[command(flatten)]
        format: Format,
    },
    /// Reports made so far.
    List {
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub struct Audit {
    /// How many entries.
    #[arg(short, default_value_t = 50, value_name = "N")]
    pub n: u32,
    #[command(flatten)]
    pub format: Format,
}

/// How results are written to standard output.
#[derive(Debug, Clone, Copy, Args)]
pub struct Format {
    /// Versioned JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// What stays in a log must say something.
fn said(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() { Err("it must not be blank") } else { Ok(text.to_owned()) }
}
