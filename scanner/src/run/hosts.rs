//! A run host by host: what its ports replied together with what was observed there, one host in memory at a time.
//!
//! Of observations only the places in their file are kept meanwhile, a few bytes for each open port.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom};
use std::net::IpAddr;
use std::path::PathBuf;

use model::coverage::HostCoverage;
use model::host_name::HostName;
use model::observation::{Observation, PortState};
use model::port::Transport;

use super::coverage::SLICE;
use super::error::RunError;
use super::{OBSERVATIONS, RunFolder, is_proved};
use crate::raw::HostFacts;

/// All that a run knows of one host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostView {
    pub addr: IpAddr,
    /// The names that led there.
    pub names: Vec<HostName>,
    /// What the run's ports are; empty where none was probed.
    pub coverage: HostCoverage,
    /// What they were probed over. Observations may be of the other: an imported run's are.
    pub transport: Transport,
    /// One for each open endpoint, by transport and port.
    pub observations: Vec<Observation>,
    /// How it was asked, in a run by raw packets.
    pub facts: Option<HostFacts>,
}

impl HostView {
    /// The probed ports in this state of which there is no observation.
    pub fn unseen(&self, state: PortState) -> impl Iterator<Item = u16> {
        let seen = |port: u16| {
            let endpoints = self.observations.iter().map(|seen| seen.endpoint);
            endpoints.into_iter().any(|seen| seen.port == port && seen.transport == self.transport)
        };
        let runs = self.coverage.runs().iter().filter(move |run| run.state == state);
        runs.flat_map(|run| run.first..=run.last).filter(move |&port| !seen(port))
    }
}

impl RunFolder {
    /// Hands out every host of which the run knows anything: in the order of the plan, then those outside it.
    pub fn each_host<E: From<RunError>>(
        &self,
        mut each: impl FnMut(HostView) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut facts = self.hosts()?;
        let mut places = Places::of(self)?;
        let transport = self.manifest().method.transport();
        let names = |addr: &IpAddr| self.manifest().names.get(addr).cloned().unwrap_or_default();
        self.each_coverage(SLICE, |addr, mut coverage| {
            let facts = facts.remove(&addr);
            let observations = places.take(addr, is_suspect(facts.as_ref()))?;
            if is_suspect(facts.as_ref()) {
                let proved = |port: u16| {
                    observations.iter().any(|observation| {
                        observation.endpoint.port == port && observation.state == PortState::Open
                    })
                };
                coverage.doubt(proved);
            }
            each(HostView { addr, names: names(&addr), coverage, transport, observations, facts })
        })?;
        while let Some(addr) = places.next_addr() {
            let facts = facts.remove(&addr);
            let observations = places.take(addr, is_suspect(facts.as_ref()))?;
            let coverage = HostCoverage::default();
            each(HostView { addr, names: names(&addr), coverage, transport, observations, facts })?;
        }
        Ok(())
    }
}

fn is_suspect(facts: Option<&HostFacts>) -> bool {
    facts.is_some_and(|facts| facts.is_suspect)
}

/// Where in its file each observation begins; of several of one endpoint the last.
struct Places {
    file: Option<BufReader<File>>,
    path: PathBuf,
    of: BTreeMap<(IpAddr, Transport, u16), u64>,
}

impl Places {
    fn of(folder: &RunFolder) -> Result<Places, RunError> {
        let path = folder.path().join(OBSERVATIONS);
        let fail = |source| RunError::io("read", &path, source);
        let mut of = BTreeMap::new();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Places { file: None, path, of }),
            Err(error) => return Err(fail(error)),
        };
        let mut lines = super::lines::Lines::<Observation>::new(&path, file);
        let mut at = 0;
        while let Some(observation) = lines.next() {
            let endpoint = observation?.endpoint;
            of.insert((endpoint.addr, endpoint.transport, endpoint.port), at);
            at = lines.n_whole();
        }
        Ok(Places { file: Some(BufReader::new(File::open(&path).map_err(fail)?)), path, of })
    }

    fn next_addr(&self) -> Option<IpAddr> {
        self.of.first_key_value().map(|(&(addr, ..), _)| addr)
    }

    /// The observations of one host, by transport and port.
    fn take(&mut self, addr: IpAddr, is_suspect: bool) -> Result<Vec<Observation>, RunError> {
        let here = (addr, Transport::Tcp, 0)..=(addr, Transport::Udp, u16::MAX);
        let found: Vec<_> = self.of.range(here).map(|(&key, &at)| (key, at)).collect();
        let mut observations = Vec::with_capacity(found.len());
        for (key, at) in found {
            self.of.remove(&key);
            let mut observation = self.read(at)?;
            if is_suspect && !is_proved(&observation) {
                observation.state = PortState::SuspectOpen;
            }
            observations.push(observation);
        }
        Ok(observations)
    }

    fn read(&mut self, at: u64) -> Result<Observation, RunError> {
        let Some(file) = &mut self.file else {
            return Err(RunError::damaged(&self.path, "it is gone"));
        };
        let fail = |source| RunError::io("read", &self.path, source);
        let mut line = Vec::new();
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_until(b'\n', &mut line)).map_err(fail)?;
        serde_json::from_slice(&line)
            .map_err(|_| RunError::damaged(&self.path, "it changed while it was read"))
    }
}
