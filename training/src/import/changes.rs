//! What an import of the training records changes, cell by cell.
//!
//! It must not decide anything: the change is settled when it is told.

use intake::changes::List;
use model::id::{SittingId, StaffId, UnitId};

use super::context::Context;
use super::{ChangedRow, Settled};
use crate::cells::{self, Names};
use crate::certificates::PostCertificate;
use crate::people::{Holding, Staff};
use crate::records::{Change, Records};
use crate::sittings::{Attempt, Attendance, Sitting, Term, Waiver};

/// References are written as the records will know them, old ones too.
pub(super) fn list(
    context: &Context<'_>,
    change: &Change,
    after: &Records,
    settled: &Settled,
) -> Vec<ChangedRow> {
    let records = context.import.records;
    let names = Names::of(after, context.import.register);
    let unit = |id: UnitId| names.unit(id).map(|unit| unit.name.clone()).unwrap_or_default();
    let unit_of = |id: StaffId| names.unit_of(id).map(|unit| unit.name.clone()).unwrap_or_default();
    let name = |id: StaffId| names.name(id).to_owned();
    let in_sitting = |id: SittingId, staff: StaffId| {
        let code = names.sitting(id).map_or("", |sitting| sitting.code.as_str());
        let term = names.term_of(id).map_or("", |term| term.code.as_str());
        format!("{} {term}/{code}", names.name(staff))
    };
    let mut list = List::new(context, settled);
    let cell = |one: &Staff, key| cells::of_staff(one, key, &names);
    list.add(&records.staff, &change.staff, cell, |one| (unit_of(one.id), one.name.clone()));
    let cell = |one: &Holding, key| cells::of_holding(one, key, &names);
    list.add(&records.holdings, &change.holdings, cell, |one| {
        (unit(one.unit), format!("{} {}", name(one.staff), one.post.chinese()))
    });
    let cell = |one: &Term, key| cells::of_term(one, key);
    list.add(&records.terms, &change.terms, cell, |one| (String::new(), one.code.clone()));
    let cell = |one: &Sitting, key| cells::of_sitting(one, key, &names);
    list.add(&records.sittings, &change.sittings, cell, |one| {
        let term = names.term_of(one.id).map_or("", |term| term.code.as_str());
        (String::new(), format!("{term}/{}", one.code))
    });
    let cell = |one: &Attendance, key| cells::of_attendance(one, key, &names);
    list.add(&records.attendance, &change.attendance, cell, |one| {
        (unit_of(one.staff), in_sitting(one.sitting, one.staff))
    });
    let cell = |one: &Attempt, key| cells::of_attempt(one, key, &names);
    list.add(&records.attempts, &change.attempts, cell, |one| {
        (unit_of(one.staff), in_sitting(one.sitting, one.staff))
    });
    let cell = |one: &PostCertificate, key| cells::of_certificate(one, key, &names);
    list.add(&records.certificates, &change.certificates, cell, |one| {
        let number = one.printed.old_number.as_deref().unwrap_or_default();
        (unit_of(one.staff), format!("{} {number}", name(one.staff)))
    });
    let cell = |one: &Waiver, key| cells::of_waiver(one, key, &names);
    list.add(&records.waivers, &change.waivers, cell, |one| {
        (unit_of(one.staff), format!("{} {}", name(one.staff), one.evidence))
    });
    list.into_rows()
}
