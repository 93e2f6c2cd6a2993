//! How many connections may be in flight over all hosts.
//!
//! Starts small and doubles while it is the window that holds the scan up: where answers come at once it
//! never fills, and stays small; where probes wait for silence it grows until something else is the limit.

use std::time::Duration;

use tokio::time::Instant;

const START: usize = 128;
/// A window is looked at this often; slower than most answers, far faster than a time-out.
const TURN: Duration = Duration::from_millis(20);
/// After the system ran short of something, the window stays as it was cut for this long.
const REST: Duration = Duration::from_secs(2);

/// One worker's share of the connections in flight.
#[derive(Debug)]
pub(crate) struct Window {
    size: usize,
    largest: usize,
    turn_ends: Instant,
    /// Whether it held up what was asked for last.
    is_full: bool,
}

impl Window {
    pub(crate) fn new(largest: usize, now: Instant) -> Window {
        let largest = largest.max(1);
        Window { size: START.min(largest), largest, turn_ends: now + TURN, is_full: false }
    }

    /// Whether one more may start.
    pub(crate) fn admits(&mut self, n_in_flight: usize, now: Instant) -> bool {
        if n_in_flight >= self.size && now >= self.turn_ends {
            self.size = (self.size * 2).min(self.largest);
            self.turn_ends = now + TURN;
        }
        self.is_full = n_in_flight >= self.size;
        !self.is_full
    }

    /// When a full window may have grown.
    pub(crate) fn turn_ends(&self) -> Option<Instant> {
        (self.is_full && self.size < self.largest).then_some(self.turn_ends)
    }

    /// The system ran out of descriptors, ports or memory: take what is in flight as more than it bears.
    pub(crate) fn shrink(&mut self, n_in_flight: usize, now: Instant) {
        self.size = (n_in_flight.min(self.size) / 2).max(1);
        self.turn_ends = now + REST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_only_when_it_holds_the_scan_up() {
        let start = Instant::now();
        let mut window = Window::new(1000, start);
        assert!(window.admits(127, start + TURN * 9), "never full: no need to grow");
        assert_eq!(window.turn_ends(), None);
        assert!(!window.admits(128, start));
        assert_eq!(window.turn_ends(), Some(start + TURN));
        assert!(window.admits(128, start + TURN));
        assert!(window.admits(255, start + TURN));
        assert!(!window.admits(256, start + TURN));
        assert!(window.admits(256, start + TURN * 2));
        assert!(window.admits(512, start + TURN * 3));
        assert!(!window.admits(1000, start + TURN * 10), "never above what the system gives");
    }

    #[test]
    fn shrinks_when_the_system_runs_short_and_recovers_later() {
        let start = Instant::now();
        let mut window = Window::new(1000, start);
        window.shrink(100, start);
        assert!(!window.admits(50, start + TURN));
        assert!(window.admits(50, start + REST));
        window.shrink(0, start + REST);
        assert!(window.admits(0, start + REST), "one is always left");
    }
}
