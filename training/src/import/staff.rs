//! Rows of the sheet 人员: who of them is known.
//!
//! A person is known by the ID number where one is given, else by name and phone, else, without a phone, by name and
//! the unit of the roster. It must not guess: whoever can't be told apart from a namesake is an error. Nor may posts or
//! the order of rows tell namesakes apart, or a file would be understood otherwise the next time. Whoever was forgotten
//! is found by nothing any more.

use std::collections::{BTreeSet, HashMap, HashSet};

use intake::cell::name_key;
use intake::contact::phone_key;
use intake::context::At;
use model::id::{StaffId, UnitId};

use super::context::{Context, Record};
use super::people::PersonIndex;
use super::reason::{Elsewhere, Own};
use super::units::Units;
use super::value::Value;
use super::{Entries, Identity};
use crate::columns::Key;
use crate::id_number::IdNumber;
use crate::people::{KeptIdNumber, Staff};

pub(super) struct StagedStaff {
    pub(super) entries: Entries<Staff>,
    pub(super) people: PersonIndex,
    pub(super) remarks: StaffRemarks,
}

/// What is to be said of rows once they turn out good.
#[derive(Default)]
pub(super) struct StaffRemarks {
    /// New people of a name that their unit has with another phone.
    pub(super) namesakes: Vec<At>,
    /// ID numbers that end in 000 and are right all the same.
    pub(super) rounded: Vec<At>,
    pub(super) rows: Vec<(At, StaffId)>,
}

pub(super) fn stage(context: &mut Context<'_>, records: &[Record], units: &Units<'_>) -> StagedStaff {
    let known: HashMap<StaffId, &Staff> =
        context.import.records.staff.iter().map(|one| (one.id, one)).collect();
    let rows: Vec<Row<'_>> = records.iter().filter_map(|record| Row::of(context, record, units)).collect();
    let mut roster = Roster::of(context, &rows);
    let mut numbers: HashMap<StaffId, KeptIdNumber> = HashMap::new();
    let mut entries: Entries<Staff> = Entries::default();
    let mut remarks = StaffRemarks::default();
    let ids = who(context, &rows, &mut roster, &mut remarks);
    for (row, id) in rows.iter().zip(ids) {
        let (record, Some(id)) = (row.record, id) else { continue };
        let kept = known.get(&id).copied();
        let kept_number = kept.and_then(|one| one.id_number.clone());
        let id_number = kept_number.or_else(|| {
            let (number, identity) = row.number?;
            let index = row.indexes.first()?.clone();
            // Sealing the same number once more would make another value of it.
            let seal = || KeptIdNumber { index: index.clone(), sealed: identity.seal(number, id) };
            let first = numbers.entry(id).or_insert_with(seal).clone();
            Some(if first.index == index { first } else { seal() })
        });
        if row.number.is_some_and(|(number, _)| number.looks_rounded()) {
            remarks.rounded.push(record.at);
        }
        let said = match record.value(Key::Employment) {
            Some(Value::Employment(employment)) => Some(*employment),
            _ => None,
        };
        let employment = record.or_kept(Key::Employment, said, kept.map(|one| one.employment));
        let staff = Staff {
            id,
            // A name that is only spaced otherwise stays as it is.
            name: kept
                .filter(|one| name_key(&one.name) == row.name)
                .map_or(row.text, |one| &one.name)
                .to_owned(),
            unit: kept.and_then(|one| one.unit).or_else(|| roster.claims.get(&id).map(|(_, unit)| *unit)),
            employment: employment.unwrap_or_default(),
            // Blank cells of what a person is known by erase nothing.
            phone: record
                .text(Key::Phone)
                .map(str::to_owned)
                .or_else(|| kept.and_then(|one| one.phone.clone())),
            email: record.text_or_kept(Key::Email, kept.and_then(|one| one.email.as_ref())),
            id_number,
            forgotten_on: None,
        };
        remarks.rows.push((record.at, id));
        entries.push(context, record.at, staff);
    }
    let people = PersonIndex::new(context, records, &entries, roster.claims);
    StagedStaff { entries, people, remarks }
}

