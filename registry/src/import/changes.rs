//! What an import changes, cell by cell as people read it, and what of that should be pointed out.
//!
//! It must not decide anything: the change is settled when it is told.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use model::id::UnitId;
use model::register::{Asset, DeclaredService, Exclusion, Person, System, Unit};

use super::context::{At, Context};
use super::outcome::{Ended, RowList, Warning};
use super::stage::Registered;
use crate::cell;
use crate::change::{RegisterChange, apply};
use crate::columns::{Key, SheetKey, sheet};
use crate::export::{self, Names};
use crate::table::CellIn;

/// An entry that is new or changes, and the row that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRow {
    pub kind: SheetKey,
    /// Name of the sheet in the file, and the row as the spreadsheet numbers it.
    pub sheet: String,
    pub row: u32,
    /// Name of the unit after the import.
    pub unit: String,
    /// The name or target that the entry is known by.
    pub entry: String,
    pub is_new: bool,
    /// Of a new entry all cells that aren't blank, of a changed one those that differ.
    pub cells: Vec<ChangedCell>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedCell {
    /// Header of the column in the template.
    pub header: &'static str,
    /// Empty if the register holds nothing there.
    pub old: String,
    pub new: String,
}

/// Where the entries of a change stand in the file, in its order.
pub(super) type Places = BTreeMap<SheetKey, Vec<At>>;

pub(super) fn list(context: &Context<'_>, change: &RegisterChange, places: &Places) -> Vec<ChangedRow> {
    let register = context.import.register;
    // References are written as the register will know them, old ones too: an entry isn't changed by a namesake of
    // somebody that it refers to.
    let after = apply(register, change);
    let names = Names::of(&after);
    let unit_names: HashMap<UnitId, &str> =
        after.units.iter().map(|unit| (unit.id, unit.name.as_str())).collect();
    let lister = Lister { context, places, unit_names: &unit_names };
    let mut rows = Vec::new();
    let cell = |unit: &Unit, key| export::of_unit(unit, key, &names);
    lister.add(&mut rows, &register.units, &change.units, cell, |unit| (unit.id, unit.code.to_string()));
    let cell = |person: &Person, key| export::of_person(person, key, &names);
    lister
        .add(&mut rows, &register.people, &change.people, cell, |person| (person.unit, person.name.clone()));
    let cell = |system: &System, key| export::of_system(system, key, &names);
    lister.add(&mut rows, &register.systems, &change.systems, cell, |system| {
        (system.unit, system.name.clone())
    });
    let cell = |asset: &Asset, key| export::of_asset(asset, key, &names);
    lister.add(&mut rows, &register.assets, &change.assets, cell, |asset| {
        (asset.unit, asset.target.to_string())
    });
    let cell = |exclusion: &Exclusion, key| export::of_exclusion(exclusion, key, &names);
    let known_by = |exclusion: &Exclusion| (exclusion.unit, exclusion.target.to_string());
    lister.add(&mut rows, &register.exclusions, &change.exclusions, cell, known_by);
    let cell = |service: &DeclaredService, key| export::of_service(service, key, &names);
    let known_by = |service: &DeclaredService| {
        (service.unit, format!("{} {}/{}", service.target, service.port, service.transport.as_str()))
    };
    lister.add(&mut rows, &register.services, &change.services, cell, known_by);
    rows
}

struct Lister<'a, 'c> {
    context: &'a Context<'c>,
    places: &'a Places,
    unit_names: &'a HashMap<UnitId, &'a str>,
}

impl Lister<'_, '_> {
    fn add<T: Registered>(
        &self,
        rows: &mut Vec<ChangedRow>,
        registered: &[T],
        changed: &[T],
        cell: impl Fn(&T, Key) -> CellIn,
        known_by: impl Fn(&T) -> (UnitId, String),
    ) {
        let known: HashMap<T::Id, &T> = registered.iter().map(|value| (value.id(), value)).collect();
        let places = self.places.get(&T::SHEET).map_or(&[][..], Vec::as_slice);
        rows.extend(changed.iter().zip(places).map(|(new, at)| {
            let old = known.get(&new.id()).copied();
            let cells = sheet(T::SHEET).columns.iter().filter_map(|column| {
                let old = old.map(|old| cell::text(&cell(old, column.key))).unwrap_or_default();
                let new = cell::text(&cell(new, column.key));
                (old != new).then_some(ChangedCell { header: column.header, old, new })
            });
            let (unit, entry) = known_by(new);
            let at = self.context.row_at(*at);
            ChangedRow {
                kind: T::SHEET,
                sheet: at.sheet,
                row: at.row,
                unit: self.unit_names.get(&unit).copied().unwrap_or_default().to_owned(),
                entry,
                is_new: old.is_none(),
                cells: cells.collect(),
            }
        }));
    }
}

/// A code that is another unit's by a slip of the pen renames that unit; and what ended before today has no effect.
pub(super) fn warnings(
    context: &Context<'_>,
    change: &RegisterChange,
    places: &Places,
    today: NaiveDate,
) -> Vec<Warning> {
    let places_of = |key| places.get(&key).map_or(&[][..], Vec::as_slice);
    let known: HashMap<UnitId, &Unit> =
        context.import.register.units.iter().map(|unit| (unit.id, unit)).collect();
    let renamed = change.units.iter().zip(places_of(SheetKey::Units)).filter_map(|(unit, at)| {
        let old = &known.get(&unit.id)?.name;
        let is_renamed = cell::name_key(old) != cell::name_key(&unit.name);
        is_renamed.then(|| Warning::UnitRenamed {
            at: context.row_at(*at),
            code: unit.code.to_string(),
            old: old.clone(),
            new: unit.name.clone(),
        })
    });
    let mut warnings: Vec<Warning> = renamed.collect();
    let mut ended = |what: Ended, key: SheetKey, days: Vec<Option<NaiveDate>>| {
        let mut by_sheet: BTreeMap<String, (RowList, NaiveDate)> = BTreeMap::new();
        let past = days.into_iter().zip(places_of(key));
        for (until, at) in past.filter_map(|(until, at)| Some((until.filter(|until| *until < today)?, at))) {
            let at = context.row_at(*at);
            let (rows, earliest) = by_sheet.entry(at.sheet).or_insert_with(|| (RowList::default(), until));
            rows.push(at.row);
            *earliest = until.min(*earliest);
        }
        warnings.extend(by_sheet.into_iter().map(|(sheet, (rows, earliest))| Warning::Ended {
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
    warnings
}
