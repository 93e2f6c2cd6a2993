//! How the engine learns what gets lost, and settles what is over.

use std::cmp::Reverse;
use std::net::IpAddr;

use model::observation::Reply;

use super::{Engine, News};
use crate::plan::Probe;
use crate::raw::canaries::Verdict;
use crate::raw::clock::Tick;
use crate::raw::dialect::Dialect;
use crate::raw::loss::{self, Belief, Sample};
use crate::raw::window::{ChunkNo, Measurable};
use crate::run::Settled;

impl<D: Dialect> Engine<D> {
    /// Counts the answers of chunks as measurements of loss, in the order in which they were asked.
    ///
    /// An answer to a first question says nothing as long as those that stayed silent beside it weren't asked again:
    /// what was lost is among them.
    pub(super) fn measure(&mut self) {
        while let Some(measurable) = self.window.next_measurable() {
            let Measurable { first, is_witness, slots } = measurable;
            let is_told = slots.iter().all(|slot| slot.answer().is_some() || slot.n_asks() > 1);
            // Where one question is held to be enough, a chunk that lost nothing is told from one that did only if
            // both are looked at again.
            if !is_told || !(is_witness || self.asks_twice()) {
                continue;
            }
            for (index, slot) in (first..).zip(slots) {
                let answer = slot.answer().and_then(Settled::of_code);
                if let Some(Settled::Reply(reply @ (Reply::Open | Reply::Refused))) = answer
                    && let Some(probe) = self.probe(index)
                    && let Some(n_lost) = self.dialect.lost_before(probe.port, reply, slot.answered_nth())
                {
                    self.learn(&probe, |sample| sample.answered(n_lost));
                }
            }
        }
    }

    /// Whether the run as a whole loses enough for silence to be asked twice.
    fn asks_twice(&self) -> bool {
        Belief::of_run(self.counts.sample).asks_needed(self.pace.confidence) > 1
    }

    /// Settles what is left of a chunk, and lets it go.
    pub(super) fn retire(&mut self, no: ChunkNo, news: &mut News) {
        let Some(chunk) = self.window.chunk(no) else { return };
        let (first, len) = (chunk.first, chunk.len);
        for offset in 0..len {
            let slot = self.window.slot(no, offset);
            let index = first + u64::from(offset);
            match slot.answer().and_then(Settled::of_code) {
                None => news.settled.push((index, Settled::Reply(Reply::Silent))),
                // Told when they came, or when they were kept back.
                Some(
                    Settled::Reply(Reply::Open | Reply::Refused) | Settled::NotAsked | Settled::NotAdmitted,
                ) => {}
                Some(error) => news.settled.push((index, error)),
            }
        }
        self.window.retire(no);
        self.measure();
        self.window.let_go();
    }

    pub(super) fn learn(&mut self, probe: &Probe, what: impl Fn(&mut Sample)) {
        what(&mut self.counts.sample);
        self.hosts.of_mut(probe.host).learn(&what);
        if let Some((net, _)) = self.nets.of(probe.addr) {
            self.nets.learn(net, what);
        }
    }

    /// Loss on the way to a host and back, as far as the host, its network and the run have shown.
    pub(crate) fn belief_of(&self, host: u64, addr: IpAddr) -> Belief {
        let run = Belief::of_run(self.counts.sample);
        let net = self.nets.of(addr).map_or(run, |(net, _)| run.within(self.nets.sample(net)));
        net.within(self.hosts.of(host).sample())
    }

    /// Counts what became of the canaries, and says whether more of them are worth their packets.
    pub(super) fn look_at_canaries(&mut self, now: Tick) {
        // Twice as long as for others: nobody waits for them, and late isn't lost.
        let wait = self.rtts.wait() * 2;
        while let Some(Verdict { probe, was_lost }) = self.canaries.verdict(now, wait) {
            self.learn(&probe, |sample| sample.canary(was_lost));
        }
        let may_be_perfect = loss::may_be_perfect(self.counts.sample, self.pace.confidence);
        let is_silent = self.is_mostly_silent(now);
        self.canaries.hurry(may_be_perfect && is_silent && !self.dialect.refusals_are_limited());
    }

    /// Whether most of what was asked first, of what is still waited for, stays silent. Where most ports answer, their
    /// answers tell what gets lost without canaries.
    fn is_mostly_silent(&mut self, now: Tick) -> bool {
        let Some(&Reverse((sent, no))) = self.due.peek() else { return false };
        let is_time = self.rtts.usual().is_some_and(|rtt| sent.after(rtt) <= now);
        is_time && self.window.chunk(no).is_some_and(|chunk| chunk.n_unanswered * 2 > chunk.len)
    }
}
