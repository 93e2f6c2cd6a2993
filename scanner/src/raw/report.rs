//! What a raw run says of itself: how much was sent, what got lost, and how sure each host's result is.

use std::net::IpAddr;

use rawsock::Counters;
use serde::{Deserialize, Serialize};

use super::engine::Counts;
use super::hosts::Host;
use super::loss::Belief;

/// A session in numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawReport {
    /// Hosts that discovery found nobody at, and that were not asked any further.
    pub n_absent: u64,
    pub n_sent: u64,
    pub n_repeats: u64,
    pub n_canaries: u64,
    pub n_traps: u64,
    pub n_received: u64,
    /// Packets that claimed to answer us and could not prove it.
    pub n_forged: u64,
    /// Proved answers about an endpoint that isn't in the plan.
    pub n_stray: u64,
    pub n_duplicates: u64,
    pub n_late: u64,
    /// Packets that our own kernel dropped since they came faster than they were read.
    pub n_dropped_by_kernel: u64,
    /// Times that our own kernel had no room for a frame.
    pub n_send_retried: u64,
    /// Questions to ports that answer, and how many got lost on the way there or back.
    pub n_measured: u32,
    pub n_lost: u32,
    /// Part that gets lost, not exceeded with 95 % confidence.
    pub loss_at_most: f64,
    /// The hosts that answered, or with losses of their own.
    #[serde(skip)]
    pub hosts: Vec<HostFacts>,
}

/// How a host was asked, and how sure its result is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    pub addr: IpAddr,
    pub n_sent: u32,
    pub n_open: u16,
    pub n_refused: u16,
    /// Questions to ports that answer, and how many of them got lost.
    pub n_measured: u32,
    pub n_lost: u32,
    /// Part that gets lost on the way to this host and back, as estimated.
    pub loss: f64,
    /// How sure it is that an open port of this host was seen.
    pub confidence: f64,
    /// The host takes whatever comes: "open" says nothing.
    #[serde(default)]
    pub is_suspect: bool,
    /// Time to live of a refusal of its own, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_ttl: Option<u8>,
}

impl RawReport {
    pub(crate) fn of(counts: &Counts, loss_at_most: f64) -> RawReport {
        RawReport {
            n_sent: counts.n_sent,
            n_repeats: counts.n_repeats,
            n_canaries: counts.n_canaries,
            n_traps: counts.n_traps,
            n_forged: counts.n_forged,
            n_stray: counts.n_stray,
            n_duplicates: counts.n_duplicates,
            n_late: counts.n_late,
            n_measured: counts.sample.n_asked,
            n_lost: counts.sample.n_lost,
            loss_at_most,
            ..RawReport::default()
        }
    }

    pub(crate) fn add_wire(&mut self, counters: &Counters) {
        self.n_received += counters.n_received;
        self.n_dropped_by_kernel += counters.n_dropped_by_kernel;
        self.n_send_retried += counters.n_send_retried;
    }
}

impl HostFacts {
    /// Adds what another session found. Each asked ports of its own, so the less sure of the two is said of both.
    pub(crate) fn add(&mut self, other: &HostFacts) {
        self.n_sent = self.n_sent.saturating_add(other.n_sent);
        self.n_open = self.n_open.saturating_add(other.n_open);
        self.n_refused = self.n_refused.saturating_add(other.n_refused);
        self.n_measured = self.n_measured.saturating_add(other.n_measured);
        self.n_lost = self.n_lost.saturating_add(other.n_lost);
        self.loss = self.loss.max(other.loss);
        self.confidence = self.confidence.min(other.confidence);
        self.is_suspect |= other.is_suspect;
        self.refused_ttl = self.refused_ttl.or(other.refused_ttl);
    }

    /// `None` for a host that never answered and lost nothing that is known: what is said of the run is said of it.
    pub(crate) fn of(addr: IpAddr, host: &Host, belief: Belief) -> Option<HostFacts> {
        (host.has_answered() || host.sample().n_lost > 0).then(|| HostFacts {
            addr,
            n_sent: host.n_sent,
            n_open: host.n_open,
            n_refused: host.n_refused,
            n_measured: host.sample().n_asked,
            n_lost: host.sample().n_lost,
            loss: belief.mean(),
            // Where no port stayed silent, none was missed.
            confidence: if host.fewest_asks == 0 { 1.0 } else { 1.0 - belief.all_lost(host.fewest_asks) },
            is_suspect: host.is_suspect(),
            refused_ttl: (host.refused_ttl > 0).then_some(host.refused_ttl),
        })
    }
}
