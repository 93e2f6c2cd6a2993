//! How the story of an assessment asks: one question, one connection, one answer; with back-off where the server
//! hangs up, bounds on everything, and a record of what was asked. What the answers mean is for the story.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use super::exchange::{Answer, Errand, Foreign, Language};
use super::facts::{ConnectionFacts, ConnectionNo, Reason};
use super::seam::{Elapsed, Limits, Wish};
use crate::tls::codes::{self, Version};
use crate::tls::flight::Flight;
use crate::tls::hello::{ClientHello, random_of};
use crate::tls::provoke::Provocation;
use crate::tls::ssl2;

/// Where the story leaves a question and finds the answer.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) question: Option<Question>,
    pub(super) answer: Option<Heard>,
    pub(super) now: Elapsed,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) errand: Errand,
    pub(super) not_before: Elapsed,
}

#[derive(Debug)]
pub(super) struct Heard {
    pub(super) answer: Answer,
    pub(super) n_received: u64,
    /// There was a byte in answer to the question itself.
    pub(super) has_answered: bool,
}

/// The answer to a question, as the story sees it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) number: ConnectionNo,
    pub(super) answer: Result<Answer, Reason>,
}

/// What a reply says about the thing that was offered.
#[derive(Debug)]
pub(super) enum Verdict {
    Taken(Box<Flight>),
    Refused,
    Unclear(Reason),
}

impl Reply {
    pub(super) fn verdict(self) -> Verdict {
        match self.answer {
            Ok(Answer::Flight(flight)) => Verdict::Taken(flight),
            Ok(Answer::Alert(_) | Answer::Closed | Answer::Reset | Answer::Foreign(_)) => Verdict::Refused,
            Ok(
                Answer::Ssl2(_)
                | Answer::Malformed
                | Answer::TooLong
                | Answer::Session(_)
                | Answer::Reaction(_),
            ) => Verdict::Unclear(Reason::Malformed),
            Ok(Answer::TimedOut) => Verdict::Unclear(Reason::TimedOut),
            Ok(Answer::NoStartTls) => Verdict::Unclear(Reason::Refusing),
            Ok(Answer::Unreachable(_)) => Verdict::Unclear(Reason::Unreachable),
            Err(reason) => Verdict::Unclear(reason),
        }
    }
}

/// So many connections in a row without a byte need an explanation.
const MAX_SILENT_IN_ROW: u32 = 4;
/// So often a port is tried that has never taken a connection.
const MAX_CLOSED_IN_ROW: u32 = 3;
/// So often a server is asked that hangs up without a word.
const MAX_WORDLESS: usize = 4;
const MAX_BACK_OFF: Duration = Duration::from_secs(4);

pub(super) struct Asker {
    pub(super) desk: Arc<Mutex<Desk>>,
    limits: Limits,
    seed: u64,
    pub(super) log: Vec<ConnectionFacts>,
    n_bytes: u64,
    /// The last connection that brought bytes.
    pub(super) last_heard: ConnectionNo,
    /// Connections that the peer ended without a byte.
    pub(super) silent: BTreeSet<ConnectionNo>,
    n_silent_in_row: u32,
    /// Connections that were reset or refused, which asks for more time between them.
    n_broken_in_row: u32,
    n_timed_out_in_row: u32,
    pub(super) given_up: Option<Reason>,
    /// A question that the server has answered with a hello.
    good: Option<ClientHello>,
    pub(super) has_foreign: Option<Foreign>,
    pub(super) had_no_start_tls: bool,
    /// Something came that only a peer of TLS sends.
    pub(super) has_tls: bool,
    pub(super) was_connected: bool,
    /// It has refused something by an alert.
    has_alerted: bool,
}

impl Asker {
    pub(super) fn new(desk: Arc<Mutex<Desk>>, limits: Limits, seed: u64) -> Asker {
        Asker {
            desk,
            limits,
            seed,
            log: Vec::new(),
            n_bytes: 0,
            last_heard: 0,
            silent: BTreeSet::new(),
            n_silent_in_row: 0,
            n_broken_in_row: 0,
            n_timed_out_in_row: 0,
            given_up: None,
            good: None,
            has_foreign: None,
            had_no_start_tls: false,
            has_tls: false,
            was_connected: false,
            has_alerted: false,
        }
    }

    /// Asks, and finds out whether a server that hangs up on everything still answers what it answered before.
    pub(super) async fn ask(&mut self, asked: &str, hello: &ClientHello) -> Reply {
        let reply = self.ask_hello(asked, hello).await;
        if let Ok(Answer::Flight(_)) = &reply.answer {
            self.good.get_or_insert_with(|| hello.clone());
        }
        if self.n_silent_in_row >= MAX_SILENT_IN_ROW && self.given_up.is_none() {
            self.check_alive().await;
        }
        reply
    }

