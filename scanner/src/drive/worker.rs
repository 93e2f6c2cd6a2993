//! One of a few workers that share a plan: takes indices, connects, and sees every attempt to its end.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use model::observation::Reply;
use model::scope::Target;
use socket2::Socket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Record;
use super::connect::{self, Attempt, Connector, Started};
use super::identifying::Opened;
use super::shared::{Kept, Shared, Ticket, Waiter};
use crate::pace::{Admission, Turn, Window};
use crate::plan::Probe;
use crate::run::{Reason, Settled};

/// Indices taken at a time.
const N_TAKEN: u64 = 64;
/// Probes begun before others get a turn; well below a millisecond.
const BURST: usize = 64;
/// Entries sent to the writer at a time.
const N_RECORDS: usize = 2048;
/// Entries aren't held back longer than this.
const RECORDS_AGE: Duration = Duration::from_millis(100);
/// A silent port is asked again this much later, and up to half as much again, so that what swallowed the
/// first question has time to pass.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// First pause after our own system could not ask; doubles each time up to the long one.
const SHORT_PAUSE: Duration = Duration::from_millis(25);
const LONG_PAUSE: Duration = Duration::from_secs(1);
/// After so many pauses a probe is given up as not asked: a minute where something ran short, which passes,
/// and five seconds for any other error of our own, which doesn't.
const MOST_SHORTAGES: u8 = 64;
const MOST_ERRORS: u8 = 9;
/// An answer later than this may be one to the kernel's second SYN, and tells nothing of the round trip.
const AMBIGUOUS: Duration = Duration::from_secs(1);
/// How long a cancelled worker waits for what is in flight.
const GRACE: Duration = Duration::from_secs(1);

/// Works until every probe has an end or the run is cancelled. `share` is this worker's part of the
/// connections in flight.
pub(crate) async fn work(shared: Arc<Shared>, opened: mpsc::Sender<Opened>, share: usize) {
    let now = Instant::now();
    let mut worker = Worker {
        shared: &shared,
        connector: Connector::default(),
        window: Window::new(share, now),
        taken: 0..0,
        exhausted: false,
        inherited: Vec::new(),
        again: BinaryHeap::new(),
        pending: FuturesUnordered::new(),
        opened: VecDeque::new(),
        records: Vec::new(),
        others: Vec::new(),
        flushed_at: now,
    };
    worker.run(&opened).await;
}

type Pending = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// An attempt that was pending, at its end.
struct Ended {
    ticket: Ticket,
    probe: Probe,
    target: Target,
    after: Duration,
    attempt: Attempt,
}

struct Worker<'a> {
    shared: &'a Arc<Shared>,
    connector: Connector,
    window: Window,
    taken: Range<u64>,
    exhausted: bool,
    /// Probes that have a connection to their host already.
    inherited: Vec<Ticket>,
    /// Probes to begin again, by when.
    again: BinaryHeap<Reverse<(Instant, Ticket)>>,
    pending: FuturesUnordered<Pending>,
    opened: VecDeque<Opened>,
    records: Vec<(u64, Settled)>,
    others: Vec<Record>,
    flushed_at: Instant,
}

