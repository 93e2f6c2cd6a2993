//! Rows of the sheet 单位.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::credit_code::CreditCode;
use model::id::UnitId;
use model::interval::Interval;
use model::region::RegionCode;
use model::register::Unit;

use super::Entries;
use super::context::{Context, Record};
use super::value::Value;
use crate::cell::name_key;
use crate::columns::{Key, RegisterSheets, SheetKey};
use crate::reason::{Own, Reason, RowAt};
use intake::context::At;
use intake::stage::{Registered, Stage};

impl Registered<RegisterSheets> for Unit {
    type Id = UnitId;
    const SHEET: SheetKey = SheetKey::Units;
    const KEY_COLUMN: Key = Key::CreditCode;
    fn id(&self) -> UnitId {
        self.id
    }
}

pub(super) struct Units {
    pub(super) entries: Entries<Unit>,
    pub(super) index: UnitIndex,
}

/// Finds units by credit code or name.
pub(super) struct UnitIndex {
    by_text: HashMap<String, Vec<UnitId>>,
    codes: HashMap<UnitId, CreditCode>,
    names: HashMap<UnitId, String>,
    bad: BTreeMap<String, RowAt>,
    unread: Option<&'static str>,
}

impl UnitIndex {
    fn new(context: &Context<'_>, records: &[Record], entries: &Entries<Unit>) -> UnitIndex {
        let mut index = UnitIndex {
            by_text: HashMap::new(),
            codes: HashMap::new(),
            names: HashMap::new(),
            bad: context.bad_names(records, &[Key::Name, Key::CreditCode]),
            unread: context.unread(SheetKey::Units),
        };
        for (unit, _) in entries.over(context, &context.import.register.units) {
            index.by_text.entry(name_key(unit.code.as_str())).or_default().push(unit.id);
            index.by_text.entry(name_key(&unit.name)).or_default().push(unit.id);
            index.codes.insert(unit.id, unit.code.clone());
            index.names.insert(unit.id, unit.name.clone());
        }
        index
    }

    pub(super) fn resolve(&self, text: &str) -> Result<UnitId, Reason> {
        let key = name_key(text);
        match self.by_text.get(&key).map(Vec::as_slice) {
            Some([unit]) => Ok(*unit),
            Some(several) => {
                let codes = several.iter().filter_map(|unit| self.codes.get(unit)).map(ToString::to_string);
                Err(Own::AmbiguousUnit { codes: codes.collect() }.into())
            }
            None => Err(self.why_not(text, &key)),
        }
    }

    fn why_not(&self, text: &str, key: &str) -> Reason {
        if let Some(row) = self.bad.get(key) {
            return Reason::RefersToBadRow(row.clone());
        }
        let looks_like_code = key.len() == 18 && key.bytes().all(|b| b.is_ascii_alphanumeric());
        if looks_like_code && let Err(error) = text.trim().to_ascii_uppercase().parse::<CreditCode>() {
            return Own::CreditCode(error).into();
        }
        match self.unread {
            Some(sheet) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
            None => Own::UnknownUnit.into(),
        }
    }

    pub(super) fn name(&self, unit: UnitId) -> String {
        self.names.get(&unit).cloned().unwrap_or_default()
    }

    /// The unit of a row; a fault if there is none.
    pub(super) fn of_row(&self, context: &mut Context<'_>, record: &Record) -> Option<UnitId> {
        let text = record.text(Key::Unit)?;
        let unit = self.resolve(text).map_err(|reason| context.fault(record.at, Key::Unit, reason)).ok()?;
        if !self.is_named_so(record, unit) {
            let registered = self.name(unit);
            context.fault(record.at, Key::UnitName, Own::UnitNameDiffers { registered });
        }
        Some(unit)
    }

    /// Of a sheet with both credit code and name, whether the name is that of the code.
    pub(super) fn is_named_so(&self, record: &Record, unit: UnitId) -> bool {
        let Some(name) = record.text(Key::UnitName) else { return true };
        let code = self.codes.get(&unit).map_or("", CreditCode::as_str);
        [name_key(&self.name(unit)), name_key(code)].contains(&name_key(name))
    }
}

pub(super) fn stage(context: &mut Context<'_>, records: &[Record]) -> Units {
    let register = context.import.register;
    let known: HashMap<UnitId, &Unit> = register.units.iter().map(|unit| (unit.id, unit)).collect();
    let mut ids = Stage::new(register.units.iter().map(|unit| (unit.code.clone(), unit.id)));
    let mut entries: Entries<Unit> = Entries::default();
    let mut parents: HashMap<At, &str> = HashMap::new();
    let mut first_parents: HashMap<UnitId, Option<&str>> = HashMap::new();
    for record in records {
        let code = match record.value(Key::CreditCode) {
            Some(Value::CreditCode(code)) if !context.is_bad(record.at) => code.clone(),
            _ => continue,
        };
        let id = ids.id_of(code.clone(), || UnitId::mint(context.mint));
        let known = known.get(&id).copied();
        let Some(unit) = unit(context, record, id, code, known) else { continue };
        let parent = record.text(Key::Parent);
        parents.extend(parent.map(|parent| (record.at, parent)));
        // Rows of one unit that name different superiors differ, though superiors are found later.
        let first_parent = *first_parents.entry(id).or_insert(parent);
        if first_parent.map(name_key) != parent.map(name_key) {
            let at = entries.all().iter().find(|entry| entry.value.id == id).map(|entry| entry.at);
            if let Some(first) = at {
                let (first_row, this_row) = (context.row_at(first), context.row_at(record.at));
                context.fault(first, Key::CreditCode, Reason::Duplicate(this_row));
                context.fault(record.at, Key::CreditCode, Reason::Duplicate(first_row));
            }
            continue;
        }
        entries.push(context, record.at, unit);
    }
    let index = settle_parents(context, records, &mut entries, &parents);
    Units { entries, index }
}

