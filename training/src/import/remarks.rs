//! What of a settled change should be pointed out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use intake::cell::name_key;
use intake::context::At;
use intake::warning::RowList;
use model::id::{SittingId, StaffId, TermId};

use super::Settled;
use super::context::Context;
use super::remark::Remark;
use super::staff::StaffRemarks;
use crate::cells::Names;
use crate::certificates::PostCertificate;
use crate::columns::SheetKey;
use crate::people::{Holding, Staff};
use crate::records::{Change, Records};
use crate::sittings::{Sitting, Term};

/// So many people are named who still hold a post elsewhere; of the others, the rows.
const MAX_NAMED: usize = 50;

pub(super) fn of(
    context: &Context<'_>,
    change: &Change,
    after: &Records,
    settled: &Settled,
    staff: &StaffRemarks,
) -> Vec<Remark> {
    let mut remarks = of_staff(context, change, after, settled, staff);
    remarks.extend(transfers(context, change, after, settled));
    remarks.extend(of_sittings(context, change, after, settled));
    remarks.extend(absent_and_scored(context, change, after, settled));
    remarks.extend(certificates_that_rest(context, change, after, settled));
    let held_on: HashMap<SittingId, NaiveDate> =
        after.sittings.iter().map(|one| (one.id, one.held_on)).collect();
    let today = context.import.today;
    let late = change.attendance.iter().zip(settled.places_of(SheetKey::Attendance));
    let late = late.filter(|(one, _)| {
        one.late_because.is_none() && held_on.get(&one.sitting).is_some_and(|day| *day < today)
    });
    let late = by_sheet(context, late.map(|(_, at)| *at));
    remarks.extend(late.into_iter().map(|(sheet, rows)| Remark::LateWithoutReason { sheet, rows }));
    let old = change.certificates.iter().map(|one| one.valid_until);
    remarks.extend(ended(context, old.zip(settled.places_of(SheetKey::OldCertificates))));
    let waivers = change.waivers.iter().map(|one| one.until);
    remarks.extend(ended(context, waivers.zip(settled.places_of(SheetKey::Waivers))));
    remarks
}

fn of_staff(
    context: &Context<'_>,
    change: &Change,
    after: &Records,
    settled: &Settled,
    staff: &StaffRemarks,
) -> Vec<Remark> {
    let known: HashMap<StaffId, &Staff> =
        context.import.records.staff.iter().map(|one| (one.id, one)).collect();
    let changed = change.staff.iter().zip(settled.places_of(SheetKey::Staff));
    let renamed = changed.filter_map(|(one, at)| {
        let old = &known.get(&one.id)?.name;
        let is_renamed = name_key(old) != name_key(&one.name);
        is_renamed.then(|| Remark::Renamed {
            at: context.row_at(*at),
            old: old.clone(),
            new: one.name.clone(),
        })
    });
    let mut remarks: Vec<Remark> = renamed.collect();
    let namesakes = by_sheet(context, staff.namesakes.iter().copied());
    remarks.extend(namesakes.into_iter().map(|(sheet, rows)| Remark::NewNamesakes { sheet, rows }));
    let rounded = by_sheet(context, staff.rounded.iter().copied());
    remarks.extend(rounded.into_iter().map(|(sheet, rows)| Remark::MaybeRounded { sheet, rows }));
    let with_post: HashSet<StaffId> = after.holdings.iter().map(|one| one.staff).collect();
    let without = staff.rows.iter().filter(|(_, id)| !with_post.contains(id)).map(|(at, _)| *at);
    let without = by_sheet(context, without);
    remarks.extend(without.into_iter().map(|(sheet, rows)| Remark::WithoutPost { sheet, rows }));
    remarks
}

/// Who begins in one unit while a post in another goes on.
fn transfers(context: &Context<'_>, change: &Change, after: &Records, settled: &Settled) -> Vec<Remark> {
    let known: HashSet<_> = context.import.records.holdings.iter().map(|one| one.id).collect();
    let mut held: HashMap<StaffId, Vec<&Holding>> = HashMap::new();
    for one in &after.holdings {
        held.entry(one.staff).or_default().push(one);
    }
    let names = Names::of(after, context.import.register);
    let new = change.holdings.iter().zip(settled.places_of(SheetKey::Holdings));
    let new = new.filter(|(one, _)| !known.contains(&one.id) && one.until.is_none());
    let (mut remarks, mut others) = (Vec::new(), Vec::new());
    for (one, at) in new {
        let goes_on =
            |other: &&&Holding| other.unit != one.unit && other.from < one.from && other.until.is_none();
        let Some(other) = held.get(&one.staff).and_then(|held| held.iter().find(goes_on)) else { continue };
        if remarks.len() >= MAX_NAMED {
            others.push(*at);
            continue;
        }
        remarks.push(Remark::StillHolds {
            at: context.row_at(*at),
            person: names.name(one.staff).to_owned(),
            unit: names.unit(other.unit).map(|unit| unit.name.clone()).unwrap_or_default(),
            post: other.post.chinese(),
            since: other.from,
        });
    }
    let others = by_sheet(context, others.into_iter());
    remarks.extend(others.into_iter().map(|(sheet, rows)| Remark::StillHoldToo { sheet, rows }));
    remarks
}

