//! A TLS client that takes every certificate and tells a witness what it was shown. For looking only: nothing
//! confidential ever goes through such a session.

use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

use probes::certificate::MAX_CHAIN;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

/// Who is told what a server showed.
pub(crate) trait Witness: Debug + Send + Sync {
    /// At most [`MAX_CHAIN`] certificates as DER, the server's own first, and the stapled response, empty without one.
    fn shown(&self, chain: Vec<Vec<u8>>, staple: &[u8]);
}

/// Two providers are linked, and the process has no default.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

/// Verifies nothing, offering so many schemes to sign with.
#[derive(Debug)]
pub(crate) struct Onlooker<W> {
    pub(crate) witness: W,
    pub(crate) schemes: Vec<SignatureScheme>,
}

impl<W: Witness> ServerCertVerifier for Onlooker<W> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(MAX_CHAIN);
        self.witness.shown(chain.map(|der| der.to_vec()).collect(), ocsp_response);
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

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
