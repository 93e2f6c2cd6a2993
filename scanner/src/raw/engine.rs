//! The engine of raw scans, sans-IO: packets that arrived and the time go in; frames to be sent, answers and what
//! was settled come out.
//!
//! It asks every index of a plan, waits, asks what stayed silent again as often as the measured loss demands, and
//! forgets it. Who sends, on which thread, and what an open port turns out to be isn't known here.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use model::scope::Leave;
use model::shape::Shape;

use super::canaries::Canaries;
use super::clock::Tick;
use super::dialect::Dialect;
use super::hosts::Hosts;
use super::lane::Lane;
use super::loss::Sample;
use super::nets::Nets;
use super::refusals::Refusals;
use super::rtt::RoundTrips;
use super::window::{CHUNK, ChunkNo, Window};
use crate::plan::{Permutation, Plan, Probe};
use crate::run::Settled;

/// Questions that wait for their moment at most.
const MOST_DEFERRED: usize = 1 << 16;
/// Nothing new is begun while questions wait for moments later than this.
const HORIZON: Duration = Duration::from_secs(2);
/// Open ports of a host that takes whatever comes that are handed on all the same, so that one that is real shows.
const MOST_SUSPECTS: u16 = 64;
/// Open ports remembered, so that a late duplicate isn't handed on twice.
const MOST_OPENED: usize = 1 << 20;

mod answers;
mod asking;
mod measuring;

/// How a run asks.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    /// Packets a second to one host.
    pub(crate) per_host: u32,
    /// How sure it should be that an open port is seen.
    pub(crate) confidence: f64,
}

/// An open port.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Open {
    pub(crate) probe: Probe,
    pub(crate) rtt: Option<Duration>,
    pub(crate) shape: Option<Shape>,
    pub(crate) payload: Option<Vec<u8>>,
}

/// What a call of the engine brought to light.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) settled: Vec<(u64, Settled)>,
    pub(crate) opened: Vec<Open>,
    /// Indices settled as silent that turned out open.
    pub(crate) late: Vec<u64>,
    /// Addresses that the scope kept back.
    pub(crate) refused: Vec<IpAddr>,
}

/// Counts of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) n_sent: u64,
    /// Questions asked again, canaries and traps apart.
    pub(crate) n_repeats: u64,
    pub(crate) n_canaries: u64,
    pub(crate) n_traps: u64,
    /// Packets that claimed to answer us and could not prove it.
    pub(crate) n_forged: u64,
    /// Proved answers about an endpoint that isn't in the plan.
    pub(crate) n_stray: u64,
    pub(crate) n_duplicates: u64,
    /// Answers that came after their question had been given up.
    pub(crate) n_late: u64,
    /// Over all ports that answered.
    pub(crate) sample: Sample,
}

/// Whether a question went out.
enum Asked {
    Sent,
    Deferred,
    /// There is nothing to ask.
    Nothing,
}

/// A question that waits for its host or its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deferred {
    chunk: ChunkNo,
    offset: u32,
}

/// A port that should be closed, of a host that has an open one.
#[derive(Debug, Clone, Copy)]
struct Trap {
    addr: IpAddr,
    port: u16,
    host: u64,
}

/// Where a call of the engine leaves what it makes.
pub(crate) struct Out<'a> {
    pub(crate) now: Tick,
    pub(crate) lanes: &'a mut [Lane],
    pub(crate) news: &'a mut News,
}

pub(crate) struct Engine<D> {
    plan: Plan,
    order: Permutation,
    leave: Leave,
    dialect: D,
    pace: Pace,
    seed: u64,
    nets: Nets<Deferred>,
    hosts: Hosts,
    refusals: Refusals,
    canaries: Canaries,
    window: Window,
    gaps: VecDeque<Range<u64>>,
    visiting: Option<ChunkNo>,
    /// Chunks whose answers are waited for, by when their last question went out.
    due: BinaryHeap<Reverse<(Tick, ChunkNo)>>,
    /// Questions that wait for their host, by the moment that was taken for each.
    deferred: BinaryHeap<Reverse<(Tick, Deferred)>>,
    held_until: Tick,
    traps: VecDeque<Trap>,
    /// Traps without an answer yet, and when the last was set.
    n_traps_out: u32,
    last_trap: Tick,
    rtts: RoundTrips,
    /// Hosts that are not to be asked: nobody is there.
    absent: HashSet<u64>,
    opened: HashSet<u64>,
    counts: Counts,
}

