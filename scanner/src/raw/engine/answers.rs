//! What the engine makes of packets that arrive.

use std::hash::Hasher;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use model::observation::Reply;
use probes::packet::Heard;
use siphasher::sip::SipHasher13;

use super::{Engine, MOST_OPENED, MOST_SUSPECTS, News, Open, Trap};
use crate::plan::Probe;
use crate::raw::canaries::{Came, Canary};
use crate::raw::clock::Tick;
use crate::raw::dialect::{Answer, Dialect, Question, Understood};
use crate::raw::loss::Sample;
use crate::run::Settled;

/// Where traps are set: above what services are given, so that a closed port is what one finds there.
const TRAPS: Range<u16> = 20_000..65_000;

impl<D: Dialect> Engine<D> {
    /// Takes in a packet that arrived.
    pub(crate) fn hear(&mut self, heard: &Heard<'_>, now: Tick, news: &mut News) {
        match self.dialect.understand(heard) {
            Understood::Foreign => {}
            Understood::Forged => self.counts.n_forged += 1,
            Understood::Answer(answer) => match answer.question {
                Question::Trap => self.trapped(&answer),
                Question::Nth(nth) => self.answered(answer, nth, now, news),
            },
        }
    }

    fn answered(&mut self, answer: Answer, nth: u8, now: Tick, news: &mut News) {
        let located = self.plan.locate(answer.addr, answer.port);
        let Some((position, host)) = located else {
            self.counts.n_stray += 1;
            return;
        };
        let Some(index) = self.order.index_of(position) else { return };
        let probe = Probe { addr: answer.addr, port: answer.port, host };
        let rtt = self.rtts.answered(index, nth, now);
        if answer.reply != Reply::Open && self.dialect.refusals_are_limited() {
            self.refusals.came(host, now);
        }
        if let Some(came) = self.canaries.answered(index, nth) {
            if came == Came::Late {
                self.learn(&probe, Sample::found);
            }
            return;
        }
        let Some((no, offset)) = self.window.find(index) else {
            return self.answered_late(index, probe, answer, rtt, news);
        };
        let slot = self.window.slot(no, offset);
        let answers_itself = matches!(answer.reply, Reply::Open | Reply::Refused);
        let known = slot.answer().and_then(Settled::of_code);
        let is_news = match known {
            None => true,
            // An error from the way is less than an answer of the host's own.
            Some(Settled::Reply(Reply::Open | Reply::Refused) | Settled::NotAsked | Settled::NotAdmitted) => {
                false
            }
            Some(Settled::Reply(_)) => answers_itself,
        };
        if !is_news {
            self.counts.n_duplicates += 1;
            return;
        }
        self.window.answer(no, offset, Settled::Reply(answer.reply).code(), nth);
        if answers_itself {
            self.offer_canary(index, &probe, answer.reply, nth);
            let reply = self.count_answer(index, probe, answer, rtt, news);
            news.settled.push((index, Settled::Reply(reply)));
        }
        self.after_answer(no, news);
    }

    /// An answer to a question that was given up already. An open port is news all the same.
    fn answered_late(
        &mut self,
        index: u64,
        probe: Probe,
        answer: Answer,
        rtt: Option<Duration>,
        news: &mut News,
    ) {
        if answer.reply != Reply::Open || self.opened.contains(&index) {
            self.counts.n_duplicates += 1;
            return;
        }
        self.counts.n_late += 1;
        if self.count_answer(index, probe, answer, rtt, news) == Reply::Open {
            news.late.push(index);
        }
    }

    /// Counts an answer of the host's own, and hands an open port on unless its host takes whatever comes; what the
    /// answer is worth.
    fn count_answer(
        &mut self,
        index: u64,
        probe: Probe,
        answer: Answer,
        rtt: Option<Duration>,
        news: &mut News,
    ) -> Reply {
        let host = self.hosts.of_mut(probe.host);
        if answer.reply != Reply::Open {
            host.n_refused = host.n_refused.saturating_add(1);
            host.refused_ttl = answer.shape.map_or(host.refused_ttl, |shape| shape.ttl);
            return answer.reply;
        }
        host.n_open = host.n_open.saturating_add(1);
        if host.wants_trap() {
            let nth = host.n_traps;
            host.n_traps += 1;
            let port = self.trap_port(probe.addr, nth);
            self.traps.push_back(Trap { addr: probe.addr, port, host: probe.host });
        }
        let host = self.hosts.of(probe.host);
        if self.opened.len() < MOST_OPENED {
            self.opened.insert(index);
        }
        if host.is_suspect() && host.n_open > MOST_SUSPECTS {
            return Reply::SuspectOpen;
        }
        news.opened.push(Open { probe, rtt, shape: answer.shape, payload: answer.payload });
        Reply::Open
    }

    /// Only ports that have shown to answer can show what gets lost.
    fn offer_canary(&mut self, index: u64, probe: &Probe, reply: Reply, answered: u8) {
        if self.dialect.is_one_answer_enough() || self.dialect.lost_before(probe.port, reply, 0).is_none() {
            return;
        }
        if let Some((net, _)) = self.nets.of(probe.addr) {
            let every = self.dialect.n_payloads(probe.port);
            self.canaries.offer(Canary { index, probe: *probe, net, answered, every });
        }
    }

    fn trap_port(&self, addr: IpAddr, nth: u8) -> u16 {
        let mut hasher = SipHasher13::new_with_keys(self.seed, u64::from(nth));
        match addr {
            IpAddr::V4(v4) => hasher.write_u32(v4.into()),
            IpAddr::V6(v6) => hasher.write_u128(v6.into()),
        }
        let n = u64::from(TRAPS.end - TRAPS.start);
        TRAPS.start + u16::try_from(hasher.finish() % n).unwrap_or(0)
    }

    fn trapped(&mut self, answer: &Answer) {
        // The host of an address is that of any of its ports.
        let Some(host) = self.plan.host_of(answer.addr) else {
            self.counts.n_stray += 1;
            return;
        };
        self.n_traps_out = self.n_traps_out.saturating_sub(1);
        if answer.reply != Reply::Open {
            return;
        }
        let host = self.hosts.of_mut(host);
        host.n_traps_open = (host.n_traps_open + 1).min(host.n_traps);
        if host.wants_trap() {
            let nth = host.n_traps;
            host.n_traps += 1;
            let number = self.plan.host_of(answer.addr).unwrap_or_default();
            self.traps.push_back(Trap {
                addr: answer.addr,
                port: self.trap_port(answer.addr, nth),
                host: number,
            });
        }
    }
}
