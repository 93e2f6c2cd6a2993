//! How fast each network may be asked: additive increase, multiplicative decrease, fed by measured loss.
//!
//! A network is a /24 of IPv4 or a /64 of IPv6: what shares a link, a filter or a switch with its neighbours.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::bucket::Bucket;
use super::clock::Tick;
use super::loss::Sample;

/// Which network an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NetKey {
    V4(u32),
    V6(u64),
}

impl NetKey {
    pub(crate) fn of(addr: IpAddr) -> NetKey {
        match addr {
            IpAddr::V4(v4) => NetKey::V4(u32::from(v4) >> 8),
            IpAddr::V6(v6) => NetKey::V6((u128::from(v6) >> 64) as u64),
        }
    }
}

/// Number of a network within a run.
pub(crate) type NetId = u32;

/// Questions that a judgement of the rate rests on, at least.
const ENOUGH: u32 = 40;
/// Loss above this slows a network down, unless it always loses as much.
const TOLERATED: f64 = 0.04;
/// A network is judged no more often than this.
const TURN: Duration = Duration::from_millis(20);
/// Or, where it hardly answers, this often.
const QUIET_TURN: Duration = Duration::from_millis(40);
/// No network gets slower than this part of its cap: what loses packets at such a rate loses them at any.
const SLOWEST: u32 = 32;
/// Where every network begins, in packets a second, if its cap isn't lower.
const START: u32 = 10_000;

#[derive(Debug, Clone)]
struct Net<T> {
    bucket: Bucket,
    /// What waits for its turn, oldest first.
    waiting: VecDeque<T>,
    rate: u32,
    /// Since the rate was judged last.
    lately: Sample,
    /// Since the run began.
    ever: Sample,
    judged_at: Tick,
    /// Whether nothing was lost yet to speak of: until then the rate doubles.
    is_starting: bool,
    lane: u16,
}

/// The networks of a run; `T` is what can wait for its turn. An address that was never added has none.
///
/// What waits has no moment of its own yet, so that a network that gets faster makes up for it at once.
#[derive(Debug)]
pub(crate) struct Nets<T> {
    ids: HashMap<NetKey, NetId>,
    nets: Vec<Net<T>>,
    /// Addresses that are reached by another lane than their network.
    exceptions: HashMap<IpAddr, u16>,
    /// Networks in which something waits, by when the first may go.
    turns: BinaryHeap<Reverse<(Tick, NetId)>>,
    n_waiting: usize,
    cap: u32,
}

impl<T> Nets<T> {
    pub(crate) fn new(cap: u32) -> Nets<T> {
        Nets {
            ids: HashMap::new(),
            nets: Vec::new(),
            exceptions: HashMap::new(),
            turns: BinaryHeap::new(),
            n_waiting: 0,
            cap: cap.max(1),
        }
    }

    /// Adds a network that is reached by a lane; one that is there already keeps its lane.
    pub(crate) fn add(&mut self, key: NetKey, lane: u16) {
        let next = NetId::try_from(self.nets.len()).unwrap_or(NetId::MAX);
        let nets = &mut self.nets;
        let rate = START.min(self.cap);
        self.ids.entry(key).or_insert_with(|| {
            nets.push(Net {
                bucket: Bucket::default(),
                waiting: VecDeque::new(),
                rate,
                lately: Sample::default(),
                ever: Sample::default(),
                judged_at: Tick(0),
                is_starting: true,
                lane,
            });
            next
        });
    }

    /// Adds an address that is reached by a lane of its own.
    pub(crate) fn add_exception(&mut self, addr: IpAddr, lane: u16) {
        self.add(NetKey::of(addr), lane);
        self.exceptions.insert(addr, lane);
    }

    /// The network of an address, and the lane by which it is reached.
    pub(crate) fn of(&self, addr: IpAddr) -> Option<(NetId, u16)> {
        // A run of one network needs no look-up.
        if let [only] = self.nets.as_slice()
            && self.exceptions.is_empty()
        {
            return self.ids.contains_key(&NetKey::of(addr)).then_some((0, only.lane));
        }
        let id = *self.ids.get(&NetKey::of(addr))?;
        let lane = if self.exceptions.is_empty() { None } else { self.exceptions.get(&addr) };
        self.nets.get(id as usize).map(|net| (id, lane.copied().unwrap_or(net.lane)))
    }

    /// Lets a packet to the network go now, or makes what wants it wait; `None` if it waits.
    pub(crate) fn pass(&mut self, id: NetId, now: Tick, wants: T) -> Option<T> {
        let cap = self.cap;
        let Some(net) = self.nets.get_mut(id as usize) else { return Some(wants) };
        if net.waiting.is_empty() && net.take(now, cap) {
            return Some(wants);
        }
        if net.waiting.is_empty() {
            self.turns.push(Reverse((net.bucket.next(), id)));
        }
        net.waiting.push_back(wants);
        self.n_waiting += 1;
        None
    }

    /// Counts a packet that waits for nobody: what follows waits for it.
    pub(crate) fn charge(&mut self, id: NetId, now: Tick) {
        if let Some(net) = self.nets.get_mut(id as usize) {
            net.bucket.take(now, net.rate, net.burst());
        }
    }

    /// What has waited and may go now.
    pub(crate) fn next(&mut self, now: Tick) -> Option<T> {
        while let Some(&Reverse((at, id))) = self.turns.peek() {
            if at > now {
                return None;
            }
            self.turns.pop();
            let cap = self.cap;
            let Some(net) = self.nets.get_mut(id as usize) else { continue };
            let first = if net.take(now, cap) { net.waiting.pop_front() } else { None };
            if !net.waiting.is_empty() {
                self.turns.push(Reverse((net.bucket.next(), id)));
            }
            if first.is_some() {
                self.n_waiting -= 1;
                return first;
            }
        }
        None
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.n_waiting
    }