    /// Asks a second time what was refused or left open. Only what was refused twice is refused.
    pub(super) async fn ask_twice(&mut self, asked: &str, hello: &ClientHello) -> (Vec<ConnectionNo>, Reply) {
        let first = self.ask(asked, hello).await;
        if matches!(first.answer, Ok(Answer::Flight(_)) | Err(_)) {
            return (vec![first.number], first);
        }
        let mut numbers = vec![first.number];
        let again = loop {
            let again = self.ask(&format!("{asked}, again"), hello).await;
            numbers.push(again.number);
            // Who says no in words otherwise isn't believed when he merely hangs up.
            let is_wordless = matches!(again.answer, Ok(Answer::Closed | Answer::Reset));
            if !(is_wordless && self.has_alerted && numbers.len() < MAX_WORDLESS) {
                break again;
            }
        };
        // A refusal and a time-out are no two refusals.
        match (&first.answer, &again.answer) {
            (Ok(Answer::TimedOut), Ok(Answer::Alert(_) | Answer::Closed | Answer::Reset)) => (numbers, first),
            _ => (numbers, again),
        }
    }

    pub(super) async fn ask_ssl2(&mut self, asked: &str) -> Reply {
        let challenge = random_of(self.seed).first_chunk::<16>().copied().unwrap_or_default();
        let hello = ssl2::client_hello(&challenge);
        let reply = self.ask_bytes(asked, hello, Language::Ssl2).await;
        if self.n_silent_in_row >= MAX_SILENT_IN_ROW && self.given_up.is_none() {
            self.check_alive().await;
        }
        reply
    }

    pub(super) async fn ask_session(&mut self, asked: &str, wish: Wish) -> Reply {
        self.run(asked, Errand::Session(wish), 0).await
    }

    /// Asks, and says something malformed behind the answer. Only where that was agreed on.
    pub(super) async fn provoke(
        &mut self,
        asked: &str,
        hello: &ClientHello,
        provocation: Provocation,
    ) -> Reply {
        let random = self.random_of(self.next_number());
        let bytes = ClientHello { random, ..hello.clone() }.to_record();
        let n_sent = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.run(asked, Errand::Provoke { bytes, provocation, seed: self.seed }, n_sent).await
    }

    pub(super) fn may_provoke(&self) -> bool {
        self.limits.intrusive && self.given_up.is_none()
    }

    fn next_number(&self) -> ConnectionNo {
        self.log.last().map_or(0, |connection| connection.number) + 1
    }

    /// The random that was sent on a connection.
    pub(super) fn random_of(&self, number: ConnectionNo) -> [u8; 32] {
        random_of(self.seed.wrapping_add(u64::from(number)))
    }

    pub(super) fn may_hold_sessions(&self) -> bool {
        self.limits.with_sessions && self.given_up.is_none()
    }

    /// Asks once more what was answered before, at leisure; gives up if it isn't answered any longer.
    pub(super) async fn check_alive(&mut self) {
        let Some(good) = self.good.clone() else { return };
        for _ in 0..2 {
            self.n_broken_in_row = self.n_broken_in_row.max(1);
            let reply = self.ask_hello("what was answered before", &good).await;
            match reply.answer {
                Ok(
                    Answer::Closed
                    | Answer::Reset
                    | Answer::Unreachable(_)
                    | Answer::TimedOut
                    | Answer::NoStartTls,
                ) => {}
                Ok(_) | Err(_) => return,
            }
        }
        self.given_up = Some(Reason::Refusing);
    }

    async fn ask_hello(&mut self, asked: &str, hello: &ClientHello) -> Reply {
        let random = self.random_of(self.next_number());
        let bytes = ClientHello { random, ..hello.clone() }.to_record();
        self.ask_bytes(asked, bytes, Language::Tls).await
    }

    async fn ask_bytes(&mut self, asked: &str, bytes: Vec<u8>, language: Language) -> Reply {
        let n_sent = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.run(asked, Errand::Hello { bytes, language }, n_sent).await
    }

    async fn run(&mut self, asked: &str, errand: Errand, n_sent: u64) -> Reply {
        let last = self.log.last().map_or(0, |connection| connection.number);
        let now = self.desk.lock().unwrap_or_else(PoisonError::into_inner).now;
        let back_off = self.back_off();
        let is_spent = last >= self.limits.max_connections
            || self.n_bytes >= self.limits.max_bytes
            || now + back_off >= self.limits.whole;
        if is_spent {
            self.given_up.get_or_insert(Reason::CapReached);
        }
        if let Some(reason) = self.given_up {
            return Reply { number: last, answer: Err(reason) };
        }
        let number = last + 1;
        let not_before = now + self.limits.pause.max(back_off);
        let Heard { answer, n_received, has_answered } = self.over(Question { errand, not_before }).await;
        self.n_bytes = self.n_bytes.saturating_add(n_received);
        self.learn(number, &answer, has_answered);
        let text = describe(&answer);
        self.log.push(ConnectionFacts { number, asked: asked.to_owned(), answer: text, n_sent, n_received });
        Reply { number, answer: Ok(answer) }
    }

