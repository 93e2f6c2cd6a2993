//! What a run was asked for and did not probe, with the reason.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::host_name::HostName;
use serde::{Deserialize, Serialize};

/// An address or a name that was kept back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord {
    pub at: DateTime<Utc>,
    /// Absent for a name that led to no address.
    pub addr: Option<IpAddr>,
    /// The names that led to the address, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<HostName>,
    pub reason: String,
}