    /// When the next that waits may go.
    pub(crate) fn wakes_at(&self) -> Option<Tick> {
        self.turns.peek().map(|Reverse((at, _))| *at)
    }

    /// What became of a question to a port that is known to answer.
    pub(crate) fn learn(&mut self, id: NetId, what: impl Fn(&mut Sample)) {
        if let Some(net) = self.nets.get_mut(id as usize) {
            what(&mut net.lately);
            what(&mut net.ever);
        }
    }

    pub(crate) fn sample(&self, id: NetId) -> Sample {
        self.nets.get(id as usize).map(|net| net.ever).unwrap_or_default()
    }

    #[cfg(test)]
    fn rate(&self, id: NetId) -> u32 {
        self.nets[id as usize].rate
    }
}

impl<T> Net<T> {
    /// Takes leave for one packet now, if there is any.
    fn take(&mut self, now: Tick, cap: u32) -> bool {
        self.judge(now, cap);
        let mut bucket = self.bucket;
        let may = bucket.take(now, self.rate, self.burst()) <= now;
        if may {
            self.bucket = bucket;
        }
        may
    }

    /// Four milliseconds' worth at once smooths nothing away that a switch would notice.
    fn burst(&self) -> u32 {
        (self.rate / 250).max(1)
    }

    fn judge(&mut self, now: Tick, cap: u32) {
        let since = now.since(self.judged_at);
        // Where hardly anything answers, hardly anything can be measured: the longer nothing speaks against it, the
        // faster it may go, up to the cap.
        if since < TURN || (self.lately.n_asked < ENOUGH && since < QUIET_TURN) {
            return;
        }
        let lost = self.lately.rate().unwrap_or(0.0);
        // A link that loses at every rate isn't helped by a lower one.
        let usual = self.ever.rate().unwrap_or(0.0);
        if self.lately.n_lost > 1 && lost > TOLERATED.max(2.0 * usual) {
            self.rate = (self.rate / 2).max(cap / SLOWEST).max(1);
            self.is_starting = false;
        } else if self.is_starting {
            self.rate = self.rate.saturating_mul(2).min(cap);
        } else {
            self.rate = self.rate.saturating_add(cap / 32 + 1).min(cap);
        }
        self.lately = Sample::default();
        self.judged_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    /// The rate after turns in each of which so many of a hundred questions were lost.
    #[track_caller]
    fn check(cap: u32, losses: &[u32], expected: std::ops::RangeInclusive<u32>) {
        let mut nets = Nets::new(cap);
        nets.add(NetKey::of(addr("192.0.2.1")), 0);
        let mut now = Tick(0);
        for &n_lost in losses {
            nets.learn(0, |sample| {
                sample.n_asked += 100;
                sample.n_lost += n_lost;
            });
            now = now.after(TURN);
            nets.pass(0, now, ());
        }
        assert!(expected.contains(&nets.rate(0)), "{} packets a second after {losses:?}", nets.rate(0));
    }

    #[test]
    fn the_rate_doubles_until_something_is_lost_then_halves_and_creeps() {
        check(2_000, &[], 2_000..=2_000);
        check(100_000, &[], 10_000..=10_000);
        check(100_000, &[0, 0], 40_000..=40_000);
        check(100_000, &[0; 9], 100_000..=100_000);
        check(100_000, &[0, 0, 0, 0, 30], 50_000..=50_000);
        check(100_000, &[0, 0, 0, 0, 30, 0], 53_000..=53_200);
    }

    #[test]
    fn a_link_that_always_loses_is_not_slowed_to_a_crawl() {
        check(100_000, &[2; 20], 100_000..=100_000);
        check(32_000, &[90; 40], 1_000..=32_000);
    }

    #[test]
    fn what_waits_goes_in_order_at_the_rate_of_its_network() {
        let mut nets = Nets::new(100);
        nets.add(NetKey::of(addr("192.0.2.1")), 0);
        nets.add(NetKey::of(addr("198.51.100.1")), 0);
        let now = Tick(1_000_000);
        assert_eq!(nets.pass(0, now, 1), Some(1));
        assert_eq!((nets.pass(0, now, 2), nets.pass(0, now, 3)), (None, None));
        assert_eq!(nets.pass(1, now, 4), Some(4), "another network isn't concerned");
        assert_eq!((nets.next(now), nets.wakes_at()), (None, Some(Tick(1_010_000))));
        assert_eq!(nets.next(Tick(1_010_000)), Some(2));
        assert_eq!(nets.next(Tick(1_015_000)), None);
        assert_eq!(nets.next(Tick(1_020_000)), Some(3));
        assert_eq!((nets.n_waiting(), nets.wakes_at()), (0, None));
    }

    #[test]
    fn addresses_share_a_network_or_have_none() {
        let mut nets = Nets::<()>::new(10);
        for (text, lane) in [("192.0.2.1", 3), ("2001:db8::1", 4), ("192.0.2.99", 5)] {
            nets.add(NetKey::of(addr(text)), lane);
        }
        assert_eq!(nets.of(addr("192.0.2.255")), Some((0, 3)));
        assert_eq!(nets.of(addr("2001:db8::ffff:1")), Some((1, 4)));
        assert_eq!(nets.of(addr("2001:db8:0:1::1")), None);
        assert_eq!(nets.of(addr("198.51.100.1")), None);
        nets.add_exception(addr("192.0.2.7"), 9);
        assert_eq!(nets.of(addr("192.0.2.7")), Some((0, 9)));
        assert_eq!(nets.of(addr("192.0.2.8")), Some((0, 3)));
    }
}
