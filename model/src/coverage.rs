//! What a run really probed, and what came of each port: the ground on which absence is judged.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::observation::{Endpoint, Method, PortState, Reply};
use crate::port::{PortSet, Transport};

/// All that one run learnt about ports, host by host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub transport: Transport,
    pub method: Method,
    pub hosts: BTreeMap<IpAddr, HostCoverage>,
}

impl Coverage {
    /// The state of an endpoint in this run; `None` if it was not probed.
    pub fn state(&self, endpoint: Endpoint) -> Option<PortState> {
        if endpoint.transport != self.transport {
            return None;
        }
        self.hosts.get(&endpoint.addr).and_then(|host| host.state(endpoint.port))
    }
}

/// Port states of one host as ascending runs of ports that share a state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCoverage {
    runs: Vec<PortRun>,
}

/// Consecutive probed ports in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRun {
    pub first: u16,
    pub last: u16,
    pub state: PortState,
}

impl PortRun {
    pub fn len(&self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }

    /// Never true: a run holds at least one port.
    pub fn is_empty(&self) -> bool {
        false
    }
}

impl HostCoverage {
    /// Settles the TCP replies of one host; `replies` in any order, the last one of a port counts.
    pub fn settle(replies: Vec<(u16, Reply)>) -> HostCoverage {
        HostCoverage::settle_over(Transport::Tcp, replies)
    }

    /// The same over any transport.
    pub fn settle_over(transport: Transport, replies: Vec<(u16, Reply)>) -> HostCoverage {
        let host_answers = replies.iter().any(|(_, reply)| matches!(reply, Reply::Open | Reply::Refused));
        let state = |reply| PortState::settle_over(transport, reply, host_answers);
        let settled = replies.into_iter().map(|(port, reply)| (port, state(reply)));
        HostCoverage { runs: as_runs(settled.collect()) }
    }

    /// What several runs know of one host, the newest first: of each port the newest state that tells anything,
    /// since a run that could tell nothing takes nothing back.
    pub fn merged<'a>(newest_first: impl IntoIterator<Item = &'a HostCoverage>) -> HostCoverage {
        let mut states: BTreeMap<u16, PortState> = BTreeMap::new();
        for host in newest_first {
            for run in &host.runs {
                for port in run.first..=run.last {
                    let state = states.entry(port).or_insert(run.state);
                    if *state == PortState::Unverifiable {
                        *state = run.state;
                    }
                }
            }
        }
        HostCoverage { runs: as_runs(states) }
    }

    /// Turns open ports into suspected ones, but for those that are `proved`.
    pub fn doubt(&mut self, proved: impl Fn(u16) -> bool) {
        let states = self.runs.iter().flat_map(|run| (run.first..=run.last).map(|port| (port, run.state)));
        let doubted = states.map(|(port, state)| match state {
            PortState::Open if !proved(port) => (port, PortState::SuspectOpen),
            state => (port, state),
        });
        self.runs = as_runs(doubted.collect());
    }

    /// Every probed port.
    pub fn ports(&self) -> Option<PortSet> {
        PortSet::new(self.runs.iter().flat_map(|run| run.first..=run.last))
    }

    pub fn runs(&self) -> &[PortRun] {
        &self.runs
    }

    pub fn state(&self, port: u16) -> Option<PortState> {
        let after = self.runs.partition_point(|run| run.first <= port);
        let run = after.checked_sub(1).and_then(|i| self.runs.get(i))?;
        (port <= run.last).then_some(run.state)
    }

    /// How many probed ports are in a state that is `wanted`.
    pub fn count(&self, wanted: impl Fn(PortState) -> bool) -> u32 {
        self.runs.iter().filter(|run| wanted(run.state)).map(PortRun::len).sum()
    }

    /// Whether the host gave any answer of its own: an open port or a refusal.
    pub fn answers(&self) -> bool {
        self.runs
            .iter()
            .any(|run| matches!(run.state, PortState::Open | PortState::SuspectOpen | PortState::Closed))
    }
}

fn as_runs(states: BTreeMap<u16, PortState>) -> Vec<PortRun> {
    let mut runs: Vec<PortRun> = Vec::new();
    for (port, state) in states {
        match runs.last_mut() {
            Some(run) if run.state == state && run.last.checked_add(1) == Some(port) => run.last = port,
            _ => runs.push(PortRun { first: port, last: port, state }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::FilterReason;

    #[test]
    fn ports_in_one_state_share_a_run() {
        let host = HostCoverage::settle(vec![
            (80, Reply::Open),
            (3, Reply::Refused),
            (1, Reply::Refused),
            (2, Reply::Refused),
            (5, Reply::Silent),
        ]);
        let run = |first, last, state| PortRun { first, last, state };
        assert_eq!(
            host.runs(),
            [
                run(1, 3, PortState::Closed),
                run(5, 5, PortState::Filtered(FilterReason::Silence)),
                run(80, 80, PortState::Open)
            ]
        );
        assert_eq!(host.state(2), Some(PortState::Closed));
        assert_eq!(host.state(4), None, "port 4 was not probed");
        assert_eq!(host.count(|state| state == PortState::Closed), 3);
    }

    #[test]
    fn a_doubted_host_keeps_what_was_proved() {
        let replies = (1..=5).map(|port| (port, Reply::Open)).chain([(6, Reply::Refused)]);
        let mut host = HostCoverage::settle(replies.collect());
        host.doubt(|port| port == 3);
        assert_eq!(host.state(3), Some(PortState::Open));
        assert_eq!(host.state(6), Some(PortState::Closed));
        assert_eq!(host.count(|state| state == PortState::SuspectOpen), 4);
    }

    #[test]
    fn a_host_that_never_answers_is_unverifiable() {
        let host = HostCoverage::settle(vec![(1, Reply::Silent), (2, Reply::HostUnreachable)]);
        assert_eq!(host.state(1), Some(PortState::Unverifiable));
        assert_eq!(host.state(2), Some(PortState::Unverifiable));
        assert!(!host.answers());
    }

    #[test]
    fn the_later_reply_of_a_port_counts() {
        let host = HostCoverage::settle(vec![(6, Reply::Refused), (7, Reply::Refused), (7, Reply::Open)]);
        assert_eq!((host.state(6), host.state(7)), (Some(PortState::Closed), Some(PortState::Open)));
        assert_eq!(host.count(|_| true), 2);
    }

    #[test]
    fn a_newer_run_hides_what_it_can_tell_and_nothing_else() {
        let newer = HostCoverage::settle(vec![(1, Reply::Silent), (3, Reply::Silent)]);
        let older = HostCoverage::settle(vec![(1, Reply::Open), (2, Reply::Refused)]);
        let merged = HostCoverage::merged([&newer, &older]);
        assert_eq!(merged.state(1), Some(PortState::Open), "the newer run could not tell");
        assert_eq!(merged.state(2), Some(PortState::Closed));
        assert_eq!(merged.state(3), Some(PortState::Unverifiable));
        assert_eq!(merged.ports().map(|ports| ports.to_string()), Some("1-3".to_owned()));

        let refused = HostCoverage::settle(vec![(1, Reply::Refused)]);
        assert_eq!(HostCoverage::merged([&refused, &older]).state(1), Some(PortState::Closed));
    }
}
