//! The strategy for one open port: which conversations to hold, in which order, and when to stop.
//!
//! The hinted protocol first, then listening with an HTTP request after it, then TLS, then the likely protocols.
//! A second conversation begins beside the first once that one is slow, never a third. Pure: a driver opens the
//! connections, and says what came of them.

use std::time::Duration;

use model::host_name::HostName;
use model::observation::{Certainty, FirstBytes, ServiceFacts, TlsFacts};

use crate::conversation::{Beginning, Conversation, Patience};
use crate::facts::Tell;
use crate::plan::{Attempt, Plan};
use crate::seam::{Elapsed, Evidence, Outcome};
use crate::seen::Clue;
use crate::table::{self, FRAGILE_PORTS, Opening};
use crate::talk::Peer;

/// What is known before the first byte.
#[derive(Debug, Clone)]
pub struct Hints {
    pub port: u16,
    /// For the HTTP `Host` field where there is no name: the address as a URL writes it.
    pub host: String,
    /// Names that lead to the address; the first is the one to ask for.
    pub names: Vec<HostName>,
    pub rtt: Option<Duration>,
    /// Feeds random fields; not secret.
    pub seed: u64,
}

/// The bounds of one identification.
#[derive(Debug, Clone)]
pub struct Timing {
    /// How long to listen on a port whose usual service greets.
    pub greeting_expected: Duration,
    /// How long to listen before asking where a greeting is only possible.
    pub greeting: Duration,
    /// From a question to its answer, on all but the first conversation, which waits to the end.
    pub answer: Duration,
    pub gap: Duration,
    /// When everything ends.
    pub whole: Duration,
    pub max_connections: usize,
    /// After this many conversations that were met with silence, no more are begun.
    pub max_silent: usize,
    /// Server names asked for, the one without a name included.
    pub max_names: usize,
    /// Ports on which nothing is sent, only listened; [`FRAGILE_PORTS`] unless a policy says otherwise.
    pub fragile_ports: Vec<u16>,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            greeting_expected: Duration::from_millis(1000),
            greeting: Duration::from_millis(350),
            answer: Duration::from_millis(600),
            gap: Duration::from_millis(1500),
            whole: Duration::from_millis(5500),
            max_connections: 18,
            max_silent: 8,
            max_names: 8,
            fragile_ports: FRAGILE_PORTS.to_vec(),
        }
    }
}

impl Timing {
    /// Stretched for a slow path: waits are at least a few round trips.
    fn stretched(mut self, rtt: Option<Duration>) -> Timing {
        let rtt = rtt.unwrap_or_default().min(Duration::from_secs(2));
        self.greeting = self.greeting.max(rtt * 3);
        self.greeting_expected = self.greeting_expected.max(rtt * 4);
        self.answer = self.answer.max(rtt * 4);
        self.gap = self.gap.max(rtt * 4);
        self.whole = self.whole.max(rtt * 16);
        self
    }
}

/// Names one conversation towards the driver.
pub type ConversationId = usize;

/// What the driver is to do.
pub enum Action {
    Open {
        id: ConversationId,
        conversation: Box<Conversation>,
        /// For [`crate::seam::Step::StartTls`].
        server_name: Option<HostName>,
    },
    /// Wait for a conversation to end, or until then.
    Wait { until: Elapsed },
    /// Whatever still runs may be dropped.
    Finish(Box<ServiceFacts>),
}

/// How a conversation ended, as the driver saw it.
#[derive(Debug)]
pub enum Ending {
    Finished {
        outcome: Outcome,
        /// What TLS showed, if a handshake got far enough to show something.
        tls: Option<TlsFacts>,
    },
    /// The connection couldn't be opened.
    Unreachable,
    /// A connection handed over by somebody else was dead already; nothing is proved by that.
    Stale,
}

struct Running {
    id: ConversationId,
    attempt: Attempt,
    /// From then on another conversation may begin beside it.
    slow_at: Elapsed,
    /// It may last to the end.
    is_patient: bool,
}

pub struct Identifier {
    hints: Hints,
    timing: Timing,
    plan: Plan,
    running: Vec<Running>,
    n_opened: usize,
    n_silent: usize,
    n_unreachable: usize,
    best: Option<ServiceFacts>,
    tls: Option<TlsFacts>,
    /// The web server itself said that it speaks HTTP inside TLS.
    http_in_tls: bool,
    first_bytes: FirstBytes,
    any_silence: bool,
    any_close: bool,
}