/// The unit of a row without the parent that the row names.
fn unit(
    context: &mut Context<'_>,
    record: &Record,
    id: UnitId,
    code: CreditCode,
    known: Option<&Unit>,
) -> Option<Unit> {
    let name = record.text(Key::Name)?.to_owned();
    let region = match record.value(Key::Region) {
        Some(Value::Region(code)) => Some(code.clone()),
        _ => None,
    };
    let region = record.or_kept(Key::Region, region, known.and_then(|unit| unit.region.clone()));
    let kept = known.map(|unit| unit.region_valid).unwrap_or_default();
    let region_valid = interval(context, record, Key::RegionFrom, Key::RegionUntil, kept);
    let kept = known.map(|unit| unit.valid).unwrap_or_default();
    let valid = interval(context, record, Key::From, Key::Until, kept);
    let (region_valid, valid) = (region_valid?, valid?);
    if let Some(region) = &region {
        check_region(context, record.at, region, region_valid);
    }
    let parent = if record.has(Key::Parent) { None } else { known.and_then(|unit| unit.parent) };
    Some(Unit { id, code, name, parent, region, region_valid, valid })
}

/// Two date columns as an interval; a fault if they are in the wrong order.
pub(super) fn interval(
    context: &mut Context<'_>,
    record: &Record,
    from: Key,
    until: Key,
    kept: Interval,
) -> Option<Interval> {
    let first = record.date_or_kept(from, kept.from());
    let last = record.date_or_kept(until, kept.until());
    Interval::new(first, last)
        .map_err(|wrong| context.reversed(record.at, (from, until), (wrong.from, wrong.until)))
        .ok()
}

/// A code must be in force today, or on the day nearest to today on which the unit carries it. A code that the
/// table doesn't hold passes, since the table need not be complete.
fn check_region(context: &mut Context<'_>, at: At, code: &RegionCode, carried: Interval) {
    let Some(region) = context.import.regions.get(code) else { return };
    let today = context.import.today;
    let day = carried.until().map_or(today, |until| until.min(today));
    let day = carried.from().map_or(day, |from| from.max(day));
    let (code, name) = (code.to_string(), region.name.clone());
    match (region.valid.from(), region.valid.until()) {
        (_, Some(until)) if until < day => {
            let successor = region.successor.as_ref().map(ToString::to_string);
            context.fault(at, Key::Region, Own::RegionAbolished { code, name, until, successor });
        }
        (Some(from), _) if day < from => {
            context.fault(at, Key::Region, Own::RegionNotYet { code, name, from });
        }
        _ => {}
    }
}

/// Finds the parents that rows name. A bad row may make others bad, so this goes on until nothing changes.
fn settle_parents(
    context: &mut Context<'_>,
    records: &[Record],
    entries: &mut Entries<Unit>,
    parents: &HashMap<At, &str>,
) -> UnitIndex {
    loop {
        let index = UnitIndex::new(context, records, entries);
        let mut faults: Vec<(At, Reason)> = Vec::new();
        for entry in entries.all_mut().iter_mut().filter(|entry| !context.is_bad(entry.at)) {
            if let Some(text) = parents.get(&entry.at) {
                match index.resolve(text) {
                    Ok(parent) => entry.value.parent = Some(parent),
                    Err(reason) => faults.push((entry.at, reason)),
                }
            }
        }
        if faults.is_empty() {
            faults = cycles(context, entries, &index);
        }
        if faults.is_empty() {
            return index;
        }
        for (at, reason) in faults {
            context.fault(at, Key::Parent, reason);
        }
    }
}

/// Rows of the file that lie on a cycle of superiors.
fn cycles(context: &Context<'_>, entries: &Entries<Unit>, index: &UnitIndex) -> Vec<(At, Reason)> {
    let register = context.import.register;
    let units: HashMap<UnitId, (Option<UnitId>, Option<At>)> =
        entries.over(context, &register.units).map(|(unit, at)| (unit.id, (unit.parent, at))).collect();
    let mut done: HashSet<UnitId> = HashSet::new();
    let mut faults = Vec::new();
    for &start in units.keys() {
        let mut path: Vec<UnitId> = Vec::new();
        let mut place: HashMap<UnitId, usize> = HashMap::new();
        let mut next = Some(start);
        while let Some(unit) = next.filter(|unit| !done.contains(unit)) {
            if let Some(&from) = place.get(&unit) {
                let cycle = path.get(from..).unwrap_or_default();
                for (i, member) in cycle.iter().enumerate() {
                    let Some(at) = units.get(member).and_then(|(_, at)| *at) else { continue };
                    let around = cycle.iter().cycle().skip(i).take(cycle.len() + 1);
                    let names = around.map(|unit| index.name(*unit)).collect();
                    faults.push((at, Own::ParentCycle { names }.into()));
                }
                break;
            }
            place.insert(unit, path.len());
            path.push(unit);
            next = units.get(&unit).and_then(|(parent, _)| *parent);
        }
        done.extend(path);
    }
    faults
}
