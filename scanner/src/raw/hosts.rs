//! What is kept of each host: its own pace, what it was asked and answered, and whether it answers everything.
//!
//! A few dozen bytes a host; runs of more hosts than there are places let several share one.

use super::bucket::Bucket;
use super::clock::Tick;
use super::loss::Sample;

/// Places at most.
const MOST: u64 = 1 << 20;

/// One host, or the few that share its place.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Host {
    bucket: Bucket,
    pub(crate) n_sent: u32,
    /// What a [`Sample`] is, in as little room.
    n_measured: u16,
    n_lost: u16,
    pub(crate) n_open: u16,
    pub(crate) n_refused: u16,
    /// Ports that nobody uses, asked to see whether the host takes whatever comes, and how many were "open".
    pub(crate) n_traps: u8,
    pub(crate) n_traps_open: u8,
    /// The fewest questions after which a port was taken for silent; 0 while there is none.
    pub(crate) fewest_asks: u8,
    /// Time to live of its latest refusal; 0 for none.
    pub(crate) refused_ttl: u8,
}

/// Open ports beyond which a host counts as answering everything, whatever its traps say.
pub(crate) const ALL_OPEN: u16 = 512;

impl Host {
    pub(crate) fn has_answered(&self) -> bool {
        self.n_open > 0 || self.n_refused > 0
    }

    /// Questions to its answering ports, and how many got lost.
    pub(crate) fn sample(&self) -> Sample {
        Sample { n_asked: self.n_measured.into(), n_lost: self.n_lost.into() }
    }

    /// Adds to the sample, until it holds all that it can.
    pub(crate) fn learn(&mut self, what: impl Fn(&mut Sample)) {
        let mut sample = self.sample();
        what(&mut sample);
        if let (Ok(n_measured), Ok(n_lost)) = (sample.n_asked.try_into(), sample.n_lost.try_into()) {
            (self.n_measured, self.n_lost) = (n_measured, n_lost);
        }
    }

    /// A port is taken for silent after so many questions.
    pub(crate) fn stays_silent(&mut self, n_asks: u8) {
        self.fewest_asks = if self.fewest_asks == 0 { n_asks } else { self.fewest_asks.min(n_asks) };
    }

    /// Whether the host takes whatever comes, so that "open" says nothing.
    ///
    /// One open trap may be a service that happens to be there; two are not.
    pub(crate) fn is_suspect(&self) -> bool {
        self.n_traps_open > 1 || self.n_open >= ALL_OPEN
    }

    /// Whether now is a time to set another trap: at the first open port, as their number grows, and behind the
    /// first that was open.
    pub(crate) fn wants_trap(&self) -> bool {
        let due = match self.n_traps {
            0 => 1,
            1..=2 if self.n_traps_open == self.n_traps => 1,
            1 => 8,
            2 => 64,
            _ => return false,
        };
        self.n_open >= due
    }
}

#[derive(Debug)]
pub(crate) struct Hosts {
    hosts: Vec<Host>,
    cap: u32,
}

impl Hosts {
    /// `cap` in packets a second to one host.
    pub(crate) fn new(n_hosts: u64, cap: u32) -> Hosts {
        let n = usize::try_from(n_hosts.clamp(1, MOST)).unwrap_or(1);
        Hosts { hosts: vec![Host::default(); n], cap: cap.max(1) }
    }

    /// When a packet to the host may go.
    pub(crate) fn take(&mut self, host: u64, now: Tick) -> Tick {
        let cap = self.cap;
        let host = self.of_mut(host);
        // Ten milliseconds' worth may go at once.
        host.bucket.take(now, cap, (cap / 100).max(1))
    }

    pub(crate) fn of(&self, host: u64) -> &Host {
        let at = self.place(host);
        self.hosts.get(at).expect("a remainder is below the number of places")
    }

    pub(crate) fn of_mut(&mut self, host: u64) -> &mut Host {
        let at = self.place(host);
        self.hosts.get_mut(at).expect("a remainder is below the number of places")
    }

    fn place(&self, host: u64) -> usize {
        usize::try_from(host).unwrap_or(usize::MAX) % self.hosts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_small() {
        assert!(size_of::<Host>() <= 24, "{} bytes a host", size_of::<Host>());
    }

    #[test]
    fn a_sample_that_is_full_stays_as_it_is() {
        let mut host = Host::default();
        (0..70_000).for_each(|nth| host.learn(|sample| sample.canary(nth % 2 == 0)));
        assert_eq!(host.sample(), Sample { n_asked: 65_535, n_lost: 32_768 });
    }

    #[test]
    fn traps_are_set_as_open_ports_grow() {
        let host = |n_open, n_traps| Host { n_open, n_traps, ..Host::default() };
        assert!(!host(0, 0).wants_trap());
        assert!(host(1, 0).wants_trap());
        assert!(!host(7, 1).wants_trap());
        assert!(host(8, 1).wants_trap());
        assert!(host(64, 2).wants_trap());
        assert!(!host(u16::MAX, 3).wants_trap());
        assert!(host(ALL_OPEN, 3).is_suspect());
        assert!(!Host { n_traps_open: 1, ..host(1, 1) }.is_suspect());
        assert!(Host { n_traps_open: 1, ..host(1, 1) }.wants_trap());
        assert!(Host { n_traps_open: 2, ..host(1, 2) }.is_suspect());
        assert!(!host(30, 2).is_suspect());
    }

    #[test]
    fn one_host_is_asked_no_faster_than_its_cap() {
        let mut hosts = Hosts::new(2, 100);
        let at: Vec<u64> = (0..3).map(|_| hosts.take(0, Tick(1_000_000)).0).collect();
        assert_eq!(at, [1_000_000, 1_010_000, 1_020_000]);
        assert_eq!(hosts.take(1, Tick(1_000_000)), Tick(1_000_000));
    }
}
