//! Assesses many servers at once, each only if the scope of the moment admits it, and one connection at a time to each
//! address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use model::interval::civil_date;
use model::register::Register;
use model::scope::{Refusal, Scope};
use probes::tls::assess::Subject;
use probes::tls::assess::facts::ServerFacts;
use probes::tls::assess::seam::Limits;
use scanner::identify::ConnectionGate;
use scanner::tls::TlsTarget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::wish::Server;
use crate::clock;
use crate::exit::{Exit, Failure, OrExit};

/// What came of one server.
#[derive(Debug)]
pub enum Answer {
    Assessed(Box<ServerFacts>),
    Refused(Refusal),
}

/// Assesses servers, at most `n_at_a_time` at once; answers in the order of the servers. `done` is called after each,
/// with how many there are so far.
pub async fn assess(
    register: &Register,
    servers: &[Server],
    n_at_a_time: usize,
    limits: &Limits,
    mut done: impl FnMut(usize),
) -> Result<Vec<Answer>, Failure> {
    let gate = Arc::new(OneByOne::default());
    let mut moment = Moment::new(register, clock::now());
    let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
    let mut waiting = servers.iter().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < n_at_a_time.max(1)
            && let Some((at, server)) = waiting.next()
        {
            // Again for each one as its turn comes: windows shut and days end while others are asked.
            match moment.at(clock::now()).admit(server.addr) {
                Err(refusal) => {
                    answers.insert(at, Answer::Refused(refusal));
                    done(answers.len());
                }
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
        let Some(assessed) = running.join_next().await else { break };
        let (at, facts) = assessed.or_exit(Exit::Internal)?;
        answers.insert(at, Answer::Assessed(Box::new(facts)));
        done(answers.len());
    }
    Ok(answers.into_values().collect())
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
