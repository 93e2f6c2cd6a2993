//! How the engine learns what gets lost, and settles what is over.

use std::net::IpAddr;

use model::observation::Reply;

use super::{Engine, News};
use crate::plan::Probe;
use crate::raw::dialect::Dialect;
use crate::raw::loss::Sample;
use crate::raw::window::ChunkNo;
use crate::run::Settled;

impl<D: Dialect> Engine<D> {
    /// Counts the answers of a chunk as measurements of loss, once. An answer to a first question says nothing as
    /// long as those that stayed silent beside it weren't asked again: what was lost is among them.
    pub(super) fn measure(&mut self, no: ChunkNo) {
        let Some(chunk) = self.window.chunk(no) else { return };
        if chunk.is_measured || (chunk.n_unanswered > 0 && chunk.n_visits < 2) {
            return;
        }
        chunk.is_measured = true;
        let (first, len) = (chunk.first, chunk.len);
        let slots = (0..len).map(|offset| self.window.slot(no, offset)).collect::<Vec<_>>();
        if slots.iter().any(|slot| slot.answer().is_none() && slot.n_asks() < 2) {
            return;
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

    /// Settles what is left of a chunk, and lets it go.
    pub(super) fn retire(&mut self, no: ChunkNo, news: &mut News) {
        self.measure(no);
        let Some(chunk) = self.window.chunk(no) else { return };
        let (first, len, n_out) = (chunk.first, chunk.len, chunk.n_canaries_out);
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
            if n_out > 0
                && slot.is_canary()
                && !slot.is_canary_answered()
                && let Some(probe) = self.probe(index)
            {
                self.learn(&probe, |sample| sample.canary(true));
            }
        }
        self.window.retire(no);
    }

    pub(super) fn learn(&mut self, probe: &Probe, what: impl Fn(&mut Sample)) {
        what(&mut self.counts.sample);
        what(&mut self.hosts.of_mut(probe.host).sample);
        if let Some((net, _)) = self.nets.of(probe.addr) {
            self.nets.learn(net, what);
        }
    }

    /// Loss on the way to a host and back, as far as the host, its network and the run have shown.
    pub(crate) fn loss_of(&self, host: u64, addr: IpAddr) -> f64 {
        let run = self.counts.sample.upper();
        let net = self.nets.of(addr).map_or(run, |(net, _)| self.nets.sample(net).within(run));
        self.hosts.of(host).sample.within(net)
    }
}
