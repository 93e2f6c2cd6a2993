//! Host names to addresses, both families, a bounded number at a time.
//!
//! A name doesn't widen the scope: its addresses are admitted like any other, and what isn't is recorded. A
//! failed look-up is told as such, never as a name without addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::system_conf::read_system_conf;
use model::addr::{AddrRange, AddrSet};
use model::host_name::HostName;
use model::scope::Scope;
use serde::{Deserialize, Serialize};

use crate::run::{Reason, RefusalRecord};

/// How names are looked up.
#[derive(Debug, Clone)]
pub struct ResolveOptions {
    /// The name server to ask; the system's configuration and hosts file if absent.
    pub server: Option<SocketAddr>,
    /// For one question to one server.
    pub time_out: Duration,
    /// Questions per server before a look-up counts as failed.
    pub n_attempts: usize,
    pub n_at_a_time: usize,
}

impl Default for ResolveOptions {
    fn default() -> Self {
        ResolveOptions { server: None, time_out: Duration::from_secs(2), n_attempts: 2, n_at_a_time: 64 }
    }
}

/// What came of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub name: HostName,
    /// Of both families, ascending.
    pub addresses: Vec<IpAddr>,
    /// Why there is no address, or why there may be more than these: one family failed.
    pub failure: Option<NameFailure>,
}

/// Why a look-up gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum NameFailure {
    #[error("there is no such name")]
    NoSuchName,
    #[error("the name has no address")]
    NoAddress,
    #[error("no name server answered in time")]
    TimedOut,
    #[error("the name server could not answer ({0})")]
    Server(String),
    #[error("no name server could be asked ({0})")]
    Network(String),
}

#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("the system's resolver configuration can't be used; name a server to ask")]
    Configuration(#[source] Box<NetError>),
}

/// Looks up every name; the result has the order of the names.
pub async fn resolve(names: &[HostName], options: &ResolveOptions) -> Result<Vec<Resolved>, ResolveError> {
    let v4 = resolver(options, LookupIpStrategy::Ipv4Only)?;
    let v6 = resolver(options, LookupIpStrategy::Ipv6Only)?;
    let look_ups = names.iter().map(|name| async {
        let (v4, v6) = tokio::join!(look_up(&v4, name), look_up(&v6, name));
        both(name.clone(), v4, v6)
    });
    Ok(stream::iter(look_ups).buffered(options.n_at_a_time.max(1)).collect().await)
}

/// The addresses that names led to and the scope admits, with the names of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedAddresses {
    pub names: BTreeMap<IpAddr, Vec<HostName>>,
    /// Names without a usable address, and addresses out of scope.
    pub refused: Vec<RefusalRecord>,
}

impl NamedAddresses {
    pub fn addresses(&self) -> AddrSet {
        self.names.keys().copied().map(AddrRange::single).collect()
    }
}

/// Admits the addresses of names, each once however many names lead to it.
pub fn admit(resolved: &[Resolved], scope: &Scope, now: DateTime<Utc>) -> NamedAddresses {
    let mut names_of: BTreeMap<IpAddr, BTreeSet<HostName>> = BTreeMap::new();
    let mut named = NamedAddresses::default();
    for Resolved { name, addresses, failure } in resolved {
        for &addr in addresses {
            names_of.entry(addr).or_default().insert(name.clone());
        }
        if let Some(failure) = failure {
            let reason = Reason::Name(failure.clone());
            named.refused.push(RefusalRecord { at: now, addr: None, names: vec![name.clone()], reason });
        }
    }
    for (addr, names) in names_of {
        let names = names.into_iter().collect();
        match scope.admit(addr) {
            Ok(_) => {
                named.names.insert(addr, names);
            }
            Err(refusal) => {
                let reason = Reason::from(&refusal);
                named.refused.push(RefusalRecord { at: now, addr: Some(addr), names, reason });
            }
        }
    }
    named
}

fn resolver(options: &ResolveOptions, strategy: LookupIpStrategy) -> Result<TokioResolver, ResolveError> {
    let bad = |error| ResolveError::Configuration(Box::new(error));
    let (config, mut opts) = match options.server {
        Some(server) => (only(server), ResolverOpts::default()),
        None => {
            let (config, opts) = read_system_conf().map_err(bad)?;
            let (_, _, servers) = config.into_parts();
            // Registered names are whole: search domains would find somebody else's.
            (ResolverConfig::from_name_servers(servers), opts)
        }
    };
    opts.ip_strategy = strategy;
    opts.timeout = options.time_out;
    opts.attempts = options.n_attempts;
    opts.cache_size = 0;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = opts;
    builder.build().map_err(bad)
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .map(|mut connection| {
            connection.port = server.port();
            connection
        })
        .to_vec();
    let server = NameServerConfig::new(server.ip(), true, connections);
    ResolverConfig::from_name_servers(vec![server])
}

async fn look_up(resolver: &TokioResolver, name: &HostName) -> Result<Vec<IpAddr>, NameFailure> {
    match resolver.lookup_ip(name.as_str()).await {
        Ok(found) => Ok(found.iter().collect()),
        Err(error) => Err(failure(&error)),
    }
}

fn failure(error: &NetError) -> NameFailure {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => NameFailure::NoSuchName,
            ResponseCode::NoError => NameFailure::NoAddress,
            code => NameFailure::Server(code.to_string()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => NameFailure::Server(code.to_string()),
        NetError::Timeout => NameFailure::TimedOut,
        other => NameFailure::Network(other.to_string()),
    }
}

/// One family without addresses is no failure where the other has some.
fn both(
    name: HostName,
    v4: Result<Vec<IpAddr>, NameFailure>,
    v6: Result<Vec<IpAddr>, NameFailure>,
) -> Resolved {
    let mut addresses = Vec::new();
    let mut failures = Vec::new();
    for found in [v4, v6] {
        match found {
            Ok(mut found) => addresses.append(&mut found),
            Err(failure) => failures.push(failure),
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    // What may hide addresses says more than what proves that there are none.
    let hides = |failure: &NameFailure| !matches!(failure, NameFailure::NoSuchName | NameFailure::NoAddress);
    let hidden = failures.iter().find(|failure| hides(failure)).cloned();
    let failure = hidden.or_else(|| failures.into_iter().next().filter(|_| addresses.is_empty()));
    let failure = failure.or_else(|| addresses.is_empty().then_some(NameFailure::NoAddress));
    Resolved { name, addresses, failure }
}

#[cfg(test)]
mod tests;
