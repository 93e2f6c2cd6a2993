//! Checks on the chains that a server presents. The two certificates of TLCP are leaves both.

use std::net::IpAddr;

use chrono::Duration;
use model::certificate::CertificateFacts;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{Case, Finding, State, Trust};
use crate::tls::assess::facts::{Answered, ChainFacts, ChainKind, Reason, ServerFacts};
use crate::tls::codes::Version;

/// What Mozilla's and the CA/Browser Forum's rules allowed until 2026-03; longer ones are taken for private.
const LONG_LIFETIME_DAYS: i64 = 398;
/// TLS feature (RFC 7633): the certificate wants a staple.
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";

/// Certificates that are presented for themselves, not for the sake of others.
fn leaves(facts: &ServerFacts) -> impl Iterator<Item = (&ChainFacts, &CertificateFacts)> {
    facts.chains.iter().flat_map(|chain| {
        let n = if chain.kind == ChainKind::Tlcp { 2 } else { 1 };
        chain.certificates.iter().take(n).map(move |leaf| (chain, leaf))
    })
}

/// What no chain can be judged for lack of one.
fn nothing(facts: &ServerFacts) -> Finding {
    let speaks = |version| facts.speaks(version);
    Finding::new(if speaks(Version::Tls13) {
        State::Unknown(Reason::NeedsSession)
    } else if facts.versions.iter().any(|facts| facts.offered.is_yes()) {
        State::NotApplicable
    } else {
        State::Unknown(facts.given_up.unwrap_or(Reason::NotAsked))
    })
}

/// A fault for each leaf that `tell`s of one.
fn each_leaf(case: &Case<'_>, tell: impl Fn(&ChainFacts, &CertificateFacts) -> Option<String>) -> Finding {
    if case.facts.chains.is_empty() {
        return nothing(case.facts);
    }
    let mut finding = Finding::new(State::Sound);
    for (chain, leaf) in leaves(case.facts) {
        if let Some(text) = tell(chain, leaf) {
            finding.state = State::Fault;
            finding = finding.with(format!("{:?} {}: {text}", chain.kind, leaf.subject)).by(&chain.by);
        }
    }
    finding
}

/// A fault for each chain that `tell`s of one.
fn each_chain(case: &Case<'_>, tell: impl Fn(&ChainFacts) -> Option<String>) -> Finding {
    if case.facts.chains.is_empty() {
        return nothing(case.facts);
    }
    let mut finding = Finding::new(State::Sound);
    for chain in &case.facts.chains {
        if let Some(text) = tell(chain) {
            finding.state = State::Fault;
            finding = finding.with(format!("{:?}: {text}", chain.kind)).by(&chain.by);
        }
    }
    finding
}

pub(super) fn expired(case: &Case<'_>) -> Finding {
    each_leaf(case, |_, leaf| {
        (leaf.not_after < case.now).then(|| format!("ended on {}", leaf.not_after.date_naive()))
    })
}

pub(super) fn not_yet_valid(case: &Case<'_>) -> Finding {
    each_leaf(case, |_, leaf| {
        (leaf.not_before > case.now).then(|| format!("begins on {}", leaf.not_before.date_naive()))
    })
}

pub(super) fn expiring(case: &Case<'_>) -> Finding {
    let soon = Duration::days(case.expiring_days);
    each_leaf(case, |_, leaf| {
        let ends_soon = leaf.not_after >= case.now && leaf.not_after - case.now < soon;
        ends_soon.then(|| format!("ends on {}", leaf.not_after.date_naive()))
    })
}

pub(super) fn long_lifetime(case: &Case<'_>) -> Finding {
    each_leaf(case, |chain, leaf| {
        let n_days = (leaf.not_after - leaf.not_before).num_days();
        // The rule is one for the web; national certificates are made for longer.
        (chain.kind != ChainKind::Tlcp && n_days > LONG_LIFETIME_DAYS).then(|| format!("{n_days} days"))
    })
}

pub(super) fn name_mismatch(case: &Case<'_>) -> Finding {
    if case.names.is_empty() {
        return Finding::new(State::NotApplicable);
    }
    each_leaf(case, |chain, leaf| {
        // Without a name the server may show whatever it likes.
        let asked = chain.server_name.as_deref()?;
        let is_asked = |name: &&model::host_name::HostName| name.as_str() == asked;
        let name = case.names.iter().find(is_asked)?;
        let is_good = leaf.covers(name.as_str()) || asked.parse::<IpAddr>().is_ok();
        (!is_good).then(|| format!("is for {}, not {asked}", leaf.names.join(", ")))
    })
}

