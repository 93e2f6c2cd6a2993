//! What each host is being asked to bear: connections at a time, and probes that wait for one to end.
//!
//! Hosts share a fixed number of slots. Where a run has more hosts than slots, those that share one also
//! share its cap, so that the cap is kept whatever the size of the run.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rtt::Rtt;

/// Slots at most; some sixty bytes each.
const MOST_SLOTS: u64 = 1 << 18;
/// Probes at most that wait over all hosts.
const MOST_WAITING: usize = 1 << 18;

/// The hosts of a run; `T` is what can be made to wait.
#[derive(Debug)]
pub(crate) struct HostTable<T> {
    slots: Vec<Mutex<Slot<T>>>,
    cap: u16,
    n_waiting: AtomicUsize,
}

#[derive(Debug)]
struct Slot<T> {
    n_in_flight: u16,
    rtt: Rtt,
    waiting: VecDeque<T>,
}

/// Who waits behind whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Before all that wait: for what has begun and should end.
    Next,
    Last,
}

/// Whether a probe may start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may, and waits for its answer this long. [`HostTable::release`] must follow.
    Granted(Duration),
    /// What wanted it waits, and [`HostTable::release`] will return it.
    Waits,
}

impl<T> HostTable<T> {
    pub(crate) fn new(n_hosts: u64, cap: u16) -> HostTable<T> {
        let new = || Slot { n_in_flight: 0, rtt: Rtt::default(), waiting: VecDeque::new() };
        let slots = (0..n_hosts.clamp(1, MOST_SLOTS)).map(|_| Mutex::new(new())).collect();
        HostTable { slots, cap: cap.max(1), n_waiting: AtomicUsize::new(0) }
    }

    /// Takes one of the host's connections, or lets what wants it wait for one.
    pub(crate) fn take(&self, host: u64, attempt: u8, turn: Turn, waiter: T) -> Admission {
        let mut slot = self.slot(host);
        if slot.n_in_flight < self.cap {
            slot.n_in_flight += 1;
            return Admission::Granted(slot.rtt.time_out(attempt));
        }
        match turn {
            Turn::Next => slot.waiting.push_front(waiter),
            Turn::Last => slot.waiting.push_back(waiter),
        }
        self.n_waiting.fetch_add(1, Ordering::Relaxed);
        Admission::Waits
    }

    /// Gives a connection back. If something waits, it is returned and has that connection already.
    pub(crate) fn release(&self, host: u64, answered_after: Option<Duration>) -> Option<T> {
        let mut slot = self.slot(host);
        if let Some(sample) = answered_after {
            slot.rtt.add(sample);
        }
        let next = slot.waiting.pop_front();
        match &next {
            Some(_) => {
                self.n_waiting.fetch_sub(1, Ordering::Relaxed);
            }
            None => slot.n_in_flight = slot.n_in_flight.saturating_sub(1),
        }
        next
    }

    /// How long a probe that was returned by [`HostTable::release`] waits for its answer.
    pub(crate) fn time_out(&self, host: u64, attempt: u8) -> Duration {
        self.slot(host).rtt.time_out(attempt)
    }

    /// Notes an answer whose connection goes on.
    pub(crate) fn answered(&self, host: u64, after: Duration) {
        self.slot(host).rtt.add(after);
    }

    /// Whether so many probes wait that no more should be begun.
    pub(crate) fn is_crowded(&self) -> bool {
        self.n_waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    fn slot(&self, host: u64) -> MutexGuard<'_, Slot<T>> {
        let n_slots = self.slots.len() as u64;
        let slot = usize::try_from(host % n_slots).ok().and_then(|i| self.slots.get(i));
        let slot = slot.expect("a remainder is below the number of slots");
        // A slot is a few numbers, whole at every moment.
        slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_above_the_cap_wait_and_inherit_a_connection() {
        let hosts = HostTable::new(2, 2);
        assert!(matches!(hosts.take(0, 0, Turn::Last, "a"), Admission::Granted(_)));
        assert!(matches!(hosts.take(0, 0, Turn::Last, "b"), Admission::Granted(_)));
        assert_eq!(hosts.take(0, 0, Turn::Last, "c"), Admission::Waits);
        assert!(
            matches!(hosts.take(1, 0, Turn::Last, "d"), Admission::Granted(_)),
            "another host is not concerned"
        );
        assert_eq!(hosts.take(0, 0, Turn::Next, "first"), Admission::Waits);
        assert_eq!(hosts.release(0, None), Some("first"));
        assert_eq!(hosts.release(0, None), Some("c"));
        assert_eq!(hosts.take(0, 0, Turn::Last, "e"), Admission::Waits);
        assert_eq!(hosts.release(0, None), Some("e"));
        assert_eq!(hosts.release(0, None), None);
        assert_eq!(hosts.release(0, None), None);
        assert!(matches!(hosts.take(0, 0, Turn::Last, "f"), Admission::Granted(_)));
    }

    #[test]
    fn hosts_that_share_a_slot_share_its_cap() {
        let hosts = HostTable::new(MOST_SLOTS * 4, 1);
        assert!(matches!(hosts.take(5, 0, Turn::Last, "a"), Admission::Granted(_)));
        assert_eq!(hosts.take(5 + MOST_SLOTS, 0, Turn::Last, "b"), Admission::Waits);
    }

    #[test]
    fn an_answer_shortens_the_wait_for_the_next() {
        let hosts = HostTable::new(1, 1);
        let Admission::Granted(first) = hosts.take(0, 0, Turn::Last, ()) else { panic!("the host is idle") };
        hosts.release(0, Some(Duration::from_micros(90)));
        let Admission::Granted(second) = hosts.take(0, 0, Turn::Last, ()) else { panic!("the host is idle") };
        assert!(second < first);
    }
}
