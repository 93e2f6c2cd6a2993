//! A snapshot beside the previous one: rows with what follows from the comparison, as structs and as frames.
//!
//! Here it is decided, row by row, what is new, gone or can't be told. Counting is left to the queries over the frames.

mod past;
mod posts;
mod terms;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::finding::Gone;
use polars::prelude::{Column, DataFrame};

use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::{
    CertificateRow, CheckRow, ClusterRow, ExclusionRow, FindingRow, HostRow, LossRow, RefusalRow, RunRow,
    ServiceRow, SilentRow, Standing, SystemRow, TlsServerRow, UnitRow, UnsureRow,
};
use crate::snapshot::{Head, Snapshot};

use past::{Past, movement_in_run};
pub(crate) use posts::{CoverState, Posts, UnmaintainedRow, is_of_posts, level_key};
pub use terms::{GradeLevel, Movement, Novelty, Outcome};

/// One certificate at one endpoint, for whatever names it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) row: CertificateRow,
    pub(crate) server_names: Vec<String>,
    /// Whole days until its end; below 0 once it has ended.
    pub(crate) days_left: i64,
}

pub(crate) struct View {
    pub(crate) head: Head,
    pub(crate) runs: Vec<RunRow>,
    /// In the order of their names' rows, as handed over.
    pub(crate) units: Vec<UnitRow>,
    /// Units that rows refer to and the register no longer has, so that tables still add up to the figures.
    pub(crate) unlisted: Vec<UnitRow>,
    pub(crate) systems: HashMap<String, SystemRow>,
    pub(crate) exclusions: Vec<ExclusionRow>,
    pub(crate) hosts: Vec<HostRow>,
    pub(crate) services: Vec<(ServiceRow, Novelty)>,
    pub(crate) silent: Vec<SilentRow>,
    /// Soonest end first.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) checks: Vec<CheckRow>,
    /// Those that are not closed, or were closed since the previous report.
    pub(crate) findings: Vec<(FindingRow, Movement)>,
    pub(crate) withdrawn: Vec<FindingRow>,
    pub(crate) refusals: Vec<RefusalRow>,
    pub(crate) losses: Vec<LossRow>,
    pub(crate) unsure: Vec<UnsureRow>,
    pub(crate) clusters: Vec<ClusterRow>,
    pub(crate) tls: Vec<TlsServerRow>,
    pub(crate) posts: Posts,
    frames: BTreeMap<&'static str, DataFrame>,
}

/// The frame of findings in the previous report that are no longer among the rows.
pub(crate) const WITHDRAWN: &str = "withdrawn";

impl View {
    pub(crate) fn new(now: &Snapshot, before: Option<&Snapshot>) -> Result<View, ReportError> {
        let past = before.map(Past::new).transpose()?;
        let services: Vec<ServiceRow> = now.rows()?;
        let services = services.into_iter().map(|row| {
            let novelty = past.as_ref().map_or(Novelty::Unknown, |past| past.novelty(&row));
            (row, novelty)
        });
        let mut findings = Vec::new();
        let mut superseded = HashSet::new();
        for row in now.rows::<FindingRow>()? {
            // It goes on under another name, and is neither mended nor left out.
            if row.standing == Standing::Closed && row.proof == Some(Gone::Superseded) {
                superseded.insert(row.id);
                continue;
            }
            match &past {
                None => findings.push((row.clone(), movement_in_run(&row))),
                Some(past) => findings.extend(past.movement(&row).map(|movement| (row, movement))),
            }
        }
        let present: HashSet<&str> = findings.iter().map(|(row, _)| row.id.as_str()).collect();
        let withdrawn: Vec<FindingRow> = past
            .iter()
            .flat_map(|past| past.findings.values())
            .filter(|row| row.standing != Standing::Closed && !present.contains(row.id.as_str()))
            .filter(|row| !superseded.contains(&row.id))
            .cloned()
            .collect();
        let units: Vec<UnitRow> = now.rows()?;
        let mut view = View {
            head: now.head().clone(),
            runs: now.rows()?,
            systems: now.rows::<SystemRow>()?.into_iter().map(|row| (row.id.clone(), row)).collect(),
            exclusions: now.rows()?,
            hosts: now.rows()?,
            services: services.collect(),
            silent: now.rows()?,
            certificates: certificates(now)?,
            checks: now.rows()?,
            findings,
            withdrawn,
            refusals: now.rows()?,
            losses: now.rows()?,
            unsure: now.rows()?,
            clusters: now.rows()?,
            tls: now.rows()?,
            posts: Posts::of(now)?,
            units,
            unlisted: Vec::new(),
            frames: BTreeMap::new(),
        };
        view.unlisted = view.find_unlisted();
        view.withdrawn.sort_by(|a, b| a.id.cmp(&b.id));
        view.build_frames(now).map_err(ReportError::compute("the frames of the report"))?;
        Ok(view)
    }

