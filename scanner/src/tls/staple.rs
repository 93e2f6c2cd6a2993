//! Verifies the signature of a stapled OCSP response with the library's algorithms. Who may have signed it is known
//! where it is read.

use probes::tls::assess::facts::{Answered, Reason, ServerFacts, Told};
use probes::tls::staple::Claim;

use crate::onlooker::provider;

/// Notes among the facts what came of the staple that is among them.
pub(super) fn verify(facts: &mut ServerFacts) {
    let features = &mut facts.features;
    let Some(staple) = &features.staple else { return };
    let told: Vec<bool> =
        facts.chains.iter().filter_map(|chain| staple.is_signed_for(&chain.ders, &holds)).collect();
    let answer = match told.as_slice() {
        [] => Answered::Unknown(Reason::NotApplicable),
        told if told.contains(&true) => Answered::Yes,
        _ => Answered::No,
    };
    features.staple_signature = Told { answer, by: features.ocsp_staple.by.clone() };
}

/// `None` for algorithms that aren't known here.
fn holds(claim: &Claim<'_>) -> Option<bool> {
    let known = provider().signature_verification_algorithms.all.iter().find(|known| {
        known.public_key_alg_id().as_ref() == claim.key_algorithm
            && known.signature_alg_id().as_ref() == claim.algorithm
    })?;
    Some(known.verify_signature(claim.key, claim.message, claim.signature).is_ok())
}
