//! Whom to tell of something that falls due, and who can't be told.
//!
//! The contact of a unit is whoever the register calls so (联络员, 联系人); where nobody is, those who operate or are
//! in charge of its systems. The responsible leader is the holder of the post 负责人, else of 主管.

use model::id::UnitId;
use model::post::PostKind;
use model::register::Person;
use serde::Serialize;

use super::{Asked, Item, words};
use crate::due::Due;
use crate::people::{Holding, Staff};
use crate::records::Book;

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// 持证人
    Holder,
    /// 单位联系人
    Contact,
    /// 单位负责人
    Leader,
}

impl Because {
    pub fn as_str(self) -> &'static str {
        match self {
            Because::Holder => "holder",
            Because::Contact => "contact",
            Because::Leader => "leader",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Because::Holder => "持证人",
            Because::Contact => "单位联系人",
            Because::Leader => "单位负责人",
        }
    }
}

/// Somebody who ought to be told and can't be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreachable {
    #[serde(flatten)]
    pub item: Item,
    #[serde(flatten)]
    pub why: WhyNot,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum WhyNot {
    /// The unit has nobody of the kind.
    Nobody {
        because: Because,
    },
    NoAddress {
        because: Because,
        name: String,
    },
    /// What is recorded is no address that can be written to.
    Unusable {
        because: Because,
        name: String,
        address: String,
    },
}

impl WhyNot {
    pub fn because(&self) -> Because {
        match self {
            WhyNot::Nobody { because }
            | WhyNot::NoAddress { because, .. }
            | WhyNot::Unusable { because, .. } => *because,
        }
    }
}

pub(super) struct Recipient {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) because: Because,
}

#[derive(Default)]
pub(super) struct Reached {
    pub(super) recipients: Vec<Recipient>,
    pub(super) missing: Vec<WhyNot>,
}

impl Reached {
    /// Adds a person, or says why not; whether they were added.
    fn add(&mut self, asked: Asked<'_>, because: Because, name: &str, address: Option<&str>) -> bool {
        let name = words::one_line(name);
        let address = address.map(str::trim).filter(|address| !address.is_empty());
        let why = match address {
            Some(address) if (asked.is_address)(address) => {
                self.recipients.push(Recipient { address: address.to_owned(), name, because });
                return true;
            }
            Some(address) => WhyNot::Unusable { because, name, address: words::one_line(address) },
            None => WhyNot::NoAddress { because, name },
        };
        self.missing.push(why);
        false
    }
}

/// Everybody to be told, the holder first.
pub(super) fn recipients(book: &Book<'_>, asked: Asked<'_>, due: &Due) -> Reached {
    let mut reached = Reached::default();
    if let Some(holder) = book.staff(due.staff) {
        reached.add(asked, Because::Holder, &holder.name, holder.email.as_deref());
    }
    contact(asked, due.unit, &mut reached);
    if due.days_left <= i64::from(asked.scheme.reminders.escalate_days) {
        leader(book, asked, due, &mut reached);
    }
    reached
}

/// Words by which a unit's register names its contact.
const CONTACT_WORDS: [&str; 3] = ["联络", "联系", "contact"];

fn contact(asked: Asked<'_>, unit: UnitId, reached: &mut Reached) {
    let register = asked.register;
    let named: Vec<&Person> =
        register.people.iter().filter(|one| one.unit == unit && is_contact(one)).collect();
    let stand_ins = || {
        let systems = register.systems.iter().filter(|system| system.unit == unit);
        let ids = systems.flat_map(|system| [system.answerable.operator, system.answerable.in_charge]);
        ids.flatten().filter_map(|id| register.person(id)).collect()
    };
    let candidates: Vec<&Person> = if named.is_empty() { stand_ins() } else { named };
    first_reachable(
        asked,
        Because::Contact,
        reached,
        candidates.iter().map(|one| (one.name.as_str(), one.email.as_deref())),
    );
}

fn is_contact(person: &Person) -> bool {
    let post = person.post.as_deref().unwrap_or_default().to_lowercase();
    CONTACT_WORDS.iter().any(|word| post.contains(word))
}

fn leader(book: &Book<'_>, asked: Asked<'_>, due: &Due, reached: &mut Reached) {
    let of = |post: PostKind| {
        let held = book.records.holdings.iter().filter(move |held| {
            let is_another = held.staff != due.staff;
            held.unit == due.unit && held.post == post && is_another && held.is_held_on(asked.day)
        });
        let mut held: Vec<&Holding> = held.collect();
        // Who leads the unit comes before who leads one of its systems, and A before who stands in.
        held.sort_by_key(|held| (held.system.is_some(), held.role, held.from, held.id));
        held
    };
    let candidates = [of(PostKind::ResponsiblePerson), of(PostKind::Head)].concat();
    let people: Vec<&Staff> = candidates.iter().filter_map(|held| book.staff(held.staff)).collect();
    first_reachable(
        asked,
        Because::Leader,
        reached,
        people.iter().map(|one| (one.name.as_str(), one.email.as_deref())),
    );
}

/// The first that can be written to; those before are told of as well, since they are who should have been.
fn first_reachable<'a>(
    asked: Asked<'_>,
    because: Because,
    reached: &mut Reached,
    candidates: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) {
    let mut is_anybody = false;
    for (name, address) in candidates {
        is_anybody = true;
        if reached.add(asked, because, name, address) {
            return;
        }
    }
    if !is_anybody {
        reached.missing.push(WhyNot::Nobody { because });
    }
}
