//! The JSON of masscan: an array of objects (`-oJ`), or an object a line (`-oD`), in the states in which it is met:
//! with commas too many or too few, and with `{finished: 1}` at the end.
//!
//! It tells open ports and, if asked to, closed ones; nothing is known of the others.

use std::io::{BufRead, Read};
use std::net::IpAddr;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use model::observation::{PresentedChain, Reply, ServiceFacts, TlsFacts};
use model::port::Transport;
use probes::clean::clean;
use serde::Deserialize;

use super::bounded::{Bounded, Meter};
use super::certificates;
use super::fault::{What, quoted};
use super::foreign::{Answered, ForeignHost, ForeignPort, ForeignTool, Limits, Reading};
use super::service_names::{Recognised, facts_of};

/// Reads a file, hands out its entries, and says what is wrong with it. What `take` refuses ends the reading, and so
/// does whatever leaves the rest without a meaning; an entry that is wrong is left out and told.
pub fn read_masscan_json(
    input: impl Read,
    limits: &Limits,
    take: &mut dyn FnMut(ForeignHost) -> Result<(), What>,
) -> Reading {
    let meter = Meter::new(limits.file_bytes, limits.piece_bytes);
    let mut reading = Reading {
        tool: ForeignTool { name: "masscan".to_owned(), ..ForeignTool::default() },
        ..Reading::default()
    };
    let mut pieces = Pieces::new(Bounded::new(input, meter.clone()), meter.clone(), limits.depth);
    loop {
        let (line, piece) = match pieces.next() {
            Ok(Some(piece)) => piece,
            Ok(None) => return reading,
            Err(what) => {
                reading.faults.end(meter.line(), what);
                return reading;
            }
        };
        if is_end_mark(piece) {
            continue;
        }
        match entry(piece, line, &mut reading) {
            Ok(None) => {}
            Ok(Some(host)) => {
                if let Err(what) = take(host) {
                    reading.faults.end(line, what);
                    return reading;
                }
            }
            Err(what) => reading.faults.add(line, what),
        }
    }
}

/// Older versions end with `{finished: 1}`, which isn't JSON.
fn is_end_mark(piece: &[u8]) -> bool {
    let plain = piece.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'"');
    plain.eq(b"{finished:1}")
}

/// Cuts a file into objects, without looking into them further than to see where they end.
struct Pieces<R> {
    input: Bounded<R>,
    meter: Rc<Meter>,
    max_depth: usize,
    piece: Vec<u8>,
    /// Whether the file is an array; not known before its first byte.
    is_array: Option<bool>,
    is_over: bool,
}

impl<R: Read> Pieces<R> {
    fn new(input: Bounded<R>, meter: Rc<Meter>, max_depth: usize) -> Pieces<R> {
        Pieces { input, meter, max_depth, piece: Vec::new(), is_array: None, is_over: false }
    }

    fn byte(&mut self) -> Result<Option<u8>, What> {
        let next = match self.input.fill_buf() {
            Ok(ready) => ready.first().copied(),
            Err(error) => return Err(self.meter.explain(&error)),
        };
        if next.is_some() {
            self.input.consume(1);
        }
        Ok(next)
    }

    /// The next object, with the line on which it ends.
    fn next(&mut self) -> Result<Option<(u64, &[u8])>, What> {
        self.meter.begin_piece();
        loop {
            let Some(byte) = self.byte()? else {
                // An array that isn't closed, but an empty file: masscan writes that when it found nothing.
                return if self.is_array == Some(true) && !self.is_over {
                    Err(What::CutOff)
                } else {
                    Ok(None)
                };
            };
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                // A byte order mark.
                0xef | 0xbb | 0xbf if self.is_array.is_none() => {}
                _ if self.is_over => return Err(What::Trailing),
                b'[' if self.is_array.is_none() => self.is_array = Some(true),
                b',' if self.is_array == Some(true) => {}
                b']' if self.is_array == Some(true) => self.is_over = true,
                b'{' => {
                    self.is_array.get_or_insert(false);
                    self.object()?;
                    return Ok(Some((self.meter.line(), &self.piece)));
                }
                other => {
                    return Err(What::Json(format!("{:?} where an entry should begin", char::from(other))));
                }
            }
        }
    }

    fn object(&mut self) -> Result<(), What> {
        self.piece.clear();
        self.piece.push(b'{');
        let (mut depth, mut in_text, mut is_escaped) = (1usize, false, false);
        while depth > 0 {
            let Some(byte) = self.byte()? else { return Err(What::CutOff) };
            self.piece.push(byte);
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if in_text => is_escaped = true,
                b'"' => in_text = !in_text,
                _ if in_text => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            if depth > self.max_depth {
                return Err(What::TooDeep(self.max_depth));
            }
        }
        Ok(())
    }
}

