//! The thread of a raw run: moves frames and packets between the engine and the wires, and hands on what came to
//! light. Nothing is decided here.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use model::port::{PortSet, Transport};
use model::scope::Scope;
use probes::packet::hear_ip;
use rawsock::{Batch, Counters, PacketProtocol, RawError, Wire};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::clock::Tick;
use super::dialect::Dialect;
use super::discovery::{self, Looking};
use super::engine::{Deferred, Engine, News, Open, Out, Pace};
use super::lane::{BATCH, Lane};
use super::neighbours::{Asking, Hop};
use super::nets::{NetKey, Nets};
use super::paths::{Next, PathError, Paths, Way};
use super::report::{HostFacts, RawReport};
use super::syn::{self, Syn};
use super::throttle::{Allowance, Throttle};
use super::udp::Udp;
use crate::drive::{Kept, Opened, Record, Shared};
use crate::plan::Plan;
use crate::questions::Questions;
use crate::run::{Manifest, Settled};

/// Entries sent to the writer at a time, and how long they are held back at most.
const N_RECORDS: usize = 4096;
const RECORDS_AGE: Duration = Duration::from_millis(100);
/// The run is looked at this often, whatever happens.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Shorter waits cost more than they gain: what becomes due in between goes at once.
const SHORTEST: Duration = Duration::from_micros(300);
/// A wait before frames are offered again that the kernel had no room for.
const FULL: Duration = Duration::from_micros(50);
/// An interface may be down this long before the run stops.
pub(super) const DOWN_PATIENCE: Duration = Duration::from_secs(30);
/// Loss is judged against the limit only once so many questions were measured.
const ENOUGH: u32 = 2_000;

/// Sockets that are open and routes that are known: all that takes privileges. Nothing was received yet.
pub struct RawStart {
    paths: Paths,
    first_port: u16,
}

impl RawStart {
    /// Opens the sockets for a run and asks the kernel for the routes to its addresses. Afterwards no privilege is
    /// needed any more.
    pub fn open(manifest: &Manifest, seed: u64) -> Result<RawStart, PathError> {
        let local = rawsock::local_port_range()?;
        let bound = rawsock::occupied_ports(1..=u16::MAX)?;
        let first_port =
            syn::free_ports(seed, &local, |port| bound.contains(&port)).ok_or(PathError::NoPorts)?;
        let our_ports = first_port..=first_port + (syn::N_PORTS - 1);
        let paths = Paths::find(&manifest.plan, our_ports, manifest.options.raw.rate)?;
        Ok(RawStart { paths, first_port })
    }
}

/// Why a raw run stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum RawFailure {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("a raw socket failed; what was done is kept")]
    Socket(#[source] RawError),
    #[error("{lost:.1} % of the answers get lost, more than the {most:.1} % allowed by --max-loss")]
    TooMuchLoss { lost: f64, most: f64 },
}

/// Carries a run out by packets of our own until it is done or cancelled.
pub(crate) fn sweep_by_packets(
    shared: &Arc<Shared>,
    manifest: &Manifest,
    gaps: Vec<std::ops::Range<u64>>,
    key: [u64; 2],
    start: RawStart,
    throttle: &Throttle,
    opened: &mpsc::Sender<Opened>,
) -> (RawReport, Result<(), RawFailure>, Option<RawStart>) {
    let RawStart { mut paths, first_port } = start;
    let raw = &manifest.options.raw;
    let plan = &manifest.plan;
    let leave = shared.scope.leave();
    let hops = match (Asking { plan, leave: &leave, throttle, cancel: &shared.cancel }).hops(&mut paths) {
        Ok(hops) => hops,
        Err(failure) => return (RawReport::default(), Err(failure.into()), None),
    };
    let Paths { ways, nets, exceptions, wires } = paths;
    let mut link = Link { lanes: Vec::new(), wires, began: Instant::now(), down_since: None };
    let absent = match discovery::plan_of(plan, &raw.discover) {
        None if raw.discover.is_empty() => HashSet::new(),
        None => silent_on_link(plan, &ways, &hops),
        Some(Err(_)) => HashSet::new(),
        Some(Ok(hosts)) => {
            let mut dialect = Looking::new([key[0] ^ 1, key[1]], first_port);
            link.lanes = lanes(&mut dialect, &ways, &hops);
            let n = hosts.n_probes();
            let pace = Pace { per_host: raw.per_host, confidence: raw.confidence };
            let nets = nets_of(&nets, &exceptions, raw.per_net);
            let engine = Engine::new(hosts, std::iter::once(0..n), shared.scope.leave(), dialect, pace, nets);
            match link.look_for_hosts(engine, throttle, shared) {
                Ok(absent) => absent,
                Err(failure) => return (RawReport::default(), Err(failure), None),
            }
        }
    };
    // Whoever wasn't asked to the end may be there.
    let absent = if shared.cancel.is_cancelled() { HashSet::new() } else { absent };
    // Those outside their scan windows weren't looked for.
    let is_absent = |(nth, (_, addr, _)): &(u64, (u64, IpAddr, &PortSet))| {
        absent.contains(nth) && leave.admit(*addr).is_some()
    };
    let n_absent = (0u64..).zip(plan.hosts()).filter(is_absent).count() as u64;
    let pace = Pace { per_host: raw.per_host, confidence: raw.confidence };
    let of_session = nets_of(&nets, &exceptions, raw.per_net);
    let begin =
        Begin { shared, gaps, pace, nets: of_session, absent, opened, throttle, max_loss: raw.max_loss };
    let (report, result, wires) = match manifest.method.transport() {
        Transport::Tcp => begin.ask(Syn::new(key, first_port), link, (&ways, &hops)),
        Transport::Udp => {
            begin.ask(Udp::new(key, first_port, Questions::of(&manifest.options)), link, (&ways, &hops))
        }
    };
    let start = RawStart { paths: Paths { ways, nets, exceptions, wires }, first_port };
    (RawReport { n_absent, ..report }, result, Some(start))
}

