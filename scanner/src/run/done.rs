//! Which indices of a run are done, as spans: indices are handed out in order, so there are about as many
//! spans as probes under way, however large the run.

use std::collections::BTreeMap;
use std::ops::Range;

/// A set of indices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// First index of each span to the one behind its last; spans neither touch nor overlap.
    spans: BTreeMap<u64, u64>,
}

impl Done {
    /// Adds an index; `false` if it was in already.
    pub(crate) fn insert(&mut self, index: u64) -> bool {
        let mut start = index;
        let mut end = index.saturating_add(1);
        if let Some((&before, before_end)) = self.spans.range_mut(..=index).next_back() {
            if index < *before_end {
                return false;
            }
            if *before_end == index {
                // The usual case: the next index in order.
                *before_end = end;
                start = before;
            }
        }
        if let Some(after_end) = self.spans.remove(&end) {
            end = after_end;
        }
        self.spans.insert(start, end);
        true
    }

    /// Takes an index out, so that it is done again.
    pub(crate) fn remove(&mut self, index: u64) {
        let span = self.spans.range(..=index).next_back().map(|(&start, &end)| (start, end));
        let Some((start, end)) = span.filter(|&(_, end)| index < end) else { return };
        self.spans.remove(&start);
        if start < index {
            self.spans.insert(start, index);
        }
        if index + 1 < end {
            self.spans.insert(index + 1, end);
        }
    }

    /// The spans of `within` that are not in, ascending, as half-open ranges.
    pub(crate) fn gaps(&self, within: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let ends = self.spans.iter().map(|(&start, &end)| (start, end)).chain([(within.end, within.end)]);
        let mut from = 0;
        ends.filter_map(move |(start, end)| {
            let gap = from.max(within.start)..start.min(within.end);
            from = end;
            (gap.start < gap.end).then_some(gap)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(
            indices in prop::collection::vec((0u64..60, prop::bool::weighted(0.8)), 0..120),
            from in 0u64..70,
            n in 0u64..70,
        ) {
            let (mut done, mut plain) = (Done::default(), BTreeSet::new());
            for (index, put) in indices {
                if put {
                    prop_assert_eq!(done.insert(index), plain.insert(index));
                } else {
                    done.remove(index);
                    plain.remove(&index);
                }
            }
            prop_assert_eq!(done.spans.iter().map(|(start, end)| end - start).sum::<u64>(), plain.len() as u64);
            let gaps: Vec<u64> = done.gaps(from..from + n).flatten().collect();
            prop_assert_eq!(gaps, (from..from + n).filter(|index| !plain.contains(index)).collect::<Vec<_>>());
            let spans: Vec<_> = done.spans.iter().collect();
            prop_assert!(spans.windows(2).all(|pair| pair[0].1 < pair[1].0), "spans touch: {:?}", spans);
        }
    }
}
