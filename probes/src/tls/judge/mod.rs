//! Judges what an assessment found: one verdict for each check of one table, each with its evidence. Pure: facts,
//! a day and what is known of trust in, verdicts out. Severity, words and sources are data (`policy/tls/checks.toml`);
//! grades and profiles are judged by policies (`grade`, `profile`).

mod certificate;
mod features;
pub mod grade;
mod intrusive;
pub mod profile;
mod suites;
mod tlcp;
mod versions;

use chrono::{DateTime, Utc};
use model::host_name::HostName;
use serde::Serialize;

use super::assess::facts::{Answered, ConnectionNo, Reason, ServerFacts, SuiteFacts, Told};
use super::codes::{self, Suite, Version};

/// What a verdict is given on.
#[derive(Debug)]
pub struct Case<'a> {
    pub facts: &'a ServerFacts,
    /// The instant for which validity is judged.
    pub now: DateTime<Utc>,
    /// Names by which people reach the server; without any, names aren't judged.
    pub names: &'a [HostName],
    /// For each chain of the facts, in their order, whether it leads to a trusted root. Shorter: not looked into.
    pub trust: &'a [Trust],
    /// Days before its end at which a certificate counts as expiring.
    pub expiring_days: i64,
}

/// Whether a chain leads to a root of some store, apart from names and validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    Trusted,
    /// No root of the store, or no way to it.
    UnknownIssuer,
    /// A signature in the chain doesn't hold.
    BadSignature,
    /// Another fault that a verifier names.
    Refused,
    NotJudged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "because")]
pub enum State {
    Fault,
    Sound,
    NotApplicable,
    Unknown(Reason),
}

/// What one check says of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub check: &'static str,
    #[serde(flatten)]
    pub state: State,
    /// What was seen, in the terms of the protocol.
    pub evidence: Vec<String>,
    pub by: Vec<ConnectionNo>,
}

/// What a check finds out.
struct Finding {
    state: State,
    evidence: Vec<String>,
    by: Vec<ConnectionNo>,
}

impl Finding {
    fn new(state: State) -> Finding {
        Finding { state, evidence: Vec::new(), by: Vec::new() }
    }

    fn fault_if(is_fault: bool) -> Finding {
        Finding::new(if is_fault { State::Fault } else { State::Sound })
    }

    fn with(mut self, evidence: impl Into<String>) -> Finding {
        self.evidence.push(evidence.into());
        self
    }

    fn by(mut self, by: &[ConnectionNo]) -> Finding {
        self.by.extend(by);
        self
    }

    /// A fault if the answer is yes.
    fn fault_if_yes(told: &Told) -> Finding {
        let state = match told.answer {
            Answered::Yes => State::Fault,
            Answered::No => State::Sound,
            Answered::Unknown(Reason::NotApplicable) => State::NotApplicable,
            Answered::Unknown(reason) => State::Unknown(reason),
        };
        Finding::new(state).by(&told.by)
    }

    /// A fault if the answer is no.
    fn fault_if_no(told: &Told) -> Finding {
        let mut finding = Finding::fault_if_yes(told);
        finding.state = match finding.state {
            State::Fault => State::Sound,
            State::Sound => State::Fault,
            other => other,
        };
        finding
    }
}

/// A check: its id, and how it is judged.
type Entry = (&'static str, fn(&Case<'_>) -> Finding);

