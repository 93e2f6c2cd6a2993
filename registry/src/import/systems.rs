//! Rows of the sheet 系统, and finding the systems that other sheets name.

use std::collections::{BTreeMap, HashMap};

use model::id::{SystemId, UnitId};
use model::register::System;

use super::Entries;
use super::context::{Context, Record};
use super::people::PersonIndex;
use super::units::UnitIndex;
use super::value::Value;
use crate::cell::name_key;
use crate::columns::{Key, RegisterSheets, SheetKey};
use crate::reason::{Own, Reason, RowAt};
use intake::stage::{Registered, Stage};

impl Registered<RegisterSheets> for System {
    type Id = SystemId;
    const SHEET: SheetKey = SheetKey::Systems;
    const KEY_COLUMN: Key = Key::Name;
    fn id(&self) -> SystemId {
        self.id
    }
}

pub(super) struct Systems {
    pub(super) entries: Entries<System>,
    pub(super) index: SystemIndex,
}

/// All that an asset may refer to.
pub(super) struct Known<'a> {
    pub(super) units: &'a UnitIndex,
    pub(super) people: &'a PersonIndex,
    pub(super) systems: &'a SystemIndex,
}

/// Finds systems by name, with `@unit` behind it if of another unit.
pub(super) struct SystemIndex {
    by_name: HashMap<(UnitId, String), SystemId>,
    bad: BTreeMap<String, RowAt>,
    unread: Option<&'static str>,
}

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    units: &UnitIndex,
    people: &PersonIndex,
) -> Systems {
    let register = context.import.register;
    let known: HashMap<SystemId, &System> =
        register.systems.iter().map(|system| (system.id, system)).collect();
    let registered = register.systems.iter();
    let mut ids = Stage::new(registered.map(|system| ((system.unit, name_key(&system.name)), system.id)));
    let mut entries = Entries::default();
    for record in records {
        let unit = units.of_row(context, record);
        let (Some(unit), Some(name)) = (unit, record.text(Key::Name)) else { continue };
        let known_id = ids.id_of((unit, name_key(name)), || SystemId::mint(context.mint));
        let known = known.get(&known_id).copied();
        let level = match record.value(Key::Level) {
            Some(Value::Level(level)) => *level,
            _ => None,
        };
        let kept = known.map(|system| system.answerable).unwrap_or_default();
        let answerable = people.answerable(context, units, record, unit, kept);
        if context.is_bad(record.at) {
            continue;
        }
        let system = System {
            id: known_id,
            unit,
            name: name.to_owned(),
            level: record.or_kept(Key::Level, level, known.and_then(|system| system.level)),
            answerable,
        };
        entries.push(context, record.at, system);
    }
    let index = SystemIndex::new(context, records, &entries);
    Systems { entries, index }
}

impl SystemIndex {
    fn new(context: &Context<'_>, records: &[Record], entries: &Entries<System>) -> SystemIndex {
        let effective = entries.over(context, &context.import.register.systems);
        let by_name =
            effective.map(|(system, _)| ((system.unit, name_key(&system.name)), system.id)).collect();
        let bad = context.bad_names(records, &[Key::Name]);
        SystemIndex { by_name, bad, unread: context.unread(SheetKey::Systems) }
    }

    pub(super) fn resolve(
        &self,
        units: &UnitIndex,
        own_unit: UnitId,
        text: &str,
    ) -> Result<SystemId, Reason> {
        // A name may hold an @ of its own.
        if let Some(system) = self.by_name.get(&(own_unit, name_key(text))) {
            return Ok(*system);
        }
        let text = text.replace('＠', "@");
        let (name, unit) = match text.rsplit_once('@') {
            Some((name, unit)) => (name, units.resolve(unit)?),
            None => (text.as_str(), own_unit),
        };
        let name = name_key(name);
        if let Some(system) = self.by_name.get(&(unit, name.clone())) {
            return Ok(*system);
        }
        Err(match (self.bad.get(&name), self.unread) {
            (Some(row), _) => Reason::RefersToBadRow(row.clone()),
            (None, Some(sheet)) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
            (None, None) => Own::UnknownSystem.into(),
        })
    }
}
