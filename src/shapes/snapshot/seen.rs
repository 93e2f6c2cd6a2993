//! What the runs saw, merged: of each endpoint the newest run that covered it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::addr::AddrSet;
use model::certificate::CertificateFacts;
use model::coverage::{Coverage, HostCoverage};
use model::host_name::HostName;
use model::id::RunId;
use model::observation::{Endpoint, Observation, PortState, PresentedChain};
use model::port::Transport;
use model::register::{AssetTarget, DeclaredService, Register};
use model::scope::{Refusal, Scope};
use reports::rows::{
    CertificateRow, CoveredRow, Declaration, HostRow, RefusalRow, RunRow, RunState, ServiceRow,
};
use reports::snapshot::SnapshotInput;
use reports::text::Refused;
use scanner::assess::Declared;
use scanner::resolve::NameFailure;
use scanner::run::{Manifest, Reason, RefusalRecord};

use crate::shapes::asked::{Asked, cluster_rows, loss_row, unsure_rows};

/// A judged run with what it saw.
pub struct SeenRun {
    pub manifest: Manifest,
    pub ended_at: DateTime<Utc>,
    pub n_answered: u64,
    pub coverage: Coverage,
    pub observations: Vec<SeenService>,
    pub refusals: Vec<RefusalRecord>,
    pub asked: Asked,
}

/// An open endpoint with how it stands to policy and declarations.
pub struct SeenService {
    pub observation: Observation,
    pub declared: Declared,
    pub class: Option<String>,
}

/// A declaration for more addresses than this says too little to be missed.
const MAX_DECLARED_ADDRESSES: u128 = 1 << 16;

/// Judged runs, newest first.
pub struct Seen {
    runs: Vec<SeenRun>,
}

impl Seen {
    pub fn new(runs: Vec<SeenRun>) -> Seen {
        Seen { runs }
    }

    pub fn run_ids(&self) -> Vec<RunId> {
        self.runs.iter().rev().map(|run| run.manifest.run).collect()
    }