pub(super) fn self_signed(case: &Case<'_>) -> Finding {
    each_leaf(case, |_, leaf| leaf.self_signed.then(|| "signed by itself".to_owned()))
}

pub(super) fn untrusted(case: &Case<'_>) -> Finding {
    if case.facts.chains.is_empty() {
        return nothing(case.facts);
    }
    let mut finding = Finding::new(State::Unknown(Reason::NotAsked));
    for (chain, trust) in case.facts.chains.iter().zip(case.trust) {
        match trust {
            Trust::NotJudged => {}
            Trust::Trusted if finding.state != State::Fault => finding.state = State::Sound,
            Trust::Trusted => {}
            Trust::UnknownIssuer | Trust::BadSignature | Trust::Refused => {
                finding.state = State::Fault;
                finding = finding.with(format!("{:?}: {trust:?}", chain.kind)).by(&chain.by);
            }
        }
    }
    finding
}

/// The chain without its leaves, in the order of the server.
fn issuers(chain: &ChainFacts) -> &[CertificateFacts] {
    let n = if chain.kind == ChainKind::Tlcp { 2 } else { 1 };
    chain.certificates.get(n..).unwrap_or_default()
}

/// The leaf's issuer isn't sent, though it isn't a root by what is known.
pub(super) fn chain_incomplete(case: &Case<'_>) -> Finding {
    each_chain(case, |chain| {
        let leaf = chain.certificates.first()?;
        let is_there = leaf.self_signed
            || chain.kind == ChainKind::Ssl2
            || issuers(chain).iter().any(|issuer| issuer.subject == leaf.issuer);
        (!is_there).then(|| format!("no certificate of {}", leaf.issuer))
    })
}

/// RFC 5246 §7.4.2: each certifies the one before it.
pub(super) fn chain_disordered(case: &Case<'_>) -> Finding {
    each_chain(case, |chain| {
        let mut wanted = &chain.certificates.first()?.issuer;
        for issuer in issuers(chain) {
            if issuer.subject != *wanted {
                let comes_later = issuers(chain).iter().any(|later| later.subject == *wanted);
                return comes_later.then(|| format!("{} where {wanted} belongs", issuer.subject));
            }
            wanted = &issuer.issuer;
        }
        None
    })
}

/// A root, which the client must have anyway, or a certificate that no other in the chain was issued by.
pub(super) fn chain_extra(case: &Case<'_>) -> Finding {
    each_chain(case, |chain| {
        let extra: Vec<&str> = issuers(chain)
            .iter()
            .filter(|issuer| {
                let is_needed = chain
                    .certificates
                    .iter()
                    .any(|other| other.sha256 != issuer.sha256 && other.issuer == issuer.subject);
                issuer.self_signed || !is_needed
            })
            .map(|issuer| issuer.subject.as_str())
            .collect();
        (!extra.is_empty()).then(|| extra.join("; "))
    })
}

pub(super) fn weak_key(case: &Case<'_>) -> Finding {
    each_chain(case, |chain| {
        chain.certificates.iter().find_map(|certificate| {
            let key = &certificate.key;
            let minimum = match key.algorithm.as_str() {
                "RSA" | "DSA" => 2048,
                _ => 224,
            };
            let bits = key.bits.filter(|bits| *bits < minimum)?;
            Some(format!("{}: {} of {bits} bits", certificate.subject, key.algorithm))
        })
    })
}

pub(super) fn weak_signature(case: &Case<'_>) -> Finding {
    each_chain(case, |chain| {
        chain.certificates.iter().find_map(|certificate| {
            let name = certificate.signature.to_ascii_lowercase();
            let is_weak = ["md2", "md4", "md5", "sha1"].iter().any(|hash| name.contains(hash));
            // A root's own signature proves nothing, and needn't be strong.
            (is_weak && !certificate.self_signed)
                .then(|| format!("{}: {}", certificate.subject, certificate.signature))
        })
    })
}

/// The certificate demands a staple, and none is sent.
pub(super) fn staple_missing(case: &Case<'_>) -> Finding {
    let wants = |chain: &ChainFacts| {
        let der = chain.ders.first()?;
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        certificate
            .extensions()
            .iter()
            .any(|extension| extension.oid.to_id_string() == TLS_FEATURE)
            .then(|| "wants a staple".to_owned())
    };
    let mut finding = each_chain(case, wants);
    if finding.state == State::Fault {
        finding.state = match case.facts.features.ocsp_staple.answer {
            Answered::Yes => State::Sound,
            Answered::No => State::Fault,
            Answered::Unknown(reason) => State::Unknown(reason),
        };
    } else if finding.state == State::Sound {
        finding.state = State::NotApplicable;
    }
    finding
}
