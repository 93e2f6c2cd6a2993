//! Finds topics and categories of the scheme by code or name.

use std::collections::HashMap;

use intake::cell::name_key;

use super::context::{Context, Record};
use super::reason::Own;
use crate::columns::Key;
use crate::scheme::Scheme;

pub(super) struct Codes<'a> {
    scheme: &'a Scheme,
    topics: HashMap<String, &'a str>,
    categories: HashMap<String, &'a str>,
}

impl<'a> Codes<'a> {
    pub(super) fn of(scheme: &'a Scheme) -> Codes<'a> {
        let mut codes = Codes { scheme, topics: HashMap::new(), categories: HashMap::new() };
        for topic in &scheme.topics {
            for name in [&topic.name_en, &topic.name, &topic.code] {
                codes.topics.insert(name_key(name), &topic.code);
            }
        }
        for category in &scheme.categories {
            for name in [&category.name_en, &category.name, &category.code] {
                codes.categories.insert(name_key(name), &category.code);
            }
        }
        codes
    }

    pub(super) fn topic(&self, text: &str) -> Result<String, Own> {
        let known =
            || self.scheme.topics.iter().map(|topic| format!("{} {}", topic.code, topic.name)).collect();
        let found = self.topics.get(&name_key(text)).map(|code| (*code).to_owned());
        found.ok_or_else(|| Own::UnknownTopic { known: known() })
    }

    pub(super) fn category(&self, text: &str) -> Result<String, Own> {
        let known = || {
            let categories = self.scheme.categories.iter();
            categories.map(|category| format!("{} {}", category.code, category.name)).collect()
        };
        let found = self.categories.get(&name_key(text)).map(|code| (*code).to_owned());
        found.ok_or_else(|| Own::UnknownCategory { known: known() })
    }

    pub(super) fn topic_of(&self, context: &mut Context<'_>, record: &Record) -> Option<String> {
        let topic = self.topic(record.text(Key::Topic)?);
        topic.map_err(|reason| context.fault(record.at, Key::Topic, reason)).ok()
    }

    pub(super) fn category_of(&self, context: &mut Context<'_>, record: &Record) -> Option<String> {
        let category = self.category(record.text(Key::Category)?);
        category.map_err(|reason| context.fault(record.at, Key::Category, reason)).ok()
    }
}
