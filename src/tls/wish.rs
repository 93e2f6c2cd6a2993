//! Which servers are meant: of the command line, of a file, of a unit's assets. Nothing here sends a packet but the
//! look-up of host names; whether an address may be asked is for the scope to say.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use model::host_name::HostName;
use model::id::UnitId;
use model::observation::{Endpoint, Observation, PortState};
use model::port::Transport;
use model::register::{AssetTarget, Register};
use model::scope::{Refusal, Scope};
use model::tls::TlsServer;
use probes::tls::start_tls::{PRELUDES, StartTls};
use scanner::resolve::{NameFailure, ResolveOptions, Resolved, admit, resolve};
use scanner::run::{Reason, RefusalRecord, RunFolder};

use crate::cli::{Tls, WayIn};
use crate::clock;
use crate::exit::{Exit, Failure, OrExit};
use crate::pipeline;
use crate::session::Session;

/// A server to assess, if the scope admits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// As somebody named it.
    pub given: String,
    pub addr: IpAddr,
    pub port: u16,
    /// Sent as server name, and looked for in certificates.
    pub name: Option<HostName>,
    pub start_tls: Option<StartTls>,
}

impl Server {
    /// As a run keeps it.
    pub fn kept(&self) -> TlsServer {
        let Server { given, addr, port, name, start_tls } = self.clone();
        let start_tls = start_tls.map(|start_tls| start_tls.name().to_owned());
        TlsServer { addr, port, name, start_tls, given }
    }

    /// As a run has kept it; `None` if it begins in a protocol that isn't known here.
    pub fn of(kept: TlsServer) -> Option<Server> {
        let TlsServer { addr, port, name, start_tls, given } = kept;
        let start_tls = match start_tls {
            None => None,
            Some(name) => Some(StartTls::parse(&name)?),
        };
        Some(Server { given, addr, port, name, start_tls })
    }
}

/// What was meant.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Each once, in the order of being named; all of them are admitted today, if not at every hour.
    pub servers: Vec<Server>,
    /// What isn't.
    pub refused: Vec<(Server, Refusal)>,
    /// Names that led to no address, or perhaps not to all.
    pub nowhere: Vec<(HostName, NameFailure)>,
    /// The addresses of the names that were looked up, as far as they are admitted today.
    pub names: BTreeMap<IpAddr, Vec<HostName>>,
    /// Why those that aren't, and names that led nowhere, are no part of it.
    pub records: Vec<RefusalRecord>,
}

#[derive(Debug, thiserror::Error)]
enum WishError {
    #[error("{0:?} is no server; write HOST, HOST:PORT, 192.0.2.1:8443 or [2001:db8::1]:443")]
    NoServer(String),
    #[error("line {line} of {file}: {text:?} is no server; write HOST, HOST:PORT or [2001:db8::1]:443")]
    NoServerInFile { file: String, line: usize, text: String },
    #[error("{file} names no server; it should have one a line")]
    Empty { file: String },
    #[error("the register has no unit {0:?}, neither by credit code nor by name")]
    NoSuchUnit(String),
    #[error(
        "nothing is left to assess: no asset of the unit is authorised today; `sentrypost registry check` tells more"
    )]
    NothingAuthorised,
    #[error(
        "no run has seen TLS on the unit's {n} addresses, which are more than the {MAX_UNSEEN} that are asked at port 443 \
         without; scan the unit first"
    )]
    TooWide { n: u128 },
}

/// Addresses of a unit that are asked at port 443 when nothing is known of them.
const MAX_UNSEEN: usize = 1024;
/// A list of servers that is longer is none.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// A server as it is written, before names are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    text: String,
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Addr(IpAddr),
    Name(HostName),
}

