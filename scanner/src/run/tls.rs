//! Runs of TLS assessments: which servers, rated by what, and one record a server, synced as it is written. A kill loses
//! the servers at work and no other; whoever goes on asks those that have no record.
//!
//! Their folder is that of any run, with the plan of their endpoints, an empty journal, `tls.jsonl` and `rating.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;

use chrono::{DateTime, Utc};
use model::tls::{TlsReached, TlsRecord, TlsServer};
use model::tls_policy::{TlsChecks, TlsPolicy};
use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::hold;
use super::lines::LineWriter;
use super::manifest::{self, End, EndState};
use super::refusals::RefusalRecord;
use super::sealed::{SealedLines, SealedWriter};
use super::settled::Totals;
use super::{REFUSALS, RunFolder, STATE};

const RECORDS: &str = "tls.jsonl";
const RATING: &str = "rating.json";

/// What a run by TLS assessments is asked for, as its manifest tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsPlan {
    /// Version of the table of checks.
    pub checks: String,
    /// The policy that grades, by id and version, and the profiles; the whole of them stands in `rating.json`.
    pub policies: Vec<RatedBy>,
    pub expiring_days: i64,
    pub concurrency: u16,
    /// Whether faults are looked for that show only to something malformed or unusual.
    #[serde(default)]
    pub intrusive: bool,
    /// Each once, in the order of being named.
    pub servers: Vec<TlsServer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedBy {
    pub id: String,
    pub version: String,
}

/// All that servers are rated by, so that a run that was cut off goes on by the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsRating {
    pub checks: TlsChecks,
    pub policies: Vec<TlsPolicy>,
    pub expiring_days: i64,
    /// Roots of a person's own, PEM.
    pub roots: Option<String>,
}

impl RunFolder {
    /// Leaves what servers are rated by in the folder; before anything is asked.
    pub fn keep_rating(&self, rating: &TlsRating) -> Result<(), RunError> {
        let path = self.path().join(RATING);
        let fail = |source| RunError::io("write", &path, source);
        let text = serde_json::to_vec(rating).map_err(|error| fail(io::Error::other(error)))?;
        let fresh = path.with_extension("new");
        let put = || {
            let mut file = File::create(&fresh)?;
            io::Write::write_all(&mut file, &text)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            manifest::sync_folder(self.path())
        };
        put().map_err(fail)
    }

    pub fn rating(&self) -> Result<TlsRating, RunError> {
        let path = self.path().join(RATING);
        let text = fs::read(&path).map_err(|source| RunError::io("read", &path, source))?;
        serde_json::from_slice(&text).map_err(|_| RunError::damaged(&path, "it is no rating"))
    }

    /// The records written so far; none in runs by other methods.
    pub fn tls_records(&self) -> Result<impl Iterator<Item = Result<TlsRecord, RunError>> + use<>, RunError> {
        let path = self.path().join(RECORDS);
        let file = match File::open(&path) {
            Ok(file) => Some(file),
            // It appears with the first session.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(RunError::io("read", &path, source)),
        };
        Ok(file.into_iter().flat_map(move |file| SealedLines::new(&path, file)))
    }

    /// The same in the order in which the servers were named: what two runs say of the same servers can be laid side by side.
    pub fn tls_records_in_order(&self) -> Result<Vec<TlsRecord>, RunError> {
        let mut records: Vec<TlsRecord> = self.tls_records()?.collect::<Result<_, _>>()?;
        let servers = self.manifest().tls.iter().flat_map(|plan| &plan.servers);
        let places: BTreeMap<&TlsServer, usize> =
            servers.enumerate().map(|(at, server)| (server, at)).collect();
        records.sort_by_key(|record| places.get(&record.server).copied());
        Ok(records)
    }

    /// How far a run by TLS assessments got, server by server.
    pub(super) fn count_tls(&self, plan: &TlsPlan) -> Result<Totals, RunError> {
        let mut totals = Totals { n_probes: plan.servers.len() as u64, ..Totals::default() };
        for record in self.tls_records()? {
            count(&mut totals, &record?);
        }
        Ok(totals)
    }
}

fn count(totals: &mut Totals, record: &TlsRecord) {
    match record.reached {
        TlsReached::Refused => totals.n_refused += 1,
        TlsReached::Unreachable => totals.n_silent += 1,
        reached => {
            totals.n_open += 1;
            totals.n_observations += u64::from(reached == TlsReached::Tls);
        }
    }
}

/// A run by TLS assessments in the hands of the process that carries it out.
#[derive(Debug)]
pub struct HeldTlsRun {
    folder: RunFolder,
    records: SealedWriter<TlsRecord>,
    refusals: LineWriter<RefusalRecord>,
    done: BTreeSet<TlsServer>,
    totals: Totals,
    _lock: File,
}

impl HeldTlsRun {
    /// Takes hold of a run that isn't finished and reads how far it got.
    pub fn take(folder: &RunFolder) -> Result<HeldTlsRun, RunError> {
        let lock = hold::lock(folder)?;
        let path = folder.path();
        if let Some(EndState { end: End::Finished, .. }) = manifest::read(&path.join(STATE))? {
            return Err(RunError::Finished { path: path.to_owned() });
        }
        let n_servers = folder.manifest().tls.as_ref().map_or(0, |plan| plan.servers.len());
        let mut totals = Totals { n_probes: n_servers as u64, ..Totals::default() };
        let mut done = BTreeSet::new();
        let records = SealedWriter::open(&path.join(RECORDS), |record: TlsRecord| {
            count(&mut totals, &record);
            done.insert(record.server);
        })?;
        let refusals = LineWriter::open(&path.join(REFUSALS), |_| ())?;
        hold::forget_the_end(path)?;
        Ok(HeldTlsRun { folder: folder.clone(), records, refusals, done, totals, _lock: lock })
    }

