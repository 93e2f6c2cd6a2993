//! The rows that a snapshot is made of: this crate's own shape, filled by the root from register, store and runs.
//!
//! Units, systems and checks are referred to by id. Nothing here is in a language: what people read in both comes as
//! a pair of fields.

mod posts;
mod tls;

use chrono::{DateTime, NaiveDate, Utc};
use model::fact::{Fact, Facts};
use model::finding::Gone;
use model::observation::{Access, Method};
use model::reconcile::ChangeKind;
use model::severity::Severity;

use crate::frame::{rows, text_cells};
use crate::text::{Refused, Words};
pub use posts::{CoverRow, HoldersRow, LapseRow, OverdueUnitRow, PostDue, PostDueRow, TrainingRow};
pub use tls::TlsServerRow;

rows! {
    /// One scan run that the snapshot draws on.
    pub struct RunRow in "runs" {
        pub id: String,
        pub seed: u64,
        pub started_at: DateTime<Utc>,
        /// `None` if it was broken off.
        pub finished_at: Option<DateTime<Utc>>,
        pub method: Method,
        pub transport: String,
        /// A port set as `model::port::PortSet` writes it.
        pub ports: String,
        /// Address × port.
        pub n_probes: u64,
        /// Probes that got an answer of any kind.
        pub n_answered: u64,
        pub state: RunState,
        pub scope_hash: String,
    }

    pub struct UnitRow in "units" {
        pub id: String,
        /// Unified social credit code.
        pub code: String,
        pub name: String,
        /// Id of the unit above it.
        pub parent: Option<String>,
        pub region: Option<String>,
        /// Person in charge.
        pub in_charge: Option<String>,
        pub in_charge_phone: Option<String>,
        pub n_systems: u32,
        pub n_assets: u32,
        /// Distinct addresses under an authorisation that was current at `data_as_of`, without excluded ones.
        pub n_authorised: u64,
    }

    pub struct SystemRow in "systems" {
        pub id: String,
        pub unit: String,
        pub name: String,
        /// Classified-protection level, 1 to 5.
        pub level: Option<u32>,
    }

    pub struct AssetRow in "assets" {
        pub id: String,
        pub unit: String,
        pub system: Option<String>,
        /// An address, prefix, range or host name.
        pub target: String,
        pub n_addresses: u64,
        /// Last day of the authorisation; `None` without one.
        pub authorised_until: Option<NaiveDate>,
        pub in_charge: Option<String>,
        pub in_charge_phone: Option<String>,
        pub operator: Option<String>,
        pub operator_phone: Option<String>,
        pub user: Option<String>,
        pub user_phone: Option<String>,
    }

    /// A part of an asset that must not be probed.
    pub struct ExclusionRow in "exclusions" {
        pub unit: String,
        pub target: String,
        pub reason: String,
        pub until: NaiveDate,
    }

    /// One probed address, as all runs of the snapshot together saw it: each port by the newest run that could tell.
    /// The four counts add up to `n_probed`, the number of ports in `covered`.
    pub struct HostRow in "hosts" {
        pub addr: String,
        pub names: Vec<String>,
        pub unit: String,
        pub system: Option<String>,
        /// Id of the newest run that probed it.
        pub run: String,
        /// When that run did.
        pub probed_at: DateTime<Utc>,
        /// Every port that any of the runs settled, a port set as `model::port::PortSet` writes it, in the transport of
        /// `run`; empty for none.
        pub covered: String,
        pub n_probed: u32,
        pub n_open: u32,
        pub n_closed: u32,
        pub n_filtered: u32,
        pub n_unverifiable: u32,
        /// It answered for itself: an open port or a refusal.
        pub answers: bool,
    }

    /// What was settled at an address over another transport than that of its [`HostRow`].
    pub struct CoveredRow in "covered" {
        pub addr: String,
        pub transport: String,
        /// A port set as `model::port::PortSet` writes it.
        pub ports: String,
    }

    /// One open port.
    pub struct ServiceRow in "services" {
        pub unit: String,
        pub system: Option<String>,
        pub addr: String,
        pub names: Vec<String>,
        pub port: u32,
        pub transport: String,
        /// Name for people, for example `https`.
        pub service: String,
        pub product: Option<String>,
        pub version: Option<String>,
        /// Negotiated TLS version.
        pub tls: Option<String>,
        pub access: Option<Access>,
        pub declaration: Declaration,
        /// Id of the exposure class's check, for example `exposure.database`.
        pub class: Option<String>,
        /// A line in the service's own words.
        pub evidence: String,
        pub rtt_us: Option<u32>,
        /// The host accepts everything, so that this proves little.
        pub suspect: bool,
        pub seen_at: DateTime<Utc>,
    }

    /// A declared service that did not answer.
    pub struct SilentRow in "silent" {
        pub unit: String,
        pub target: String,
        pub port: u32,
        pub transport: String,
        pub service: String,
        pub purpose: String,
        /// When it last answered; `None` if never.
        pub last_seen: Option<DateTime<Utc>>,
        pub declared_until: Option<NaiveDate>,
    }

    /// The leaf certificate that one endpoint presented for one server name.
    pub struct CertificateRow in "certificates" {
        pub unit: String,
        pub system: Option<String>,
        pub addr: String,
        pub port: u32,
        pub server_name: Option<String>,
        pub sha256: String,
        pub subject: String,
        pub issuer: String,
        pub names: Vec<String>,
        pub not_before: DateTime<Utc>,
        pub not_after: DateTime<Utc>,
        /// For example `RSA 2048`.
        pub key: String,
        pub signature: String,
        pub self_signed: bool,
    }

    /// What people read about a check or exposure class: every entry of the policy, found or not.
    pub struct CheckRow in "checks" {
        pub id: String,
        pub title_zh: String,
        pub title_en: String,
        pub advice_zh: String,
        pub advice_en: String,
        pub source: String,
        pub severity: Severity,
    }

    /// Every finding that isn't closed, and those that were closed since the previous report.
    pub struct FindingRow in "findings" {
        pub id: String,
        pub check: String,
        pub severity: Severity,
        pub unit: String,
        pub system: Option<String>,
        pub in_charge: Option<String>,
        pub in_charge_phone: Option<String>,
        pub operator: Option<String>,
        pub operator_phone: Option<String>,
        pub user: Option<String>,
        pub user_phone: Option<String>,
        /// Address or host name.
        pub target: String,
        pub port: u32,
        pub transport: String,
        pub service: String,
        pub standing: Standing,
        /// How it came out of the latest run that covered it; `Unverifiable` just where `unverifiable_since` is set.
        pub change: ChangeKind,
        pub first_seen: DateTime<Utc>,
        pub last_seen: DateTime<Utc>,
        pub closed_at: Option<DateTime<Utc>>,
        /// Why it counts as gone, for missing and closed ones.
        pub proof: Option<Gone>,
        pub observed: Facts,
        pub method: Method,
        pub n_recurrences: u32,
        pub unverifiable_since: Option<DateTime<Utc>>,
    }

    /// What gets lost in one run by raw packets, all its sessions together. Shares are parts in a million.
    pub struct LossRow in "losses" {
        pub run: String,
        pub n_sent: u64,
        /// Questions to ports that answer, and how many of them got lost.
        pub n_measured: u64,
        pub n_lost: u64,
        /// Not exceeded with 95 % confidence.
        pub loss_at_most_ppm: u32,
    }

    /// A host whose result is less sure than its run was asked for. Shares are parts in a million.
    pub struct UnsureRow in "unsure" {
        pub addr: String,
        pub unit: String,
        pub run: String,
        pub transport: String,
        pub n_sent: u32,
        pub n_measured: u32,
        pub n_lost: u32,
        pub loss_ppm: u32,
        pub confidence_ppm: u32,
        pub target_ppm: u32,
    }

    /// A host of a group that one device may answer for, group by group.
    pub struct ClusterRow in "clusters" {
        /// Of the group, from 1.
        pub number: u32,
        pub addr: String,
        pub unit: String,
        pub run: String,
        pub n_ports: u32,
        pub window: u32,
        /// As `model::shape::Shape::option_names` has them.
        pub options: String,
        pub ttl: u32,
        pub hops: u32,
        pub takes_everything: bool,
        pub other_distance: bool,
    }

    /// Targets that were asked for and refused, by reason.
    pub struct RefusalRow in "refusals" {
        /// Both as [`Refused::words`](crate::text::Refused::words) has them.
        pub reason_zh: String,
        pub reason_en: String,
        pub n: u64,
        /// One of them.
        pub example: String,
    }
}

