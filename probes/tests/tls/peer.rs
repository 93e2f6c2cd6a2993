//! Drives an assessment against a scripted peer, without a socket and on a clock of its own.

use std::time::Duration;

use probes::tls::assess::facts::ServerFacts;
use probes::tls::assess::seam::{ConnectFailure, Event, Limits, SessionSeen, Step, Wish};
use probes::tls::assess::{Assessment, Subject};

/// What a peer does about everything that it has received on a connection.
pub(crate) enum Act {
    Say(Vec<u8>, Then),
    /// More has to come first.
    Wait,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Hold,
    Close,
    Reset,
}

pub(crate) trait Peer {
    /// `number` counts from 1.
    fn connect(&mut self, _number: u32) -> Result<(), ConnectFailure> {
        Ok(())
    }

    fn hear(&mut self, number: u32, received: &[u8]) -> Act;

    /// What a library would see of a whole handshake. Scripted peers have no keys, but may say what came of them.
    fn session(&mut self, _wish: Wish) -> Option<SessionSeen> {
        None
    }

    /// So many bytes at once, and the time that each such piece takes.
    fn pieces(&self) -> (usize, Duration) {
        (usize::MAX, Duration::from_millis(1))
    }
}

/// What an assessment came to.
pub(crate) struct Ended {
    pub(crate) facts: ServerFacts,
    pub(crate) took: Duration,
    pub(crate) n_connections: u32,
}

pub(crate) fn assess(peer: &mut dyn Peer, subject: &Subject, limits: &Limits) -> Ended {
    let mut assessment = Assessment::new(subject, limits.clone());
    let mut now = Duration::ZERO;
    let mut step = assessment.start(now);
    let mut n_connections = 0;
    let (mut received, mut outbox, mut then) = (Vec::new(), Vec::new(), Then::Hold);
    let mut is_open = false;
    for _ in 0..2_000_000 {
        let (taken, session);
        let event = match step {
            Step::Finish(facts) => {
                assert!(!is_open, "a connection was left open");
                return Ended { facts: *facts, took: now, n_connections };
            }
            Step::Connect { not_before, until } => {
                assert!(!is_open, "one connection at a time");
                assert!(until >= not_before);
                now = now.max(not_before);
                (received, outbox, then) = (Vec::new(), Vec::new(), Then::Hold);
                match peer.connect(n_connections + 1) {
                    Ok(()) => {
                        n_connections += 1;
                        is_open = true;
                        if let Act::Say(bytes, next) = peer.hear(n_connections, &received) {
                            (outbox, then) = (bytes, next);
                        }
                        Event::Connected
                    }
                    Err(failure) => {
                        if failure == ConnectFailure::TimedOut {
                            now = until;
                        }
                        Event::ConnectFailed(failure)
                    }
                }
            }
            Step::Write { bytes, .. } => {
                received.extend(bytes);
                if then == Then::Reset && outbox.is_empty() {
                    Event::Reset
                } else {
                    if let Act::Say(bytes, next) = peer.hear(n_connections, &received) {
                        outbox.extend(bytes);
                        then = next;
                    }
                    Event::Written
                }
            }
            Step::Read { at_most, until } => {
                let (n, each) = peer.pieces();
                let n = n.min(at_most).min(outbox.len());
                if n > 0 && now + each <= until {
                    now += each;
                    taken = outbox.drain(..n).collect::<Vec<u8>>();
                    Event::Bytes(&taken)
                } else if n > 0 {
                    now = until;
                    Event::TimedOut
                } else {
                    match then {
                        Then::Hold => {
                            now = now.max(until);
                            Event::TimedOut
                        }
                        Then::Close => Event::Closed,
                        Then::Reset => Event::Reset,
                    }
                }
            }
            Step::StartSession { wish, .. } => {
                session = peer.session(wish);
                session.as_ref().map_or(Event::Closed, Event::Session)
            }
            Step::Close => {
                is_open = false;
                Event::Disconnected
            }
        };
        step = assessment.handle(event, now);
    }
    panic!("the assessment doesn't end");
}
