//! What an import does to the register, as values; and its pure application.
//!
//! Upserts only: an import never removes anything. What ends, ends by its dates.

use model::register::{Asset, DeclaredService, Exclusion, Person, Register, System, Unit};

/// New and changed entries of each kind as full values, to be stored in one transaction, in this order.
///
/// An entry whose id the register holds replaces that entry; any other is new.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegisterChange {
    pub units: Vec<Unit>,
    pub people: Vec<Person>,
    pub systems: Vec<System>,
    pub assets: Vec<Asset>,
    pub exclusions: Vec<Exclusion>,
    pub services: Vec<DeclaredService>,
}

impl RegisterChange {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of entries of all kinds.
    pub fn len(&self) -> usize {
        self.units.len()
            + self.people.len()
            + self.systems.len()
            + self.assets.len()
            + self.exclusions.len()
            + self.services.len()
    }
}

/// The register after a change.
pub fn apply(register: &Register, change: &RegisterChange) -> Register {
    Register {
        units: upsert(&register.units, &change.units, |unit| unit.id),
        people: upsert(&register.people, &change.people, |person| person.id),
        systems: upsert(&register.systems, &change.systems, |system| system.id),
        assets: upsert(&register.assets, &change.assets, |asset| asset.id),
        exclusions: upsert(&register.exclusions, &change.exclusions, |exclusion| exclusion.id),
        services: upsert(&register.services, &change.services, |service| service.id),
    }
}

/// Known entries with those of the change over them, in the order of ids, which is the order of registering.
fn upsert<T: Clone, Id: Ord>(known: &[T], changed: &[T], id: impl Fn(&T) -> Id) -> Vec<T> {
    let mut by_id: std::collections::BTreeMap<Id, &T> =
        known.iter().map(|entry| (id(entry), entry)).collect();
    by_id.extend(changed.iter().map(|entry| (id(entry), entry)));
    by_id.into_values().cloned().collect()
}

#[cfg(test)]
mod tests {
    use model::id::{CountingMint, PersonId, UnitId};

    use super::*;

    #[test]
    fn a_known_id_is_replaced_and_another_one_added_in_the_order_of_ids() {
        let mint = &mut CountingMint::default();
        let unit = UnitId::mint(mint);
        let person =
            |id, name: &str| Person { id, unit, name: name.to_owned(), post: None, phone: None, email: None };
        let [first, second, third] = [(); 3].map(|()| PersonId::mint(mint));
        let register = Register {
            people: vec![person(first, "虚构甲"), person(third, "虚构丙")],
            ..Register::default()
        };
        let people = vec![person(second, "虚构乙"), person(first, "虚构甲甲")];
        let change = RegisterChange { people, ..RegisterChange::default() };
        let names: Vec<String> =
            apply(&register, &change).people.into_iter().map(|person| person.name).collect();
        assert_eq!(names, ["虚构甲甲", "虚构乙", "虚构丙"]);
        assert_eq!(change.len(), 2);
        assert_eq!(apply(&register, &RegisterChange::default()), register);
    }
}
