//! What the workers of a run and its identification share.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::host_name::HostName;
use model::interval::civil_date;
use model::observation::Endpoint;
use model::scope::{Scope, Target};
use tokio::sync::{Notify, mpsc, oneshot};

use super::{Dispenser, Record};
use crate::cancel::Cancel;
use crate::options::Options;
use crate::pace::HostTable;
use crate::plan::{Permutation, Plan, Probe};
use crate::run::{Reason, RefusalRecord, Settled, Totals};
use crate::seam::Permit;
use crate::sweep::Clock;

/// Refused addresses that are remembered, so that each is recorded once; beyond that some are repeated.
const MOST_REFUSED: usize = 1 << 18;

/// A probe on its way, small enough to wait by the hundred thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    pub(crate) index: u64,
    /// Questions asked without an answer.
    pub(crate) attempt: u8,
    /// Times that our own system could not ask.
    pub(crate) n_short: u8,
}

/// What waits for a host to have a connection free.
#[derive(Debug)]
pub(crate) enum Waiter {
    Probe(Ticket),
    Identification(oneshot::Sender<Permit>),
}

pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) order: Permutation,
    pub(crate) scope: Arc<Scope>,
    pub(crate) options: Options,
    pub(crate) names: BTreeMap<IpAddr, Vec<HostName>>,
    /// Endpoints that an earlier session observed.
    pub(crate) observed: BTreeSet<Endpoint>,
    pub(crate) hosts: HostTable<Waiter>,
    pub(crate) dispenser: Dispenser,
    pub(crate) cancel: Cancel,
    /// Set where the run was cancelled since the day of the scope is over.
    pub(crate) day_ended: AtomicBool,
    /// Set where it was cancelled since a scan window shut.
    pub(crate) window_ended: AtomicBool,
    /// Probes left without an end since their addresses are outside their scan windows.
    pub(crate) n_put_off: AtomicU64,
    pub(crate) clock: Clock,
    pub(crate) records: mpsc::Sender<Record>,
    /// Probes without an end.
    pub(crate) n_left: AtomicU64,
    pub(crate) n_in_flight: Arc<AtomicU64>,
    pub(crate) n_identifying: AtomicU64,
    /// Told when something changed that an idle worker may be waiting for.
    pub(crate) changed: Notify,
    granted: Mutex<Vec<Ticket>>,
    n_granted: AtomicU64,
    totals: Mutex<Totals>,
    refused: Mutex<HashSet<IpAddr>>,
}

/// Why an address isn't probed in this session.
pub(crate) enum Kept {
    /// It may not be. Its record, if it has none yet.
    Back(Option<Record>),
    /// It is outside its scan window.
    Later,
}

/// What a [`Shared`] begins with.
pub(crate) struct Beginning {
    pub(crate) plan: Plan,
    pub(crate) scope: Arc<Scope>,
    pub(crate) options: Options,
    pub(crate) names: BTreeMap<IpAddr, Vec<HostName>>,
    /// Endpoints that an earlier session observed.
    pub(crate) observed: BTreeSet<Endpoint>,
    /// Probes without an end.
    pub(crate) n_left: u64,
    pub(crate) dispenser: Dispenser,
    pub(crate) cancel: Cancel,
    pub(crate) clock: Clock,
    pub(crate) records: mpsc::Sender<Record>,
    pub(crate) totals: Totals,
}

impl Shared {
    pub(crate) fn new(beginning: Beginning) -> Shared {
        let Beginning {
            plan,
            scope,
            options,
            names,
            observed,
            n_left,
            dispenser,
            cancel,
            clock,
            records,
            totals,
        } = beginning;
        Shared {
            order: plan.order(),
            hosts: HostTable::new(plan.n_hosts(), options.per_host),
            n_left: AtomicU64::new(n_left),
            n_in_flight: Arc::default(),
            n_identifying: AtomicU64::new(0),
            day_ended: AtomicBool::new(false),
            window_ended: AtomicBool::new(false),
            n_put_off: AtomicU64::new(0),
            changed: Notify::new(),
            granted: Mutex::default(),
            n_granted: AtomicU64::new(0),
            totals: Mutex::new(totals),
            refused: Mutex::default(),
            plan,
            scope,
            options,
            names,
            observed,
            dispenser,
            cancel,
            clock,
            records,
        }
    }

