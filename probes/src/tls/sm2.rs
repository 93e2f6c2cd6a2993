//! Signatures of SM2 with SM3 on certificates and handshakes (GM/T 0003.2, GM/T 0009 for the signer's default name).
//! Verification only; there are no secrets here.

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

/// What a TLCP server signs in suites that encrypt to its second certificate (GB/T 38636-2020 §6.4.5.4): both randoms,
/// then that certificate.
pub fn handshake_message(client: &[u8; 32], server: &[u8; 32], encryption: &[u8]) -> Vec<u8> {
    let length = u32::try_from(encryption.len()).unwrap_or(u32::MAX).to_be_bytes();
    [client.as_slice(), server, length.get(1..).unwrap_or_default(), encryption].concat()
}

/// What it signs in suites with a share of its own (GB/T 38636-2020 §6.4.5.4, ECDHE): both randoms, then the share with
/// its parameters.
pub fn exchange_message(client: &[u8; 32], server: &[u8; 32], parameters: &[u8]) -> Vec<u8> {
    [client.as_slice(), server, parameters].concat()
}

/// Whether the key of a certificate has signed a message; `None` if it is no key of SM2.
pub fn has_signed(certificate: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let point = certificate.public_key().subject_public_key.data.as_ref();
    let key = VerifyingKey::from_sec1_bytes(DEFAULT_SIGNER, point).ok()?;
    Some(Signature::from_der(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}
