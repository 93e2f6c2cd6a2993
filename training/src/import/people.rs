//! Finds the people that rows name: by name, `name/phone` or the last digits of it, each with `@unit` behind it, or by
//! ID number.

use std::collections::{BTreeMap, HashMap, HashSet};

use intake::cell::{self, name_key};
use intake::contact::phone_key;
use intake::context::At;
use model::id::{StaffId, UnitId};

use super::Entries;
use super::context::{Context, Record};
use super::reason::{Own, Reason, RowAt};
use super::units::Units;
use crate::columns::{Key, SheetKey};
use crate::id_number::IdNumber;
use crate::people::{Holding, Staff};

/// Shortest part of a phone number that stands for all of it.
const MIN_TAIL: usize = 4;
/// Among more namesakes than this nobody is looked for one by one: the whole phone, the unit or the ID number tells.
const MAX_NAMESAKES: usize = 200;
/// So many are told of those that a name may mean.
const MAX_CHOICES: usize = 10;

pub(super) struct PersonIndex {
    by_name: HashMap<String, Vec<Candidate>>,
    by_contact: HashMap<(String, String), Vec<StaffId>>,
    by_index: HashMap<String, StaffId>,
    by_unit: HashMap<(String, UnitId), HashSet<StaffId>>,
    /// Whose unit is known.
    placed: HashSet<StaffId>,
    names: HashMap<StaffId, String>,
    bad: BTreeMap<String, RowAt>,
    unread: Option<&'static str>,
}

struct Candidate {
    id: StaffId,
    name: String,
    phone: Option<String>,
    is_in_file: bool,
}

/// Everybody and every unit that a row may name.
pub(super) struct Refs<'a> {
    pub(super) units: &'a Units<'a>,
    pub(super) people: &'a PersonIndex,
}

impl Refs<'_> {
    /// The person of a row whose unit is that of the person, and tells namesakes apart.
    pub(super) fn of_row(&self, context: &mut Context<'_>, record: &Record) -> Option<StaffId> {
        let unit = self.units.of_row(context, record);
        let id = self.people.of_row(context, self.units, record, unit)?;
        if let Some(unit) = unit
            && self.people.is_elsewhere(id, unit)
            && record.text(Key::Person).is_some_and(is_bare_name)
        {
            context.fault(record.at, Key::Unit, Own::PersonElsewhere);
            return None;
        }
        Some(id)
    }
}

impl PersonIndex {
    /// `claims` are the units that rows of the file say people belong to.
    pub(super) fn new(
        context: &Context<'_>,
        records: &[Record],
        entries: &Entries<Staff>,
        claims: HashMap<StaffId, (At, UnitId)>,
    ) -> PersonIndex {
        let mut index = PersonIndex {
            by_name: HashMap::new(),
            by_contact: HashMap::new(),
            by_index: HashMap::new(),
            by_unit: HashMap::new(),
            placed: HashSet::new(),
            names: HashMap::new(),
            bad: context.bad_names(records, &[Key::Name]),
            unread: context.unread(SheetKey::Staff),
        };
        let mut units: Vec<(StaffId, UnitId)> = Vec::new();
        let all = entries.over(context, &context.import.records.staff);
        for (one, at) in all.filter(|(one, _)| one.forgotten_on.is_none()) {
            units.extend(one.unit.map(|unit| (one.id, unit)));
            let (name, phone) = (name_key(&one.name), one.phone.as_deref().map(phone_key));
            if let Some(phone) = &phone {
                index.by_contact.entry((name.clone(), phone.clone())).or_default().push(one.id);
            }
            index.by_index.extend(one.id_number.as_ref().map(|number| (number.index.clone(), one.id)));
            index.names.insert(one.id, name.clone());
            let candidate = Candidate {
                id: one.id,
                name: one.name.clone(),
                phone: one.phone.clone(),
                is_in_file: at.is_some(),
            };
            index.by_name.entry(name).or_default().push(candidate);
        }
        let claimed = claims.into_iter().filter(|(_, (at, _))| !context.is_bad(*at));
        units.extend(claimed.map(|(id, (_, unit))| (id, unit)));
        units.into_iter().for_each(|(id, unit)| index.add_unit(id, unit));
        index
    }

