//! Declared services: which declaration covers an endpoint, whether what answers is what was declared, and
//! which declared services have been silent for long.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Days, NaiveDate, Utc};
use model::fact::{Fact, Facts};
use model::finding::{Detection, Evidence, FindingKey, TargetKey};
use model::id::DeclaredServiceId;
use model::interval::civil_date;
use model::observation::{Endpoint, Observation, PortState, ServiceFacts};
use model::register::{AssetTarget, DeclaredService};
use model::scope::Owner;

use super::evidence;
use super::exposure::{is_identified, product_names};
use super::view::View;

/// How an open endpoint stands to the declarations.
#[derive(Debug, Clone, Copy)]
pub(super) enum Standing<'a> {
    /// Declared for today, and what answers is what was declared or can't be told from it.
    InForce,
    /// Declared for today as something else.
    OtherService(&'a DeclaredService),
    /// Its declaration is over, and what answers may be what was declared.
    Ended(&'a DeclaredService),
    Undeclared,
}

pub(super) fn standing<'a>(view: &View<'a>, observation: &Observation) -> Standing<'a> {
    let facts = &observation.service;
    let fits = |service: &DeclaredService| !is_identified(facts) || is_declared_as(&service.service, facts);
    let mut other = None;
    let mut ended: Option<&DeclaredService> = None;
    for service in covering(view, observation.endpoint) {
        match (in_force(service, view.today), fits(service)) {
            (true, true) => return Standing::InForce,
            (true, false) => other = other.or(Some(service)),
            (false, true) if service.until < view.today => {
                ended = ended.filter(|so_far| so_far.until >= service.until).or(Some(service));
            }
            (false, _) => {}
        }
    }
    match (other, ended) {
        (Some(service), _) => Standing::OtherService(service),
        (None, Some(service)) => Standing::Ended(service),
        (None, None) => Standing::Undeclared,
    }
}

/// The declarations of an endpoint, by the unit that owns the address or, for a host name that led to the
/// address, the name.
pub(super) fn covering<'v, 'a>(
    view: &'v View<'a>,
    endpoint: Endpoint,
) -> impl Iterator<Item = &'a DeclaredService> + use<'v, 'a> {
    let unit = view.owner(endpoint.addr).map(|owner| owner.unit);
    view.declared_on(endpoint.transport, endpoint.port).filter(move |service| match &service.target {
        AssetTarget::Addresses(range) => range.contains(endpoint.addr) && unit == Some(service.unit),
        AssetTarget::Host(name) => {
            let by_owner = || view.host_owner(name).is_some_and(|owner| owner.unit == service.unit);
            view.names_of(endpoint.addr).any(|led_here| led_here == name)
                && (unit == Some(service.unit) || by_owner())
        }
    })
}

pub(super) fn in_force(service: &DeclaredService, day: NaiveDate) -> bool {
    service.declared_on.is_none_or(|from| from <= day) && day <= service.until
}

/// Other names that declarations use for a protocol.
const ALIASES: [(&str, &[&str]); 13] = [
    ("http", &["web", "www"]),
    ("https", &["web", "www", "ssl", "tls"]),
    ("ssh", &["sftp", "scp"]),
    ("mysql", &["mariadb"]),
    ("mysqlx", &["mysql"]),
    ("postgresql", &["postgres", "pgsql"]),
    ("mongodb", &["mongo"]),
    ("mssql", &["sqlserver", "sql-server", "ms-sql"]),
    ("oracle-tns", &["oracle"]),
    ("rdp", &["ms-wbt-server"]),
    ("smb", &["samba", "cifs", "microsoft-ds"]),
    ("dns", &["domain"]),
    ("socks", &["socks4", "socks5"]),
];

/// Whether an identified service is what a declaration calls `declared`. A name in clear, such as `http`, also
/// stands for the same protocol inside TLS, since that is the safer one; `https` doesn't stand for `http`.
pub(super) fn is_declared_as(declared: &str, facts: &ServiceFacts) -> bool {
    let declared = declared.trim().to_lowercase();
    let mut names = product_names(facts);
    names.extend(facts.protocol.as_deref().map(str::to_lowercase));
    names.push(facts.display_name().to_lowercase());
    let aliases = ALIASES.iter().filter(|(name, _)| names.iter().any(|known| known == name));
    aliases.flat_map(|(_, aliases)| aliases.iter()).any(|alias| *alias == declared)
        || names.contains(&declared)
}

/// The names that a declaration's service may have in the policy.
pub(super) fn known_as(declared: &str) -> Vec<String> {
    let declared = declared.trim().to_lowercase();
    let names = ALIASES.iter().filter(|(_, aliases)| aliases.contains(&declared.as_str()));
    let names: Vec<String> = names.map(|(name, _)| (*name).to_owned()).collect();
    std::iter::once(declared).chain(names).collect()
}

