//! What the register, the store and the runs hold, as the rows that a report is frozen from.

mod people;
mod posts;
mod seen;
mod tls;

use chrono::{DateTime, NaiveDate, Utc};
use model::finding::{Finding, FindingState};
use model::interval::civil_date;
use model::policy::Policy;
use model::reconcile::ChangeKind;
use model::register::{AssetTarget, Register};
use model::scope::Scope;
use model::tls_policy::TlsChecks;
use reports::rows::{AssetRow, CheckRow, ExclusionRow, FindingRow, SilentRow, Standing, SystemRow, UnitRow};
use reports::snapshot::{Head, SnapshotInput};

use people::Contacts;
pub use posts::Trained;
pub use seen::{Seen, SeenRun, SeenService, refused};
pub use tls::{SeenTls, SeenTlsRun};

/// All that a report is made of, before it is rows.
pub struct Sources<'a> {
    pub head: Head,
    pub register: &'a Register,
    pub policy: &'a Policy,
    /// Findings that aren't closed, and those closed since the previous report; with each, how it came out of the
    /// latest run that covered it.
    pub findings: &'a [(Finding, ChangeKind)],
    /// Judged runs, newest first.
    pub seen: &'a Seen,
    /// Judged runs of TLS assessments.
    pub seen_tls: &'a SeenTls,
    pub tls_checks: &'a TlsChecks,
    pub trained: &'a Trained,
}

/// The rows of a report.
pub fn snapshot(sources: &Sources<'_>) -> SnapshotInput {
    let today = civil_date(sources.head.data_as_of);
    let scope = Scope::of(sources.register, today);
    let mut input = SnapshotInput::empty(sources.head.clone());
    input.units = units(sources.register, &scope);
    input.systems = systems(sources.register);
    input.assets = assets(sources.register, today);
    input.exclusions = exclusions(sources.register, today);
    input.checks = checks(sources.policy, sources.tls_checks);
    input.findings = findings(sources);
    input.silent = silent(sources);
    sources.seen.fill(&mut input, sources.register, &scope);
    sources.seen_tls.fill(&mut input, &scope);
    sources.trained.fill(&mut input, sources);
    input
}