/// An entry of either form.
#[derive(Deserialize)]
struct Entry {
    ip: String,
    #[serde(default)]
    timestamp: Option<Time>,
    /// Of the array form.
    #[serde(default)]
    ports: Vec<Port>,
    /// Of the form with an entry a line.
    #[serde(flatten)]
    port: Option<FlatPort>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Number(i64),
    Text(String),
}

#[derive(Deserialize)]
struct Port {
    port: u32,
    proto: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    service: Option<Service>,
}

#[derive(Deserialize)]
struct FlatPort {
    port: u32,
    proto: String,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    service_name: Option<String>,
    #[serde(default)]
    banner: Option<String>,
}

#[derive(Deserialize)]
struct Service {
    name: String,
    #[serde(default)]
    banner: Option<String>,
}

fn entry(piece: &[u8], line: u64, reading: &mut Reading) -> Result<Option<ForeignHost>, What> {
    let text = std::str::from_utf8(piece).map_err(|_| What::Json("it isn't UTF-8".to_owned()))?;
    let entry: Entry = serde_json::from_str(text).map_err(|error| What::Json(quoted(&error.to_string())))?;
    let addr = entry.ip.parse::<IpAddr>().map_err(|_| What::Addr(quoted(&entry.ip)))?;
    let at = entry.timestamp.map(time).transpose()?;
    if let Some(at) = at {
        let tool = &mut reading.tool;
        tool.started_at = Some(tool.started_at.map_or(at, |first| first.min(at)));
        tool.ended_at = tool.ended_at.max(Some(at));
    }
    let mut ports = entry.ports;
    ports.extend(entry.port.map(|flat| {
        let data = flat.data.unwrap_or(Data { status: None, service_name: None, banner: None });
        let banner = data.banner;
        let service = data.service_name.map(|name| Service { name, banner });
        Port { port: flat.port, proto: flat.proto, status: data.status, service }
    }));
    let mut host = ForeignHost { addr, line, answered: Vec::new(), open: Vec::new() };
    for port in ports {
        add(&mut host, port, at, reading)?;
    }
    Ok(Some(host))
}

fn add(
    host: &mut ForeignHost,
    port: Port,
    at: Option<DateTime<Utc>>,
    reading: &mut Reading,
) -> Result<(), What> {
    let transport = match port.proto.as_str() {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        // Of hosts that answer a ping, and of others' transports, nothing is kept.
        "icmp" | "sctp" | "arp" | "oproto" => return Ok(()),
        other => return Err(What::Transport(quoted(other))),
    };
    let number = u16::try_from(port.port).ok().filter(|&port| port > 0);
    let number = number.ok_or_else(|| What::Port(port.port.to_string()))?;
    // What says something is open, whether or not that is said.
    let is_open = port.status.as_deref() == Some("open") || port.service.is_some();
    match (transport, is_open, port.status.as_deref()) {
        (_, true, _) => {
            let service = port.service.map(facts).unwrap_or_default();
            host.open.push(ForeignPort { transport, port: number, at, service });
            if transport == Transport::Tcp {
                host.answered.push(Answered { first: number, last: number, reply: Reply::Open });
            }
        }
        (Transport::Tcp, false, Some("closed")) => {
            host.answered.push(Answered { first: number, last: number, reply: Reply::Refused });
        }
        (_, false, _) => reading.n_no_proof += 1,
    }
    Ok(())
}

/// What a banner says. Certificates come in base64 as a "service" of their own.
fn facts(service: Service) -> ServiceFacts {
    let banner = service.banner.unwrap_or_default();
    if service.name == "X509"
        && let Some(certificate) = certificates::certificate(&banner)
    {
        let presented = vec![PresentedChain { server_name: None, chain: vec![certificate] }];
        let mut facts = facts_of(recognised("ssl", None));
        facts.tls = Some(TlsFacts { presented, ..TlsFacts::default() });
        return facts;
    }
    let name = match service.name.as_str() {
        "title" | "html" | "favicon" => "http",
        "X509" => "ssl",
        name => name.split('.').next().unwrap_or_default(),
    };
    facts_of(recognised(name, Some(clean(&banner))))
}

fn recognised(name: &str, info: Option<String>) -> Recognised<'_> {
    Recognised { name, is_inside_tls: false, product: None, version: None, info }
}

fn time(time: Time) -> Result<DateTime<Utc>, What> {
    match time {
        Time::Number(seconds) => super::nmap_xml::time(&seconds.to_string()),
        Time::Text(text) => super::nmap_xml::time(&text),
    }
}
