//! Rows of the sheet 资产.

use std::collections::{HashMap, HashSet};

use model::addr::{AddrRange, AddrSet};
use model::host_name::HostName;
use model::id::{AssetId, UnitId};
use model::register::{Asset, AssetTarget, Authorisation};

use super::Entries;
use super::context::{Context, Record, target};
use super::overlaps;
use super::protection::MissingExclusions;
use super::systems::Known;
use super::units::interval;
use super::value::Value;
use crate::cell;
use crate::columns::{Key, RegisterSheets, SheetKey};
use crate::reason::{Own, Reason, RowAt};
use intake::stage::{Registered, Stage};

/// A unit may own at most a /8 of IPv4 and a /48 of IPv6: anything wider is a slip of the pen.
const SHORTEST_V4: u8 = 8;
const SHORTEST_V6: u8 = 48;

impl Registered<RegisterSheets> for Asset {
    type Id = AssetId;
    const SHEET: SheetKey = SheetKey::Assets;
    const KEY_COLUMN: Key = Key::Target;
    fn id(&self) -> AssetId {
        self.id
    }
}

pub(super) struct Assets {
    pub(super) entries: Entries<Asset>,
    pub(super) index: AssetIndex,
}

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    known: &Known<'_>,
    missing: &MissingExclusions,
) -> Assets {
    let register = context.import.register;
    let registered: HashMap<AssetId, &Asset> =
        register.assets.iter().map(|asset| (asset.id, asset)).collect();
    let keys = register.assets.iter().map(|asset| ((asset.unit, asset.target.clone()), asset.id));
    let mut ids = Stage::new(keys);
    let mut entries = Entries::default();
    let mut bad = Vec::new();
    for record in records {
        let unit = known.units.of_row(context, record);
        let (Some(unit), Some(target)) = (unit, target(record)) else { continue };
        let id = ids.id_of((unit, target.clone()), || AssetId::mint(context.mint));
        let asset = asset(context, record, id, unit, target, registered.get(&id).copied(), known);
        match asset.filter(|_| !context.is_bad(record.at)) {
            Some(asset) => entries.push(context, record.at, asset),
            None => bad.push((unit, target.clone(), record.at)),
        }
    }
    hold_back(context, &entries, &registered, missing);
    overlaps::check(context, &entries, known.units);
    let bad_entries = entries.all().iter().filter(|entry| context.is_bad(entry.at));
    bad.extend(bad_entries.map(|entry| (entry.value.unit, entry.value.target.clone(), entry.at)));
    let bad = bad.into_iter().map(|(unit, target, at)| (unit, target, context.row_at(at)));
    let index = AssetIndex::new(
        entries.over(context, &register.assets).map(|(asset, _)| asset),
        bad.collect(),
        context.unread(SheetKey::Assets),
    );
    Assets { entries, index }
}

/// New and changed assets wait for the exclusions of their unit; those that the register holds as they are stay.
fn hold_back(
    context: &mut Context<'_>,
    entries: &Entries<Asset>,
    registered: &HashMap<AssetId, &Asset>,
    missing: &MissingExclusions,
) {
    for entry in entries.all() {
        let is_as_registered = registered.get(&entry.value.id).is_some_and(|known| **known == entry.value);
        if is_as_registered || context.is_bad(entry.at) {
            continue;
        }
        if let Some(reason) = missing.hold_back(entry.value.unit, &entry.value.target) {
            context.fault(entry.at, Key::Target, reason);
        }
    }
}

fn asset(
    context: &mut Context<'_>,
    record: &Record,
    id: AssetId,
    unit: UnitId,
    target: &AssetTarget,
    registered: Option<&Asset>,
    known: &Known<'_>,
) -> Option<Asset> {
    if let Some(reason) = too_wide(target) {
        context.fault(record.at, Key::Target, reason);
    }
    let system = record.text(Key::System).and_then(|text| {
        let found = known.systems.resolve(known.units, unit, text);
        found.map_err(|reason| context.fault(record.at, Key::System, reason)).ok()
    });
    let system = record.or_kept(Key::System, system, registered.and_then(|asset| asset.system));
    let kept = registered.map(|asset| asset.answerable).unwrap_or_default();
    let answerable = known.people.answerable(context, known.units, record, unit, kept);
    let kept = registered.map(|asset| asset.owned).unwrap_or_default();
    let owned = interval(context, record, Key::From, Key::Until, kept)?;
    let authorisation =
        authorisation(context, record, registered.and_then(|asset| asset.authorisation.as_ref()));
    let note = record.text_or_kept(Key::Note, registered.and_then(|asset| asset.note.as_ref()));
    let said = match record.value(Key::ScanWindow) {
        Some(Value::ScanWindow(window)) => Some(window.clone()),
        _ => None,
    };
    let kept = registered.and_then(|asset| asset.scan_window.clone());
    let scan_window = record.or_kept(Key::ScanWindow, said, kept);
    if scan_window.is_some() && matches!(target, AssetTarget::Host(_)) {
        // Its addresses are others' too, and are admitted as assets of their own.
        context.fault(record.at, Key::ScanWindow, Own::WindowOfHost);
    }
    let target = target.clone();
    Some(Asset { id, unit, system, target, owned, authorisation, scan_window, answerable, note })
}

