//! Where the scanner hands an open port to whatever can tell what it is, and how the cap per host is kept
//! there.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::host_name::HostName;
use model::observation::ServiceFacts;
use model::scope::Target;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::drive::{Shared, Waiter};
use crate::identify::{ConnectionGate, IdentifyLimits, IdentifyTarget, identify};
use crate::pace::{Admission, Turn};

/// An open port to be identified.
#[derive(Debug)]
pub struct OpenPort {
    pub target: Target,
    pub port: u16,
    /// The names of the register that led to the address.
    pub names: Vec<HostName>,
    pub rtt: Option<Duration>,
    /// The connection that was accepted, not a byte read or written yet; `None` if it was reset.
    pub stream: Option<TcpStream>,
    /// What a datagram said that showed the port to be open.
    pub said: Option<Vec<u8>>,
    /// Gives leave for connections to this host.
    pub gate: HostGate,
}

/// Finds out what a service is. Never fails: what can't be told is told as such in the facts.
///
/// Every connection needs a [`Permit`] of the port's gate, for as long as it is open.
pub trait Identifier: Send + Sync + 'static {
    fn identify(&self, open: OpenPort) -> Pin<Box<dyn Future<Output = ServiceFacts> + Send>>;
}

impl<F, Fut> Identifier for F
where
    F: Fn(OpenPort) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ServiceFacts> + Send + 'static,
{
    fn identify(&self, open: OpenPort) -> Pin<Box<dyn Future<Output = ServiceFacts> + Send>> {
        Box::pin(self(open))
    }
}

/// Our own identification is one.
impl Identifier for IdentifyLimits {
    fn identify(&self, open: OpenPort) -> Pin<Box<dyn Future<Output = ServiceFacts> + Send>> {
        let limits = self.clone();
        Box::pin(async move {
            let OpenPort { target, port, names, rtt, stream, gate, said: _ } = open;
            let addr = SocketAddr::new(target.addr(), port);
            identify(IdentifyTarget { addr, names, rtt, stream }, &limits, &gate).await
        })
    }
}

/// Leave to connect to one host, within the cap that its probes share. Holds the connection that was
/// accepted until it is asked for.
pub struct HostGate {
    shared: Arc<Shared>,
    host: u64,
    held: Mutex<Option<Permit>>,
}

/// Leave for one connection; ends when it is dropped.
pub struct Permit {
    shared: Arc<Shared>,
    host: u64,
}

impl HostGate {
    /// A gate in the hands of somebody who may have one of the host's connections already.
    pub(crate) fn new(shared: Arc<Shared>, host: u64, holds_connection: bool) -> HostGate {
        let held = holds_connection.then(|| Permit::of(shared.clone(), host));
        HostGate { shared, host, held: Mutex::new(held) }
    }

    /// Waits until the host may have one more connection. One that is in hand comes first.
    pub async fn permit(&self) -> Permit {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        match held {
            Some(permit) => permit,
            None => self.another().await,
        }
    }

    async fn another(&self) -> Permit {
        let (granted, grant) = oneshot::channel();
        match self.shared.hosts.take(self.host, 0, Turn::Next, Waiter::Identification(granted)) {
            Admission::Granted(_) => Permit::of(self.shared.clone(), self.host),
            Admission::Waits => grant.await.expect("a waiter leaves its queue only to be granted"),
        }
    }
}

impl Permit {
    /// For one of the host's connections that was taken already.
    pub(crate) fn of(shared: Arc<Shared>, host: u64) -> Permit {
        Permit { shared, host }
    }
}

impl fmt::Debug for HostGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostGate").field("host", &self.host).finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.release(self.host);
    }
}

impl ConnectionGate for HostGate {
    type Permit = Permit;

    async fn acquire(&self, _host: IpAddr) -> Permit {
        self.permit().await
    }
}