/// Whom each row is about. Rows with an ID number are looked at first, then those with a phone: whoever they are about
/// is known by the time that a bare name is looked for.
fn who(
    context: &mut Context<'_>,
    rows: &[Row<'_>],
    roster: &mut Roster,
    remarks: &mut StaffRemarks,
) -> Vec<Option<StaffId>> {
    let mut ids: Vec<Option<StaffId>> = vec![None; rows.len()];
    let fresh: Vec<StaffId> = rows.iter().map(|_| StaffId::mint(context.mint)).collect();
    let mut order: Vec<_> = rows.iter().zip(fresh).zip(&mut ids).collect();
    order.sort_by_key(|((row, _), _)| (row.indexes.is_empty(), row.phone.is_none()));
    for ((row, fresh), told) in order {
        let at = row.record.at;
        let id = match roster.find(context, row) {
            Ok(Some(id)) => id,
            Ok(None) => {
                if roster.has_namesake_with_phone(row) {
                    remarks.namesakes.push(at);
                }
                fresh
            }
            Err((key, reason)) => {
                context.fault(at, key, reason);
                roster.add_unclear(fresh, row);
                continue;
            }
        };
        roster.add(id, row);
        *told = Some(id);
    }
    ids
}

/// What a row says of who it is about.
struct Row<'a> {
    record: &'a Record,
    /// The name as it is written.
    text: &'a str,
    name: String,
    unit: UnitId,
    phone: Option<String>,
    number: Option<(&'a IdNumber, &'a dyn Identity)>,
    /// Under the key of now first; none without an ID number.
    indexes: Vec<String>,
}

