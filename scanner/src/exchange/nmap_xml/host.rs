//! One host of nmap's XML while it is read: what is known of which of its ports.
//!
//! A port that the file doesn't speak of was not probed, so far as we know.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::observation::{PresentedChain, Reply, ServiceFacts, TlsFacts};
use model::port::{PortSet, Transport, parse_port};
use probes::clean::clean;

use super::super::certificates;
use super::super::fault::{What, quoted};
use super::super::foreign::{Answered, ForeignHost, ForeignPort, Reading};
use super::super::service_names::{Recognised, facts_of};
use super::read::{Attributes, port_set, ranges, time};

/// Ranges of ports that one host may have: every second port apart is the worst.
const MAX_RANGES: usize = 1 << 16;

/// What the file says of how it scanned.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Ports that every host that is up was asked on.
    tcp: Option<PortSet>,
    /// A kind of TCP scan whose "open" and "closed" are answers, which for FIN, ACK and window scans they aren't.
    proves: Option<bool>,
}

impl Scan {
    pub(super) fn add(&mut self, attributes: &Attributes<'_>) -> Result<(), What> {
        if attributes.get("protocol") != Some("tcp") {
            return Ok(());
        }
        let kind = attributes.need("scaninfo", "type")?;
        self.proves = Some(matches!(kind, "syn" | "connect") && self.proves != Some(false));
        self.tcp = port_set(attributes.get("services").unwrap_or_default())?;
        Ok(())
    }

    fn proves_open(&self) -> bool {
        self.proves != Some(false)
    }

    fn proves_closed(&self) -> bool {
        self.proves == Some(true)
    }
}

/// Ports that were not worth a line of their own.
#[derive(Debug)]
pub(super) struct Extra {
    state: String,
    n: u64,
    /// Whether its reasons list the ports.
    is_listed: bool,
    reply: Option<Reply>,
    /// Different reasons came to different replies.
    is_mixed: bool,
}

impl Extra {
    pub(super) fn of(attributes: &Attributes<'_>) -> Result<Extra, What> {
        let state = quoted(attributes.need("extraports", "state")?);
        let n = number(attributes.need("extraports", "count")?)?;
        Ok(Extra { state, n, is_listed: false, reply: None, is_mixed: false })
    }
}

/// A port with a line of its own.
#[derive(Debug)]
pub(super) struct PortEntry {
    transport: Option<Transport>,
    port: u16,
    state: String,
    reply: Option<Reply>,
    service: ServiceFacts,
    pub(super) pem: String,
}

impl PortEntry {
    pub(super) fn of(attributes: &Attributes<'_>) -> Result<PortEntry, What> {
        let text = attributes.need("port", "portid")?;
        let transport = match attributes.need("port", "protocol")? {
            "tcp" => Some(Transport::Tcp),
            "udp" => Some(Transport::Udp),
            "sctp" | "ip" => None,
            other => return Err(What::Transport(quoted(other))),
        };
        // Protocol scans number protocols, from 0 on.
        let port = match (transport, parse_port(text)) {
            (_, Ok(port)) => port,
            (None, Err(_)) => 0,
            (Some(_), Err(_)) => return Err(What::Port(quoted(text))),
        };
        let (state, service) = (String::new(), ServiceFacts::default());
        Ok(PortEntry { transport, port, state, reply: None, service, pem: String::new() })
    }

    pub(super) fn state(&mut self, attributes: &Attributes<'_>) -> Result<(), What> {
        self.state = quoted(attributes.need("state", "state")?);
        self.reply = reply_of(&self.state, attributes.get("reason").unwrap_or_default());
        Ok(())
    }

    pub(super) fn service(&mut self, attributes: &Attributes<'_>) {
        // Without an answer of its own, the name is only what the port is called.
        if attributes.get("method") != Some("probed") {
            return;
        }
        let text = |name| attributes.get(name).map(clean);
        self.service = facts_of(Recognised {
            name: &text("name").unwrap_or_default(),
            is_inside_tls: attributes.get("tunnel") == Some("ssl"),
            product: text("product"),
            version: text("version"),
            info: text("extrainfo"),
        });
    }
}

