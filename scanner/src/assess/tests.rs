//! One small world, described in a line or two per test, judged whole.

mod absences;
mod detections;
mod properties;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::certificate::{CertificateFacts, KeyFacts};
use model::coverage::{Coverage, HostCoverage};
use model::fact::Fact;
use model::finding::{FindingKey, Gone};
use model::host_name::HostName;
use model::id::{AssetId, CountingMint, DeclaredServiceId, RunId, UnitId};
use model::interval::{Interval, civil_date};
use model::observation::{
    Access, Certainty, Endpoint, FirstBytes, Method, Observation, PortState, PresentedChain, Reply,
    ServiceFacts, TlsFacts,
};
use model::policy::Policy;
use model::port::Transport;
use model::reconcile::Absence;
use model::register::{Answerable, Asset, AssetTarget, Authorisation, DeclaredService, Register};
use model::scope::Scope;

use super::{AssessInput, Assessment, assess};

const TODAY: &str = "2026-06-15T04:00:00Z";
const REFUSED: Absence = Absence::Gone(Gone::Refused);
const FILTERED: Absence = Absence::Gone(Gone::Filtered);
const CORRECTED: Absence = Absence::Gone(Gone::Corrected);
const ALLOWED: Absence = Absence::Gone(Gone::Allowed);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

/// Units 0 and 1 own 192.0.2.0/24 and 198.51.100.0/24; unit 0 owns portal.example and www.example.
#[derive(Debug)]
struct World {
    mint: CountingMint,
    units: [UnitId; 2],
    register: Register,
    policy: Policy,
    /// Of the run, and so of all that is seen and asked about.
    transport: Transport,
    replies: BTreeMap<IpAddr, Vec<(u16, Reply)>>,
    observations: Vec<Observation>,
    last_seen: BTreeMap<DeclaredServiceId, DateTime<Utc>>,
    names: BTreeMap<HostName, Vec<IpAddr>>,
    incomplete_names: BTreeSet<HostName>,
}

impl World {
    fn new() -> World {
        let mut mint = CountingMint::default();
        let units = [UnitId::mint(&mut mint), UnitId::mint(&mut mint)];
        let mut world = World {
            mint,
            units,
            register: Register::default(),
            policy: Policy::embedded(),
            transport: Transport::Tcp,
            replies: BTreeMap::new(),
            observations: Vec::new(),
            last_seen: BTreeMap::new(),
            names: BTreeMap::new(),
            incomplete_names: BTreeSet::new(),
        };
        for (unit, target) in
            [(0, "192.0.2.0/24"), (1, "198.51.100.0/24"), (0, "portal.example"), (0, "www.example")]
        {
            let asset = Asset {
                id: AssetId::mint(&mut world.mint),
                unit: world.units[unit],
                system: None,
                target: target_of(target),
                owned: Interval::ALWAYS,
                authorisation: Some(Authorisation {
                    approver: "示例".into(),
                    valid_from: None,
                    valid_until: "2027-12-31".parse().expect("a day"),
                }),
                scan_window: None,
                answerable: Answerable::default(),
                note: None,
            };
            world.register.assets.push(asset);
        }
        world
    }

    /// Declares `service` at `target:port` for a unit, `from` to `until`.
    fn declare(mut self, unit: usize, place: &str, service: &str, from: &str, until: &str) -> World {
        let (target, port) = place.rsplit_once(':').expect(place);
        self.register.services.push(DeclaredService {
            id: DeclaredServiceId::mint(&mut self.mint),
            unit: self.units[unit],
            target: target_of(target),
            port: port.parse().expect(port),
            transport: Transport::Tcp,
            service: service.into(),
            purpose: "示例".into(),
            approver: "示例".into(),
            declared_on: from.parse().ok(),
            until: until.parse().expect(until),
        });
        self
    }

    /// The service declared last was seen to answer then.
    fn answered(mut self, when: &str) -> World {
        self.last_seen.insert(self.register.services.last().expect("a service").id, at(when));
        self
    }

    fn resolved(mut self, name: &str, addrs: &[&str]) -> World {
        let addrs = addrs.iter().map(|addr| addr.parse().expect(addr)).collect();
        self.names.insert(name.parse().expect(name), addrs);
        self
    }

    /// The name may lead to more addresses than it was resolved to.
    fn incomplete(mut self, name: &str) -> World {
        self.incomplete_names.insert(name.parse().expect(name));
        self
    }

    fn over_udp(mut self) -> World {
        self.transport = Transport::Udp;
        self
    }

    /// The run probed a place and got this reply.
    fn reply(mut self, place: &str, reply: Reply) -> World {
        let endpoint = endpoint(place);
        self.replies.entry(endpoint.addr).or_default().push((endpoint.port, reply));
        self
    }

    /// The place is open and says this.
    fn saw(self, place: &str, service: ServiceFacts) -> World {
        self.saw_as(place, PortState::Open, service)
    }

