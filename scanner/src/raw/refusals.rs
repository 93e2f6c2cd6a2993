//! How fast a host says by ICMP that nobody listens. Hosts do so only so often (RFC 1812 section 4.3.2.8; Linux: six at
//! once, then one a second to each peer), so a closed port that stayed silent must be asked again no faster than that.

use std::collections::HashMap;
use std::time::Duration;

use super::clock::Tick;

/// The pace at which silent ports are asked again before more is known: a little slower than Linux refuses.
const USUAL: Duration = Duration::from_millis(1_050);
/// Refusals that a host may send at once, after a pause; and how many must have come before their rate is believed.
const BURST: u32 = 6;
const ENOUGH: u32 = 12;
/// Questions at the host's own pace, over at least so long, without a refusal: then silence isn't for want of leave to
/// refuse.
const BELIEVED: u32 = 8;
const BELIEVED_AFTER: Duration = Duration::from_secs(3);
/// Questions that are asked slowly of one host at most: 18 hours for all ports of one host is more than a run is worth.
const MOST_PACED: u32 = 2_000;
/// Hosts whose refusals are counted at most.
const MOST_HOSTS: usize = 1 << 20;

/// The refusals of each host that sends any.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    hosts: HashMap<u64, Refusing>,
}

#[derive(Debug, Clone, Copy)]
struct Refusing {
    first: Tick,
    last: Tick,
    n: u32,
    /// When the next question may go to a port that was silent.
    next: Tick,
    /// Such questions since the last refusal, and when the first of them went.
    n_silent: u32,
    silent_since: Tick,
    n_paced: u32,
}

impl Refusals {
    /// A refusal came.
    pub(crate) fn came(&mut self, host: u64, now: Tick) {
        if self.hosts.len() >= MOST_HOSTS && !self.hosts.contains_key(&host) {
            return;
        }
        let fresh =
            Refusing { first: now, last: now, n: 0, next: now, n_silent: 0, silent_since: now, n_paced: 0 };
        let host = self.hosts.entry(host).or_insert(fresh);
        host.n = host.n.saturating_add(1);
        host.last = host.last.max(now);
        host.n_silent = 0;
    }

    /// When a question may go to a silent port of a host that would otherwise go at `earliest`.
    pub(crate) fn pace(&mut self, host: u64, earliest: Tick) -> Tick {
        let Some(host) = self.hosts.get_mut(&host) else { return earliest };
        if host.keeps_silent(earliest) || host.n_paced >= MOST_PACED {
            return earliest;
        }
        host.n_paced += 1;
        let at = host.next.max(earliest);
        host.next = at.after(host.gap());
        at
    }

    /// A question went to a port that had been silent.
    pub(crate) fn asked(&mut self, host: u64, now: Tick) {
        if let Some(host) = self.hosts.get_mut(&host) {
            if host.n_silent == 0 {
                host.silent_since = now;
            }
            host.n_silent = host.n_silent.saturating_add(1);
        }
    }
}

impl Refusing {
    fn keeps_silent(&self, now: Tick) -> bool {
        self.n_silent >= BELIEVED && now.since(self.silent_since) >= BELIEVED_AFTER
    }

    /// Between two questions: what the refusals behind the burst have shown, or the usual.
    fn gap(&self) -> Duration {
        if self.n < ENOUGH {
            return USUAL;
        }
        let each = self.last.since(self.first) / (self.n - BURST);
        (each + each / 10).min(USUAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn hosts_that_never_refuse_are_not_waited_for() {
        assert_eq!(Refusals::default().pace(7, Tick(5)), Tick(5));
    }

    #[test]
    fn after_six_refusals_at_once_one_a_second_is_expected() {
        let mut refusals = Refusals::default();
        (0..6).for_each(|i| refusals.came(7, Tick(SECOND + i)));
        let at: Vec<u64> = (0..3).map(|_| refusals.pace(7, Tick(2 * SECOND)).0).collect();
        assert_eq!(at, [2_000_000, 3_050_000, 4_100_000]);
    }

    #[test]
    fn a_host_that_refuses_faster_is_asked_faster() {
        let mut refusals = Refusals::default();
        (0..6).for_each(|_| refusals.came(7, Tick(SECOND)));
        (1..=100).for_each(|i| refusals.came(7, Tick(SECOND + i * 10_000)));
        refusals.pace(7, Tick(3 * SECOND));
        assert_eq!(refusals.pace(7, Tick(3 * SECOND)), Tick(3 * SECOND + 11_000));
    }

    #[test]
    fn silence_at_the_pace_of_the_host_is_believed_until_it_refuses_again() {
        let mut refusals = Refusals::default();
        refusals.came(7, Tick(SECOND));
        let mut now = Tick(2 * SECOND);
        for _ in 0..BELIEVED {
            now = refusals.pace(7, now);
            refusals.asked(7, now);
        }
        assert_eq!(refusals.pace(7, now), now);
        assert_eq!(refusals.pace(7, now), now);
        refusals.came(7, now);
        let paced = refusals.pace(7, now);
        assert!(refusals.pace(7, now) > paced);
    }
}
