//! What the stages of one import of the register share: what `intake` read and found, the import, fresh ids.

use std::collections::HashSet;
use std::ops::{Deref, DerefMut};

use intake::source::names_in;
use model::id::Mint;

use super::{Import, Value};
use crate::cell::name_key;
use crate::columns::{Key, RegisterSheets, SheetKey};

pub(crate) type Record = intake::context::Record<RegisterSheets>;

/// Faults and warnings are those of the sheets, which is what it dereferences to.
pub(crate) struct Context<'a> {
    pub(crate) import: &'a Import<'a>,
    pub(crate) mint: &'a mut dyn Mint,
    pub(crate) sheets: intake::context::Context<'a, RegisterSheets>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(import: &'a Import<'a>, mint: &'a mut dyn Mint) -> Context<'a> {
        Context { import, mint, sheets: intake::context::Context::new(import.tables) }
    }

    /// Names and codes by which rows may refer to units, those of the file as it says them.
    pub(crate) fn unit_names(&self) -> HashSet<String> {
        let registered = self.import.register.units.iter();
        let registered = registered.flat_map(|unit| [name_key(&unit.name), name_key(unit.code.as_str())]);
        let in_file =
            names_in::<RegisterSheets>(self.import.tables, SheetKey::Units, Key::Name, Key::CreditCode);
        registered.chain(in_file).filter(|name| !name.is_empty()).collect()
    }
}

impl<'a> Deref for Context<'a> {
    type Target = intake::context::Context<'a, RegisterSheets>;

    fn deref(&self) -> &Self::Target {
        &self.sheets
    }
}

impl DerefMut for Context<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.sheets
    }
}

/// The target that a row says.
pub(crate) fn target(record: &Record) -> Option<&model::register::AssetTarget> {
    match record.value(Key::Target) {
        Some(Value::Target(target)) => Some(target),
        _ => None,
    }
}
