//! How a run behaves towards its targets, as kept in its manifest.

use model::port::PortSet;
use serde::{Deserialize, Serialize};

/// Settings of one run; a resumed run keeps those that it began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Most connections to one host at a time, identification included.
    pub per_host: u16,
    /// How often a silent port is asked again.
    pub n_retries: u8,
    /// Whether open ports are asked what they are.
    pub identify: bool,
    /// Ports that are connected to once and never sent a byte: printers, controllers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_payload: Option<PortSet>,
    /// Most connections in flight over all hosts; sized by itself if absent, and never above what the
    /// system gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Options { per_host: 32, n_retries: 1, identify: true, no_payload: None, in_flight: None }
    }
}

impl Options {
    /// Whether a port may be sent bytes.
    pub fn may_ask(&self, port: u16) -> bool {
        self.identify && !self.no_payload.as_ref().is_some_and(|ports| ports.contains(port))
    }
}