    /// When the newest run ended; what the rows describe.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.runs.iter().map(|run| run.ended_at).max()
    }

    pub(super) fn fill(&self, input: &mut SnapshotInput, register: &Register, scope: &Scope) {
        input.runs = self.runs.iter().map(run_row).collect();
        input.hosts = self.hosts(scope);
        for service in self.current() {
            let owner = scope.admit(service.observation.endpoint.addr).ok().map(|target| target.owner());
            // An address that left the register is nobody's to answer for.
            let Some(owner) = owner else { continue };
            let (unit, system) = (owner.unit.to_string(), owner.system.map(|system| system.to_string()));
            input.services.push(service_row(service, unit.clone(), system.clone()));
            let chains = service.observation.service.tls.iter().flat_map(|tls| &tls.presented);
            input.certificates.extend(
                chains.filter_map(|chain| certificate_row(service, chain, unit.clone(), system.clone())),
            );
        }
        input.refusals = self.refusals();
        input.covered = self.covered_by_udp_too();
        input.losses = self.runs.iter().filter_map(loss_row).collect();
        self.fill_sureness(input, scope);
        debug_assert!(
            input.hosts.iter().all(|host| register.units.iter().any(|u| u.id.to_string() == host.unit))
        );
    }

    /// What was settled over UDP at the hosts that [`Seen::hosts`] tells by TCP.
    fn covered_by_udp_too(&self) -> Vec<CoveredRow> {
        let over = |transport| self.runs.iter().filter(move |run| run.coverage.transport == transport);
        let by_tcp: BTreeSet<IpAddr> =
            over(Transport::Tcp).flat_map(|run| run.coverage.hosts.keys()).copied().collect();
        let mut by_udp: BTreeMap<IpAddr, Vec<&HostCoverage>> = BTreeMap::new();
        for run in over(Transport::Udp) {
            for (addr, host) in run.coverage.hosts.iter().filter(|(addr, _)| by_tcp.contains(addr)) {
                by_udp.entry(*addr).or_default().push(host);
            }
        }
        let row = |(addr, hosts): (IpAddr, Vec<&HostCoverage>)| {
            let ports = HostCoverage::merged(hosts).ports()?.to_string();
            Some(CoveredRow { addr: addr.to_string(), transport: Transport::Udp.to_string(), ports })
        };
        by_udp.into_iter().filter_map(row).collect()
    }

    /// Of each host what the newest run over its transport says.
    fn fill_sureness(&self, input: &mut SnapshotInput, scope: &Scope) {
        let mut covered: BTreeMap<Transport, BTreeSet<IpAddr>> = BTreeMap::new();
        let mut n_clusters = 0;
        for run in &self.runs {
            let newer = covered.entry(run.coverage.transport).or_default();
            input.unsure.extend(unsure_rows(run, newer, scope));
            input.clusters.extend(cluster_rows(run, newer, scope, &mut n_clusters));
            newer.extend(run.coverage.hosts.keys());
        }
    }

    /// Each open endpoint of the newest run that covered it.
    fn current(&self) -> impl Iterator<Item = &SeenService> {
        self.runs.iter().enumerate().flat_map(move |(i, run)| {
            let newer = self.runs.get(..i).unwrap_or_default();
            run.observations.iter().filter(move |service| {
                let endpoint = service.observation.endpoint;
                // A newer run that couldn't tell takes nothing back.
                newer
                    .iter()
                    .all(|run| matches!(run.coverage.state(endpoint), None | Some(PortState::Unverifiable)))
            })
        })
    }

    /// Each probed address with all that the runs know of it.
    fn hosts(&self, scope: &Scope) -> Vec<HostRow> {
        let mut probed: BTreeMap<IpAddr, Vec<&SeenRun>> = BTreeMap::new();
        for run in &self.runs {
            for addr in run.coverage.hosts.keys() {
                probed.entry(*addr).or_default().push(run);
            }
        }
        let row = |(addr, runs): (IpAddr, Vec<&SeenRun>)| {
            // An address that left the register is nobody's to answer for.
            let target = scope.admit(addr).ok()?;
            // Ports of TCP and of UDP share their numbers and nothing else: a host is told by TCP where it was asked.
            let over = |transport| runs.iter().filter(move |run| run.coverage.transport == transport);
            let transport =
                if over(Transport::Tcp).next().is_some() { Transport::Tcp } else { Transport::Udp };
            let coverages = over(transport).filter_map(|run| run.coverage.hosts.get(&addr));
            let row = host_row(over(transport).next()?, addr, &HostCoverage::merged(coverages), &target);
            let answers =
                runs.iter().filter_map(|run| run.coverage.hosts.get(&addr)).any(HostCoverage::answers);
            Some(HostRow { answers, ..row })
        };
        probed.into_iter().filter_map(row).collect()
    }

    fn refusals(&self) -> Vec<RefusalRow> {
        // The newest run tells how things are; what an older one refused may be mended.
        let newest = self.runs.first().map(|run| run.refusals.as_slice()).unwrap_or_default();
        let mut rows: BTreeMap<Refused, (u64, String)> = BTreeMap::new();
        for refusal in newest {
            let names: Vec<&str> = refusal.names.iter().map(HostName::as_str).collect();
            let example = refusal.addr.map_or_else(|| names.join(" "), |addr| addr.to_string());
            rows.entry(refused(&refusal.reason)).or_insert((0, example)).0 += 1;
        }
        rows.into_iter().map(|(refused, (n, example))| RefusalRow::new(&refused, n, example)).collect()
    }

    /// When a declared service last answered in these runs.
    pub(super) fn last_answer(&self, service: &DeclaredService) -> Option<DateTime<Utc>> {
        let seen = self.runs.iter().flat_map(|run| &run.observations);
        seen.filter(|seen| is_at(service, &seen.observation)).map(|seen| seen.observation.at).max()
    }

    /// Whether every address of a declared service was looked at, and none of them had it open.
    pub(super) fn looked_in_vain_for(&self, service: &DeclaredService) -> bool {
        let addrs: Vec<IpAddr> = match &service.target {
            AssetTarget::Addresses(range) if range.len() <= MAX_DECLARED_ADDRESSES => {
                std::iter::once(*range).collect::<AddrSet>().iter().collect()
            }
            AssetTarget::Addresses(_) | AssetTarget::Host(_) => return false,
        };
        let state = |addr: IpAddr| {
            let endpoint = Endpoint { addr, transport: service.transport, port: service.port };
            let told = |state: &PortState| *state != PortState::Unverifiable;
            self.runs.iter().filter_map(|run| run.coverage.state(endpoint)).find(told)
        };
        addrs.into_iter().all(|addr| matches!(state(addr), Some(PortState::Closed | PortState::Filtered(_))))
    }
}

fn is_at(service: &DeclaredService, observation: &Observation) -> bool {
    let here = match &service.target {
        AssetTarget::Addresses(range) => range.contains(observation.endpoint.addr),
        AssetTarget::Host(name) => observation.names.contains(name),
    };
    here && service.port == observation.endpoint.port && service.transport == observation.endpoint.transport
}

fn run_row(run: &SeenRun) -> RunRow {
    let manifest = &run.manifest;
    let ports: BTreeSet<u16> =
        manifest.plan.blocks().iter().flat_map(|block| block.ports.as_slice()).copied().collect();
    RunRow {
        id: manifest.run.to_string(),
        seed: manifest.plan.seed(),
        started_at: manifest.started_at,
        finished_at: Some(run.ended_at),
        method: manifest.method,
        transport: run.coverage.transport.to_string(),
        ports: model::port::PortSet::new(ports).map(|ports| ports.to_string()).unwrap_or_default(),
        n_probes: manifest.plan.n_probes(),
        n_answered: run.n_answered,
        state: RunState::Finished,
        scope_hash: manifest.scope_hash.clone(),
    }
}

