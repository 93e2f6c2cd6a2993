//! People and their posts.

use chrono::NaiveDate;
use model::id::{HoldingId, StaffId, SystemId, UnitId};
use model::interval::{EndsBeforeStart, Interval};
use model::post::{PostKind, Role};
use serde::{Deserialize, Serialize};

/// A person who holds posts, is trained and certified. What they are called may change; the id doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    pub id: StaffId,
    pub name: String,
    /// The unit whose roster named the person first, or to which a transfer went; posts may be in others. Unknown of
    /// people from before rosters were kept so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    pub employment: Employment,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Only where the customer wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<KeptIdNumber>,
    /// When contact and ID number were erased; nobody is taken for this person any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten_on: Option<NaiveDate>,
}

/// An ID number as it is kept: found again by its index, read only with the key. Nothing here is the number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptIdNumber {
    /// Keyed hash in hexadecimal: equal for equal numbers, and says nothing without the key.
    pub index: String,
    /// The number, sealed, as text.
    pub sealed: String,
}

/// Also to whoever debugs it: nothing.
impl std::fmt::Debug for KeptIdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptIdNumber(…)")
    }
}

/// Whose pay a person is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Employment {
    /// 在编
    #[default]
    Staff,
    /// 聘用
    Contract,
    /// 外包
    Outsourced,
}

impl Employment {
    pub const ALL: [Employment; 3] = [Employment::Staff, Employment::Contract, Employment::Outsourced];

    pub fn as_str(self) -> &'static str {
        match self {
            Employment::Staff => "staff",
            Employment::Contract => "contract",
            Employment::Outsourced => "outsourced",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Employment::Staff => "在编",
            Employment::Contract => "聘用",
            Employment::Outsourced => "外包",
        }
    }

    pub fn parse(text: &str) -> Option<Employment> {
        Employment::ALL.into_iter().find(|kind| kind.as_str() == text || kind.chinese() == text)
    }
}

/// One person in one post from a day on; several at once are possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub id: HoldingId,
    pub staff: StaffId,
    pub unit: UnitId,
    /// `None` for the unit as a whole.
    pub system: Option<SystemId>,
    pub post: PostKind,
    pub role: Option<Role>,
    pub from: NaiveDate,
    /// Last day in the post; `None` while it is held.
    pub until: Option<NaiveDate>,
    /// Why it ended, for example 调动 or 离职.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
}

impl Holding {
    pub fn held(&self) -> Result<Interval, EndsBeforeStart> {
        Interval::new(Some(self.from), self.until)
    }

    pub fn is_held_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// The same post of the same person, whatever the days.
    pub fn is_same_post(&self, other: &Holding) -> bool {
        (self.staff, self.unit, self.system, self.post) == (other.staff, other.unit, other.system, other.post)
    }
}
