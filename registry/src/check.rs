//! What is wrong or ageing in the register as it is stored.

mod remark;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate};
use model::addr::{AddrRange, AddrSet};
use model::id::{PersonId, SystemId, UnitId};
use model::region::RegionTable;
use model::register::{Answerable, Asset, AssetTarget, Register, System, Unit};

use crate::cell::name_key;
use crate::import::holds;
use crate::overlap;
pub use remark::{Remark, RemarkKind, Role, Weight};

/// So many days before an end it is told that something ends.
pub const WARN_DAYS: u64 = 30;

/// All remarks, errors first, then by unit and object.
pub fn check(register: &Register, regions: &RegionTable, today: NaiveDate) -> Vec<Remark> {
    let mut check = Check {
        register,
        today,
        soon: today.checked_add_days(Days::new(WARN_DAYS)).unwrap_or(NaiveDate::MAX),
        units: register.units.iter().map(|unit| (unit.id, unit)).collect(),
        systems: register.systems.iter().map(|system| (system.id, system)).collect(),
        remarks: Vec::new(),
    };
    check.units(regions);
    check.people();
    check.systems();
    check.assets();
    check.overlaps();
    check.exclusions();
    check.services();
    let mut remarks = check.remarks;
    remarks.sort_by(|a, b| {
        (a.weight, &a.unit_name, a.unit, &a.object).cmp(&(b.weight, &b.unit_name, b.unit, &b.object))
    });
    remarks
}

struct Check<'a> {
    register: &'a Register,
    today: NaiveDate,
    soon: NaiveDate,
    units: HashMap<UnitId, &'a Unit>,
    systems: HashMap<SystemId, &'a System>,
    remarks: Vec<Remark>,
}

