//! A rate as a schedule: each packet takes the next free moment, and says when that is.

use super::clock::Tick;

/// Microseconds are cut into this many parts, so that a million packets a second still have moments of their own.
const PARTS: u64 = 64;

/// The next free moment under a rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// In parts of a microsecond.
    next: u64,
}

impl Bucket {
    /// When a packet may go that would like to go now; the moment is taken. `burst` packets may go at once after
    /// a pause.
    pub(crate) fn take(&mut self, now: Tick, rate: u32, burst: u32) -> Tick {
        let interval = interval(rate);
        let now = now.0.saturating_mul(PARTS);
        let earliest = now.saturating_sub(interval.saturating_mul(u64::from(burst.saturating_sub(1))));
        let at = self.next.max(earliest);
        self.next = at.saturating_add(interval);
        Tick((at.max(now)).div_ceil(PARTS))
    }

    /// When the next packet may go; nothing is taken.
    pub(crate) fn next(&self) -> Tick {
        Tick(self.next.div_ceil(PARTS))
    }
}

fn interval(rate: u32) -> u64 {
    PARTS * 1_000_000 / u64::from(rate.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_follow_at_the_rate_after_a_burst() {
        let mut bucket = Bucket::default();
        let now = Tick(1_000_000);
        let at: Vec<u64> = (0..5).map(|_| bucket.take(now, 1_000, 2).0 - now.0).collect();
        assert_eq!(at, [0, 0, 1_000, 2_000, 3_000]);
        assert_eq!(
            bucket.take(Tick(2_000_000), 1_000, 2),
            Tick(2_000_000),
            "a pause is made up for once only"
        );
    }

    #[test]
    fn a_second_holds_as_many_as_the_rate_says() {
        for rate in [1, 7, 1_000, 999_999, 3_000_000] {
            let mut bucket = Bucket::default();
            let n = (0..).take_while(|_| bucket.take(Tick(0), rate, 1) < Tick(1_000_000)).count();
            let n = u32::try_from(n).expect("a few million");
            assert!(n.abs_diff(rate) <= rate / 20 + 1, "{n} a second at a rate of {rate}");
        }
    }
}
