//! Entries of one sheet on their way into the register: known or new, and each only once.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::context::{At, Context};
use super::outcome::Count;
use crate::columns::{Key, SheetKey};
use crate::reason::Reason;

/// An entry as one row of the file has it.
#[derive(Debug, Clone)]
pub(crate) struct Entry<T> {
    pub(crate) at: At,
    pub(crate) value: T,
}

/// The entries of a sheet. Known entries keep the id that the register gave them; `K` is what they are known by.
pub(crate) struct Stage<K, Id> {
    ids: HashMap<K, Id>,
}

impl<K: Hash + Eq, Id: Copy> Stage<K, Id> {
    pub(crate) fn new(registered: impl Iterator<Item = (K, Id)>) -> Stage<K, Id> {
        Stage { ids: registered.collect() }
    }

    /// The same id for the same key, in the register and in all rows.
    pub(crate) fn id_of(&mut self, key: K, fresh: impl FnOnce() -> Id) -> Id {
        *self.ids.entry(key).or_insert_with(fresh)
    }
}

/// A kind of entry that an import can hold.
pub(crate) trait Registered: Clone + PartialEq {
    type Id: Copy + Eq + Ord + Hash;
    const SHEET: SheetKey;
    /// The column in which a repeated entry is reported.
    const KEY_COLUMN: Key;
    fn id(&self) -> Self::Id;
}

/// How the entries of all sheets came out.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) counts: BTreeMap<SheetKey, Count>,
    /// Where the entries of the change stand, in its order.
    pub(crate) places: BTreeMap<SheetKey, Vec<At>>,
}

pub(crate) struct Entries<T: Registered> {
    list: Vec<Entry<T>>,
    by_id: HashMap<T::Id, usize>,
    /// Rows that say once more what an earlier one says.
    n_repeats: usize,
}

impl<T: Registered> Entries<T> {
    pub(crate) fn new() -> Entries<T> {
        Entries { list: Vec::new(), by_id: HashMap::new(), n_repeats: 0 }
    }

    /// A row that repeats an earlier one is dropped; one that contradicts it makes both bad, since none can
    /// tell which is meant.
    pub(crate) fn push(&mut self, context: &mut Context<'_>, at: At, value: T) {
        let Some(first) = self.by_id.get(&value.id()).and_then(|&i| self.list.get(i)) else {
            self.by_id.insert(value.id(), self.list.len());
            self.list.push(Entry { at, value });
            return;
        };
        if first.value == value {
            self.n_repeats += 1;
            return;
        }
        let first_at = first.at;
        let (first_row, this_row) = (context.row_at(first_at), context.row_at(at));
        if !context.is_bad(first_at) {
            context.fault(first_at, T::KEY_COLUMN, Reason::Duplicate(this_row));
        }
        context.fault(at, T::KEY_COLUMN, Reason::Duplicate(first_row));
    }

    pub(crate) fn all(&self) -> &[Entry<T>] {
        &self.list
    }

    pub(crate) fn all_mut(&mut self) -> &mut [Entry<T>] {
        &mut self.list
    }

    /// Those whose rows have no fault so far.
    pub(crate) fn good<'a>(&'a self, context: &'a Context<'_>) -> impl Iterator<Item = &'a Entry<T>> {
        self.list.iter().filter(|entry| !context.is_bad(entry.at))
    }

    /// The register's entries with the good ones of the file over them; `true` for those from the file.
    pub(crate) fn over<'a>(
        &'a self,
        context: &'a Context<'_>,
        registered: &'a [T],
    ) -> impl Iterator<Item = (&'a T, Option<At>)> {
        let replaced = |value: &T| {
            let entry = self.by_id.get(&value.id()).and_then(|&i| self.list.get(i));
            entry.is_some_and(|entry| !context.is_bad(entry.at))
        };
        let kept = registered.iter().filter(move |value| !replaced(value)).map(|value| (value, None));
        kept.chain(self.good(context).map(|entry| (&entry.value, Some(entry.at))))
    }

    /// The good entries that change the register; their places and counts are added to those of other sheets.
    pub(crate) fn settle(self, context: &Context<'_>, registered: &[T], settled: &mut Settled) -> Vec<T> {
        let known: HashMap<T::Id, &T> = registered.iter().map(|value| (value.id(), value)).collect();
        let mut count =
            Count { n_bad: context.n_bad(T::SHEET), n_repeats: self.n_repeats, ..Count::default() };
        let mut changed = Vec::new();
        let places = settled.places.entry(T::SHEET).or_default();
        for entry in self.list.into_iter().filter(|entry| !context.is_bad(entry.at)) {
            match known.get(&entry.value.id()) {
                Some(known) if **known == entry.value => count.n_unchanged += 1,
                Some(_) => {
                    count.n_changed += 1;
                    places.push(entry.at);
                    changed.push(entry.value);
                }
                None => {
                    count.n_new += 1;
                    places.push(entry.at);
                    changed.push(entry.value);
                }
            }
        }
        if count != Count::default() {
            settled.counts.insert(T::SHEET, count);
        }
        changed
    }
}
