//! Checks on TLCP's certificates and suites (GB/T 38636-2020, GM/T 0015).

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{Case, Finding, State};
use crate::tls::assess::facts::{Answered, ChainFacts, ChainKind, Reason};
use crate::tls::codes::{Mode, Version};
use crate::tls::sm2;

fn pairs<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a ChainFacts> {
    case.facts.chains.iter().filter(|chain| chain.kind == ChainKind::Tlcp)
}

/// A fault for each pair that `tell`s of one.
fn each_pair(case: &Case<'_>, tell: impl Fn(&ChainFacts) -> Option<String>) -> Finding {
    if pairs(case).next().is_none() {
        let told = case.facts.version(Version::Tlcp).map(|facts| facts.offered.answer);
        return Finding::new(match told {
            Some(Answered::No) => State::NotApplicable,
            Some(Answered::Unknown(reason)) => State::Unknown(reason),
            Some(Answered::Yes) | None => State::Unknown(Reason::NotAsked),
        });
    }
    let mut finding = Finding::new(State::Sound);
    for chain in pairs(case) {
        if let Some(text) = tell(chain) {
            finding.state = State::Fault;
            finding = finding.with(text).by(&chain.by);
        }
    }
    finding
}

/// One certificate for both purposes, or the same one twice.
pub(super) fn single_certificate(case: &Case<'_>) -> Finding {
    each_pair(case, |chain| match chain.ders.as_slice() {
        [_] => Some("one certificate".to_owned()),
        [first, second, ..] if first == second => Some("the same certificate twice".to_owned()),
        [_, second, ..] => {
            let is_ca = X509Certificate::from_der(second).is_ok_and(|(_, certificate)| certificate.is_ca());
            is_ca.then(|| "one certificate, and its issuer where the second belongs".to_owned())
        }
        [] => None,
    })
}

/// The first signs, the second encrypts or agrees on keys.
pub(super) fn key_usage(case: &Case<'_>) -> Finding {
    each_pair(case, |chain| {
        let [first, second, ..] = chain.ders.as_slice() else { return None };
        let usage = |der: &[u8]| {
            let (_, certificate) = X509Certificate::from_der(der).ok()?;
            let usage = certificate.key_usage().ok()??.value;
            let encrypts = usage.key_encipherment() || usage.data_encipherment() || usage.key_agreement();
            Some((usage.digital_signature(), encrypts))
        };
        match (usage(first), usage(second)) {
            (Some((false, _)), _) => Some("the signing certificate may not sign".to_owned()),
            (_, Some((_, false))) => Some("the encryption certificate may not encrypt".to_owned()),
            _ => None,
        }
    })
}

pub(super) fn not_sm2(case: &Case<'_>) -> Finding {
    each_pair(case, |chain| {
        let leaf = chain.certificates.iter().take(2);
        let odd = leaf.filter(|leaf| leaf.key.algorithm != "SM2" || leaf.signature != "SM2-with-SM3");
        let texts: Vec<String> =
            odd.map(|leaf| format!("{}: {}, {}", leaf.subject, leaf.key.algorithm, leaf.signature)).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    })
}

pub(super) fn cbc_only(case: &Case<'_>) -> Finding {
    let Some(facts) = case.facts.version(Version::Tlcp).filter(|facts| facts.offered.is_yes()) else {
        return Finding::new(State::NotApplicable);
    };
    let has_aead =
        case.suites().any(|(version, _, suite)| version == Version::Tlcp && suite.mode == Mode::Aead);
    if has_aead {
        return Finding::new(State::Sound);
    }
    match facts.suites.complete.answer {
        Answered::Unknown(reason) => Finding::new(State::Unknown(reason)),
        Answered::Yes | Answered::No => Finding::fault_if(true).by(&facts.suites.complete.by),
    }
}

/// A certificate whose issuer is in the chain isn't signed by it, or the handshake isn't by the first certificate.
pub(super) fn bad_signature(case: &Case<'_>) -> Finding {
    let mut n_checked = 0u32;
    let mut finding = Finding::new(State::Sound);
    if pairs(case).next().is_none() {
        return each_pair(case, |_| None);
    }
    for chain in pairs(case) {
        for der in chain.ders.iter().take(2) {
            for issuer in &chain.ders {
                match sm2::is_signed_by(der, issuer) {
                    sm2::Signed::Yes => n_checked += 1,
                    sm2::Signed::No => {
                        finding.state = State::Fault;
                        finding = finding.with("a signature doesn't hold").by(&chain.by);
                    }
                    sm2::Signed::NotByThis => {}
                }
            }
        }
    }
    match &case.facts.features.tlcp_handshake_signature {
        told if told.is_yes() => n_checked += 1,
        told if told.is_no() => {
            finding.state = State::Fault;
            finding = finding.with("the signature of the handshake doesn't hold").by(&told.by);
        }
        _ => {}
    }
    if n_checked == 0 && finding.state == State::Sound {
        // No issuer was sent along.
        finding.state = State::Unknown(Reason::NotApplicable);
    }
    finding
}
