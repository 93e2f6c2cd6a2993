//! One connection of an assessment: perhaps a prelude in clear, then one hello, then the answer. It knows nothing of
//! the connections before and after it.

use super::seam::{ConnectFailure, Elapsed, Event, Limits, SessionSeen, Wish};
use crate::seen::{Asked, Miss, Seen};
use crate::tls::flight::{Flight, FlightError, MAX_FLIGHT, Until, read_until};
use crate::tls::provoke::{Provocation, Reaction, reaction};
use crate::tls::ssl2::{self, Ssl2Hello};
use crate::tls::start_tls::{Framing, Prelude, PreludeTurn};

/// The most that a peer may say before TLS begins.
const MAX_PRELUDE: usize = 16 * 1024;
const MAX_READ: usize = 16 * 1024;

/// What one connection brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A server hello, at least.
    Flight(Box<Flight>),
    Ssl2(Ssl2Hello),
    Alert(u8),
    /// The peer hung up without a word.
    Closed,
    Reset,
    TimedOut,
    /// It talks, but neither TLS nor what was asked for.
    Foreign(Foreign),
    /// It speaks TLS, but breaks its rules.
    Malformed,
    TooLong,
    /// It doesn't go over to TLS.
    NoStartTls,
    Unreachable(ConnectFailure),
    Session(Box<SessionSeen>),
    /// What came of a provocation behind a whole flight.
    Reaction(Reaction),
}

/// What a connection is for.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// One hello, and the answer to it.
    Hello { bytes: Vec<u8>, language: Language },
    /// One hello, and something malformed behind the flight that answers it.
    Provoke { bytes: Vec<u8>, provocation: Provocation, seed: u64 },
    /// A whole handshake.
    Session(Wish),
}

/// What else than TLS was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    Http,
    Other,
}

/// How the bytes that come in are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Tls,
    Ssl2,
}

#[derive(Debug)]
pub(super) enum Next {
    Write { bytes: Vec<u8>, until: Elapsed },
    Read { at_most: usize, until: Elapsed },
    StartSession { wish: Wish, until: Elapsed },
    Done(Answer),
}

pub(super) struct Exchange {
    errand: Errand,
    prelude: Option<Box<dyn Prelude>>,
    framing: Framing,
    limits: Limits,
    until: Elapsed,
    buffer: Vec<u8>,
    /// With fewer bytes than that the answer can't be whole; saves reading it again for each crumb.
    n_worth_reading: usize,
    state: State,
    pub(super) n_received: u64,
    /// In answer to our errand, after everything that was said in clear before it.
    pub(super) has_answered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Prelude,
    Hello,
    Reading,
    /// Something malformed is on its way, or was said.
    Provoking,
    Session,
}

impl Exchange {
    pub(super) fn new(errand: Errand, prelude: Option<Box<dyn Prelude>>, limits: Limits) -> Exchange {
        Exchange {
            errand,
            prelude,
            framing: Framing::Plain,
            limits,
            until: Elapsed::ZERO,
            buffer: Vec::new(),
            n_worth_reading: 0,
            state: State::Prelude,
            n_received: 0,
            has_answered: false,
        }
    }

    pub(super) fn handle(&mut self, event: Event<'_>, now: Elapsed) -> Next {
        match event {
            Event::Connected => {
                self.until = now + self.limits.answer;
                self.advance_prelude(false)
            }
            Event::ConnectFailed(failure) => Next::Done(Answer::Unreachable(failure)),
            Event::Written => {
                self.until = now + self.limits.answer;
                match (self.state, &self.errand) {
                    // What was left unused of the last answer may hold the next one.
                    (State::Prelude, _) if !self.buffer.is_empty() => self.advance_prelude(false),
                    (State::Session, Errand::Session(wish)) => {
                        Next::StartSession { wish: *wish, until: self.until }
                    }
                    (State::Hello, _) => {
                        self.state = State::Reading;
                        self.read()
                    }
                    (State::Prelude | State::Reading | State::Provoking | State::Session, _) => self.read(),
                }
            }
            Event::Bytes(bytes) => {
                self.n_received += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.has_answered |= self.state != State::Prelude && !bytes.is_empty();
                let max = if self.state == State::Prelude { MAX_PRELUDE } else { MAX_FLIGHT };
                let room = max.saturating_sub(self.buffer.len());
                self.buffer.extend(bytes.iter().take(room));
                match self.state {
                    State::Prelude => self.advance_prelude(self.buffer.len() >= MAX_PRELUDE),
                    State::Provoking => self.advance_reaction(None),
                    State::Hello | State::Reading | State::Session => self.advance_answer(None),
                }
            }
            Event::Session(seen) => {
                let n = seen.chain.iter().map(Vec::len).sum::<usize>() + seen.page.len();
                self.n_received += u64::try_from(n).unwrap_or(u64::MAX);
                self.has_answered = true;
                Next::Done(Answer::Session(Box::new(seen.clone())))
            }
            Event::Closed | Event::Disconnected => self.at_end(Answer::Closed),
            Event::Reset => self.at_end(Answer::Reset),
            Event::TimedOut => self.at_end(Answer::TimedOut),
        }
    }

    fn read(&self) -> Next {
        Next::Read { at_most: MAX_READ, until: self.until }
    }

