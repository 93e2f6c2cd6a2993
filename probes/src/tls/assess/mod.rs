//! Assesses a server by hellos alone: which versions, suites, groups, certificates and features it has, with the
//! fewest connections, and without any cryptography on our side. Sans-IO: [`Assessment`] says what to do, a driver
//! does it and says what came. What is good or bad about it isn't said here.
//!
//! The order of questions is written down as a straight story (`story`), an `async` function that nobody but
//! [`Assessment`] ever polls: each `.await` in it is one connection.

mod asker;
mod classic;
mod exchange;
pub mod facts;
mod findings;
mod intrusive;
mod modern;
mod offer;
mod particulars;
mod resumption;
pub mod seam;
mod sessions;
mod story;
mod tlcp;
mod web;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use model::host_name::HostName;

use self::asker::{Asker, Desk, Heard, Question};
use self::exchange::{Exchange, Next};
use self::facts::ServerFacts;
use self::seam::{Elapsed, Event, Limits, Step};
use crate::tls::start_tls::StartTls;

/// Whom an assessment is about.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Sent as server name; addresses never are.
    pub server_name: Option<HostName>,
    pub start_tls: Option<StartTls>,
    /// Feeds the random of each hello; not secret.
    pub seed: u64,
}

/// The state machine. A driver calls [`Assessment::start`], performs the step, and reports what came of it by
/// [`Assessment::handle`], until [`Step::Finish`].
pub struct Assessment {
    desk: Arc<Mutex<Desk>>,
    story: Pin<Box<dyn Future<Output = ServerFacts> + Send>>,
    start_tls: Option<StartTls>,
    /// For protocols that say whom they call.
    host: String,
    limits: Limits,
    state: State,
}

enum State {
    Talking(Box<Exchange>),
    /// The connection is being closed; what it brought.
    Closing(Heard),
    Idle,
}

impl Assessment {
    pub fn new(subject: &Subject, limits: Limits) -> Assessment {
        let desk = Arc::new(Mutex::new(Desk::default()));
        let asker = Asker::new(Arc::clone(&desk), limits.clone(), subject.seed);
        let story = Box::pin(story::tell(asker, subject.clone()));
        let host = subject.server_name.as_ref().map_or("localhost", |name| name.as_str()).to_owned();
        Assessment { desk, story, start_tls: subject.start_tls, host, limits, state: State::Idle }
    }

    pub fn start(&mut self, now: Elapsed) -> Step {
        self.go_on(now)
    }

    pub fn handle(&mut self, event: Event<'_>, now: Elapsed) -> Step {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Talking(mut exchange) => {
                let is_open = !matches!(event, Event::ConnectFailed(_));
                match exchange.handle(event, now) {
                    Next::Write { bytes, until } => {
                        self.state = State::Talking(exchange);
                        Step::Write { bytes, until }
                    }
                    Next::Read { at_most, until } => {
                        self.state = State::Talking(exchange);
                        Step::Read { at_most, until }
                    }
                    Next::StartSession { wish, until } => {
                        self.state = State::Talking(exchange);
                        Step::StartSession { wish, until }
                    }
                    Next::Done(answer) => {
                        let Exchange { n_received, has_answered, .. } = *exchange;
                        let heard = Heard { answer, n_received, has_answered };
                        if is_open {
                            self.state = State::Closing(heard);
                            Step::Close
                        } else {
                            self.answer(heard, now)
                        }
                    }
                }
            }
            State::Closing(heard) => self.answer(heard, now),
            State::Idle => self.go_on(now),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&mut self, heard: Heard, now: Elapsed) -> Step {
        self.desk().answer = Some(heard);
        self.go_on(now)
    }

    /// Lets the story run to its next question.
    fn go_on(&mut self, now: Elapsed) -> Step {
        self.desk().now = now;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(facts) = self.story.as_mut().poll(&mut context) {
            // A finished story isn't polled again.
            self.story = Box::pin(std::future::ready(facts.clone()));
            return Step::Finish(Box::new(facts));
        }
        let question = self.desk().question.take();
        // The story waits for nothing but answers to its questions.
        let Question { errand, not_before } = question.expect("a story that isn't over has asked a question");
        let prelude = self.start_tls.map(|start_tls| start_tls.prelude(&self.host));
        self.state = State::Talking(Box::new(Exchange::new(errand, prelude, self.limits.clone())));
        Step::Connect { not_before, until: not_before + self.limits.connect }
    }
}
