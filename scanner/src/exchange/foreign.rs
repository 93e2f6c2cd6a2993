//! What a file of another tool says, in our terms.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::observation::{Reply, ServiceFacts};
use model::port::Transport;

use super::fault::Faults;

/// How much of a file is taken at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub file_bytes: u64,
    /// A tag with its attributes, a text, an object: whatever is held in memory at once.
    pub piece_bytes: usize,
    pub depth: usize,
    pub hosts: usize,
    pub open_ports: usize,
    /// Over all hosts: consecutive ports with the same reply.
    pub ranges: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_bytes: 16 << 30,
            // 65,535 single ports in one attribute take 400 KB; the output of a script may be longer.
            piece_bytes: 8 << 20,
            depth: 32,
            hosts: 1 << 20,
            open_ports: 1 << 20,
            ranges: 1 << 24,
        }
    }
}

/// The tool and its run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignTool {
    pub name: String,
    pub version: Option<String>,
    pub command_line: Option<String>,
    /// Where the file tells them.
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// What reading a file came to, besides its hosts.
#[derive(Debug, Default)]
pub struct Reading {
    pub tool: ForeignTool,
    pub faults: Faults,
    /// Hosts that were down or skipped: nothing is known of their ports.
    pub n_not_up: u64,
    /// Ports in states that prove nothing either way, such as `open|filtered`, or by a kind of scan that doesn't.
    pub n_no_proof: u64,
}

/// One host of a file; the same may come several times.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignHost {
    pub addr: IpAddr,
    /// Line on which its entry ends.
    pub line: u64,
    /// What its TCP ports replied, so far as the file tells it of each.
    pub answered: Vec<Answered>,
    pub open: Vec<ForeignPort>,
}

/// Consecutive TCP ports with the same reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    pub first: u16,
    pub last: u16,
    pub reply: Reply,
}

/// An open port with what the tool says of its service.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignPort {
    pub transport: Transport,
    pub port: u16,
    pub at: Option<DateTime<Utc>>,
    pub service: ServiceFacts,
}
