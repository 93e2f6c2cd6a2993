//! A little world to sweep: listeners that count, a scope, a run folder.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use model::addr::{AddrRange, AddrSet};
use model::id::{AssetId, CountingMint, Mint, UnitId};
use model::interval::{Interval, civil_date};
use model::observation::{Method, Observation, PortState};
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use model::scope::Scope;
use scanner::plan::{Block, Plan};
use scanner::run::{Manifest, RunFolder};
use scanner::{Cancel, Clock, Identifier, Options, Progress, SweepError, SweepOutcome, SweepRequest, sweep};
use tempfile::TempDir;
use tokio::sync::watch;

pub(crate) fn addresses(text: &str) -> AddrSet {
    text.split(',').map(|range| range.parse::<AddrRange>().unwrap()).collect()
}

/// Owns these addresses and no others, and may probe them.
fn register(admitted: &str) -> Register {
    let mint = &mut CountingMint::default();
    let mut register = Register::default();
    for range in addresses(admitted).ranges() {
        register.assets.push(Asset {
            id: AssetId::mint(mint),
            unit: UnitId::mint(mint),
            system: None,
            target: AssetTarget::Addresses(*range),
            owned: Interval::ALWAYS,
            authorisation: Some(Authorisation {
                approver: "示例".to_owned(),
                valid_from: None,
                valid_until: NaiveDate::MAX,
            }),
            scan_window: None,
            answerable: Answerable::default(),
            note: None,
        });
    }
    register
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// A run folder of its own, and what to sweep it with.
pub(crate) struct Run {
    pub(crate) folder: RunFolder,
    pub(crate) cancel: Cancel,
    pub(crate) clock: Clock,
    /// Of the first asset.
    pub(crate) window: Option<&'static str>,
    admitted: String,
    _runs: Option<TempDir>,
}

impl Run {
    pub(crate) fn new(targets: &str, ports: &str, options: Options) -> Run {
        let runs = tempfile::tempdir().unwrap();
        let mut run = Run::under(runs.path(), targets, ports, options);
        run._runs = Some(runs);
        run
    }

    pub(crate) fn under(runs: &Path, targets: &str, ports: &str, options: Options) -> Run {
        let block = Block { addresses: addresses(targets), ports: ports.parse().unwrap() };
        let manifest = Manifest {
            run: CountingMint::default().mint().to_string().parse().unwrap(),
            started_at: now(),
            software: "test".to_owned(),
            policy: "none".to_owned(),
            method: Method::Connect,
            scope_day: now().date_naive(),
            scope_hash: String::new(),
            options,
            plan: Plan::new(20_261_122, [block]).unwrap(),
            shard: None,
            names: BTreeMap::new(),
            tool: None,
            tls: None,
        };
        let folder = RunFolder::create(runs, manifest, &[]).unwrap();
        Run::of(folder, targets)
    }

    pub(crate) fn open(path: &Path, targets: &str) -> Run {
        Run::of(RunFolder::open(path).unwrap(), targets)
    }

    fn of(folder: RunFolder, targets: &str) -> Run {
        let (cancel, admitted) = (Cancel::new(), targets.to_owned());
        Run { folder, cancel, clock: now, window: None, admitted, _runs: None }
    }

    pub(crate) fn admitting(mut self, admitted: &str) -> Run {
        self.admitted = admitted.to_owned();
        self
    }

    pub(crate) async fn sweep(
        &self,
        identifier: Option<Arc<dyn Identifier>>,
    ) -> Result<SweepOutcome, SweepError> {
        let at = (self.clock)();
        let mut register = register(&self.admitted);
        register.assets[0].scan_window = self.window.map(|window| window.parse().unwrap());
        sweep(SweepRequest {
            folder: self.folder.clone(),
            scope: Arc::new(Scope::of(&register, civil_date(at)).at(at)),
            identifier,
            clock: self.clock,
            progress: watch::Sender::new(Progress::default()),
            cancel: self.cancel.clone(),
            raw: None,
        })
        .await
    }

    pub(crate) fn observations(&self) -> Vec<Observation> {
        self.folder.observations().unwrap().map(Result::unwrap).collect()
    }

    /// The ports observed open, ascending, one that was observed twice twice.
    pub(crate) fn observed(&self) -> Vec<(IpAddr, u16)> {
        let mut ports: Vec<_> =
            self.observations().iter().map(|seen| (seen.endpoint.addr, seen.endpoint.port)).collect();
        ports.sort_unstable();
        ports
    }

    /// How many endpoints of an address are in each state.
    pub(crate) fn states(&self, addr: &str) -> BTreeMap<&'static str, u32> {
        let coverage = self.folder.coverage().unwrap();
        let mut states = BTreeMap::new();
        for run in coverage.hosts.get(&addr.parse().unwrap()).map_or(&[][..], |host| host.runs()) {
            *states.entry(PortState::as_str(run.state)).or_default() += run.len();
        }
        states
    }
}

/// Listeners on ports of one address. Nobody accepts until they are counted, so that every connection that
/// was ever made is there to be counted.
pub(crate) struct Listeners(Vec<std::net::TcpListener>);

impl Listeners {
    pub(crate) fn bind(addr: &str, ports: impl IntoIterator<Item = u16>) -> Listeners {
        let addr: IpAddr = addr.parse().unwrap();
        let bind = |port| {
            let listener = std::net::TcpListener::bind(SocketAddr::new(addr, port)).unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        };
        Listeners(ports.into_iter().map(bind).collect())
    }

    /// Takes the connections made since the last call.
    pub(crate) fn accept_all(&self) -> Vec<(u16, std::net::TcpStream)> {
        let mut all = Vec::new();
        for listener in &self.0 {
            let port = listener.local_addr().unwrap().port();
            loop {
                match listener.accept() {
                    Ok((stream, _)) => all.push((port, stream)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        all
    }

    /// How many connections each port got since the last call.
    pub(crate) fn count(&self) -> BTreeMap<u16, usize> {
        let mut counts = BTreeMap::new();
        for (port, _) in self.accept_all() {
            *counts.entry(port).or_default() += 1;
        }
        counts
    }
}
