//! Real services on loopback addresses with known faults: for the demo, for training assessors, and for tests.
//!
//! The table [`SERVICES`] says what there is and what is wrong with it; a [`LabPlan`] makes addresses of it without
//! starting anything; a [`Lab`] runs a plan in this process, and [`spawn_holder`], [`hold`] and [`down`] run one in
//! the background. Everything binds through [`LoopbackAddr`], so nothing here can listen on a real interface. The lab
//! knows nothing of the rest of the product and prints nothing.

mod address;
mod certificates;
mod error;
mod hold;
mod keeper;
mod lab;
mod own;
mod plan;
mod process;
mod programs;
mod services;
mod state;
mod units;

pub use address::{LoopbackAddr, NotLoopback};
pub use error::LabError;
pub use hold::{hold, spawn_holder};
pub use lab::{Lab, LabOptions};
pub use plan::{LabPlan, LabService, Network, NetworkOutOfRange, Ports, ZONE};
pub use process::ProcessMark;
pub use programs::{Identity, Program};
pub use services::{
    Declaration, Fault, OwnKind, Place, Round, Rounds, SERVICES, ServiceKind, ServiceRow, Transport,
};
pub use state::{Condition, DownReport, LabState, Origin, Phase, ServiceRecord, down};
pub use units::{LabUnit, UNITS};

/// The Debian packages whose servers the table names, each once, for whoever installs them.
pub fn wanted_packages() -> Vec<&'static str> {
    let mut packages: Vec<_> = SERVICES
        .iter()
        .filter_map(|row| match row.kind {
            ServiceKind::Debian(program) => Some(program.package()),
            ServiceKind::Ours(_) | ServiceKind::Absent => None,
        })
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}
