//! A run written in one of several forms, host by host: nothing of it but the host at hand is held in memory.

use std::io::{self, Write};

use crate::run::{HostView, Manifest, RunError, RunSummary};

use super::csv::Csv;
use super::grep::Grep;
use super::jsonl::Jsonl;
use super::nmap_xml::NmapXml;

/// The forms in which a run can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// As `nmap -oX`, valid against its DTD.
    NmapXml,
    /// One JSON object a line; the first names the form and its version.
    Jsonl,
    /// For spreadsheets: UTF-8 with a byte order mark, a header row, no cell that is taken for a formula.
    Csv,
    /// As `nmap -oG`, one line a host.
    Grep,
}

impl ExportFormat {
    pub const ALL: [ExportFormat; 4] =
        [ExportFormat::NmapXml, ExportFormat::Jsonl, ExportFormat::Csv, ExportFormat::Grep];

    pub fn as_str(self) -> &'static str {
        match self {
            ExportFormat::NmapXml => "nmap-xml",
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Csv => "csv",
            ExportFormat::Grep => "grep",
        }
    }
}

/// What is said of the run as a whole.
#[derive(Debug, Clone, Copy)]
pub struct ExportHead<'a> {
    pub manifest: &'a Manifest,
    pub summary: &'a RunSummary,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("the export could not be written")]
    Write(#[from] io::Error),
}

/// Takes the hosts of a run one after the other. What isn't ended isn't whole, and every form shows it.
pub struct Exporter<'a, W: Write> {
    form: Form<'a, W>,
    counts: Counts,
}

enum Form<'a, W: Write> {
    NmapXml(NmapXml<'a, W>),
    Jsonl(Jsonl<'a, W>),
    Csv(Box<Csv<'a, W>>),
    Grep(Grep<'a, W>),
}

/// What went through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) n_hosts: u64,
    /// Hosts that are certainly there.
    pub(super) n_up: u64,
    pub(super) n_observations: u64,
}

impl<'a, W: Write> Exporter<'a, W> {
    pub fn begin(format: ExportFormat, head: ExportHead<'a>, out: W) -> Result<Self, ExportError> {
        let form = match format {
            ExportFormat::NmapXml => Form::NmapXml(NmapXml::begin(head, out)?),
            ExportFormat::Jsonl => Form::Jsonl(Jsonl::begin(head, out)?),
            ExportFormat::Csv => Form::Csv(Box::new(Csv::begin(head, out)?)),
            ExportFormat::Grep => Form::Grep(Grep::begin(head, out)?),
        };
        Ok(Exporter { form, counts: Counts::default() })
    }

    pub fn host(&mut self, host: &HostView) -> Result<(), ExportError> {
        self.counts.n_hosts += 1;
        self.counts.n_up += u64::from(is_up(host));
        self.counts.n_observations += host.observations.len() as u64;
        match &mut self.form {
            Form::NmapXml(form) => form.host(host)?,
            Form::Jsonl(form) => form.host(host)?,
            Form::Csv(form) => form.host(host)?,
            Form::Grep(form) => form.host(host)?,
        }
        Ok(())
    }

    pub fn end(self) -> Result<W, ExportError> {
        let mut out = match self.form {
            Form::NmapXml(form) => form.end(self.counts)?,
            Form::Jsonl(form) => form.end(self.counts)?,
            Form::Csv(form) => form.end()?,
            Form::Grep(form) => form.end(self.counts)?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// Whether the host gave an answer that proves it there. One that takes whatever comes proves only that something
/// in the way does.
pub(super) fn is_up(host: &HostView) -> bool {
    use model::observation::PortState;
    let answers = |state| matches!(state, PortState::Open | PortState::Closed);
    host.coverage.runs().iter().any(|run| answers(run.state))
        || host.observations.iter().any(|observation| answers(observation.state))
}