/// What a session begins with, whatever its dialect.
struct Begin<'a> {
    shared: &'a Arc<Shared>,
    gaps: Vec<std::ops::Range<u64>>,
    pace: Pace,
    nets: Nets<Deferred>,
    /// Hosts that discovery found nobody at.
    absent: HashSet<u64>,
    opened: &'a mpsc::Sender<Opened>,
    throttle: &'a Throttle,
    max_loss: Option<f64>,
}

impl Begin<'_> {
    fn ask(
        self,
        mut dialect: impl Dialect,
        mut link: Link,
        (ways, hops): (&[Way], &[Hop]),
    ) -> (RawReport, Result<(), RawFailure>, Vec<Box<dyn Wire>>) {
        let Begin { shared, gaps, pace, nets, absent, opened, throttle, max_loss } = self;
        link.lanes = lanes(&mut dialect, ways, hops);
        let mut engine = Engine::new(shared.plan.clone(), gaps, shared.scope.leave(), dialect, pace, nets);
        engine.leave_out(absent);
        let mut driver = Driver {
            earlier: link.wires.iter().map(|wire| wire.counters()).collect(),
            shared,
            engine,
            link,
            opened,
            waiting: VecDeque::new(),
            records: Vec::new(),
            flushed_at: Instant::now(),
            max_loss,
        };
        let result = driver.run(throttle);
        (driver.report(), result, driver.link.wires)
    }
}

fn nets_of(ways: &[(NetKey, u16)], exceptions: &[(IpAddr, u16)], cap: u32) -> Nets<Deferred> {
    let mut nets = Nets::new(cap);
    for (key, way) in ways {
        nets.add(*key, *way);
    }
    for (addr, way) in exceptions {
        nets.add_exception(*addr, *way);
    }
    nets
}

fn lanes(dialect: &mut impl Dialect, ways: &[Way], hops: &[Hop]) -> Vec<Lane> {
    let slot_len = dialect.slot_len();
    let lane = |(way, hop): (&Way, &Hop)| {
        let template = dialect.template(hop.link, way.source);
        Lane { neighbours: hop.neighbours.clone(), ..Lane::new(way.wire, hop.link, template, slot_len) }
    };
    ways.iter().zip(hops).map(lane).collect()
}

/// Hosts on our own links that nobody answers for.
fn silent_on_link(plan: &Plan, ways: &[Way], hops: &[Hop]) -> HashSet<u64> {
    let is_silent = |addr: IpAddr| {
        ways.iter().zip(hops).any(|(way, hop)| {
            let is_known = hop.neighbours.as_ref().is_none_or(|known| known.contains_key(&addr));
            matches!(&way.next, Next::Targets { nets, .. } if nets.contains(addr)) && !is_known
        })
    };
    let hosts = (0u64..).zip(plan.hosts());
    hosts.filter(|(_, (_, addr, _))| is_silent(*addr)).map(|(host, _)| host).collect()
}

/// The wires, what waits to be sent on them, and the session's clock.
struct Link {
    lanes: Vec<Lane>,
    wires: Vec<Box<dyn Wire>>,
    began: Instant,
    down_since: Option<Instant>,
}