fn too_wide(target: &AssetTarget) -> Option<Own> {
    let AssetTarget::Addresses(range) = target else { return None };
    let (bits, shortest_prefix) =
        if range.first().is_ipv4() { (32, SHORTEST_V4) } else { (128, SHORTEST_V6) };
    let is_too_wide = range.len() > 1u128 << (bits - u32::from(shortest_prefix));
    is_too_wide.then_some(Own::TooWide { shortest_prefix })
}

fn authorisation(
    context: &mut Context<'_>,
    record: &Record,
    kept: Option<&Authorisation>,
) -> Option<Authorisation> {
    let approver = record.text_or_kept(Key::Approver, kept.map(|leave| &leave.approver));
    let from = record.date_or_kept(Key::AuthorisedFrom, kept.and_then(|leave| leave.valid_from));
    let until = record.date_or_kept(Key::AuthorisedUntil, kept.map(|leave| leave.valid_until));
    if approver.is_none() && from.is_none() && until.is_none() {
        return None;
    }
    // A cell that couldn't be read has its own fault already.
    let is_blank = |context: &Context<'_>, key| context.raw(record.at, key).is_none_or(cell::is_blank);
    if approver.is_none() && is_blank(context, Key::Approver) {
        context.fault(record.at, Key::Approver, Own::NoApprover);
    }
    if until.is_none() && is_blank(context, Key::AuthorisedUntil) {
        context.fault(record.at, Key::AuthorisedUntil, Own::NoAuthorisationEnd);
    }
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        context.reversed(record.at, (Key::AuthorisedFrom, Key::AuthorisedUntil), (from, until));
    }
    Some(Authorisation { approver: approver?, valid_from: from, valid_until: until? })
}

/// What each unit owns, whatever the day.
pub(super) struct AssetIndex {
    owned: HashMap<UnitId, (AddrSet, HashSet<HostName>)>,
    bad: HashMap<UnitId, Vec<(AssetTarget, RowAt)>>,
    unread: Option<&'static str>,
}

impl AssetIndex {
    fn new<'a>(
        assets: impl Iterator<Item = &'a Asset>,
        bad_targets: Vec<(UnitId, AssetTarget, RowAt)>,
        unread: Option<&'static str>,
    ) -> AssetIndex {
        let mut by_unit: HashMap<UnitId, (Vec<AddrRange>, HashSet<HostName>)> = HashMap::new();
        for asset in assets {
            let (ranges, hosts) = by_unit.entry(asset.unit).or_default();
            match &asset.target {
                AssetTarget::Addresses(range) => ranges.push(*range),
                AssetTarget::Host(name) => {
                    hosts.insert(name.clone());
                }
            }
        }
        let owned = by_unit.into_iter().map(|(unit, (ranges, hosts))| (unit, (ranges.into(), hosts)));
        let mut bad: HashMap<UnitId, Vec<(AssetTarget, RowAt)>> = HashMap::new();
        for (unit, target, row) in bad_targets {
            bad.entry(unit).or_default().push((target, row));
        }
        AssetIndex { owned: owned.collect(), bad, unread }
    }

    /// Whether the unit's assets hold the whole target; else why not.
    pub(super) fn check(&self, unit: UnitId, target: &AssetTarget) -> Result<(), Reason> {
        let is_held = self.owned.get(&unit).is_some_and(|(addresses, hosts)| match target {
            // Touching ranges of a set are one range, so both ends in it without a gap means all of it.
            AssetTarget::Addresses(range) => holds(addresses, range),
            AssetTarget::Host(name) => hosts.contains(name),
        });
        if is_held {
            return Ok(());
        }
        // The row that would hold the target if it were right: the narrowest that holds all of it, and a range that
        // is too wide for anybody only if there is no other.
        let rank = |bad: &AssetTarget| match (bad, target) {
            (AssetTarget::Addresses(held), AssetTarget::Addresses(range)) => {
                held.overlaps(range).then(|| {
                    let is_whole = held.contains(range.first()) && held.contains(range.last());
                    (too_wide(bad).is_some(), !is_whole, held.len())
                })
            }
            _ => (bad == target).then_some((false, false, 1)),
        };
        let of_unit = self.bad.get(&unit).into_iter().flatten();
        let bad = of_unit.filter_map(|(bad, row)| Some((rank(bad)?, row))).min_by_key(|(rank, _)| *rank);
        Err(match (bad, self.unread) {
            (Some((_, row)), _) => Reason::RefersToBadRow(row.clone()),
            (None, Some(sheet)) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
            (None, None) => Own::OutsideAssets.into(),
        })
    }
}

/// Whether a set holds every address of a range.
pub(crate) fn holds(set: &AddrSet, range: &AddrRange) -> bool {
    let after = set.ranges().partition_point(|held| held.first() <= range.first());
    let held = after.checked_sub(1).and_then(|i| set.ranges().get(i));
    held.is_some_and(|held| held.contains(range.first()) && held.contains(range.last()))
}
