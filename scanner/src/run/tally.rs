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

    /// Adds an entry. An index appears twice if it was open and a kill came before it was identified: then
    /// the later answer counts, as it does for the coverage.
    pub(super) fn add(&mut self, (index, settled): Entry) {
        let is_new = self.done.insert(index);
        if !is_new && !self.open.remove(&index) {
            return;
        }
        if !is_new {
            self.totals.n_open -= 1;
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
        tally.forget(4);
        tally.forget(5);
        assert_eq!((tally.totals.n_open, tally.totals.n_done()), (0, 2));
        assert_eq!(tally.done.gaps(6).collect::<Vec<_>>(), [0..3, 4..5]);
    }
}
