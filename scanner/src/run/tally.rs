//! Adds up what a journal says: what is done, and what came of it.

use std::collections::BTreeSet;

use model::observation::Reply;

use super::done::Done;
use super::journal::Entry;
use super::settled::{Settled, Totals};

/// The sum of a journal's entries so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) done: Done,
    pub(super) totals: Totals,
    pub(super) open: BTreeSet<u64>,
}

impl Tally {
    pub(super) fn new(n_probes: u64) -> Tally {
        Tally { totals: Totals { n_probes, ..Totals::default() }, ..Tally::default() }
    }

    /// Adds an entry. An index appears twice if it was open and a kill came before it was identified, or if its
    /// answer came after its question had been given up as silent: then the later answer counts, as it does for the
    /// coverage.
    pub(super) fn add(&mut self, (index, settled): Entry) {
        if !self.done.insert(index) {
            let was_open = self.open.remove(&index);
            match settled {
                _ if was_open => self.totals.n_open -= 1,
                Settled::Reply(Reply::Open) => self.totals.n_silent = self.totals.n_silent.saturating_sub(1),
                _ => return,
            }
        }
        self.totals.count(settled);
        if settled == Settled::Reply(Reply::Open) {
            self.open.insert(index);
        }
    }

    /// Takes an open index out, to be probed and identified again.
    pub(super) fn forget(&mut self, index: u64) {
        if self.open.remove(&index) {
            self.done.remove(index);
            self.totals.n_open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_answer_of_an_open_port_counts() {
        let mut tally = Tally::new(10);
        tally.add((3, Settled::Reply(Reply::Open)));
        tally.add((4, Settled::Reply(Reply::Open)));
        tally.add((5, Settled::Reply(Reply::Silent)));
        tally.add((3, Settled::Reply(Reply::Refused)));
        tally.add((4, Settled::Reply(Reply::Open)));
        assert_eq!((tally.totals.n_open, tally.totals.n_refused, tally.totals.n_done()), (1, 1, 3));
        tally.add((5, Settled::Reply(Reply::Open)));
        assert_eq!((tally.totals.n_open, tally.totals.n_silent, tally.totals.n_done()), (2, 0, 3));
        tally.forget(4);
        tally.forget(5);
        tally.add((5, Settled::Reply(Reply::Silent)));
        assert_eq!((tally.totals.n_open, tally.totals.n_done()), (0, 2));
        assert_eq!(tally.done.gaps(0..6).collect::<Vec<_>>(), [0..3, 4..5]);
    }
}
