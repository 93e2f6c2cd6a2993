//! Signatures of SM2 with SM3 on certificates (GM/T 0003.2, GM/T 0009 for the signer's default name).

use sm2::dsa::signature::Verifier;
use sm2::dsa::{Signature, VerifyingKey};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// The name of a signer that hasn't been given another one.
const DEFAULT_SIGNER: &str = "1234567812345678";
const SM2_WITH_SM3: &str = "1.2.156.10197.1.501";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Yes,
    /// By name it should be, but the signature doesn't hold.
    No,
    /// Another issuer, another algorithm, or not readable.
    NotByThis,
}

/// Whether `issuer` has signed `certificate`; both are DER.
pub fn is_signed_by(certificate: &[u8], issuer: &[u8]) -> Signed {
    let (Ok((_, certificate)), Ok((_, issuer))) =
        (X509Certificate::from_der(certificate), X509Certificate::from_der(issuer))
    else {
        return Signed::NotByThis;
    };
    let is_named = certificate.issuer().as_raw() == issuer.subject().as_raw();
    let is_sm2 = certificate.signature_algorithm.algorithm.to_id_string() == SM2_WITH_SM3;
    let point = issuer.public_key().subject_public_key.data.as_ref();
    let (true, true, Ok(key)) = (is_named, is_sm2, VerifyingKey::from_sec1_bytes(DEFAULT_SIGNER, point))
    else {
        return Signed::NotByThis;
    };
    let Ok(signature) = Signature::from_der(certificate.signature_value.data.as_ref()) else {
        return Signed::No;
    };
    match key.verify(certificate.tbs_certificate.as_ref(), &signature) {
        Ok(()) => Signed::Yes,
        Err(_) => Signed::No,
    }
}
