//! Checks on what a server says beside its suites.

use super::{Case, Finding, State};
use crate::tls::assess::facts::{Answered, Reason, Told};
use crate::tls::codes::Version;
use crate::tls::staple::{CertificateState, Staple};

/// Only SSL 3.0 to TLS 1.2 have these features.
fn of_classic(case: &Case<'_>, finding: Finding) -> Finding {
    let is_classic =
        case.facts.versions.iter().any(|facts| facts.version.is_classic() && facts.offered.is_yes());
    if !is_classic && finding.state == State::Unknown(Reason::NotAsked) {
        return Finding::new(State::NotApplicable);
    }
    finding
}

pub(super) fn bad(case: &Case<'_>, told: &Told) -> Finding {
    of_classic(case, Finding::fault_if_yes(told))
}

fn lacking(case: &Case<'_>, told: &Told) -> Finding {
    of_classic(case, Finding::fault_if_no(told))
}

/// RFC 5746 isn't there (CVE-2009-3555).
pub(super) fn insecure_renegotiation(case: &Case<'_>) -> Finding {
    lacking(case, &case.facts.features.secure_renegotiation)
}

/// CVE-2012-4929.
pub(super) fn compression(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.compression)
}

/// Of use only where there is something to fall back to.
pub(super) fn no_fallback_scsv(case: &Case<'_>) -> Finding {
    lacking(case, &case.facts.features.fallback_scsv)
}

pub(super) fn no_extended_master_secret(case: &Case<'_>) -> Finding {
    lacking(case, &case.facts.features.extended_master_secret)
}

/// Offered, which by itself is no leak: the harm was in one implementation (CVE-2014-0160).
pub(super) fn heartbeat(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.heartbeat)
}

pub(super) fn sha1_signature(case: &Case<'_>) -> Finding {
    if !case.speaks(Version::Tls12) {
        return Finding::new(State::NotApplicable);
    }
    bad(case, &case.facts.features.sha1_signatures)
}

pub(super) fn no_post_quantum(case: &Case<'_>) -> Finding {
    if !case.facts.versions.iter().any(|facts| facts.offered.is_yes()) {
        return Finding::new(State::NotApplicable);
    }
    Finding::fault_if_no(&case.facts.features.post_quantum)
}

pub(super) fn no_staple(case: &Case<'_>) -> Finding {
    lacking(case, &case.facts.features.ocsp_staple)
}

/// Data in the first flight can be played again (RFC 8446 §8).
pub(super) fn early_data(case: &Case<'_>) -> Finding {
    if !case.speaks(Version::Tls13) {
        return Finding::new(State::NotApplicable);
    }
    Finding::fault_if_yes(&case.facts.features.early_data)
}

/// Half a year, in seconds: shorter is no protection for those who come now and then.
const SHORT_HSTS: u64 = 180 * 24 * 60 * 60;

/// Where nothing says that the protocol inside is HTTP there is nothing to judge.
pub(super) fn no_hsts(case: &Case<'_>) -> Finding {
    let Some(page) = &case.facts.features.page else { return Finding::new(State::NotApplicable) };
    let is_long = page.hsts_seconds.is_some_and(|seconds| seconds >= SHORT_HSTS);
    let header = page.hsts.clone().unwrap_or_else(|| "no Strict-Transport-Security".to_owned());
    Finding::fault_if(!is_long).with(header).by(&[page.by])
}

pub(super) fn redirect_to_clear(case: &Case<'_>) -> Finding {
    let Some(page) = &case.facts.features.page else { return Finding::new(State::NotApplicable) };
    let target = page.location.as_deref().filter(|_| (300..400).contains(&page.status));
    let is_clear =
        |target: &&str| target.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    match target.filter(is_clear) {
        Some(target) => Finding::new(State::Fault).with(format!("{} {target}", page.status)).by(&[page.by]),
        None => Finding::new(State::Sound).by(&[page.by]),
    }
}

/// A staple is judged where there is one.
fn staple(case: &Case<'_>, fault: impl Fn(&Staple) -> Option<String>) -> Finding {
    let features = &case.facts.features;
    let Some(staple) = &features.staple else { return Finding::new(State::NotApplicable) };
    let by = &features.ocsp_staple.by;
    match fault(staple) {
        Some(text) => Finding::new(State::Fault).with(text).by(by),
        None => Finding::new(State::Sound).by(by),
    }
}

/// The server itself brings the word that its certificate was taken back.
pub(super) fn staple_revoked(case: &Case<'_>) -> Finding {
    staple(case, |staple| {
        (staple.state == CertificateState::Revoked).then(|| format!("revoked, as of {}", staple.this_update))
    })
}

pub(super) fn staple_stale(case: &Case<'_>) -> Finding {
    staple(case, |staple| {
        let ended = staple.next_update.filter(|next| *next < case.now)?;
        Some(format!("newer word was due at {ended}"))
    })
}

/// A staple that nobody whom the issuer has empowered has signed; or about another certificate.
pub(super) fn staple_bad_signature(case: &Case<'_>) -> Finding {
    let features = &case.facts.features;
    if features.staple.is_none() {
        return Finding::new(State::NotApplicable);
    }
    Finding::fault_if_no(&features.staple_signature)
}

const DAY: u32 = 24 * 60 * 60;

/// Tickets that last long keep the keys alive that open everything resumed by them.
pub(super) fn ticket_lifetime(case: &Case<'_>) -> Finding {
    tickets(case, DAY)
}

/// RFC 8446 §4.6.1 allows seven days at most.
pub(super) fn ticket_too_long(case: &Case<'_>) -> Finding {
    tickets(case, 7 * DAY)
}

fn tickets(case: &Case<'_>, most: u32) -> Finding {
    let features = &case.facts.features;
    let lifetimes = [
        ("TLS 1.2", features.ticket_lifetime_seconds, &features.ticket_lifetime),
        ("TLS 1.3", features.ticket_lifetime_seconds_in_13, &features.tickets_in_13),
    ];
    let too_long = lifetimes.iter().filter_map(|(name, seconds, told)| {
        let seconds = seconds.filter(|seconds| *seconds > most)?;
        Some((format!("{name}: {seconds} seconds"), *told))
    });
    let finding =
        too_long.fold(Finding::new(State::Fault), |finding, (text, told)| finding.with(text).by(&told.by));
    if !finding.evidence.is_empty() {
        return finding;
    }
    let by: Vec<_> = lifetimes.iter().flat_map(|(.., told)| told.by.clone()).collect();
    if lifetimes.iter().any(|(_, seconds, _)| seconds.is_some()) {
        return Finding::new(State::Sound).by(&by);
    }
    let unknown = lifetimes.iter().find_map(|(.., told)| match told.answer {
        Answered::Unknown(reason) if reason != Reason::NotAsked => Some(reason),
        Answered::Unknown(_) | Answered::Yes | Answered::No => None,
    });
    let gives_none = features.session_tickets.is_no() || features.tickets_in_13.is_no();
    Finding::new(match unknown {
        Some(reason) => State::Unknown(reason),
        None if gives_none => State::NotApplicable,
        None if case.facts.versions.iter().any(|facts| facts.offered.is_yes()) => {
            State::Unknown(Reason::NeedsSession)
        }
        None => State::Unknown(Reason::NotAsked),
    })
}
