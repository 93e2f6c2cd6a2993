//! Carries a plan out: connects, waits, asks again, hands open ports on, records what came of it.
//!
//! Nothing is probed without a [`Target`](model::scope::Target), which only `Scope::admit` makes. Drawing,
//! clocks and what a service is are not known here.

mod connect;
mod dispense;
mod identifying;
mod record;
mod shared;
mod worker;

pub(crate) use dispense::Dispenser;
pub(crate) use identifying::{Opened, identify_all};
pub(crate) use record::{Record, RecordError, write};
pub(crate) use shared::{Beginning, Kept, Shared, Waiter};
pub(crate) use worker::work;