impl Identifier {
    pub fn new(hints: Hints, timing: Timing) -> Identifier {
        let timing = timing.stretched(hints.rtt);
        let fragile = timing.fragile_ports.contains(&hints.port);
        Identifier {
            plan: Plan::new(hints.port, fragile),
            hints,
            timing,
            running: Vec::new(),
            n_opened: 0,
            n_silent: 0,
            n_unreachable: 0,
            best: None,
            tls: None,
            http_in_tls: false,
            first_bytes: FirstBytes::default(),
            any_silence: false,
            any_close: false,
        }
    }

    /// Call again after every [`Identifier::learn`] and whenever the instant of [`Action::Wait`] has come.
    pub fn next(&mut self, now: Elapsed) -> Action {
        let extra_is_running = self.running.iter().any(|running| running.attempt.is_extra());
        if now >= self.timing.whole || (self.best.is_some() && !self.plan.has_extra() && !extra_is_running) {
            return Action::Finish(Box::new(self.verdict()));
        }
        let next_slow_at = match self.running.as_slice() {
            [] => now,
            [one] if one.attempt.is_extra() && self.plan.has_extra() => now,
            [one] => one.slow_at,
            _ => self.timing.whole,
        };
        if now < next_slow_at {
            return Action::Wait { until: next_slow_at.min(self.timing.whole) };
        }
        match self.take_attempt() {
            Some(attempt) => self.open(attempt, now),
            None if self.running.is_empty() => Action::Finish(Box::new(self.verdict())),
            None => Action::Wait { until: self.timing.whole },
        }
    }

    fn take_attempt(&mut self) -> Option<Attempt> {
        if self.n_opened >= self.timing.max_connections || self.n_unreachable >= 2 {
            return None;
        }
        if self.best.is_some() {
            return self.plan.take_extra();
        }
        if self.n_silent + self.running.len() >= self.timing.max_silent {
            return self.plan.take_urgent();
        }
        self.plan.take()
    }

    fn open(&mut self, attempt: Attempt, now: Elapsed) -> Action {
        let id = self.n_opened;
        self.n_opened += 1;
        let left = self.timing.whole.saturating_sub(now);
        // One conversation is given all the time there is, so that a slow service is heard: the first, or the
        // one with the most general question. Others go on beside it.
        let is_general = matches!(attempt, Attempt::Clear(Beginning::ListenThenHttp | Beginning::Http));
        let is_patient = (id == 0 || is_general) && !self.running.iter().any(|running| running.is_patient);
        let answer = if is_patient { left } else { self.timing.answer };
        let greeting = match attempt {
            Attempt::Clear(_) if self.plan.expects_greeting() => self.timing.greeting_expected,
            Attempt::Clear(Beginning::Ask(entry)) if entry.opening == Opening::Server => {
                self.timing.greeting_expected
            }
            _ => self.timing.greeting,
        };
        let patience = Patience { greeting, answer, gap: self.timing.gap, whole: left };
        let server_name = match &attempt {
            Attempt::NameInTls(name) | Attempt::NameByOldHello(name) => name.clone(),
            _ => self.hints.names.first().cloned(),
        };
        let (inside_tls, beginning) = attempt.shape();
        let peer = Peer {
            host: self.host(inside_tls),
            server_name: server_name.clone(),
            seed: self.hints.seed.wrapping_add(u64::try_from(id).unwrap_or_default()),
        };
        let slow_after = match beginning {
            Beginning::ListenThenHttp | Beginning::Listen => greeting + self.timing.answer,
            _ => self.timing.answer,
        };
        self.running.push(Running { id, attempt, slow_at: now + slow_after, is_patient });
        let conversation = Box::new(Conversation::new(inside_tls, beginning, peer, patience));
        Action::Open { id, conversation, server_name }
    }

    fn host(&self, inside_tls: bool) -> String {
        let usual_port = if inside_tls { 443 } else { 80 };
        let host = self.hints.names.first().map_or(self.hints.host.as_str(), HostName::as_str);
        if self.hints.port == usual_port { host.to_owned() } else { format!("{host}:{}", self.hints.port) }
    }

    /// Takes in how a conversation ended.
    pub fn learn(&mut self, id: ConversationId, ending: Ending) {
        let Some(at) = self.running.iter().position(|running| running.id == id) else { return };
        let attempt = self.running.swap_remove(at).attempt;
        match ending {
            Ending::Stale => self.plan.put_back(attempt),
            Ending::Unreachable => self.n_unreachable += 1,
            Ending::Finished { outcome, tls } => {
                self.learn_tls(&attempt, &outcome, tls);
                match outcome {
                    Outcome::Identified(facts) => self.learn_facts(attempt, *facts),
                    Outcome::Mismatch(evidence)
                    | Outcome::Silent(evidence)
                    | Outcome::Malformed(evidence) => {
                        self.learn_evidence(&attempt, evidence);
                    }
                }
            }
        }
    }

