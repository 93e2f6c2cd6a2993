//! Checks on versions.

use super::{Case, Finding, State};
use crate::tls::assess::facts::{Answered, Reason};
use crate::tls::codes::Version;

fn offered(case: &Case<'_>, version: Version) -> Finding {
    match case.facts.version(version) {
        Some(facts) => Finding::fault_if_yes(&facts.offered).with(version.name()),
        None => Finding::new(State::Unknown(Reason::NotAsked)),
    }
}

pub(super) fn ssl2(case: &Case<'_>) -> Finding {
    offered(case, Version::Ssl2)
}

pub(super) fn ssl3(case: &Case<'_>) -> Finding {
    offered(case, Version::Ssl3)
}

pub(super) fn tls10(case: &Case<'_>) -> Finding {
    offered(case, Version::Tls10)
}

pub(super) fn tls11(case: &Case<'_>) -> Finding {
    offered(case, Version::Tls11)
}

/// None of TLS 1.2, TLS 1.3 and TLCP.
pub(super) fn no_modern(case: &Case<'_>) -> Finding {
    missing(case, &[Version::Tls12, Version::Tls13, Version::Tlcp])
}

/// TLCP stands in for TLS 1.3 where it is what the rules ask for.
pub(super) fn no_tls13(case: &Case<'_>) -> Finding {
    missing(case, &[Version::Tls13, Version::Tlcp])
}

fn missing(case: &Case<'_>, wanted: &[Version]) -> Finding {
    if !case.facts.versions.iter().any(|facts| facts.offered.is_yes()) {
        return Finding::new(State::NotApplicable);
    }
    if wanted.iter().any(|version| case.speaks(*version)) {
        return Finding::new(State::Sound);
    }
    let told = wanted.iter().filter_map(|version| case.facts.version(*version));
    let mut finding = Finding::new(State::Fault);
    for facts in told {
        if let Answered::Unknown(reason) = facts.offered.answer {
            finding.state = State::Unknown(reason);
        }
        finding = finding.by(&facts.offered.by);
    }
    finding
}
