//! Rows of the sheet 旧证: paper certificates from before. They are known by issuing body and number as printed.
//!
//! Like all certificates they are never rewritten: a row that contradicts what is registered is an error.
//!
//! New ones get serial and token from whoever stores them, and no mid-term review: they were issued under older rules.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use intake::cell::name_key;
use intake::stage::Stage;
use model::id::{PostCertificateId, StaffId};

use super::codes::Codes;
use super::context::{Context, Record};
use super::people::Refs;
use super::reason::Own;
use super::{Entries, Import};
use crate::certificates::{CertificateAct, CertificateEvent, PostCertificate, Printed};
use crate::columns::Key;
use crate::records::{Change, Records};

/// Reason of the event with which an old certificate begins.
const ENTERED: &str = "旧证录入";

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    refs: &Refs<'_>,
    codes: &Codes<'_>,
) -> Entries<PostCertificate> {
    let import = context.import;
    let registered = &import.records.certificates;
    let key = |number: &str, issuer: &str| (name_key(number), name_key(issuer));
    let paper = registered.iter().filter(|one| one.statement.is_empty());
    let mut ids = Stage::new(paper.filter_map(|one| {
        let printed = &one.printed;
        Some((key(printed.old_number.as_deref()?, &printed.issuer), one.id))
    }));
    let known: HashMap<PostCertificateId, &PostCertificate> =
        registered.iter().map(|one| (one.id, one)).collect();
    let mut latest: HashMap<(StaffId, &str), &PostCertificate> = HashMap::new();
    for one in registered {
        let latest = latest.entry((one.staff, &one.category)).or_insert(one);
        *latest = if (latest.period, latest.edition) < (one.period, one.edition) { one } else { latest };
    }
    let staff: HashMap<StaffId, &str> =
        import.records.staff.iter().map(|one| (one.id, one.name.as_str())).collect();
    let mut entries: Entries<PostCertificate> = Entries::default();
    for record in records {
        let category = codes.category_of(context, record);
        let holder = refs.of_row(context, record);
        let days = record.date(Key::IssuedOn).zip(record.date(Key::Until));
        if let Some((issued, until)) = days
            && until < issued
        {
            context.reversed(record.at, (Key::IssuedOn, Key::Until), (issued, until));
        }
        if let Some((issued, _)) = days.filter(|(issued, _)| *issued > import.today) {
            context.fault(record.at, Key::IssuedOn, Own::IssuedInFuture(issued));
        }
        let (Some(category), Some(holder), Some((issued_on, valid_until))) = (category, holder, days) else {
            continue;
        };
        let (Some(number), Some(issuer)) = (record.text(Key::Number), record.text(Key::Issuer)) else {
            continue;
        };
        if context.is_bad(record.at) {
            continue;
        }
        let id = ids.id_of(key(number, issuer), || PostCertificateId::mint(context.mint));
        let kept = known.get(&id).copied();
        if let Some(other) = kept.filter(|one| one.staff != holder) {
            let name = staff.get(&other.staff).copied().unwrap_or_default();
            context.fault(record.at, Key::Person, Own::OtherHolder(name.to_owned()));
            continue;
        }
        let later = latest.get(&(holder, category.as_str())).filter(|one| one.issued_on > issued_on);
        let later = later.filter(|_| kept.is_none()).map(|later| later.issued_on);
        let certificate = match kept {
            Some(one) => match differs(one, &category, (issued_on, valid_until)) {
                Some(key) => {
                    context.fault(record.at, key, Own::NotRewritten);
                    continue;
                }
                None => one.clone(),
            },
            None => PostCertificate {
                id,
                staff: holder,
                serial: String::new(),
                period: 0,
                edition: 1,
                token: String::new(),
                issued_on,
                valid_until,
                review: None,
                printed: Printed {
                    unit: refs.units.name_of_row(record).unwrap_or_default().to_owned(),
                    ..printed_of(import, &category, number, issuer, (issued_on, valid_until))
                },
                category,
                statement: String::new(),
                files: BTreeMap::new(),
            },
        };
        // Also one that comes too late: it contradicts the rows of its number all the same.
        entries.push(context, record.at, certificate);
        if let Some(later) = later {
            context.fault(record.at, Key::IssuedOn, Own::LaterOneExists(later));
        }
    }
    count_periods(context, &mut entries);
    entries
}

/// The first column in which a row says otherwise than what is registered: a certificate is never rewritten.
fn differs(
    one: &PostCertificate,
    category: &str,
    (issued_on, valid_until): (NaiveDate, NaiveDate),
) -> Option<Key> {
    let same = [
        (Key::Category, one.category == category),
        (Key::IssuedOn, one.issued_on == issued_on),
        (Key::Until, one.valid_until == valid_until),
    ];
    same.into_iter().find(|(_, is_same)| !is_same).map(|(key, _)| key)
}

/// What stands on the paper, but for the unit.
fn printed_of(
    import: &Import<'_>,
    category: &str,
    number: &str,
    issuer: &str,
    (issued_on, valid_until): (NaiveDate, NaiveDate),
) -> Printed {
    let title = import.scheme.category(category).map(|category| category.name.clone());
    Printed {
        issuer: issuer.to_owned(),
        title: title.unwrap_or_default(),
        // Known once it is settled who is new.
        name: String::new(),
        unit: String::new(),
        post: String::new(),
        serial: String::new(),
        issued_on,
        valid_until,
        review_due: None,
        topics: Vec::new(),
        scheme: import.scheme.version.clone(),
        old_number: Some(number.to_owned()),
    }
}

/// New ones come after those that are registered, by their days.
fn count_periods(context: &Context<'_>, entries: &mut Entries<PostCertificate>) {
    let mut last: HashMap<(StaffId, String), u16> = HashMap::new();
    for one in &context.import.records.certificates {
        let period = last.entry((one.staff, one.category.clone())).or_default();
        *period = one.period.max(*period);
    }
    let mut new: Vec<&mut PostCertificate> = entries
        .all_mut()
        .iter_mut()
        .filter(|entry| entry.value.period == 0 && !context.is_bad(entry.at))
        .map(|entry| &mut entry.value)
        .collect();
    new.sort_by_key(|one| one.issued_on);
    for one in new {
        let period = last.entry((one.staff, one.category.clone())).or_default();
        *period = period.saturating_add(1);
        one.period = *period;
    }
}

/// How new certificates begin.
pub(super) fn events(import: &Import<'_>, changed: &[PostCertificate]) -> Vec<CertificateEvent> {
    let known: std::collections::HashSet<PostCertificateId> =
        import.records.certificates.iter().map(|one| one.id).collect();
    let new = changed.iter().filter(|one| !known.contains(&one.id));
    let begin = |one: &PostCertificate| CertificateEvent {
        certificate: one.id,
        on: one.issued_on,
        at: import.now,
        what: CertificateAct::Issued,
        reason: ENTERED.to_owned(),
        decided_by: import.actor.to_owned(),
    };
    new.map(begin).collect()
}

/// The holder's name as it is when the certificate is entered.
pub(super) fn name_holders(records: &Records, change: &mut Change) {
    let staff = records.staff.iter().chain(&change.staff);
    let names: HashMap<StaffId, String> = staff.map(|one| (one.id, one.name.clone())).collect();
    for one in change.certificates.iter_mut().filter(|one| one.printed.name.is_empty()) {
        one.printed.name = names.get(&one.staff).cloned().unwrap_or_default();
    }
}
