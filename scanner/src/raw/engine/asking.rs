//! How the engine asks: for the first time, again, at once or when its host and network may be asked.

use std::cmp::Reverse;

use model::observation::Reply;

use super::{Asked, Deferred, Engine, HORIZON, News, Out, Step, Trap};
use crate::plan::Probe;
use crate::raw::canaries::Canary;
use crate::raw::dialect::{Dialect, Question};
use crate::raw::lane::Lane;
use crate::run::Settled;

/// Questions to one port at most, in all: as many as can be told apart.
const MOST_QUESTIONS: u8 = 15;

impl<D: Dialect> Engine<D> {
    /// Asks again what is still silent, as often as it needs.
    pub(super) fn ask_again(&mut self, question: Deferred, out: &mut Out<'_>) -> Asked {
        let Deferred { chunk: no, offset } = question;
        let slot = self.window.slot(no, offset);
        if slot.answer().is_some() || slot.is_deferred() {
            return Asked::Nothing;
        }
        let Some((_, probe)) = self.asked_by(question) else { return Asked::Nothing };
        let n_payloads = self.dialect.n_payloads(probe.port).max(1);
        let is_witness = self.window.chunk(no).is_some_and(|chunk| chunk.is_witness);
        let needed = self.belief_of(probe.host, probe.addr).asks_needed(self.pace.confidence);
        let each = needed.max(1 + u8::from(is_witness));
        if slot.n_asks() >= each.saturating_mul(n_payloads).min(MOST_QUESTIONS)
            || self.has_said_enough(&probe)
        {
            self.hosts.of_mut(probe.host).stays_silent(slot.n_asks() / n_payloads);
            return Asked::Nothing;
        }
        let asked = self.ask(question, out);
        self.counts.n_repeats += u64::from(!matches!(asked, Asked::Nothing));
        asked
    }

    /// Asks a canary, if it is time for one. A host's cap leaves room for its canaries, and they wait for nobody:
    /// what they take is missing from what follows.
    pub(super) fn ask_canary(&mut self, out: &mut Out<'_>) -> Option<Step> {
        let (Canary { index, probe, net, .. }, nth) = self.canaries.next(out.now)?;
        let to = self.leave.admit(probe.addr)?;
        let lane = self.nets.of(probe.addr).and_then(|(_, lane)| out.lanes.get_mut(usize::from(lane)))?;
        if !prepare(lane, &probe) {
            return None;
        }
        let len = self.dialect.write(lane, to, probe.port, Question::Nth(nth))?;
        lane.batch.commit(len);
        self.nets.charge(net, out.now);
        self.hosts.take(probe.host, out.now);
        self.rtts.sent(index, nth, out.now);
        let host = self.hosts.of_mut(probe.host);
        host.n_sent = host.n_sent.saturating_add(1);
        self.counts.n_sent += 1;
        self.counts.n_canaries += 1;
        Some(Step::Sent)
    }

    /// Asks an index, now or as soon as its host and network may be asked.
    pub(super) fn ask(&mut self, question: Deferred, out: &mut Out<'_>) -> Asked {
        let Deferred { chunk: no, offset } = question;
        let Some((index, probe)) = self.asked_by(question) else { return Asked::Nothing };
        let why_not = if self.leave.admit(probe.addr).is_none() {
            out.news.refused.push(probe.addr);
            Some(Settled::NotAdmitted)
        } else if self.absent.contains(&probe.host) || self.has_said_enough(&probe) {
            Some(Settled::Reply(Reply::Silent))
        } else {
            None
        };
        if let Some(why_not) = why_not {
            return self.settle_unasked(index, question, why_not, out.news);
        }
        let Some((net, _)) = self.nets.of(probe.addr) else {
            // Our own system has no way there.
            let no_way = Settled::Reply(Reply::NetworkUnreachable);
            return self.settle_unasked(index, question, no_way, out.news);
        };
        let mut at = self.hosts.take(probe.host, out.now);
        if self.dialect.refusals_are_limited() && self.window.slot(no, offset).n_asks() > 0 {
            at = self.refusals.pace(probe.host, at);
        }
        if at > out.now {
            self.window.defer(no, offset);
            self.deferred.push(Reverse((at, question)));
            if at.since(out.now) > HORIZON {
                self.held_until = self.held_until.max(at.before(HORIZON));
            }
            return Asked::Deferred;
        }
        if self.nets.pass(net, out.now, question).is_none() {
            self.window.defer(no, offset);
            return Asked::Deferred;
        }
        self.send(index, &probe, question, out)
    }

