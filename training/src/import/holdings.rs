//! Rows of the sheet 岗位. A post is known by person, unit, system, post and first day; a row with a last day ends it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use intake::context::At;
use intake::stage::Stage;
use model::id::{HoldingId, StaffId, SystemId, UnitId};
use model::post::PostKind;

use super::Entries;
use super::context::{Context, Record};
use super::people::PersonIndex;
use super::reason::{Elsewhere, Own};
use super::units::Units;
use super::value::Value;
use crate::columns::Key;
use crate::people::Holding;

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    units: &Units<'_>,
    people: &PersonIndex,
) -> Entries<Holding> {
    let registered = &context.import.records.holdings;
    let key = |one: &Holding| (one.staff, one.unit, one.system, one.post, one.from);
    let mut ids = Stage::new(registered.iter().map(|one| (key(one), one.id)));
    let known: HashMap<HoldingId, &Holding> = registered.iter().map(|one| (one.id, one)).collect();
    let mut entries = Entries::default();
    for record in records {
        let unit = units.of_row(context, record);
        let system = unit.zip(record.text(Key::System)).and_then(|(unit, text)| {
            let found = units.system(unit, text);
            found.map_err(|reason| context.fault(record.at, Key::System, reason)).ok()
        });
        let from = record.date(Key::From);
        let staff = people.of_row(context, units, record, unit);
        if let (Some(from), Some(until)) = (from, record.date(Key::Until))
            && until < from
        {
            context.reversed(record.at, (Key::From, Key::Until), (from, until));
        }
        let (Some(unit), Some(staff), Some(from)) = (unit, staff, from) else { continue };
        let Some(Value::Post(post)) = record.value(Key::Post) else { continue };
        if context.is_bad(record.at) {
            continue;
        }
        let id = ids.id_of((staff, unit, system, *post, from), || HoldingId::mint(context.mint));
        let kept = known.get(&id).copied();
        let role = match record.value(Key::Role) {
            Some(Value::Role(role)) => Some(*role),
            _ => None,
        };
        let reason = record.text(Key::EndReason).map(str::to_owned);
        let holding = Holding {
            id,
            staff,
            unit,
            system,
            post: *post,
            role: record.or_kept(Key::Role, role, kept.and_then(|one| one.role)),
            from,
            // A blank cell opens no post that has ended: an old list imported once more undoes no transfer.
            until: record.date(Key::Until).or_else(|| kept.and_then(|one| one.until)),
            ended_because: reason.or_else(|| kept.and_then(|one| one.ended_because.clone())),
        };
        entries.push(context, record.at, holding);
    }
    check_overlaps(context, &entries);
    entries
}

type SamePost = (StaffId, UnitId, Option<SystemId>, PostKind);

/// Nobody holds one post twice at a time. A bad row gives way to what the records hold, which may overlap in its turn,
/// so a post's rows are looked at until nothing changes.
fn check_overlaps(context: &mut Context<'_>, entries: &Entries<Holding>) {
    let same_post = |one: &Holding| -> SamePost { (one.staff, one.unit, one.system, one.post) };
    let mut in_file: BTreeMap<SamePost, Vec<(&Holding, At)>> = BTreeMap::new();
    for entry in entries.all() {
        in_file.entry(same_post(&entry.value)).or_default().push((&entry.value, entry.at));
    }
    let import = context.import;
    let mut registered: HashMap<SamePost, Vec<&Holding>> = HashMap::new();
    for one in import.records.holdings.iter().filter(|one| in_file.contains_key(&same_post(one))) {
        registered.entry(same_post(one)).or_default().push(one);
    }
    for (post, rows) in &in_file {
        let known = registered.get(post).map_or(&[][..], Vec::as_slice);
        while let Some(faults) = overlaps(context, rows, known) {
            for (at, reason) in faults {
                context.fault(at, Key::From, reason);
            }
        }
    }
}

/// Faults of the rows of one post that overlap; `None` if none does.
fn overlaps(
    context: &Context<'_>,
    rows: &[(&Holding, At)],
    registered: &[&Holding],
) -> Option<Vec<(At, Own)>> {
    let good: Vec<(&Holding, Option<At>)> =
        rows.iter().filter(|(_, at)| !context.is_bad(*at)).map(|(one, at)| (*one, Some(*at))).collect();
    let replaced: BTreeSet<HoldingId> = good.iter().map(|(one, _)| one.id).collect();
    let kept = registered.iter().filter(|one| !replaced.contains(&one.id)).map(|one| (*one, None));
    let mut all: Vec<(&Holding, Option<At>)> = good.iter().copied().chain(kept).collect();
    all.sort_by_key(|(one, _)| (one.from, one.id));
    let mut faults = Vec::new();
    // The one of those before that lasts longest.
    let mut longest: Option<(&Holding, Option<At>)> = None;
    for (one, at) in all {
        let end = |one: &Holding| one.until.unwrap_or(NaiveDate::MAX);
        if let Some((other, other_at)) = longest.filter(|(other, _)| end(other) >= one.from) {
            faults.extend(at.map(|at| (at, overlap(context, other, other_at))));
            faults.extend(other_at.map(|other_at| (other_at, overlap(context, one, at))));
        }
        if longest.is_none_or(|(other, _)| end(other) < end(one)) {
            longest = Some((one, at));
        }
    }
    (!faults.is_empty()).then_some(faults)
}

fn overlap(context: &Context<'_>, other: &Holding, at: Option<At>) -> Own {
    let days = match other.until {
        Some(until) => format!("{} – {until}", other.from),
        None => format!("{} –", other.from),
    };
    let other = match at {
        Some(at) => Elsewhere::Row(context.row_at(at)),
        None => Elsewhere::Registered(other.post.chinese().to_owned()),
    };
    Own::OverlappingPosts { other, days }
}