fn units(register: &Register, scope: &Scope) -> Vec<UnitRow> {
    let row = |unit: &model::register::Unit| {
        let of_unit: Vec<_> = register.assets.iter().filter(|asset| asset.unit == unit.id).collect();
        // The person in charge of most of what the unit owns stands for the unit.
        let contacts: Vec<Contacts> = of_unit.iter().map(|asset| Contacts::of(register, asset)).collect();
        let in_charge =
            people::most_frequent(contacts.iter().filter_map(|contact| contact.in_charge.clone()));
        UnitRow {
            id: unit.id.to_string(),
            code: unit.code.to_string(),
            name: unit.name.clone(),
            parent: unit.parent.map(|parent| parent.to_string()),
            region: unit.region.as_ref().map(ToString::to_string),
            in_charge: in_charge.as_ref().map(|person| person.name.clone()),
            in_charge_phone: in_charge.and_then(|person| person.phone),
            n_systems: count(register.systems.iter().filter(|system| system.unit == unit.id).count()),
            n_assets: count(of_unit.len()),
            n_authorised: wide(scope.addresses_where(|asset| asset.unit == unit.id).len()),
        }
    };
    register.units.iter().map(row).collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn wide(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn systems(register: &Register) -> Vec<SystemRow> {
    let row = |system: &model::register::System| SystemRow {
        id: system.id.to_string(),
        unit: system.unit.to_string(),
        name: system.name.clone(),
        level: system.level.map(|level| u32::from(u8::from(level))),
    };
    register.systems.iter().map(row).collect()
}

fn assets(register: &Register, today: NaiveDate) -> Vec<AssetRow> {
    let row = |asset: &model::register::Asset| {
        let contacts = Contacts::of(register, asset);
        let n_addresses = match &asset.target {
            AssetTarget::Addresses(range) => wide(range.len()),
            AssetTarget::Host(_) => 0,
        };
        AssetRow {
            id: asset.id.to_string(),
            unit: asset.unit.to_string(),
            system: asset.system.map(|system| system.to_string()),
            target: asset.target.to_string(),
            n_addresses,
            authorised_until: asset.authorisation.as_ref().map(|leave| leave.valid_until),
            in_charge: contacts.in_charge.as_ref().map(|person| person.name.clone()),
            in_charge_phone: contacts.in_charge.and_then(|person| person.phone),
            operator: contacts.operator.as_ref().map(|person| person.name.clone()),
            operator_phone: contacts.operator.and_then(|person| person.phone),
            user: contacts.user.as_ref().map(|person| person.name.clone()),
            user_phone: contacts.user.and_then(|person| person.phone),
        }
    };
    register.assets.iter().filter(|asset| asset.owned.contains(today)).map(row).collect()
}

fn exclusions(register: &Register, today: NaiveDate) -> Vec<ExclusionRow> {
    let row = |exclusion: &model::register::Exclusion| ExclusionRow {
        unit: exclusion.unit.to_string(),
        target: exclusion.target.to_string(),
        reason: exclusion.reason.clone(),
        until: exclusion.until,
    };
    register.exclusions.iter().filter(|exclusion| today <= exclusion.until).map(row).collect()
}

fn checks(policy: &Policy, tls: &TlsChecks) -> Vec<CheckRow> {
    let row = |(id, text): (model::finding::CheckId, model::policy::CheckText<'_>)| CheckRow {
        id: id.to_string(),
        title_zh: text.title.zh.clone(),
        title_en: text.title.en.clone(),
        advice_zh: text.advice.zh.clone(),
        advice_en: text.advice.en.clone(),
        source: text.source.to_owned(),
        severity: text.severity,
    };
    policy.texts().into_iter().chain(tls.texts()).map(row).collect()
}

fn findings(sources: &Sources<'_>) -> Vec<FindingRow> {
    let row = |(finding, change): &(Finding, ChangeKind)| {
        let asset = sources.register.asset(finding.asset);
        let contacts = asset.map(|asset| Contacts::of(sources.register, asset)).unwrap_or_default();
        let (standing, closed_at, proof) = match &finding.state {
            FindingState::Open => (Standing::Open, None, None),
            FindingState::Missing(missing) => (Standing::Missing, None, Some(missing.proof)),
            FindingState::Closed { at, proof } => (Standing::Closed, Some(*at), Some(*proof)),
        };
        FindingRow {
            id: finding.id.to_string(),
            check: finding.key.check.to_string(),
            severity: finding.severity,
            unit: finding.unit.to_string(),
            system: finding.system.map(|system| system.to_string()),
            in_charge: contacts.in_charge.as_ref().map(|person| person.name.clone()),
            in_charge_phone: contacts.in_charge.and_then(|person| person.phone),
            operator: contacts.operator.as_ref().map(|person| person.name.clone()),
            operator_phone: contacts.operator.and_then(|person| person.phone),
            user: contacts.user.as_ref().map(|person| person.name.clone()),
            user_phone: contacts.user.and_then(|person| person.phone),
            target: finding.key.target.to_string(),
            port: u32::from(finding.key.port),
            transport: finding.key.transport.to_string(),
            service: finding.evidence.service.clone(),
            standing,
            change: *change,
            first_seen: finding.first_seen,
            last_seen: finding.last_seen,
            closed_at,
            proof,
            observed: finding.evidence.observed.clone(),
            method: finding.evidence.method,
            n_recurrences: finding.n_recurrences,
            unverifiable_since: finding.unverifiable_since,
        }
    };
    sources.findings.iter().map(row).collect()
}

/// Declared services, in force, that the runs looked for and didn't see open.
fn silent(sources: &Sources<'_>) -> Vec<SilentRow> {
    let today = civil_date(sources.head.data_as_of);
    let begun =
        |service: &model::register::DeclaredService| service.declared_on.is_none_or(|from| from <= today);
    let in_force =
        sources.register.services.iter().filter(|service| begun(service) && today <= service.until);
    let row = |service: &model::register::DeclaredService| {
        let last_seen: Option<DateTime<Utc>> = sources.seen.last_answer(service);
        SilentRow {
            unit: service.unit.to_string(),
            target: service.target.to_string(),
            port: u32::from(service.port),
            transport: service.transport.to_string(),
            service: service.service.clone(),
            purpose: service.purpose.clone(),
            last_seen,
            declared_until: Some(service.until),
        }
    };
    in_force.filter(|service| sources.seen.looked_in_vain_for(service)).map(row).collect()
}
