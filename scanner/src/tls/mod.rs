//! Runs TLS assessments over tokio: connections, bytes and time. What is asked, and what it means, is
//! [`probes::tls::assess`]'s alone. One connection at a time to each server; many servers at once.

mod session;
mod staple;
mod trust;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use model::scope::Target;
use probes::tls::assess::facts::ServerFacts;
use probes::tls::assess::seam::{ConnectFailure, Event, Limits, Step};
use probes::tls::assess::{Assessment, Subject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use self::session::Sessions;
use crate::identify::ConnectionGate;

pub use trust::{Roots, RootsError};

/// One server to assess.
#[derive(Debug, Clone)]
pub struct TlsTarget {
    pub target: Target,
    pub port: u16,
    pub subject: Subject,
}

impl TlsTarget {
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::new(self.target.addr(), self.port)
    }
}

const MAX_PARTING: Duration = Duration::from_millis(200);
const MAX_READ: usize = 16 * 1024;

/// Assesses one server. Always ends, at most a little after [`Limits::whole`] without the time that the gate makes
/// it wait. Each connection needs a permit of the gate for as long as it is open.
pub async fn assess<G: ConnectionGate>(server: &TlsTarget, limits: &Limits, gate: &G) -> ServerFacts {
    let addr = server.addr();
    let mut assessment = Assessment::new(&server.subject, limits.clone());
    let mut began_at = Instant::now();
    let mut step = assessment.start(Duration::ZERO);
    let mut connection: Option<(TcpStream, G::Permit)> = None;
    let mut buffer = Vec::new();
    let mut sessions = Sessions::default();
    let mut seen = None;
    loop {
        let event = match step {
            Step::Finish(mut facts) => {
                staple::verify(&mut facts);
                return *facts;
            }
            Step::Connect { not_before, until } => {
                sleep_until(began_at + not_before).await;
                let waiting_since = Instant::now();
                let permit = gate.acquire(addr.ip()).await;
                // Waiting for others isn't the server's silence.
                began_at += waiting_since.elapsed();
                match timeout_at(began_at + until, TcpStream::connect(addr)).await {
                    Ok(Ok(stream)) => {
                        // Hellos are small and wait for answers; an unset option only makes them later.
                        let _ = stream.set_nodelay(true);
                        connection = Some((stream, permit));
                        Event::Connected
                    }
                    Ok(Err(error)) => Event::ConnectFailed(failure(&error)),
                    Err(_) => Event::ConnectFailed(ConnectFailure::TimedOut),
                }
            }
            Step::Write { bytes, until } => match &mut connection {
                Some((stream, _)) => match timeout_at(began_at + until, stream.write_all(&bytes)).await {
                    Ok(Ok(())) => Event::Written,
                    Ok(Err(_)) => Event::Reset,
                    Err(_) => Event::TimedOut,
                },
                None => Event::Reset,
            },
            Step::Read { at_most, until } => match &mut connection {
                Some((stream, _)) => {
                    buffer.resize(at_most.min(MAX_READ), 0);
                    match timeout_at(began_at + until, stream.read(&mut buffer)).await {
                        Ok(Ok(0)) => Event::Closed,
                        Ok(Ok(n)) => Event::Bytes(buffer.get(..n).unwrap_or_default()),
                        Ok(Err(_)) => Event::Reset,
                        Err(_) => Event::TimedOut,
                    }
                }
                None => Event::Reset,
            },
            Step::StartSession { wish, until } => match &mut connection {
                Some((stream, _)) => {
                    let name = server.subject.server_name.as_ref();
                    let session = sessions.hold(stream, addr.ip(), name, wish);
                    match timeout_at(began_at + until, session).await {
                        Ok(Some(session)) => Event::Session(seen.insert(session)),
                        Ok(None) => Event::Closed,
                        Err(_) => Event::TimedOut,
                    }
                }
                None => Event::Reset,
            },
            Step::Close => {
                if let Some((stream, _)) = connection.take() {
                    close(stream).await;
                }
                Event::Disconnected
            }
        };
        step = assessment.handle(event, began_at.elapsed());
    }
}

/// Assesses many servers, at most `n_at_a_time` of them at once; results come as they are ready, with the place of
/// their server in the list.
pub fn assess_all<'a, G: ConnectionGate>(
    servers: impl IntoIterator<Item = TlsTarget> + 'a,
    limits: &'a Limits,
    gate: &'a G,
    n_at_a_time: usize,
) -> impl Stream<Item = (usize, TlsTarget, ServerFacts)> + 'a {
    let assessing = servers.into_iter().enumerate().map(move |(at, server)| async move {
        let facts = assess(&server, limits, gate).await;
        (at, server, facts)
    });
    stream::iter(assessing).buffer_unordered(n_at_a_time.max(1))
}

fn failure(error: &io::Error) -> ConnectFailure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => ConnectFailure::Refused,
        io::ErrorKind::TimedOut => ConnectFailure::TimedOut,
        _ => ConnectFailure::Unreachable,
    }
}

/// Says that no more will come, and empties what has: unread bytes would turn the close into a reset.
async fn close(mut stream: TcpStream) {
    // How the peer takes it changes nothing.
    let _ = timeout(MAX_PARTING, stream.shutdown()).await;
    let mut bin = [0; 4096];
    for _ in 0..16 {
        if !matches!(stream.try_read(&mut bin), Ok(n) if n > 0) {
            break;
        }
    }
}
