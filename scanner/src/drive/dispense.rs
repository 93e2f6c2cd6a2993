//! Hands out the indices that are still to be probed, in order, to any number of workers.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What is left to begin.
#[derive(Debug)]
pub(crate) struct Dispenser {
    gaps: Mutex<VecDeque<Range<u64>>>,
}

impl Dispenser {
    pub(crate) fn new(gaps: impl IntoIterator<Item = Range<u64>>) -> Dispenser {
        Dispenser { gaps: Mutex::new(gaps.into_iter().collect()) }
    }

    /// The next indices, at most `n` of them; none once everything was handed out.
    pub(crate) fn take(&self, n: u64) -> Option<Range<u64>> {
        // A list of ranges is whole at every moment.
        let mut gaps = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        let first = gaps.front_mut()?;
        let start = first.start;
        let end = first.end.min(start.saturating_add(n));
        first.start = end;
        if first.start >= first.end {
            gaps.pop_front();
        }
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Done;

    #[test]
    fn hands_out_what_is_missing_once_and_in_order() {
        let mut done = Done::default();
        for index in [0, 1, 5, 9] {
            done.insert(index);
        }
        let dispenser = Dispenser::new(done.gaps(0..10));
        let handed: Vec<u64> = std::iter::from_fn(|| dispenser.take(2)).flatten().collect();
        assert_eq!(handed, [2, 3, 4, 6, 7, 8]);
    }
}