impl RefusalRow {
    /// That `n` targets were kept back for one reason.
    pub fn new(refused: &Refused, n: u64, example: String) -> RefusalRow {
        let Words { zh, en } = refused.words();
        RefusalRow { reason_zh: zh.into_owned(), reason_en: en.into_owned(), n, example }
    }
}

/// How a service stands against the register of declared services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Declaration {
    Declared,
    Undeclared,
    /// The declaration's end date has passed.
    Expired,
    /// Another service answers than the declared one.
    Mismatch,
}

impl Declaration {
    pub const ALL: [Declaration; 4] =
        [Declaration::Declared, Declaration::Undeclared, Declaration::Expired, Declaration::Mismatch];

    pub fn as_str(self) -> &'static str {
        match self {
            Declaration::Declared => "declared",
            Declaration::Undeclared => "undeclared",
            Declaration::Expired => "expired",
            Declaration::Mismatch => "mismatch",
        }
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunState {
    Finished,
    Interrupted,
    /// Not yet believed.
    Held,
    Running,
}

impl RunState {
    pub const ALL: [RunState; 4] =
        [RunState::Finished, RunState::Interrupted, RunState::Held, RunState::Running];

    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Finished => "finished",
            RunState::Interrupted => "interrupted",
            RunState::Held => "held",
            RunState::Running => "running",
        }
    }
}

