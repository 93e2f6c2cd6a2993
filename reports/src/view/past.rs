//! What the previous report knew, and how a row of this one stands to it. Where there is none, the latest run tells.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use model::port::PortSet;
use model::reconcile::ChangeKind;

use super::terms::{Movement, Novelty};
use crate::error::{Damage, ReportError};
use crate::rows::{CoveredRow, FindingRow, HostRow, RunRow, ServiceRow, Standing, TlsServerRow};
use crate::snapshot::Snapshot;

/// The ports of a row, written as [`PortSet`] writes them: `Some(None)` for no port, `None` for anything else.
fn covered_ports(row: &HostRow) -> Option<Option<PortSet>> {
    if row.covered.is_empty() {
        return Some(None);
    }
    let ports: PortSet = row.covered.parse().ok()?;
    (ports.to_string() == row.covered).then_some(Some(ports))
}

/// What the previous report knew.
pub(super) struct Past {
    pub(super) findings: BTreeMap<String, FindingRow>,
    services: HashSet<(String, u32, String)>,
    /// Address to the ports that were settled there, as the row writes them, and the run that it names.
    hosts: HashMap<String, (String, String)>,
    /// Each way in which rows write their ports, read once.
    ports: HashMap<String, PortSet>,
    /// Address and transport to the ports that were settled over it, where the address is told by another.
    others: HashMap<(String, String), PortSet>,
    /// Run to its transport.
    transports: HashMap<String, String>,
    /// Host names and addresses, with the port, at which TLS was assessed.
    assessed: HashSet<(String, u32)>,
    as_of: DateTime<Utc>,
}

impl Past {
    pub(super) fn new(before: &Snapshot) -> Result<Past, ReportError> {
        let findings = before.rows::<FindingRow>()?.into_iter().map(|row| (row.id.clone(), row)).collect();
        let services =
            before.rows::<ServiceRow>()?.into_iter().map(|row| (row.addr, row.port, row.transport)).collect();
        let mut hosts = HashMap::new();
        let mut ports = HashMap::new();
        for row in before.rows::<HostRow>()? {
            if !ports.contains_key(&row.covered) {
                let set =
                    covered_ports(&row).ok_or_else(|| before.damaged::<HostRow>(Damage::Value("covered")))?;
                ports.extend(set.map(|set| (row.covered.clone(), set)));
            }
            hosts.insert(row.addr, (row.covered, row.run));
        }
        let mut others = HashMap::new();
        for row in before.rows::<CoveredRow>()? {
            let ports =
                row.ports.parse().map_err(|_| before.damaged::<CoveredRow>(Damage::Value("ports")))?;
            others.insert((row.addr, row.transport), ports);
        }
        let transports = before.rows::<RunRow>()?.into_iter().map(|row| (row.id, row.transport)).collect();
        let assessed = before.rows::<TlsServerRow>()?.into_iter();
        let assessed = assessed.flat_map(|row| {
            row.server_name.into_iter().chain([row.addr]).map(move |target| (target, row.port))
        });
        let (assessed, as_of) = (assessed.collect(), before.head().data_as_of);
        Ok(Past { findings, services, hosts, ports, others, transports, assessed, as_of })
    }

    /// Whether the port was probed for the previous report. Host names aren't resolved here and count as covered.
    fn covered(&self, target: &str, port: u32, transport: &str) -> bool {
        if target.parse::<std::net::IpAddr>().is_err() {
            return true;
        }
        let Some((covered, run)) = self.hosts.get(target) else { return false };
        let settled = if self.transports.get(run).is_none_or(|of| of == transport) {
            self.ports.get(covered)
        } else {
            self.others.get(&(target.to_owned(), transport.to_owned()))
        };
        settled.zip(u16::try_from(port).ok()).is_some_and(|(ports, port)| ports.contains(port))
    }

    pub(super) fn novelty(&self, row: &ServiceRow) -> Novelty {
        let key = (row.addr.clone(), row.port, row.transport.clone());
        if self.services.contains(&key) {
            Novelty::Known
        } else if self.covered(&row.addr, row.port, &row.transport) {
            Novelty::New
        } else {
            Novelty::FirstMeasured
        }
    }

    /// `None` for one that the previous report already showed as closed.
    pub(super) fn movement(&self, now: &FindingRow) -> Option<Movement> {
        let before = self.findings.get(&now.id);
        let movement = match (now.standing, before.map(|row| row.standing)) {
            (Standing::Closed, Some(Standing::Closed)) => return None,
            (Standing::Closed, _) => Movement::Closed,
            (Standing::Open | Standing::Missing, _) if cannot_tell(now) => Movement::Unverifiable,
            (Standing::Missing, _) => Movement::Missing,
            (Standing::Open, Some(Standing::Closed)) => Movement::Reopened,
            (Standing::Open, None) if now.n_recurrences > 0 => Movement::Reopened,
            // It took the place of another that was there.
            (Standing::Open, None) if is_of_tls(now) && now.first_seen <= self.as_of => Movement::Unchanged,
            (Standing::Open, None) if is_of_tls(now) => {
                match self.assessed.contains(&(now.target.clone(), now.port)) {
                    true => Movement::New,
                    false => Movement::FirstMeasured,
                }
            }
            (Standing::Open, None) if self.covered(&now.target, now.port, &now.transport) => Movement::New,
            (Standing::Open, None) => Movement::FirstMeasured,
            (Standing::Open, Some(Standing::Missing)) => Movement::Back,
            (Standing::Open, Some(Standing::Open)) => {
                let came_back = before.is_some_and(|row| now.n_recurrences > row.n_recurrences);
                if came_back { Movement::Reopened } else { Movement::Unchanged }
            }
        };
        Some(movement)
    }
}

/// Whether a finding comes of an assessment of TLS, which covers a port otherwise than a sweep does.
fn is_of_tls(row: &FindingRow) -> bool {
    row.check.starts_with("tls.")
}

pub(super) fn movement_in_run(row: &FindingRow) -> Movement {
    match row.change {
        _ if cannot_tell(row) => Movement::Unverifiable,
        ChangeKind::New => Movement::New,
        ChangeKind::Reopened => Movement::Reopened,
        ChangeKind::Unchanged => Movement::Unchanged,
        ChangeKind::Missing => Movement::Missing,
        ChangeKind::Closed => Movement::Closed,
        ChangeKind::Unverifiable => Movement::Unverifiable,
    }
}

/// Comes before every other movement, so that `changes.unverifiable` and `card.findings.unverifiable` are one number.
fn cannot_tell(row: &FindingRow) -> bool {
    row.standing != Standing::Closed && row.unverifiable_since.is_some()
}
