//! How a run behaves towards its targets, as kept in its manifest.

use crate::raw::Discovery;
use model::port::PortSet;
use serde::{Deserialize, Serialize};

/// Settings of one run; a resumed run keeps those that it began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Most connections to one host at a time, identification included.
    pub per_host: u16,
    /// How often a silent port is asked again.
    pub n_retries: u8,
    /// Whether open ports are asked what they are.
    pub identify: bool,
    /// Ports that are connected to once and never sent a byte, and over UDP not asked at all: printers, controllers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_payload: Option<PortSet>,
    /// Most connections in flight over all hosts; sized by itself if absent, and never above what the
    /// system gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// How raw packets are sent; a scan by connections has no use for it.
    pub raw: RawOptions,
    pub udp: UdpOptions,
}

/// What may be asked over UDP beyond harmless questions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UdpOptions {
    /// The SNMP community that may be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snmp_community: Option<String>,
    /// Whether controllers are asked that may fall over.
    pub include_fragile: bool,
}

/// How raw packets are sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawOptions {
    /// Packets a second at most, in all, to one host, and to one /24 (IPv6: /64).
    pub rate: u32,
    pub per_host: u32,
    pub per_net: u32,
    /// How sure it should be that an open port is seen, below 1.
    pub confidence: f64,
    /// Part of the answers that may get lost before the run stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_loss: Option<f64>,
    /// How hosts are looked for before their ports are asked; every host is asked if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub discover: Vec<Discovery>,
}

impl Default for RawOptions {
    fn default() -> Self {
        RawOptions {
            rate: 50_000,
            per_host: 1_000,
            per_net: 10_000,
            confidence: 0.9999,
            max_loss: None,
            discover: Vec::new(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            per_host: 32,
            n_retries: 1,
            identify: true,
            no_payload: None,
            in_flight: None,
            raw: RawOptions::default(),
            udp: UdpOptions::default(),
        }
    }
}

impl Options {
    /// Whether a port may be sent bytes.
    pub fn may_ask(&self, port: u16) -> bool {
        self.identify && !self.no_payload.as_ref().is_some_and(|ports| ports.contains(port))
    }
}