/// Reads what was asked for, and looks names up.
pub async fn wanted(
    session: &Session,
    register: &Register,
    scope: &Scope,
    asked: &Tls,
) -> Result<Wanted, Failure> {
    let mut written = Vec::new();
    for text in &asked.servers {
        let no_server = || Failure::new(Exit::Usage, WishError::NoServer(text.clone()));
        written.push(parse(text).ok_or_else(no_server)?);
    }
    if let Some(file) = &asked.file {
        written.extend(read_file(file)?);
    }
    let seen = if asked.unit.is_empty() { BTreeMap::new() } else { seen_tls(session)? };
    let mut units = BTreeSet::new();
    for name in &asked.unit {
        let unit = pipeline::find_unit(register, name);
        let unit = unit.ok_or_else(|| Failure::new(Exit::NotFound, WishError::NoSuchUnit(name.clone())))?;
        units.insert(unit.id);
    }
    written.extend(hosts_of(scope, &units));
    let mut names: Vec<HostName> = written
        .iter()
        .filter_map(|written| match &written.host {
            Host::Name(name) => Some(name.clone()),
            Host::Addr(_) => None,
        })
        .collect();
    names.sort();
    names.dedup();
    let (resolved, nowhere) = look_up(&names, asked.resolver).await?;
    let admitted = admit(&resolved, scope, clock::now());
    let addresses: BTreeMap<HostName, Vec<IpAddr>> =
        resolved.into_iter().map(|found| (found.name, found.addresses)).collect();
    let mut wanted =
        Wanted { nowhere, names: admitted.names, records: admitted.refused, ..Wanted::default() };
    let mut known = BTreeSet::new();
    let mut all: Vec<Server> = Vec::new();
    let mut add = |server: Server| {
        if known.insert((server.addr, server.port, server.name.clone())) {
            all.push(server);
        }
    };
    for Written { text, host, port } in &written {
        let port = port.unwrap_or_else(|| usual_port(asked.starttls));
        let (addrs, own_name) = match host {
            Host::Addr(addr) => (vec![*addr], None),
            Host::Name(name) => (addresses.get(name).cloned().unwrap_or_default(), Some(name)),
        };
        for addr in addrs {
            let name = asked.name.clone().or_else(|| own_name.cloned());
            let start_tls = start_tls(asked.starttls, port);
            add(Server { given: text.clone(), addr, port, name, start_tls });
        }
    }
    for server in addresses_of(scope, &units, &seen, asked)? {
        let others = server.name.as_ref().and_then(|name| addresses.get(name)).cloned().unwrap_or_default();
        let others: Vec<Server> = others.into_iter().map(|addr| Server { addr, ..server.clone() }).collect();
        add(server);
        // What a name shows at one of its addresses is looked for at each.
        others.into_iter().for_each(&mut add);
    }
    if all.is_empty() && wanted.nowhere.is_empty() {
        return Err(Failure::new(Exit::NotFound, WishError::NothingAuthorised));
    }
    wanted.sort(all, scope);
    Ok(wanted)
}

impl Wanted {
    /// Puts servers to those that are admitted today or to those that aren't.
    fn sort(&mut self, servers: Vec<Server>, scope: &Scope) {
        for server in servers {
            match scope.admit(server.addr) {
                Ok(_) => self.servers.push(server),
                Err(refusal) => {
                    if server.name.as_ref().is_none_or(|name| !self.is_refused_by_name(name, server.addr)) {
                        let reason = Reason::from(&refusal);
                        let (at, addr, names) = (clock::now(), Some(server.addr), Vec::new());
                        self.records.push(RefusalRecord { at, addr, names, reason });
                    }
                    self.refused.push((server, refusal));
                }
            }
        }
    }

    fn is_refused_by_name(&self, name: &HostName, addr: IpAddr) -> bool {
        self.records.iter().any(|record| record.addr == Some(addr) && record.names.contains(name))
    }
}

/// The servers of TLS that a finished scan has seen, by each name that led there, at all addresses of the name; also what
/// speaks a protocol that goes over to TLS on request.
pub fn seen_by_scan(folder: &RunFolder, scope: &Scope) -> Result<Wanted, Failure> {
    let names = folder.manifest().names.clone();
    let records: Vec<RefusalRecord> = folder
        .refusals()
        .or_exit(Exit::Data)?
        .filter(|record| record.as_ref().map_or(true, |record| !record.names.is_empty()))
        .collect::<Result<_, _>>()
        .or_exit(Exit::Data)?;
    let mut wanted = Wanted { names, records, ..Wanted::default() };
    let mut servers: BTreeMap<(IpAddr, u16, Option<HostName>), Server> = BTreeMap::new();
    let mut put = |addr: IpAddr, port: u16, name: Option<HostName>, start_tls: Option<StartTls>| {
        let given = SocketAddr::new(addr, port).to_string();
        let server = Server { given, addr, port, name: name.clone(), start_tls };
        servers.entry((addr, port, name)).or_insert(server);
    };
    for observation in pipeline::observations(folder)? {
        let Endpoint { addr, transport, port } = observation.endpoint;
        let is_open = observation.state == PortState::Open && transport == Transport::Tcp;
        let by_protocol = observation.service.protocol.as_deref().and_then(start_tls_of);
        if !is_open || (observation.service.tls.is_none() && by_protocol.is_none()) {
            continue;
        }
        let start_tls = start_tls_of_seen(&observation, WayIn::Auto);
        if observation.names.is_empty() {
            put(addr, port, None, start_tls);
        }
        for name in &observation.names {
            let led_there = wanted.names.iter().filter(|(_, names)| names.contains(name));
            led_there.for_each(|(other, _)| put(*other, port, Some(name.clone()), start_tls));
            put(addr, port, Some(name.clone()), start_tls);
        }
    }
    wanted.sort(servers.into_values().collect(), scope);
    Ok(wanted)
}

