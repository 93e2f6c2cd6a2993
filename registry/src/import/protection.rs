//! An exclusion that is wrong must never widen what is probed: the assets that it may have been meant for wait
//! until it is right.
//!
//! What it may have been meant for is decided by what of its row can be read. Exclusions hold for every unit's
//! addresses, so:
//! - the target: all assets that share an address with it, whoever owns them;
//! - the unit: all assets of that unit too, since the row was that unit's to protect something of its own;
//! - the target but not the unit: all host names too, since any may lead to the target;
//! - neither: every asset.
//!
//! It must not judge exclusions: their faults are found when their rows are read.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use model::addr::AddrRange;
use model::id::UnitId;
use model::register::AssetTarget;

use super::context::{Context, Record, target};
use super::units::UnitIndex;
use crate::columns::{Key, SheetKey};
use crate::reason::{Own, RowAt};

/// Exclusions that the file has and that couldn't be taken from it.
pub(super) struct MissingExclusions {
    /// The first bad row of each unit.
    of_unit: HashMap<UnitId, RowAt>,
    /// The first bad row that doesn't tell its unit, but its target.
    of_unknown_unit: Option<RowAt>,
    /// The first bad row that tells neither.
    of_anything: Option<RowAt>,
    /// What bad rows were to protect, by first address.
    targets: Vec<(AddrRange, RowAt)>,
    /// For each target, the highest last address among it and those before it, to end a look-up early.
    highest_last: Vec<IpAddr>,
    unread: Option<&'static str>,
}

impl MissingExclusions {
    /// After the sheet's rows are staged, when all that are bad are known.
    pub(super) fn new(context: &Context<'_>, records: &[Record], units: &UnitIndex) -> MissingExclusions {
        let mut missing = MissingExclusions {
            of_unit: HashMap::new(),
            of_unknown_unit: None,
            of_anything: None,
            targets: Vec::new(),
            highest_last: Vec::new(),
            unread: context.unread(SheetKey::Exclusions),
        };
        for record in records.iter().filter(|record| context.is_bad(record.at)) {
            let row = context.row_at(record.at);
            let target = match target(record) {
                Some(AssetTarget::Addresses(range)) => Some(*range),
                Some(AssetTarget::Host(_)) | None => None,
            };
            match (unit_named(record, units), target) {
                (Some(unit), _) => drop(missing.of_unit.entry(unit).or_insert_with(|| row.clone())),
                (None, Some(_)) => drop(missing.of_unknown_unit.get_or_insert_with(|| row.clone())),
                (None, None) => drop(missing.of_anything.get_or_insert_with(|| row.clone())),
            }
            missing.targets.extend(target.map(|target| (target, row)));
        }
        missing.targets.sort_by_key(|(range, row)| (range.first(), Reverse(row.row)));
        let mut highest: Option<IpAddr> = None;
        for (range, _) in &missing.targets {
            let last = highest.map_or(range.last(), |so_far| so_far.max(range.last()));
            highest = Some(last);
            missing.highest_last.push(last);
        }
        missing
    }

    /// Why an asset must wait, if it must.
    pub(super) fn hold_back(&self, unit: UnitId, target: &AssetTarget) -> Option<Own> {
        let by_target = match target {
            AssetTarget::Addresses(range) => self.touching(range),
            AssetTarget::Host(_) => self.of_unknown_unit.as_ref(),
        };
        if let Some(row) = by_target.or(self.of_unit.get(&unit)).or(self.of_anything.as_ref()) {
            return Some(Own::BehindBadExclusion(row.clone()));
        }
        self.unread.map(|sheet| Own::BehindUnreadExclusions { sheet: sheet.to_owned() })
    }

    fn touching(&self, range: &AddrRange) -> Option<&RowAt> {
        let n_before = self.targets.partition_point(|(target, _)| target.first() <= range.last());
        let candidates = self.targets.get(..n_before)?.iter().zip(self.highest_last.get(..n_before)?);
        let mut candidates = candidates.rev().take_while(|(_, highest)| range.first() <= **highest);
        candidates.find(|((target, _), _)| target.overlaps(range)).map(|((_, row), _)| row)
    }
}

/// `None` too if the row contradicts itself about the unit.
fn unit_named(record: &Record, units: &UnitIndex) -> Option<UnitId> {
    let unit = units.resolve(record.text(Key::Unit)?).ok()?;
    units.is_named_so(record, unit).then_some(unit)
}
