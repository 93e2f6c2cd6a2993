//! Whole handshakes of TLS 1.3 with a library, for what is encrypted there: certificates, staple, and whether the
//! server wants a certificate of ours. For looking only: every certificate is taken, nothing is ever said inside.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::host_name::HostName;
use probes::certificate::MAX_CHAIN;
use probes::tls::assess::seam::SessionSeen;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// More than any responder sends.
const MAX_STAPLE: usize = 64 * 1024;

/// Shakes hands; `None` if it ended before a certificate was shown.
pub(super) async fn hold(
    stream: &mut TcpStream,
    addr: IpAddr,
    server_name: Option<&HostName>,
    schemes: &[u16],
) -> Option<SessionSeen> {
    let seen = Arc::new(Mutex::new(SessionSeen::default()));
    let config = config(&seen, schemes).ok()?;
    // An address is never sent as a server name.
    let name = server_name
        .and_then(|name| ServerName::try_from(name.as_str().to_owned()).ok())
        .unwrap_or_else(|| ServerName::IpAddress(addr.into()));
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let protocol = handshake.ok().and_then(|session| session.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
    let mut seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    seen.protocol = protocol;
    // A server that refuses us for lack of a certificate has shown its own by then.
    (!seen.chain.is_empty()).then_some(seen)
}

pub(super) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

fn config(seen: &Arc<Mutex<SessionSeen>>, schemes: &[u16]) -> Result<ClientConfig, rustls::Error> {
    let schemes = schemes.iter().map(|scheme| SignatureScheme::from(*scheme)).collect();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Onlooker { seen: Arc::clone(seen), schemes }))
        .with_client_cert_resolver(Arc::new(NoCertificate { seen: Arc::clone(seen) }));
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[derive(Debug)]
struct Onlooker {
    seen: Arc<Mutex<SessionSeen>>,
    schemes: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(MAX_CHAIN);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.chain = chain.map(|der| der.to_vec()).collect();
        seen.staple = ocsp_response.iter().copied().take(MAX_STAPLE).collect();
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

/// Has none to show, and notes that it was asked.
#[derive(Debug)]
struct NoCertificate {
    seen: Arc<Mutex<SessionSeen>>,
}

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).wants_client_certificate = true;
        None
    }

    // Asked for a certificate only if there may be one.
    fn has_certs(&self) -> bool {
        true
    }
}
