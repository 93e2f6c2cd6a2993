//! What to probe: the register's scope of today, narrowed by what was asked for. Nothing here sends a packet but
//! the look-up of host names.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use model::addr::{AddrRange, AddrSet};
use model::host_name::HostName;
use model::id::{SystemId, UnitId};
use model::observation::Endpoint;
use model::port::{PortSet, Transport};
use model::register::{Asset, AssetTarget, Register, Unit};
use model::scope::Scope;
use registry::ports::AuditAction;
use scanner::plan::{Block, Plan};
use scanner::resolve::{NamedAddresses, ResolveOptions, admit, resolve};
use scanner::run::{Reason, RefusalRecord};

use crate::clock;
use crate::exit::{Exit, Failure, OrExit};
use crate::output;
use crate::session::Session;

/// What a scan is asked to do.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Only these units, by credit code or name; all if empty.
    pub units: Vec<String>,
    /// Only these systems, by name; all if empty.
    pub systems: Vec<String>,
    /// Only these addresses, ranges and host names; all if empty.
    pub targets: Vec<String>,
    pub ports: Ports,
    /// What the ports are ports of.
    pub transport: Transport,
    pub seed: u64,
    pub resolver: Option<SocketAddr>,
}

/// Which ports of which addresses.
#[derive(Debug, Clone)]
pub enum Ports {
    /// The same ports of every address.
    Same(PortSet),
    /// These endpoints only, as far as they are among the addresses.
    Endpoints(Vec<Endpoint>),
}

impl Ports {
    /// How many ports or endpoints are named.
    pub fn len(&self) -> usize {
        match self {
            Ports::Same(ports) => ports.as_slice().len(),
            Ports::Endpoints(endpoints) => endpoints.len(),
        }
    }
}

/// A scan that may begin.
#[derive(Debug)]
pub struct Prepared {
    pub scope: Scope,
    pub plan: Plan,
    pub names: BTreeMap<IpAddr, Vec<HostName>>,
    pub refused: Vec<RefusalRecord>,
    /// What was asked for, in one line.
    pub asked_for: String,
}

#[derive(Debug, thiserror::Error)]
enum WishError {
    #[error("the register has no unit {0:?}, neither by credit code nor by name")]
    NoSuchUnit(String),
    #[error("the register has no system {0:?}")]
    NoSuchSystem(String),
    #[error("the register has no authorised host name {0}")]
    NoSuchHost(HostName),
    #[error(
        "nothing is left to probe: no registered asset is authorised today and matches what was asked for"
    )]
    NothingToProbe,
    #[error("{} of {range} may not be probed; the first: {first}", count(*n_outside))]
    OutOfScope { range: AddrRange, n_outside: u128, first: model::scope::Refusal },
}

fn count(n: u128) -> String {
    if n == 1 { "1 address".to_owned() } else { format!("{n} addresses") }
}

/// Checks a wish against the register and the scope of today.
pub async fn prepare(session: &Session, wish: &Wish) -> Result<Prepared, Failure> {
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    let filter = Filter::new(&register, wish)?;
    let mut wanted = scope.addresses_where(|asset| filter.admits(asset));
    let asked = Targets::parse(&wish.targets)?;
    for range in asked.ranges.ranges() {
        if let Err(refused) = within_scope(&scope, *range) {
            return Err(log_refusal(session, refused).await?);
        }
    }
    if asked.is_some() {
        wanted = wanted.intersection(&asked.ranges);
    }
    let hosts = hosts(&scope, &filter, &asked);
    if let Some(unknown) = asked.names.iter().find(|name| !hosts.contains(name)) {
        return Err(log_refusal(session, WishError::NoSuchHost(unknown.clone())).await?);
    }
    let mut refused = not_authorised(&register, &scope, &filter);
    let led_to = look_up(&scope, &hosts, wish.resolver).await?;
    let by_name: Vec<AddrRange> = led_to
        .names
        .iter()
        .filter(|(_, names)| names.iter().any(|name| asked.names.contains(name)))
        .map(|(addr, _)| AddrRange::single(*addr))
        .collect();
    wanted = wanted.ranges().iter().copied().chain(by_name).collect();
    let NamedAddresses { names, refused: names_refused } = only_meant(led_to, &wanted, &asked);
    refused.extend(names_refused);
    if wanted.is_empty() {
        for refusal in &refused {
            output::note(format!("not probed: {}", refusal.reason));
        }
    }
    let plan = plan(&wanted, wish)?;
    Ok(Prepared { scope, plan, names, refused, asked_for: asked_for(wish) })
}

