//! Writes a run as nmap would have: its readers know nothing else.
//!
//! What nmap's vocabulary can't say honestly isn't said: a host that gave no answer is `unknown` and neither up nor
//! down, and its ports are too.

use std::io::{self, Write};

use model::coverage::PortRun;
use model::observation::{Certainty, FilterReason, Method, Observation, PortState};
use model::port::{PortSet, Transport};
use model::unreachable::Unreachable;

use super::super::export::{Counts, ExportHead, is_up};
use super::super::service_names::theirs;
use crate::run::{HostView, RunState};

/// Times in words, as C's `ctime` writes them.
pub(in crate::exchange) const TIME: &str = "%a %b %e %H:%M:%S %Y";

pub(in crate::exchange) struct NmapXml<'a, W> {
    head: ExportHead<'a>,
    out: W,
}

impl<'a, W: Write> NmapXml<'a, W> {
    pub(in crate::exchange) fn begin(head: ExportHead<'a>, out: W) -> io::Result<Self> {
        let mut form = NmapXml { head, out };
        let manifest = head.manifest;
        let (start, out) = (manifest.started_at, &mut form.out);
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>")?;
        // The DTD knows no scanner but nmap; the version says who it was.
        let args = format!("run {} by method {}", manifest.run, manifest.method.as_str());
        let by = manifest.tool.as_ref().map(|tool| format!(", imported from {tool}")).unwrap_or_default();
        writeln!(
            out,
            "<nmaprun scanner=\"nmap\" args=\"{}\" start=\"{}\" startstr=\"{}\" version=\"{}\" \
             xmloutputversion=\"1.05\">",
            escape(&format!("sentrypost: {args}{by}")),
            start.timestamp(),
            start.format(TIME),
            escape(&manifest.software),
        )?;
        let kind = match manifest.method {
            Method::Connect => Some("connect"),
            Method::Syn => Some("syn"),
            Method::Udp => Some("udp"),
            // How another tool asked isn't known here; what isn't a sweep isn't exported.
            Method::Imported | Method::Tls => None,
        };
        let asked = manifest.plan.blocks().iter().flat_map(|block| block.ports.as_slice()).copied();
        if let (Some(kind), Some(asked)) = (kind, PortSet::new(asked)) {
            let n = asked.as_slice().len();
            writeln!(
                out,
                "<scaninfo type=\"{kind}\" protocol=\"{}\" numservices=\"{n}\" services=\"{asked}\"/>",
                manifest.method.transport()
            )?;
        }
        writeln!(out, "<verbose level=\"0\"/>\n<debugging level=\"0\"/>")?;
        Ok(form)
    }

    pub(in crate::exchange) fn host(&mut self, host: &HostView) -> io::Result<()> {
        let start = self.head.manifest.started_at.timestamp();
        let end = self.head.summary.ended_at.map_or(start, |at| at.timestamp());
        let (state, reason) = self.status(host);
        let kind = if host.addr.is_ipv4() { "ipv4" } else { "ipv6" };
        let out = &mut self.out;
        writeln!(
            out,
            "<host starttime=\"{start}\" endtime=\"{end}\"><status state=\"{state}\" reason=\"{reason}\" \
             reason_ttl=\"0\"/>\n<address addr=\"{}\" addrtype=\"{kind}\"/>\n<hostnames>",
            host.addr
        )?;
        for name in &host.names {
            writeln!(out, "<hostname name=\"{}\" type=\"user\"/>", escape(name.as_str()))?;
        }
        writeln!(out, "</hostnames>\n<ports>")?;
        self.extra_ports(host)?;
        for observation in host.observations.iter().filter(|seen| seen.state != PortState::SuspectOpen) {
            self.port(observation)?;
        }
        for port in host.unseen(PortState::Open) {
            writeln!(
                self.out,
                "<port protocol=\"{}\" portid=\"{port}\"><state state=\"open\" reason=\"{}\" \
                 reason_ttl=\"0\"/></port>",
                host.transport,
                answer(host.transport)
            )?;
        }
        writeln!(self.out, "</ports>\n</host>")
    }

