//! The register: units, people, systems, assets, exclusions and declared services.
//!
//! Plain values that are consistent in themselves; how they are imported and stored is `registry`'s and
//! `store`'s to know.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::addr::AddrRange;
use crate::credit_code::CreditCode;
use crate::host_name::HostName;
use crate::id::{AssetId, DeclaredServiceId, ExclusionId, PersonId, SystemId, UnitId};
use crate::interval::Interval;
use crate::port::Transport;
use crate::region::RegionCode;
use crate::scan_window::ScanWindow;

/// Everything registered, each list in the order of its ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Register {
    pub units: Vec<Unit>,
    pub people: Vec<Person>,
    pub systems: Vec<System>,
    pub assets: Vec<Asset>,
    pub exclusions: Vec<Exclusion>,
    pub services: Vec<DeclaredService>,
}

impl Register {
    pub fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub fn system(&self, id: SystemId) -> Option<&System> {
        self.systems.iter().find(|system| system.id == id)
    }

    pub fn asset(&self, id: AssetId) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.id == id)
    }

    /// The three people who answer for an asset: its own, else those of its system.
    pub fn answerable(&self, asset: &Asset) -> Answerable {
        let of_system = asset.system.and_then(|id| self.system(id)).map(|system| system.answerable);
        let of_system = of_system.unwrap_or_default();
        Answerable {
            in_charge: asset.answerable.in_charge.or(of_system.in_charge),
            operator: asset.answerable.operator.or(of_system.operator),
            user: asset.answerable.user.or(of_system.user),
        }
    }
}

/// A government body (单位).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    pub id: UnitId,
    /// Identifies the unit for people and across imports.
    pub code: CreditCode,
    pub name: String,
    pub parent: Option<UnitId>,
    pub region: Option<RegionCode>,
    /// The days on which the unit carries this region code.
    pub region_valid: Interval,
    /// The days on which the unit exists.
    pub valid: Interval,
}

/// A named person of a unit; known across imports by unit, name and phone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub unit: UnitId,
    pub name: String,
    /// Post or title, as the unit writes it.
    pub post: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// Who answers for a system or an asset (谁主管谁负责、谁运营谁负责、谁使用谁负责).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answerable {
    /// 主管责任人
    pub in_charge: Option<PersonId>,
    /// 运营责任人
    pub operator: Option<PersonId>,
    /// 使用责任人
    pub user: Option<PersonId>,
}

/// Classified-protection level (等级保护), 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct ProtectionLevel(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a classified-protection level: 1 to 5")]
pub struct NotAProtectionLevel(pub u8);

impl TryFrom<u8> for ProtectionLevel {
    type Error = NotAProtectionLevel;
    fn try_from(level: u8) -> Result<Self, Self::Error> {
        if (1..=5).contains(&level) { Ok(Self(level)) } else { Err(NotAProtectionLevel(level)) }
    }
}

impl From<ProtectionLevel> for u8 {
    fn from(level: ProtectionLevel) -> u8 {
        level.0
    }
}

/// An information system (信息系统) of a unit; known across imports by unit and name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct System {
    pub id: SystemId,
    pub unit: UnitId,
    pub name: String,
    /// `None` if not graded yet.
    pub level: Option<ProtectionLevel>,
    pub answerable: Answerable,
}

/// What an asset is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetTarget {
    /// An address, a CIDR prefix or a range.
    Addresses(AddrRange),
    Host(HostName),
}

impl std::fmt::Display for AssetTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AssetTarget::Addresses(range) => range.fmt(f),
            AssetTarget::Host(name) => name.fmt(f),
        }
    }
}

/// What a unit answers for (资产); known across imports by unit and target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    pub id: AssetId,
    pub unit: UnitId,
    pub system: Option<SystemId>,
    pub target: AssetTarget,
    /// The days on which the unit owns it.
    pub owned: Interval,
    pub authorisation: Option<Authorisation>,
    /// When it may be probed; `None` for at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan_window: Option<ScanWindow>,
    pub answerable: Answerable,
    pub note: Option<String>,
}

/// Leave to probe an asset (授权).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Who gave it, as written on the letter.
    pub approver: String,
    /// Bounded at its end: an authorisation without an end isn't one.
    pub valid_from: Option<NaiveDate>,
    pub valid_until: NaiveDate,
}

impl Authorisation {
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && day <= self.valid_until
    }
}

/// Addresses that must not be probed although an asset holds them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exclusion {
    pub id: ExclusionId,
    pub unit: UnitId,
    pub target: AssetTarget,
    pub reason: String,
    /// Last day on which it holds.
    pub until: NaiveDate,
}

/// A service that a unit has registered as needed (备案服务); known across imports by target, port, transport.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeclaredService {
    pub id: DeclaredServiceId,
    pub unit: UnitId,
    pub target: AssetTarget,
    pub port: u16,
    pub transport: Transport,
    /// Protocol name as the policy writes it, for example `https`.
    pub service: String,
    pub purpose: String,
    pub approver: String,
    /// First day of the declaration, where known.
    pub declared_on: Option<NaiveDate>,
    /// Last day of the declaration.
    pub until: NaiveDate,
}