fn start_tls_of(protocol: &str) -> Option<StartTls> {
    StartTls::parse(if protocol == "postgresql" { "postgres" } else { protocol })
}

/// What is spoken in clear at an endpoint before TLS, by what was seen of it.
fn start_tls_of_seen(observation: &Observation, asked: WayIn) -> Option<StartTls> {
    let tls = observation.service.tls.as_ref();
    let by_name = observation.service.protocol.as_deref().and_then(start_tls_of);
    match (asked, tls.is_none_or(|tls| tls.after_start_tls)) {
        (WayIn::Auto, true) => by_name.or_else(|| StartTls::of_port(observation.endpoint.port)),
        (WayIn::Auto | WayIn::Direct, _) => None,
        (WayIn::After(start_tls), _) => Some(start_tls),
    }
}

fn usual_port(way_in: WayIn) -> u16 {
    let usual = |start_tls: StartTls| {
        let (.., ports) = PRELUDES.iter().find(|(known, ..)| *known == start_tls)?;
        ports.first().copied()
    };
    match way_in {
        WayIn::Auto | WayIn::Direct => 443,
        WayIn::After(start_tls) => usual(start_tls).unwrap_or(443),
    }
}

fn start_tls(way_in: WayIn, port: u16) -> Option<StartTls> {
    match way_in {
        WayIn::Auto => StartTls::of_port(port),
        WayIn::Direct => None,
        WayIn::After(start_tls) => Some(start_tls),
    }
}

/// `HOST`, `HOST:PORT`, or either with an IPv6 address, in brackets where a port follows.
fn parse(text: &str) -> Option<Written> {
    let text = text.trim();
    let of = |host, port| Some(Written { text: text.to_owned(), host, port });
    if let Ok(addr) = text.parse::<IpAddr>() {
        return of(Host::Addr(addr), None);
    }
    if let Some(addr) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return of(Host::Addr(IpAddr::V6(addr.parse().ok()?)), None);
    }
    if let Ok(addr) = text.parse::<SocketAddr>() {
        return (addr.port() != 0).then(|| of(Host::Addr(addr.ip()), Some(addr.port())))?;
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok().filter(|port| *port != 0)?)),
        None => (text, None),
    };
    of(Host::Name(host.parse().ok()?), port)
}

fn read_file(path: &Path) -> Result<Vec<Written>, Failure> {
    let file = path.display().to_string();
    let doing = || format!("can't read the list of servers {file}");
    let length = std::fs::metadata(path).or_exit_while(Exit::NotFound, doing())?.len();
    if length > MAX_FILE {
        return Err(Failure::new(Exit::BadInput, anyhow::anyhow!("{file} is longer than a list of servers")));
    }
    let text = std::fs::read_to_string(path).or_exit_while(Exit::BadInput, doing())?;
    let mut written = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if entry.is_empty() {
            continue;
        }
        let wrong = || WishError::NoServerInFile {
            file: file.clone(),
            line: at + 1,
            text: reports::text::show_text(entry, 80),
        };
        written.push(parse(entry).ok_or_else(|| Failure::new(Exit::BadInput, wrong()))?);
    }
    if written.is_empty() {
        return Err(Failure::new(Exit::BadInput, WishError::Empty { file }));
    }
    Ok(written)
}

