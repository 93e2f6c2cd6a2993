//! The figure ledger: every number of a report with its id, its query in words, its change and the table of its rows.
//!
//! A pure function of a snapshot and, if there is one, the previous snapshot. Numbers come from polars queries over
//! the frozen frames, listed in one table ([`DEFINITIONS`](definitions::DEFINITIONS)); tables list the very rows.

mod ages;
mod certificates;
mod changes;
mod coverage;
pub(crate) mod definitions;
mod exposures;
mod findings;
mod ledger;
mod policy;
mod posts;
mod services;
mod sureness;
mod tls;
mod units;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, Expr, IntoLazy, SortMultipleOptions, col, len, lit};

use crate::error::ReportError;
use crate::rows::TrainingRow;
use crate::snapshot::{Head, Snapshot};
use crate::table::Table;
use crate::text::Words;
use crate::view::View;

pub(crate) use findings::{CheckGroup, FindingEntry};

/// All that an edition prints.
#[derive(Debug, Clone)]
pub struct Figures {
    pub head: Head,
    /// SHA-256 of the snapshot.
    pub snapshot_hash: String,
    pub previous: Option<Previous>,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
    /// Findings that aren't closed, by check; the same rows as table `findings`.
    pub(crate) groups: Vec<CheckGroup>,
    /// What the figures of posts and certificates rest on; `None` where no training is recorded, and then there are none.
    pub(crate) training: Option<TrainingRow>,
    /// Names of units of which no address was probed.
    pub(crate) unscanned: Vec<String>,
}

/// The report that this one is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    pub number: String,
    pub data_as_of: DateTime<Utc>,
    pub snapshot_hash: String,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Stable, for example `card.addresses.authorised`.
    pub id: &'static str,
    pub title: Words,
    /// What is counted.
    pub unit: Words,
    pub value: u64,
    /// In the previous report; `None` without one, and for figures that are changes themselves.
    pub previous: Option<u64>,
    /// Frame of the snapshot that it is computed from.
    pub frame: &'static str,
    /// The query in words.
    pub filter: Words,
    /// Id of the table that lists its rows.
    pub rows: &'static str,
}

impl Figure {
    /// Difference to the previous report.
    pub fn change(&self) -> Option<i64> {
        let previous = i64::try_from(self.previous?).ok()?;
        i64::try_from(self.value).ok().map(|value| value - previous)
    }
}

impl Figures {
    pub fn of(now: &Snapshot, before: Option<&Snapshot>) -> Result<Figures, ReportError> {
        let view = View::new(now, before)?;
        let earlier = before.map(|before| View::new(before, None)).transpose()?;
        let figures = definitions::evaluate(&view, earlier.as_ref())?;
        let previous = before.map(|before| Previous {
            number: before.head().number.clone(),
            data_as_of: before.head().data_as_of,
            snapshot_hash: before.hash().to_owned(),
        });
        let groups = findings::groups(&view);
        let mut tables = vec![
            ledger::table(&figures),
            units::table(&view)?,
            exposures::by_class(&view)?,
            exposures::by_port(&view)?,
            ages::table(&view)?,
            certificates::table(&view),
            tls::grades(&view),
            tls::table(&view),
            findings::table(&view),
            findings::advice(&groups),
        ];
        tables.extend(posts::tables(&view)?);
        tables.extend([
            changes::table(&view),
            services::table(&view),
            services::silent(&view),
            coverage::by_unit(&view)?,
            coverage::runs(&view),
            coverage::ports_probed(&view),
            coverage::refusals(&view),
            coverage::exclusions(&view),
            sureness::unsure(&view),
            sureness::clusters(&view),
            coverage::hosts(&view),
            policy::table(&view),
        ]);
        Ok(Figures {
            head: now.head().clone(),
            snapshot_hash: now.hash().to_owned(),
            previous,
            figures,
            tables,
            groups,
            unscanned: units::unscanned(&view),
            training: view.posts.training.clone(),
        })
    }

    /// The figure with an id of the ledger.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.id == id)
    }

    /// Its value; 0 for an id that isn't in the ledger, which a test over all templates excludes.
    pub(crate) fn value(&self, id: &str) -> u64 {
        self.figure(id).map_or(0, |figure| figure.value)
    }

    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }
}

/// Rows of a frame that pass a filter, counted by the values of text columns.
pub(crate) fn counts_by<const N: usize>(
    frame: DataFrame,
    filter: Expr,
    keys: [&'static str; N],
) -> Result<BTreeMap<[String; N], u64>, ReportError> {
    grouped(frame, filter, keys, len())
}

/// A whole number for each combination of text columns, in the order of their values.
pub(crate) fn grouped<const N: usize>(
    frame: DataFrame,
    filter: Expr,
    keys: [&'static str; N],
    measure: Expr,
) -> Result<BTreeMap<[String; N], u64>, ReportError> {
    let failed = || ReportError::compute("a grouped count");
    let by: Vec<Expr> = keys.iter().map(|key| col(*key).fill_null(lit(""))).collect();
    let out = frame
        .lazy()
        .filter(filter)
        .group_by(by)
        .agg([measure.cast(polars::prelude::DataType::UInt64).alias("measure")])
        .sort(keys, SortMultipleOptions::default())
        .collect()
        .map_err(failed())?;
    let mut columns = Vec::with_capacity(N);
    for key in keys {
        columns.push(out.column(key).map_err(failed())?.str().map_err(failed())?);
    }
    let measured = out.column("measure").map_err(failed())?.u64().map_err(failed())?;
    let row = |at: usize| {
        let key = std::array::from_fn(|i| {
            columns.get(i).and_then(|column| column.get(at)).unwrap_or_default().to_owned()
        });
        (key, measured.get(at).unwrap_or(0))
    };
    Ok((0..out.height()).map(row).collect())
}

/// Everything passes.
pub(crate) fn all() -> Expr {
    lit(true)
}
