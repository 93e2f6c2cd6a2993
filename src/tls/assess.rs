//! Assesses many servers at once, each only if the scope of the moment admits it, and one connection at a time to each
//! address.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use model::interval::civil_date;
use model::register::Register;
use model::scope::{Refusal, Scope};
use probes::tls::assess::Subject;
use probes::tls::assess::facts::ServerFacts;
use probes::tls::assess::seam::Limits;
use scanner::Cancel;
use scanner::identify::ConnectionGate;
use scanner::tls::TlsTarget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::wish::Server;
use crate::clock;
use crate::exit::{Exit, Failure, OrExit};
use crate::pipeline::windows;

/// What came of one server.
#[derive(Debug)]
pub enum Answer {
    Assessed(Box<ServerFacts>),
    Refused(Refusal),
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Each server was asked or refused.
    All,
    /// It was stopped first.
    Stopped,
}

/// Assesses servers, at most `n_at_a_time` at once, and hands out what came of each as it is ready, with its place in
/// the list. What is only outside its scan window is waited for.
pub async fn assess(
    register: &Register,
    servers: &[Server],
    n_at_a_time: usize,
    limits: &Limits,
    stop: &Cancel,
    mut each: impl FnMut(usize, Answer) -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let gate = Arc::new(OneByOne::default());
    let mut moment = Moment::new(register, clock::now());
    let mut waiting: VecDeque<(usize, &Server)> = servers.iter().enumerate().collect();
    let mut shut: Vec<((usize, &Server), DateTime<Utc>)> = Vec::new();
    let mut running = JoinSet::new();
    loop {
        while running.len() < n_at_a_time.max(1)
            && !stop.is_cancelled()
            && let Some((at, server)) = waiting.pop_front()
        {
            // Again for each one as its turn comes: windows shut and days end while others are asked.
            match moment.at(clock::now()).admit(server.addr) {
                Err(refusal) => match refusal.opens_at() {
                    Some(opens_at) => shut.push(((at, server), opens_at)),
                    None => each(at, Answer::Refused(refusal))?,
                },
                Ok(target) => {
                    // The same hellos each time: two runs on one server agree.
                    let subject =
                        Subject { server_name: server.name.clone(), start_tls: server.start_tls, seed: 0 };
                    let target = TlsTarget { target, port: server.port, subject };
                    let (gate, limits) = (Arc::clone(&gate), limits.clone());
                    running.spawn(async move {
                        (at, scanner::tls::assess(&target, &limits, gate.as_ref()).await)
                    });
                }
            }
        }
        if stop.is_cancelled() {
            return Ok(Ended::Stopped);
        }
        if !running.is_empty() {
            tokio::select! {
                () = stop.cancelled() => {}
                Some(assessed) = running.join_next() => {
                    let (at, facts) = assessed.or_exit(Exit::Internal)?;
                    each(at, Answer::Assessed(Box::new(facts)))?;
                }
            }
            continue;
        }
        let Some(opens_at) = shut.iter().map(|(_, opens_at)| *opens_at).min() else { return Ok(Ended::All) };
        if !windows::wait(opens_at, stop).await {
            return Ok(Ended::Stopped);
        }
        waiting.extend(shut.drain(..).map(|(server, _)| server));
    }
}

/// The scope as it is now, made again when it ceases to hold.
struct Moment<'a> {
    register: &'a Register,
    scope: Scope,
    made_at: DateTime<Utc>,
}

impl<'a> Moment<'a> {
    fn new(register: &'a Register, now: DateTime<Utc>) -> Moment<'a> {
        Moment { register, scope: Scope::of(register, civil_date(now)).at(now), made_at: now }
    }

    fn at(&mut self, now: DateTime<Utc>) -> &Scope {
        let is_over = civil_date(now) != self.scope.day()
            || self.scope.holds_until().is_some_and(|until| until <= now)
            || now - self.made_at > chrono::Duration::minutes(1);
        if is_over {
            *self = Moment::new(self.register, now);
        }
        &self.scope
    }
}

/// One connection at a time to an address, whatever ports and names of it are assessed.
#[derive(Debug, Default)]
struct OneByOne {
    addresses: Mutex<BTreeMap<IpAddr, Arc<Semaphore>>>,
}

impl ConnectionGate for OneByOne {
    type Permit = Option<OwnedSemaphorePermit>;

    async fn acquire(&self, host: IpAddr) -> Self::Permit {
        let of_host = {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(addresses.entry(host).or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        // Never closed, so always granted.
        of_host.acquire_owned().await.ok()
    }
}
