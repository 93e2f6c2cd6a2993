//! The seam between an assessment and whatever opens its connections: steps out, events and time in. One connection
//! at a time.

use std::time::Duration;

use super::facts::ServerFacts;
use crate::tls::provoke::Reaction;

/// Time since the assessment began.
pub type Elapsed = Duration;

/// What a driver is to do next; it answers each with exactly one [`Event`].
#[derive(Debug)]
pub enum Step {
    /// Wait until `not_before`, then open a connection, by `until`. Answer: `Connected` or `ConnectFailed`.
    Connect { not_before: Elapsed, until: Elapsed },
    /// Answer: `Written`, `Closed`, `Reset`, or `TimedOut` if the peer doesn't take it by then.
    Write { bytes: Vec<u8>, until: Elapsed },
    /// Whatever arrives, at most this much. Answer: `Bytes`, `Closed`, `Reset` or `TimedOut`.
    Read { at_most: usize, until: Elapsed },
    /// Shake hands with a library, taking whatever certificate comes. Answer: `Session`, `Closed`, `Reset` or
    /// `TimedOut`.
    StartSession { wish: Wish, until: Elapsed },
    /// Close the connection in the clean way. Answer: `Disconnected`.
    Close,
    /// No connection is open; nothing more is to be done.
    Finish(Box<ServerFacts>),
}

/// What came of a step.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    Connected,
    ConnectFailed(ConnectFailure),
    Written,
    Bytes(&'a [u8]),
    /// The peer ended its side.
    Closed,
    /// The peer broke the connection off.
    Reset,
    TimedOut,
    /// The server has said something, however the handshake ended: the certificates were shown, an older session went
    /// on, or neither.
    Session(&'a SessionSeen),
    Disconnected,
}

/// How a session is to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub purpose: Purpose,
    /// Only these are offered to be verified.
    pub schemes: &'static [u16],
    /// The server name is sent.
    pub with_name: bool,
    /// TLS 1.3: a ticket of an earlier session with the same schemes is used, if there is one.
    pub resume: bool,
}

/// What a session is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To see what TLS 1.3 encrypts of the handshake, and the tickets behind it.
    Certificates,
    /// To ask for `/` by HTTP/1.1, in TLS 1.3 or 1.2.
    Page,
    /// TLS 1.2, for the ticket that the server gives out.
    Ticket,
    /// TLS 1.2, without tickets, for the session id.
    SessionId,
    /// TLS 1.2: when the handshake is over, another one is begun inside. Intrusive.
    Renegotiation,
}

/// What a handshake shows beyond what is in clear, and what came of its purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionSeen {
    /// DER, leaf first; empty if the session was resumed.
    pub chain: Vec<Vec<u8>>,
    /// A stapled OCSP response, DER; empty if there was none.
    pub staple: Vec<u8>,
    pub wants_client_certificate: bool,
    /// The protocol inside, as chosen.
    pub protocol: Option<Vec<u8>>,
    /// The beginning of what came over HTTP.
    pub page: Vec<u8>,
    /// Tickets of TLS 1.3 that came by then.
    pub n_tickets: u32,
    /// One of them is for data in the first flight, at most so many bytes.
    pub max_early_data: u32,
    /// The longest life of a ticket in seconds, as the server would have it.
    pub ticket_lifetime: Option<u32>,
    pub is_tls13: bool,
    /// The handshake came to its end.
    pub is_whole: bool,
    /// The server has ended the session: nothing more would have come.
    pub is_heard_out: bool,
    pub is_resumed: bool,
    /// TLS 1.2 only.
    pub session_id: Vec<u8>,
    /// TLS 1.2 only.
    pub ticket: Vec<u8>,
    /// How the server took a second handshake.
    pub renegotiation: Option<Reaction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFailure {
    Refused,
    TimedOut,
    /// No way there, or none left here.
    Unreachable,
}

/// The bounds of one assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For the TCP handshake of each connection.
    pub connect: Duration,
    /// From the last thing that we said to the end of the answer, however it trickles.
    pub answer: Duration,
    /// For everything.
    pub whole: Duration,
    /// Between the end of one connection and the beginning of the next.
    pub pause: Duration,
    /// The first pause after a reset or a refusal; doubled for each further one in a row.
    pub back_off: Duration,
    pub max_connections: u32,
    /// Of everything received.
    pub max_bytes: u64,
    /// Whether handshakes may be carried through where the certificates can't be seen otherwise: in TLS 1.3.
    pub with_sessions: bool,
    /// Whether anything malformed or unusual may be said, to provoke a fault.
    pub intrusive: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(4),
            whole: Duration::from_secs(120),
            pause: Duration::ZERO,
            back_off: Duration::from_millis(250),
            max_connections: 300,
            max_bytes: 8 * 1024 * 1024,
            with_sessions: true,
            intrusive: false,
        }
    }
}