    fn advance_prelude(&mut self, end: bool) -> Next {
        let Some(prelude) = &mut self.prelude else { return self.say_hello(Vec::new()) };
        let seen = Seen { bytes: &self.buffer, end, asked: Asked::Other };
        match prelude.turn(&seen) {
            Ok(PreludeTurn::Say { used, bytes }) => {
                self.buffer.drain(..used.min(self.buffer.len()));
                Next::Write { bytes, until: self.until }
            }
            Ok(PreludeTurn::Ready { before, framing }) => {
                self.framing = framing;
                self.say_hello(before)
            }
            Ok(PreludeTurn::Refused) | Err(Miss::No | Miss::Clue(_)) => Next::Done(Answer::NoStartTls),
            Err(Miss::More) if end => Next::Done(Answer::NoStartTls),
            Err(Miss::More) => self.read(),
        }
    }

    fn say_hello(&mut self, before: Vec<u8>) -> Next {
        self.state = State::Hello;
        // What was said in clear behind the consent isn't part of TLS.
        self.buffer.clear();
        match &mut self.errand {
            Errand::Hello { bytes, .. } | Errand::Provoke { bytes, .. } => {
                let hello = self.framing.wrap(std::mem::take(bytes));
                Next::Write { bytes: [before, hello].concat(), until: self.until }
            }
            // A library's records can't be wrapped from here.
            Errand::Session(_) if self.framing != Framing::Plain => Next::Done(Answer::NoStartTls),
            Errand::Session(wish) => {
                self.state = State::Session;
                if before.is_empty() {
                    Next::StartSession { wish: *wish, until: self.until }
                } else {
                    Next::Write { bytes: before, until: self.until }
                }
            }
        }
    }

    /// The connection is over, one way or another.
    fn at_end(&mut self, how: Answer) -> Next {
        match self.state {
            State::Prelude if self.prelude.is_some() && how == Answer::Closed => {
                Next::Done(Answer::NoStartTls)
            }
            State::Prelude => Next::Done(how),
            State::Hello | State::Reading if self.buffer.is_empty() => Next::Done(how),
            State::Session => Next::Done(how),
            State::Provoking => self.advance_reaction(Some(how)),
            State::Hello | State::Reading => self.advance_answer(Some(how)),
        }
    }

    fn advance_answer(&mut self, end: Option<Answer>) -> Next {
        if end.is_none() && self.buffer.len() < self.n_worth_reading {
            return self.read();
        }
        let bytes = match self.framing.unwrap(&self.buffer) {
            Ok(bytes) => bytes,
            Err(Miss::More) if end.is_none() => return self.read(),
            Err(_) => return Next::Done(Answer::Malformed),
        };
        if matches!(self.errand, Errand::Hello { language: Language::Ssl2, .. }) {
            match ssl2::server_hello(&bytes, end.is_some()) {
                Ok(hello) => return Next::Done(Answer::Ssl2(hello)),
                Err(Miss::More) if bytes.len() >= MAX_FLIGHT => return Next::Done(Answer::TooLong),
                Err(Miss::More) => return self.read(),
                // Most answer in the language of today.
                Err(_) => {}
            }
        }
        match read_until(&bytes, end.is_some(), Until::Done) {
            Ok(flight) => match flight.alert {
                Some(alert) if flight.hello.is_none() => Next::Done(Answer::Alert(alert)),
                _ => self.provoke(flight),
            },
            Err(FlightError::Incomplete) => {
                if self.framing == Framing::Plain {
                    self.n_worth_reading = n_worth_reading(&bytes);
                }
                self.read()
            }
            Err(FlightError::TooLong) => Next::Done(Answer::TooLong),
            Err(FlightError::Malformed) => Next::Done(Answer::Malformed),
            Err(FlightError::NotTls) => {
                let is_http = bytes.starts_with(b"HTTP/") || bytes.starts_with(b"<");
                // Cut off before the first record was whole: what ended it says more than the crumbs.
                match end {
                    Some(how) if matches!(bytes.first(), Some(20..=24)) => Next::Done(how),
                    _ => Next::Done(Answer::Foreign(if is_http { Foreign::Http } else { Foreign::Other })),
                }
            }
        }
    }
}

impl Exchange {
    /// Says what is to be said behind a flight, if that is whole and the connection still stands.
    fn provoke(&mut self, flight: Flight) -> Next {
        let is_ready = flight.is_whole && flight.alert.is_none() && !flight.is_resumed;
        if let (Errand::Provoke { provocation, seed, .. }, true) = (&self.errand, is_ready)
            && let Some(bytes) = provocation.bytes(&flight, *seed)
        {
            self.state = State::Provoking;
            self.buffer.clear();
            return Next::Write { bytes: self.framing.wrap(bytes), until: self.until };
        }
        Next::Done(Answer::Flight(Box::new(flight)))
    }

    fn advance_reaction(&mut self, end: Option<Answer>) -> Next {
        let seen = match self.framing.unwrap(&self.buffer) {
            Ok(bytes) => reaction(&bytes),
            Err(Miss::More) => None,
            Err(_) => Some(Reaction::Other),
        };
        match (seen, end) {
            (Some(seen), _) => Next::Done(Answer::Reaction(seen)),
            (None, None) => self.read(),
            (None, Some(Answer::Reset)) => Next::Done(Answer::Reaction(Reaction::Reset)),
            (None, Some(Answer::TimedOut)) => Next::Done(Answer::Reaction(Reaction::TimedOut)),
            (None, Some(_)) => Next::Done(Answer::Reaction(Reaction::Closed)),
        }
    }
}

/// Up to the end of the record that isn't whole yet.
fn n_worth_reading(bytes: &[u8]) -> usize {
    let mut at = 0usize;
    while let Some(&[_, _, _, high, low]) = bytes.get(at..at + 5) {
        at += 5 + usize::from(u16::from_be_bytes([high, low]));
        if at > bytes.len() {
            return at.min(MAX_FLIGHT);
        }
    }
    at + 5
}