/// The declared services that answered in this run, and when.
pub(super) fn answered(view: &View<'_>) -> BTreeMap<DeclaredServiceId, DateTime<Utc>> {
    let mut answered = BTreeMap::new();
    for observation in view.judged() {
        for service in covering(view, observation.endpoint) {
            let at = answered.entry(service.id).or_insert(observation.at);
            *at = observation.at.max(*at);
        }
    }
    answered
}

/// What a run learnt of all the addresses of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    NotCovered,
    CannotTell,
    /// Something accepts connections at one of them at least.
    Answers,
    /// Each of them was proved closed or filtered; the first of them.
    Silent(IpAddr, PortState),
}

pub(super) fn reach(view: &View<'_>, service: &DeclaredService) -> Reach {
    match &service.target {
        AssetTarget::Addresses(range) => {
            let hosts = &view.input.coverage.hosts;
            let probed = hosts.range(range.first()..=range.last()).map(|(addr, _)| *addr);
            reach_of(view, service, probed, Some(range.len()))
        }
        AssetTarget::Host(name) => match view.input.names.get(name) {
            None => Reach::NotCovered,
            Some(_) => reach_of(view, service, view.addresses_of(name), None),
        },
    }
}

fn reach_of(
    view: &View<'_>,
    service: &DeclaredService,
    addrs: impl Iterator<Item = IpAddr>,
    n_wanted: Option<u128>,
) -> Reach {
    let (mut n_proved, mut doubt, mut first) = (0u128, false, None);
    for addr in addrs {
        let endpoint = Endpoint { addr, transport: service.transport, port: service.port };
        if view.judged_at(endpoint).is_some() {
            return Reach::Answers;
        }
        match view.input.coverage.state(endpoint) {
            None => {
                if n_wanted.is_none() {
                    doubt = true;
                }
            }
            Some(PortState::Open | PortState::SuspectOpen | PortState::Unverifiable) => doubt = true,
            Some(PortState::Closed | PortState::Filtered(_)) if view.accepted(endpoint) => doubt = true,
            Some(state @ (PortState::Closed | PortState::Filtered(_))) => {
                n_proved += 1;
                first = first.or(Some((addr, state)));
            }
        }
    }
    match first {
        _ if doubt => Reach::CannotTell,
        Some((addr, state)) if n_wanted.is_none_or(|wanted| wanted == n_proved) => Reach::Silent(addr, state),
        None if n_wanted.is_none() => Reach::CannotTell,
        Some(_) | None => Reach::NotCovered,
    }
}

/// The day since which a declared service has been silent: it last answered then, or was declared then.
pub(super) fn silent_since(view: &View<'_>, service: &DeclaredService) -> Option<NaiveDate> {
    let last = view.input.last_seen.get(&service.id).copied().map(civil_date);
    last.max(service.declared_on)
}

pub(super) fn is_silent_for_long(view: &View<'_>, since: NaiveDate) -> bool {
    let limit = Days::new(u64::from(view.input.policy.declaration.silent_days));
    since.checked_add_days(limit).is_some_and(|end| end <= view.today)
}

/// What a finding about a silent declaration is known by: the name, or the first address.
pub(super) fn target_of(service: &DeclaredService) -> TargetKey {
    match &service.target {
        AssetTarget::Addresses(range) => TargetKey::Addr(range.first()),
        AssetTarget::Host(name) => TargetKey::Name(name.clone()),
    }
}

/// Declared services that are in force, and have been silent for long at every one of their addresses.
pub(super) fn silent(view: &View<'_>) -> Vec<Detection> {
    let Some(check) = view.input.policy.check("declaration.silent") else { return Vec::new() };
    let in_force = view.input.register.services.iter().filter(|service| in_force(service, view.today));
    let found = in_force.filter_map(|service| {
        let since = silent_since(view, service).filter(|&since| is_silent_for_long(view, since))?;
        let Reach::Silent(addr, state) = reach(view, service) else { return None };
        let owner: Owner = match &service.target {
            AssetTarget::Addresses(_) => view.owner(addr),
            AssetTarget::Host(name) => view.host_owner(name),
        }
        .filter(|owner| owner.unit == service.unit)?;
        let (transport, port) = (service.transport, service.port);
        Some(Detection {
            key: FindingKey { check: check.id.clone(), target: target_of(service), transport, port },
            severity: check.severity,
            unit: owner.unit,
            system: owner.system,
            asset: owner.asset,
            evidence: Evidence {
                endpoint: Endpoint { addr, transport, port },
                at: view.input.now,
                method: view.input.coverage.method,
                service: evidence::cleaned(&service.service),
                observed: Facts::from([Fact::Port { state }, Fact::NoAnswerSince { day: since }]),
            },
        })
    });
    found.collect()
}
