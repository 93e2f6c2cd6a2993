//! Whole handshakes with a library, for what it takes one to see: the certificates, staple and tickets of TLS 1.3, ids
//! and tickets of TLS 1.2, whether the server wants a certificate of ours; and for one request of a page. For looking
//! only: every certificate is taken, and nothing is ever said inside but that request.

mod second;
mod tap;
mod tickets;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::host_name::HostName;
use probes::tls::assess::seam::{Purpose, SessionSeen, Wish};
use probes::tls::flight::read_clear;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{
    ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue, Tls12Resumption,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, KeyLog, NamedGroup, ProtocolVersion, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::tap::{Record, Tap};
use crate::onlooker::{self, Onlooker, Witness};

/// More than any responder sends.
const MAX_STAPLE: usize = 64 * 1024;
/// Of the head of a page.
const MAX_PAGE: usize = 8 * 1024;
const MAX_PAGE_WAIT: Duration = Duration::from_secs(2);
/// For a server that doesn't end a session which we have ended.
const MAX_FAREWELL: Duration = Duration::from_secs(1);
const MAX_TICKETS: usize = 4;

/// The sessions with one server: a later one may go on where an earlier one ended.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    seen: Arc<Mutex<SessionSeen>>,
    clients: Vec<Client>,
}

/// What has to be the same for a session to be resumed by.
#[derive(Debug, Clone)]
struct Client {
    schemes: &'static [u16],
    verifier: Arc<dyn ServerCertVerifier>,
    resolver: Arc<dyn ResolvesClientCert>,
    tickets: Arc<Mutex<Vec<Tls13ClientSessionValue>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    fn client(&mut self, schemes: &'static [u16]) -> Client {
        if let Some(known) = self.clients.iter().find(|client| client.schemes == schemes) {
            return known.clone();
        }
        let verifier = Onlooker {
            witness: Chain { seen: Arc::clone(&self.seen) },
            schemes: schemes.iter().map(|scheme| SignatureScheme::from(*scheme)).collect(),
        };
        let client = Client {
            schemes,
            verifier: Arc::new(verifier),
            resolver: Arc::new(NoCertificate { seen: Arc::clone(&self.seen) }),
            tickets: Arc::default(),
        };
        self.clients.push(client.clone());
        client
    }

    /// Shakes hands; `None` if it ended without a word from the server.
    pub(super) async fn hold(
        &mut self,
        stream: &mut TcpStream,
        addr: IpAddr,
        server_name: Option<&HostName>,
        wish: Wish,
    ) -> Option<SessionSeen> {
        let client = self.client(wish.schemes);
        *lock(&self.seen) = SessionSeen::default();
        let secrets = Arc::new(Secrets::default());
        let config = self.config(&client, &secrets, wish).ok()?;
        let server_name = server_name.filter(|_| wish.with_name);
        // An address is never sent as a server name.
        let name = server_name
            .and_then(|name| ServerName::try_from(name.as_str().to_owned()).ok())
            .unwrap_or_else(|| ServerName::IpAddress(addr.into()));
        let record = Record::default();
        let tap = Tap { stream, record: record.clone() };
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, tap).await;
        let mut held = Held::default();
        if let Ok(mut session) = handshake {
            held.take(&session);
            match wish.purpose {
                // What came by then is what there is.
                Purpose::Page => {
                    let host = server_name.map_or_else(|| addr.to_string(), |name| name.as_str().to_owned());
                    let _ = timeout(MAX_PAGE_WAIT, get(&mut session, &host, &mut held.page)).await;
                }
                // Some servers forget a session that wasn't ended well.
                Purpose::Certificates | Purpose::Ticket | Purpose::SessionId => {
                    held.is_heard_out = timeout(MAX_FAREWELL, part(&mut session)).await.is_ok();
                }
                Purpose::Renegotiation => {
                    let (tap, connection) = session.into_inner();
                    let kept = std::mem::take(&mut *record.kept());
                    let secret = secrets.take();
                    held.renegotiation =
                        second::handshake(tap.stream, connection, kept, &secret, server_name).await;
                }
            }
        }
        let seen = self.told(held, &record, &secrets);
        // A server that refuses us for lack of a certificate has shown its own by then.
        let has_answered = seen.is_whole || !record.kept().read.is_empty();
        has_answered.then_some(seen)
    }

    /// Everything that this session has shown, from all who looked on.
    fn told(&self, held: Held, record: &Record, secrets: &Secrets) -> SessionSeen {
        let mut seen = std::mem::take(&mut *lock(&self.seen));
        let Held { protocol, page, is_whole, is_heard_out, is_tls13, is_resumed, suite, renegotiation } =
            held;
        seen.is_heard_out = is_heard_out;
        (seen.protocol, seen.page, seen.renegotiation) = (protocol, page, renegotiation);
        (seen.is_whole, seen.is_tls13, seen.is_resumed) = (is_whole, is_tls13, is_resumed);
        let kept = record.kept();
        if is_tls13 {
            let tickets = tickets::open(suite, &secrets.take(), &kept.read);
            seen.ticket_lifetime = tickets.iter().map(|ticket| ticket.lifetime).max();
        } else {
            let clear = read_clear(&kept.read);
            seen.session_id = clear.session_id;
            if let Some(ticket) = clear.ticket {
                (seen.ticket_lifetime, seen.ticket) = (Some(ticket.lifetime), ticket.ticket);
            }
        }
        seen
    }

    fn config(
        &self,
        client: &Client,
        secrets: &Arc<Secrets>,
        wish: Wish,
    ) -> Result<ClientConfig, rustls::Error> {
        let (versions, protocols): (&[_], &[&[u8]]) = match wish.purpose {
            Purpose::Certificates => (&[&TLS13], &[b"h2", b"http/1.1"]),
            Purpose::Page => (&[&TLS13, &TLS12], &[b"http/1.1"]),
            Purpose::Ticket | Purpose::SessionId | Purpose::Renegotiation => (&[&TLS12], &[]),
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(onlooker::provider()))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&client.verifier))
            .with_client_cert_resolver(Arc::clone(&client.resolver));
        let store = Store {
            seen: Arc::clone(&self.seen),
            tickets: Arc::clone(&client.tickets),
            keeps: wish.purpose == Purpose::Certificates && wish.with_name && !wish.resume,
            gives: wish.resume,
        };
        let older = match wish.purpose {
            Purpose::Ticket => Tls12Resumption::SessionIdOrTickets,
            Purpose::Certificates | Purpose::Page | Purpose::SessionId | Purpose::Renegotiation => {
                Tls12Resumption::SessionIdOnly
            }
        };
        config.resumption = Resumption::store(Arc::new(store)).tls12_resumption(older);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config.key_log = Arc::clone(secrets) as Arc<dyn KeyLog>;
        config.enable_secret_extraction = wish.purpose == Purpose::Renegotiation;
        Ok(config)
    }
}

