//! Who must hold a post certificate for what, and who does, on one day: requirements × post holdings × certificates.
//!
//! Pure: the day, what is exposed and how each certificate stands on that day are given. It joins what the register and
//! the training records know, and must not know how either is stored.

mod holders;
mod joint;

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::id::{StaffId, SystemId, UnitId};
use crate::interval::Interval;
use crate::post::{PostKind, Role};
use crate::register::ProtectionLevel;
pub use holders::{Holders, holders};
pub use joint::{Lapse, OverdueUnit, lapses, overdue_without_maintainer};

/// What a rule asks of (岗位要求).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Names the rule in figures and messages.
    pub id: String,
    pub post: PostKind,
    pub per: Per,
    /// Code of the certificate's category.
    pub category: String,
    /// Systems of this level or higher; `None` for all, also those without a level. Units: ignored.
    #[serde(default)]
    pub min_level: Option<ProtectionLevel>,
    /// Only systems of which something answers.
    #[serde(default)]
    pub exposed_only: bool,
    /// How many certified people there must be.
    pub head_count: u8,
    /// Two of them must stand in for each other, as A and B.
    #[serde(default)]
    pub needs_backup: bool,
    /// Days after the appointment on which somebody may still be without.
    #[serde(default)]
    pub grace_days: u16,
    /// First day on which the rule holds.
    pub effective: NaiveDate,
    /// Standard or notice and clause that it rests on.
    pub source: String,
}

/// What the head-count is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    System,
    Unit,
}

/// A system, as far as rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemFacts {
    pub id: SystemId,
    pub unit: UnitId,
    pub level: Option<ProtectionLevel>,
    /// Something of it answers.
    pub is_exposed: bool,
}

/// One person in one post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldingFacts {
    pub staff: StaffId,
    pub unit: UnitId,
    /// `None` for a post of the unit as a whole: it counts for each of the unit's systems.
    pub system: Option<SystemId>,
    pub post: PostKind,
    pub role: Option<Role>,
    pub held: Interval,
}

/// By category, who holds a certificate of it that counts.
pub type Certified = HashMap<String, HashSet<StaffId>>;

/// What is known on the day.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub day: NaiveDate,
    /// Units that exist on the day.
    pub units: &'a [UnitId],
    pub systems: &'a [SystemFacts],
    pub holdings: &'a [HoldingFacts],
    pub certified: &'a Certified,
}

/// How one requirement stands for one system or unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    pub requirement: String,
    pub unit: UnitId,
    pub system: Option<SystemId>,
    pub post: PostKind,
    pub category: String,
    pub n_required: u8,
    /// In the post and certified, by id.
    pub certified: Vec<StaffId>,
    /// In the post, without a certificate, and not so long that they must have one.
    pub in_grace: Vec<StaffId>,
    /// In the post and without, although they must have one.
    pub uncertified: Vec<StaffId>,
    pub standing: CoverStanding,
}

/// From the best to the worst: another certificate, or another person in the post, makes none worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverStanding {
    Met,
    /// Not met, and would be if those were certified whose days of grace aren't over.
    InGrace,
    /// As many as asked for, those in grace counted, and none stands in for the other.
    NoBackup,
    /// Some are certified, and fewer than asked for.
    TooFew,
    /// People are in the post, and none is certified.
    NoneCertified,
    /// Nobody is in the post.
    NobodyInPost,
}

impl CoverStanding {
    pub const ALL: [CoverStanding; 6] = [
        CoverStanding::Met,
        CoverStanding::InGrace,
        CoverStanding::NoBackup,
        CoverStanding::TooFew,
        CoverStanding::NoneCertified,
        CoverStanding::NobodyInPost,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            CoverStanding::Met => "met",
            CoverStanding::InGrace => "in-grace",
            CoverStanding::TooFew => "too-few",
            CoverStanding::NoBackup => "no-backup",
            CoverStanding::NoneCertified => "none-certified",
            CoverStanding::NobodyInPost => "nobody-in-post",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            CoverStanding::Met => "满足",
            CoverStanding::InGrace => "宽限期内",
            CoverStanding::TooFew => "持证人数不足",
            CoverStanding::NoBackup => "无AB角",
            CoverStanding::NoneCertified => "无持证人员",
            CoverStanding::NobodyInPost => "无人在岗",
        }
    }

    pub fn is_gap(self) -> bool {
        !matches!(self, CoverStanding::Met | CoverStanding::InGrace)
    }
}

