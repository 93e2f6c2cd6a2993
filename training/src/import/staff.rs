//! Rows of the sheet 人员: who of them is known.
//!
//! A person is known by the ID number where one is given, else by name and phone, else, without a phone, by name and
//! the unit of a post. It must not guess: whoever can't be told apart from a namesake is an error.

use std::collections::HashMap;

use intake::cell::name_key;
use intake::contact::phone_key;
use intake::context::At;
use model::id::{StaffId, UnitId};

use super::Entries;
use super::context::{Context, Record};
use super::people::PersonIndex;
use super::reason::{Elsewhere, Own};
use super::units::Units;
use super::value::Value;
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
    let mut roster = Roster::of(context);
    let mut numbers: HashMap<StaffId, KeptIdNumber> = HashMap::new();
    let mut entries: Entries<Staff> = Entries::default();
    let mut remarks = StaffRemarks::default();
    for record in records {
        let unit = units.of_row(context, record);
        let number = match record.value(Key::IdNumber) {
            Some(Value::IdNumber(number)) => Some(number),
            _ => None,
        };
        if number.is_some() && context.import.identity.is_none() {
            context.fault(record.at, Key::IdNumber, Own::IdNumbersNotKept);
        }
        let keeper = number.zip(context.import.identity);
        let (Some(unit), Some(name)) = (unit, record.text(Key::Name)) else { continue };
        if context.is_bad(record.at) {
            continue;
        }
        let phone = record.text(Key::Phone);
        let indexes = keeper.map(|(number, identity)| identity.indexes(number)).unwrap_or_default();
        let (name_key, phone_key) = (name_key(name), phone.map(phone_key));
        let row = Row { at: record.at, name: name_key, unit, phone: phone_key, indexes };
        let id = match roster.find(context, &row) {
            Ok(id) => id,
            Err((key, reason)) => {
                context.fault(record.at, key, reason);
                continue;
            }
        };
        let id = match id {
            Some(id) => id,
            None => {
                if roster.has_namesake_with_phone(&row) {
                    remarks.namesakes.push(record.at);
                }
                StaffId::mint(context.mint)
            }
        };
        let kept = known.get(&id).copied();
        let kept_number = kept.and_then(|one| one.id_number.clone());
        let id_number = kept_number.or_else(|| {
            let (number, identity) = keeper?;
            let index = row.indexes.first()?.clone();
            // Sealing the same number once more would make another value of it.
            let seal = || KeptIdNumber { index: index.clone(), sealed: identity.seal(number, id) };
            let first = numbers.entry(id).or_insert_with(seal).clone();
            Some(if first.index == index { first } else { seal() })
        });
        if number.is_some_and(IdNumber::looks_rounded) {
            remarks.rounded.push(record.at);
        }
        roster.add(id, &row);
        let said = match record.value(Key::Employment) {
            Some(Value::Employment(employment)) => Some(*employment),
            _ => None,
        };
        let employment = record.or_kept(Key::Employment, said, kept.map(|one| one.employment));
        let staff = Staff {
            id,
            name: name.to_owned(),
            employment: employment.unwrap_or_default(),
            // Blank cells of what a person is known by erase nothing.
            phone: phone.map(str::to_owned).or_else(|| kept.and_then(|one| one.phone.clone())),
            email: record.text_or_kept(Key::Email, kept.and_then(|one| one.email.as_ref())),
            id_number,
        };
        remarks.rows.push((record.at, id));
        entries.push(context, record.at, staff);
    }
    let people = PersonIndex::new(context, records, &entries, roster.claims);
    StagedStaff { entries, people, remarks }
}

/// What a row says of who it is about.
struct Row {
    at: At,
    name: String,
    unit: UnitId,
    phone: Option<String>,
    /// Under the key of now first; none without an ID number.
    indexes: Vec<String>,
}

/// Where namesakes are looked for. `unit` is one of a post, or that of a row of this file; `None` for people whose unit
/// nothing tells.
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
    /// People of whom nothing but the name tells who they are, once their unit isn't that of a post.
    by_name_alone: HashMap<String, Elsewhere>,
}