fn of_sittings(context: &Context<'_>, change: &Change, after: &Records, settled: &Settled) -> Vec<Remark> {
    let records = context.import.records;
    let known: HashMap<SittingId, &Sitting> = records.sittings.iter().map(|one| (one.id, one)).collect();
    let terms: HashMap<TermId, &Term> = after.terms.iter().map(|one| (one.id, one)).collect();
    let mut n_scores: HashMap<SittingId, usize> = HashMap::new();
    for one in &records.attempts {
        *n_scores.entry(one.sitting).or_default() += 1;
    }
    let (mut remarks, mut outside) = (Vec::new(), Vec::new());
    for (one, at) in change.sittings.iter().zip(settled.places_of(SheetKey::Sittings)) {
        let n = n_scores.get(&one.id).copied().unwrap_or(0);
        if let Some(old) = known.get(&one.id).filter(|old| n > 0 && old.held_on != one.held_on) {
            let (at, code) = (context.row_at(*at), one.code.clone());
            remarks.push(Remark::Moved { at, code, old: old.held_on, new: one.held_on, n });
        }
        let term = terms.get(&one.term);
        if term.is_some_and(|term| one.held_on < term.from || term.until < one.held_on) {
            outside.push(*at);
        }
    }
    let outside = by_sheet(context, outside.into_iter());
    remarks.extend(outside.into_iter().map(|(sheet, rows)| Remark::OutsideTerm { sheet, rows }));
    remarks
}

/// Rows by which somebody has a score in an exam, and wasn't there by the sign-in sheet.
fn absent_and_scored(
    context: &Context<'_>,
    change: &Change,
    after: &Records,
    settled: &Settled,
) -> Vec<Remark> {
    let scored: HashSet<(SittingId, StaffId)> =
        after.attempts.iter().filter(|one| one.score.is_some()).map(|one| (one.sitting, one.staff)).collect();
    let absent: HashSet<(SittingId, StaffId)> =
        after.attendance.iter().filter(|one| !one.mark.came()).map(|one| (one.sitting, one.staff)).collect();
    let is_both = |key: (SittingId, StaffId)| scored.contains(&key) && absent.contains(&key);
    let marks = change.attendance.iter().map(|one| (one.sitting, one.staff));
    let scores = change.attempts.iter().map(|one| (one.sitting, one.staff));
    let rows = marks
        .zip(settled.places_of(SheetKey::Attendance))
        .chain(scores.zip(settled.places_of(SheetKey::Scores)))
        .filter(|(key, _)| is_both(*key));
    let sheets = by_sheet(context, rows.map(|(_, at)| *at));
    sheets.into_iter().map(|(sheet, rows)| Remark::AbsentAndScored { sheet, rows }).collect()
}

/// Attendance that changes although certificates were issued since, to whose topics the sitting belongs.
fn certificates_that_rest(
    context: &Context<'_>,
    change: &Change,
    after: &Records,
    settled: &Settled,
) -> Vec<Remark> {
    let import = context.import;
    let known: HashMap<(SittingId, StaffId), bool> =
        import.records.attendance.iter().map(|one| ((one.sitting, one.staff), one.mark.came())).collect();
    let sittings: HashMap<SittingId, &Sitting> = after.sittings.iter().map(|one| (one.id, one)).collect();
    let changed: Vec<(&Sitting, StaffId, At)> = change
        .attendance
        .iter()
        .zip(settled.places_of(SheetKey::Attendance))
        .filter(|(one, _)| known.get(&(one.sitting, one.staff)).is_some_and(|came| *came != one.mark.came()))
        .filter_map(|(one, at)| Some((*sittings.get(&one.sitting)?, one.staff, *at)))
        .collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let mut issued: HashMap<StaffId, Vec<&PostCertificate>> = HashMap::new();
    for one in &import.records.certificates {
        issued.entry(one.staff).or_default().push(one);
    }
    let rests = |certificate: &&&PostCertificate, sitting: &Sitting| {
        let category = import.scheme.category(&certificate.category);
        certificate.issued_on >= sitting.held_on
            && category.is_some_and(|category| category.topics.contains(&sitting.topic))
    };
    let (mut rows, mut serials) = (Vec::new(), BTreeSet::new());
    for (sitting, staff, at) in changed {
        let own = issued.get(&staff).map_or(&[][..], Vec::as_slice);
        let resting: Vec<&str> =
            own.iter().filter(|one| rests(one, sitting)).map(|one| one.serial.as_str()).collect();
        if !resting.is_empty() {
            rows.push(at);
            serials.extend(resting);
        }
    }
    let serials: Vec<String> = serials.into_iter().take(MAX_NAMED).map(str::to_owned).collect();
    let remark = |(sheet, rows)| Remark::CertificatesRestOnIt { sheet, rows, serials: serials.clone() };
    by_sheet(context, rows.into_iter()).into_iter().map(remark).collect()
}

/// What ended before today.
fn ended<'a>(context: &Context<'_>, days: impl Iterator<Item = (NaiveDate, &'a At)>) -> Vec<Remark> {
    let past: Vec<(NaiveDate, At)> =
        days.filter(|(day, _)| *day < context.import.today).map(|(day, at)| (day, *at)).collect();
    let earliest = past.iter().map(|(day, _)| *day).min();
    let sheets = by_sheet(context, past.into_iter().map(|(_, at)| at));
    let remark = |(sheet, rows)| Some(Remark::Ended { sheet, rows, earliest: earliest? });
    sheets.into_iter().filter_map(remark).collect()
}

/// Good rows by their sheets.
fn by_sheet(context: &Context<'_>, rows: impl Iterator<Item = At>) -> BTreeMap<String, RowList> {
    let mut sheets: BTreeMap<String, RowList> = BTreeMap::new();
    for at in rows.filter(|at| !context.is_bad(*at)) {
        let row = context.row_at(at);
        sheets.entry(row.sheet).or_default().push(row.row);
    }
    sheets
}
