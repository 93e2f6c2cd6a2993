//! What an import of the register changes, and what of that should be pointed out.
//!
//! It must not decide anything: the change is settled when it is told.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use intake::changes::List;
use intake::warning::{RowList, Warning};
use model::id::UnitId;
use model::register::{Asset, DeclaredService, Exclusion, Person, System, Unit};

use super::context::Context;
use super::remark::{Ended, Remark};
use super::{ChangedRow, Settled};
use crate::cell;
use crate::change::{RegisterChange, apply};
use crate::columns::SheetKey;
use crate::export::{self, Names};

pub(super) fn list(context: &Context<'_>, change: &RegisterChange, settled: &Settled) -> Vec<ChangedRow> {
    let register = context.import.register;
    // References are written as the register will know them, old ones too: an entry isn't changed by a namesake of
    // somebody that it refers to.
    let after = apply(register, change);
    let names = Names::of(&after);
    let unit_names: HashMap<UnitId, &str> =
        after.units.iter().map(|unit| (unit.id, unit.name.as_str())).collect();
    let whose = |unit: UnitId| unit_names.get(&unit).copied().unwrap_or_default().to_owned();
    let mut list = List::new(context, settled);
    let cell = |unit: &Unit, key| export::of_unit(unit, key, &names);
    list.add(&register.units, &change.units, cell, |unit| (whose(unit.id), unit.code.to_string()));
    let cell = |person: &Person, key| export::of_person(person, key, &names);
    list.add(&register.people, &change.people, cell, |person| (whose(person.unit), person.name.clone()));
    let cell = |system: &System, key| export::of_system(system, key, &names);
    list.add(&register.systems, &change.systems, cell, |system| (whose(system.unit), system.name.clone()));
    let cell = |asset: &Asset, key| export::of_asset(asset, key, &names);
    list.add(&register.assets, &change.assets, cell, |asset| (whose(asset.unit), asset.target.to_string()));
    let cell = |exclusion: &Exclusion, key| export::of_exclusion(exclusion, key, &names);
    let known_by = |exclusion: &Exclusion| (whose(exclusion.unit), exclusion.target.to_string());
    list.add(&register.exclusions, &change.exclusions, cell, known_by);
    let cell = |service: &DeclaredService, key| export::of_service(service, key, &names);
    let known_by = |service: &DeclaredService| {
        (whose(service.unit), format!("{} {}/{}", service.target, service.port, service.transport.as_str()))
    };
    list.add(&register.services, &change.services, cell, known_by);
    list.into_rows()
}

/// A code that is another unit's by a slip of the pen renames that unit; and what ended before today has no effect.
pub(super) fn warnings(
    context: &Context<'_>,
    change: &RegisterChange,
    settled: &Settled,
    today: NaiveDate,
) -> Vec<Warning<Remark>> {
    let known: HashMap<UnitId, &Unit> =
        context.import.register.units.iter().map(|unit| (unit.id, unit)).collect();
    let renamed = change.units.iter().zip(settled.places_of(SheetKey::Units)).filter_map(|(unit, at)| {
        let old = &known.get(&unit.id)?.name;
        let is_renamed = cell::name_key(old) != cell::name_key(&unit.name);
        is_renamed.then(|| Remark::UnitRenamed {
            at: context.row_at(*at),
            code: unit.code.to_string(),
            old: old.clone(),
            new: unit.name.clone(),
        })
    });
    let mut remarks: Vec<Remark> = renamed.collect();
    let mut ended = |what: Ended, key: SheetKey, days: Vec<Option<NaiveDate>>| {
        let mut by_sheet: BTreeMap<String, (RowList, NaiveDate)> = BTreeMap::new();
        let past = days.into_iter().zip(settled.places_of(key));
        for (until, at) in past.filter_map(|(until, at)| Some((until.filter(|until| *until < today)?, at))) {
            let at = context.row_at(*at);
            let (rows, earliest) = by_sheet.entry(at.sheet).or_insert_with(|| (RowList::default(), until));
            rows.push(at.row);
            *earliest = until.min(*earliest);
        }
        remarks.extend(by_sheet.into_iter().map(|(sheet, (rows, earliest))| Remark::Ended {
            what,
            sheet,
            rows,
            earliest,
        }));
    };
    let until = |asset: &Asset| asset.authorisation.as_ref().map(|leave| leave.valid_until);
    ended(Ended::Authorisation, SheetKey::Assets, change.assets.iter().map(until).collect());
    let until = |exclusion: &Exclusion| Some(exclusion.until);
    ended(Ended::Exclusion, SheetKey::Exclusions, change.exclusions.iter().map(until).collect());
    let until = |service: &DeclaredService| Some(service.until);
    ended(Ended::Service, SheetKey::Services, change.services.iter().map(until).collect());
    remarks.into_iter().map(Warning::Own).collect()
}