impl Check<'_> {
    fn name(&self, unit: UnitId) -> String {
        self.units.get(&unit).map(|unit| unit.name.clone()).unwrap_or_default()
    }

    fn add(&mut self, unit: UnitId, object: impl ToString, kind: RemarkKind) {
        let (unit_name, object) = (self.name(unit), object.to_string());
        self.remarks.push(Remark { weight: kind.weight(), unit, unit_name, object, kind });
    }

    fn ending(&mut self, unit: UnitId, object: impl ToString, until: NaiveDate, kinds: (EndKind, EndKind)) {
        if until < self.today {
            self.add(unit, object, kinds.0(until));
        } else if until <= self.soon {
            self.add(unit, object, kinds.1(until));
        }
    }

    fn units(&mut self, regions: &RegionTable) {
        let today = self.today;
        let owned = self.register.assets.iter().filter(|asset| asset.owned.contains(today));
        let owners: HashSet<UnitId> = owned.map(|asset| asset.unit).collect();
        for unit in self.register.units.iter().filter(|unit| unit.valid.contains(today)) {
            if !owners.contains(&unit.id) {
                self.add(unit.id, &unit.name, RemarkKind::NoAssets);
            }
            let region = unit.region.as_ref().filter(|_| unit.region_valid.contains(today));
            if let Some(region) = region.and_then(|code| regions.get(code))
                && let Some(until) = region.valid.until().filter(|until| *until < today)
            {
                let successor = region.successor.as_ref().map(ToString::to_string);
                self.add(unit.id, &region.code, RemarkKind::RegionAbolished { until, successor });
            }
        }
    }

    fn people(&mut self) {
        let mut namesakes: BTreeMap<(UnitId, String), Vec<PersonId>> = BTreeMap::new();
        for person in &self.register.people {
            let of_name = namesakes.entry((person.unit, name_key(&person.name))).or_default();
            of_name.push(person.id);
            if of_name.len() == 2 {
                self.add(person.unit, &person.name, RemarkKind::Namesakes);
            }
        }
    }

    fn systems(&mut self) {
        for system in self.register.systems.iter().filter(|system| system.level.is_none()) {
            self.add(system.unit, &system.name, RemarkKind::NoLevel);
        }
    }

    fn assets(&mut self) {
        let (register, today) = (self.register, self.today);
        for asset in register.assets.iter().filter(|asset| !asset.owned.is_over(today)) {
            let missing = self.missing_roles(asset);
            if !missing.is_empty() {
                self.add(asset.unit, &asset.target, RemarkKind::NobodyAnswers { missing });
            }
            // No import takes one; a register may hold it from elsewhere.
            if asset.scan_window.is_some() && matches!(asset.target, AssetTarget::Host(_)) {
                self.add(asset.unit, &asset.target, RemarkKind::WindowOfHost);
            }
            match &asset.authorisation {
                None => self.add(asset.unit, &asset.target, RemarkKind::NotAuthorised),
                Some(leave) => self.ending(
                    asset.unit,
                    &asset.target,
                    leave.valid_until,
                    (
                        |until| RemarkKind::AuthorisationEnded { until },
                        |until| RemarkKind::AuthorisationEnds { until },
                    ),
                ),
            }
        }
    }

    /// As [`Register::answerable`] has it, without its search through all systems.
    fn missing_roles(&self, asset: &Asset) -> Vec<Role> {
        let system = asset.system.and_then(|id| self.systems.get(&id));
        let of_system = system.map(|system| system.answerable).unwrap_or_default();
        let own = asset.answerable;
        let answerable = Answerable {
            in_charge: own.in_charge.or(of_system.in_charge),
            operator: own.operator.or(of_system.operator),
            user: own.user.or(of_system.user),
        };
        let roles = [
            (Role::InCharge, answerable.in_charge),
            (Role::Operator, answerable.operator),
            (Role::User, answerable.user),
        ];
        roles.into_iter().filter(|(_, person)| person.is_none()).map(|(role, _)| role).collect()
    }

    fn overlaps(&mut self) {
        let assets: Vec<&Asset> = self.register.assets.iter().collect();
        for conflict in overlap::conflicts(&assets) {
            let (Some(a), Some(b)) = (assets.get(conflict.a), assets.get(conflict.b)) else { continue };
            for (asset, other) in [(a, b), (b, a)] {
                let other_unit = self.name(other.unit);
                let kind = RemarkKind::Overlap { other_unit, other_target: other.target.to_string() };
                self.add(asset.unit, &asset.target, kind);
            }
        }
    }

    fn exclusions(&mut self) {
        let register = self.register;
        let mut owned: HashMap<UnitId, Vec<AddrRange>> = HashMap::new();
        for asset in &register.assets {
            if let AssetTarget::Addresses(range) = &asset.target {
                owned.entry(asset.unit).or_default().push(*range);
            }
        }
        let owned: HashMap<UnitId, AddrSet> =
            owned.into_iter().map(|(unit, ranges)| (unit, ranges.into())).collect();
        for exclusion in &register.exclusions {
            self.ending(
                exclusion.unit,
                &exclusion.target,
                exclusion.until,
                (|until| RemarkKind::ExclusionEnded { until }, |until| RemarkKind::ExclusionEnds { until }),
            );
            if exclusion.until < self.today {
                continue;
            }
            let is_held = |range| owned.get(&exclusion.unit).is_some_and(|addresses| holds(addresses, range));
            match &exclusion.target {
                AssetTarget::Addresses(range) if is_held(range) => {}
                AssetTarget::Addresses(_) => {
                    self.add(exclusion.unit, &exclusion.target, RemarkKind::ExclusionOutsideAssets);
                }
                // No import takes one; a register may hold it from elsewhere.
                AssetTarget::Host(_) => {
                    self.add(exclusion.unit, &exclusion.target, RemarkKind::ExclusionOfHost);
                }
            }
        }
    }

    fn services(&mut self) {
        let register = self.register;
        for service in &register.services {
            let object =
                format!("{} {}/{} {}", service.target, service.port, service.transport, service.service);
            self.ending(
                service.unit,
                object,
                service.until,
                (|until| RemarkKind::ServiceEnded { until }, |until| RemarkKind::ServiceEnds { until }),
            );
        }
    }
}

type EndKind = fn(NaiveDate) -> RemarkKind;