fn plan(wanted: &AddrSet, wish: &Wish) -> Result<Plan, Failure> {
    if wanted.is_empty() {
        return Err(Failure::new(Exit::NotFound, WishError::NothingToProbe));
    }
    let plan = match &wish.ports {
        Ports::Same(ports) => {
            Plan::new(wish.seed, [Block { addresses: wanted.clone(), ports: ports.clone() }])
        }
        Ports::Endpoints(endpoints) => {
            let among = endpoints.iter().filter(|endpoint| wanted.contains(endpoint.addr));
            Plan::of_endpoints(wish.seed, among.map(|endpoint| (endpoint.addr, endpoint.port)))
        }
    };
    plan.or_exit(Exit::Usage)
}

fn asked_for(wish: &Wish) -> String {
    let over = match wish.transport {
        Transport::Tcp => "",
        Transport::Udp => "UDP ",
    };
    let ports = match &wish.ports {
        Ports::Same(ports) if ports.as_slice().len() == 1 => format!("1 {over}port"),
        Ports::Same(ports) => format!("{} {over}ports", ports.as_slice().len()),
        Ports::Endpoints(endpoints) if endpoints.len() == 1 => "1 endpoint seen before".to_owned(),
        Ports::Endpoints(endpoints) => format!("{} endpoints seen before", endpoints.len()),
    };
    let mut parts = Vec::new();
    for (what, names) in [("unit", &wish.units), ("system", &wish.systems), ("target", &wish.targets)] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(", ")));
        }
    }
    if parts.is_empty() {
        parts.push("everything authorised".to_owned());
    }
    parts.push(ports);
    parts.join("; ")
}

/// Which assets are meant by `--unit` and `--system`.
struct Filter {
    units: Option<Vec<UnitId>>,
    systems: Option<Vec<SystemId>>,
}

impl Filter {
    fn new(register: &Register, wish: &Wish) -> Result<Filter, Failure> {
        let mut units = Vec::new();
        for name in &wish.units {
            let unit = find_unit(register, name);
            units.push(
                unit.ok_or_else(|| Failure::new(Exit::NotFound, WishError::NoSuchUnit(name.clone())))?.id,
            );
        }
        let mut systems = Vec::new();
        for name in &wish.systems {
            let before = systems.len();
            systems.extend(
                register.systems.iter().filter(|system| system.name == *name).map(|system| system.id),
            );
            if systems.len() == before {
                return Err(Failure::new(Exit::NotFound, WishError::NoSuchSystem(name.clone())));
            }
        }
        Ok(Filter {
            units: (!wish.units.is_empty()).then_some(units),
            systems: (!wish.systems.is_empty()).then_some(systems),
        })
    }

    fn admits(&self, asset: &Asset) -> bool {
        let unit = self.units.as_ref().is_none_or(|units| units.contains(&asset.unit));
        let of_system =
            |systems: &Vec<SystemId>| asset.system.is_some_and(|system| systems.contains(&system));
        unit && self.systems.as_ref().is_none_or(of_system)
    }
}

/// A unit by its credit code or its exact name.
pub fn find_unit<'a>(register: &'a Register, name: &str) -> Option<&'a Unit> {
    register.units.iter().find(|unit| unit.code.as_str() == name || unit.name == name)
}

/// The targets of the command line.
struct Targets {
    ranges: AddrSet,
    names: Vec<HostName>,
}

