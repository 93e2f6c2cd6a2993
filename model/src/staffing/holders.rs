//! How many of those in a post must hold a certificate for it, and do.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::Cover;
use crate::id::{StaffId, UnitId};
use crate::post::PostKind;

/// The people of one unit in posts of one kind whom some requirement asks for one category of certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holders {
    pub unit: UnitId,
    pub post: PostKind,
    /// Code of the category.
    pub category: String,
    pub n_certified: usize,
    pub n_in_grace: usize,
    pub n_uncertified: usize,
}

/// How one person stands to several requirements for the same certificate: the later weighs more. Whoever holds it
/// holds it for all of them; who must have had it for one of them is without.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    InGrace,
    Uncertified,
    Certified,
}

/// Post holders by unit, post and category, in that order. A person counts once however many systems and requirements
/// ask, so that the sums over units and over posts are the same.
pub fn holders(covers: &[Cover]) -> Vec<Holders> {
    let mut groups: BTreeMap<(UnitId, PostKind, &str), HashMap<StaffId, State>> = BTreeMap::new();
    for cover in covers {
        let group = groups.entry((cover.unit, cover.post, &cover.category)).or_default();
        let lists = [
            (&cover.in_grace, State::InGrace),
            (&cover.uncertified, State::Uncertified),
            (&cover.certified, State::Certified),
        ];
        for (people, state) in lists {
            for person in people {
                let known = group.entry(*person).or_insert(state);
                *known = (*known).max(state);
            }
        }
    }
    let counted = |((unit, post, category), people): ((UnitId, PostKind, &str), HashMap<StaffId, State>)| {
        let n = |state| people.values().filter(|&&of| of == state).count();
        Holders {
            unit,
            post,
            category: category.to_owned(),
            n_certified: n(State::Certified),
            n_in_grace: n(State::InGrace),
            n_uncertified: n(State::Uncertified),
        }
    };
    groups.into_iter().filter(|(_, people)| !people.is_empty()).map(counted).collect()
}
