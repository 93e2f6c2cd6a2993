//! What the stages of one import share: the sources, and the faults found so far.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;

use crate::cell;
use crate::changes::ChangedRow;
use crate::columns::SheetSpec;
use crate::error_sheets;
use crate::header::Header;
use crate::outcome::{self, Mode, Outcome};
use crate::reason::{Reason, RowAt};
use crate::schema::{Schema, Value, sheet};
use crate::stage::Settled;
use crate::table::{CellIn, Table};
use crate::warning::Warning;

/// A row: which source, and which of its table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    pub source: usize,
    pub row: usize,
}

/// A table of the file that is a sheet of the schema.
pub struct Source<'a, S: Schema> {
    pub spec: &'static SheetSpec<S>,
    pub table: &'a Table,
    /// `None` if the sheet can't be read.
    pub header: Option<Header<S>>,
}

/// A row with the cells that could be read. A column that the file lacks has no entry, a blank cell `None`.
#[derive(Debug, Clone)]
pub struct Record<S: Schema> {
    pub at: At,
    pub values: BTreeMap<S::Key, Option<S::Value>>,
}

impl<S: Schema> Record<S> {
    pub fn has(&self, key: S::Key) -> bool {
        self.values.contains_key(&key)
    }

    pub fn value(&self, key: S::Key) -> Option<&S::Value> {
        self.values.get(&key)?.as_ref()
    }

    pub fn text(&self, key: S::Key) -> Option<&str> {
        self.value(key)?.text()
    }

    pub fn date(&self, key: S::Key) -> Option<NaiveDate> {
        self.value(key)?.date()
    }

    /// What the cell says if the file has the column, else what is registered: a column that is absent says
    /// nothing, and an empty cell says "none".
    pub fn or_kept<T>(&self, key: S::Key, said: Option<T>, kept: Option<T>) -> Option<T> {
        if self.has(key) { said } else { kept }
    }

    pub fn text_or_kept(&self, key: S::Key, kept: Option<&String>) -> Option<String> {
        self.or_kept(key, self.text(key).map(str::to_owned), kept.cloned())
    }

    pub fn date_or_kept(&self, key: S::Key, kept: Option<NaiveDate>) -> Option<NaiveDate> {
        self.or_kept(key, self.date(key), kept)
    }
}

/// Something wrong, by its place.
pub struct Fault<S: Schema> {
    /// `None`: the file as a whole.
    pub source: Option<usize>,
    /// Index into the table's rows; `None`: the sheet as a whole.
    pub row: Option<usize>,
    pub column: Option<usize>,
    pub reason: Reason<S::Reason>,
}

pub struct Context<'a, S: Schema> {
    pub(crate) tables: &'a [Table],
    pub sources: Vec<Source<'a, S>>,
    pub faults: Vec<Fault<S>>,
    pub warnings: Vec<Warning<S::Remark>>,
    bad: HashSet<At>,
    unread: BTreeSet<S::Sheet>,
}

impl<'a, S: Schema> Context<'a, S> {
    pub fn new(tables: &'a [Table]) -> Context<'a, S> {
        Context {
            tables,
            sources: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
            bad: HashSet::new(),
            unread: BTreeSet::new(),
        }
    }

    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    pub fn file_fault(&mut self, reason: Reason<S::Reason>) {
        self.faults.push(Fault { source: None, row: None, column: None, reason });
    }

    /// The sheet can't be read at all.
    pub fn sheet_fault(&mut self, source: usize, column: Option<usize>, reason: Reason<S::Reason>) {
        if let Some(source) = self.sources.get(source) {
            self.unread.insert(source.spec.key);
        }
        self.faults.push(Fault { source: Some(source), row: None, column, reason });
    }

    pub fn fault_in_column(&mut self, at: At, column: Option<usize>, reason: Reason<S::Reason>) {
        self.bad.insert(at);
        self.faults.push(Fault { source: Some(at.source), row: Some(at.row), column, reason });
    }

    pub fn fault(&mut self, at: At, key: S::Key, reason: impl Into<Reason<S::Reason>>) {
        let header = self.sources.get(at.source).and_then(|source| source.header.as_ref());
        let column = header.and_then(|header| header.column_of(key));
        self.fault_in_column(at, column, reason.into());
    }

    pub fn is_bad(&self, at: At) -> bool {
        self.bad.contains(&at)
    }

    pub fn n_bad(&self, sheet: S::Sheet) -> usize {
        let is_of = |at: &&At| self.sources.get(at.source).is_some_and(|source| source.spec.key == sheet);
        self.bad.iter().filter(is_of).count()
    }

    /// The name of the sheet if one of its kind couldn't be read.
    pub fn unread(&self, key: S::Sheet) -> Option<&'static str> {
        sheet::<S>(key).filter(|spec| self.unread.contains(&spec.key)).map(|spec| spec.name)
    }

    pub fn row_at(&self, at: At) -> RowAt {
        let source = self.sources.get(at.source);
        let row = source.and_then(|source| source.table.rows.get(at.row));
        RowAt {
            sheet: source.map(|source| source.table.sheet.clone()).unwrap_or_default(),
            row: row.map_or(0, |row| row.number),
        }
    }

    /// What the file says in a column of a row, read or not.
    pub fn raw(&self, at: At, key: S::Key) -> Option<&'a CellIn> {
        let source = self.sources.get(at.source)?;
        let column = source.header.as_ref()?.column_of(key)?;
        source.table.rows.get(at.row)?.cells.get(column)
    }

    /// The names that bad rows would have registered, to tell who refers to them.
    pub fn bad_names(&self, records: &[Record<S>], keys: &[S::Key]) -> BTreeMap<String, RowAt> {
        let bad = records.iter().filter(|record| self.is_bad(record.at));
        let names = bad.flat_map(|record| keys.iter().map(|key| (record.at, *key)));
        let names =
            names.filter_map(|(at, key)| Some((cell::name_key(&cell::shown(self.raw(at, key)?)), at)));
        names.filter(|(name, _)| !name.is_empty()).map(|(name, at)| (name, self.row_at(at))).collect()
    }

    /// Two date columns in the wrong order.
    pub fn reversed(&mut self, at: At, columns: (S::Key, S::Key), days: (NaiveDate, NaiveDate)) {
        let spec = self.sources.get(at.source).map(|source| source.spec);
        let from_header = spec.and_then(|spec| spec.column(columns.0)).map_or("", |column| column.header);
        let (from, until) = days;
        let from_header = from_header.to_owned();
        self.fault(at, columns.1, Reason::Reversed { from, until, from_header });
    }

    /// What came of it. Of a strict import with faults nothing is stored, though all that it found is told.
    pub fn finish<C: Default>(
        mut self,
        mode: Mode,
        change: C,
        changes: Vec<ChangedRow<S>>,
        settled: Settled<S>,
    ) -> Outcome<S, C> {
        if settled.counts.is_empty() && !self.has_faults() {
            self.warnings.push(Warning::NothingThere);
        }
        let is_refused = mode == Mode::AllOrNothing && self.has_faults();
        let change = if is_refused { C::default() } else { change };
        self.faults.sort_by_key(|fault| (fault.source, fault.row, fault.column));
        let error_sheets = error_sheets::build(&self);
        outcome::build(self, change, changes, settled.counts, error_sheets)
    }
}