    pub(crate) fn probe(&self, index: u64) -> Option<Probe> {
        self.order.at(index).and_then(|position| self.plan.probe(position))
    }

    /// Admits an address right before it is probed.
    pub(crate) fn admit(&self, addr: IpAddr) -> Result<Target, Kept> {
        self.scope.admit(addr).map_err(|refusal| match refusal.opens_at() {
            Some(_) => Kept::Later,
            None => Kept::Back(self.refusal(addr, Reason::from(&refusal))),
        })
    }

    /// Leaves a probe without an end: its address is outside its scan window.
    pub(crate) fn put_off(&self) {
        self.n_put_off.fetch_add(1, Ordering::Relaxed);
        self.fewer(1);
    }

    /// Cancels the session once its scope is over, with the day or as a scan window shuts: what may be probed from then
    /// on, another scope says.
    pub(crate) fn end_with_the_scope(&self) {
        if self.cancel.is_cancelled() {
            return;
        }
        let now = (self.clock)();
        let over = if civil_date(now) != self.scope.day() {
            &self.day_ended
        } else if self.scope.holds_until().is_some_and(|until| until <= now) {
            &self.window_ended
        } else {
            return;
        };
        over.store(true, Ordering::Release);
        self.cancel.cancel();
    }

    /// The record of an address that isn't probed, if it has none yet.
    pub(crate) fn refusal(&self, addr: IpAddr, reason: Reason) -> Option<Record> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = refused.len() >= MOST_REFUSED || refused.insert(addr);
        is_new.then(|| {
            let names = self.names.get(&addr).cloned().unwrap_or_default();
            let at = (self.clock)();
            Record::Refusal(Box::new(RefusalRecord { at, addr: Some(addr), names, reason }))
        })
    }

    /// Gives a connection back that no worker holds; a probe that waited for it goes to whichever worker
    /// is free first.
    pub(crate) fn release(self: &Arc<Self>, host: u64) {
        if let Some(ticket) = self.pass_on(host, None) {
            self.granted.lock().unwrap_or_else(PoisonError::into_inner).push(ticket);
            self.n_granted.fetch_add(1, Ordering::Release);
        }
        self.changed.notify_waiters();
    }

    /// Gives a connection back, or passes it on to an identification that waits for it. A probe that was
    /// waiting is returned and has it.
    pub(crate) fn pass_on(self: &Arc<Self>, host: u64, answered_after: Option<Duration>) -> Option<Ticket> {
        match self.hosts.release(host, answered_after)? {
            Waiter::Probe(ticket) => Some(ticket),
            Waiter::Identification(granted) => {
                // If nobody waits there any more, the permit goes out of scope and the next in line gets it.
                drop(granted.send(Permit::of(self.clone(), host)));
                None
            }
        }
    }

    /// A probe that was granted a connection by [`Shared::release`].
    pub(crate) fn take_granted(&self) -> Option<Ticket> {
        if self.n_granted.load(Ordering::Acquire) == 0 {
            return None;
        }
        let ticket = self.granted.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if ticket.is_some() {
            self.n_granted.fetch_sub(1, Ordering::Release);
        }
        ticket
    }

    pub(crate) fn count(&self, settled: &[(u64, Settled)]) {
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        settled.iter().for_each(|&(_, settled)| totals.count(settled));
    }

    pub(crate) fn count_observation(&self) {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).n_observations += 1;
    }

    pub(crate) fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A probe that had been settled as silent turned out open.
    pub(crate) fn count_late(&self) {
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.n_silent = totals.n_silent.saturating_sub(1);
        totals.n_open += 1;
    }

    /// One probe has its end.
    pub(crate) fn one_less(&self) {
        self.fewer(1);
    }

    /// Some probes have their end.
    pub(crate) fn fewer(&self, n: u64) {
        if self.n_left.fetch_sub(n, Ordering::AcqRel) == n {
            self.changed.notify_waiters();
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.n_left.load(Ordering::Acquire) == 0
    }
}