async fn look_up(
    names: &[HostName],
    server: Option<SocketAddr>,
) -> Result<(Vec<Resolved>, Vec<(HostName, NameFailure)>), Failure> {
    if names.is_empty() {
        return Ok(Default::default());
    }
    let options = ResolveOptions { server, ..ResolveOptions::default() };
    let resolved = resolve(names, &options).await.or_exit(Exit::Environment)?;
    let failed =
        resolved.iter().filter_map(|found| Some((found.name.clone(), found.failure.clone()?))).collect();
    Ok((resolved, failed))
}

/// Where the runs so far have seen TLS, by what each saw last of an endpoint.
fn seen_tls(session: &Session) -> Result<BTreeMap<Endpoint, Observation>, Failure> {
    let mut latest: BTreeMap<Endpoint, Observation> = BTreeMap::new();
    for folder in RunFolder::list(&session.data.runs()).or_exit(Exit::Data)? {
        let folder = folder.or_exit(Exit::Data)?;
        for observation in pipeline::observations(&folder)? {
            let is_newer = latest.get(&observation.endpoint).is_none_or(|known| known.at <= observation.at);
            if is_newer && observation.endpoint.transport == Transport::Tcp {
                latest.insert(observation.endpoint, observation);
            }
        }
    }
    latest.retain(|_, observation| observation.service.tls.is_some());
    Ok(latest)
}

/// The authorised host names of units.
fn hosts_of(scope: &Scope, units: &BTreeSet<UnitId>) -> Vec<Written> {
    let hosts = scope.hosts().filter(|(_, asset)| units.contains(&asset.unit));
    let names: BTreeSet<&HostName> = hosts.map(|(name, _)| name).collect();
    let written =
        |name: &HostName| Written { text: name.to_string(), host: Host::Name(name.clone()), port: None };
    names.into_iter().map(written).collect()
}

/// Where TLS was seen on the units' addresses; without any, port 443 of each address.
fn addresses_of(
    scope: &Scope,
    units: &BTreeSet<UnitId>,
    seen: &BTreeMap<Endpoint, Observation>,
    asked: &Tls,
) -> Result<Vec<Server>, Failure> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let wide = scope.addresses_where(|asset| {
        units.contains(&asset.unit) && matches!(asset.target, AssetTarget::Addresses(_))
    });
    let mut servers = Vec::new();
    for (endpoint, observation) in seen.iter().filter(|(endpoint, _)| wide.contains(endpoint.addr)) {
        let start_tls = start_tls_of_seen(observation, asked.starttls);
        let name = asked.name.clone().or_else(|| observation.names.first().cloned());
        let given = SocketAddr::new(endpoint.addr, endpoint.port).to_string();
        servers.push(Server { given, addr: endpoint.addr, port: endpoint.port, name, start_tls });
    }
    if servers.is_empty() {
        if wide.len() > MAX_UNSEEN as u128 {
            return Err(Failure::new(Exit::NotFound, WishError::TooWide { n: wide.len() }));
        }
        let port = usual_port(asked.starttls);
        let addrs = (0..wide.len()).filter_map(|at| wide.nth(at));
        servers.extend(addrs.map(|addr| Server {
            given: SocketAddr::new(addr, port).to_string(),
            addr,
            port,
            name: asked.name.clone(),
            start_tls: start_tls(asked.starttls, port),
        }));
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, Option<u16>)>) {
        let read = parse(text).map(|written| {
            let host = match written.host {
                Host::Addr(addr) => addr.to_string(),
                Host::Name(name) => name.to_string(),
            };
            (host, written.port)
        });
        assert_eq!(read, expected.map(|(host, port)| (host.to_owned(), port)), "{text}");
    }

    #[test]
    fn servers_are_read_in_every_form() {
        check("www.example.gov.cn", Some(("www.example.gov.cn", None)));
        check("WWW.example.gov.cn:8443", Some(("www.example.gov.cn", Some(8443))));
        check("192.0.2.1", Some(("192.0.2.1", None)));
        check("192.0.2.1:25", Some(("192.0.2.1", Some(25))));
        check("2001:db8::1", Some(("2001:db8::1", None)));
        check("[2001:db8::1]", Some(("2001:db8::1", None)));
        check("[2001:db8::1]:443", Some(("2001:db8::1", Some(443))));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in
            ["", "https://example.gov.cn/", "example.gov.cn:0", "example.gov.cn:65536", "192.0.2.300", "a b"]
        {
            check(text, None);
        }
    }
}
