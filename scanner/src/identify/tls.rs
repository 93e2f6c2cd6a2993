//! The chain that a server shows in a session of identification.

use std::sync::{Arc, Mutex, PoisonError};

use model::host_name::HostName;
use model::observation::{PresentedChain, TlsFacts};
use probes::certificate::certificate_facts;
use rustls::client::Resumption;
use rustls::{ClientConfig, ProtocolVersion, SignatureScheme};

use crate::onlooker::{self, Onlooker, Witness};

/// The chain of one handshake, as DER.
#[derive(Debug, Clone, Default)]
pub(super) struct RecordedChain(Arc<Mutex<Vec<Vec<u8>>>>);

impl RecordedChain {
    pub(super) fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A configuration for one handshake.
pub(super) fn client_config(chain: &RecordedChain) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(onlooker::provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Onlooker {
            witness: chain.clone(),
            schemes: SCHEMES.to_vec(),
        }))
        .with_no_client_auth();
    // Every handshake must show its certificate.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Old ones too: signatures aren't checked, and a server that can only sign with them shall be seen.
const SCHEMES: [SignatureScheme; 13] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::ECDSA_SHA1_Legacy,
    SignatureScheme::RSA_PKCS1_SHA1,
];

impl Witness for RecordedChain {
    fn shown(&self, chain: Vec<Vec<u8>>, _staple: &[u8]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = chain;
    }
}

/// What a handshake showed; `None` if it showed nothing.
pub(super) fn facts(
    version: Option<ProtocolVersion>,
    chain: &[Vec<u8>],
    name: Option<&HostName>,
    after_start_tls: bool,
) -> Option<TlsFacts> {
    if version.is_none() && chain.is_empty() {
        return None;
    }
    let chain: Vec<_> = chain.iter().filter_map(|der| certificate_facts(der).ok()).collect();
    let presented = if chain.is_empty() {
        Vec::new()
    } else {
        vec![PresentedChain { server_name: name.cloned(), chain }]
    };
    let version = version.map(|version| probes::tls::version_name(version.into()).to_owned());
    Some(TlsFacts { version, after_start_tls, presented })
}