    fn has_said_enough(&self, probe: &Probe) -> bool {
        self.dialect.is_one_answer_enough() && self.hosts.of(probe.host).has_answered()
    }

    /// A question's host may be asked; its network perhaps not yet.
    pub(super) fn pass_net(&mut self, first: Deferred, out: &mut Out<'_>) -> Step {
        let net = self.asked_by(first).and_then(|(_, probe)| self.nets.of(probe.addr));
        let passed = net.map_or(Some(first), |(net, _)| self.nets.pass(net, out.now, first));
        passed.map_or(Step::Moved, |first| self.send_deferred(first, out))
    }

    /// The moment of a question has come.
    pub(super) fn send_deferred(&mut self, first: Deferred, out: &mut Out<'_>) -> Step {
        let Deferred { chunk: no, offset } = first;
        let Some((index, probe)) = self.asked_by(first) else { return Step::Moved };
        self.window.undefer(no, offset);
        let slot = self.window.slot(no, offset);
        let asked =
            if slot.answer().is_some() { Asked::Nothing } else { self.send(index, &probe, first, out) };
        self.after_deferred(no, out.news);
        if matches!(asked, Asked::Sent) { Step::Sent } else { Step::Moved }
    }

    /// Index and target of a question; `None` if its chunk is over.
    fn asked_by(&mut self, question: Deferred) -> Option<(u64, Probe)> {
        let index = self.window.chunk(question.chunk)?.first + u64::from(question.offset);
        Some((index, self.probe(index)?))
    }

    fn send(&mut self, index: u64, probe: &Probe, question: Deferred, out: &mut Out<'_>) -> Asked {
        let Deferred { chunk: no, offset } = question;
        let lane = self.nets.of(probe.addr).and_then(|(_, lane)| out.lanes.get_mut(usize::from(lane)));
        let (Some(to), Some(lane)) = (self.leave.admit(probe.addr), lane) else { return Asked::Nothing };
        if !prepare(lane, probe) {
            // Nobody answered for the address on its own link.
            self.window.answer(no, offset, Settled::Reply(Reply::HostUnreachable).code(), 0);
            return Asked::Nothing;
        }
        let slot = self.window.slot(no, offset);
        let nth = slot.n_asks();
        let Some(len) = self.dialect.write(lane, to, probe.port, Question::Nth(nth)) else {
            return self.settle_unasked(index, question, Settled::NotAsked, out.news);
        };
        lane.batch.commit(len);
        self.window.asked(no, offset, out.now);
        self.rtts.sent(index, nth, out.now);
        if nth > 0 && self.dialect.refusals_are_limited() {
            self.refusals.asked(probe.host, out.now);
        }
        let host = self.hosts.of_mut(probe.host);
        host.n_sent = host.n_sent.saturating_add(1);
        self.counts.n_sent += 1;
        self.canaries.count();
        Asked::Sent
    }

    fn settle_unasked(&mut self, index: u64, question: Deferred, settled: Settled, news: &mut News) -> Asked {
        // Marked as answered, so that it isn't looked at again; what it was is told here.
        self.window.answer(question.chunk, question.offset, Settled::NotAsked.code(), 0);
        news.settled.push((index, settled));
        Asked::Nothing
    }

    /// Asks a port that should be closed.
    pub(super) fn set_trap(&mut self, trap: Trap, out: &mut Out<'_>) -> Step {
        let probe = Probe { addr: trap.addr, port: trap.port, host: trap.host };
        let lane = self.nets.of(trap.addr).and_then(|(_, lane)| out.lanes.get_mut(usize::from(lane)));
        let (Some(to), Some(lane)) = (self.leave.admit(trap.addr), lane) else { return Step::Moved };
        if !prepare(lane, &probe) {
            return Step::Moved;
        }
        let Some(len) = self.dialect.write(lane, to, trap.port, Question::Trap) else { return Step::Moved };
        lane.batch.commit(len);
        let host = self.hosts.of_mut(trap.host);
        host.n_sent = host.n_sent.saturating_add(1);
        self.counts.n_sent += 1;
        self.counts.n_traps += 1;
        self.n_traps_out += 1;
        self.last_trap = out.now;
        Step::Sent
    }
}

/// Sets the link address of a target on the link itself; `false` if it has none.
fn prepare(lane: &mut Lane, probe: &Probe) -> bool {
    let Some(neighbours) = &lane.neighbours else { return true };
    let Some(&mac) = neighbours.get(&probe.addr) else { return false };
    if let Some(slot) = lane.batch.slot() {
        lane.template.set_link_target(slot, mac);
    }
    true
}
