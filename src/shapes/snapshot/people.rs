//! The people who answer for an asset, with what a report prints of them.

use std::collections::BTreeMap;

use model::id::PersonId;
use model::register::{Asset, Register};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) phone: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Contacts {
    pub(super) in_charge: Option<Contact>,
    pub(super) operator: Option<Contact>,
    pub(super) user: Option<Contact>,
}

impl Contacts {
    pub(super) fn of(register: &Register, asset: &Asset) -> Contacts {
        let contact = |id: Option<PersonId>| {
            let person = register.person(id?)?;
            Some(Contact { name: person.name.clone(), phone: person.phone.clone() })
        };
        let answerable = register.answerable(asset);
        Contacts {
            in_charge: contact(answerable.in_charge),
            operator: contact(answerable.operator),
            user: contact(answerable.user),
        }
    }
}

/// The one that occurs most often; of equals the first by name.
pub(super) fn most_frequent(contacts: impl Iterator<Item = Contact>) -> Option<Contact> {
    let mut counts: BTreeMap<Contact, usize> = BTreeMap::new();
    for contact in contacts {
        *counts.entry(contact).or_insert(0) += 1;
    }
    let most = counts.values().max().copied()?;
    counts.into_iter().find(|(_, n)| *n == most).map(|(contact, _)| contact)
}
