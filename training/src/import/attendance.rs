//! Rows of the sheet 签到.

use std::collections::HashMap;

use model::id::{SittingId, StaffId};

use super::Entries;
use super::context::{Context, Record};
use super::people::Refs;
use super::reason::Own;
use super::sittings::SittingIndex;
use super::terms::TermIndex;
use super::value::Value;
use crate::columns::Key;
use crate::sittings::Attendance;

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    refs: &Refs<'_>,
    terms: &TermIndex,
    sittings: &SittingIndex,
) -> Entries<Attendance> {
    let import = context.import;
    let known: HashMap<(SittingId, StaffId), &Attendance> =
        import.records.attendance.iter().map(|one| ((one.sitting, one.staff), one)).collect();
    let mut entries = Entries::default();
    for record in records {
        let sitting = sittings.of_row(context, record, terms);
        let staff = refs.of_row(context, record);
        let (Some(sitting), Some(staff)) = (sitting, staff) else { continue };
        let Some(Value::Presence(mark)) = record.value(Key::Presence) else { continue };
        if sitting.held_on > import.today {
            context.fault(record.at, Key::Sitting, Own::NotHeldYet(sitting.held_on));
        }
        let kept = known.get(&(sitting.id, staff)).copied();
        let said = record.text(Key::LateReason).map(str::to_owned);
        let changed = kept.filter(|one| one.mark != *mark);
        if let Some(was) = changed.map(|one| one.mark.chinese())
            && said.is_none()
            && sitting.held_on < import.today
        {
            context.fault(record.at, Key::LateReason, Own::NoLateReason { was });
        }
        if context.is_bad(record.at) {
            continue;
        }
        let kept = kept.filter(|_| changed.is_none()).and_then(|one| one.late_because.clone());
        let attendance = Attendance { sitting: sitting.id, staff, mark: *mark, late_because: said.or(kept) };
        entries.push(context, record.at, attendance);
    }
    entries
}
