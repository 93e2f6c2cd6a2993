//! Facts: what was seen of an endpoint, as codes with particulars, so that whoever shows them says them in the
//! language of the reader. What a stranger said of itself is kept word for word and is shown as a quotation.
//!
//! No sentence is made here.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::host_name::HostName;
use crate::observation::{Access, PortState};

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// A name that is the same in every language: of a product, else of a protocol.
    Speaks {
        name: String,
        version: Option<String>,
    },
    /// No protocol that we know.
    Unrecognised,
    /// In the service's own words.
    Says {
        quote: String,
    },
    /// Inside TLS, of this version where a handshake got that far.
    Tls {
        version: Option<String>,
    },
    Access {
        access: Access,
    },
    SendsNothing,
    ClosesAtOnce,
    NotAsked,
    /// What the register says that it is.
    DeclaredAs {
        service: String,
    },
    DeclaredUntil {
        day: NaiveDate,
    },
    Port {
        state: PortState,
    },
    NoAnswerSince {
        day: NaiveDate,
    },
    ValidFrom {
        day: NaiveDate,
    },
    ValidUntil {
        day: NaiveDate,
    },
    IssuedBy {
        name: String,
    },
    Key {
        algorithm: String,
        bits: u32,
    },
    SignedWith {
        algorithm: String,
    },
    /// The certificate is for these names, though another was asked for.
    IssuedFor {
        asked: HostName,
        names: Vec<String>,
    },
    Subject {
        name: String,
    },
    /// What an assessment of TLS saw, each in the terms of the protocol.
    Tells {
        what: Vec<String>,
    },
    /// The first digits of a certificate's SHA-256.
    Fingerprint {
        beginning: String,
    },
}

/// What evidence holds, the fact that matters first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Facts(pub Vec<Fact>);

/// Before there were facts, evidence was a line of text; it reads back as a quotation.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Facts(Vec<Fact>),
    Line(String),
}

impl From<Stored> for Facts {
    fn from(stored: Stored) -> Facts {
        match stored {
            Stored::Facts(facts) => Facts(facts),
            Stored::Line(quote) => Facts(vec![Fact::Says { quote }]),
        }
    }
}

impl<const N: usize> From<[Fact; N]> for Facts {
    fn from(facts: [Fact; N]) -> Facts {
        Facts(facts.into())
    }
}