    /// Gives up on the conversation that is merely slow, where the driver can't have another connection beside
    /// it. `true` if there was one; the driver then drops it and uses its connection's place.
    pub fn abandon_slow(&mut self, now: Elapsed) -> bool {
        let slow = self.running.iter().find(|running| now >= running.slow_at && !running.attempt.is_extra());
        let Some(id) = slow.map(|running| running.id) else { return false };
        self.learn(id, Ending::Finished { outcome: Outcome::Silent(Evidence::default()), tls: None });
        true
    }

    fn learn_tls(&mut self, attempt: &Attempt, outcome: &Outcome, seen: Option<TlsFacts>) {
        let from_old_hello = match outcome {
            Outcome::Identified(facts) => facts.tls.clone(),
            _ => None,
        };
        let Some(seen) = seen.or(from_old_hello) else { return };
        match &mut self.tls {
            Some(known) => {
                for presented in seen.presented {
                    if !known.presented.iter().any(|other| other.server_name == presented.server_name) {
                        known.presented.push(presented);
                    }
                }
                known.version = known.version.take().or(seen.version);
            }
            None => {
                self.tls = Some(seen);
                let others = self.hints.names.iter().skip(1).cloned().map(Some);
                let unnamed = (!self.hints.names.is_empty()).then_some(None);
                let names = others.chain(unnamed).take(self.timing.max_names.saturating_sub(1));
                let by_old_hello = matches!(attempt, Attempt::OldHello);
                if !self.tls.as_ref().is_some_and(|tls| tls.after_start_tls) {
                    self.plan.add_names(names.collect(), by_old_hello);
                }
            }
        }
    }

    fn learn_facts(&mut self, attempt: Attempt, facts: ServiceFacts) {
        if attempt.is_extra() {
            if let Some(best) = self.best.take() {
                let same = facts.protocol == best.protocol;
                self.best = Some(if same { best.enriched_by(facts) } else { best });
            }
            return;
        }
        // A server that accepted the hello is TLS; what it speaks inside it may have told us already.
        let mut facts = facts;
        if self.http_in_tls && matches!(attempt, Attempt::OldHello) {
            facts.protocol = facts.protocol.or_else(|| Some("http".to_owned()));
        }
        let entry = facts.protocol.as_deref().and_then(table::by_name);
        if let Some(entry) = entry.filter(|entry| entry.opening == Opening::Client && entry.talk.is_some()) {
            let in_tls = attempt.is_tls() && self.tls.is_some();
            self.plan.add_enrichment(entry, &attempt, in_tls);
        }
        self.best = Some(facts);
    }

    fn learn_evidence(&mut self, attempt: &Attempt, evidence: Evidence) {
        if self.first_bytes.as_slice().is_empty() {
            self.first_bytes = evidence.first_bytes;
        }
        if evidence.closed_by_peer {
            self.any_close = true;
        } else {
            self.any_silence = true;
            self.n_silent += 1;
        }
        if attempt.is_extra() {
            return;
        }
        if evidence.clue == Some(Clue::HttpInTls) {
            self.http_in_tls = true;
        }
        let tls_is_entered = attempt.is_tls() && self.tls.is_some() && evidence.clue != Some(Clue::Tls);
        self.plan.learn(
            attempt,
            evidence.clue,
            tls_is_entered,
            evidence.closed_by_peer,
            evidence.had_written,
        );
    }

    fn verdict(&mut self) -> ServiceFacts {
        let tls = self.tls.take();
        let mut facts = match self.best.take() {
            Some(best) => best,
            None if tls.is_some() => {
                let protocol = self.http_in_tls.then(|| "http".to_owned());
                ServiceFacts { certainty: Certainty::Identified, protocol, ..Default::default() }
            }
            None => {
                let certainty = if !self.first_bytes.as_slice().is_empty() {
                    Certainty::Unknown
                } else if self.plan.is_fragile() || self.n_opened <= self.n_unreachable {
                    Certainty::NotAsked
                } else if self.any_close && !self.any_silence && self.running.is_empty() {
                    Certainty::ClosedAtOnce
                } else {
                    Certainty::Silent
                };
                ServiceFacts { certainty, ..Default::default() }
            }
        };
        facts.tls = tls.or(facts.tls);
        if facts.first_bytes.as_slice().is_empty() {
            facts.first_bytes = std::mem::take(&mut self.first_bytes);
        }
        facts
    }
}