fn host_row(run: &SeenRun, addr: IpAddr, host: &HostCoverage, target: &model::scope::Target) -> HostRow {
    let names = run.manifest.names.get(&addr).cloned().unwrap_or_default();
    HostRow {
        addr: addr.to_string(),
        names: names.iter().map(ToString::to_string).collect(),
        unit: target.owner().unit.to_string(),
        system: target.owner().system.map(|system| system.to_string()),
        run: run.manifest.run.to_string(),
        probed_at: run.ended_at,
        n_probed: host.count(|_| true),
        n_open: host.count(|state| matches!(state, PortState::Open | PortState::SuspectOpen)),
        n_closed: host.count(|state| state == PortState::Closed),
        n_filtered: host.count(|state| matches!(state, PortState::Filtered(_))),
        n_unverifiable: host.count(|state| state == PortState::Unverifiable),
        answers: host.answers(),
        covered: host.ports().map(|ports| ports.to_string()).unwrap_or_default(),
    }
}

fn service_row(service: &SeenService, unit: String, system: Option<String>) -> ServiceRow {
    let Observation { endpoint, names, state, rtt_us, service: facts, at, .. } = &service.observation;
    ServiceRow {
        unit,
        system,
        addr: endpoint.addr.to_string(),
        names: names.iter().map(ToString::to_string).collect(),
        port: u32::from(endpoint.port),
        transport: endpoint.transport.to_string(),
        service: facts.display_name(),
        product: facts.product.clone(),
        version: facts.version.clone(),
        tls: facts.tls.as_ref().and_then(|tls| tls.version.clone()),
        access: facts.access,
        declaration: match service.declared {
            Declared::InForce => Declaration::Declared,
            Declared::OtherService => Declaration::Mismatch,
            Declared::Ended => Declaration::Expired,
            Declared::Undeclared => Declaration::Undeclared,
        },
        class: service.class.clone(),
        evidence: facts.info.clone().unwrap_or_else(|| facts.first_bytes.first_line()),
        rtt_us: *rtt_us,
        suspect: *state == PortState::SuspectOpen,
        seen_at: *at,
    }
}

fn certificate_row(
    service: &SeenService,
    chain: &PresentedChain,
    unit: String,
    system: Option<String>,
) -> Option<CertificateRow> {
    let leaf = chain.chain.first()?;
    let endpoint = service.observation.endpoint;
    let asked = chain.server_name.as_ref().map(ToString::to_string);
    Some(leaf_row(leaf, endpoint, asked, unit, system))
}

/// A certificate that an endpoint presents for itself.
pub(super) fn leaf_row(
    leaf: &CertificateFacts,
    endpoint: Endpoint,
    server_name: Option<String>,
    unit: String,
    system: Option<String>,
) -> CertificateRow {
    // Names such as `EC P-256` hold the size already.
    let bits = leaf
        .key
        .bits
        .map(|bits| bits.to_string())
        .filter(|bits| !leaf.key.algorithm.ends_with(bits.as_str()));
    let key = std::iter::once(leaf.key.algorithm.clone()).chain(bits).collect::<Vec<_>>().join(" ");
    CertificateRow {
        unit,
        system,
        addr: endpoint.addr.to_string(),
        port: u32::from(endpoint.port),
        server_name,
        sha256: leaf.sha256.clone(),
        subject: leaf.subject.clone(),
        issuer: leaf.issuer.clone(),
        names: leaf.names.clone(),
        not_before: leaf.not_before,
        not_after: leaf.not_after,
        key,
        signature: leaf.signature.clone(),
        self_signed: leaf.self_signed,
    }
}

/// Why something was kept back, for people.
pub fn refused(reason: &Reason) -> Refused {
    match reason {
        Reason::Scope(refusal) => out_of_scope(refusal.clone()),
        Reason::Name(NameFailure::NoSuchName) => Refused::NoSuchName,
        Reason::Name(NameFailure::NoAddress) => Refused::NameWithoutAddress,
        Reason::Name(NameFailure::TimedOut) => Refused::NameServerTimedOut,
        Reason::Name(NameFailure::Server(said) | NameFailure::Network(said)) => {
            Refused::NameServerFailed { said: said.clone() }
        }
        Reason::NotSent(said) => Refused::NotSent { said: said.clone() },
        Reason::Told(said) => Refused::Told { said: said.clone() },
    }
}

fn out_of_scope(refusal: Refusal) -> Refused {
    match refusal {
        Refusal::Unregistered(_) => Refused::Unregistered,
        Refusal::NotAuthorised { asset, .. } => Refused::NotAuthorised { asset },
        Refusal::AuthorisationExpired { asset, until, .. } => Refused::AuthorisationEnded { asset, until },
        Refusal::AuthorisationNotYetValid { asset, from, .. } => {
            Refused::AuthorisationNotBegun { asset, from }
        }
        Refusal::Excluded { reason, until, .. } => Refused::Excluded { reason, until },
        // Never recorded: it is waited for.
        Refusal::OutsideWindow { window, .. } => Refused::Told { said: window.to_string() },
    }
}
