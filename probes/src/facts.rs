//! How probes fill [`ServiceFacts`]: every text goes through [`clean`] here, so that none is kept as it came.

use model::observation::{Access, Certainty, ServiceFacts};

use crate::clean;

/// Facts of a recognised protocol, still without product or version.
pub(crate) fn identified(protocol: &str) -> ServiceFacts {
    ServiceFacts {
        certainty: Certainty::Identified,
        protocol: Some(protocol.to_owned()),
        ..Default::default()
    }
}

/// Setters that clean what they are given and ignore what is empty.
pub(crate) trait Tell: Sized {
    fn product(self, name: &str) -> Self;
    fn version(self, version: &[u8]) -> Self;
    fn info(self, info: &[u8]) -> Self;
    fn fact(self, name: &str, value: &[u8]) -> Self;
    fn access(self, access: Access) -> Self;
    /// Adds what `more` knows; where both know something, `more` wins.
    fn enriched_by(self, more: ServiceFacts) -> Self;
}

/// At most this many named facts are kept.
const MAX_FACTS: usize = 32;

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl Tell for ServiceFacts {
    fn product(mut self, name: &str) -> Self {
        self.product = some(clean::clean(name)).or(self.product);
        self
    }

    fn version(mut self, version: &[u8]) -> Self {
        self.version = some(clean::text(version)).or(self.version);
        self
    }

    fn info(mut self, info: &[u8]) -> Self {
        self.info = some(clean::chinese_text(info)).or(self.info);
        self
    }

    fn fact(mut self, name: &str, value: &[u8]) -> Self {
        if let Some(value) = some(clean::text(value)).filter(|_| self.facts.len() < MAX_FACTS) {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    fn enriched_by(mut self, more: ServiceFacts) -> Self {
        self.certainty = more.certainty;
        self.protocol = more.protocol.or(self.protocol);
        self.product = more.product.or(self.product);
        self.version = more.version.or(self.version);
        self.info = more.info.or(self.info);
        self.access = more.access.or(self.access);
        self.tls = more.tls.or(self.tls);
        self.facts.extend(more.facts);
        if self.first_bytes.as_slice().is_empty() {
            self.first_bytes = more.first_bytes;
        }
        self
    }
}
