//! An exclusion that is wrong must never widen what is probed: the assets that it may have been meant for wait
//! until it is right.
//!
//! It must not judge exclusions: their faults are found when their rows are read.

use std::collections::HashMap;

use model::id::UnitId;

use super::context::{Context, Record};
use super::units::UnitIndex;
use crate::columns::{Key, SheetKey};
use crate::reason::{Reason, RowAt};

/// Exclusions that the file has and that couldn't be taken from it.
pub(super) struct MissingExclusions {
    /// The first bad row of each unit.
    of_unit: HashMap<UnitId, RowAt>,
    /// The first bad row that doesn't tell its unit.
    of_anybody: Option<RowAt>,
    unread: Option<&'static str>,
}

impl MissingExclusions {
    /// After the sheet's rows are staged, when all that are bad are known.
    pub(super) fn new(context: &Context<'_>, records: &[Record], units: &UnitIndex) -> MissingExclusions {
        let unread = context.unread(SheetKey::Exclusions);
        let mut missing = MissingExclusions { of_unit: HashMap::new(), of_anybody: None, unread };
        for record in records.iter().filter(|record| context.is_bad(record.at)) {
            let row = context.row_at(record.at);
            match unit_named(record, units) {
                Some(unit) => missing.of_unit.entry(unit).or_insert(row),
                None => missing.of_anybody.get_or_insert(row),
            };
        }
        missing
    }

    /// Why an asset of the unit must wait, if it must.
    pub(super) fn hold_back(&self, unit: UnitId) -> Option<Reason> {
        if let Some(row) = self.of_unit.get(&unit).or(self.of_anybody.as_ref()) {
            return Some(Reason::BehindBadExclusion(row.clone()));
        }
        self.unread.map(|sheet| Reason::BehindUnreadExclusions { sheet: sheet.to_owned() })
    }
}

/// `None` too if the row contradicts itself about the unit.
fn unit_named(record: &Record, units: &UnitIndex) -> Option<UnitId> {
    let unit = units.resolve(record.text(Key::Unit)?).ok()?;
    units.is_named_so(record, unit).then_some(unit)
}
