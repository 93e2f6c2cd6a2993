//! How a caller limits the connections that are open to one host at a time.

use std::net::IpAddr;

/// Gives leave for one more connection to a host, whenever the host may have one.
pub trait ConnectionGate: Sync {
    /// The leave ends when this is dropped.
    type Permit: Send;

    fn acquire(&self, host: IpAddr) -> impl Future<Output = Self::Permit> + Send;
}

/// No limit, for tests and single ports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ungated;

impl ConnectionGate for Ungated {
    type Permit = ();

    async fn acquire(&self, _host: IpAddr) {}
}
