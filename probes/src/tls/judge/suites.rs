//! Checks on suites, groups and the parameters that come with them.

use super::{Case, Finding, State};
use crate::tls::assess::facts::{Answered, GroupFacts, Order, SuiteFacts};
use crate::tls::codes::{self, Authentication, Cipher, Exchange, GroupKind, Mode, Suite, Version};

pub(super) fn null(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| suite.cipher == Cipher::Null)
}

pub(super) fn anonymous(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| suite.authentication == Authentication::Anonymous)
}

pub(super) fn export(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| suite.export)
}

pub(super) fn des(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| !suite.export && matches!(suite.cipher, Cipher::Des | Cipher::Rc2))
}

pub(super) fn rc4(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| suite.cipher == Cipher::Rc4)
}

/// Blocks of 64 bits (CVE-2016-2183).
pub(super) fn sweet32(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| has_short_blocks(suite))
}

fn has_short_blocks(suite: &Suite) -> bool {
    matches!(suite.cipher, Cipher::TripleDes | Cipher::Des | Cipher::Idea | Cipher::Rc2)
        || suite.name.contains("MAGMA")
        || suite.name.contains("28147")
}

pub(super) fn outdated(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| matches!(suite.cipher, Cipher::Idea | Cipher::Seed))
}

pub(super) fn ccm8(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| suite.mode == Mode::Ccm8)
}

/// Not one suite of TLS keeps recorded traffic closed when the server's key is lost.
pub(super) fn no_forward_secrecy(case: &Case<'_>) -> Finding {
    no_suite(case, Suite::has_forward_secrecy)
}

pub(super) fn static_exchange(case: &Case<'_>) -> Finding {
    case.fault_for(|version, _, suite| version != Version::Tlcp && suite.exchange == Exchange::Static)
}

pub(super) fn no_aead(case: &Case<'_>) -> Finding {
    no_suite(case, |suite| matches!(suite.mode, Mode::Aead | Mode::Ccm8))
}

/// A fault if no suite of TLS `is_wanted`.
fn no_suite(case: &Case<'_>, is_wanted: impl Fn(&Suite) -> bool) -> Finding {
    let of_tls: Vec<_> = case.suites().filter(|(version, ..)| *version != Version::Tlcp).collect();
    if of_tls.iter().any(|(.., suite)| is_wanted(suite)) {
        return Finding::new(State::Sound);
    }
    match case.gap() {
        Some(reason) => Finding::new(State::Unknown(reason)),
        None if of_tls.is_empty() => Finding::new(State::NotApplicable),
        None => Finding::new(State::Fault),
    }
}

fn is_cbc(suite: &Suite) -> bool {
    suite.mode == Mode::Cbc && suite.cipher != Cipher::Null
}

/// CBC in SSL 3.0 and TLS 1.0 (CVE-2011-3389).
pub(super) fn beast(case: &Case<'_>) -> Finding {
    case.fault_for(|version, _, suite| matches!(version, Version::Ssl3 | Version::Tls10) && is_cbc(suite))
}

/// CBC with a MAC before encryption (CVE-2013-0169); a server may have been mended without it being seen.
pub(super) fn lucky13(case: &Case<'_>) -> Finding {
    case.fault_for(|version, _, suite| version != Version::Tlcp && is_cbc(suite))
}

/// CBC in SSL 3.0 (CVE-2014-3566).
pub(super) fn poodle(case: &Case<'_>) -> Finding {
    case.fault_for(|version, _, suite| version == Version::Ssl3 && is_cbc(suite))
}

/// RSA keys of the export rules (CVE-2015-0204).
pub(super) fn freak(case: &Case<'_>) -> Finding {
    case.fault_for(|_, _, suite| suite.export && suite.exchange == Exchange::Static)
}

/// Finite-field keys of the export rules, or of at most 1024 bits with a prime that many share (CVE-2015-4000).
pub(super) fn logjam(case: &Case<'_>) -> Finding {
    let mut finding = case.fault_for(|_, _, suite| suite.export && suite.exchange == Exchange::Dhe);
    for field in &case.facts.finite_fields {
        if let (Some(known), true) = (field.known, field.bits <= 1024) {
            finding.state = State::Fault;
            finding = finding.with(format!("{known}, {} bits", field.bits)).by(&field.by);
        }
    }
    finding
}

pub(super) fn dh_short(case: &Case<'_>) -> Finding {
    case.fault_for(|_, facts: &SuiteFacts, _| facts.prime_bits.is_some_and(|bits| bits < 2048))
}

/// Shared primes below 2048 bits: the work of breaking one is done once for all.
pub(super) fn dh_known_prime(case: &Case<'_>) -> Finding {
    finite_fields(case, |field| field.known.is_some() && field.bits < 2048)
}

pub(super) fn dh_reused(case: &Case<'_>) -> Finding {
    finite_fields(case, |field| field.reuses_value)
}

fn finite_fields(
    case: &Case<'_>,
    is_bad: impl Fn(&crate::tls::assess::facts::FiniteField) -> bool,
) -> Finding {
    let fields = &case.facts.finite_fields;
    if fields.is_empty() {
        return Finding::new(match case.gap() {
            Some(reason) => State::Unknown(reason),
            None => State::NotApplicable,
        });
    }
    let bad = fields.iter().filter(|field| is_bad(field));
    bad.fold(Finding::new(State::Sound), |finding, field| {
        let mut finding = finding
            .with(format!("{} bits, {}", field.bits, field.known.unwrap_or("a prime of its own")))
            .by(&field.by);
        finding.state = State::Fault;
        finding
    })
}

/// Curves below 224 bits.
pub(super) fn weak_group(case: &Case<'_>) -> Finding {
    let lists = [&case.facts.groups_before_13, &case.facts.groups_in_13];
    let is_weak = |group: &&GroupFacts| {
        codes::group(group.code).is_some_and(|known| known.kind == GroupKind::Curve && known.bits < 224)
    };
    let mut finding = Finding::new(State::Sound);
    for group in lists.iter().flat_map(|list| &list.entries).filter(is_weak) {
        finding.state = State::Fault;
        finding = finding.with(group.name.clone()).by(&[group.by]);
    }
    if finding.state == State::Sound {
        finding.state = match case.facts.groups_before_13.complete.answer {
            Answered::Unknown(crate::tls::assess::facts::Reason::NotApplicable) => State::NotApplicable,
            Answered::Unknown(reason) => State::Unknown(reason),
            Answered::Yes | Answered::No => State::Sound,
        };
    }
    finding
}

/// The client decides among suites of which some are weak; with strong ones alone its choice does no harm.
pub(super) fn client_order(case: &Case<'_>) -> Finding {
    let is_weak = |suite: &Suite| suite.mode != Mode::Aead || !suite.has_forward_secrecy();
    let classic: Vec<_> = case
        .facts
        .versions
        .iter()
        .filter(|facts| facts.version.is_classic() && facts.offered.is_yes())
        .collect();
    if classic.is_empty() {
        return Finding::new(State::NotApplicable);
    }
    let mut finding = Finding::new(State::Sound);
    for facts in classic {
        let mut suites = case.suites().filter(|(version, ..)| *version == facts.version);
        if facts.order == Order::Client && suites.any(|(.., suite)| is_weak(&suite)) {
            finding.state = State::Fault;
            finding = finding.with(facts.version.name());
        }
    }
    finding
}
