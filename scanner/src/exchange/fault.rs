//! What is wrong with a file of another tool, and on which line.

use std::fmt;
use std::io;

/// One thing that is wrong.
#[derive(Debug)]
pub struct Fault {
    /// Counted from 1: where it was noticed.
    pub line: u64,
    pub what: What,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// What may be wrong. Quotations are short and cleaned.
#[derive(Debug, thiserror::Error)]
pub enum What {
    #[error("it can't be read")]
    Io(#[source] io::Error),
    #[error("it has more than {0} bytes; split it")]
    TooLarge(u64),
    #[error("more than {0} bytes in one piece; no tool writes that")]
    TooLong(usize),
    #[error("nested deeper than {0}; no tool writes that")]
    TooDeep(usize),
    #[error("more than {0} hosts; split the file")]
    TooManyHosts(usize),
    #[error("more than {0} open ports; split the file")]
    TooManyOpen(usize),
    #[error("more than {0} different ranges of ports; split the file")]
    TooManyRanges(usize),
    #[error("it isn't well-formed XML: {0}")]
    Xml(String),
    #[error("it declares entities of its own, which no scanner does")]
    OwnEntities,
    #[error("there is an entity &{0}; that XML doesn't know")]
    Entity(String),
    #[error("it isn't the XML of nmap: it begins with <{0}>")]
    NotNmap(String),
    #[error("the file ends too early: the scan was cut off, is still at work, or wrote to a full disk")]
    CutOff,
    #[error("something follows the end of the results")]
    Trailing,
    #[error("the tool says that it ended with an error: {0}")]
    ToolFailed(String),
    #[error("it isn't JSON as masscan writes it: {0}")]
    Json(String),
    #[error("<{element}> has no {attribute}")]
    Missing { element: &'static str, attribute: &'static str },
    #[error("the host has no address")]
    NoAddress,
    #[error("{0:?} is not an address")]
    Addr(String),
    #[error("{0:?} is not a port, or not a list of ports: numbers from 1 to 65535")]
    Port(String),
    #[error("{0:?} is not a time: seconds since 1970")]
    Time(String),
    #[error("{0:?} is not a number")]
    Number(String),
    #[error("{0:?} is not the name of a tool")]
    ToolName(String),
    #[error("{0:?} is not a transport protocol")]
    Transport(String),
    #[error("{told} ports are said to be in one state, and {listed} are listed")]
    Contradiction { told: u64, listed: u64 },
}

/// A quotation for a message: cleaned and short.
pub(super) fn quoted(text: &str) -> String {
    probes::clean::clean(text).chars().take(60).collect()
}

/// Everything that is wrong with a file: the first faults themselves, of the others their number.
#[derive(Debug, Default)]
pub struct Faults {
    first: Vec<Fault>,
    n: u64,
    ended_early: bool,
}

impl Faults {
    const MAX_KEPT: usize = 100;

    /// One entry is left out for it; the rest of the file can be read.
    pub(super) fn add(&mut self, line: u64, what: What) {
        self.n += 1;
        if self.first.len() < Faults::MAX_KEPT {
            self.first.push(Fault { line, what });
        }
    }

    /// Nothing behind it was read.
    pub(super) fn end(&mut self, line: u64, what: What) {
        // The reason why the rest is missing is never among those that are only counted.
        self.first.truncate(Faults::MAX_KEPT - 1);
        self.add(line, what);
        self.ended_early = true;
    }

    pub fn first(&self) -> &[Fault] {
        &self.first
    }

    /// How many there are in all.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Whether the file was not read to its end.
    pub fn ended_early(&self) -> bool {
        self.ended_early
    }
}