/// The column to blame, and why.
type Blame = (Key, Own);

impl Roster {
    fn of(context: &Context<'_>) -> Roster {
        let records = context.import.records;
        let mut units: HashMap<StaffId, Vec<UnitId>> = HashMap::new();
        for holding in &records.holdings {
            let of_person = units.entry(holding.staff).or_default();
            if !of_person.contains(&holding.unit) {
                of_person.push(holding.unit);
            }
        }
        let mut roster = Roster::default();
        for one in &records.staff {
            let name = name_key(&one.name);
            let phone = one.phone.as_deref().map(phone_key);
            let index = one.id_number.as_ref().map(|number| number.index.clone());
            roster.names.insert(one.id, one.name.clone());
            roster.learn(one.id, &name, phone.as_deref(), index.as_deref());
            let (has_phone, has_number) = (phone.is_some(), index.is_some());
            if !has_phone && !has_number {
                // A post elsewhere may be theirs or a namesake's.
                roster.by_name_alone.insert(name.clone(), Elsewhere::Registered(one.name.clone()));
            }
            let places = match units.get(&one.id) {
                Some(units) => units.iter().copied().map(Some).collect(),
                None => vec![None],
            };
            for unit in places {
                let place = Place { name: name.clone(), unit, has_phone, has_number };
                roster.by_place.entry(place).or_default().push(one.id);
            }
        }
        roster
    }

    fn learn(&mut self, id: StaffId, name: &str, phone: Option<&str>, index: Option<&str>) {
        if let Some(phone) = phone {
            self.by_contact.entry((name.to_owned(), phone.to_owned())).or_insert(id);
        }
        if let Some(index) = index {
            self.by_index.insert(index.to_owned(), id);
            self.index_of.insert(id, index.to_owned());
        }
    }

    /// Who the row is about, `None` for somebody new.
    fn find(&mut self, context: &Context<'_>, row: &Row) -> Result<Option<StaffId>, Blame> {
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
                let found = self.pick(context, row, &[false, true], &[false, true])?;
                let claimed = found.and_then(|id| self.claims.get(&id));
                let other = match (found, self.by_name_alone.get(&row.name)) {
                    (Some(_), _) => {
                        let other = claimed.filter(|(_, unit)| *unit != row.unit);
                        other.map(|(at, _)| Elsewhere::Row(context.row_at(*at)))
                    }
                    (None, alone) => alone.cloned(),
                };
                if let Some(other) = other {
                    return Err((Key::Name, Own::Namesake(other)));
                }
                if found.is_none() {
                    let here = Elsewhere::Row(context.row_at(row.at));
                    self.by_name_alone.insert(row.name.clone(), here);
                }
                Ok(found)
            }
        }
    }

    /// The one of that name in the unit, else the one whose unit nothing tells; people with and without a phone one
    /// after the other, as `phones` says.
    fn pick(
        &self,
        context: &Context<'_>,
        row: &Row,
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

    fn has_namesake_with_phone(&self, row: &Row) -> bool {
        let place =
            |has_number| Place { name: row.name.clone(), unit: Some(row.unit), has_phone: true, has_number };
        let is_registered = |id: &StaffId| self.names.contains_key(id);
        let named = [false, true].into_iter().filter_map(|has_number| self.by_place.get(&place(has_number)));
        row.phone.is_some()
            && row.indexes.is_empty()
            && named.filter_map(|ids| ids.first()).any(is_registered)
    }

    fn elsewhere(&self, context: &Context<'_>, id: StaffId) -> Elsewhere {
        match self.claims.get(&id) {
            Some((at, _)) => Elsewhere::Row(context.row_at(*at)),
            None => Elsewhere::Registered(self.names.get(&id).cloned().unwrap_or_default()),
        }
    }

    /// Rows below may be about the same person.
    fn add(&mut self, id: StaffId, row: &Row) {
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
        self.claims.entry(id).or_insert((row.at, row.unit));
    }
}
