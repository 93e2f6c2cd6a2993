//! Finds out what speaks behind an open port, by driving [`probes`] over tokio and rustls: TCP here, UDP in `datagrams`.
//!
//! The decisions (what to ask, in which order, when to stop) are `probes`' alone; this module opens connections,
//! moves bytes, keeps time, and records what TLS shows. It doesn't decide which ports are asked.

mod datagrams;
mod gate;
mod tls;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use model::host_name::HostName;
use model::observation::ServiceFacts;
use probes::conversation::Conversation;
use probes::identifier::{Action, ConversationId, Ending, Hints, Identifier};
use probes::seam::{Probe, Step, TlsFailure};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub use gate::{ConnectionGate, Ungated};
pub use probes::identifier::Timing;

pub(crate) use datagrams::{AMPLIFICATION, Datagrams};
use wire::Wire;

/// One open port.
#[derive(Debug)]
pub struct IdentifyTarget {
    pub addr: SocketAddr,
    /// Host names that led to the address; the first is asked for, the others are tried in TLS.
    pub names: Vec<HostName>,
    pub rtt: Option<Duration>,
    /// The connection that showed the port to be open, if nothing was sent on it yet.
    pub stream: Option<TcpStream>,
}

/// The bounds of one identification.
#[derive(Debug, Clone)]
pub struct IdentifyLimits {
    pub timing: Timing,
    /// For the TCP handshake of each further connection.
    pub connect: Duration,
    /// Feeds random fields of some protocols; not secret.
    pub seed: u64,
}

impl Default for IdentifyLimits {
    fn default() -> IdentifyLimits {
        IdentifyLimits { timing: Timing::default(), connect: Duration::from_secs(2), seed: 0 }
    }
}

/// For a write that a peer doesn't read, and for the last words of a connection.
const MAX_WRITE: Duration = Duration::from_secs(2);
const MAX_PARTING: Duration = Duration::from_millis(200);
/// For leave to open a second connection beside a slow one.
const MAX_WAIT_BESIDE: Duration = Duration::from_millis(300);

/// Identifies the service behind an open port. Always ends, at most a little after [`Timing::whole`] without the
/// time that the gate makes it wait.
pub async fn identify<G: ConnectionGate>(
    target: IdentifyTarget,
    limits: &IdentifyLimits,
    gate: &G,
) -> ServiceFacts {
    let IdentifyTarget { addr, names, rtt, mut stream } = target;
    let host = match addr {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    let hints = Hints { port: addr.port(), host, names, rtt, seed: limits.seed };
    let mut identifier = Identifier::new(hints, limits.timing.clone());
    let mut running: FuturesUnordered<BoxFuture<'_, (ConversationId, Ending)>> = FuturesUnordered::new();
    // One permit is kept from the first conversation to the last, so that what has begun isn't starved.
    let mut permits = vec![gate.acquire(addr.ip()).await];
    let mut began_at = Instant::now();
    loop {
        match identifier.next(began_at.elapsed()) {
            Action::Finish(facts) => return *facts,
            Action::Wait { until } => {
                if let Ok(Some((id, ending))) = timeout_at(began_at + until, running.next()).await {
                    identifier.learn(id, ending);
                    permits.truncate(running.len().max(1));
                }
            }
            Action::Open { id, conversation, server_name } => {
                while permits.len() <= running.len() {
                    let waiting_since = Instant::now();
                    let was_at = began_at.elapsed();
                    tokio::select! {
                        permit = gate.acquire(addr.ip()) => permits.push(permit),
                        // A conversation that ends in the meantime leaves its permit to this one.
                        Some((id, ending)) = running.next() => identifier.learn(id, ending),
                        // On a busy host the slow one makes room, rather than that nothing else is asked.
                        () = sleep(MAX_WAIT_BESIDE) => if identifier.abandon_slow(was_at) { running.clear() },
                    }
                    // Waiting for others isn't the service's silence.
                    began_at += waiting_since.elapsed();
                }
                let handed_over = stream.take();
                let connect = limits.connect;
                running.push(Box::pin(async move {
                    (id, hold(*conversation, addr, server_name, handed_over, connect).await)
                }));
            }
        }
    }
}

/// Holds one conversation from the connection to its end.
async fn hold(
    mut conversation: Conversation,
    addr: SocketAddr,
    server_name: Option<HostName>,
    handed_over: Option<TcpStream>,
    connect: Duration,
) -> Ending {
    let was_handed_over = handed_over.is_some();
    let stream = match handed_over {
        Some(stream) => stream,
        None => match timeout(connect, TcpStream::connect(addr)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(_)) | Err(_) => return Ending::Unreachable,
        },
    };
    // Questions are small and wait for answers; an unset option only makes them later.
    let _ = stream.set_nodelay(true);
    let mut wire = Wire::new(stream);
    let mut buffer = vec![0; 8 * 1024];
    let began_at = Instant::now();
    let mut step = conversation.start(Duration::ZERO);
    let mut tls = None;
    let mut n_received = 0usize;
    let outcome = loop {
        step = match step {
            Step::Finish(outcome) => break outcome,
            Step::Write(bytes) => match timeout(MAX_WRITE, wire.write_all(&bytes)).await {
                Ok(Ok(())) => conversation.handle_written(began_at.elapsed()),
                Ok(Err(_)) => conversation.handle_close(began_at.elapsed()),
                Err(_) => conversation.handle_timeout(began_at.elapsed()),
            },
            Step::Read { at_most, until } => {
                let n = at_most.min(buffer.len());
                let room = buffer.get_mut(..n).unwrap_or_default();
                match timeout_at(began_at + until, wire.read(room)).await {
                    Ok(Ok(0) | Err(_)) => conversation.handle_close(began_at.elapsed()),
                    Ok(Ok(n)) => {
                        n_received += n;
                        conversation.handle_bytes(buffer.get(..n).unwrap_or_default(), began_at.elapsed())
                    }
                    Err(_) => conversation.handle_timeout(began_at.elapsed()),
                }
            }
            Step::StartTls { until } => {
                let shaken = wire.start_tls(addr.ip(), server_name.as_ref(), began_at + until).await;
                wire = shaken.wire;
                tls = tls::facts(shaken.version, &shaken.chain, server_name.as_ref(), shaken.after_clear);
                if shaken.succeeded {
                    conversation.handle_tls_started(began_at.elapsed())
                } else {
                    {
                        let failure =
                            TlsFailure { received: &shaken.received, by_peer: shaken.failed_by_peer };
                        conversation.handle_tls_failed(failure, began_at.elapsed())
                    }
                }
            }
        };
    };
    let is_dead_on_arrival =
        matches!(&outcome, probes::seam::Outcome::Silent(evidence) if evidence.closed_by_peer);
    if was_handed_over && n_received == 0 && is_dead_on_arrival {
        return Ending::Stale;
    }
    // A clean close; how the peer takes it changes nothing.
    let _ = timeout(MAX_PARTING, wire.close()).await;
    Ending::Finished { outcome, tls }
}

#[cfg(test)]
mod tests;
