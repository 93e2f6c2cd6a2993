//! The rate of a whole run, which may be changed while it goes on.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::clock::Tick;

/// What anybody may change while a run goes on.
#[derive(Debug)]
pub struct Throttle {
    rate: AtomicU32,
    is_paused: AtomicBool,
}

impl Throttle {
    /// `rate` in packets a second.
    pub fn new(rate: u32) -> Throttle {
        Throttle { rate: AtomicU32::new(rate.max(1)), is_paused: AtomicBool::new(false) }
    }

    /// Packets a second at most.
    pub fn rate(&self) -> u32 {
        self.rate.load(Ordering::Relaxed)
    }

    /// Multiplies the rate by `percent` of a hundred; it never falls to nothing.
    pub fn scale(&self, percent: u32) -> u32 {
        let scaled = u64::from(self.rate()) * u64::from(percent) / 100;
        let rate = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
        self.rate.store(rate, Ordering::Relaxed);
        rate
    }

    /// Stops sending, or goes on with it; what it is now.
    pub fn pause_or_go_on(&self) -> bool {
        !self.is_paused.fetch_xor(true, Ordering::Relaxed)
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Relaxed)
    }
}

/// Counts what may be sent under a [`Throttle`].
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    packets: f64,
    at: Option<Tick>,
}

impl Allowance {
    /// Unused leave isn't kept for longer than this.
    const KEPT: Duration = Duration::from_millis(2);

    /// How many packets may go now.
    pub(crate) fn now(&mut self, now: Tick, throttle: &Throttle) -> u32 {
        let rate = f64::from(throttle.rate());
        let since = self.at.map_or(Duration::ZERO, |at| now.since(at));
        self.at = Some(now);
        if throttle.is_paused() {
            self.packets = 0.0;
            return 0;
        }
        let most = (rate * Self::KEPT.as_secs_f64()).max(1.0);
        self.packets = (self.packets + since.as_secs_f64() * rate).min(most);
        self.packets as u32
    }

    pub(crate) fn spend(&mut self, n: u32) {
        self.packets -= f64::from(n);
    }

    /// How long until one more may go.
    pub(crate) fn wait(&self, throttle: &Throttle) -> Duration {
        if throttle.is_paused() {
            return Duration::from_millis(50);
        }
        Duration::from_secs_f64(((1.0 - self.packets) / f64::from(throttle.rate())).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_what_the_rate_says_whatever_the_steps() {
        for (rate, step) in [(1_000u32, 100u64), (1_000, 1_999), (250_000, 7), (3, 100_000)] {
            let throttle = Throttle::new(rate);
            let mut allowance = Allowance::default();
            let mut n_sent = 0;
            let mut now = 0;
            while now <= 2_000_000 {
                let n = allowance.now(Tick(now), &throttle);
                allowance.spend(n);
                n_sent += n;
                now += step.min(allowance.wait(&throttle).as_micros() as u64 + 1);
            }
            assert!(n_sent.abs_diff(2 * rate) <= rate / 20 + 2, "{n_sent} in two seconds at {rate}");
        }
    }

    #[test]
    fn it_can_be_changed_and_paused() {
        let throttle = Throttle::new(100);
        assert_eq!(throttle.scale(150), 150);
        assert_eq!(throttle.scale(0), 1);
        assert!(throttle.pause_or_go_on());
        assert_eq!(Allowance::default().now(Tick(9_000_000), &throttle), 0);
        assert!(!throttle.pause_or_go_on());
    }
}