    /// The servers that have no record yet, in the order of being named.
    pub fn missing(&self) -> Vec<TlsServer> {
        let servers = self.folder.manifest().tls.iter().flat_map(|plan| &plan.servers);
        servers.filter(|server| !self.done.contains(*server)).cloned().collect()
    }

    /// Keeps what came of a server.
    pub fn keep(&mut self, record: &TlsRecord) -> Result<(), RunError> {
        self.records.append(record)?;
        count(&mut self.totals, record);
        self.done.insert(record.server.clone());
        Ok(())
    }

    /// Keeps that a server was not asked.
    pub fn refuse(&mut self, refusal: &RefusalRecord) -> Result<(), RunError> {
        self.refusals.append(std::slice::from_ref(refusal))?;
        self.totals.n_not_admitted += 1;
        Ok(())
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Writes down how the session ended: finished if every server was asked or refused.
    pub fn end(self, is_finished: bool, at: DateTime<Utc>) -> Result<Totals, RunError> {
        let end = if is_finished { End::Finished } else { End::Interrupted };
        let state = EndState { end, at, reason: None, totals: self.totals };
        manifest::write(&self.folder.path().join(STATE), &state)?;
        Ok(self.totals)
    }
}

#[cfg(test)]
mod tests {
    use model::host_name::HostName;
    use model::tls::{TlsVerdict, VerdictState};

    use super::*;
    use crate::run::tests::{manifest, plan};
    use crate::run::{Manifest, RunState};

    fn server(addr: &str, name: Option<&str>) -> TlsServer {
        TlsServer {
            addr: addr.parse().unwrap(),
            port: 443,
            name: name.map(|name| name.parse::<HostName>().unwrap()),
            start_tls: None,
            given: addr.to_owned(),
        }
    }

    fn record(server: TlsServer, reached: TlsReached) -> TlsRecord {
        TlsRecord {
            at: "2026-11-22T08:00:01Z".parse().unwrap(),
            server,
            reached,
            given_up: Some("timed-out".to_owned()),
            versions: Vec::new(),
            grade: None,
            verdicts: vec![TlsVerdict {
                check: "tls.tls10".parse().unwrap(),
                severity: model::severity::Severity::Low,
                state: VerdictState::Unknown("timed-out".to_owned()),
                evidence: vec!["示例".to_owned()],
            }],
            profiles: Vec::new(),
            leaves: Vec::new(),
            n_connections: 3,
        }
    }

    fn rating() -> TlsRating {
        TlsRating {
            checks: TlsChecks::embedded(),
            policies: TlsPolicy::embedded(),
            expiring_days: 30,
            roots: None,
        }
    }

    fn new_run(runs: &std::path::Path, servers: Vec<TlsServer>) -> RunFolder {
        let policies = vec![RatedBy { id: "示例".to_owned(), version: "2026-01-01".to_owned() }];
        let tls = TlsPlan {
            checks: "2026-01-01".to_owned(),
            policies,
            expiring_days: 30,
            concurrency: 8,
            intrusive: false,
            servers,
        };
        let manifest = Manifest { tls: Some(tls), ..manifest(plan("192.0.2.0/30", "443")) };
        let folder = RunFolder::create(runs, manifest, &[]).unwrap();
        folder.keep_rating(&rating()).unwrap();
        folder
    }

    #[test]
    fn a_killed_run_asks_only_the_servers_that_are_missing() {
        let runs = tempfile::tempdir().unwrap();
        let servers =
            [server("192.0.2.1", None), server("192.0.2.1", Some("a.example")), server("192.0.2.2", None)];
        let folder = new_run(runs.path(), servers.to_vec());
        let mut held = HeldTlsRun::take(&folder).unwrap();
        held.keep(&record(servers[1].clone(), TlsReached::Tls)).unwrap();
        assert!(matches!(HeldTlsRun::take(&folder), Err(RunError::Held { .. })));
        // Killed in the middle of a line.
        drop(held);
        let path = folder.path().join(RECORDS);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &whole[..whole.len() / 2]].concat()).unwrap();

        let folder = RunFolder::open(folder.path()).unwrap();
        assert_eq!(folder.summary().unwrap().state, RunState::Interrupted);
        assert_eq!(folder.summary().unwrap().totals.n_done(), 1);
        assert_eq!(folder.rating().unwrap(), rating());
        let mut held = HeldTlsRun::take(&folder).unwrap();
        assert_eq!(held.missing(), [servers[0].clone(), servers[2].clone()]);
        held.keep(&record(servers[0].clone(), TlsReached::Refused)).unwrap();
        held.keep(&record(servers[2].clone(), TlsReached::Silent)).unwrap();
        assert!(held.missing().is_empty());
        let totals = held.end(true, "2026-11-22T09:00:00Z".parse().unwrap()).unwrap();
        assert_eq!((totals.n_open, totals.n_refused, totals.n_observations), (2, 1, 1));
        let records = folder.tls_records_in_order().unwrap();
        assert_eq!(records[1], record(servers[1].clone(), TlsReached::Tls));
        assert!(records.iter().map(|record| &record.server).eq(&servers));
        assert_eq!(folder.summary().unwrap().state, RunState::Finished);
        assert!(matches!(HeldTlsRun::take(&folder), Err(RunError::Finished { .. })));
    }
}
