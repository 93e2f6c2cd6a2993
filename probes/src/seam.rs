//! The seam between probes and whatever moves bytes: steps out, bytes and time in.
//!
//! A driver performs the [`Step`] it was given and reports what came of it by exactly one `handle_…` call, which
//! gives the next step, until [`Step::Finish`]. Probes never block, read a clock, or open anything.

use std::time::Duration;

use model::observation::{FirstBytes, ServiceFacts};

use crate::seen::Clue;

/// Time since the connection was there.
pub type Elapsed = Duration;

/// One connection's worth of probing.
pub trait Probe: Send {
    fn start(&mut self, now: Elapsed) -> Step;
    /// All bytes of the last [`Step::Write`] were accepted by the network.
    fn handle_written(&mut self, now: Elapsed) -> Step;
    fn handle_bytes(&mut self, bytes: &[u8], now: Elapsed) -> Step;
    /// The peer closed or reset the connection, while reading or writing.
    fn handle_close(&mut self, now: Elapsed) -> Step;
    /// The instant named in [`Step::Read`] has come.
    fn handle_timeout(&mut self, now: Elapsed) -> Step;
    /// The TLS handshake asked for by [`Step::StartTls`] is done; bytes are now those inside.
    fn handle_tls_started(&mut self, now: Elapsed) -> Step;
    /// The handshake failed.
    fn handle_tls_failed(&mut self, failure: TlsFailure<'_>, now: Elapsed) -> Step;
}

/// A handshake that didn't come to its end.
#[derive(Debug, Clone, Copy)]
pub struct TlsFailure<'a> {
    /// What the peer had sent, as it came over the wire; bounded by the driver.
    pub received: &'a [u8],
    /// The peer hung up or broke the rules, rather than being too slow.
    pub by_peer: bool,
}

/// What a driver is to do next.
#[derive(Debug)]
pub enum Step {
    Write(Vec<u8>),
    /// Hand over whatever arrives, at most this much at once, or report that `until` has come.
    Read {
        at_most: usize,
        until: Elapsed,
    },
    /// Shake hands by then, or report that it failed.
    StartTls {
        until: Elapsed,
    },
    Finish(Outcome),
}

/// How a connection's worth of probing ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Identified(Box<ServiceFacts>),
    /// Bytes came that no probe recognises.
    Mismatch(Evidence),
    /// No byte came.
    Silent(Evidence),
    /// More bytes came than any known protocol would send here, or they broke off within a message.
    Malformed(Evidence),
}

/// What is known of a connection that identified nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    pub first_bytes: FirstBytes,
    /// The peer ended it, rather than our patience.
    pub closed_by_peer: bool,
    /// We had sent something by then.
    pub had_written: bool,
    /// What to try next.
    pub clue: Option<Clue>,
}
