//! JSON lines, format `sentrypost-observations/1`: a line that names the format and the run, a line for each host with
//! what its ports are and what was observed there, and a line that says that this was all.

use std::io::{self, Write};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::coverage::PortRun;
use model::host_name::HostName;
use model::id::RunId;
use model::observation::{Method, Observation};
use model::port::Transport;
use serde::Serialize;

use super::export::{Counts, ExportHead, is_up};
use crate::run::{HostView, Tool};

const FORMAT: &str = "sentrypost-observations/1";

pub(super) struct Jsonl<'a, W> {
    head: ExportHead<'a>,
    out: W,
}

#[derive(Serialize)]
struct First<'a> {
    format: &'static str,
    run: RunId,
    method: Method,
    software: &'a str,
    policy: &'a str,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// Only a finished run has asked all that it was to ask.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a Tool>,
}

#[derive(Serialize)]
struct Host<'a> {
    host: IpAddr,
    names: &'a [HostName],
    is_up: bool,
    /// Ports that were probed over this transport, and what they are.
    transport: Transport,
    ports: &'a [PortRun],
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    observations: &'a [Observation],
}

#[derive(Serialize)]
struct Last {
    end: bool,
    n_hosts: u64,
    n_observations: u64,
}

impl<'a, W: Write> Jsonl<'a, W> {
    pub(super) fn begin(head: ExportHead<'a>, out: W) -> io::Result<Self> {
        let mut form = Jsonl { head, out };
        let ExportHead { manifest, summary } = form.head;
        form.line(&First {
            format: FORMAT,
            run: manifest.run,
            method: manifest.method,
            software: &manifest.software,
            policy: &manifest.policy,
            started_at: manifest.started_at,
            ended_at: summary.ended_at,
            state: summary.state.as_str(),
            tool: manifest.tool.as_ref(),
        })?;
        Ok(form)
    }

    pub(super) fn host(&mut self, host: &HostView) -> io::Result<()> {
        self.line(&Host {
            host: host.addr,
            names: &host.names,
            is_up: is_up(host),
            transport: host.transport,
            ports: host.coverage.runs(),
            confidence: host.facts.as_ref().map(|facts| facts.confidence),
            observations: &host.observations,
        })
    }

    pub(super) fn end(mut self, counts: Counts) -> io::Result<W> {
        let Counts { n_hosts, n_observations, .. } = counts;
        self.line(&Last { end: true, n_hosts, n_observations })?;
        Ok(self.out)
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }
}
