//! A TLS client that accepts every certificate and records what it was shown. For looking only: nothing
//! confidential ever goes through these sessions.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::host_name::HostName;
use model::observation::{PresentedChain, TlsFacts};
use probes::certificate::{MAX_CHAIN, certificate_facts};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ProtocolVersion, SignatureScheme};

/// The chain of one handshake, as DER.
#[derive(Debug, Clone, Default)]
pub(super) struct RecordedChain(Arc<Mutex<Vec<Vec<u8>>>>);

impl RecordedChain {
    pub(super) fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A configuration for one handshake. The provider is given here, since two are linked and the process has no
/// default.
pub(super) fn client_config(chain: &RecordedChain) -> Result<ClientConfig, rustls::Error> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Recording(chain.clone())))
        .with_no_client_auth();
    // Every handshake must show its certificate.
    config.resumption = Resumption::disabled();
    Ok(config)
}

#[derive(Debug)]
struct Recording(RecordedChain);

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = std::iter::once(end_entity).chain(intermediates).take(MAX_CHAIN);
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = shown.map(|der| der.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    /// Old ones too: signatures aren't checked, and a server that can only sign with them shall be seen.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
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
        ]
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
