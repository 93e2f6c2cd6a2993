//! Rows of the sheet 期次, and finding the terms that other sheets name.

use std::collections::{BTreeMap, HashMap};

use intake::cell::name_key;
use intake::stage::Stage;
use model::id::TermId;

use super::Entries;
use super::codes::Codes;
use super::context::{Context, Record};
use super::reason::{Own, Reason, RowAt};
use crate::columns::{Key, SheetKey};
use crate::sittings::Term;

pub(super) struct Terms {
    pub(super) entries: Entries<Term>,
    pub(super) index: TermIndex,
}

/// Finds terms by code.
pub(super) struct TermIndex {
    by_code: HashMap<String, TermId>,
    terms: HashMap<TermId, Term>,
    bad: BTreeMap<String, RowAt>,
    unread: Option<&'static str>,
}

pub(super) fn stage(context: &mut Context<'_>, records: &[Record], codes: &Codes<'_>) -> Terms {
    let registered = &context.import.records.terms;
    let mut ids = Stage::new(registered.iter().map(|term| (name_key(&term.code), term.id)));
    let mut entries = Entries::default();
    for record in records {
        let topics = topics(context, record, codes);
        let days = record.date(Key::From).zip(record.date(Key::Until));
        if let Some((from, until)) = days
            && until < from
        {
            context.reversed(record.at, (Key::From, Key::Until), (from, until));
        }
        let (Some(code), Some(name)) = (record.text(Key::Code), record.text(Key::Name)) else { continue };
        let (Some(topics), Some((from, until))) = (topics, days) else { continue };
        if context.is_bad(record.at) {
            continue;
        }
        let id = ids.id_of(name_key(code), || TermId::mint(context.mint));
        let term = Term { id, code: code.to_owned(), name: name.to_owned(), from, until, topics };
        entries.push(context, record.at, term);
    }
    let effective = entries.over(context, registered).map(|(term, _)| term);
    let (mut by_code, mut terms) = (HashMap::new(), HashMap::new());
    for term in effective {
        by_code.insert(name_key(&term.code), term.id);
        terms.insert(term.id, term.clone());
    }
    let bad = context.bad_names(records, &[Key::Code]);
    Terms { entries, index: TermIndex { by_code, terms, bad, unread: context.unread(SheetKey::Terms) } }
}

/// In the order in which the row has them, each once.
fn topics(context: &mut Context<'_>, record: &Record, codes: &Codes<'_>) -> Option<Vec<String>> {
    let text = record.text(Key::Topics)?;
    let mut topics: Vec<String> = Vec::new();
    for part in text.split(['、', ',', '，', ';', '；', '/', '\n', '|']).map(str::trim) {
        match codes.topic(part) {
            _ if part.is_empty() => {}
            Ok(code) if topics.contains(&code) => {}
            Ok(code) => topics.push(code),
            Err(reason) => {
                context.fault(record.at, Key::Topics, reason);
                return None;
            }
        }
    }
    Some(topics)
}

impl TermIndex {
    pub(super) fn get(&self, id: TermId) -> Option<&Term> {
        self.terms.get(&id)
    }

    pub(super) fn resolve(&self, text: &str) -> Result<TermId, Reason> {
        let key = name_key(text);
        if let Some(term) = self.by_code.get(&key) {
            return Ok(*term);
        }
        Err(match (self.bad.get(&key), self.unread) {
            (Some(row), _) => Reason::RefersToBadRow(row.clone()),
            (None, Some(sheet)) => Reason::RefersToUnreadSheet { sheet: sheet.into() },
            (None, None) => Own::UnknownTerm.into(),
        })
    }

    pub(super) fn of_row(&self, context: &mut Context<'_>, record: &Record) -> Option<TermId> {
        let found = self.resolve(record.text(Key::Term)?);
        found.map_err(|reason| context.fault(record.at, Key::Term, reason)).ok()
    }
}