/// `model::finding::FindingState` without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    Open,
    Missing,
    Closed,
}

impl Standing {
    pub const ALL: [Standing; 3] = [Standing::Open, Standing::Missing, Standing::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Open => "open",
            Standing::Missing => "missing",
            Standing::Closed => "closed",
        }
    }
}

fn access_text(access: Access) -> &'static str {
    match access {
        Access::NoAuthentication => "no-authentication",
        Access::AuthenticationRequired => "authentication-required",
    }
}

/// A line that isn't JSON is of a snapshot from before there were facts.
fn read_facts(text: &str) -> Option<Facts> {
    let line = || Facts::from([Fact::Says { quote: text.to_owned() }]);
    Some(serde_json::from_str(text).unwrap_or_else(|_| line()))
}

text_cells! {
    Facts: |value| serde_json::to_string(&value).expect("facts are plain text and numbers"), read_facts;
    Gone: |value| value.as_str().to_owned(), |text| Gone::ALL.into_iter().find(|gone| gone.as_str() == text);
    Method: |value| value.as_str().to_owned(), |text| Method::ALL.into_iter().find(|method| method.as_str() == text);
    RunState: |value| value.as_str().to_owned(), |text| RunState::ALL.into_iter().find(|value| value.as_str() == text);
    Severity: |value| value.as_str().to_owned(), Severity::parse;
    ChangeKind: |value| value.as_str().to_owned(), |text| ChangeKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    Declaration: |value| value.as_str().to_owned(), |text| Declaration::ALL.into_iter().find(|value| value.as_str() == text);
    Standing: |value| value.as_str().to_owned(), |text| Standing::ALL.into_iter().find(|value| value.as_str() == text);
    Access: |value| access_text(value).to_owned(), |text| {
        [Access::NoAuthentication, Access::AuthenticationRequired].into_iter().find(|&value| access_text(value) == text)
    };
}
