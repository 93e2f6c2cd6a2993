//! One connection: listens, asks, lets a protocol talk, and shows whatever comes back to every matcher.
//!
//! Holds the time-outs and bounds of a connection; knows no protocol by itself but the HTTP request that is the
//! best general question (most servers of other protocols answer it with an error that gives them away).

use std::time::Duration;

use model::observation::{FirstBytes, ServiceFacts};

use crate::facts::Tell;
use crate::protocols::http;
use crate::recognise::recognise;
use crate::seam::{Elapsed, Evidence, Outcome, Probe, Step, TlsFailure};
use crate::seen::{Asked, Clue, Miss, Seen};
use crate::table::{Entry, Opening};
use crate::talk::{Peer, Talk, Turn};

/// The most bytes that are held of one answer.
const MAX_ANSWER: usize = 64 * 1024;

/// How a conversation begins, once the connection (and TLS, if it is inside) stands.
#[derive(Debug, Clone, Copy)]
pub enum Beginning {
    /// Wait for a greeting; on silence send an HTTP request.
    ListenThenHttp,
    /// Wait for a greeting and send nothing.
    Listen,
    Http,
    /// Let this protocol open.
    Ask(&'static Entry),
    /// Shake hands (TLS) and hang up.
    Nothing,
}

/// The time-outs of one conversation.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a greeting.
    pub greeting: Duration,
    /// From a question to the first byte of its answer.
    pub answer: Duration,
    /// From any byte to the next, while an answer is incomplete.
    pub gap: Duration,
    /// For the whole conversation, however busy it is.
    pub whole: Duration,
}

pub struct Conversation {
    inside_tls: bool,
    beginning: Beginning,
    patience: Patience,
    peer: Peer,
    state: State,
    /// Received since we last spoke.
    buffer: Vec<u8>,
    /// What we last said.
    sent: Vec<u8>,
    asked: Asked,
    first_bytes: Vec<u8>,
    had_written: bool,
    closed_by_peer: bool,
    /// What is certain already, while a talk tries to learn more.
    known: Option<ServiceFacts>,
}

enum State {
    StartingTls(Option<Box<dyn Talk>>),
    /// Waiting for bytes that any matcher may take.
    Matching,
    Talking(Box<dyn Talk>),
    /// The last words are on their way.
    Parting(Outcome),
    Finished,
}

impl Conversation {
    pub fn new(inside_tls: bool, beginning: Beginning, peer: Peer, patience: Patience) -> Conversation {
        Conversation {
            inside_tls,
            beginning,
            patience,
            peer,
            state: State::Matching,
            buffer: Vec::new(),
            sent: Vec::new(),
            asked: Asked::Nothing,
            first_bytes: Vec::new(),
            had_written: false,
            closed_by_peer: false,
            known: None,
        }
    }

    fn begin(&mut self, now: Elapsed) -> Step {
        match self.beginning {
            Beginning::ListenThenHttp | Beginning::Listen => {
                self.state = State::Matching;
                self.read(now)
            }
            Beginning::Http => self.ask_http(),
            Beginning::Ask(entry) => match entry.talk {
                Some(talk) => {
                    self.state = State::Talking(talk(&self.peer));
                    self.advance(now, false)
                }
                None => self.ask_http(),
            },
            Beginning::Nothing => self.finish(Outcome::Silent(self.evidence(None))),
        }
    }

    fn ask_http(&mut self) -> Step {
        self.state = State::Matching;
        self.asked = Asked::Http;
        self.say(http::request(&self.peer))
    }

    fn say(&mut self, bytes: Vec<u8>) -> Step {
        self.had_written = true;
        self.sent.clone_from(&bytes);
        Step::Write(bytes)
    }

    fn read(&self, now: Elapsed) -> Step {
        let wait = match (self.buffer.is_empty(), self.asked) {
            (true, Asked::Nothing) => self.patience.greeting,
            (true, _) => self.patience.answer,
            (false, _) => self.patience.gap,
        };
        let at_most = MAX_ANSWER.saturating_sub(self.buffer.len()).max(1);
        Step::Read { at_most, until: (now + wait).min(self.patience.whole) }
    }

    fn start_tls(&self, now: Elapsed) -> Step {
        Step::StartTls { until: (now + self.patience.answer).min(self.patience.whole) }
    }

