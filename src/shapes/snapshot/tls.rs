//! What assessments of TLS saw, merged: of each server the newest that could tell counts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::host_name::HostName;
use model::id::RunId;
use model::observation::Endpoint;
use model::port::{PortSet, Transport};
use model::scope::Scope;
use model::severity::Severity;
use model::tls::{TLCP, TlsReached, TlsRecord};
use model::tls_policy::TlsChecks;
use reports::rows::{CertificateRow, RunRow, RunState, TlsServerRow};
use reports::snapshot::SnapshotInput;
use scanner::run::{Manifest, TlsRating};

use super::seen::leaf_row;

/// A judged run of TLS assessments.
pub struct SeenTlsRun {
    pub manifest: Manifest,
    pub rating: TlsRating,
    pub ended_at: DateTime<Utc>,
    pub records: Vec<TlsRecord>,
}

/// Judged runs, newest first.
pub struct SeenTls {
    runs: Vec<SeenTlsRun>,
}

type ServerKey<'r> = (IpAddr, u16, Option<&'r HostName>);

impl SeenTls {
    pub fn new(runs: Vec<SeenTlsRun>) -> SeenTls {
        SeenTls { runs }
    }

    pub fn run_ids(&self) -> impl Iterator<Item = RunId> {
        self.runs.iter().map(|run| run.manifest.run)
    }

    /// When the newest run ended.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.runs.iter().map(|run| run.ended_at).max()
    }

    /// The table of checks of the newest run.
    pub fn checks(&self) -> Option<TlsChecks> {
        self.runs.first().map(|run| run.rating.checks.clone())
    }

    pub(super) fn fill(&self, input: &mut SnapshotInput, scope: &Scope) {
        input.runs.extend(self.runs.iter().map(run_row));
        input.runs.sort_by_key(|run| std::cmp::Reverse(run.started_at));
        let current = self.current();
        let mut assessed: BTreeMap<Endpoint, Vec<&TlsRecord>> = BTreeMap::new();
        for (run, record) in current.values() {
            let owner = scope.admit(record.server.addr).ok().map(|target| target.owner());
            // An address that left the register is nobody's to answer for.
            let Some(owner) = owner else { continue };
            let owner = (owner.unit.to_string(), owner.system.map(|system| system.to_string()));
            input.tls.push(server_row(run, record, owner));
            if record.reached == TlsReached::Tls {
                assessed.entry(record.server.endpoint()).or_default().push(record);
            }
        }
        for (endpoint, records) in assessed {
            fill_certificates(input, scope, endpoint, &records);
        }
    }

    /// Each server by the newest record that tells of it; one that took no connection to the end, or said nothing, only
    /// where no other does.
    fn current(&self) -> BTreeMap<ServerKey<'_>, (&SeenTlsRun, &TlsRecord)> {
        let mut current: BTreeMap<ServerKey<'_>, (&SeenTlsRun, &TlsRecord)> = BTreeMap::new();
        for run in &self.runs {
            for record in &run.records {
                let key = (record.server.addr, record.server.port, record.server.name.as_ref());
                let known = current.entry(key).or_insert((run, record));
                if !tells(known.1) && tells(record) {
                    *known = (run, record);
                }
            }
        }
        current
    }
}

fn tells(record: &TlsRecord) -> bool {
    !matches!(record.reached, TlsReached::Silent | TlsReached::Unreachable)
}

/// The certificates of an endpoint: those that assessments saw, unless a scan has seen another one since.
fn fill_certificates(input: &mut SnapshotInput, scope: &Scope, endpoint: Endpoint, records: &[&TlsRecord]) {
    let Ok(target) = scope.admit(endpoint.addr) else { return };
    let (unit, system) =
        (target.owner().unit.to_string(), target.owner().system.map(|system| system.to_string()));
    let (addr, port) = (endpoint.addr.to_string(), u32::from(endpoint.port));
    let is_here = |row: &CertificateRow| row.addr == addr && row.port == port;
    let newest = records.iter().map(|record| record.at).max();
    let scanned_at = input
        .services
        .iter()
        .filter(|row| row.addr == addr && row.port == port && row.transport == Transport::Tcp.as_str())
        .map(|row| row.seen_at)
        .max();
    let seen: BTreeSet<&str> = records
        .iter()
        .flat_map(|record| &record.leaves)
        .map(|leaf| leaf.certificate.sha256.as_str())
        .collect();
    let by_scan: Vec<&str> =
        input.certificates.iter().filter(|row| is_here(row)).map(|row| row.sha256.as_str()).collect();
    let is_changed_since = scanned_at > newest && by_scan.iter().any(|sha256| !seen.contains(sha256));
    if is_changed_since {
        return;
    }
    input.certificates.retain(|row| !is_here(row));
    let mut rows: Vec<CertificateRow> = Vec::new();
    for leaf in records.iter().flat_map(|record| &record.leaves) {
        let asked = leaf.server_name.as_ref().map(ToString::to_string);
        let row = leaf_row(&leaf.certificate, endpoint, asked, unit.clone(), system.clone());
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    input.certificates.append(&mut rows);
}

fn server_row(
    run: &SeenTlsRun,
    record: &TlsRecord,
    (unit, system): (String, Option<String>),
) -> TlsServerRow {
    let count = |severity: Severity| {
        u32::try_from(record.faults().filter(|fault| fault.severity == severity).count()).unwrap_or(u32::MAX)
    };
    let grade = record.grade.as_ref();
    // A person's own stands last, and went before the embedded one.
    let rules = run.rating.policies.iter().rev().find_map(|policy| policy.grade.as_ref());
    let place = grade.zip(rules).and_then(|(grade, rules)| {
        let place = rules.scale.iter().position(|known| *known == grade.grade)?;
        u32::try_from(place).ok()
    });
    TlsServerRow {
        unit,
        system,
        run: run.manifest.run.to_string(),
        addr: record.server.addr.to_string(),
        port: u32::from(record.server.port),
        server_name: record.server.name.as_ref().map(ToString::to_string),
        start_tls: record.server.start_tls.clone(),
        reached: record.reached,
        grade: grade.map(|grade| grade.grade.clone()),
        score: grade.map(|grade| grade.score),
        grade_place: place,
        caps: grade
            .iter()
            .flat_map(|grade| &grade.caps)
            .map(|cap| format!("{} {}", cap.grade, cap.because))
            .collect(),
        versions: record.spoken().map(str::to_owned).collect(),
        tlcp: record.offers(TLCP),
        n_critical: count(Severity::Critical),
        n_high: count(Severity::High),
        n_medium: count(Severity::Medium),
        n_low: count(Severity::Low),
        not_after: record.leaves.iter().map(|leaf| leaf.certificate.not_after).min(),
        assessed_at: record.at,
    }
}

fn run_row(run: &SeenTlsRun) -> RunRow {
    let manifest = &run.manifest;
    let ports: BTreeSet<u16> =
        manifest.plan.blocks().iter().flat_map(|block| block.ports.as_slice()).copied().collect();
    let answered =
        run.records.iter().filter(|record| record.reached.is_open() || record.reached == TlsReached::Refused);
    RunRow {
        id: manifest.run.to_string(),
        seed: manifest.plan.seed(),
        started_at: manifest.started_at,
        finished_at: Some(run.ended_at),
        method: manifest.method,
        transport: Transport::Tcp.to_string(),
        ports: PortSet::new(ports).map(|ports| ports.to_string()).unwrap_or_default(),
        n_probes: manifest.plan.n_probes(),
        n_answered: answered.count() as u64,
        state: RunState::Finished,
        scope_hash: manifest.scope_hash.clone(),
    }
}
