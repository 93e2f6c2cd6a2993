//! What exposure and people say together: findings on systems without a certified maintainer.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Cover;
use crate::finding::{Finding, FindingState};
use crate::id::{FindingId, SystemId, UnitId};
use crate::interval::civil_date;
use crate::post::PostKind;
use crate::severity::Severity;

/// An open high finding on a system that no certified maintainer looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapse {
    pub finding: FindingId,
    pub system: SystemId,
    pub unit: UnitId,
    pub severity: Severity,
    /// Somebody is in the post, and the certificate has lapsed or was never there.
    pub has_maintainer: bool,
}

/// A unit with high findings past their deadline and nobody certified to mend them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverdueUnit {
    pub unit: UnitId,
    pub n_overdue: usize,
    pub oldest: DateTime<Utc>,
}

fn is_high(finding: &Finding) -> bool {
    matches!(finding.severity, Severity::High | Severity::Critical)
}

/// It was there when it was last looked for: what was seen gone, or couldn't be told, must name nobody.
fn is_there(finding: &Finding) -> bool {
    finding.state == FindingState::Open && finding.unverifiable_since.is_none()
}

/// Findings of grade high or critical that are there, on systems whose maintainers, if any, are all without a
/// certificate. Days of grace don't count here: nobody certified looks after the system.
pub fn lapses(findings: &[Finding], covers: &[Cover]) -> Vec<Lapse> {
    let mut uncovered: HashMap<SystemId, bool> = HashMap::new();
    let mut covered: HashSet<SystemId> = HashSet::new();
    for cover in covers.iter().filter(|cover| cover.post == PostKind::Maintainer) {
        let Some(system) = cover.system else { continue };
        if cover.certified.is_empty() {
            let has_one = !cover.uncertified.is_empty() || !cover.in_grace.is_empty();
            *uncovered.entry(system).or_default() |= has_one;
        } else {
            covered.insert(system);
        }
    }
    let of = |finding: &Finding| {
        let system = finding.system?;
        let has_maintainer = *uncovered.get(&system).filter(|_| !covered.contains(&system))?;
        let (unit, severity) = (finding.unit, finding.severity);
        Some(Lapse { finding: finding.id, system, unit, severity, has_maintainer })
    };
    findings.iter().filter(|finding| is_there(finding) && is_high(finding)).filter_map(of).collect()
}

/// Units whose high findings are there for more than `days_allowed` days, and in none of whose posts a certified
/// maintainer is.
pub fn overdue_without_maintainer(
    findings: &[Finding],
    units_with_maintainer: &HashSet<UnitId>,
    day: NaiveDate,
    days_allowed: impl Fn(Severity) -> u16,
) -> Vec<OverdueUnit> {
    let mut units: HashMap<UnitId, OverdueUnit> = HashMap::new();
    for finding in findings.iter().filter(|finding| is_there(finding) && is_high(finding)) {
        let unit = finding.unit;
        let age = day.signed_duration_since(civil_date(finding.first_seen)).num_days();
        if age <= i64::from(days_allowed(finding.severity)) || units_with_maintainer.contains(&unit) {
            continue;
        }
        let first = finding.first_seen;
        let row = units.entry(unit).or_insert(OverdueUnit { unit, n_overdue: 0, oldest: first });
        row.n_overdue += 1;
        row.oldest = row.oldest.min(first);
    }
    let mut units: Vec<OverdueUnit> = units.into_values().collect();
    units.sort_by_key(|row| (row.oldest, row.unit));
    units
}

#[cfg(test)]
mod tests;
