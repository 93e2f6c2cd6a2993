//! What ids are called, for lists.

use std::collections::HashMap;

use model::id::{StaffId, SystemId, UnitId};
use model::register::Register;
use training::records::Records;

pub struct Names<'a> {
    units: HashMap<UnitId, &'a str>,
    systems: HashMap<SystemId, &'a str>,
    staff: HashMap<StaffId, &'a str>,
}

impl<'a> Names<'a> {
    pub fn of(register: &'a Register, records: &'a Records) -> Names<'a> {
        Names {
            units: register.units.iter().map(|one| (one.id, one.name.as_str())).collect(),
            systems: register.systems.iter().map(|one| (one.id, one.name.as_str())).collect(),
            staff: records.staff.iter().map(|one| (one.id, one.name.as_str())).collect(),
        }
    }

    pub fn unit(&self, id: UnitId) -> &'a str {
        self.units.get(&id).copied().unwrap_or_default()
    }

    pub fn system(&self, id: Option<SystemId>) -> &'a str {
        id.and_then(|id| self.systems.get(&id).copied()).unwrap_or_default()
    }

    pub fn staff(&self, id: StaffId) -> &'a str {
        self.staff.get(&id).copied().unwrap_or_default()
    }

    /// Names of several people, in one cell.
    pub fn people(&self, ids: &[StaffId]) -> String {
        ids.iter().map(|id| self.staff(*id)).collect::<Vec<_>>().join("、")
    }
}