impl<'a> Row<'a> {
    /// `None` for a row with a fault of its own.
    fn of<'c: 'a>(context: &mut Context<'c>, record: &'a Record, units: &Units<'_>) -> Option<Row<'a>> {
        let unit = units.of_row(context, record);
        let identity = context.import.identity;
        let number = match record.value(Key::IdNumber) {
            Some(Value::IdNumber(number)) => Some(number),
            _ => None,
        };
        if number.is_some() && identity.is_none() {
            context.fault(record.at, Key::IdNumber, Own::IdNumbersNotKept);
        }
        let (unit, text) = (unit?, record.text(Key::Name)?);
        if context.is_bad(record.at) {
            return None;
        }
        let number = number.zip(identity);
        Some(Row {
            record,
            text,
            name: name_key(text),
            unit,
            phone: record.text(Key::Phone).map(phone_key),
            number,
            indexes: number.map(|(number, identity)| identity.indexes(number)).unwrap_or_default(),
        })
    }
}

/// Where namesakes are looked for. `unit` is that of the roster; `None` for people whose unit nothing tells.
#[derive(PartialEq, Eq, Hash)]
struct Place {
    name: String,
    unit: Option<UnitId>,
    has_phone: bool,
    has_number: bool,
}

#[derive(Default)]
struct Roster {
    by_index: HashMap<String, StaffId>,
    by_contact: HashMap<(String, String), StaffId>,
    by_place: HashMap<Place, Vec<StaffId>>,
    index_of: HashMap<StaffId, String>,
    names: HashMap<StaffId, String>,
    /// Rows of this file: where the person stands, and the unit that the row says.
    claims: HashMap<StaffId, (At, UnitId)>,
    /// Stand for rows of which nobody knows whom they mean; whoever else might be meant isn't known either.
    unclear: HashSet<StaffId>,
    /// With a phone or an ID number.
    reached: HashSet<StaffId>,
    /// People of whom nothing but the name tells who they are, once their unit isn't that of a row.
    by_name_alone: HashMap<String, BTreeSet<StaffId>>,
    /// Who holds or held a post in a unit, whatever the roster says, and who was forgotten there.
    also_here: HashMap<(String, UnitId), Vec<StaffId>>,
}

/// The column to blame, and why.
type Blame = (Key, Own);

impl Roster {
    /// People are looked for under the names and phones that rows with their ID numbers give them: what such a row
    /// replaces leads nobody to them any more. It replaces nothing if that name and phone are another's.
    fn of(context: &Context<'_>, rows: &[Row<'_>]) -> Roster {
        let records = context.import.records;
        let (forgotten, known): (Vec<&Staff>, Vec<&Staff>) =
            records.staff.iter().partition(|one| one.forgotten_on.is_some());
        let contact = |one: &Staff| Some((name_key(&one.name), phone_key(one.phone.as_deref()?)));
        let owners: HashMap<(String, String), StaffId> =
            known.iter().filter_map(|one| Some((contact(one)?, one.id))).collect();
        let mut numbered: HashMap<&str, &Row<'_>> = HashMap::new();
        for row in rows {
            for index in &row.indexes {
                numbered.entry(index).or_insert(row);
            }
        }
        let replacing = |one: &Staff| -> Option<&Row<'_>> {
            let row = *numbered.get(one.id_number.as_ref()?.index.as_str())?;
            let contact = row.phone.clone().map(|phone| (row.name.clone(), phone));
            let owner = contact.and_then(|contact| owners.get(&contact));
            owner.is_none_or(|owner| *owner == one.id).then_some(row)
        };
        let (replaced, kept): (Vec<_>, Vec<_>) =
            known.iter().map(|one| (*one, replacing(one))).partition(|(_, row)| row.is_some());
        let mut roster = Roster::default();
        let mut called: HashMap<StaffId, String> = HashMap::new();
        // Those that keep their names first: what replaces another's takes none of theirs away.
        for (one, row) in kept.into_iter().chain(replaced) {
            let name = row.map_or_else(|| name_key(&one.name), |row| row.name.clone());
            let phone = row.and_then(|row| row.phone.clone());
            let phone = phone.or_else(|| one.phone.as_deref().map(phone_key));
            let index = one.id_number.as_ref().map(|number| number.index.clone());
            roster.names.insert(one.id, one.name.clone());
            roster.learn(one.id, &name, phone.as_deref(), index.as_deref());
            let (has_phone, has_number) = (phone.is_some(), index.is_some());
            let place = Place { name: name.clone(), unit: one.unit, has_phone, has_number };
            roster.by_place.entry(place).or_default().push(one.id);
            called.insert(one.id, name);
        }
        for one in &forgotten {
            roster.names.insert(one.id, one.name.clone());
            called.insert(one.id, name_key(&one.name));
        }
        let posts = records.holdings.iter().map(|held| (held.staff, held.unit));
        let left = forgotten.iter().filter_map(|one| Some((one.id, one.unit?)));
        for (id, unit) in posts.chain(left) {
            let Some(name) = called.get(&id) else { continue };
            let here = roster.also_here.entry((name.clone(), unit)).or_default();
            if !here.contains(&id) {
                here.push(id);
            }
        }
        roster
    }

    fn learn(&mut self, id: StaffId, name: &str, phone: Option<&str>, index: Option<&str>) {
        if phone.is_some() || index.is_some() {
            self.reached.insert(id);
            if let Some(alone) = self.by_name_alone.get_mut(name) {
                alone.remove(&id);
            }
        } else if !self.reached.contains(&id) {
            self.by_name_alone.entry(name.to_owned()).or_default().insert(id);
        }
        if let Some(phone) = phone {
            self.by_contact.entry((name.to_owned(), phone.to_owned())).or_insert(id);
        }
        if let Some(index) = index {
            self.by_index.entry(index.to_owned()).or_insert(id);
            self.index_of.insert(id, index.to_owned());
        }
    }

    /// Who the row is about, `None` for somebody new.
    fn find(&self, context: &Context<'_>, row: &Row<'_>) -> Result<Option<StaffId>, Blame> {
        let found = self.look_up(context, row)?;
        match found.filter(|id| self.unclear.contains(id)) {
            Some(id) => Err((Key::Name, Own::Namesake(self.elsewhere(context, id)))),
            None => Ok(found),
        }
    }

    fn look_up(&self, context: &Context<'_>, row: &Row<'_>) -> Result<Option<StaffId>, Blame> {
        let contact = row.phone.as_ref().map(|phone| (row.name.clone(), phone.clone()));
        let by_contact = contact.and_then(|contact| self.by_contact.get(&contact)).copied();
        let elsewhere = |id: StaffId| self.elsewhere(context, id);
        if !row.indexes.is_empty() {
            let by_index = row.indexes.iter().find_map(|index| self.by_index.get(index));
            return match (by_index.copied(), by_contact) {
                (Some(id), Some(other)) if id != other => {
                    Err((Key::IdNumber, Own::TwoPeople(elsewhere(other), elsewhere(id))))
                }
                (Some(id), _) => Ok(Some(id)),
                (None, Some(other)) if self.index_of.contains_key(&other) => {
                    Err((Key::IdNumber, Own::TwoIdNumbers(elsewhere(other))))
                }
                (None, Some(other)) => Ok(Some(other)),
                (None, None) => self.pick(context, row, &[false], &[false]),
            };
        }
        match (by_contact, &row.phone) {
            (Some(id), _) => Ok(Some(id)),
            (None, Some(_)) => self.pick(context, row, &[false], &[false, true]),
            (None, None) => {
                let here = self.also_here.get(&(row.name.clone(), row.unit)).map_or(&[][..], Vec::as_slice);
                // Somebody without phone and number may have got that post from this very file, when it came before.
                let only = match here {
                    [one] if self.reached.contains(one) => Some(*one),
                    _ => None,
                };
                let found = self.pick(context, row, &[false, true], &[false, true])?.or(only);
                let is_claimed =
                    |id: &StaffId| self.claims.get(id).is_some_and(|(_, unit)| *unit != row.unit);
                let other = match found {
                    Some(id) => Some(id).filter(is_claimed),
                    // It may be they who come from there, or a namesake.
                    None => {
                        let alone = self.by_name_alone.get(&row.name).and_then(|alone| alone.first());
                        alone.or(here.first()).copied()
                    }
                };
                other.map_or(Ok(found), |other| Err((Key::Name, Own::Namesake(elsewhere(other)))))
            }
        }
    }

    /// The one of that name in the unit, else the one whose unit nothing tells; people with and without a phone one
    /// after the other, as `phones` says.
    fn pick(
        &self,
        context: &Context<'_>,
        row: &Row<'_>,
        phones: &[bool],
        numbers: &[bool],
    ) -> Result<Option<StaffId>, Blame> {
        for unit in [Some(row.unit), None] {
            for &has_phone in phones {
                let places = numbers.iter().map(|&has_number| Place {
                    name: row.name.clone(),
                    unit,
                    has_phone,
                    has_number,
                });
                let mut found: Vec<StaffId> = places
                    .filter_map(|place| self.by_place.get(&place))
                    .flat_map(|ids| ids.iter().copied().take(2))
                    .collect();
                // Somebody whom a row above gave a number stands in two places.
                found.dedup();
                match found.as_slice() {
                    [] => {}
                    [id] => return Ok(Some(*id)),
                    [id, ..] => return Err((Key::Name, Own::Namesake(self.elsewhere(context, *id)))),
                }
            }
        }
        Ok(None)
    }

    fn has_namesake_with_phone(&self, row: &Row<'_>) -> bool {
        let place =
            |has_number| Place { name: row.name.clone(), unit: Some(row.unit), has_phone: true, has_number };
        let is_registered = |id: &StaffId| self.names.contains_key(id);
        let named = [false, true].into_iter().filter_map(|has_number| self.by_place.get(&place(has_number)));
        let is_named = named.filter_map(|ids| ids.first()).any(is_registered);
        let is_here = || self.also_here.contains_key(&(row.name.clone(), row.unit));
        row.phone.is_some() && row.indexes.is_empty() && (is_named || is_here())
    }

    fn elsewhere(&self, context: &Context<'_>, id: StaffId) -> Elsewhere {
        match self.claims.get(&id) {
            Some((at, _)) => Elsewhere::Row(context.row_at(*at)),
            None => Elsewhere::Registered(self.names.get(&id).cloned().unwrap_or_default()),
        }
    }

    fn add_unclear(&mut self, id: StaffId, row: &Row<'_>) {
        self.unclear.insert(id);
        self.add(id, row);
    }

    /// Rows below may be about the same person.
    fn add(&mut self, id: StaffId, row: &Row<'_>) {
        self.learn(id, &row.name, row.phone.as_deref(), row.indexes.first().map(String::as_str));
        let place = Place {
            name: row.name.clone(),
            unit: Some(row.unit),
            has_phone: row.phone.is_some(),
            has_number: !row.indexes.is_empty(),
        };
        let ids = self.by_place.entry(place).or_default();
        if ids.last() != Some(&id) {
            ids.push(id);
        }
        self.claims.entry(id).or_insert((row.record.at, row.unit));
    }
}