impl<D: Dialect> Engine<D> {
    /// `gaps` are the indices still to be asked, ascending; `nets` holds the lane of every network of the plan.
    pub(crate) fn new(
        plan: Plan,
        gaps: impl IntoIterator<Item = Range<u64>>,
        leave: Leave,
        dialect: D,
        pace: Pace,
        nets: Nets<Deferred>,
    ) -> Engine<D> {
        let gaps: VecDeque<Range<u64>> = gaps.into_iter().filter(|gap| !gap.is_empty()).collect();
        let n_left = gaps.iter().map(|gap| gap.end - gap.start).sum();
        Engine {
            order: plan.order(),
            seed: plan.seed(),
            hosts: Hosts::new(plan.n_hosts(), pace.per_host),
            refusals: Refusals::default(),
            canaries: Canaries::new(pace.per_host),
            window: Window::new(n_left),
            plan,
            leave,
            dialect,
            pace,
            nets,
            gaps,
            visiting: None,
            due: BinaryHeap::new(),
            deferred: BinaryHeap::new(),
            held_until: Tick::default(),
            traps: VecDeque::new(),
            n_traps_out: 0,
            last_trap: Tick::default(),
            rtts: RoundTrips::new(),
            absent: HashSet::new(),
            opened: HashSet::new(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Loss over the whole run, not to be exceeded with 95 % confidence.
    pub(crate) fn loss_at_most(&self) -> f64 {
        self.counts.sample.upper()
    }

    /// Whether every index has its end.
    pub(crate) fn is_done(&self, now: Tick) -> bool {
        self.gaps.is_empty()
            && self.window.is_empty()
            && self.traps.is_empty()
            && (self.n_traps_out == 0 || now >= self.last_trap.after(self.rtts.wait()))
    }

    /// Writes at most `budget` questions into the lanes' batches; how many it wrote, and until when there is
    /// nothing more to do unless a packet arrives.
    pub(crate) fn poll(&mut self, budget: u32, out: &mut Out<'_>) -> (u32, Option<Tick>) {
        self.look_at_canaries(out.now);
        let mut n = 0;
        while n < budget {
            match self.step(out) {
                Step::Sent => n += 1,
                Step::Moved => {}
                Step::Full => break,
                Step::Idle => return (n, self.wakes_at()),
            }
        }
        (n, Some(out.now))
    }

    fn step(&mut self, out: &mut Out<'_>) -> Step {
        if out.lanes.iter().any(|lane| lane.batch.is_full()) {
            return Step::Full;
        }
        if let Some(step) = self.ask_canary(out) {
            return step;
        }
        if let Some(first) = self.nets.next(out.now) {
            return self.send_deferred(first, out);
        }
        if let Some(&Reverse((at, first))) = self.deferred.peek()
            && at <= out.now
        {
            self.deferred.pop();
            return self.pass_net(first, out);
        }
        if let Some(trap) = self.traps.pop_front() {
            return self.set_trap(trap, out);
        }
        if self.deferred.len() + self.nets.n_waiting() >= MOST_DEFERRED || out.now < self.held_until {
            return Step::Idle;
        }
        if let Some(no) = self.visiting {
            return self.visit(no, out);
        }
        // How long to wait is known better now than when the question went out.
        if let Some(&Reverse((sent, no))) = self.due.peek()
            && sent.after(self.rtts.wait()) <= out.now
        {
            self.due.pop();
            self.begin_visit(no);
            return Step::Moved;
        }
        match self.enter() {
            Some(no) => {
                self.visiting = Some(no);
                Step::Moved
            }
            None => Step::Idle,
        }
    }

    /// Lets the next indices into the window, if there are any and there is room.
    fn enter(&mut self) -> Option<ChunkNo> {
        if !self.window.has_room() {
            return None;
        }
        let gap = self.gaps.front_mut()?;
        let first = gap.start;
        let len = (gap.end - first).min(u64::from(CHUNK));
        gap.start += len;
        if gap.start >= gap.end {
            self.gaps.pop_front();
        }
        Some(self.window.enter(first, u32::try_from(len).unwrap_or(CHUNK)))
    }

    fn begin_visit(&mut self, no: ChunkNo) {
        if let Some(chunk) = self.window.chunk(no) {
            chunk.next = 0;
            chunk.n_asked = 0;
            chunk.is_measurable |= chunk.n_visits > 1;
            chunk.n_visits = chunk.n_visits.saturating_add(1);
            self.visiting = Some(no);
        }
        self.measure();
    }

    /// Goes on with the visit of a chunk, by one question or to its end.
    fn visit(&mut self, no: ChunkNo, out: &mut Out<'_>) -> Step {
        loop {
            let Some(chunk) = self.window.chunk(no) else {
                self.visiting = None;
                return Step::Moved;
            };
            let (offset, is_first) = (chunk.next, chunk.n_visits == 1);
            if offset >= chunk.len {
                self.visiting = None;
                self.end_visit(no, out.news);
                return Step::Moved;
            }
            let question = Deferred { chunk: no, offset };
            let asked = if is_first { self.ask(question, out) } else { self.ask_again(question, out) };
            if let Some(chunk) = self.window.chunk(no) {
                chunk.next += 1;
                chunk.n_asked += u32::from(!matches!(asked, Asked::Nothing));
            }
            match asked {
                Asked::Sent => return Step::Sent,
                Asked::Deferred => return Step::Moved,
                Asked::Nothing => {}
            }
        }
    }

    /// The visit is over: wait for its answers, or be done with the chunk if there was nothing left to ask.
    fn end_visit(&mut self, no: ChunkNo, news: &mut News) {
        let Some(chunk) = self.window.chunk(no) else { return };
        if chunk.n_asked == 0 || chunk.is_settled() {
            return self.retire(no, news);
        }
        if chunk.n_deferred == 0 {
            self.due.push(Reverse((chunk.last_sent, no)));
        }
    }

    /// A question that had waited for its moment is out, or needed no more: the last of a visit that has ended
    /// begins the wait for its answers.
    fn after_deferred(&mut self, no: ChunkNo, news: &mut News) {
        if self.visiting == Some(no) {
            return;
        }
        let Some(chunk) = self.window.chunk(no) else { return };
        if chunk.is_settled() {
            self.retire(no, news);
        } else if chunk.n_deferred == 0 {
            self.due.push(Reverse((chunk.last_sent, no)));
        }
    }

    /// An answer came: nothing is waited for where it was the last.
    fn after_answer(&mut self, no: ChunkNo, news: &mut News) {
        if self.visiting != Some(no) && self.window.chunk(no).is_some_and(|chunk| chunk.is_settled()) {
            self.retire(no, news);
        }
    }

    /// Hosts that discovery found nobody at.
    pub(crate) fn leave_out(&mut self, absent: HashSet<u64>) {
        self.absent = absent;
    }

    fn probe(&self, index: u64) -> Option<Probe> {
        self.order.at(index).and_then(|position| self.plan.probe(position))
    }

    fn wakes_at(&self) -> Option<Tick> {
        let due = self.due.peek().map(|Reverse((sent, _))| sent.after(self.rtts.wait()));
        let deferred = self.deferred.peek().map(|Reverse((at, _))| *at);
        let has_new = self.visiting.is_some() || (!self.gaps.is_empty() && self.window.has_room());
        let held = has_new.then_some(self.held_until);
        let traps = (self.n_traps_out > 0).then(|| self.last_trap.after(self.rtts.wait()));
        [due, deferred, self.nets.wakes_at(), held, traps].into_iter().flatten().min()
    }
}

enum Step {
    Sent,
    /// Something was done, and nothing was sent.
    Moved,
    Full,
    Idle,
}
