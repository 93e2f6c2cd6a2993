//! What the stages of one import share: the sources, the faults found so far, fresh ids.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::id::Mint;

use super::changes::ChangedRow;
use super::header::Header;
use super::outcome::{Count, ImportOutcome, Warning};
use super::value::Value;
use super::{Import, error_sheets, outcome};
use crate::cell;
use crate::change::RegisterChange;
use crate::columns::{Key, SheetKey, SheetSpec};
use crate::reason::{Reason, RowAt};
use crate::table::{CellIn, Table};

/// A row: which source, and which of its table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At {
    pub(crate) source: usize,
    pub(crate) row: usize,
}

/// A table of the file that is a sheet of the register.
pub(crate) struct Source<'a> {
    pub(crate) spec: &'static SheetSpec,
    pub(crate) table: &'a Table,
    /// `None` if the sheet can't be read.
    pub(crate) header: Option<Header>,
}

/// A row with the cells that could be read. A column that the file lacks has no entry, a blank cell `None`.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) at: At,
    pub(crate) values: BTreeMap<Key, Option<Value>>,
}

impl Record {
    pub(crate) fn has(&self, key: Key) -> bool {
        self.values.contains_key(&key)
    }

    pub(crate) fn value(&self, key: Key) -> Option<&Value> {
        self.values.get(&key)?.as_ref()
    }

    pub(crate) fn text(&self, key: Key) -> Option<&str> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn date(&self, key: Key) -> Option<chrono::NaiveDate> {
        match self.value(key) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        }
    }

    pub(crate) fn target(&self) -> Option<&model::register::AssetTarget> {
        match self.value(Key::Target) {
            Some(Value::Target(target)) => Some(target),
            _ => None,
        }
    }

    /// What the cell says if the file has the column, else what is registered: a column that is absent says
    /// nothing, and an empty cell says "none".
    pub(crate) fn or_kept<T>(&self, key: Key, said: Option<T>, kept: Option<T>) -> Option<T> {
        if self.has(key) { said } else { kept }
    }

    pub(crate) fn text_or_kept(&self, key: Key, kept: Option<&String>) -> Option<String> {
        self.or_kept(key, self.text(key).map(str::to_owned), kept.cloned())
    }

    pub(crate) fn date_or_kept(
        &self,
        key: Key,
        kept: Option<chrono::NaiveDate>,
    ) -> Option<chrono::NaiveDate> {
        self.or_kept(key, self.date(key), kept)
    }
}

/// Something wrong, by its place.
pub(crate) struct Fault {
    /// `None`: the file as a whole.
    pub(crate) source: Option<usize>,
    /// Index into the table's rows; `None`: the sheet as a whole.
    pub(crate) row: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) reason: Reason,
}

pub(crate) struct Context<'a> {
    pub(crate) import: &'a Import<'a>,
    pub(crate) sources: Vec<Source<'a>>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<Warning>,
    bad: HashSet<At>,
    unread: BTreeSet<SheetKey>,
    pub(crate) mint: &'a mut dyn Mint,
}

impl<'a> Context<'a> {
    pub(crate) fn new(import: &'a Import<'a>, mint: &'a mut dyn Mint) -> Context<'a> {
        Context {
            import,
            sources: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
            bad: HashSet::new(),
            unread: BTreeSet::new(),
            mint,
        }
    }

    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    pub(crate) fn file_fault(&mut self, reason: Reason) {
        self.faults.push(Fault { source: None, row: None, column: None, reason });
    }

    /// The sheet can't be read at all.
    pub(crate) fn sheet_fault(&mut self, source: usize, column: Option<usize>, reason: Reason) {
        if let Some(source) = self.sources.get(source) {
            self.unread.insert(source.spec.key);
        }
        self.faults.push(Fault { source: Some(source), row: None, column, reason });
    }

    pub(crate) fn fault_in_column(&mut self, at: At, column: Option<usize>, reason: Reason) {
        self.bad.insert(at);
        self.faults.push(Fault { source: Some(at.source), row: Some(at.row), column, reason });
    }

    pub(crate) fn fault(&mut self, at: At, key: Key, reason: Reason) {
        let header = self.sources.get(at.source).and_then(|source| source.header.as_ref());
        let column = header.and_then(|header| header.column_of(key));
        self.fault_in_column(at, column, reason);
    }

    pub(crate) fn is_bad(&self, at: At) -> bool {
        self.bad.contains(&at)
    }

    pub(crate) fn n_bad(&self, sheet: SheetKey) -> usize {
        let is_of = |at: &&At| self.sources.get(at.source).is_some_and(|source| source.spec.key == sheet);
        self.bad.iter().filter(is_of).count()
    }

    /// The name of the sheet if one of its kind couldn't be read.
    pub(crate) fn unread(&self, key: SheetKey) -> Option<&'static str> {
        self.unread.contains(&key).then(|| crate::columns::sheet(key).name)
    }

    pub(crate) fn row_at(&self, at: At) -> RowAt {
        let source = self.sources.get(at.source);
        let row = source.and_then(|source| source.table.rows.get(at.row));
        RowAt {
            sheet: source.map(|source| source.table.sheet.clone()).unwrap_or_default(),
            row: row.map_or(0, |row| row.number),
        }
    }

    /// What the file says in a column of a row, read or not.
    pub(crate) fn raw(&self, at: At, key: Key) -> Option<&'a CellIn> {
        let source = self.sources.get(at.source)?;
        let column = source.header.as_ref()?.column_of(key)?;
        source.table.rows.get(at.row)?.cells.get(column)
    }

    /// The names that bad rows would have registered, to tell who refers to them.
    pub(crate) fn bad_names(&self, records: &[Record], keys: &[Key]) -> BTreeMap<String, RowAt> {
        let bad = records.iter().filter(|record| self.is_bad(record.at));
        let names = bad.flat_map(|record| keys.iter().map(|key| (record.at, *key)));
        let names =
            names.filter_map(|(at, key)| Some((cell::name_key(&cell::shown(self.raw(at, key)?)), at)));
        names.filter(|(name, _)| !name.is_empty()).map(|(name, at)| (name, self.row_at(at))).collect()
    }

    pub(crate) fn into_outcome(
        mut self,
        change: RegisterChange,
        changes: Vec<ChangedRow>,
        counts: BTreeMap<SheetKey, Count>,
    ) -> ImportOutcome {
        self.faults.sort_by_key(|fault| (fault.source, fault.row, fault.column));
        let error_sheets = error_sheets::build(&self);
        outcome::build(self, change, changes, counts, error_sheets)
    }
}
