//! Checks on what a server says beside its suites.

use super::{Case, Finding, State};
use crate::tls::assess::facts::{Reason, Told};
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

fn bad(case: &Case<'_>, told: &Told) -> Finding {
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
