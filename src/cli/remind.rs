//! Words for `sentrypost training remind`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, On};

#[derive(Debug, Args)]
pub struct Remind {
    #[command(flatten)]
    pub on: On,
    /// Say who would be told of what, and neither queue nor send anything.
    #[arg(long)]
    pub dry_run: bool,
    /// Mail server and sender, a TOML file; the password from the file that it names, or from
    /// SENTRYPOST_SMTP_PASSWORD. Without it nothing is queued or sent.
    #[arg(long, value_name = "FILE")]
    pub mail: Option<PathBuf>,
    /// Send once more what servers refused for good.
    #[arg(long, requires = "mail", conflicts_with = "dry_run")]
    pub retry_refused: bool,
    /// Write what falls due in each unit into this folder: XLSX, PDF, DOCX and a calendar
    /// for each.
    #[arg(long, value_name = "DIR")]
    pub digest: Option<PathBuf>,
    /// Write a calendar of all that falls due within a year.
    #[arg(long, value_name = "FILE.ics")]
    pub ical: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}