/// Every check there is.
const CHECKS: &[Entry] = &[
    ("tls.ssl2", versions::ssl2),
    ("tls.ssl3", versions::ssl3),
    ("tls.tls10", versions::tls10),
    ("tls.tls11", versions::tls11),
    ("tls.no-modern-version", versions::no_modern),
    ("tls.no-tls13", versions::no_tls13),
    ("tls.suite-null", suites::null),
    ("tls.suite-anonymous", suites::anonymous),
    ("tls.suite-export", suites::export),
    ("tls.suite-des", suites::des),
    ("tls.suite-rc4", suites::rc4),
    ("tls.sweet32", suites::sweet32),
    ("tls.suite-outdated", suites::outdated),
    ("tls.suite-ccm8", suites::ccm8),
    ("tls.no-forward-secrecy", suites::no_forward_secrecy),
    ("tls.static-exchange", suites::static_exchange),
    ("tls.no-aead", suites::no_aead),
    ("tls.beast", suites::beast),
    ("tls.lucky13", suites::lucky13),
    ("tls.poodle", suites::poodle),
    ("tls.freak", suites::freak),
    ("tls.logjam", suites::logjam),
    ("tls.drown", versions::ssl2),
    ("tls.dh-short", suites::dh_short),
    ("tls.dh-known-prime", suites::dh_known_prime),
    ("tls.dh-reused", suites::dh_reused),
    ("tls.weak-group", suites::weak_group),
    ("tls.client-order", suites::client_order),
    ("tls.insecure-renegotiation", features::insecure_renegotiation),
    ("tls.compression", features::compression),
    ("tls.no-fallback-scsv", features::no_fallback_scsv),
    ("tls.no-extended-master-secret", features::no_extended_master_secret),
    ("tls.heartbeat", features::heartbeat),
    ("tls.sha1-signature", features::sha1_signature),
    ("tls.no-post-quantum", features::no_post_quantum),
    ("tls.no-staple", features::no_staple),
    ("tls.staple-revoked", features::staple_revoked),
    ("tls.staple-stale", features::staple_stale),
    ("tls.staple-bad-signature", features::staple_bad_signature),
    ("tls.ticket-lifetime", features::ticket_lifetime),
    ("tls.ticket-too-long", features::ticket_too_long),
    ("tls.early-data", features::early_data),
    ("tls.heartbleed", intrusive::heartbleed),
    ("tls.early-change", intrusive::early_change),
    ("tls.ticketbleed", intrusive::ticketbleed),
    ("tls.padding-oracle", intrusive::padding_oracle),
    ("tls.client-renegotiation", intrusive::client_renegotiation),
    ("tls.no-hsts", features::no_hsts),
    ("tls.redirect-to-clear", features::redirect_to_clear),
    ("tls.cert-expired", certificate::expired),
    ("tls.cert-not-yet-valid", certificate::not_yet_valid),
    ("tls.cert-expiring", certificate::expiring),
    ("tls.cert-long-lifetime", certificate::long_lifetime),
    ("tls.cert-name-mismatch", certificate::name_mismatch),
    ("tls.cert-self-signed", certificate::self_signed),
    ("tls.cert-untrusted", certificate::untrusted),
    ("tls.cert-chain-incomplete", certificate::chain_incomplete),
    ("tls.cert-chain-disordered", certificate::chain_disordered),
    ("tls.cert-chain-extra", certificate::chain_extra),
    ("tls.cert-weak-key", certificate::weak_key),
    ("tls.cert-weak-signature", certificate::weak_signature),
    ("tls.cert-staple-missing", certificate::staple_missing),
    ("tls.tlcp-single-certificate", tlcp::single_certificate),
    ("tls.tlcp-key-usage", tlcp::key_usage),
    ("tls.tlcp-not-sm2", tlcp::not_sm2),
    ("tls.tlcp-cbc-only", tlcp::cbc_only),
    ("tls.tlcp-bad-signature", tlcp::bad_signature),
];

/// The ids of all checks, in the order of the table.
pub fn check_ids() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(id, _)| *id)
}

/// Judges all checks, in the order of the table.
pub fn judge(case: &Case<'_>) -> Vec<Verdict> {
    CHECKS
        .iter()
        .map(|(check, judge)| {
            let Finding { state, mut evidence, mut by } = judge(case);
            by.sort_unstable();
            by.dedup();
            by.truncate(MAX_EVIDENCE);
            evidence.truncate(MAX_EVIDENCE);
            Verdict { check, state, evidence, by }
        })
        .collect()
}

const MAX_EVIDENCE: usize = 64;

impl Case<'_> {
    fn speaks(&self, version: Version) -> bool {
        self.facts.speaks(version)
    }

    /// All suites that were found, with what is known of them; those of SSL 2.0 aside.
    fn suites(&self) -> impl Iterator<Item = (Version, &SuiteFacts, Suite)> {
        self.facts.versions.iter().flat_map(|facts| {
            let version = facts.version;
            facts.suites.entries.iter().filter_map(move |suite| {
                let code = u16::try_from(suite.code).ok().filter(|_| version != Version::Ssl2)?;
                let known =
                    if version == Version::Tlcp { codes::tlcp_suite(code) } else { codes::suite(code) };
                known.map(|known| (version, suite, known))
            })
        })
    }

    /// Why the lists of suites may lack something, if they may.
    fn gap(&self) -> Option<Reason> {
        let told = self.facts.versions.iter().filter(|facts| facts.version != Version::Ssl2);
        told.flat_map(|facts| {
            let complete = facts.offered.is_yes().then_some(&facts.suites.complete);
            std::iter::once(&facts.offered).chain(complete)
        })
        .find_map(|told| match told.answer {
            Answered::Unknown(reason) => Some(reason),
            Answered::Yes | Answered::No => None,
        })
    }

    /// A fault for each suite that `is_bad`; sound only if no list lacks anything.
    fn fault_for(&self, is_bad: impl Fn(Version, &SuiteFacts, &Suite) -> bool) -> Finding {
        let bad: Vec<_> =
            self.suites().filter(|(version, facts, suite)| is_bad(*version, facts, suite)).collect();
        if bad.is_empty() {
            let nothing_spoken = self.facts.versions.iter().all(|facts| !facts.offered.is_yes());
            return Finding::new(match self.gap() {
                Some(reason) => State::Unknown(reason),
                None if nothing_spoken => State::NotApplicable,
                None => State::Sound,
            });
        }
        bad.into_iter().fold(Finding::new(State::Fault), |finding, (version, facts, _)| {
            finding.with(format!("{}: {}", version.name(), facts.name)).by(&[facts.by])
        })
    }
}
