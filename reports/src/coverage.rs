//! A run's coverage as a Parquet file: a row for each span of ports of one address that share a state.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use model::coverage::Coverage;
use model::observation::PortState;

use crate::error::{Damage, ReportError};
use crate::frame::{Row, from_parquet, rows, to_parquet};
use crate::snapshot::write_synced;

rows! {
    /// Consecutive probed ports of one address in one state.
    pub struct CoverageRow in "coverage" {
        pub addr: String,
        pub first_port: u32,
        pub last_port: u32,
        /// As `model::observation::PortState::as_str` has it.
        pub state: String,
        /// Of the ICMP error that says so, where its type and code are known.
        pub icmp_type: Option<u32>,
        pub icmp_code: Option<u32>,
        pub transport: String,
        pub method: String,
    }
}

/// Writes the coverage of a run; an existing file is replaced.
pub fn write_parquet(path: &Path, coverage: &Coverage) -> Result<(), ReportError> {
    let mut rows = Vec::new();
    for (addr, host) in &coverage.hosts {
        rows.extend(host.runs().iter().map(|run| CoverageRow {
            addr: addr.to_string(),
            first_port: u32::from(run.first),
            last_port: u32::from(run.last),
            state: run.state.as_str().to_owned(),
            icmp_type: run.state.icmp().map(|error| u32::from(error.kind())),
            icmp_code: run.state.icmp().map(|error| u32::from(error.code())),
            transport: coverage.transport.as_str().to_owned(),
            method: coverage.method.as_str().to_owned(),
        }));
    }
    let failed = || ReportError::compute("the coverage of a run");
    let mut frame = CoverageRow::to_frame(&rows).map_err(failed())?;
    write_synced(path, &to_parquet(&mut frame).map_err(failed())?)
}

/// Reads the rows back, in the order of addresses and ports.
pub fn read_parquet(path: &Path) -> Result<Vec<CoverageRow>, ReportError> {
    let bytes =
        std::fs::read(path).map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    let frame = from_parquet(bytes).map_err(|_| ReportError::damaged(path, Damage::Parquet))?;
    CoverageRow::from_frame(&frame).map_err(|damage| ReportError::damaged(path, damage))
}

/// How many ports of each address are open, closed, filtered or can't be told.
pub fn counts_by_host(coverage: &Coverage) -> BTreeMap<IpAddr, PortCounts> {
    let count = |addr: &IpAddr, host: &model::coverage::HostCoverage| {
        let counts = PortCounts {
            n_open: host.count(|state| matches!(state, PortState::Open | PortState::SuspectOpen)),
            n_closed: host.count(|state| state == PortState::Closed),
            n_filtered: host.count(|state| matches!(state, PortState::Filtered(_))),
            n_unverifiable: host.count(|state| state == PortState::Unverifiable),
        };
        (*addr, counts)
    };
    coverage.hosts.iter().map(|(addr, host)| count(addr, host)).collect()
}

/// Ports of one address by state, for [`HostRow`](crate::rows::HostRow).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortCounts {
    pub n_open: u32,
    pub n_closed: u32,
    pub n_filtered: u32,
    pub n_unverifiable: u32,
}
