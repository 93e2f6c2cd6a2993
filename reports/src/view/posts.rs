//! Posts and certificates of one snapshot: the rows with what follows from them.

use std::collections::BTreeMap;

use model::post::PostKind;
use model::staffing::CoverStanding;
use polars::error::PolarsResult;
use polars::prelude::{Column, DataFrame};

use crate::error::ReportError;
use crate::frame::{Row, rows};
use crate::rows::{CoverRow, HoldersRow, LapseRow, OverdueUnitRow, PostDueRow, TrainingRow};
use crate::snapshot::Snapshot;
use crate::text::{Term, term};

rows! {
    /// A system that must have a certified maintainer and has none; follows from the coverage rows.
    pub struct UnmaintainedRow in "post-unmaintained" {
        pub unit: String,
        pub system: String,
        pub level: Option<u32>,
        /// People in the post, all without a certificate.
        pub n_in_grace: u32,
        pub n_uncertified: u32,
    }
}

pub(crate) struct Posts {
    /// `None` where no training is recorded: then nothing can be told, and all rows are empty.
    pub(crate) training: Option<TrainingRow>,
    pub(crate) covers: Vec<CoverRow>,
    pub(crate) holders: Vec<HoldersRow>,
    /// With the days that are left, below 0 once the day is past; the nearest first.
    pub(crate) due: Vec<(PostDueRow, i64)>,
    pub(crate) lapses: Vec<LapseRow>,
    pub(crate) overdue: Vec<OverdueUnitRow>,
    pub(crate) unmaintained: Vec<UnmaintainedRow>,
}

/// The frames that figures of posts and certificates are computed from.
const FRAMES: [&str; 6] = [
    CoverRow::FRAME,
    HoldersRow::FRAME,
    PostDueRow::FRAME,
    LapseRow::FRAME,
    OverdueUnitRow::FRAME,
    UnmaintainedRow::FRAME,
];

/// Whether a figure of this frame says nothing where no training is recorded.
pub(crate) fn is_of_posts(frame: &str) -> bool {
    FRAMES.contains(&frame)
}

impl Posts {
    pub(super) fn of(now: &Snapshot) -> Result<Posts, ReportError> {
        let training = now.rows::<TrainingRow>()?.into_iter().next();
        let covers: Vec<CoverRow> = now.rows()?;
        let day = training.as_ref().map(|row| row.day);
        let days_left = |row: &PostDueRow| day.map_or(0, |day| row.on.signed_duration_since(day).num_days());
        let mut due: Vec<(PostDueRow, i64)> = now
            .rows::<PostDueRow>()?
            .into_iter()
            .map(|row| (days_left(&row), row))
            .map(|(n, row)| (row, n))
            .collect();
        due.sort_by(|(a, _), (b, _)| (a.on, &a.unit, &a.serial).cmp(&(b.on, &b.unit, &b.serial)));
        Ok(Posts {
            unmaintained: unmaintained(&covers),
            training,
            covers,
            holders: now.rows()?,
            due,
            lapses: now.rows()?,
            overdue: now.rows()?,
        })
    }

    pub(super) fn frames(&self) -> PolarsResult<[(&'static str, DataFrame); FRAMES.len()]> {
        let mut covers = CoverRow::to_frame(&self.covers)?;
        let states: Vec<&str> =
            self.covers.iter().map(|row| CoverState::of(row.standing).term().code).collect();
        covers.with_column(Column::new("state".into(), states))?;
        let levels: Vec<String> = self.covers.iter().map(level_key).collect();
        covers.with_column(Column::new("level_key".into(), levels))?;
        let mut holders = HoldersRow::to_frame(&self.holders)?;
        let n: Vec<u32> = self.holders.iter().map(HoldersRow::n).collect();
        holders.with_column(Column::new("n".into(), n))?;
        let rows: Vec<PostDueRow> = self.due.iter().map(|(row, _)| row.clone()).collect();
        let mut due = PostDueRow::to_frame(&rows)?;
        let days: Vec<i64> = self.due.iter().map(|(_, days)| *days).collect();
        due.with_column(Column::new("days_left".into(), days))?;
        Ok([
            (CoverRow::FRAME, covers),
            (HoldersRow::FRAME, holders),
            (PostDueRow::FRAME, due),
            (LapseRow::FRAME, LapseRow::to_frame(&self.lapses)?),
            (OverdueUnitRow::FRAME, OverdueUnitRow::to_frame(&self.overdue)?),
            (UnmaintainedRow::FRAME, UnmaintainedRow::to_frame(&self.unmaintained)?),
        ])
    }
}

/// What a requirement is of: the level of a system, 0 without one; empty for a unit as a whole.
pub(crate) fn level_key(row: &CoverRow) -> String {
    match (&row.system, row.level) {
        (None, _) => String::new(),
        (Some(_), level) => level.unwrap_or(0).to_string(),
    }
}

impl HoldersRow {
    /// All of whom the certificate is asked.
    pub(crate) fn n(&self) -> u32 {
        self.n_certified.saturating_add(self.n_in_grace).saturating_add(self.n_uncertified)
    }
}

/// Somebody certified by one requirement is enough; who is in the post by several is told by the one that knows most.
fn unmaintained(covers: &[CoverRow]) -> Vec<UnmaintainedRow> {
    let mut systems: BTreeMap<&str, (UnmaintainedRow, bool)> = BTreeMap::new();
    for row in covers.iter().filter(|row| row.post == PostKind::Maintainer) {
        let Some(system) = &row.system else { continue };
        let (found, is_maintained) = systems.entry(system).or_insert_with(|| {
            let (unit, system, level) = (row.unit.clone(), system.clone(), row.level);
            (UnmaintainedRow { unit, system, level, n_in_grace: 0, n_uncertified: 0 }, false)
        });
        found.n_in_grace = found.n_in_grace.max(row.n_in_grace);
        found.n_uncertified = found.n_uncertified.max(row.n_uncertified);
        *is_maintained |= row.n_certified > 0;
    }
    let mut rows: Vec<UnmaintainedRow> =
        systems.into_values().filter(|(_, is_maintained)| !is_maintained).map(|(row, _)| row).collect();
    rows.sort_by(|a, b| (b.level, &a.unit, &a.system).cmp(&(a.level, &b.unit, &b.system)));
    rows
}

/// A requirement's standing as leaders ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoverState {
    Met,
    InGrace,
    Gap,
}

impl CoverState {
    pub(crate) const ALL: [CoverState; 3] = [CoverState::Met, CoverState::InGrace, CoverState::Gap];

    pub(crate) fn of(standing: CoverStanding) -> CoverState {
        match standing {
            CoverStanding::Met => CoverState::Met,
            CoverStanding::InGrace => CoverState::InGrace,
            CoverStanding::TooFew
            | CoverStanding::NoBackup
            | CoverStanding::NoneCertified
            | CoverStanding::NobodyInPost => CoverState::Gap,
        }
    }

    pub(crate) fn term(self) -> Term {
        match self {
            CoverState::Met => term("met", "已满足", "Met"),
            CoverState::InGrace => term("in-grace", "宽限期内", "In grace"),
            CoverState::Gap => term("gap", "缺口", "Gap"),
        }
    }
}
