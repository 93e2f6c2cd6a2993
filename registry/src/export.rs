//! The register as sheets, with the columns of the template. Importing them changes nothing.
//!
//! It writes references in the shortest form that an import resolves without doubt.

use std::collections::HashMap;

use chrono::NaiveDate;
use intake::template::filled_in;
use model::id::{PersonId, SystemId, UnitId};
use model::register::{Answerable, Asset, DeclaredService, Exclusion, Person, Register, System, Unit};

use crate::cell::name_key;
use crate::columns::{Key, SHEETS, SheetKey, SheetSpec};
use crate::table::{CellIn, SheetOut};

/// One sheet for each of the register's, in the order of the template.
pub fn export(register: &Register) -> Vec<SheetOut> {
    let names = Names::of(register);
    SHEETS.iter().map(|spec| sheet(spec, register, &names)).collect()
}

fn sheet(spec: &SheetSpec, register: &Register, names: &Names<'_>) -> SheetOut {
    match spec.key {
        SheetKey::Units => filled_in(spec, register.units.iter(), |unit, key| of_unit(unit, key, names)),
        SheetKey::People => {
            filled_in(spec, register.people.iter(), |person, key| of_person(person, key, names))
        }
        SheetKey::Systems => {
            filled_in(spec, register.systems.iter(), |system, key| of_system(system, key, names))
        }
        SheetKey::Assets => filled_in(spec, register.assets.iter(), |asset, key| of_asset(asset, key, names)),
        SheetKey::Exclusions => {
            let entries = register.exclusions.iter();
            filled_in(spec, entries, |exclusion, key| of_exclusion(exclusion, key, names))
        }
        SheetKey::Services => {
            let entries = register.services.iter();
            filled_in(spec, entries, |service, key| of_service(service, key, names))
        }
    }
}

pub(crate) fn of_unit(unit: &Unit, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Name => text(&unit.name),
        Key::CreditCode => text(unit.code.as_str()),
        Key::Parent => unit.parent.map_or(CellIn::Empty, |parent| names.unit(parent)),
        Key::Region => unit.region.as_ref().map_or(CellIn::Empty, |code| text(code.as_str())),
        Key::RegionFrom => date(unit.region_valid.from()),
        Key::RegionUntil => date(unit.region_valid.until()),
        Key::From => date(unit.valid.from()),
        Key::Until => date(unit.valid.until()),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_person(person: &Person, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Unit => names.unit(person.unit),
        Key::Name => text(&person.name),
        Key::Post => optional(person.post.as_deref()),
        Key::Phone => optional(person.phone.as_deref()),
        Key::Email => optional(person.email.as_deref()),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_system(system: &System, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Unit => names.unit(system.unit),
        Key::Name => text(&system.name),
        Key::Level => text(&system.level.map_or("未定级".to_owned(), |level| u8::from(level).to_string())),
        _ => of_answerable(system.answerable, system.unit, key, names),
    }
}

fn of_answerable(answerable: Answerable, unit: UnitId, key: Key, names: &Names<'_>) -> CellIn {
    let person = match key {
        Key::InCharge => answerable.in_charge,
        Key::Operator => answerable.operator,
        Key::User => answerable.user,
        _ => None,
    };
    person.map_or(CellIn::Empty, |person| names.person(person, unit))
}

pub(crate) fn of_asset(asset: &Asset, key: Key, names: &Names<'_>) -> CellIn {
    let leave = asset.authorisation.as_ref();
    match key {
        Key::Unit => names.unit(asset.unit),
        Key::System => asset.system.map_or(CellIn::Empty, |system| names.system(system, asset.unit)),
        Key::Target => text(&asset.target.to_string()),
        Key::From => date(asset.owned.from()),
        Key::Until => date(asset.owned.until()),
        Key::Approver => optional(leave.map(|leave| leave.approver.as_str())),
        Key::AuthorisedFrom => date(leave.and_then(|leave| leave.valid_from)),
        Key::AuthorisedUntil => date(leave.map(|leave| leave.valid_until)),
        Key::ScanWindow => {
            asset.scan_window.as_ref().map_or(CellIn::Empty, |window| text(&window.to_string()))
        }
        Key::Note => optional(asset.note.as_deref()),
        _ => of_answerable(asset.answerable, asset.unit, key, names),
    }
}

pub(crate) fn of_exclusion(exclusion: &Exclusion, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Unit => names.unit(exclusion.unit),
        Key::Target => text(&exclusion.target.to_string()),
        Key::Reason => text(&exclusion.reason),
        Key::Until => date(Some(exclusion.until)),
        _ => CellIn::Empty,
    }
}

pub(crate) fn of_service(service: &DeclaredService, key: Key, names: &Names<'_>) -> CellIn {
    match key {
        Key::Unit => names.unit(service.unit),
        Key::Target => text(&service.target.to_string()),
        Key::Port => CellIn::Number(f64::from(service.port)),
        Key::Transport => text(service.transport.as_str()),
        Key::Service => text(&service.service),
        Key::Purpose => text(&service.purpose),
        Key::Approver => text(&service.approver),
        Key::DeclaredOn => date(service.declared_on),
        Key::Until => date(Some(service.until)),
        _ => CellIn::Empty,
    }
}

fn text(text: &str) -> CellIn {
    CellIn::Text(text.to_owned())
}

fn optional(value: Option<&str>) -> CellIn {
    value.map_or(CellIn::Empty, text)
}

fn date(day: Option<NaiveDate>) -> CellIn {
    day.map_or(CellIn::Empty, CellIn::Date)
}

/// How entries are referred to.
pub(crate) struct Names<'a> {
    units: HashMap<UnitId, &'a Unit>,
    people: HashMap<PersonId, &'a Person>,
    systems: HashMap<SystemId, &'a System>,
    n_namesakes: HashMap<(UnitId, String), usize>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(register: &'a Register) -> Names<'a> {
        let mut n_namesakes = HashMap::new();
        for person in &register.people {
            *n_namesakes.entry((person.unit, name_key(&person.name))).or_insert(0) += 1;
        }
        Names {
            units: register.units.iter().map(|unit| (unit.id, unit)).collect(),
            people: register.people.iter().map(|person| (person.id, person)).collect(),
            systems: register.systems.iter().map(|system| (system.id, system)).collect(),
            n_namesakes,
        }
    }

    fn code(&self, unit: UnitId) -> &str {
        self.units.get(&unit).map_or("", |unit| unit.code.as_str())
    }

    fn unit(&self, unit: UnitId) -> CellIn {
        text(self.code(unit))
    }

    fn person(&self, id: PersonId, own_unit: UnitId) -> CellIn {
        let Some(person) = self.people.get(&id) else { return CellIn::Empty };
        let mut written = person.name.clone();
        let n_namesakes = self.n_namesakes.get(&(person.unit, name_key(&person.name))).copied();
        if n_namesakes.unwrap_or(0) > 1 {
            written = format!("{written}/{}", person.phone.as_deref().unwrap_or_default());
        }
        if person.unit != own_unit {
            written = format!("{written}@{}", self.code(person.unit));
        }
        text(&written)
    }

    fn system(&self, id: SystemId, own_unit: UnitId) -> CellIn {
        let Some(system) = self.systems.get(&id) else { return CellIn::Empty };
        if system.unit == own_unit {
            text(&system.name)
        } else {
            text(&format!("{}@{}", system.name, self.code(system.unit)))
        }
    }
}
