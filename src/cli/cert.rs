//! Words for `sentrypost cert`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::{Format, Listed, On, said};

#[derive(Debug, Subcommand)]
pub enum Cert {
    /// Issue certificates of a category to everybody who has earned one, renewals included.
    Issue {
        /// Code of the category, for example WH.
        #[arg(long, value_name = "CODE")]
        category: String,
        /// Only these people.
        #[arg(long = "person", value_name = "PERSON")]
        people: Vec<String>,
        /// Day of issue; today otherwise.
        #[command(flatten)]
        on: On,
        #[arg(long, default_value = "考核合格", value_name = "TEXT", value_parser = said)]
        reason: String,
        /// Who decides; the login name otherwise.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Leave the PDF files to `cert files`.
        #[arg(long)]
        without_files: bool,
        /// Say who would get one and who wouldn't, and why, and issue none.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Certificates, and how they stood on a day.
    List {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        list: Listed,
    },
    /// Suspend until it is reinstated (暂停).
    Suspend(Act),
    /// End a suspension (恢复).
    Reinstate(Act),
    /// Revoke for cause (撤销).
    Revoke(Act),
    /// Cancel because it isn't needed any more (注销).
    Cancel(Act),
    /// Enter that the mid-term review was passed (复审).
    Review(Act),
    /// Replace one that was lost or damaged (补发): same facts and serial, another code.
    Replace(Act),
    /// Copy the file of a certificate as it was issued.
    Print {
        /// Serial or token.
        #[arg(value_name = "CERTIFICATE")]
        certificate: String,
        /// The card instead of the A4 page.
        #[arg(long)]
        card: bool,
        /// File to write.
        #[arg(long, short, value_name = "FILE.pdf")]
        output: PathBuf,
    },
    /// Write the files that a batch didn't come to.
    Files,
    /// Tell whether a certificate is genuine and how it stands: by serial, token, text of the QR code, PDF file, or the
    /// number on an old paper certificate. Of several periods of a serial the one in force on the day is meant. Ends
    /// with 0 if it counts, 10 if it is genuine and doesn't count on the day, 11 if it isn't genuine.
    Verify {
        #[arg(value_name = "SERIAL|TOKEN|QR|FILE.pdf|OLD NUMBER")]
        what: String,
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        format: Format,
    },
    /// Keys that sign certificates.
    #[command(subcommand)]
    Keys(Keys),
    /// Write the signed list of certificates that don't count any more, for where no server can be reached.
    Revocations {
        /// File to write; an older list of your own is replaced in one step.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Days until the next list.
        #[arg(long, default_value_t = 30, value_name = "N")]
        days: u16,
    },
    /// Write the page that verifies QR codes without a network: one file, for any browser.
    Verifier {
        /// File to write.
        #[arg(long, short, value_name = "FILE.html")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Act {
    /// Serial or token.
    #[arg(value_name = "CERTIFICATE")]
    pub certificate: String,
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub reason: String,
    /// Who decides; the login name otherwise.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[command(flatten)]
    pub on: On,
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Keys, with their days.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Take a fresh key into use; the one before retires, and what it signed verifies on.
    New {
        #[arg(long, value_enum, default_value_t = SignedBy::Ed25519)]
        algorithm: SignedBy,
    },
    /// A key that was stolen: nothing that it signed counts any more.
    Revoke {
        #[arg(value_name = "KEY")]
        key: String,
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
        /// From which day on it is known; today otherwise.
        #[arg(long, value_name = "DAY")]
        on: Option<NaiveDate>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignedBy {
    Ed25519,
    Sm2,
}
