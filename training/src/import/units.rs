//! Finds units and systems of the register by what rows call them.

use std::collections::HashMap;

use intake::cell::name_key;
use model::credit_code::CreditCode;
use model::id::{SystemId, UnitId};
use model::register::{Register, Unit};

use super::context::{Context, Record};
use super::reason::{Own, Reason};
use crate::columns::Key;

pub(super) struct Units<'a> {
    by_text: HashMap<String, Vec<&'a Unit>>,
    by_id: HashMap<UnitId, &'a Unit>,
    systems: HashMap<(UnitId, String), SystemId>,
}

impl<'a> Units<'a> {
    pub(super) fn of(register: &'a Register) -> Units<'a> {
        let mut by_text: HashMap<String, Vec<&Unit>> = HashMap::new();
        for unit in &register.units {
            by_text.entry(name_key(unit.code.as_str())).or_default().push(unit);
            by_text.entry(name_key(&unit.name)).or_default().push(unit);
        }
        let systems = register.systems.iter();
        let systems = systems.map(|system| ((system.unit, name_key(&system.name)), system.id)).collect();
        Units { by_text, by_id: register.units.iter().map(|unit| (unit.id, unit)).collect(), systems }
    }

    pub(super) fn resolve(&self, text: &str) -> Result<UnitId, Reason> {
        let key = name_key(text);
        match self.by_text.get(&key).map(Vec::as_slice) {
            Some([unit]) => Ok(unit.id),
            Some(several) => {
                let codes = several.iter().take(10).map(|unit| unit.code.to_string()).collect();
                Err(Own::AmbiguousUnit { codes }.into())
            }
            None => {
                let looks_like_code = key.len() == 18 && key.bytes().all(|b| b.is_ascii_alphanumeric());
                let code = key.to_ascii_uppercase().parse::<CreditCode>();
                Err(match code {
                    Err(error) if looks_like_code => Own::CreditCode(error).into(),
                    _ => Own::UnknownUnit.into(),
                })
            }
        }
    }

    /// The unit of a row; a fault if what it says is none.
    pub(super) fn of_row(&self, context: &mut Context<'_>, record: &Record) -> Option<UnitId> {
        let text = record.text(Key::Unit)?;
        let unit = self.resolve(text).map_err(|reason| context.fault(record.at, Key::Unit, reason)).ok()?;
        let registered = self.by_id.get(&unit)?;
        if let Some(name) = record.text(Key::UnitName)
            && ![name_key(&registered.name), name_key(registered.code.as_str())].contains(&name_key(name))
        {
            let registered = registered.name.clone();
            context.fault(record.at, Key::UnitName, Own::UnitNameDiffers { registered });
        }
        Some(unit)
    }

    /// What the register calls the unit of a row.
    pub(super) fn name_of_row(&self, record: &Record) -> Option<&'a str> {
        let unit = self.resolve(record.text(Key::Unit)?).ok()?;
        self.by_id.get(&unit).map(|unit| unit.name.as_str())
    }

    /// A system by its name, with `@unit` behind it if of another unit.
    pub(super) fn system(&self, own_unit: UnitId, text: &str) -> Result<SystemId, Reason> {
        // A name may hold an @ of its own.
        if let Some(system) = self.systems.get(&(own_unit, name_key(text))) {
            return Ok(*system);
        }
        let text = text.replace('＠', "@");
        let (name, unit) = match text.rsplit_once('@') {
            Some((name, unit)) => (name, self.resolve(unit)?),
            None => (text.as_str(), own_unit),
        };
        self.systems.get(&(unit, name_key(name))).copied().ok_or(Own::UnknownSystem.into())
    }
}