    fn evidence(&self, clue: Option<Clue>) -> Evidence {
        Evidence {
            first_bytes: FirstBytes::of(&self.first_bytes),
            closed_by_peer: self.closed_by_peer,
            had_written: self.had_written,
            clue,
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Step {
        self.state = State::Finished;
        Step::Finish(outcome)
    }

    fn identified(&self, facts: ServiceFacts) -> Outcome {
        let mut facts = facts;
        facts.first_bytes = FirstBytes::of(&self.first_bytes);
        Outcome::Identified(Box::new(facts))
    }

    /// Goes as far as the bytes at hand allow. `end`: no more will come.
    fn advance(&mut self, now: Elapsed, end: bool) -> Step {
        let end = end || self.buffer.len() >= MAX_ANSWER;
        match std::mem::replace(&mut self.state, State::Finished) {
            State::Talking(talk) => self.talk(talk, now, end),
            State::Matching => self.look(now, end),
            State::Parting(outcome) => self.finish(outcome),
            State::StartingTls(_) | State::Finished => {
                let evidence = self.evidence(None);
                self.finish(Outcome::Silent(evidence))
            }
        }
    }

    fn talk(&mut self, mut talk: Box<dyn Talk>, now: Elapsed, end: bool) -> Step {
        match talk.turn(&Seen { bytes: &self.buffer, end, asked: self.asked }) {
            Ok(Turn::Say { used, bytes }) if !self.closed_by_peer => {
                self.buffer.drain(..used.min(self.buffer.len()));
                self.asked = Asked::Other;
                self.state = State::Talking(talk);
                self.say(bytes)
            }
            Ok(Turn::StartTls) if !self.closed_by_peer => {
                self.buffer.clear();
                self.state = State::StartingTls(Some(talk));
                self.start_tls(now)
            }
            Ok(Turn::Done { facts, farewell }) => {
                let facts = match self.known.take() {
                    Some(known) => known.enriched_by(facts),
                    None => facts,
                };
                let outcome = self.identified(facts);
                if farewell.is_empty() || self.closed_by_peer {
                    return self.finish(outcome);
                }
                self.state = State::Parting(outcome);
                Step::Write(farewell.to_vec())
            }
            Err(Miss::More) if !end => {
                self.state = State::Talking(talk);
                self.read(now)
            }
            Ok(Turn::Say { .. } | Turn::StartTls) | Err(_) => match self.known.take() {
                Some(known) => {
                    let outcome = self.identified(known);
                    self.finish(outcome)
                }
                None => self.look(now, end),
            },
        }
    }

    /// Shows the bytes to every matcher.
    fn look(&mut self, now: Elapsed, end: bool) -> Step {
        self.state = State::Matching;
        if self.buffer.is_empty() {
            if !end {
                return self.read(now);
            }
            let evidence = self.evidence(None);
            return self.finish(if self.first_bytes.is_empty() {
                Outcome::Silent(evidence)
            } else {
                Outcome::Malformed(evidence)
            });
        }
        match recognise(&Seen { bytes: &self.buffer, end, asked: self.asked }, &self.sent) {
            Ok((facts, entry)) => {
                // Where the server greeted and nothing unfit was said yet, the talk goes on right here.
                let follow_up = entry.filter(|entry| {
                    entry.opening == Opening::Server && self.asked == Asked::Nothing && !self.closed_by_peer
                });
                match follow_up.and_then(|entry| entry.talk) {
                    Some(talk) => {
                        self.known = Some(facts);
                        self.talk(talk(&self.peer), now, end)
                    }
                    None => {
                        let outcome = self.identified(facts);
                        self.finish(outcome)
                    }
                }
            }
            Err(Miss::More) if !end => self.read(now),
            Err(Miss::Clue(clue)) => {
                let evidence = self.evidence(Some(clue));
                self.finish(Outcome::Mismatch(evidence))
            }
            Err(Miss::No | Miss::More) => {
                let evidence = self.evidence(None);
                self.finish(if self.buffer.len() >= MAX_ANSWER {
                    Outcome::Malformed(evidence)
                } else {
                    Outcome::Mismatch(evidence)
                })
            }
        }
    }
}

impl Probe for Conversation {
    fn start(&mut self, now: Elapsed) -> Step {
        if self.inside_tls {
            self.state = State::StartingTls(None);
            return self.start_tls(now);
        }
        self.begin(now)
    }

    fn handle_written(&mut self, now: Elapsed) -> Step {
        match std::mem::replace(&mut self.state, State::Finished) {
            State::Parting(outcome) => self.finish(outcome),
            // What was left unused of the last answer may hold the next one.
            state => {
                self.state = state;
                if self.buffer.is_empty() { self.read(now) } else { self.advance(now, false) }
            }
        }
    }

    fn handle_bytes(&mut self, bytes: &[u8], now: Elapsed) -> Step {
        let room = FirstBytes::MAX.saturating_sub(self.first_bytes.len());
        self.first_bytes.extend(bytes.iter().take(room));
        let room = MAX_ANSWER.saturating_sub(self.buffer.len());
        self.buffer.extend(bytes.iter().take(room));
        self.advance(now, now >= self.patience.whole)
    }

    fn handle_close(&mut self, now: Elapsed) -> Step {
        self.closed_by_peer = true;
        self.advance(now, true)
    }

    fn handle_timeout(&mut self, now: Elapsed) -> Step {
        let may_ask = matches!(self.beginning, Beginning::ListenThenHttp)
            && matches!(self.state, State::Matching)
            && self.asked == Asked::Nothing
            && self.buffer.is_empty()
            && now < self.patience.whole;
        if may_ask { self.ask_http() } else { self.advance(now, true) }
    }

    fn handle_tls_started(&mut self, now: Elapsed) -> Step {
        match std::mem::replace(&mut self.state, State::Finished) {
            State::StartingTls(Some(talk)) => self.talk(talk, now, false),
            _ => self.begin(now),
        }
    }

    fn handle_tls_failed(&mut self, failure: TlsFailure<'_>, now: Elapsed) -> Step {
        let TlsFailure { received, by_peer } = failure;
        self.closed_by_peer = by_peer;
        if let Some(known) = self.known.take() {
            let outcome = self.identified(known);
            return self.finish(outcome);
        }
        self.had_written = true;
        self.first_bytes.extend(received.iter().take(FirstBytes::MAX.saturating_sub(self.first_bytes.len())));
        // A talk that asked for TLS can say what the step before was worth.
        if let State::StartingTls(Some(talk)) = std::mem::replace(&mut self.state, State::Finished) {
            return self.talk(talk, now, true);
        }
        self.buffer = received.iter().copied().take(MAX_ANSWER).collect();
        self.asked = Asked::Tls;
        self.sent.clear();
        self.look(now, true)
    }
}