    /// From now on people belong to the units of their posts too. Rows of posts themselves must not be told apart by
    /// them: a file would be understood otherwise the next time.
    pub(super) fn add_posts<'a>(&mut self, holdings: impl Iterator<Item = &'a Holding>) {
        holdings.for_each(|one| self.add_unit(one.staff, one.unit));
    }

    fn add_unit(&mut self, id: StaffId, unit: UnitId) {
        if let Some(name) = self.names.get(&id) {
            self.by_unit.entry((name.clone(), unit)).or_default().insert(id);
            self.placed.insert(id);
        }
    }

    /// Whether it is known where somebody belongs, and that isn't in the unit.
    fn is_elsewhere(&self, id: StaffId, unit: UnitId) -> bool {
        let Some(name) = self.names.get(&id) else { return false };
        let is_there = self.by_unit.get(&(name.clone(), unit)).is_some_and(|ids| ids.contains(&id));
        self.placed.contains(&id) && !is_there
    }

    pub(super) fn of_row(
        &self,
        context: &mut Context<'_>,
        units: &Units<'_>,
        record: &Record,
        unit: Option<UnitId>,
    ) -> Option<StaffId> {
        let text = record.text(Key::Person)?;
        let found = self.resolve(context, units, unit, text);
        found.map_err(|reason| context.fault(record.at, Key::Person, reason)).ok()
    }

    fn resolve(
        &self,
        context: &Context<'_>,
        units: &Units<'_>,
        own_unit: Option<UnitId>,
        text: &str,
    ) -> Result<StaffId, Reason> {
        if looks_like_id_number(text) {
            let identity = context.import.identity.ok_or(Own::IdNumbersNotKept)?;
            let number: IdNumber = text.parse().map_err(Own::IdNumber)?;
            let indexes = identity.indexes(&number);
            let found = indexes.iter().find_map(|index| self.by_index.get(index));
            return found.copied().ok_or_else(|| self.unknown(""));
        }
        let text = text.replace('＠', "@").replace('／', "/");
        let (text, unit) = match text.rsplit_once('@') {
            Some((text, unit)) => (text, Some(units.resolve(unit)?)),
            None => (text.as_str(), None),
        };
        let (name, phone) = match text.split_once('/') {
            Some((name, phone)) => (name_key(name), Some(phone_key(phone))),
            None => (name_key(text), None),
        };
        let in_unit = |unit: UnitId| self.by_unit.get(&(name.clone(), unit));
        if let Some(phone) = &phone
            && let Some([id]) = self.by_contact.get(&(name.clone(), phone.clone())).map(Vec::as_slice)
            && unit.is_none_or(|unit| in_unit(unit).is_some_and(|ids| ids.contains(id)))
        {
            return Ok(*id);
        }
        let named = self.by_name.get(&name).map_or(&[][..], Vec::as_slice);
        let fits_phone = |one: &&Candidate| {
            let own = one.phone.as_deref().map(phone_key).unwrap_or_default();
            phone
                .as_ref()
                .is_none_or(|phone| *phone == own || phone.len() >= MIN_TAIL && own.ends_with(phone))
        };
        let fits_unit =
            |one: &&Candidate| unit.is_none_or(|unit| in_unit(unit).is_some_and(|ids| ids.contains(&one.id)));
        if phone.is_none()
            && let Some(ids) = unit.or(own_unit).and_then(in_unit)
            && ids.len() == 1
        {
            return ids.iter().next().copied().ok_or_else(|| self.unknown(&name));
        }
        if named.len() > MAX_NAMESAKES {
            return Err(ambiguous(named.iter()));
        }
        let fitting: Vec<&Candidate> = named.iter().filter(fits_phone).filter(fits_unit).collect();
        let own = own_unit.and_then(in_unit).filter(|_| unit.is_none());
        let of_own: Vec<&Candidate> =
            fitting.iter().copied().filter(|one| own.is_some_and(|ids| ids.contains(&one.id))).collect();
        let fitting = if of_own.is_empty() { fitting } else { of_own };
        match fitting.as_slice() {
            [] => Err(self.unknown(&name)),
            [one] => Ok(one.id),
            several => {
                // A plain name means the one that the file itself lists.
                let mut in_file = several.iter().filter(|one| one.is_in_file);
                match (in_file.next(), in_file.next()) {
                    (Some(one), None) => Ok(one.id),
                    _ => Err(ambiguous(several.iter().copied())),
                }
            }
        }
    }

    fn unknown(&self, name: &str) -> Reason {
        match (self.bad.get(name), self.unread) {
            (Some(row), _) => Reason::RefersToBadRow(row.clone()),
            (None, Some(sheet)) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
            (None, None) => Own::UnknownPerson.into(),
        }
    }
}

fn ambiguous<'a>(several: impl Iterator<Item = &'a Candidate>) -> Reason {
    let full = |one: &Candidate| format!("{}/{}", one.name, one.phone.as_deref().unwrap_or_default());
    Own::AmbiguousPerson { choices: several.take(MAX_CHOICES).map(full).collect() }.into()
}

/// Neither a phone nor a unit is given with the name, nor an ID number in its place.
fn is_bare_name(text: &str) -> bool {
    !text.contains(['/', '／', '@', '＠']) && !looks_like_id_number(text)
}

fn looks_like_id_number(text: &str) -> bool {
    let places: Vec<char> = cell::fold(text).chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let n_digits = places.iter().filter(|c| c.is_ascii_digit()).count();
    (14..=20).contains(&places.len()) && n_digits >= 14 && places.iter().all(char::is_ascii_alphanumeric)
}

/// The name in what refers to a person.
pub(crate) fn person_part(text: &str) -> String {
    text.split(['/', '@', '／', '＠']).next().unwrap_or_default().to_owned()
}