    fn saw_as(mut self, place: &str, state: PortState, service: ServiceFacts) -> World {
        let endpoint = Endpoint { transport: self.transport, ..endpoint(place) };
        let leads_here = |(_, addrs): &(&HostName, &Vec<IpAddr>)| addrs.contains(&endpoint.addr);
        self.observations.push(Observation {
            run: RunId::mint(&mut self.mint),
            at: at(TODAY),
            endpoint,
            names: self.names.iter().filter(leads_here).map(|(name, _)| name.clone()).collect(),
            state,
            method: Method::Connect,
            rtt_us: None,
            shape: None,
            service,
        });
        self.reply(place, Reply::Open)
    }

    fn judge<T>(&self, ask: impl FnOnce(&Assessment<'_>) -> T) -> T {
        let settle = |replies: &Vec<_>| HostCoverage::settle_over(self.transport, replies.clone());
        let hosts = self.replies.iter().map(|(addr, replies)| (*addr, settle(replies)));
        let coverage =
            Coverage { transport: self.transport, method: Method::Connect, hosts: hosts.collect() };
        let scope = Scope::of(&self.register, civil_date(at(TODAY)));
        ask(&assess(AssessInput {
            observations: &self.observations,
            coverage: &coverage,
            register: &self.register,
            scope: &scope,
            policy: &self.policy,
            last_seen: &self.last_seen,
            names: &self.names,
            incomplete_names: &self.incomplete_names,
            now: at(TODAY),
        }))
    }

    /// The findings of this world are exactly these, as `check target port`.
    #[track_caller]
    fn check(&self, expected: &[&str]) {
        let found = self.judge(|assessment| {
            let short = |key: &FindingKey| format!("{} {} {}", key.check, key.target, key.port);
            assessment.detections.iter().map(|detection| short(&detection.key)).collect::<Vec<_>>()
        });
        assert_eq!(found, expected);
    }

    /// Of a known finding, written as `check target port`, the run proves this.
    #[track_caller]
    fn check_absent(&self, finding: &str, expected: Absence) {
        let key = FindingKey { transport: self.transport, ..key(finding) };
        assert_eq!(self.judge(|assessment| assessment.absence(&key)), expected, "{finding}");
    }

    fn evidence(&self) -> Vec<Vec<Fact>> {
        self.judge(|assessment| {
            assessment.detections.iter().map(|found| found.evidence.observed.0.clone()).collect()
        })
    }
}

fn target_of(text: &str) -> AssetTarget {
    text.parse().map_or_else(|_| AssetTarget::Host(text.parse().expect(text)), AssetTarget::Addresses)
}

fn endpoint(place: &str) -> Endpoint {
    let (addr, port) = place.rsplit_once(':').expect(place);
    let addr = addr.parse().expect(addr);
    Endpoint { addr, transport: Transport::Tcp, port: port.parse().expect(port) }
}

fn key(text: &str) -> FindingKey {
    let parts: Vec<&str> = text.split(' ').collect();
    let [check, target, port] = parts.as_slice() else { panic!("{text}") };
    FindingKey {
        check: check.parse().expect(check),
        target: target.parse().expect(target),
        transport: Transport::Tcp,
        port: port.parse().expect(port),
    }
}

fn facts(protocol: &str) -> ServiceFacts {
    ServiceFacts { certainty: Certainty::Identified, protocol: Some(protocol.into()), ..Default::default() }
}

fn product(protocol: &str, product: &str) -> ServiceFacts {
    ServiceFacts { product: Some(product.into()), ..facts(protocol) }
}

fn asked(protocol: &str, access: Access) -> ServiceFacts {
    ServiceFacts { access: Some(access), ..facts(protocol) }
}

fn says(protocol: &str, said: &[(&str, &str)]) -> ServiceFacts {
    let said = said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ServiceFacts { facts: said.collect(), ..facts(protocol) }
}

fn unidentified(certainty: Certainty) -> ServiceFacts {
    ServiceFacts { certainty, first_bytes: FirstBytes::of(b"\x01hello"), ..Default::default() }
}

/// The protocol inside TLS, with these chains for these names (`""` for none).
fn in_tls(protocol: &str, presented: &[(&str, &[CertificateFacts])]) -> ServiceFacts {
    let presented = presented
        .iter()
        .map(|(name, chain)| PresentedChain { server_name: name.parse().ok(), chain: chain.to_vec() })
        .collect();
    let tls = TlsFacts { version: Some("TLS 1.3".into()), after_start_tls: false, presented };
    ServiceFacts { tls: Some(tls), ..facts(protocol) }
}

/// A certificate without fault.
fn sound() -> CertificateFacts {
    CertificateFacts {
        subject: "CN=portal.example".into(),
        issuer: "CN=Example CA".into(),
        serial: "01".into(),
        names: vec!["portal.example".into(), "www.example".into()],
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2027-01-01T00:00:00Z"),
        key: KeyFacts { algorithm: "RSA".into(), bits: Some(2048) },
        signature: "sha256WithRSAEncryption".into(),
        self_signed: false,
        is_ca: false,
        sha256: "ab".repeat(32),
    }
}

fn expired() -> CertificateFacts {
    CertificateFacts { not_after: at("2026-06-14T00:00:00Z"), ..sound() }
}
