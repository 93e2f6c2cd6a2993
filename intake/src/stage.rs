//! Entries of one sheet on their way into what is stored: known or new, and each only once.
//!
//! “Registered” is what is stored already, whatever the domain calls it.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::context::{At, Context};
use crate::outcome::Count;
use crate::reason::Reason;
use crate::schema::Schema;

/// An entry as one row of the file has it.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    pub at: At,
    pub value: T,
}

/// The entries of a sheet. Known entries keep the id that they were given; `K` is what they are known by.
pub struct Stage<K, Id> {
    ids: HashMap<K, Id>,
}

impl<K: Hash + Eq, Id: Copy> Stage<K, Id> {
    pub fn new(registered: impl Iterator<Item = (K, Id)>) -> Stage<K, Id> {
        Stage { ids: registered.collect() }
    }

    /// The same id for the same key, among what is registered and in all rows.
    pub fn id_of(&mut self, key: K, fresh: impl FnOnce() -> Id) -> Id {
        *self.ids.entry(key).or_insert_with(fresh)
    }
}

/// A kind of entry that an import can hold.
pub trait Registered<S: Schema>: Clone + PartialEq {
    type Id: Copy + Eq + Ord + Hash;
    const SHEET: S::Sheet;
    /// The column in which a repeated entry is reported.
    const KEY_COLUMN: S::Key;
    fn id(&self) -> Self::Id;
}

/// How the entries of all sheets came out.
pub struct Settled<S: Schema> {
    pub counts: BTreeMap<S::Sheet, Count>,
    /// Where the entries of the change stand, in its order.
    pub places: BTreeMap<S::Sheet, Vec<At>>,
}

impl<S: Schema> Default for Settled<S> {
    fn default() -> Settled<S> {
        Settled { counts: BTreeMap::new(), places: BTreeMap::new() }
    }
}

impl<S: Schema> Settled<S> {
    pub fn places_of(&self, sheet: S::Sheet) -> &[At] {
        self.places.get(&sheet).map_or(&[][..], Vec::as_slice)
    }
}

pub struct Entries<S: Schema, T: Registered<S>> {
    list: Vec<Entry<T>>,
    by_id: HashMap<T::Id, usize>,
    /// Rows that say once more what an earlier one says.
    n_repeats: usize,
}

impl<S: Schema, T: Registered<S>> Default for Entries<S, T> {
    fn default() -> Entries<S, T> {
        Entries { list: Vec::new(), by_id: HashMap::new(), n_repeats: 0 }
    }
}

impl<S: Schema, T: Registered<S>> Entries<S, T> {
    /// A row that repeats an earlier one is dropped; one that contradicts it makes both bad, since none can
    /// tell which is meant.
    pub fn push(&mut self, context: &mut Context<'_, S>, at: At, value: T) {
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

    pub fn all(&self) -> &[Entry<T>] {
        &self.list
    }

    pub fn all_mut(&mut self) -> &mut [Entry<T>] {
        &mut self.list
    }

    /// Those whose rows have no fault so far.
    pub fn good<'a>(&'a self, context: &'a Context<'_, S>) -> impl Iterator<Item = &'a Entry<T>> {
        self.list.iter().filter(|entry| !context.is_bad(entry.at))
    }

    /// The registered entries with the good ones of the file over them, these with their places.
    pub fn over<'a>(
        &'a self,
        context: &'a Context<'_, S>,
        registered: &'a [T],
    ) -> impl Iterator<Item = (&'a T, Option<At>)> {
        let replaced = |value: &T| {
            let entry = self.by_id.get(&value.id()).and_then(|&i| self.list.get(i));
            entry.is_some_and(|entry| !context.is_bad(entry.at))
        };
        let kept = registered.iter().filter(move |value| !replaced(value)).map(|value| (value, None));
        kept.chain(self.good(context).map(|entry| (&entry.value, Some(entry.at))))
    }

    /// The good entries that change what is registered; their places and counts are added to those of other sheets.
    pub fn settle(self, context: &Context<'_, S>, registered: &[T], settled: &mut Settled<S>) -> Vec<T> {
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
