//! One line a host, in the manner of `nmap -oG`, for pipelines that read nothing else (testssl.sh among them).
//!
//! The first line says what such programs look for in it: which nmap this is in the manner of, and ` -oG `.

use std::io::{self, Write};

use model::observation::{Certainty, Observation, PortState};

use super::export::{Counts, ExportHead, is_up};
use super::service_names::theirs;
use crate::run::{HostView, RunState};

pub(super) struct Grep<'a, W> {
    head: ExportHead<'a>,
    out: W,
}

impl<'a, W: Write> Grep<'a, W> {
    pub(super) fn begin(head: ExportHead<'a>, mut out: W) -> io::Result<Self> {
        writeln!(
            out,
            "# Nmap 7.93 format, written by {}; scan initiated {} as: run {} by method {} -oG -",
            field(&head.manifest.software),
            head.manifest.started_at.format(super::nmap_xml::TIME),
            head.manifest.run,
            head.manifest.method.as_str(),
        )?;
        Ok(Grep { head, out })
    }

    pub(super) fn host(&mut self, host: &HostView) -> io::Result<()> {
        let name = host.names.first().map(|name| name.as_str()).unwrap_or_default();
        let status = if is_up(host) { "Up" } else { "Unknown" };
        writeln!(self.out, "Host: {} ({name})\tStatus: {status}", host.addr)?;
        let mut ports: Vec<String> = host.observations.iter().map(observed).collect();
        let unseen = host.unseen(PortState::Open);
        ports.extend(unseen.map(|port| format!("{port}/open/{}/////", host.transport)));
        if !is_up(host) && ports.is_empty() {
            return Ok(());
        }
        let count = |state: fn(PortState) -> bool| host.coverage.count(state);
        let ignored = [
            ("closed", count(|state| state == PortState::Closed)),
            ("filtered", count(|state| matches!(state, PortState::Filtered(_)))),
        ];
        write!(self.out, "Host: {} ({name})\tPorts: {}", host.addr, ports.join(", "))?;
        // The form has room for one state that isn't listed port by port.
        if let Some((state, n)) = ignored.into_iter().filter(|&(_, n)| n > 0).max_by_key(|&(_, n)| n) {
            write!(self.out, "\tIgnored State: {state} ({n})")?;
        }
        writeln!(self.out)
    }

    pub(super) fn end(mut self, counts: Counts) -> io::Result<W> {
        let ended = self.head.summary.ended_at.unwrap_or(self.head.manifest.started_at);
        let done = if self.head.summary.state == RunState::Finished { "done" } else { "broke off" };
        writeln!(
            self.out,
            "# Scan {done} at {} -- {} IP addresses ({} hosts up)",
            ended.format(super::nmap_xml::TIME),
            counts.n_hosts,
            counts.n_up,
        )?;
        Ok(self.out)
    }
}

/// Port, state, protocol, owner, service, RPC, version.
fn observed(observation: &Observation) -> String {
    let facts = &observation.service;
    let protocol = facts.protocol.as_deref().map(theirs);
    let service = match (protocol, &facts.tls, facts.certainty) {
        (Some(protocol), Some(tls), _) if !tls.after_start_tls => format!("ssl|{protocol}"),
        (Some(protocol), _, _) => protocol.to_owned(),
        (None, Some(_), _) => "ssl".to_owned(),
        (None, None, Certainty::ClosedAtOnce) => "tcpwrapped".to_owned(),
        (None, None, _) => String::new(),
    };
    let product: Vec<&str> =
        [&facts.product, &facts.version].into_iter().flatten().map(String::as_str).collect();
    let state = match observation.state {
        PortState::Open => "open",
        PortState::SuspectOpen => "open|filtered",
        PortState::Closed => "closed",
        PortState::Filtered(_) => "filtered",
        PortState::Unverifiable => "unknown",
    };
    let endpoint = observation.endpoint;
    format!(
        "{}/{state}/{}//{}//{}/",
        endpoint.port,
        endpoint.transport,
        field(&service),
        field(&product.join(" "))
    )
}

/// What stands between slashes and commas must hold none.
fn field(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '/' => '|',
            ',' => ';',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}