impl Link {
    fn now(&self) -> Tick {
        Tick(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Moves what there is to be moved, once: packets to the engine, its questions out; then waits until there is
    /// something to do. The moment at which the engine was asked is returned.
    fn turn<D: Dialect>(
        &mut self,
        engine: &mut Engine<D>,
        news: &mut News,
        allowance: &mut Allowance,
        throttle: &Throttle,
    ) -> Result<Tick, RawFailure> {
        // Before receiving: whatever had come by then is known when deadlines are looked at.
        let now = self.now();
        self.receive(engine, news)?;
        let budget = allowance.now(now, throttle).min(BATCH as u32);
        let (n_written, wake) = engine.poll(budget, &mut Out { now, lanes: &mut self.lanes, news });
        allowance.spend(n_written);
        let is_stuck = self.send()?;
        if (n_written == 0 || is_stuck) && !engine.is_done(now) {
            let wait = match (is_stuck, budget) {
                (true, _) => FULL,
                (false, 0) => allowance.wait(throttle).max(SHORTEST),
                (false, _) => wake.map_or(LOOK_EVERY, |wake| wake.since(now)).max(SHORTEST),
            };
            self.wait(wait.min(LOOK_EVERY))?;
        }
        Ok(now)
    }

    /// Asks every host whether it is there; those that aren't.
    fn look_for_hosts<D: Dialect>(
        &mut self,
        mut engine: Engine<D>,
        throttle: &Throttle,
        shared: &Shared,
    ) -> Result<HashSet<u64>, RawFailure> {
        let (mut allowance, mut news) = (Allowance::default(), News::default());
        while !shared.cancel.is_cancelled() {
            let now = self.turn(&mut engine, &mut news, &mut allowance, throttle)?;
            news = News::default();
            if engine.is_done(now) {
                break;
            }
        }
        let hosts = (0..).take(usize::try_from(engine.plan().n_hosts()).unwrap_or(usize::MAX));
        Ok(hosts.filter(|&host| !engine.hosts().of(host).has_answered()).collect())
    }

    fn receive<D: Dialect>(&mut self, engine: &mut Engine<D>, news: &mut News) -> Result<(), RawFailure> {
        let now = self.now();
        let mut is_down = None;
        for wire in &mut self.wires {
            let received = wire.receive(&mut |packet| {
                if packet.protocol != PacketProtocol::Arp
                    && let Some(heard) = hear_ip(packet.bytes)
                {
                    let arrived = now.0.saturating_sub(packet.age.as_micros() as u64);
                    engine.hear(&heard, Tick(arrived), news);
                }
            });
            match received {
                Ok(_) => {}
                Err(error @ RawError::InterfaceDown { .. }) => is_down = Some(error),
                Err(error) => return Err(RawFailure::Socket(error)),
            }
        }
        is_down.map_or(Ok(()), |error| self.is_down(error))
    }

    /// An interface that is down for a moment is waited for; what would have been sent isn't lost.
    fn is_down(&mut self, error: RawError) -> Result<(), RawFailure> {
        let since = *self.down_since.get_or_insert_with(Instant::now);
        if since.elapsed() > DOWN_PATIENCE {
            return Err(RawFailure::Socket(error));
        }
        Ok(())
    }

    /// Sends what was written; whether the kernel had no room for all of it.
    fn send(&mut self) -> Result<bool, RawFailure> {
        let mut is_stuck = false;
        for at in 0..self.lanes.len() {
            let Some(lane) = self.lanes.get_mut(at).filter(|lane| !lane.batch.is_empty()) else { continue };
            let Some(wire) = self.wires.get_mut(lane.wire) else { continue };
            match send_all(wire.as_mut(), &mut lane.batch) {
                Ok(all) => {
                    is_stuck |= !all;
                    self.down_since = None;
                }
                Err(error @ RawError::InterfaceDown { .. }) => {
                    is_stuck = true;
                    self.is_down(error)?;
                }
                // Taken off the batch; its answer won't come, and it counts as silent.
                Err(RawError::FrameRefused { .. } | RawError::BadFrame { .. }) => {}
                Err(error) => return Err(RawFailure::Socket(error)),
            }
        }
        Ok(is_stuck)
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), RawFailure> {
        if self.down_since.is_some() {
            std::thread::sleep(LOOK_EVERY);
            return Ok(());
        }
        // Several wires are looked at in turn; one is simply waited for.
        let each = if self.wires.len() > 1 { at_most.min(Duration::from_millis(1)) } else { at_most };
        match self.wires.first_mut().map(|wire| wire.wait(each)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error @ RawError::InterfaceDown { .. })) => self.is_down(error),
            Some(Err(error)) => Err(RawFailure::Socket(error)),
        }
    }
}

