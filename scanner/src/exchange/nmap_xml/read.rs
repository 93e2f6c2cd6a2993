//! Reads nmap's XML, and what masscan writes in its manner, host by host.
//!
//! It knows no entities but XML's own, opens nothing that the file names, and holds one tag in memory at a time.

use std::borrow::Cow;
use std::io::Read;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use model::port::PortSet;
use probes::clean::clean;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::super::bounded::{Bounded, Meter};
use super::super::certificates;
use super::super::fault::{What, quoted};
use super::super::foreign::{ForeignHost, ForeignTool, Limits, Reading};
use super::host::{Extra, HostEntry, PortEntry, Scan};

/// Reads a file, hands out the hosts that were up, and says what is wrong with it. What `take` refuses ends the
/// reading, and so does whatever leaves the rest without a meaning; a host that is wrong is left out and told.
pub fn read_nmap_xml(
    input: impl Read,
    limits: &Limits,
    take: &mut dyn FnMut(ForeignHost) -> Result<(), What>,
) -> Reading {
    let meter = Meter::new(limits.file_bytes, limits.piece_bytes);
    let mut file = File {
        reading: Reading::default(),
        open: Vec::new(),
        scan: Scan::default(),
        host: None,
        max_depth: limits.depth,
        meter: meter.clone(),
        take,
        is_over: false,
    };
    let mut reader = Reader::from_reader(Bounded::new(input, meter.clone()));
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        meter.begin_piece();
        let step = match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break,
            Ok(event) => file.event(event),
            Err(quick_xml::Error::Io(error)) => Err(meter.explain(&error)),
            // Where the file just stops, the parser says what it was in the middle of.
            Err(quick_xml::Error::Syntax(_)) => Err(What::CutOff),
            Err(error) => Err(What::Xml(quoted(&error.to_string()))),
        };
        if let Err(what) = step {
            file.reading.faults.end(meter.line(), what);
            return file.reading;
        }
    }
    if !file.is_over {
        file.reading.faults.end(meter.line(), What::CutOff);
    }
    file.reading
}

/// The elements that mean something to us, by where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Root,
    RunStats,
    Host,
    Ports,
    ExtraPorts,
    Port,
    /// The output of the script that shows certificates.
    Certificate,
    Pem,
    Other,
}

struct File<'a> {
    reading: Reading,
    open: Vec<Element>,
    scan: Scan,
    host: Option<HostEntry>,
    max_depth: usize,
    meter: Rc<Meter>,
    take: &'a mut dyn FnMut(ForeignHost) -> Result<(), What>,
    /// The root element was closed.
    is_over: bool,
}

impl File<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), What> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(_) => self.end(),
            Event::DocType(text) if text.contains('[') || text.contains("<!") => Err(What::OwnEntities),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => self.text(c.encode_utf8(&mut [0; 4])),
                Ok(None) if matches!(reference.as_ref(), "lt" | "gt" | "amp" | "apos" | "quot") => Ok(()),
                Ok(None) | Err(_) => Err(What::Entity(quoted(reference.as_ref()))),
            },
            // Empty elements are handed out as a start and an end.
            Event::Empty(_)
            | Event::DocType(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::Eof => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), What> {
        if self.is_over || self.open.is_empty() {
            return if text.trim().is_empty() { Ok(()) } else { Err(What::Trailing) };
        }
        if self.open.last() == Some(&Element::Pem)
            && let Some(port) = self.host.as_mut().and_then(|host| host.port.as_mut())
            && port.pem.len() + text.len() <= certificates::MAX_TEXT
        {
            port.pem.push_str(text);
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), What> {
        if self.is_over {
            return Err(What::Trailing);
        }
        if self.open.len() >= self.max_depth {
            return Err(What::TooDeep(self.max_depth));
        }
        let attributes = Attributes::of(tag)?;
        let name = tag.name().into_inner();
        let parent = self.open.last().copied();
        let element = match (parent, name) {
            (None, "nmaprun") => self.root(&attributes)?,
            (None, _) => return Err(What::NotNmap(quoted(name))),
            (Some(Element::Root), "scaninfo") => {
                self.scan.add(&attributes)?;
                Element::Other
            }
            (Some(Element::Root), "host") => {
                self.host = Some(HostEntry::new(&attributes));
                Element::Host
            }
            (Some(Element::Root), "runstats") => Element::RunStats,
            (Some(Element::RunStats), "finished") => self.finished(&attributes)?,
            (Some(Element::Host | Element::Ports | Element::ExtraPorts | Element::Port), _) => {
                let line = self.meter.line();
                let Some(host) = self.host.as_mut() else {
                    self.open.push(Element::Other);
                    return Ok(());
                };
                part(host, parent, name, &attributes).unwrap_or_else(|what| {
                    host.fault.get_or_insert((line, what));
                    Element::Other
                })
            }
            (Some(Element::Certificate), "elem") if attributes.get("key") == Some("pem") => Element::Pem,
            (Some(Element::Certificate), _) => Element::Certificate,
            (Some(_), _) => Element::Other,
        };
        self.open.push(element);
        Ok(())
    }

    fn root(&mut self, attributes: &Attributes<'_>) -> Result<Element, What> {
        let name = attributes.need("nmaprun", "scanner")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || name.len() > 32 || !name.chars().all(is_name) {
            return Err(What::ToolName(quoted(name)));
        }
        let text = |name| attributes.get(name).map(clean).filter(|text| !text.is_empty());
        let mut tool = ForeignTool {
            name: name.to_owned(),
            version: text("version"),
            command_line: text("args"),
            started_at: attributes.get("start").map(time).transpose()?,
            ended_at: None,
        };
        // Only nmap itself may stand there, says its DTD; our own files tell who they are in the version.
        if let Some(version) = tool.version.as_ref().and_then(|version| version.strip_prefix("sentrypost ")) {
            (tool.name, tool.version) = ("sentrypost".to_owned(), Some(version.to_owned()));
        }
        self.reading.tool = tool;
        Ok(Element::Root)
    }

    fn finished(&mut self, attributes: &Attributes<'_>) -> Result<Element, What> {
        self.reading.tool.ended_at = attributes.get("time").map(time).transpose()?;
        if attributes.get("exit").is_some_and(|exit| exit != "success") {
            let told = attributes.get("errormsg").unwrap_or_default();
            return Err(What::ToolFailed(quoted(told)));
        }
        Ok(Element::Other)
    }

    fn end(&mut self) -> Result<(), What> {
        match self.open.pop() {
            Some(Element::Root) => self.is_over = true,
            Some(Element::ExtraPorts) => {
                if let Some(host) = &mut self.host {
                    host.end_extra();
                }
            }
            Some(Element::Port) => {
                if let Some(host) = &mut self.host {
                    host.end_port();
                }
            }
            Some(Element::Host) => {
                let Some(host) = self.host.take() else { return Ok(()) };
                match host.finish(&self.scan, self.meter.line(), &mut self.reading) {
                    Ok(Some(host)) => (self.take)(host)?,
                    Ok(None) => {}
                    Err((line, what)) => self.reading.faults.add(line, what),
                }
            }
            Some(
                Element::RunStats | Element::Ports | Element::Certificate | Element::Pem | Element::Other,
            )
            | None => {}
        }
        Ok(())
    }
}

