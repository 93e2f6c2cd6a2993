//! What the stages of one import share: what `intake` read and found, the import, fresh ids; and what kinds of entry
//! there are.

use std::collections::HashSet;
use std::ops::{Deref, DerefMut};

use intake::cell::name_key;
use intake::source::names_in;
use intake::stage::Registered;
use model::id::{AttemptId, HoldingId, Mint, PostCertificateId, SittingId, StaffId, TermId, WaiverId};

use super::Import;
use crate::certificates::PostCertificate;
use crate::columns::{Key, SheetKey, TrainingSheets};
use crate::people::{Holding, Staff};
use crate::sittings::{Attempt, Attendance, Sitting, Term, Waiver};

pub(super) type Record = intake::context::Record<TrainingSheets>;

/// Faults and warnings are those of the sheets, which is what it dereferences to.
pub(super) struct Context<'a> {
    pub(super) import: &'a Import<'a>,
    pub(super) mint: &'a mut dyn Mint,
    pub(super) sheets: intake::context::Context<'a, TrainingSheets>,
}

impl<'a> Context<'a> {
    pub(super) fn new(import: &'a Import<'a>, mint: &'a mut dyn Mint) -> Context<'a> {
        Context { import, mint, sheets: intake::context::Context::new(import.tables) }
    }

    /// Names and codes by which rows refer to units and people. Of the file's own people only those with a phone:
    /// a footer has none.
    pub(super) fn names(&self) -> HashSet<String> {
        let units = self.import.register.units.iter();
        let units = units.flat_map(|unit| [name_key(&unit.name), name_key(unit.code.as_str())]);
        let staff = self.import.records.staff.iter().map(|one| name_key(&one.name));
        let in_file = names_in::<TrainingSheets>(self.import.tables, SheetKey::Staff, Key::Name, Key::Phone);
        units.chain(staff).chain(in_file).filter(|name| !name.is_empty()).collect()
    }
}

impl<'a> Deref for Context<'a> {
    type Target = intake::context::Context<'a, TrainingSheets>;

    fn deref(&self) -> &Self::Target {
        &self.sheets
    }
}

impl DerefMut for Context<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.sheets
    }
}

macro_rules! registered {
    ($($entry:ty { $id:ty, $sheet:ident, $key:ident, $of:expr })*) => {$(
        impl Registered<TrainingSheets> for $entry {
            type Id = $id;
            const SHEET: SheetKey = SheetKey::$sheet;
            const KEY_COLUMN: Key = Key::$key;
            fn id(&self) -> $id {
                let of: fn(&$entry) -> $id = $of;
                of(self)
            }
        }
    )*};
}

registered! {
    Staff { StaffId, Staff, Name, |one| one.id }
    Holding { HoldingId, Holdings, Person, |one| one.id }
    Term { TermId, Terms, Code, |one| one.id }
    Sitting { SittingId, Sittings, Code, |one| one.id }
    Attendance { (SittingId, StaffId), Attendance, Person, |one| (one.sitting, one.staff) }
    Attempt { AttemptId, Scores, Person, |one| one.id }
    PostCertificate { PostCertificateId, OldCertificates, Number, |one| one.id }
    Waiver { WaiverId, Waivers, Evidence, |one| one.id }
}
