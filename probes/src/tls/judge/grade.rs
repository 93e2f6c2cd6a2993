//! A grade by the numbers of a policy, with the reason of each cap. It judges nothing that a check hasn't.

use model::tls_policy::{GradeRules, Step};
use serde::Serialize;

use super::{Case, State, Verdict};
use crate::tls::assess::facts::SuiteFacts;
use crate::tls::codes::{self, Authentication, Exchange, GroupKind, Suite};

/// A server's grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grade {
    /// By score and caps.
    pub grade: String,
    pub score: u32,
    pub protocol: u32,
    pub exchange: u32,
    pub cipher: u32,
    /// What kept the grade from being better, worst first.
    pub caps: Vec<CapReason>,
    /// Checks that couldn't be told and might have capped it.
    pub open: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapReason {
    pub grade: String,
    pub because: String,
}

/// `None` if there is nothing to grade.
pub fn grade(case: &Case<'_>, verdicts: &[Verdict], rules: &GradeRules) -> Option<Grade> {
    let protocol = protocol(case, rules)?;
    let (exchange, cipher, least_bits) = strengths(case, rules)?;
    let weights = rules.weights;
    let total = weights.protocol + weights.exchange + weights.cipher;
    let sum = weights.protocol * protocol + weights.exchange * exchange + weights.cipher * cipher;
    let is_void = protocol == 0 || exchange == 0 || cipher == 0;
    let score = if is_void { 0 } else { sum.checked_div(total)? };
    let letter = rules.letters.iter().find(|letter| score >= letter.at_least);
    let letter = letter.map_or(&rules.lowest, |letter| &letter.grade);
    let mut caps = Vec::new();
    let mut cap = |grade: &str, because: String| caps.push(CapReason { grade: grade.to_owned(), because });
    if let Some(at) = rules.exchange_caps.iter().find(|at| exchange <= at.at_most) {
        cap(&at.grade, format!("key exchange of {exchange} points"));
    }
    if least_bits < rules.cipher_bits_cap.below_bits {
        cap(&rules.cipher_bits_cap.grade, format!("a cipher of {least_bits} bits"));
    }
    let mut open = Vec::new();
    for rule in &rules.caps {
        let Some(verdict) = verdicts.iter().find(|verdict| verdict.check == rule.check.as_str()) else {
            continue;
        };
        let spoken = case.facts.versions.iter().filter(|facts| facts.offered.is_yes());
        let mut spoken = spoken.map(|facts| facts.version.name());
        let is_met = rule.with_versions.is_empty() || spoken.any(|name| rule.with_versions.contains(name));
        match verdict.state {
            State::Fault if is_met => cap(&rule.grade, verdict.check.to_owned()),
            State::Unknown(_) => open.push(verdict.check.to_owned()),
            State::Fault | State::Sound | State::NotApplicable => {}
        }
    }
    let place = |grade: &str| rules.scale.iter().position(|known| known == grade).unwrap_or(usize::MAX);
    // Of two caps of one check the harder one says it all.
    caps.sort_by(|a, b| place(&b.grade).cmp(&place(&a.grade)).then_with(|| a.because.cmp(&b.because)));
    let mut seen: Vec<String> = Vec::new();
    caps.retain(|cap| {
        let is_new = !seen.contains(&cap.because);
        seen.push(cap.because.clone());
        is_new
    });
    let worst = caps.first().map(|cap| cap.grade.as_str());
    let mut grade = match worst {
        Some(worst) if place(worst) > place(letter) => worst,
        _ => letter,
    };
    let is_warned = verdicts.iter().any(|verdict| {
        verdict.state == State::Fault && rules.warnings.iter().any(|id| id.as_str() == verdict.check)
    });
    let best = rules.letters.first().map(|letter| letter.grade.as_str());
    if Some(grade) == best && !is_warned && caps.is_empty() && open.is_empty() {
        grade = &rules.flawless;
    }
    Some(Grade { grade: grade.to_owned(), score, protocol, exchange, cipher, caps, open })
}

/// The mean of the best and the worst version.
fn protocol(case: &Case<'_>, rules: &GradeRules) -> Option<u32> {
    let spoken = case.facts.versions.iter().filter(|facts| facts.offered.is_yes());
    let scores: Vec<u32> =
        spoken.filter_map(|facts| rules.versions.get(facts.version.name()).copied()).collect();
    Some(u32::midpoint(*scores.iter().max()?, *scores.iter().min()?))
}

/// The weakest key exchange; the mean of the best and the worst cipher; the bits of the worst.
fn strengths(case: &Case<'_>, rules: &GradeRules) -> Option<(u32, u32, u32)> {
    let exchange = case.suites().map(|(_, facts, suite)| exchange(case, facts, &suite, rules)).min()?;
    let bits: Vec<u32> = case.suites().map(|(.., suite)| suite.bits).collect();
    let (best, worst) = (*bits.iter().max()?, *bits.iter().min()?);
    Some((exchange, u32::midpoint(step(&rules.cipher, best), step(&rules.cipher, worst)), worst))
}

fn exchange(case: &Case<'_>, facts: &SuiteFacts, suite: &Suite, rules: &GradeRules) -> u32 {
    if suite.export {
        return rules.exchange_export;
    }
    if suite.authentication == Authentication::Anonymous {
        return rules.exchange_anonymous;
    }
    let of_group =
        facts.group.as_ref().and_then(|group| codes::group(group.code)).map(|group| match group.kind {
            GroupKind::Curve | GroupKind::Hybrid => step(&rules.exchange_curve, group.bits),
            GroupKind::FiniteField => step(&rules.exchange_rsa, group.bits),
            // Stronger than any curve here.
            GroupKind::PostQuantum => step(&rules.exchange_curve, u32::MAX),
        });
    let of_prime = facts.prime_bits.map(|bits| step(&rules.exchange_rsa, bits));
    let of_key = certificate_score(case, rules);
    let all = match suite.exchange {
        Exchange::Ecdhe | Exchange::Any => [of_group, of_key],
        Exchange::Dhe => [of_prime, of_key],
        Exchange::Static | Exchange::Shared | Exchange::Other => [None, of_key],
    };
    all.into_iter().flatten().min().unwrap_or(100)
}

/// The weakest key of a leaf.
fn certificate_score(case: &Case<'_>, rules: &GradeRules) -> Option<u32> {
    let leaves = case.facts.chains.iter().filter_map(|chain| chain.certificates.first());
    leaves
        .filter_map(|leaf| {
            let bits = leaf.key.bits?;
            let steps = match leaf.key.algorithm.as_str() {
                "RSA" | "DSA" => &rules.exchange_rsa,
                _ => &rules.exchange_curve,
            };
            Some(step(steps, bits))
        })
        .min()
}

fn step(steps: &[Step], bits: u32) -> u32 {
    let step = steps.iter().find(|step| step.below_bits.is_none_or(|below| bits < below));
    step.map_or(0, |step| step.score)
}
