//! The input, indexed: latest observation of each endpoint, owners, names of addresses, declarations by port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::NaiveDate;
use model::fact::Facts;
use model::finding::{Detection, Evidence, FindingKey, TargetKey};
use model::host_name::HostName;
use model::interval::civil_date;
use model::observation::{Endpoint, Observation, PortState};
use model::port::Transport;
use model::register::DeclaredService;
use model::scope::Owner;
use model::severity::Severity;

use super::{AssessInput, evidence};

#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) input: AssessInput<'a>,
    pub(super) today: NaiveDate,
    observations: BTreeMap<Endpoint, &'a Observation>,
    names_of: BTreeMap<IpAddr, BTreeSet<&'a HostName>>,
    hosts: BTreeMap<&'a HostName, Owner>,
    declared: BTreeMap<(Transport, u16), Vec<&'a DeclaredService>>,
}

impl<'a> View<'a> {
    pub(super) fn new(input: AssessInput<'a>) -> View<'a> {
        let mut observations: BTreeMap<Endpoint, &Observation> = BTreeMap::new();
        let mut names_of: BTreeMap<IpAddr, BTreeSet<&HostName>> = BTreeMap::new();
        for observation in input.observations {
            let latest = observations.entry(observation.endpoint).or_insert(observation);
            if latest.at <= observation.at {
                *latest = observation;
            }
            names_of.entry(observation.endpoint.addr).or_default().extend(&observation.names);
        }
        for (name, addrs) in input.names {
            for addr in addrs {
                names_of.entry(*addr).or_default().insert(name);
            }
        }
        let mut hosts = BTreeMap::new();
        for (name, asset) in input.scope.hosts() {
            let owner = Owner { unit: asset.unit, system: asset.system, asset: asset.id };
            hosts.entry(name).or_insert(owner);
        }
        let mut declared: BTreeMap<(Transport, u16), Vec<&DeclaredService>> = BTreeMap::new();
        for service in &input.register.services {
            declared.entry((service.transport, service.port)).or_default().push(service);
        }
        View { input, today: civil_date(input.now), observations, names_of, hosts, declared }
    }

    /// The observations that count: open beyond suspicion, at an address that is somebody's.
    pub(super) fn judged(&self) -> impl Iterator<Item = &'a Observation> {
        self.observations.keys().filter_map(|endpoint| self.judged_at(*endpoint))
    }

    /// The observation of an endpoint, if it counts.
    pub(super) fn judged_at(&self, endpoint: Endpoint) -> Option<&'a Observation> {
        let observation = self.observations.get(&endpoint).copied()?;
        let counts = observation.state == PortState::Open && self.owner(endpoint.addr).is_some();
        counts.then_some(observation)
    }

    /// Whether anything at all, though it be suspect, was seen to accept connections there.
    pub(super) fn accepted(&self, endpoint: Endpoint) -> bool {
        let open = |state| matches!(state, PortState::Open | PortState::SuspectOpen);
        self.observations.get(&endpoint).is_some_and(|observation| open(observation.state))
    }

    pub(super) fn owner(&self, addr: IpAddr) -> Option<Owner> {
        self.input.scope.admit(addr).ok().map(|target| target.owner())
    }

    pub(super) fn host_owner(&self, name: &HostName) -> Option<Owner> {
        self.hosts.get(name).copied()
    }

    pub(super) fn names_of(&self, addr: IpAddr) -> impl Iterator<Item = &'a HostName> {
        self.names_of.get(&addr).into_iter().flatten().copied()
    }

    /// Where a name led to in this run.
    pub(super) fn addresses_of<'v>(&'v self, name: &'v HostName) -> impl Iterator<Item = IpAddr> + 'v {
        self.names_of.iter().filter(move |(_, names)| names.contains(name)).map(|(addr, _)| *addr)
    }

    pub(super) fn declared_on(
        &self,
        transport: Transport,
        port: u16,
    ) -> impl Iterator<Item = &'a DeclaredService> {
        self.declared.get(&(transport, port)).into_iter().flatten().copied()
    }

    /// A detection of the check `id` at what was observed; `None` if the policy has no such check.
    pub(super) fn detection(
        &self,
        id: &str,
        target: TargetKey,
        owner: Owner,
        observation: &Observation,
        observed: Facts,
    ) -> Option<Detection> {
        let check = self.input.policy.check(id)?;
        let key = FindingKey {
            check: check.id.clone(),
            target,
            transport: observation.endpoint.transport,
            port: observation.endpoint.port,
        };
        Some(detection(key, check.severity, owner, observation, observed))
    }
}

pub(super) fn detection(
    key: FindingKey,
    severity: Severity,
    owner: Owner,
    observation: &Observation,
    observed: Facts,
) -> Detection {
    let evidence = Evidence {
        endpoint: observation.endpoint,
        at: observation.at,
        method: observation.method,
        service: evidence::service_name(&observation.service),
        observed,
    };
    Detection { key, severity, unit: owner.unit, system: owner.system, asset: owner.asset, evidence }
}
