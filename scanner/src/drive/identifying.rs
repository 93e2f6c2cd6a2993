//! Takes open ports to identification, a bounded number at a time, and makes observations of what it says.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use model::observation::{Endpoint, Observation, PortState, ServiceFacts};
use model::scope::Target;
use model::shape::Shape;
use socket2::Socket;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Record;
use super::shared::Shared;
use crate::plan::Probe;
use crate::run::Manifest;
use crate::seam::{HostGate, Identifier, OpenPort};

/// How long identifications may go on once a run was cancelled.
const GRACE: Duration = Duration::from_millis(1_500);

/// An open port.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) target: Target,
    pub(crate) probe: Probe,
    /// Absent if it is gone.
    pub(crate) socket: Option<Socket>,
    /// What a datagram said that showed it.
    pub(crate) said: Option<Vec<u8>>,
    /// Time to the answer, where it was measured.
    pub(crate) after: Option<Duration>,
    /// Of the packet that answered, where it was seen.
    pub(crate) shape: Option<Shape>,
    /// Whether one of its host's connections is in hand.
    pub(crate) holds_connection: bool,
}

/// Identifies what arrives until nothing more can arrive, or the run is cancelled.
pub(crate) async fn identify_all(
    shared: Arc<Shared>,
    manifest: Arc<Manifest>,
    identifier: Option<Arc<dyn Identifier>>,
    mut opened: mpsc::Receiver<Opened>,
    n_at_a_time: usize,
) {
    let mut running = JoinSet::new();
    let mut is_cancelled = false;
    loop {
        tokio::select! {
            Some(_) = running.join_next() => {}
            () = shared.cancel.cancelled(), if !is_cancelled => is_cancelled = true,
            port = opened.recv(), if is_cancelled || running.len() < n_at_a_time => match port {
                None => break,
                // Without an observation it is probed again when the run is resumed.
                Some(_) if is_cancelled => {}
                Some(port) => {
                    running.spawn(observe(shared.clone(), manifest.clone(), identifier.clone(), port));
                }
            }
        }
    }
    let wait_for_all = async { while running.join_next().await.is_some() {} };
    let too_long = async {
        shared.cancel.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = wait_for_all => {}
        () = too_long => {}
    }
}

async fn observe(
    shared: Arc<Shared>,
    manifest: Arc<Manifest>,
    identifier: Option<Arc<dyn Identifier>>,
    opened: Opened,
) {
    let Opened { target, probe, socket, said, after, shape, holds_connection } = opened;
    let gate = HostGate::new(shared.clone(), probe.host, holds_connection);
    let transport = manifest.method.transport();
    let endpoint = Endpoint { addr: probe.addr, transport, port: probe.port };
    if shared.observed.contains(&endpoint) {
        // Its observation outlived a kill that its journal entry didn't.
        socket.into_iter().for_each(close_cleanly);
        shared.n_identifying.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    let at = (shared.clock)();
    let names = shared.names.get(&probe.addr).cloned().unwrap_or_default();
    // What a datagram said is there to be read, though nothing more may be asked.
    let service = match identifier.filter(|_| said.is_some() || shared.options.may_ask(probe.port)) {
        None => {
            // Not a byte was sent; what the service sent is left unread but for what would turn the
            // closing FIN into a reset.
            socket.into_iter().for_each(close_cleanly);
            drop(gate);
            ServiceFacts::default()
        }
        Some(identifier) => {
            let stream = socket.and_then(|socket| TcpStream::from_std(socket.into()).ok());
            let (port, names, rtt) = (probe.port, names.clone(), after);
            let open = OpenPort { target, port, names, rtt, stream, said, gate };
            // A peer's bytes that break an identification must not end the run.
            let asked = AssertUnwindSafe(async { identifier.identify(open).await }).catch_unwind();
            asked.await.unwrap_or_else(|_| broken())
        }
    };
    let rtt_us = after.and_then(|after| u32::try_from(after.as_micros()).ok());
    let observation = Observation {
        run: manifest.run,
        at,
        endpoint,
        names,
        state: PortState::Open,
        method: manifest.method,
        rtt_us,
        shape,
        service,
    };
    // If the writer is gone, the run is ending with an error of its own.
    if shared.records.send(Record::Observation(Box::new(observation))).await.is_ok() {
        shared.count_observation();
    }
    shared.n_identifying.fetch_sub(1, Ordering::Relaxed);
}

fn broken() -> ServiceFacts {
    let mut facts = ServiceFacts::default();
    facts.facts.insert("identification".to_owned(), "broke down".to_owned());
    facts
}

fn close_cleanly(socket: Socket) {
    let mut unread = [std::mem::MaybeUninit::uninit(); 512];
    for _ in 0..16 {
        if !socket.recv(&mut unread).is_ok_and(|n| n > 0) {
            break;
        }
    }
}
