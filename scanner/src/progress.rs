//! How a run is getting on, for whoever draws it. Nothing is printed here.

use std::time::Duration;

use crate::run::Totals;

/// One look at a run under way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Counts over all sessions of the run.
    pub totals: Totals,
    /// Probes done by earlier sessions.
    pub n_done_before: u64,
    pub n_in_flight: u64,
    /// Open ports being identified or waiting for it.
    pub n_identifying: u64,
    /// Since this session began.
    pub elapsed: Duration,
    /// Probes settled per second, lately.
    pub rate: f64,
}

impl Progress {
    pub fn n_left(&self) -> u64 {
        self.totals.n_probes.saturating_sub(self.totals.n_done())
    }

    /// Time to the end at the present rate; `None` while nothing moves.
    pub fn eta(&self) -> Option<Duration> {
        let seconds = self.n_left() as f64 / self.rate;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// The next look, `since` after this one.
    pub(crate) fn next(&self, totals: Totals, since: Duration) -> Progress {
        let n_new = totals.n_done().saturating_sub(self.totals.n_done());
        let seconds = since.as_secs_f64();
        let now = if seconds > 0.0 { n_new as f64 / seconds } else { self.rate };
        // Smoothed over about a second, so that the number can be read.
        let weight = seconds.clamp(0.0, 1.0);
        let rate = if self.rate == 0.0 { now } else { self.rate * (1.0 - weight) + now * weight };
        Progress { totals, rate, elapsed: self.elapsed + since, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_and_the_eta_comes_from_it() {
        let totals = |n_refused| Totals { n_probes: 1000, n_refused, ..Totals::default() };
        let start = Progress { totals: totals(0), ..Progress::default() };
        assert_eq!(start.eta(), None);
        let first = start.next(totals(50), Duration::from_millis(500));
        assert_eq!(first.rate, 100.0);
        assert_eq!(first.eta(), Some(Duration::from_millis(9_500)));
        let stalled =
            (0..20).fold(first, |progress, _| progress.next(totals(50), Duration::from_millis(500)));
        assert!(stalled.rate < 0.1);
    }
}