/// A part of a host.
fn part(
    host: &mut HostEntry,
    parent: Option<Element>,
    name: &str,
    attributes: &Attributes<'_>,
) -> Result<Element, What> {
    match (parent, name) {
        (Some(Element::Host), "status") => {
            host.state = Some(attributes.need("status", "state")?.to_owned()).map(|state| quoted(&state));
        }
        (Some(Element::Host), "address") => host.address(attributes)?,
        (Some(Element::Host), "ports") => return Ok(Element::Ports),
        (Some(Element::Ports), "extraports") => {
            host.extra = Some(Extra::of(attributes)?);
            return Ok(Element::ExtraPorts);
        }
        (Some(Element::Ports), "port") => {
            host.port = Some(PortEntry::of(attributes)?);
            return Ok(Element::Port);
        }
        (Some(Element::ExtraPorts), "extrareasons") => host.reason(attributes)?,
        (Some(Element::Port), "state") => {
            if let Some(port) = &mut host.port {
                port.state(attributes)?;
            }
        }
        (Some(Element::Port), "service") => {
            if let Some(port) = &mut host.port {
                port.service(attributes);
            }
        }
        (Some(Element::Port), "script") if attributes.get("id") == Some("ssl-cert") => {
            return Ok(Element::Certificate);
        }
        _ => {}
    }
    Ok(Element::Other)
}

/// The attributes of one tag, without their escapes.
pub(super) struct Attributes<'a> {
    of: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Attributes<'a> {
    /// More than any tag of nmap has.
    const MAX: usize = 64;

    fn of(tag: &'a BytesStart<'a>) -> Result<Attributes<'a>, What> {
        let mut of = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| What::Xml(quoted(&error.to_string())))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| What::Xml(quoted(&error.to_string())))?;
            of.push((attribute.key.into_inner(), value));
            if of.len() > Self::MAX {
                return Err(What::TooLong(Self::MAX));
            }
        }
        Ok(Attributes { of })
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.of.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }

    pub(super) fn need(&self, element: &'static str, attribute: &'static str) -> Result<&str, What> {
        self.get(attribute).ok_or(What::Missing { element, attribute })
    }
}

/// Seconds since 1970.
pub(in crate::exchange) fn time(text: &str) -> Result<DateTime<Utc>, What> {
    let seconds = text.trim().parse::<i64>().ok().filter(|&seconds| seconds >= 0);
    let at = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.ok_or_else(|| What::Time(quoted(text)))
}

/// A list of ports as nmap writes it, as ranges.
pub(super) fn ranges(text: &str) -> Result<Vec<(u16, u16)>, What> {
    let port = |text: &str| model::port::parse_port(text).map_err(|_| What::Port(quoted(text)));
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let ranges = parts.map(|part| match part.split_once('-') {
        None => port(part).map(|port| (port, port)),
        Some((first, last)) => {
            let (first, last) = (port(first)?, port(last)?);
            if first <= last { Ok((first, last)) } else { Err(What::Port(quoted(part))) }
        }
    });
    ranges.collect()
}

/// The ports of a list, each once; `None` for an empty one.
pub(super) fn port_set(text: &str) -> Result<Option<PortSet>, What> {
    Ok(PortSet::new(ranges(text)?.into_iter().flat_map(|(first, last)| first..=last)))
}
