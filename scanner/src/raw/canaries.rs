//! Canaries: ports that are known to answer, asked again and again while a run goes on, so that what gets lost is
//! measured even where everything else is silent.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::clock::Tick;
use super::nets::NetId;
use crate::plan::Probe;

/// Canaries at once, in all, of one network, and of one host.
const MOST: usize = 4_096;
const MOST_OF_NET: u8 = 16;
const MOST_OF_HOST: u8 = 2;
/// One question in so many is to a canary.
const SHARE: u64 = 64;
/// One in so many, while a few more measurements may show that nothing gets lost.
const EAGER_SHARE: u64 = 8;
/// The part of a host's cap that its canaries take at most.
const OF_CAP: u32 = 10;
/// A canary that stays silent so often in a row answers no longer.
const MOST_MISSED: u8 = 3;
/// Questions to one port that can be told apart.
const N_QUESTIONS: u8 = 15;

/// A port that is known to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canary {
    pub(crate) index: u64,
    pub(crate) probe: Probe,
    pub(crate) net: NetId,
    /// The question that it answered, and how many follow until the same is asked again.
    pub(crate) answered: u8,
    pub(crate) every: u8,
}

#[derive(Debug)]
struct Kept {
    canary: Canary,
    /// The question asked last, and which of all it is while it is without an answer.
    nth: u8,
    out: Option<u64>,
    /// Silent questions in a row, and all that were waited for in vain, one bit each.
    n_missed: u8,
    missed: u16,
    may_be_asked_at: Tick,
}

/// A question to a canary of which nothing was said yet.
#[derive(Debug)]
struct Question {
    at: Tick,
    index: u64,
    probe: Probe,
    is_answered: bool,
}

/// What became of a question to a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) probe: Probe,
    pub(crate) was_lost: bool,
}

/// How the answer of a canary came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    InTime,
    /// Its question had been counted as lost.
    Late,
}

/// The canaries of a run.
#[derive(Debug)]
pub(crate) struct Canaries {
    kept: Vec<Kept>,
    places: HashMap<u64, usize>,
    n_of_net: HashMap<NetId, u8>,
    n_of_host: HashMap<u64, u8>,
    /// Oldest first, and the number of the first. What is behind one that is still waited for isn't told before it:
    /// answers come sooner than the certainty that there is none, and would look like all there is.
    questions: VecDeque<Question>,
    first: u64,
    /// Whose turn it is.
    next: usize,
    /// Other questions since the last to a canary, and how many there are in between.
    n_since: u64,
    share: u64,
    /// Between two questions to one.
    interval: Duration,
}

impl Canaries {
    /// `per_host` is the cap of a host, in packets a second.
    pub(crate) fn new(per_host: u32) -> Canaries {
        let n_a_second = per_host.max(OF_CAP) / OF_CAP;
        Canaries {
            kept: Vec::new(),
            places: HashMap::new(),
            n_of_net: HashMap::new(),
            n_of_host: HashMap::new(),
            questions: VecDeque::new(),
            first: 0,
            next: 0,
            n_since: 0,
            share: SHARE,
            interval: Duration::from_secs(1) * u32::from(MOST_OF_HOST) / n_a_second,
        }
    }

    /// Takes a port that has answered among the canaries, if there is room.
    pub(crate) fn offer(&mut self, canary: Canary) {
        if self.kept.len() >= MOST || self.places.contains_key(&canary.index) {
            return;
        }
        // Every answer of a run comes here, and most leave nothing.
        let Canary { net, probe: Probe { host, .. }, .. } = canary;
        if self.n_of_host.get(&host).is_some_and(|&n| n >= MOST_OF_HOST)
            || self.n_of_net.get(&net).is_some_and(|&n| n >= MOST_OF_NET)
        {
            return;
        }
        *self.n_of_host.entry(host).or_insert(0) += 1;
        *self.n_of_net.entry(net).or_insert(0) += 1;
        self.places.insert(canary.index, self.kept.len());
        let (nth, may_be_asked_at) = (canary.answered, Tick::default());
        self.kept.push(Kept { canary, nth, out: None, n_missed: 0, missed: 0, may_be_asked_at });
    }

    /// Another question went out.
    pub(crate) fn count(&mut self) {
        self.n_since += 1;
    }