impl Worker<'_> {
    async fn run(&mut self, opened: &mpsc::Sender<Opened>) {
        while !self.shared.cancel.is_cancelled() {
            let n_begun = self.begin_some();
            while let Some(Some(ended)) = self.pending.next().now_or_never() {
                self.ended(ended);
            }
            if !self.hand_on(opened).await {
                return;
            }
            if n_begun == BURST {
                tokio::task::yield_now().await;
            } else if self.shared.is_done() {
                self.flush().await;
                return;
            } else {
                self.idle().await;
            }
        }
        let grace = Instant::now() + GRACE;
        while let Ok(Some(ended)) = tokio::time::timeout_at(grace, self.pending.next()).await {
            self.ended(ended);
            self.inherited.clear();
        }
        self.hand_on(opened).await;
        self.flush().await;
    }

    /// Begins probes until there are none, none may begin, or others should have a turn.
    fn begin_some(&mut self) -> usize {
        let now = Instant::now();
        for n in 0..BURST {
            if !self.window.admits(self.pending.len(), now) || self.opened.len() >= BURST {
                return n;
            }
            if let Some(ticket) = self.inherited.pop().or_else(|| self.shared.take_granted()) {
                self.begin(ticket, true);
            } else if let Some(ticket) = self.due(now) {
                self.begin(ticket, false);
            } else if let Some(index) = self.take_index() {
                self.begin(Ticket { index, attempt: 0, n_short: 0 }, false);
            } else {
                return n;
            }
        }
        BURST
    }

    fn due(&mut self, now: Instant) -> Option<Ticket> {
        let due = self.again.peek().is_some_and(|Reverse((at, _))| *at <= now);
        if due { self.again.pop().map(|Reverse((_, ticket))| ticket) } else { None }
    }

    fn take_index(&mut self) -> Option<u64> {
        if let Some(index) = self.taken.next() {
            return Some(index);
        }
        if self.exhausted || self.shared.hosts.is_crowded() {
            return None;
        }
        match self.shared.dispenser.take(N_TAKEN) {
            Some(range) => self.taken = range,
            None => self.exhausted = true,
        }
        self.taken.next()
    }

    /// Begins one probe; `has_connection` if its host has one set aside for it.
    fn begin(&mut self, ticket: Ticket, has_connection: bool) {
        let Some(probe) = self.shared.probe(ticket.index) else {
            // Indices come from the dispenser, which ends where the plan ends.
            return self.settle(ticket, Settled::NotAsked);
        };
        let target = match self.shared.admit(probe.addr) {
            Ok(target) => target,
            Err(kept) => {
                if has_connection {
                    self.give_back(probe.host, None);
                }
                return match kept {
                    Kept::Later => self.shared.put_off(),
                    Kept::Back(record) => {
                        self.others.extend(record);
                        self.settle(ticket, Settled::NotAdmitted);
                    }
                };
            }
        };
        let time_out = if has_connection {
            self.shared.hosts.time_out(probe.host, ticket.attempt)
        } else {
            match self.shared.hosts.take(probe.host, ticket.attempt, Turn::Last, Waiter::Probe(ticket)) {
                Admission::Granted(time_out) => time_out,
                Admission::Waits => return,
            }
        };
        let begun = Instant::now();
        match self.connector.start(target, probe.port) {
            Started::Ended(attempt) => {
                self.ended(Ended { ticket, probe, target, after: begun.elapsed(), attempt });
            }
            Started::Pending(socket) => self.wait_for(ticket, probe, target, begun, socket, time_out),
        }
    }

    fn wait_for(
        &mut self,
        ticket: Ticket,
        probe: Probe,
        target: Target,
        begun: Instant,
        socket: Socket,
        time_out: Duration,
    ) {
        let n_in_flight = self.shared.n_in_flight.clone();
        n_in_flight.fetch_add(1, Ordering::Relaxed);
        self.pending.push(Box::pin(async move {
            let attempt = connect::finish(socket, time_out).await;
            n_in_flight.fetch_sub(1, Ordering::Relaxed);
            Ended { ticket, probe, target, after: begun.elapsed(), attempt }
        }));
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { ticket, probe, target, after, attempt } = ended;
        let sample = (after < AMBIGUOUS).then_some(after);
        match attempt {
            Attempt::Open(socket) => {
                if let Some(sample) = sample {
                    self.shared.hosts.answered(probe.host, sample);
                }
                self.shared.n_identifying.fetch_add(1, Ordering::Relaxed);
                self.opened.push_back(Opened {
                    target,
                    probe,
                    socket,
                    said: None,
                    after: Some(after),
                    shape: None,
                    holds_connection: true,
                });
                self.settle(ticket, Settled::Reply(Reply::Open));
            }
            Attempt::Answered(Reply::Silent) if ticket.attempt < self.shared.options.n_retries => {
                self.give_back(probe.host, None);
                // Spread by index: what was asked together isn't asked together again.
                let spread = RETRY_AFTER / 2 * u32::try_from(ticket.index % 64).unwrap_or(0) / 64;
                let next = Ticket { attempt: ticket.attempt + 1, ..ticket };
                self.again.push(Reverse((Instant::now() + RETRY_AFTER + spread, next)));
            }
            Attempt::Answered(reply) => {
                self.give_back(probe.host, sample.filter(|_| reply == Reply::Refused));
                self.settle(ticket, Settled::Reply(reply));
            }
            Attempt::NotSent(error) => {
                self.give_back(probe.host, None);
                self.not_sent(ticket, probe, &error);
            }
        }
    }

    /// Our own system could not ask: go easy on it and ask again later.
    fn not_sent(&mut self, ticket: Ticket, probe: Probe, error: &io::Error) {
        let most = if connect::is_shortage(error) { MOST_SHORTAGES } else { MOST_ERRORS };
        if ticket.n_short >= most {
            self.others.extend(self.shared.refusal(probe.addr, Reason::NotSent(error.to_string())));
            return self.settle(ticket, Settled::NotAsked);
        }
        let now = Instant::now();
        self.window.shrink(self.pending.len(), now);
        let pause = (SHORT_PAUSE * (1 << ticket.n_short.min(8))).min(LONG_PAUSE);
        let next = Ticket { n_short: ticket.n_short + 1, ..ticket };
        self.again.push(Reverse((now + pause, next)));
    }

    fn give_back(&mut self, host: u64, answered_after: Option<Duration>) {
        self.inherited.extend(self.shared.pass_on(host, answered_after));
    }

    fn settle(&mut self, ticket: Ticket, settled: Settled) {
        self.records.push((ticket.index, settled));
        self.shared.one_less();
    }

    /// Passes on what was found open and, when it is time, what was settled; `false` if nobody listens any
    /// more.
    async fn hand_on(&mut self, opened: &mpsc::Sender<Opened>) -> bool {
        while let Some(port) = self.opened.pop_front() {
            if opened.send(port).await.is_err() {
                return false;
            }
        }
        let is_time = self.records.len() >= N_RECORDS || self.flushed_at.elapsed() >= RECORDS_AGE;
        !is_time || self.flush().await
    }

    async fn flush(&mut self) -> bool {
        self.flushed_at = Instant::now();
        let settled = std::mem::take(&mut self.records);
        self.shared.count(&settled);
        let settled = (!settled.is_empty()).then_some(Record::Settled(settled));
        for record in self.others.drain(..).chain(settled) {
            if self.shared.records.send(record).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Waits for whatever can happen next.
    async fn idle(&mut self) {
        let changed = self.shared.changed.notified();
        tokio::pin!(changed);
        // From here on no change is missed; look once more at what may have changed before.
        changed.as_mut().enable();
        if self.shared.is_done() {
            return;
        }
        let next = self.again.peek().map(|Reverse((at, _))| *at);
        let next = next.into_iter().chain(self.window.turn_ends()).min();
        let due = [next, Some(Instant::now() + RECORDS_AGE)].into_iter().flatten().min();
        tokio::select! {
            Some(ended) = self.pending.next() => self.ended(ended),
            () = changed => {}
            () = sleep_until(due.unwrap_or_else(Instant::now)) => {}
            () = self.shared.cancel.cancelled() => {}
        }
    }
}