/// What the library tells of a session.
#[derive(Default)]
struct Held {
    protocol: Option<Vec<u8>>,
    page: Vec<u8>,
    is_whole: bool,
    is_heard_out: bool,
    is_tls13: bool,
    is_resumed: bool,
    suite: u16,
    renegotiation: Option<probes::tls::provoke::Reaction>,
}

impl Held {
    fn take(&mut self, session: &TlsStream<Tap<'_>>) {
        let (_, state) = session.get_ref();
        self.is_whole = true;
        self.protocol = state.alpn_protocol().map(<[u8]>::to_vec);
        self.is_tls13 = state.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        self.is_resumed = state.handshake_kind() == Some(HandshakeKind::Resumed);
        self.suite = state.negotiated_cipher_suite().map_or(0, |suite| u16::from(suite.suite()));
    }
}

/// Says farewell, and hears the server out: its tickets come before its own farewell.
async fn part(session: &mut TlsStream<Tap<'_>>) -> std::io::Result<()> {
    session.shutdown().await?;
    let mut bin = [0; 1024];
    while session.read(&mut bin).await? > 0 {}
    Ok(())
}

/// Asks for `/` and reads the head of the answer.
async fn get(session: &mut TlsStream<Tap<'_>>, host: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
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

/// The one secret that the records of a session are read with.
#[derive(Debug, Default)]
struct Secrets(Mutex<Vec<u8>>);

/// The master secret of TLS 1.2, and what a server of TLS 1.3 encrypts with after the handshake.
const WANTED: [&str; 2] = ["CLIENT_RANDOM", "SERVER_TRAFFIC_SECRET_0"];

impl Secrets {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, _client_random: &[u8], secret: &[u8]) {
        if WANTED.contains(&label) {
            *lock(&self.0) = secret.to_vec();
        }
    }

    fn will_log(&self, label: &str) -> bool {
        WANTED.contains(&label)
    }
}

/// Counts tickets, and keeps those of the sessions that may be resumed.
#[derive(Debug)]
struct Store {
    seen: Arc<Mutex<SessionSeen>>,
    tickets: Arc<Mutex<Vec<Tls13ClientSessionValue>>>,
    keeps: bool,
    gives: bool,
}

impl ClientSessionStore for Store {
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
        let mut seen = lock(&self.seen);
        seen.n_tickets = seen.n_tickets.saturating_add(1);
        seen.max_early_data = seen.max_early_data.max(value.max_early_data_size());
        let mut tickets = lock(&self.tickets);
        if self.keeps && tickets.len() < MAX_TICKETS {
            tickets.push(value);
        }
    }

    fn take_tls13_ticket(&self, _server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.gives.then(|| lock(&self.tickets).pop()).flatten()
    }
}

/// What certificates and staple a handshake shows goes to the rest of what it does.
#[derive(Debug)]
struct Chain {
    seen: Arc<Mutex<SessionSeen>>,
}

impl Witness for Chain {
    fn shown(&self, chain: Vec<Vec<u8>>, staple: &[u8]) {
        let mut seen = lock(&self.seen);
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
        lock(&self.seen).wants_client_certificate = true;
        None
    }

    // Asked for a certificate only if there may be one.
    fn has_certs(&self) -> bool {
        true
    }
}