    /// Asks them more often, or no longer.
    pub(crate) fn hurry(&mut self, is_eager: bool) {
        self.share = if is_eager { EAGER_SHARE } else { SHARE };
    }

    /// The canary whose turn it is, and which question to ask it, if it is time for one.
    pub(crate) fn next(&mut self, now: Tick) -> Option<(Canary, u8)> {
        if self.n_since < self.share || self.kept.is_empty() {
            return None;
        }
        self.n_since = 0;
        self.next = (self.next + 1) % self.kept.len();
        let kept = self.kept.get_mut(self.next)?;
        if kept.out.is_some() || now < kept.may_be_asked_at {
            return None;
        }
        let next = kept.nth + kept.canary.every.max(1);
        kept.nth = if next < N_QUESTIONS { next } else { kept.canary.answered % kept.canary.every.max(1) };
        kept.out = Some(self.first + self.questions.len() as u64);
        kept.missed &= !bit(kept.nth);
        kept.may_be_asked_at = now.after(self.interval);
        let Canary { index, probe, .. } = kept.canary;
        self.questions.push_back(Question { at: now, index, probe, is_answered: false });
        Some((kept.canary, kept.nth))
    }

    /// What an answer says of a canary, if it is one's; each counts once.
    pub(crate) fn answered(&mut self, index: u64, nth: u8) -> Option<Came> {
        let kept = self.places.get(&index).and_then(|&at| self.kept.get_mut(at))?;
        let came = if let Some(no) = kept.out.take_if(|_| kept.nth == nth) {
            let at = no.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            self.questions.get_mut(at?)?.is_answered = true;
            Came::InTime
        } else if kept.missed & bit(nth) != 0 {
            kept.missed &= !bit(nth);
            Came::Late
        } else {
            return None;
        };
        kept.n_missed = 0;
        Some(came)
    }

    /// What became of the next question, in the order of asking, as soon as that is certain.
    pub(crate) fn verdict(&mut self, now: Tick, wait: Duration) -> Option<Verdict> {
        let is_certain = |question: &mut Question| question.is_answered || question.at.after(wait) <= now;
        let Question { index, probe, is_answered, .. } = self.questions.pop_front_if(is_certain)?;
        let no = self.first;
        self.first += 1;
        if let Some(&at) = self.places.get(&index)
            && let Some(kept) = self.kept.get_mut(at).filter(|kept| kept.out == Some(no))
        {
            kept.out = None;
            kept.missed |= bit(kept.nth);
            kept.n_missed += 1;
            if kept.n_missed >= MOST_MISSED {
                self.give_up(at);
            }
        }
        Some(Verdict { probe, was_lost: !is_answered })
    }

    fn give_up(&mut self, at: usize) {
        let Canary { index, net, probe, .. } = self.kept.swap_remove(at).canary;
        self.places.remove(&index);
        let of_net = self.n_of_net.get_mut(&net);
        for n in of_net.into_iter().chain(self.n_of_host.get_mut(&probe.host)) {
            *n = n.saturating_sub(1);
        }
        if let Some(moved) = self.kept.get(at) {
            self.places.insert(moved.canary.index, at);
        }
    }
}