/// Every requirement for every system or unit that it asks of, in the order of the rules and of what is given.
pub fn cover(rules: &[Requirement], known: &Known<'_>) -> Vec<Cover> {
    let mut by_system: HashMap<(SystemId, PostKind), Vec<&HoldingFacts>> = HashMap::new();
    let mut of_unit: HashMap<(UnitId, PostKind), Vec<&HoldingFacts>> = HashMap::new();
    let mut anywhere: HashMap<(UnitId, PostKind), Vec<&HoldingFacts>> = HashMap::new();
    for holding in known.holdings.iter().filter(|holding| holding.held.contains(known.day)) {
        let post = holding.post;
        match holding.system {
            Some(system) => by_system.entry((system, post)).or_default().push(holding),
            None => of_unit.entry((holding.unit, post)).or_default().push(holding),
        }
        anywhere.entry((holding.unit, post)).or_default().push(holding);
    }
    let none: Vec<&HoldingFacts> = Vec::new();
    let mut covers = Vec::new();
    for rule in rules.iter().filter(|rule| rule.effective <= known.day) {
        match rule.per {
            Per::System => {
                covers.extend(known.systems.iter().filter(|system| asks(rule, system)).map(|system| {
                    let own = by_system.get(&(system.id, rule.post)).unwrap_or(&none);
                    let shared = of_unit.get(&(system.unit, rule.post)).unwrap_or(&none);
                    let people: Vec<&HoldingFacts> = own.iter().chain(shared).copied().collect();
                    judge(rule, system.unit, Some(system.id), &people, known)
                }))
            }
            Per::Unit => covers.extend(known.units.iter().map(|unit| {
                let people = anywhere.get(&(*unit, rule.post)).unwrap_or(&none);
                judge(rule, *unit, None, people, known)
            })),
        }
    }
    covers
}

fn asks(rule: &Requirement, system: &SystemFacts) -> bool {
    let is_level = rule.min_level.is_none_or(|least| system.level.is_some_and(|level| level >= least));
    is_level && (system.is_exposed || !rule.exposed_only)
}

fn judge(
    rule: &Requirement,
    unit: UnitId,
    system: Option<SystemId>,
    people: &[&HoldingFacts],
    known: &Known<'_>,
) -> Cover {
    let mut cover = Cover {
        requirement: rule.id.clone(),
        unit,
        system,
        post: rule.post,
        category: rule.category.clone(),
        n_required: rule.head_count,
        certified: Vec::new(),
        in_grace: Vec::new(),
        uncertified: Vec::new(),
        standing: CoverStanding::Met,
    };
    let (mut roles, mut roles_coming): (HashSet<Role>, HashSet<Role>) = Default::default();
    let certified = known.certified.get(&rule.category);
    for holding in people {
        if certified.is_some_and(|staff| staff.contains(&holding.staff)) {
            cover.certified.push(holding.staff);
            roles.extend(holding.role);
        } else if is_in_grace(rule, holding, known.day) {
            cover.in_grace.push(holding.staff);
            roles_coming.extend(holding.role);
        } else {
            cover.uncertified.push(holding.staff);
        }
    }
    // Who holds the post twice, for the unit and for the system, is one person, and is as well off as at best.
    for list in [&mut cover.certified, &mut cover.in_grace, &mut cover.uncertified] {
        list.sort_unstable();
        list.dedup();
    }
    cover.in_grace.retain(|staff| !cover.certified.contains(staff));
    cover.uncertified.retain(|staff| !cover.certified.contains(staff) && !cover.in_grace.contains(staff));
    let wanted = usize::from(rule.head_count);
    let (n, n_coming) = (cover.certified.len(), cover.in_grace.len());
    roles_coming.extend(&roles);
    let has_backup =
        |roles: &HashSet<Role>| !rule.needs_backup || (roles.contains(&Role::A) && roles.contains(&Role::B));
    cover.standing = if n >= wanted && has_backup(&roles) {
        CoverStanding::Met
    } else if n + n_coming >= wanted && has_backup(&roles_coming) {
        CoverStanding::InGrace
    } else if n + n_coming >= wanted {
        CoverStanding::NoBackup
    } else if n > 0 {
        CoverStanding::TooFew
    } else if people.is_empty() {
        CoverStanding::NobodyInPost
    } else {
        CoverStanding::NoneCertified
    };
    cover
}

/// Grace counts from the appointment, or from the day on which the rule came, if that was later.
fn is_in_grace(rule: &Requirement, holding: &HoldingFacts, day: NaiveDate) -> bool {
    let since = holding.held.from().map_or(rule.effective, |from| from.max(rule.effective));
    since.checked_add_days(Days::new(rule.grace_days.into())).is_some_and(|end| day < end)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
