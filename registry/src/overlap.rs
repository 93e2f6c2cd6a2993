//! Which assets of different units hold the same addresses or host names on the same days.
//!
//! One sweep over the sorted ranges. A unit's own ranges may nest, so they are never compared with each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::IpAddr;

use model::addr::AddrRange;
use model::host_name::HostName;
use model::id::UnitId;
use model::register::{Asset, AssetTarget};

/// Once two assets have so many conflicts each, another one between them is not told.
const MAX_TOLD: usize = 3;

/// Indexes into the given assets, the one that starts first before the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conflict {
    pub a: usize,
    pub b: usize,
}

/// Every asset with a conflict is in at least one that is returned, but not every conflict is: where a thousand
/// ranges all meet, a million lines would help nobody.
pub fn conflicts(assets: &[&Asset]) -> Vec<Conflict> {
    let mut ranges: Vec<(AddrRange, usize)> = Vec::new();
    let mut hosts: BTreeMap<&HostName, Vec<usize>> = BTreeMap::new();
    for (i, asset) in assets.iter().enumerate() {
        match &asset.target {
            AssetTarget::Addresses(range) => ranges.push((*range, i)),
            AssetTarget::Host(name) => hosts.entry(name).or_default().push(i),
        }
    }
    ranges.sort_unstable_by_key(|(range, i)| (range.first(), Reverse(range.last()), *i));
    let mut found = Found { told: vec![0; assets.len()], conflicts: Vec::new() };
    sweep(assets, &ranges, &mut found);
    for of_name in hosts.values() {
        for (n, &b) in of_name.iter().enumerate() {
            for &a in of_name.iter().take(n) {
                found.compare(assets, a, b);
            }
        }
    }
    found.conflicts
}

struct Found {
    told: Vec<usize>,
    conflicts: Vec<Conflict>,
}

impl Found {
    fn n_told(&self, i: usize) -> usize {
        self.told.get(i).copied().unwrap_or(0)
    }

    /// Whether the two, which meet, conflict; tells of it unless both have been told of enough.
    fn compare(&mut self, assets: &[&Asset], a: usize, b: usize) {
        let (Some(of_a), Some(of_b)) = (assets.get(a), assets.get(b)) else { return };
        let is_conflict = of_a.unit != of_b.unit && of_a.owned.overlaps(&of_b.owned);
        if !is_conflict || (self.n_told(a) >= MAX_TOLD && self.n_told(b) >= MAX_TOLD) {
            return;
        }
        for i in [a, b] {
            if let Some(told) = self.told.get_mut(i) {
                *told += 1;
            }
        }
        self.conflicts.push(Conflict { a, b });
    }
}

/// Ranges of one unit that may reach into the next range, the one that ends first on top. Those that have a
/// conflict already lie apart, since they need not be looked at once the next range has conflicts enough.
#[derive(Default)]
struct Reaching {
    untold: BinaryHeap<Reverse<(IpAddr, usize)>>,
    told: BinaryHeap<Reverse<(IpAddr, usize)>>,
}

impl Reaching {
    fn drop_before(&mut self, first: IpAddr) {
        for heap in [&mut self.untold, &mut self.told] {
            while heap.peek().is_some_and(|Reverse((last, _))| *last < first) {
                heap.pop();
            }
        }
    }

    fn compare(&mut self, assets: &[&Asset], b: usize, found: &mut Found) {
        for Reverse((_, a)) in &self.told {
            if found.n_told(b) >= MAX_TOLD {
                break;
            }
            found.compare(assets, *a, b);
        }
        let before = found.conflicts.len();
        for Reverse((_, a)) in &self.untold {
            found.compare(assets, *a, b);
        }
        if found.conflicts.len() > before {
            let (told, untold): (BinaryHeap<_>, BinaryHeap<_>) =
                self.untold.drain().partition(|Reverse((_, a))| found.n_told(*a) > 0);
            self.untold = untold;
            self.told.extend(told);
        }
    }
}

/// One pass over the ranges by first address.
fn sweep(assets: &[&Asset], ranges: &[(AddrRange, usize)], found: &mut Found) {
    let mut active: BTreeMap<UnitId, Reaching> = BTreeMap::new();
    for &(range, b) in ranges {
        let Some(asset) = assets.get(b) else { continue };
        active.retain(|unit, reaching| {
            // IPv4 sorts before IPv6, so a change of family empties everything as well.
            reaching.drop_before(range.first());
            if *unit != asset.unit {
                reaching.compare(assets, b, found);
            }
            !reaching.untold.is_empty() || !reaching.told.is_empty()
        });
        active.entry(asset.unit).or_default().untold.push(Reverse((range.last(), b)));
    }
}