    /// Longer with each connection in a row that was reset or refused.
    fn back_off(&self) -> Duration {
        match self.n_broken_in_row {
            0 => Duration::ZERO,
            n => self.limits.back_off.saturating_mul(1 << (n - 1).min(8)).min(MAX_BACK_OFF),
        }
    }

    fn learn(&mut self, number: ConnectionNo, answer: &Answer, has_answered: bool) {
        self.was_connected |= !matches!(answer, Answer::Unreachable(_));
        self.had_no_start_tls |= *answer == Answer::NoStartTls;
        self.has_alerted |= matches!(answer, Answer::Alert(_));
        self.has_tls |= matches!(
            answer,
            Answer::Flight(_) | Answer::Alert(_) | Answer::Ssl2(_) | Answer::Malformed | Answer::TooLong
        );
        if let Answer::Foreign(foreign) = answer {
            self.has_foreign.get_or_insert(*foreign);
        }
        self.n_timed_out_in_row =
            if *answer == Answer::TimedOut { self.n_timed_out_in_row.saturating_add(1) } else { 0 };
        let is_broken = matches!(answer, Answer::Reset | Answer::Unreachable(_) | Answer::NoStartTls);
        self.n_broken_in_row = if is_broken { self.n_broken_in_row.saturating_add(1) } else { 0 };
        if has_answered {
            self.last_heard = number;
            self.n_silent_in_row = 0;
        } else {
            if *answer != Answer::TimedOut {
                self.silent.insert(number);
                self.n_silent_in_row = self.n_silent_in_row.saturating_add(1);
            }
            // Nobody is there, or nobody who will ever answer.
            if self.last_heard == 0 && self.n_silent_in_row + self.n_timed_out_in_row >= 8 {
                self.given_up.get_or_insert(Reason::Unreachable);
            }
        }
        if !self.was_connected && self.n_broken_in_row >= MAX_CLOSED_IN_ROW {
            self.given_up.get_or_insert(Reason::Unreachable);
        }
        if self.n_timed_out_in_row >= MAX_SILENT_IN_ROW {
            self.given_up.get_or_insert(Reason::TimedOut);
        }
    }

    /// Leaves the question on the desk, and waits for the answer to be there.
    async fn over(&self, question: Question) -> Heard {
        let mut question = Some(question);
        poll_fn(|_| {
            let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(question) = question.take() {
                desk.question = Some(question);
                return Poll::Pending;
            }
            desk.answer.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// For people who want to see it for themselves.
fn describe(answer: &Answer) -> String {
    match answer {
        Answer::Flight(flight) => {
            let Some(hello) = &flight.hello else { return "no hello".to_owned() };
            let version = Version::from_code(hello.version)
                .map_or_else(|| format!("0x{:04X}", hello.version), |version| version.name().to_owned());
            let suite = codes::suite(hello.suite)
                .map_or_else(|| format!("0x{:04X}", hello.suite), |suite| suite.name.to_owned());
            let kind = if hello.is_retry() { "hello retry request" } else { "server hello" };
            let group = hello.group().map(|group| {
                codes::group(group).map_or_else(|| format!("0x{group:04X}"), |known| known.name.to_owned())
            });
            let group = group.map(|group| format!(", {group}")).unwrap_or_default();
            let resumed = if flight.is_resumed { ", an older session goes on" } else { "" };
            format!("{kind}: {version}, {suite}{group}{resumed}")
        }
        Answer::Ssl2(hello) => format!("SSL 2.0 server hello, {} ciphers", hello.ciphers.len()),
        Answer::Alert(code) => format!("alert {code} ({})", codes::alert_name(*code)),
        Answer::Closed => "closed without a word".to_owned(),
        Answer::Reset => "reset".to_owned(),
        Answer::TimedOut => "no answer in time".to_owned(),
        Answer::Foreign(Foreign::Http) => "HTTP in clear".to_owned(),
        Answer::Foreign(Foreign::Other) => "not TLS".to_owned(),
        Answer::Malformed => "TLS that breaks its own rules".to_owned(),
        Answer::TooLong => "an answer without end".to_owned(),
        Answer::NoStartTls => "no way into TLS".to_owned(),
        Answer::Session(seen) if seen.is_resumed => "an older session went on".to_owned(),
        Answer::Session(seen) if seen.chain.is_empty() => "no session".to_owned(),
        Answer::Session(seen) => {
            let second = seen.renegotiation.map(|reaction| format!(", then {}", reaction.describe()));
            format!("a session, {} certificates{}", seen.chain.len(), second.unwrap_or_default())
        }
        Answer::Reaction(reaction) => format!("then {}", reaction.describe()),
        Answer::Unreachable(failure) => format!("no connection: {failure:?}").to_lowercase(),
    }
}
