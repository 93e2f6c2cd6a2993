//! Posts and certificates as a report freezes them: how many hold what in which unit, and nobody's name.

use std::collections::HashMap;

use model::id::SystemId;
use model::interval::civil_date;
use model::staffing::{Cover, Holders, holders};
use reports::rows::{CoverRow, HoldersRow, LapseRow, OverdueUnitRow, PostDue, PostDueRow, TrainingRow};
use reports::snapshot::SnapshotInput;
use training::due::{Due, DueKind, due};
use training::records::{Book, Records};
use training::scheme::Scheme;

use super::{Sources, count};
use crate::shapes::staffing::{Basis, Staffing};

/// Certificates are told that end so many days before or after.
const HORIZON_DAYS: u16 = 90;

/// The training records, and the scheme that they are judged by.
pub struct Trained {
    pub records: Records,
    pub scheme: Scheme,
}

impl Trained {
    /// Adds nothing where no person and no certificate is recorded: that nobody holds one would be no more than a guess.
    pub(super) fn fill(&self, input: &mut SnapshotInput, sources: &Sources<'_>) {
        if self.records.staff.is_empty() && self.records.certificates.is_empty() {
            return;
        }
        // Unlike what the scans saw, records are as they stand when the report is made.
        let day = civil_date(sources.head.made_at);
        let book = Book::of(&self.records);
        let findings: Vec<_> = sources.findings.iter().map(|(finding, _)| finding.clone()).collect();
        let (scheme, register, deadlines) = (&self.scheme, sources.register, sources.policy.deadline);
        let told =
            Staffing::of(&Basis { book: &book, scheme, register, findings: &findings, deadlines, day });
        input.training = vec![TrainingRow {
            day,
            scheme: scheme.version.clone(),
            critical_days: deadlines.critical.into(),
            high_days: deadlines.high.into(),
        }];
        let levels: HashMap<SystemId, Option<u32>> = register
            .systems
            .iter()
            .map(|system| (system.id, system.level.map(|level| u32::from(u8::from(level)))))
            .collect();
        input.covers = told.covers.iter().map(|cover| self.cover_row(cover, &levels)).collect();
        input.holders = holders(&told.covers).iter().map(|one| self.holders_row(one)).collect();
        let near = due(&book, scheme, day, HORIZON_DAYS);
        input.post_due = near.iter().map(|one| self.due_row(one)).collect();
        let lapse = |lapse: &model::staffing::Lapse| LapseRow {
            finding: lapse.finding.to_string(),
            system: lapse.system.to_string(),
            unit: lapse.unit.to_string(),
            severity: lapse.severity,
            has_maintainer: lapse.has_maintainer,
        };
        input.lapses = told.lapses.iter().map(lapse).collect();
        let overdue = |one: &model::staffing::OverdueUnit| OverdueUnitRow {
            unit: one.unit.to_string(),
            n_overdue: count(one.n_overdue),
            oldest: one.oldest,
        };
        input.overdue_units = told.overdue.iter().map(overdue).collect();
    }

    fn cover_row(&self, cover: &Cover, levels: &HashMap<SystemId, Option<u32>>) -> CoverRow {
        let (category_zh, category_en) = self.category(&cover.category);
        CoverRow {
            requirement: cover.requirement.clone(),
            unit: cover.unit.to_string(),
            system: cover.system.map(|system| system.to_string()),
            level: cover.system.and_then(|system| levels.get(&system).copied().flatten()),
            post: cover.post,
            category_zh,
            category_en,
            n_required: cover.n_required.into(),
            n_certified: count(cover.certified.len()),
            n_in_grace: count(cover.in_grace.len()),
            n_uncertified: count(cover.uncertified.len()),
            standing: cover.standing,
        }
    }

    fn holders_row(&self, holders: &Holders) -> HoldersRow {
        let (category_zh, category_en) = self.category(&holders.category);
        HoldersRow {
            unit: holders.unit.to_string(),
            post: holders.post,
            category_zh,
            category_en,
            n_certified: count(holders.n_certified),
            n_in_grace: count(holders.n_in_grace),
            n_uncertified: count(holders.n_uncertified),
        }
    }

    fn due_row(&self, due: &Due) -> PostDueRow {
        let (category_zh, category_en) = self.category(&due.category);
        PostDueRow {
            unit: due.unit.to_string(),
            category_zh,
            category_en,
            serial: due.serial.clone(),
            what: match due.what {
                DueKind::Expiry => PostDue::Expiry,
                DueKind::Review => PostDue::Review,
            },
            on: due.on,
        }
    }

    /// Its names; the code stands for a category that the scheme no longer has.
    fn category(&self, code: &str) -> (String, String) {
        match self.scheme.category(code) {
            Some(category) => (category.name.clone(), category.name_en.clone()),
            None => (code.to_owned(), code.to_owned()),
        }
    }
}