fn bit(nth: u8) -> u16 {
    1 << nth.min(N_QUESTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(100);

    fn canary(index: u64, host: u64) -> Canary {
        let addr = std::net::Ipv4Addr::from(0xC000_0200 + host as u32).into();
        let probe = Probe { addr, port: 1_000 + index as u16, host };
        Canary { index, probe, net: 0, answered: 0, every: 1 }
    }

    fn asked(canaries: &mut Canaries, now: u64) -> Option<(u64, u8)> {
        canaries.hurry(true);
        (0..EAGER_SHARE).for_each(|_| canaries.count());
        canaries.next(Tick(now)).map(|(canary, nth)| (canary.index, nth))
    }

    #[test]
    fn one_question_in_so_many_is_to_a_canary() {
        let mut canaries = Canaries::new(1_000_000);
        canaries.offer(canary(5, 1));
        let n = (0..SHARE * 10).filter(|&now| {
            canaries.count();
            let next = canaries.next(Tick(now * 1_000));
            next.is_some_and(|(canary, nth)| canaries.answered(canary.index, nth).is_some())
        });
        assert_eq!(n.count(), 10);
    }

    #[test]
    fn a_host_is_asked_no_more_than_a_part_of_its_cap() {
        let mut canaries = Canaries::new(1_000);
        (0..9).for_each(|index| canaries.offer(canary(index, 1)));
        let n = (0..1_000_000).step_by(100).filter(|&now| {
            asked(&mut canaries, now).is_some_and(|(index, nth)| canaries.answered(index, nth).is_some())
        });
        assert!((90..=102).contains(&n.count()), "a tenth of a thousand a second");
    }

    #[test]
    fn silence_is_counted_once_and_ends_a_canary_that_never_answers() {
        let mut canaries = Canaries::new(1_000_000);
        canaries.offer(canary(1, 1));
        canaries.offer(canary(2, 2));
        let mut n_missed = 0;
        for now in (0..10_000_000).step_by(200_000) {
            let Some((index, nth)) = asked(&mut canaries, now) else { continue };
            assert_eq!(canaries.answered(index, nth + 1), None, "another question's answer");
            if index == 2 {
                assert_eq!(canaries.answered(index, nth), Some(Came::InTime));
                assert_eq!(canaries.answered(index, nth), None, "a second answer is a duplicate");
            }
            let verdict = canaries.verdict(Tick(now), WAIT);
            assert_eq!(verdict.is_some(), index == 2, "the other may still come");
            let verdict = verdict.or_else(|| canaries.verdict(Tick(now + 100_000), WAIT));
            n_missed += u32::from(verdict.is_some_and(|verdict| verdict.was_lost));
        }
        assert_eq!(n_missed, u32::from(MOST_MISSED));
        assert_eq!(canaries.kept.len(), 1);
        assert!(asked(&mut canaries, 20_000_000).is_some_and(|(index, _)| index == 2));
    }

    #[test]
    fn a_port_of_several_payloads_is_asked_with_the_one_that_it_answers() {
        let mut canaries = Canaries::new(1_000_000);
        canaries.offer(Canary { answered: 4, every: 3, ..canary(1, 1) });
        for now in (0..100_000).step_by(1_000) {
            let (index, nth) = asked(&mut canaries, now).expect("it answers");
            assert!(nth < N_QUESTIONS && nth % 3 == 1, "{nth}");
            assert_eq!(canaries.answered(index, nth), Some(Came::InTime));
        }
    }

    #[test]
    fn a_host_has_two_places_and_one_given_up_is_free_again() {
        let mut canaries = Canaries::new(1_000_000);
        (0..9).for_each(|index| canaries.offer(canary(index, 1)));
        assert_eq!(canaries.kept.len(), 2);
        for now in (0..10_000_000).step_by(200_000) {
            asked(&mut canaries, now);
            canaries.verdict(Tick(now + 100_000), WAIT);
        }
        assert!(canaries.kept.is_empty(), "none of them answers any more");
        (9..12).for_each(|index| canaries.offer(canary(index, 1)));
        assert_eq!(canaries.kept.len(), 2);
    }

    #[test]
    fn what_was_asked_later_is_not_told_before() {
        let mut canaries = Canaries::new(1_000_000);
        canaries.offer(canary(1, 1));
        canaries.offer(canary(2, 2));
        let (silent, _) = asked(&mut canaries, 0).expect("it answers");
        let (index, nth) = asked(&mut canaries, 1_000).expect("it answers");
        assert_eq!(canaries.answered(index, nth), Some(Came::InTime));
        assert_eq!(canaries.verdict(Tick(2_000), WAIT), None);
        let told: Vec<_> = std::iter::from_fn(|| canaries.verdict(Tick(100_000), WAIT)).collect();
        let told: Vec<_> = told.iter().map(|it| (u64::from(it.probe.port) - 1_000, it.was_lost)).collect();
        assert_eq!(told, [(silent, true), (index, false)]);
    }

    #[test]
    fn an_answer_that_comes_late_was_not_lost() {
        let mut canaries = Canaries::new(1_000_000);
        canaries.offer(canary(1, 1));
        let (index, nth) = asked(&mut canaries, 0).expect("it answers");
        assert!(canaries.verdict(Tick(200_000), WAIT).is_some_and(|verdict| verdict.was_lost));
        let (_, next) = asked(&mut canaries, 200_000).expect("it is asked again");
        assert_eq!(canaries.answered(index, nth), Some(Came::Late));
        assert_eq!(canaries.answered(index, nth), None);
        assert_eq!(canaries.answered(index, next), Some(Came::InTime));
    }
}
