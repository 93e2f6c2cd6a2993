//! Rows of the sheet 人员, and finding the people that other sheets name.

use std::collections::{BTreeMap, HashMap};

use model::id::{PersonId, UnitId};
use model::register::{Answerable, Person};

use super::Entries;
use super::context::{Context, Record};
use super::units::UnitIndex;
use crate::cell::{fold, name_key};
use crate::columns::{Key, RegisterSheets, SheetKey};
use crate::reason::{Own, Reason, RowAt};
use intake::contact::phone_key;
use intake::stage::{Registered, Stage};

impl Registered<RegisterSheets> for Person {
    type Id = PersonId;
    const SHEET: SheetKey = SheetKey::People;
    const KEY_COLUMN: Key = Key::Name;
    fn id(&self) -> PersonId {
        self.id
    }
}

pub(super) struct People {
    pub(super) entries: Entries<Person>,
    pub(super) index: PersonIndex,
}

/// Finds people by `name`, `name/phone`, each with `@unit` behind it if of another unit.
pub(super) struct PersonIndex {
    by_name: HashMap<(UnitId, String), Vec<Candidate>>,
    bad: BTreeMap<String, RowAt>,
    unread: Option<&'static str>,
}

struct Candidate {
    id: PersonId,
    name: String,
    phone: Option<String>,
    is_in_file: bool,
}

pub(super) fn stage(context: &mut Context<'_>, records: &[Record], units: &UnitIndex) -> People {
    let register = context.import.register;
    let known: HashMap<PersonId, &Person> =
        register.people.iter().map(|person| (person.id, person)).collect();
    let key = |unit: UnitId, name: &str, phone: Option<&str>| (unit, name_key(name), phone.map(phone_key));
    let registered = register.people.iter();
    let mut ids = Stage::new(
        registered.map(|person| (key(person.unit, &person.name, person.phone.as_deref()), person.id)),
    );
    let mut entries = Entries::default();
    for record in records {
        let unit = units.of_row(context, record);
        let (Some(unit), Some(name)) = (unit, record.text(Key::Name)) else { continue };
        if context.is_bad(record.at) {
            continue;
        }
        let phone = record.text(Key::Phone);
        let id = ids.id_of(key(unit, name, phone), || PersonId::mint(context.mint));
        let known = known.get(&id).copied();
        let person = Person {
            id,
            unit,
            name: name.to_owned(),
            post: record.text_or_kept(Key::Post, known.and_then(|person| person.post.as_ref())),
            phone: phone.map(str::to_owned),
            email: record.text_or_kept(Key::Email, known.and_then(|person| person.email.as_ref())),
        };
        entries.push(context, record.at, person);
    }
    let index = PersonIndex::new(context, records, &entries);
    People { entries, index }
}

impl PersonIndex {
    fn new(context: &Context<'_>, records: &[Record], entries: &Entries<Person>) -> PersonIndex {
        let mut by_name: HashMap<(UnitId, String), Vec<Candidate>> = HashMap::new();
        for (person, at) in entries.over(context, &context.import.register.people) {
            let (name, phone) = (person.name.clone(), person.phone.clone());
            let candidate = Candidate { id: person.id, name, phone, is_in_file: at.is_some() };
            by_name.entry((person.unit, name_key(&person.name))).or_default().push(candidate);
        }
        let bad = context.bad_names(records, &[Key::Name]);
        PersonIndex { by_name, bad, unread: context.unread(SheetKey::People) }
    }

    fn resolve(&self, units: &UnitIndex, own_unit: UnitId, text: &str) -> Result<PersonId, Reason> {
        let text = text.replace('＠', "@").replace('／', "/");
        let (text, unit) = match text.rsplit_once('@') {
            Some((text, unit)) => (text, units.resolve(unit)?),
            None => (text.as_str(), own_unit),
        };
        let (name, phone) = match text.split_once('/') {
            Some((name, phone)) => (name, Some(phone_key(&fold(phone)))),
            None => (text, None),
        };
        let name = name_key(name);
        let named = self.by_name.get(&(unit, name.clone())).map_or(&[][..], Vec::as_slice);
        let with_phone: Vec<&Candidate> = named
            .iter()
            .filter(|person| {
                let own = person.phone.as_deref().map(phone_key).unwrap_or_default();
                phone.as_ref().is_none_or(|phone| *phone == own)
            })
            .collect();
        match with_phone.as_slice() {
            [] => Err(match (self.bad.get(&name), self.unread) {
                (Some(row), _) => Reason::RefersToBadRow(row.clone()),
                (None, Some(sheet)) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
                (None, None) => Own::UnknownPerson.into(),
            }),
            [person] => Ok(person.id),
            several => {
                // A changed phone makes a new person; a plain name means the one that the file itself lists.
                let mut in_file = several.iter().filter(|person| person.is_in_file);
                match (in_file.next(), in_file.next()) {
                    (Some(person), None) => Ok(person.id),
                    _ => Err(Own::AmbiguousPerson {
                        choices: several.iter().map(|person| person.full()).collect(),
                    }
                    .into()),
                }
            }
        }
    }

    /// The three people that a row names; those of a column that the file lacks are kept.
    pub(super) fn answerable(
        &self,
        context: &mut Context<'_>,
        units: &UnitIndex,
        record: &Record,
        unit: UnitId,
        kept: Answerable,
    ) -> Answerable {
        let mut of = |key: Key, kept: Option<PersonId>| {
            let said = record.text(key).and_then(|text| {
                let found = self.resolve(units, unit, text);
                found.map_err(|reason| context.fault(record.at, key, reason)).ok()
            });
            record.or_kept(key, said, kept)
        };
        Answerable {
            in_charge: of(Key::InCharge, kept.in_charge),
            operator: of(Key::Operator, kept.operator),
            user: of(Key::User, kept.user),
        }
    }
}

impl Candidate {
    fn full(&self) -> String {
        format!("{}/{}", self.name, self.phone.as_deref().unwrap_or_default())
    }
}