    fn status(&self, host: &HostView) -> (&'static str, &'static str) {
        let has = |wanted: fn(PortState) -> bool| host.coverage.count(wanted) > 0;
        match is_up(host) {
            true if has(|state| state == PortState::Open) => ("up", answer(host.transport)),
            true if has(|state| state == PortState::Closed) => ("up", self.refusal()),
            // Only a UDP port has answered.
            true => ("up", "udp-response"),
            false if has(|state| state == PortState::SuspectOpen) => ("unknown", "syn-ack"),
            false => ("unknown", "no-response"),
        }
    }

    /// How nmap calls a refusal: by what its scan gets to see of it.
    fn refusal(&self) -> &'static str {
        match self.head.manifest.method {
            Method::Connect | Method::Tls => "conn-refused",
            Method::Syn | Method::Imported => "reset",
            Method::Udp => "port-unreach",
        }
    }

    /// The ports that aren't open, state by state.
    fn extra_ports(&mut self, host: &HostView) -> io::Result<()> {
        let closed = self.refusal();
        let reason_of = |state| match state {
            PortState::Open => None,
            PortState::SuspectOpen => Some(("open|filtered", answer(host.transport))),
            PortState::Closed => Some(("closed", closed)),
            PortState::Filtered(FilterReason::Silence) => Some(("filtered", "no-response")),
            PortState::Filtered(FilterReason::NetworkUnreachable) => Some(("filtered", "net-unreach")),
            PortState::Filtered(FilterReason::HostUnreachable) => Some(("filtered", "host-unreach")),
            PortState::Filtered(FilterReason::Prohibited) => Some(("filtered", "admin-prohibited")),
            PortState::Filtered(FilterReason::Icmp(error)) => Some(("filtered", word_of(error.reason()))),
            // Silence over UDP has a word of its own.
            PortState::Unverifiable if host.transport == Transport::Udp => {
                Some(("open|filtered", "no-response"))
            }
            PortState::Unverifiable => Some(("unknown", "no-response")),
        };
        for wanted in ["closed", "filtered", "open|filtered", "unknown"] {
            let mut reasons: Vec<(&str, Vec<&PortRun>)> = Vec::new();
            for run in host.coverage.runs() {
                let Some((_, reason)) = reason_of(run.state).filter(|&(state, _)| state == wanted) else {
                    continue;
                };
                match reasons.iter_mut().find(|(other, _)| *other == reason) {
                    Some((_, runs)) => runs.push(run),
                    None => reasons.push((reason, vec![run])),
                }
            }
            let count = |runs: &[&PortRun]| runs.iter().map(|run| run.len()).sum::<u32>();
            let n: u32 = reasons.iter().map(|(_, runs)| count(runs)).sum();
            if n == 0 {
                continue;
            }
            writeln!(self.out, "<extraports state=\"{wanted}\" count=\"{n}\">")?;
            for (reason, runs) in reasons {
                write!(
                    self.out,
                    "<extrareasons reason=\"{reason}\" count=\"{}\" proto=\"{}\" ports=\"",
                    count(&runs),
                    host.transport
                )?;
                for (i, run) in runs.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    match run.first == run.last {
                        true => write!(self.out, "{comma}{}", run.first)?,
                        false => write!(self.out, "{comma}{}-{}", run.first, run.last)?,
                    }
                }
                writeln!(self.out, "\"/>")?;
            }
            writeln!(self.out, "</extraports>")?;
        }
        Ok(())
    }

    fn port(&mut self, observation: &Observation) -> io::Result<()> {
        let endpoint = observation.endpoint;
        let reason = answer(endpoint.transport);
        write!(
            self.out,
            "<port protocol=\"{}\" portid=\"{}\"><state state=\"open\" reason=\"{reason}\" reason_ttl=\"0\"/>",
            endpoint.transport, endpoint.port
        )?;
        self.service(observation)?;
        self.certificate(observation)?;
        writeln!(self.out, "</port>")
    }

    /// What it said of itself; nothing where it was not asked or said nothing, since nmap's own names for that are
    /// guesses by the number of the port.
    fn service(&mut self, observation: &Observation) -> io::Result<()> {
        let facts = &observation.service;
        let name = match (facts.protocol.as_deref(), facts.certainty) {
            (Some(protocol), _) => theirs(protocol),
            (None, Certainty::ClosedAtOnce) => "tcpwrapped",
            (None, Certainty::Identified | Certainty::Unknown) => "unknown",
            (None, Certainty::Silent | Certainty::NotAsked) => return Ok(()),
        };
        write!(self.out, "<service name=\"{}\"", escape(name))?;
        let texts = [("product", &facts.product), ("version", &facts.version), ("extrainfo", &facts.info)];
        for (name, text) in texts {
            if let Some(text) = text {
                write!(self.out, " {name}=\"{}\"", escape(text))?;
            }
        }
        if facts.tls.as_ref().is_some_and(|tls| !tls.after_start_tls) {
            write!(self.out, " tunnel=\"ssl\"")?;
        }
        let conf = match facts.certainty {
            Certainty::Identified => 10,
            Certainty::ClosedAtOnce => 8,
            Certainty::Unknown | Certainty::Silent | Certainty::NotAsked => 0,
        };
        write!(self.out, " method=\"probed\" conf=\"{conf}\"/>")
    }

    /// The certificate in the words of nmap's script of that name, so far as it is kept.
    fn certificate(&mut self, observation: &Observation) -> io::Result<()> {
        let tls = observation.service.tls.iter();
        let leaf = tls.flat_map(|tls| &tls.presented).find_map(|presented| presented.chain.first());
        let Some(leaf) = leaf else { return Ok(()) };
        let (from, until) = (leaf.not_before.naive_utc(), leaf.not_after.naive_utc());
        write!(
            self.out,
            "<script id=\"ssl-cert\" output=\"Subject: {}&#xa;Issuer: {}&#xa;Not valid before: {}&#xa;Not valid \
             after:  {}&#xa;SHA-256: {}\"><elem key=\"sha256\">{}</elem></script>",
            escape(&leaf.subject),
            escape(&leaf.issuer),
            from.format("%Y-%m-%dT%H:%M:%S"),
            until.format("%Y-%m-%dT%H:%M:%S"),
            escape(&leaf.sha256),
            escape(&leaf.sha256),
        )
    }

    pub(in crate::exchange) fn end(mut self, counts: Counts) -> io::Result<W> {
        let (start, summary) = (self.head.manifest.started_at, self.head.summary);
        let end = summary.ended_at.unwrap_or(start);
        let elapsed = (end - start).num_milliseconds().max(0);
        let exit = match summary.state {
            RunState::Finished => "exit=\"success\"".to_owned(),
            state => format!("exit=\"error\" errormsg=\"the run is {}\"", state.as_str()),
        };
        let Counts { n_hosts, n_up, .. } = counts;
        writeln!(
            self.out,
            "<runstats><finished time=\"{}\" timestr=\"{}\" summary=\"{n_hosts} IP addresses ({n_up} hosts up)\" \
             elapsed=\"{}.{:02}\" {exit}/><hosts up=\"{n_up}\" down=\"0\" total=\"{n_hosts}\"/>\n</runstats>\n\
             </nmaprun>",
            end.timestamp(),
            end.format(TIME),
            elapsed / 1000,
            elapsed % 1000 / 10,
        )?;
        Ok(self.out)
    }
}

/// How nmap calls an ICMP error.
fn word_of(reason: Unreachable) -> &'static str {
    match reason {
        Unreachable::Network => "net-unreach",
        Unreachable::Host => "host-unreach",
        Unreachable::Protocol => "proto-unreach",
        Unreachable::Port => "port-unreach",
        Unreachable::NetworkProhibited => "net-prohibited",
        Unreachable::HostProhibited => "host-prohibited",
        Unreachable::Prohibited => "admin-prohibited",
        Unreachable::Rejected => "reject-route",
        Unreachable::TimeExceeded => "time-exceeded",
        Unreachable::ParameterProblem => "param-prob",
    }
}

/// How nmap calls the answer of an open port.
fn answer(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "syn-ack",
        Transport::Udp => "udp-response",
    }
}

/// A text as it may stand in an attribute or between tags; what XML 1.0 can't hold becomes a replacement character.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#xa;"),
            '\t' => escaped.push_str("&#x9;"),
            '\r' => escaped.push_str("&#xd;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() && c < '\u{80}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