struct Driver<'a, D> {
    shared: &'a Arc<Shared>,
    engine: Engine<D>,
    link: Link,
    /// What the wires had moved before: for sessions before this one, and for its discovery.
    earlier: Vec<Counters>,
    opened: &'a mpsc::Sender<Opened>,
    /// Open ports that identification has no room for yet.
    waiting: VecDeque<Opened>,
    records: Vec<(u64, Settled)>,
    flushed_at: Instant,
    max_loss: Option<f64>,
}

impl<D: Dialect> Driver<'_, D> {
    fn run(&mut self, throttle: &Throttle) -> Result<(), RawFailure> {
        let (mut allowance, mut news) = (Allowance::default(), News::default());
        let result = loop {
            if self.shared.cancel.is_cancelled() {
                break Ok(());
            }
            let now = match self.link.turn(&mut self.engine, &mut news, &mut allowance, throttle) {
                Ok(now) => now,
                Err(failure) => break Err(failure),
            };
            if !self.tell(&mut news) {
                break Ok(());
            }
            if self.engine.is_done(now) && self.waiting.is_empty() {
                break Ok(());
            }
            if let Some(failure) = self.too_much_loss() {
                break Err(failure);
            }
        };
        self.flush();
        result
    }

    /// Hands on what came to light; `false` if nobody listens any more.
    fn tell(&mut self, news: &mut News) -> bool {
        for addr in news.refused.drain(..) {
            if let Err(Kept::Back(Some(record))) = self.shared.admit(addr)
                && self.shared.records.blocking_send(record).is_err()
            {
                return false;
            }
        }
        for (index, settled) in news.settled.drain(..) {
            // Kept back by the hour alone: it has no end in this session.
            if settled == Settled::NotAdmitted && self.is_put_off(index) {
                self.shared.put_off();
            } else {
                self.records.push((index, settled));
            }
        }
        for open in news.opened.drain(..) {
            self.shared.n_identifying.fetch_add(1, Ordering::Relaxed);
            self.waiting.extend(opened_of(&self.shared.scope, open));
        }
        for index in news.late.drain(..) {
            self.shared.count_late();
            let entry = vec![(index, Settled::Reply(model::observation::Reply::Open))];
            if self.shared.records.blocking_send(Record::Settled(entry)).is_err() {
                return false;
            }
        }
        while let Some(open) = self.waiting.pop_front() {
            match self.opened.try_send(open) {
                Ok(()) => {}
                Err(TrySendError::Full(open)) => {
                    self.waiting.push_front(open);
                    break;
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        let is_time = self.records.len() >= N_RECORDS || self.flushed_at.elapsed() >= RECORDS_AGE;
        !is_time || self.flush()
    }

    fn is_put_off(&self, index: u64) -> bool {
        let probe = self.shared.probe(index);
        probe.is_some_and(|probe| matches!(self.shared.admit(probe.addr), Err(Kept::Later)))
    }

    fn flush(&mut self) -> bool {
        self.flushed_at = Instant::now();
        let settled = std::mem::take(&mut self.records);
        if settled.is_empty() {
            return true;
        }
        self.shared.count(&settled);
        self.shared.fewer(settled.len() as u64);
        self.shared.records.blocking_send(Record::Settled(settled)).is_ok()
    }

    fn too_much_loss(&self) -> Option<RawFailure> {
        let sample = self.engine.counts().sample;
        let (most, lost) = (self.max_loss?, sample.rate()?);
        (sample.n_asked >= ENOUGH && lost > most)
            .then_some(RawFailure::TooMuchLoss { lost: lost * 100.0, most: most * 100.0 })
    }

    fn report(&self) -> RawReport {
        let mut report = RawReport::of(self.engine.counts(), self.engine.loss_at_most());
        for (wire, earlier) in self.link.wires.iter().zip(&self.earlier) {
            report.add_wire(&wire.counters().since(earlier));
        }
        report.hosts = self
            .engine
            .plan()
            .hosts()
            .enumerate()
            .filter_map(|(nth, (_, addr, _))| {
                let number = nth as u64;
                let host = self.engine.hosts().of(number);
                HostFacts::of(addr, host, self.engine.belief_of(number, addr))
            })
            .collect();
        report
    }
}

/// Offers a batch until the kernel has taken all of it, or has no room; whether it took all.
fn send_all(wire: &mut dyn Wire, batch: &mut Batch) -> Result<bool, RawError> {
    while !batch.is_empty() {
        if wire.send(batch)? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn opened_of(scope: &Scope, open: Open) -> Option<Opened> {
    let target = scope.admit(open.probe.addr).ok()?;
    let Open { probe, rtt, payload, shape } = open;
    Some(Opened { target, probe, socket: None, said: payload, after: rtt, shape, holds_connection: false })
}