/// All of a host that was read so far.
#[derive(Debug, Default)]
pub(super) struct HostEntry {
    addr: Option<IpAddr>,
    pub(super) state: Option<String>,
    is_timed_out: bool,
    at: Option<DateTime<Utc>>,
    pub(super) port: Option<PortEntry>,
    pub(super) extra: Option<Extra>,
    listed: Vec<PortEntry>,
    answered: Vec<Answered>,
    /// What the ports without a list are, each with how many there are.
    unlisted: Vec<(Option<Reply>, u64)>,
    n_no_proof: u64,
    /// The first thing that is wrong with it.
    pub(super) fault: Option<(u64, What)>,
}

impl HostEntry {
    pub(super) fn new(attributes: &Attributes<'_>) -> HostEntry {
        let at = attributes.get("endtime").and_then(|at| time(at).ok());
        HostEntry { at, is_timed_out: attributes.get("timedout") == Some("true"), ..HostEntry::default() }
    }

    pub(super) fn address(&mut self, attributes: &Attributes<'_>) -> Result<(), What> {
        if attributes.get("addrtype") == Some("mac") {
            return Ok(());
        }
        let text = attributes.need("address", "addr")?;
        // What follows a % is the interface that the tool reached it by.
        let addr = text.split('%').next().unwrap_or_default();
        let addr = addr.parse::<IpAddr>().map_err(|_| What::Addr(quoted(text)))?;
        self.addr.get_or_insert(addr);
        Ok(())
    }

    /// Ports of one state for one reason.
    pub(super) fn reason(&mut self, attributes: &Attributes<'_>) -> Result<(), What> {
        let Some(extra) = &mut self.extra else { return Ok(()) };
        let reply = reply_of(&extra.state, attributes.get("reason").unwrap_or_default());
        match attributes.get("ports") {
            Some(ports) => {
                extra.is_listed = true;
                if attributes.get("proto").is_some_and(|proto| proto != "tcp") {
                    return Ok(());
                }
                let ranges = ranges(ports)?;
                let told = number(attributes.need("extrareasons", "count")?)?;
                let listed = ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
                if told != listed {
                    return Err(What::Contradiction { told, listed });
                }
                match reply {
                    None => self.n_no_proof = self.n_no_proof.saturating_add(listed),
                    Some(reply) if self.answered.len() + ranges.len() <= MAX_RANGES => {
                        let ranges = ranges.into_iter();
                        self.answered.extend(ranges.map(|(first, last)| Answered { first, last, reply }));
                    }
                    Some(_) => return Err(What::TooManyRanges(MAX_RANGES)),
                }
            }
            None => {
                extra.is_mixed |= extra.reply.is_some_and(|before| Some(before) != reply);
                extra.reply = reply;
            }
        }
        Ok(())
    }

    pub(super) fn end_extra(&mut self) {
        let Some(extra) = self.extra.take().filter(|extra| !extra.is_listed) else { return };
        let reply = match extra.is_mixed {
            // Which of them is which isn't told; that they are filtered is.
            true => reply_of(&extra.state, ""),
            false => extra.reply.or_else(|| reply_of(&extra.state, "")),
        };
        self.unlisted.push((reply, extra.n));
    }

    pub(super) fn end_port(&mut self) {
        let Some(mut port) = self.port.take() else { return };
        if let Some(certificate) = certificates::certificate(&port.pem) {
            let tls = port.service.tls.get_or_insert_with(TlsFacts::default);
            tls.presented = vec![PresentedChain { server_name: None, chain: vec![certificate] }];
        }
        port.pem = String::new();
        if self.listed.len() < MAX_RANGES {
            self.listed.push(port);
        }
    }