    /// A frame by the name of its rows.
    pub(crate) fn frame(&self, name: &'static str) -> DataFrame {
        self.frames.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn system_name(&self, id: &Option<String>) -> Option<String> {
        id.as_ref().and_then(|id| self.systems.get(id)).map(|system| system.name.clone())
    }

    /// Units of the register, then those that it no longer has.
    pub(crate) fn all_units(&self) -> impl Iterator<Item = &UnitRow> {
        self.units.iter().chain(&self.unlisted)
    }

    fn find_unlisted(&self) -> Vec<UnitRow> {
        let listed: HashSet<&str> = self.units.iter().map(|unit| unit.id.as_str()).collect();
        let of_hosts = self.hosts.iter().map(|row| row.unit.as_str());
        let of_services = self.services.iter().map(|(row, _)| row.unit.as_str());
        let of_findings = self.findings.iter().map(|(row, _)| row.unit.as_str());
        let of_tls = self.tls.iter().map(|row| row.unit.as_str());
        let referred: BTreeSet<&str> = of_hosts.chain(of_services).chain(of_findings).chain(of_tls).collect();
        referred.into_iter().filter(|id| !listed.contains(id)).map(unlisted_unit).collect()
    }

    fn build_frames(&mut self, now: &Snapshot) -> polars::error::PolarsResult<()> {
        let text = |name: &str, values: Vec<&str>| Column::new(name.into(), values);
        let mut frames = BTreeMap::new();

        let scanned: HashSet<&str> = self.hosts.iter().map(|host| host.unit.as_str()).collect();
        let mut units = UnitRow::to_frame(&self.units)?;
        let is_scanned: Vec<bool> =
            self.units.iter().map(|unit| scanned.contains(unit.id.as_str())).collect();
        units.with_column(Column::new("scanned".into(), is_scanned))?;
        frames.insert(UnitRow::FRAME, units);

        let mut hosts = HostRow::to_frame(&self.hosts)?;
        hosts.with_column(text(
            "outcome",
            self.hosts.iter().map(|row| Outcome::of(row).term().code).collect(),
        ))?;
        frames.insert(HostRow::FRAME, hosts);

        let rows: Vec<ServiceRow> = self.services.iter().map(|(row, _)| row.clone()).collect();
        let mut services = ServiceRow::to_frame(&rows)?;
        services.with_column(text(
            "novelty",
            self.services.iter().map(|(_, novelty)| novelty.term().code).collect(),
        ))?;
        frames.insert(ServiceRow::FRAME, services);

        let rows: Vec<CertificateRow> =
            self.certificates.iter().map(|certificate| certificate.row.clone()).collect();
        let mut certificates = CertificateRow::to_frame(&rows)?;
        let days: Vec<i64> = self.certificates.iter().map(|certificate| certificate.days_left).collect();
        certificates.with_column(Column::new("days_left".into(), days))?;
        frames.insert(CertificateRow::FRAME, certificates);

        let rows: Vec<FindingRow> = self.findings.iter().map(|(row, _)| row.clone()).collect();
        let mut findings = FindingRow::to_frame(&rows)?;
        findings
            .with_column(text("movement", self.findings.iter().map(|(_, moved)| moved.as_str()).collect()))?;
        frames.insert(FindingRow::FRAME, findings);
        frames.insert(WITHDRAWN, FindingRow::to_frame(&self.withdrawn)?);

        let mut tls = TlsServerRow::to_frame(&self.tls)?;
        tls.with_column(text("level", self.tls.iter().map(|row| GradeLevel::of(row).term().code).collect()))?;
        let outdated: Vec<bool> = self.tls.iter().map(speaks_outdated).collect();
        tls.with_column(Column::new("outdated".into(), outdated))?;
        frames.insert(TlsServerRow::FRAME, tls);

        frames.extend(self.posts.frames()?);
        frames.insert(RunRow::FRAME, RunRow::to_frame(&self.runs)?);
        frames.insert(SilentRow::FRAME, SilentRow::to_frame(&self.silent)?);
        frames.insert(RefusalRow::FRAME, RefusalRow::to_frame(&self.refusals)?);
        frames.insert(UnsureRow::FRAME, UnsureRow::to_frame(&self.unsure)?);
        frames.insert(ClusterRow::FRAME, ClusterRow::to_frame(&self.clusters)?);
        if let Ok(systems) = now.frame::<SystemRow>() {
            frames.insert(SystemRow::FRAME, systems.clone());
        }
        self.frames = frames;
        Ok(())
    }
}

/// Whether a server speaks a version that nobody should speak any more.
pub(crate) fn speaks_outdated(row: &TlsServerRow) -> bool {
    const OUTDATED: [&str; 4] = ["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"];
    row.versions.iter().any(|version| OUTDATED.contains(&version.as_str()))
}

/// Stands for a unit of which nothing but the id is known.
fn unlisted_unit(id: &str) -> UnitRow {
    UnitRow {
        id: id.to_owned(),
        code: String::new(),
        name: id.to_owned(),
        parent: None,
        region: None,
        in_charge: None,
        in_charge_phone: None,
        n_systems: 0,
        n_assets: 0,
        n_authorised: 0,
    }
}

fn certificates(now: &Snapshot) -> Result<Vec<Certificate>, ReportError> {
    let as_of = now.head().data_as_of;
    let mut by_endpoint: BTreeMap<(String, u32, String), Certificate> = BTreeMap::new();
    for row in now.rows::<CertificateRow>()? {
        let key = (row.addr.clone(), row.port, row.sha256.clone());
        let asked = row.server_name.clone();
        let certificate = by_endpoint.entry(key).or_insert_with(|| Certificate {
            // Floor, so that one that ended an hour ago is a day below zero.
            days_left: (row.not_after - as_of).num_seconds().div_euclid(86_400),
            server_names: Vec::new(),
            row,
        });
        certificate.server_names.extend(asked);
    }
    let mut certificates: Vec<Certificate> = by_endpoint.into_values().collect();
    certificates.sort_by_key(|certificate| certificate.row.not_after);
    Ok(certificates)
}