impl Targets {
    fn parse(targets: &[String]) -> Result<Targets, Failure> {
        let (mut ranges, mut names) = (Vec::new(), Vec::new());
        for target in targets {
            match (target.parse::<AddrRange>(), target.parse::<HostName>()) {
                (Ok(range), _) => ranges.push(range),
                (Err(_), Ok(name)) => names.push(name),
                (Err(error), Err(_)) => return Err(Failure::new(Exit::Usage, error)),
            }
        }
        Ok(Targets { ranges: ranges.into_iter().collect(), names })
    }

    fn is_some(&self) -> bool {
        !self.ranges.is_empty() || !self.names.is_empty()
    }
}

fn within_scope(scope: &Scope, range: AddrRange) -> Result<(), WishError> {
    let asked: AddrSet = std::iter::once(range).collect();
    let outside = asked.without(&scope.addresses());
    let first = outside.nth(0).and_then(|addr| scope.admit(addr).err());
    match first {
        Some(first) => Err(WishError::OutOfScope { range, n_outside: outside.len(), first }),
        None => Ok(()),
    }
}

/// One record for each asset that was meant and isn't authorised today, and for each exclusion.
fn not_authorised(register: &Register, scope: &Scope, filter: &Filter) -> Vec<RefusalRecord> {
    let at = clock::now();
    let ranges = register.assets.iter().filter(|asset| filter.admits(asset)).filter_map(|asset| {
        let AssetTarget::Addresses(range) = &asset.target else { return None };
        asset.owned.contains(scope.day()).then_some(*range)
    });
    let excluded = register.exclusions.iter().filter_map(|exclusion| match &exclusion.target {
        AssetTarget::Addresses(range) => Some(*range),
        AssetTarget::Host(_) => None,
    });
    let mut firsts: Vec<IpAddr> = ranges.chain(excluded).map(|range| range.first()).collect();
    firsts.sort_unstable();
    firsts.dedup();
    let refusal = |addr: IpAddr| {
        let reason = Reason::Scope(scope.admit(addr).err()?);
        Some(RefusalRecord { at, addr: Some(addr), names: Vec::new(), reason })
    };
    firsts.into_iter().filter_map(refusal).collect()
}

/// Names that lead nowhere near what was asked for are no part of this run: it says nothing of them. Of the others
/// all addresses stay, which tells that a name has more than what this run looks at.
fn only_meant(led_to: NamedAddresses, wanted: &AddrSet, asked: &Targets) -> NamedAddresses {
    let leads_there: Vec<HostName> = led_to
        .names
        .iter()
        .filter(|(addr, _)| wanted.contains(**addr))
        .flat_map(|(_, names)| names.iter().cloned())
        .collect();
    let meant =
        |name: &HostName| !asked.is_some() || asked.names.contains(name) || leads_there.contains(name);
    let mut kept = NamedAddresses::default();
    for (addr, mut names) in led_to.names {
        names.retain(meant);
        if !names.is_empty() {
            kept.names.insert(addr, names);
        }
    }
    kept.refused = led_to.refused.into_iter().filter(|refusal| refusal.names.iter().any(meant)).collect();
    kept
}

/// Writes down that a target was refused, and makes the failure of it.
async fn log_refusal(session: &Session, refused: WishError) -> Result<Failure, Failure> {
    session.log(AuditAction::TargetRefused, refused.to_string()).await?;
    Ok(Failure::new(Exit::OutOfScope, refused))
}

/// The authorised host names that are meant, each once.
fn hosts(scope: &Scope, filter: &Filter, asked: &Targets) -> Vec<HostName> {
    let meant = |name: &HostName| asked.names.is_empty() || asked.names.contains(name);
    let hosts = scope.hosts().filter(|(name, asset)| filter.admits(asset) && meant(name));
    let mut names: Vec<HostName> = hosts.map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Looks host names up; every address is admitted by the scope or refused.
async fn look_up(
    scope: &Scope,
    names: &[HostName],
    server: Option<SocketAddr>,
) -> Result<NamedAddresses, Failure> {
    if names.is_empty() {
        return Ok(NamedAddresses::default());
    }
    let options = ResolveOptions { server, ..ResolveOptions::default() };
    let resolved = resolve(names, &options).await.or_exit(Exit::Environment)?;
    Ok(admit(&resolved, scope, clock::now()))
}