    /// What of it counts; `None` if nothing is known of its ports.
    pub(super) fn finish(
        mut self,
        scan: &Scan,
        line: u64,
        reading: &mut Reading,
    ) -> Result<Option<ForeignHost>, (u64, What)> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let addr = self.addr.ok_or((line, What::NoAddress))?;
        // Masscan tells no state: what it lists has answered.
        if self.state.as_deref().unwrap_or("up") != "up" {
            reading.n_not_up += 1;
            return Ok(None);
        }
        let rest = self.rest(scan);
        let mut open = Vec::new();
        let mut answered = std::mem::take(&mut self.answered);
        answered.extend(rest);
        for port in std::mem::take(&mut self.listed) {
            let (transport, port_number) = (port.transport, port.port);
            let Some(transport) = transport else { continue };
            let counts = transport == Transport::Udp || scan.proves_open();
            if port.state == "open" && counts {
                let service = port.service;
                open.push(ForeignPort { transport, port: port_number, at: self.at, service });
            }
            match (transport, port.reply) {
                (Transport::Tcp, Some(reply)) => {
                    answered.push(Answered { first: port_number, last: port_number, reply });
                }
                (Transport::Tcp, None) => self.n_no_proof += 1,
                (Transport::Udp, _) if port.state == "open" => {}
                (Transport::Udp, _) => self.n_no_proof += 1,
            }
        }
        let n_answered = answered.len();
        answered.retain(|range| match range.reply {
            Reply::Open => scan.proves_open(),
            // The tool gave up on the host: what is missing may not have been asked.
            _ => scan.proves_closed() && !self.is_timed_out,
        });
        self.n_no_proof += (n_answered - answered.len()) as u64;
        reading.n_no_proof = reading.n_no_proof.saturating_add(self.n_no_proof);
        Ok(Some(ForeignHost { addr, line, answered, open }))
    }

    /// What the ports that aren't listed replied, where the file leaves no doubt which those are: older versions of
    /// nmap tell their number only.
    fn rest(&self, scan: &Scan) -> Vec<Answered> {
        let Some(asked) = &scan.tcp else { return Vec::new() };
        let replies = || self.unlisted.iter().map(|&(reply, _)| reply);
        let Some(reply) = replies().next().flatten() else { return Vec::new() };
        if replies().any(|other| other != Some(reply)) {
            return Vec::new();
        }
        let mut known = vec![false; usize::from(u16::MAX) + 1];
        let mut mark = |first: u16, last: u16| {
            if let Some(known) = known.get_mut(usize::from(first)..=usize::from(last)) {
                known.fill(true);
            }
        };
        self.answered.iter().for_each(|range| mark(range.first, range.last));
        let tcp = self.listed.iter().filter(|port| port.transport == Some(Transport::Tcp));
        tcp.for_each(|port| mark(port.port, port.port));
        let is_known = |port: u16| known.get(usize::from(port)).copied().unwrap_or(true);
        let rest = PortSet::new(asked.as_slice().iter().copied().filter(|&port| !is_known(port)));
        let n_told = self.unlisted.iter().fold(0u64, |sum, &(_, n)| sum.saturating_add(n));
        match rest {
            Some(rest) if rest.as_slice().len() as u64 == n_told => {
                let ranges = rest.as_slice().chunk_by(|a, b| a.checked_add(1) == Some(*b));
                let ends = ranges.filter_map(|range| Some((*range.first()?, *range.last()?)));
                ends.map(|(first, last)| Answered { first, last, reply }).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What a state of nmap proves of a port; `None` for those that prove nothing.
fn reply_of(state: &str, reason: &str) -> Option<Reply> {
    match state {
        "open" => Some(Reply::Open),
        "closed" => Some(Reply::Refused),
        // Older versions wrote reasons in the plural.
        "filtered" => Some(match reason {
            _ if reason.starts_with("host-unreach") => Reply::HostUnreachable,
            _ if reason.starts_with("net-unreach") || reason.starts_with("time-exceeded") => {
                Reply::NetworkUnreachable
            }
            _ if reason.contains("prohibited") => Reply::Prohibited,
            _ if reason.starts_with("port-unreach") || reason.starts_with("proto-unreach") => {
                Reply::Prohibited
            }
            _ => Reply::Silent,
        }),
        _ => None,
    }
}

fn number(text: &str) -> Result<u64, What> {
    text.trim().parse().map_err(|_| What::Number(quoted(text)))
}
