//! Rows of the sheet 等效. A waiver is known by person, what it covers, its evidence and number.

use std::collections::HashMap;

use intake::cell::name_key;
use intake::stage::Stage;
use model::id::{StaffId, WaiverId};

use super::Entries;
use super::codes::Codes;
use super::context::{Context, Record};
use super::people::Refs;
use super::reason::Own;
use crate::columns::Key;
use crate::sittings::{Waived, Waiver};

type WaiverKey = (StaffId, (bool, String), String, Option<String>);

pub(super) fn stage(
    context: &mut Context<'_>,
    records: &[Record],
    refs: &Refs<'_>,
    codes: &Codes<'_>,
) -> Entries<Waiver> {
    let import = context.import;
    let registered = &import.records.waivers;
    let mut ids = Stage::new(registered.iter().map(|one| {
        let number = one.number.as_deref();
        (key(one.staff, &one.covers, &one.evidence, number), one.id)
    }));
    let known: HashMap<WaiverId, &Waiver> = registered.iter().map(|one| (one.id, one)).collect();
    let mut entries = Entries::default();
    for record in records {
        let staff = refs.of_row(context, record);
        let covers = covers(context, record, codes);
        let (Some(staff), Some(covers)) = (staff, covers) else { continue };
        let (Some(evidence), Some(approver)) = (record.text(Key::Evidence), record.text(Key::Approver))
        else {
            continue;
        };
        let Some(until) = record.date(Key::Until) else { continue };
        if context.is_bad(record.at) {
            continue;
        }
        let number = record.text(Key::Number);
        let id = ids.id_of(key(staff, &covers, evidence, number), || WaiverId::mint(context.mint));
        let kept = known.get(&id).copied();
        let from = record.date(Key::From).or(kept.map(|one| one.from)).unwrap_or(import.today);
        // Without a first day of its own, what ended before today never held.
        let from = if record.date(Key::From).is_none() && kept.is_none() { from.min(until) } else { from };
        if until < from {
            context.reversed(record.at, (Key::From, Key::Until), (from, until));
            continue;
        }
        let waiver = Waiver {
            id,
            staff,
            covers,
            evidence: evidence.to_owned(),
            number: number.map(str::to_owned),
            file: record.text_or_kept(Key::File, kept.and_then(|one| one.file.as_ref())),
            approver: approver.to_owned(),
            from,
            until,
        };
        entries.push(context, record.at, waiver);
    }
    entries
}

fn key(staff: StaffId, covers: &Waived, evidence: &str, number: Option<&str>) -> WaiverKey {
    let covers = match covers {
        Waived::Topic(code) => (false, code.clone()),
        Waived::Category(code) => (true, code.clone()),
    };
    (staff, covers, name_key(evidence), number.map(name_key))
}

/// Either a category or a topic.
fn covers(context: &mut Context<'_>, record: &Record, codes: &Codes<'_>) -> Option<Waived> {
    match (record.text(Key::Category), record.text(Key::Topic)) {
        (Some(_), None) => codes.category_of(context, record).map(Waived::Category),
        (None, Some(_)) => codes.topic_of(context, record).map(Waived::Topic),
        (Some(_), Some(_)) | (None, None) => {
            let key = if record.has(Key::Topic) { Key::Topic } else { Key::Category };
            context.fault(record.at, key, Own::CategoryOrTopic);
            None
        }
    }
}
