//! Rows of the sheets 排除 and 备案服务: what is said about targets.

use model::id::{DeclaredServiceId, ExclusionId};
use model::port::Transport;
use model::register::{DeclaredService, Exclusion};

use super::Entries;
use super::assets::AssetIndex;
use super::context::{Context, Record, target};
use super::protection::MissingExclusions;
use super::units::UnitIndex;
use super::value::Value;
use crate::columns::{Key, RegisterSheets, SheetKey};
use intake::stage::{Registered, Stage};

impl Registered<RegisterSheets> for Exclusion {
    type Id = ExclusionId;
    const SHEET: SheetKey = SheetKey::Exclusions;
    const KEY_COLUMN: Key = Key::Target;
    fn id(&self) -> ExclusionId {
        self.id
    }
}

impl Registered<RegisterSheets> for DeclaredService {
    type Id = DeclaredServiceId;
    const SHEET: SheetKey = SheetKey::Services;
    const KEY_COLUMN: Key = Key::Port;
    fn id(&self) -> DeclaredServiceId {
        self.id
    }
}

pub(super) struct Exclusions {
    pub(super) entries: Entries<Exclusion>,
    /// What the file meant to protect and didn't.
    pub(super) missing: MissingExclusions,
}

pub(super) fn exclusions(context: &mut Context<'_>, records: &[Record], units: &UnitIndex) -> Exclusions {
    let registered = context.import.register.exclusions.iter();
    let keys = registered.map(|exclusion| ((exclusion.unit, exclusion.target.clone()), exclusion.id));
    let mut ids = Stage::new(keys);
    let mut entries = Entries::default();
    for record in records {
        let unit = units.of_row(context, record);
        let exclusion = unit.filter(|_| !context.is_bad(record.at)).and_then(|unit| {
            let target = target(record)?.clone();
            let reason = record.text(Key::Reason)?.to_owned();
            let until = record.date(Key::Until)?;
            let id = ids.id_of((unit, target.clone()), || ExclusionId::mint(context.mint));
            Some(Exclusion { id, unit, target, reason, until })
        });
        if let Some(exclusion) = exclusion {
            entries.push(context, record.at, exclusion);
        }
    }
    let missing = MissingExclusions::new(context, records, units);
    Exclusions { entries, missing }
}

pub(super) fn services(
    context: &mut Context<'_>,
    records: &[Record],
    units: &UnitIndex,
    assets: &AssetIndex,
) -> Entries<DeclaredService> {
    let register = context.import.register;
    let key =
        |service: &DeclaredService| (service.unit, service.target.clone(), service.port, service.transport);
    let mut ids = Stage::new(register.services.iter().map(|service| (key(service), service.id)));
    let known: std::collections::HashMap<DeclaredServiceId, &DeclaredService> =
        register.services.iter().map(|service| (service.id, service)).collect();
    let mut entries = Entries::default();
    for record in records {
        let unit = units.of_row(context, record);
        if let (Some(unit), Some(target)) = (unit, target(record))
            && let Err(reason) = assets.check(unit, target)
        {
            context.fault(record.at, Key::Target, reason);
        }
        if context.is_bad(record.at) {
            continue;
        }
        let service = unit.and_then(|unit| {
            let (port, transport) = (port(record)?, transport(record)?);
            let target = target(record)?.clone();
            let key = (unit, target.clone(), port, transport);
            let id = ids.id_of(key, || DeclaredServiceId::mint(context.mint));
            let kept = known.get(&id).and_then(|service| service.declared_on);
            Some(DeclaredService {
                id,
                unit,
                target,
                port,
                transport,
                service: record.text(Key::Service)?.to_owned(),
                purpose: record.text(Key::Purpose)?.to_owned(),
                approver: record.text(Key::Approver)?.to_owned(),
                declared_on: record.date_or_kept(Key::DeclaredOn, kept),
                until: record.date(Key::Until)?,
            })
        });
        let Some(service) = service else { continue };
        match service.declared_on {
            Some(from) if service.until < from => {
                let days = (from, service.until);
                context.reversed(record.at, (Key::DeclaredOn, Key::Until), days);
            }
            _ => entries.push(context, record.at, service),
        }
    }
    entries
}

fn port(record: &Record) -> Option<u16> {
    match record.value(Key::Port) {
        Some(Value::Port(port)) => Some(*port),
        _ => None,
    }
}

fn transport(record: &Record) -> Option<Transport> {
    match record.value(Key::Transport) {
        Some(Value::Transport(transport)) => Some(*transport),
        _ => None,
    }
}
