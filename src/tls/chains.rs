//! The certificates of a server as people read them, in one language.

use chrono::{DateTime, Utc};
use model::certificate::CertificateFacts;
use model::interval::china;
use probes::tls::assess::facts::{ChainFacts, ChainKind};
use probes::tls::judge::Trust;
use reports::text::{Language, show_text};

use super::rate::Judged;
use super::view::MAX_TEXT;
use super::words::{self, pick};

pub struct ChainView {
    pub title: String,
    pub trust: &'static str,
    pub is_trusted: bool,
    pub certificates: Vec<CertificateView>,
}

pub struct CertificateView {
    pub role: String,
    pub subject: String,
    pub issuer: String,
    pub names: String,
    pub key: String,
    pub signature: String,
    pub validity: String,
    pub left: String,
    /// `good`, `soon` or `over`.
    pub class: &'static str,
    /// How much of its time has passed, from 0 to 100.
    pub percent: u32,
    pub sha256: String,
}

/// Days before its end at which a certificate's bar is marked.
const SOON_DAYS: i64 = 30;

/// Chains that are the same with a server name and without are shown once.
pub fn chains(judged: &Judged, now: DateTime<Utc>, language: Language) -> Vec<ChainView> {
    let trusts = judged.trust.iter().copied().chain(std::iter::repeat(Trust::NotJudged));
    let mut shown: Vec<(&ChainFacts, Trust, Vec<Option<&str>>)> = Vec::new();
    for (chain, trust) in judged.facts.chains.iter().zip(trusts) {
        let asked = chain.server_name.as_deref();
        let same = |known: &ChainFacts| known.kind == chain.kind && known.ders == chain.ders;
        match shown.iter_mut().find(|(known, ..)| same(known)) {
            Some((.., names)) => names.push(asked),
            None => shown.push((chain, trust, vec![asked])),
        }
    }
    let view = |(chain, trust, names): (&ChainFacts, Trust, Vec<Option<&str>>)| {
        let asked = names.iter().map(|name| match name {
            Some(name) => format!("{}{name}", pick(language, "服务器名 ", "server name ")),
            None => pick(language, "未带服务器名", "no server name").to_owned(),
        });
        let asked: Vec<String> = asked.collect();
        let certificates = chain.certificates.iter().enumerate();
        ChainView {
            title: format!(
                "{}{}{}{}",
                words::kind(chain.kind, language),
                pick(language, "（", " ("),
                asked.join(pick(language, "；", "; ")),
                pick(language, "）", ")")
            ),
            trust: words::trust(trust, language),
            is_trusted: trust == Trust::Trusted,
            certificates: certificates
                .map(|(at, facts)| certificate(facts, role(chain.kind, at, language), now, language))
                .collect(),
        }
    };
    shown.into_iter().map(view).collect()
}

fn role(kind: ChainKind, at: usize, language: Language) -> String {
    match (kind, at) {
        (ChainKind::Tlcp, 0) => pick(language, "签名证书", "signing").to_owned(),
        (ChainKind::Tlcp, 1) => pick(language, "加密证书", "encryption").to_owned(),
        (_, 0) => pick(language, "服务器", "server").to_owned(),
        (_, at) => format!("{} {at}", pick(language, "上级", "issuer")),
    }
}

fn certificate(
    facts: &CertificateFacts,
    role: String,
    now: DateTime<Utc>,
    language: Language,
) -> CertificateView {
    let day = |at: DateTime<Utc>| at.with_timezone(&china()).format("%Y-%m-%d").to_string();
    let n_left = (facts.not_after - now).num_days();
    let (class, left) = if now > facts.not_after {
        (
            "over",
            format!(
                "{} {} {}",
                pick(language, "已过期", "expired"),
                -n_left,
                pick(language, "天", "days ago")
            ),
        )
    } else if now < facts.not_before {
        ("over", pick(language, "尚未生效", "not yet valid").to_owned())
    } else {
        let class = if n_left < SOON_DAYS { "soon" } else { "good" };
        (
            class,
            format!("{} {n_left} {}", pick(language, "还有", "ends in"), pick(language, "天到期", "days")),
        )
    };
    let whole = (facts.not_after - facts.not_before).num_seconds().max(1);
    let passed = (now - facts.not_before).num_seconds().clamp(0, whole);
    let bits = facts.key.bits.filter(|_| facts.key.algorithm == "RSA" || facts.key.algorithm == "DSA");
    let key = match bits {
        Some(bits) => format!("{} {bits}", facts.key.algorithm),
        None => facts.key.algorithm.clone(),
    };
    CertificateView {
        role,
        subject: show_text(&facts.subject, MAX_TEXT),
        issuer: show_text(&facts.issuer, MAX_TEXT),
        names: show_text(&facts.names.join(", "), MAX_TEXT),
        key,
        signature: facts.signature.clone(),
        validity: format!("{} – {}", day(facts.not_before), day(facts.not_after)),
        left,
        class,
        percent: u32::try_from(passed.saturating_mul(100) / whole).unwrap_or(100),
        sha256: facts.sha256.clone(),
    }
}
