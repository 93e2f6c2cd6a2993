//! No address and no host name may be two units' on one day.

use super::Entries;
use super::context::Context;
use super::units::UnitIndex;
use crate::columns::Key;
use crate::overlap;
use crate::reason::{Overlap, Own};
use intake::context::At;
use model::register::Asset;

/// Makes rows bad that overlap another unit's asset. A bad row gives way to what the register holds, which may
/// overlap in its turn, so this goes on until nothing changes.
pub(super) fn check(context: &mut Context<'_>, entries: &Entries<Asset>, units: &UnitIndex) {
    loop {
        let faults = find(context, entries, units);
        if faults.is_empty() {
            return;
        }
        for (at, reason) in faults {
            context.fault(at, Key::Target, reason);
        }
    }
}

fn find(context: &Context<'_>, entries: &Entries<Asset>, units: &UnitIndex) -> Vec<(At, Own)> {
    let (assets, places): (Vec<&Asset>, Vec<Option<At>>) =
        entries.over(context, &context.import.register.assets).unzip();
    let mut faults = Vec::new();
    for conflict in overlap::conflicts(&assets) {
        let side = |i: usize| Some((*assets.get(i)?, places.get(i).copied().flatten()));
        let (Some(a), Some(b)) = (side(conflict.a), side(conflict.b)) else { continue };
        // What overlaps within the register already isn't this file's fault; `check` tells it.
        for ((asset, at), (other, other_at)) in [(a, b), (b, a)] {
            let Some(at) = at else { continue };
            let overlap = Overlap {
                unit: units.name(asset.unit),
                target: asset.target.to_string(),
                other_unit: units.name(other.unit),
                other_target: other.target.to_string(),
                other_row: other_at.map(|at| context.row_at(at)),
            };
            faults.push((at, Own::Overlap(Box::new(overlap))));
        }
    }
    faults
}
