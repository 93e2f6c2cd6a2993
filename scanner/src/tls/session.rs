//! Whole handshakes with a library, for what TLS 1.3 encrypts: certificates, staple, tickets, and whether the server
//! wants a certificate of ours; and for one request of a page. For looking only: every certificate is taken, and
//! nothing is ever said inside but that request.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::host_name::HostName;
use probes::tls::assess::seam::{Purpose, SessionSeen};
use rustls::client::{
    ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, NamedGroup, ProtocolVersion, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::onlooker::{self, Onlooker, Witness};

/// More than any responder sends.
const MAX_STAPLE: usize = 64 * 1024;
/// Of the head of a page.
const MAX_PAGE: usize = 8 * 1024;
const MAX_PAGE_WAIT: Duration = Duration::from_secs(2);

/// Shakes hands; `None` if it ended before a certificate was shown.
pub(super) async fn hold(
    stream: &mut TcpStream,
    addr: IpAddr,
    server_name: Option<&HostName>,
    schemes: &[u16],
    purpose: Purpose,
) -> Option<SessionSeen> {
    let seen = Arc::new(Mutex::new(SessionSeen::default()));
    let config = config(&seen, schemes, purpose).ok()?;
    // An address is never sent as a server name.
    let name = server_name
        .and_then(|name| ServerName::try_from(name.as_str().to_owned()).ok())
        .unwrap_or_else(|| ServerName::IpAddress(addr.into()));
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let (mut protocol, mut is_tls13, mut page) = (None, false, Vec::new());
    if let Ok(mut session) = handshake {
        let (_, state) = session.get_ref();
        protocol = state.alpn_protocol().map(<[u8]>::to_vec);
        is_tls13 = state.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        if purpose == Purpose::Page {
            let host = server_name.map_or_else(|| addr.to_string(), |name| name.as_str().to_owned());
            // What came by then is what there is.
            let _ = timeout(MAX_PAGE_WAIT, get(&mut session, &host, &mut page)).await;
        }
    }
    let mut seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    (seen.protocol, seen.is_tls13, seen.page) = (protocol, is_tls13, page);
    // A server that refuses us for lack of a certificate has shown its own by then.
    (!seen.chain.is_empty()).then_some(seen)
}

/// Asks for `/` and reads the head of the answer.
async fn get(session: &mut TlsStream<&mut TcpStream>, host: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Sentrypost\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    session.write_all(request.as_bytes()).await?;
    session.flush().await?;
    let mut buffer = [0; 2048];
    while page.len() < MAX_PAGE && !page.windows(4).any(|window| window == b"\r\n\r\n") {
        match session.read(&mut buffer).await? {
            0 => break,
            n => page.extend(buffer.iter().take(n)),
        }
    }
    page.truncate(MAX_PAGE);
    Ok(())
}

fn config(
    seen: &Arc<Mutex<SessionSeen>>,
    schemes: &[u16],
    purpose: Purpose,
) -> Result<ClientConfig, rustls::Error> {
    let (versions, protocols): (&[_], &[&[u8]]) = match purpose {
        Purpose::Certificates => (&[&TLS13], &[b"h2", b"http/1.1"]),
        Purpose::Page => (&[&TLS13, &TLS12], &[b"http/1.1"]),
    };
    let schemes = schemes.iter().map(|scheme| SignatureScheme::from(*scheme)).collect();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(onlooker::provider()))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Onlooker {
            witness: Chain { seen: Arc::clone(seen) },
            schemes,
        }))
        .with_client_cert_resolver(Arc::new(NoCertificate { seen: Arc::clone(seen) }));
    config.resumption = Resumption::store(Arc::new(Counter { seen: Arc::clone(seen) }));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// Counts tickets, and keeps none.
#[derive(Debug)]
struct Counter {
    seen: Arc<Mutex<SessionSeen>>,
}

impl ClientSessionStore for Counter {
    fn set_kx_hint(&self, _server_name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _server_name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _server_name: ServerName<'static>, _value: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _server_name: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.n_tickets = seen.n_tickets.saturating_add(1);
        seen.takes_early_data |= value.max_early_data_size() > 0;
    }

    fn take_tls13_ticket(&self, _server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// What certificates and staple a handshake shows goes to the rest of what it does.
#[derive(Debug)]
struct Chain {
    seen: Arc<Mutex<SessionSeen>>,
}

impl Witness for Chain {
    fn shown(&self, chain: Vec<Vec<u8>>, staple: &[u8]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.chain = chain;
        seen.staple = staple.iter().copied().take(MAX_STAPLE).collect();
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
