//! The engine against a simulated network: loss, delay, duplicates, forgeries, hosts that answer everything; time
//! is virtual.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chrono::NaiveDate;
use model::observation::Reply;
use model::register::Register;
use model::scope::Scope;
use model::shape::Shape;
use model::unreachable::IcmpError;
use pnet::packet::Packet;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::tcp::{TcpFlags, TcpPacket};
use probes::packet::{Heard, LinkHeader, Quoted, Segment};
use proptest::prelude::*;

use super::clock::Tick;
use super::dialect::Dialect;
use super::engine::{Counts, Engine, News, Out, Pace};
use super::lane::{Lane, SLOT_LEN};
use super::nets::{NetKey, Nets};
use super::syn::Syn;
use crate::plan::{Block, Plan};
use crate::run::Settled;

/// What stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Dark,
    /// Open on some ports, refusing on the others.
    Refusing,
    /// Open on some ports, silent on the others.
    Dropping,
    /// Accepts everything.
    AllOpen,
    /// A router in front of it says it's prohibited.
    Prohibited,
}

#[derive(Debug, Clone)]
struct World {
    hosts: BTreeMap<Ipv4Addr, Host>,
    open: BTreeSet<(Ipv4Addr, u16)>,
    /// Of 1,000 packets each way.
    loss: u32,
    delay: Duration,
    /// Of 1,000 answers.
    duplicates: u32,
    seed: u64,
    pace: Pace,
}

struct Swept {
    settled: BTreeMap<(Ipv4Addr, u16), Settled>,
    opened: Vec<(Ipv4Addr, u16)>,
    counts: Counts,
    loss_at_most: f64,
    suspects: BTreeSet<Ipv4Addr>,
    took: Duration,
    /// Questions to each endpoint, traps apart.
    n_asked: BTreeMap<(Ipv4Addr, u16), u32>,
    /// Moments of sending to each host.
    sent_at: BTreeMap<Ipv4Addr, Vec<Tick>>,
}

const OURS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const FIRST_PORT: u16 = 61_000;

impl World {
    fn new() -> World {
        World {
            hosts: BTreeMap::new(),
            open: BTreeSet::new(),
            loss: 0,
            delay: Duration::from_micros(200),
            duplicates: 0,
            seed: 7,
            pace: Pace { per_host: 1_000_000, confidence: 0.9999 },
        }
    }

    /// `n` hosts of a kind in their own /24s from 198.51.`net`.0 on, one in `every` ports open.
    fn hosts(mut self, net: u8, n: u16, kind: Host, ports: &[u16], every: usize) -> World {
        for i in 0..n {
            let addr = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 51, net, 0)) + u32::from(i));
            self.hosts.insert(addr, kind);
            if matches!(kind, Host::Refusing | Host::Dropping) {
                let open = ports.iter().skip(usize::from(i) % every).step_by(every);
                self.open.extend(open.map(|&port| (addr, port)));
            }
        }
        self
    }

    fn plan(&self, ports: &[u16]) -> Plan {
        let addresses = self.hosts.keys().map(|&addr| model::addr::AddrRange::single(addr.into()));
        let ports = model::port::PortSet::new(ports.iter().copied()).expect("ports");
        Plan::new(self.seed, [Block { addresses: addresses.collect(), ports }]).expect("a plan")
    }

    fn sweep(&self, ports: &[u16]) -> Swept {
        let plan = self.plan(ports);
        let mut syn = Syn::new([self.seed, 99], FIRST_PORT);
        let template = syn.template(LinkHeader::None, OURS.into());
        let mut lanes = [Lane::new(0, LinkHeader::None, template, SLOT_LEN)];
        let mut nets = Nets::new(1_000_000);
        for &addr in self.hosts.keys() {
            nets.add(NetKey::of(addr.into()), 0);
        }
        let n = plan.n_probes();
        let mut engine =
            Engine::new(plan.clone(), std::iter::once(0..n), leave(&plan), syn, self.pace.clone(), nets);
        let order = plan.order();
        let mut dice = Dice(self.seed);
        let mut arriving: BinaryHeap<Reverse<(Tick, u64, Arriving)>> = BinaryHeap::new();
        let (mut now, mut n_arriving, mut news) = (Tick(1_000), 0, News::default());
        let mut n_asked = BTreeMap::new();
        let mut sent_at: BTreeMap<Ipv4Addr, Vec<Tick>> = BTreeMap::new();
        while !engine.is_done(now) {
            let (n_sent, wake) = engine.poll(64, &mut Out { now, lanes: &mut lanes, news: &mut news });
            for frame in lanes[0].batch.frames() {
                let question = Question::read(frame);
                sent_at.entry(question.target).or_default().push(now);
                if question.source_port < FIRST_PORT + 15 {
                    *n_asked.entry((question.target, question.port)).or_insert(0) += 1;
                }
                if dice.of_1000(self.loss) {
                    continue;
                }
                let Some(answer) = self.answer(question) else { continue };
                let copies = 1 + u64::from(dice.of_1000(self.duplicates));
                for copy in 0..copies {
                    if !dice.of_1000(self.loss) {
                        n_arriving += 1;
                        let at =
                            now.after(self.delay * 2 + Duration::from_micros(dice.below(50) + copy * 300));
                        arriving.push(Reverse((at, n_arriving, answer)));
                    }
                }
            }
            lanes[0].batch.clear();
            while arriving.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
                let Some(Reverse((_, _, answer))) = arriving.pop() else { break };
                engine.hear(&answer.heard(), now, &mut news);
            }
            let arrives = arriving.peek().map(|Reverse((at, ..))| *at);
            now = match (n_sent, wake.into_iter().chain(arrives).min()) {
                (0, Some(next)) => next.max(Tick(now.0 + 1)),
                (0, None) if !engine.is_done(now) => {
                    panic!("nothing to send or to wait for, and not done at {now:?}")
                }
                _ => Tick(now.0 + 64),
            };
            assert!(now < Tick(3_600_000_000), "an hour is enough");
        }
        let endpoint = |index| {
            let probe = order.at(index).and_then(|at| plan.probe(at)).expect("an index of the plan");
            (v4(probe.addr), probe.port)
        };
        let suspects = self.hosts.keys().filter(|&&addr| {
            plan.host_of(addr.into()).is_some_and(|host| engine.hosts().of(host).is_suspect())
        });
        Swept {
            suspects: suspects.copied().collect(),
            settled: news
                .settled
                .iter()
                .copied()
                .chain(news.late.iter().map(|&index| (index, Settled::Reply(Reply::Open))))
                .map(|(index, settled)| (endpoint(index), settled))
                .collect(),
            opened: news.opened.iter().map(|open| (v4(open.probe.addr), open.probe.port)).collect(),
            counts: *engine.counts(),
            loss_at_most: engine.loss_at_most(),
            took: now.since(Tick(1_000)),
            n_asked,
            sent_at,
        }
    }

    fn answer(&self, question: Question) -> Option<Arriving> {
        let kind = *self.hosts.get(&question.target).unwrap_or(&Host::Dark);
        let is_open = kind == Host::AllOpen || self.open.contains(&(question.target, question.port));
        match kind {
            Host::Dark => None,
            Host::Prohibited => Some(Arriving { question, flags: 0 }),
            _ if is_open => Some(Arriving { question, flags: 0x12 }),
            Host::Dropping => None,
            Host::Refusing | Host::AllOpen => Some(Arriving { question, flags: 0x14 }),
        }
    }
}

/// A scope that holds the whole plan.
pub(super) fn leave(plan: &Plan) -> model::scope::Leave {
    let day: NaiveDate = "2026-03-01".parse().expect("a date");
    Scope::of(&register_of(plan), day).leave()
}

fn register_of(plan: &Plan) -> Register {
    use model::id::{AssetId, CountingMint, UnitId};
    use model::interval::Interval;
    use model::register::{Answerable, Asset, AssetTarget, Authorisation};
    let mut mint = CountingMint::default();
    let ranges = plan.blocks().iter().flat_map(|block| block.addresses.ranges().to_vec());
    let assets = ranges.map(|range| Asset {
        id: AssetId::mint(&mut mint),
        unit: UnitId::mint(&mut mint),
        system: None,
        target: AssetTarget::Addresses(range),
        owned: Interval::ALWAYS,
        authorisation: Some(Authorisation {
            approver: "示例".into(),
            valid_from: None,
            valid_until: "2026-12-31".parse().expect("a date"),
        }),
        scan_window: None,
        answerable: Answerable::default(),
        note: None,
    });
    Register { assets: assets.collect(), ..Register::default() }
}

fn v4(addr: IpAddr) -> Ipv4Addr {
    match addr {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => panic!("{v6} in a world of IPv4"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    target: Ipv4Addr,
    port: u16,
    source_port: u16,
    sequence: u32,
}

impl Question {
    fn read(frame: &[u8]) -> Question {
        let ip = Ipv4Packet::new(frame).expect("an IP header");
        let segment = TcpPacket::new(ip.payload()).expect("a TCP header");
        assert_eq!((ip.get_source(), segment.get_flags()), (OURS, TcpFlags::SYN));
        Question {
            target: ip.get_destination(),
            port: segment.get_destination(),
            source_port: segment.get_source(),
            sequence: segment.get_sequence(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Arriving {
    question: Question,
    /// Of TCP; 0 for an ICMP error.
    flags: u8,
}

impl Arriving {
    fn heard(&self) -> Heard<'static> {
        let Question { target, port, source_port, sequence } = self.question;
        if self.flags == 0 {
            let quoted = Quoted {
                from: OURS.into(),
                to: target.into(),
                protocol: 6,
                from_port: source_port,
                to_port: port,
                sequence,
            };
            let router = IpAddr::from([198, 51, 100, 254]);
            return Heard::Unreachable { from: router, error: prohibited(), quoted };
        }
        Heard::Tcp(Segment {
            from: target.into(),
            to: OURS.into(),
            from_port: port,
            to_port: source_port,
            sequence: 1,
            acknowledged: sequence.wrapping_add(1),
            flags: self.flags,
            shape: Shape { ttl: 60, window: 64_000, options: [2, 0, 0, 0, 0, 0, 0, 0] },
        })
    }
}

/// By a rule of a firewall: the code that its operators choose most.
fn prohibited() -> IcmpError {
    "icmp 3/13".parse().expect("an error")
}

pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub(super) fn of_1000(&mut self, n: u32) -> bool {
        self.below(1000) < u64::from(n)
    }
}

/// Whatever the network does, every port has an end, what is told of it is true, and where nothing gets lost
/// nothing is missed. Where something does, an answering port may be missed once in ten thousand, as the confidence
/// of the run says.
fn check(world: &World, ports: &[u16]) -> Swept {
    let swept = world.sweep(ports);
    assert_eq!(swept.settled.len(), world.hosts.len() * ports.len(), "every port has an end");
    let opened: BTreeSet<_> = swept.opened.iter().copied().collect();
    assert_eq!(opened.len(), swept.opened.len(), "each open port is told once");
    let (mut n_answering, mut n_missed) = (0, 0);
    for (&(addr, port), &settled) in &swept.settled {
        let Settled::Reply(got) = settled else { panic!("{addr}:{port} ended as {settled:?}") };
        let kind = world.hosts[&addr];
        let right: &[Reply] = match kind {
            Host::AllOpen => &[Reply::Open, Reply::SuspectOpen],
            _ if world.open.contains(&(addr, port)) => &[Reply::Open],
            Host::Dark | Host::Dropping => &[Reply::Silent],
            Host::Prohibited => &[Reply::Icmp(prohibited())],
            Host::Refusing => &[Reply::Refused],
        };
        assert_eq!(opened.contains(&(addr, port)), got == Reply::Open, "{addr}:{port} is told as {got:?}");
        n_answering += usize::from(right != [Reply::Silent]);
        if got == Reply::Silent && right != [Reply::Silent] {
            n_missed += 1;
        } else {
            assert!(right.contains(&got), "{addr}:{port} is {right:?} and told as {got:?}");
        }
    }
    // Small numbers have their own luck.
    let allowed = if world.loss == 0 { 0 } else { 2 + n_answering / 5_000 };
    assert!(
        n_missed <= allowed,
        "{n_missed} of {n_answering} answering ports were missed: {:?}",
        swept.counts
    );
    swept
}

fn ports(n: u16) -> Vec<u16> {
    (1..=n).collect()
}

#[test]
fn a_host_that_answers_everything_at_once_is_asked_each_port_once() {
    let ports = ports(5_000);
    let swept = check(&World::new().hosts(1, 1, Host::Refusing, &ports, 500), &ports);
    assert_eq!(swept.counts.n_repeats, 0);
    assert_eq!(swept.counts.n_sent, 5_000 + swept.counts.n_traps + swept.counts.n_canaries);
    assert!(swept.counts.n_canaries <= 5_000 / 50, "{} canaries", swept.counts.n_canaries);
    assert!(swept.took < Duration::from_secs(1), "nothing is waited for: {:?}", swept.took);
}

#[test]
fn silence_is_asked_again_and_answers_are_not() {
    let ports = ports(50);
    let world = World::new().hosts(1, 40, Host::Dark, &ports, 1).hosts(2, 40, Host::Refusing, &ports, 7);
    let swept = check(&world, &ports);
    let mut n_again = 0;
    for ((addr, port), n) in &swept.n_asked {
        match world.hosts[addr] {
            Host::Dark => assert!((2..=3).contains(n), "{addr}:{port} was asked {n} times"),
            _ => n_again += u64::from(*n - 1),
        }
    }
    assert_eq!(n_again, swept.counts.n_canaries, "of what answers, only canaries are asked again");
}

#[test]
fn a_few_canaries_that_always_answer_spare_the_dark_their_second_question() {
    let ports = ports(1_000);
    let world = World::new().hosts(1, 300, Host::Dark, &ports, 1).hosts(4, 30, Host::Dropping, &ports, 100);
    let swept = check(&world, &ports);
    let Counts { n_sent, n_canaries, sample, .. } = swept.counts;
    assert!((9_900..20_000).contains(&n_canaries), "{:?}", swept.counts);
    assert!(
        u64::from(sample.n_asked) <= n_canaries + swept.opened.len() as u64,
        "each counts once: {:?}",
        swept.counts
    );
    assert!(n_sent < 330_000 * 3 / 2, "{:?}", swept.counts);
}

#[test]
fn loss_is_measured_and_made_up_for() {
    let ports = ports(200);
    let lossy = World { loss: 10, ..World::new() };
    let world = lossy.hosts(1, 60, Host::Refusing, &ports, 9).hosts(2, 60, Host::Dropping, &ports, 9);
    let swept = check(&world, &ports);
    let measured = swept.counts.sample.rate().expect("something was measured");
    assert!((0.012..0.028).contains(&measured), "one percent each way makes two: {measured}");
    assert!(swept.loss_at_most > measured);
    let n_targets = (world.hosts.len() * ports.len()) as f64;
    let n_dropped = n_targets / 2.0 * 8.0 / 9.0;
    let Counts { n_sent, n_canaries, n_traps, .. } = swept.counts;
    let asked = (n_sent - n_canaries - n_traps) as f64;
    let at_most = n_targets * 1.03 + n_dropped * 2.1;
    assert!(asked < at_most, "three a silent port, and few more where a host lost more: {asked}");
}

#[test]
fn heavy_loss_takes_more_questions_and_not_more_ports() {
    let ports = ports(100);
    let lossy = World { loss: 100, ..World::new() };
    let swept = check(&lossy.hosts(1, 50, Host::Refusing, &ports, 5), &ports);
    assert!(swept.counts.sample.rate().is_some_and(|rate| (0.14..0.24).contains(&rate)));
}

#[test]
fn an_error_from_the_way_is_the_reason_and_ends_the_questions() {
    let ports = ports(30);
    let swept = check(&World::new().hosts(1, 5, Host::Prohibited, &ports, 1), &ports);
    assert_eq!(swept.counts.n_sent, 150);
}

#[test]
fn duplicates_are_counted_and_change_nothing() {
    let ports = ports(100);
    let world = World { duplicates: 300, ..World::new() };
    let swept = check(&world.hosts(1, 20, Host::Refusing, &ports, 3), &ports);
    assert!(swept.counts.n_duplicates > 100);
    assert_eq!(swept.counts.sample.n_lost, 0);
}

#[test]
fn a_host_that_takes_whatever_comes_is_suspect_and_one_with_many_services_is_not() {
    let ports = ports(3_000);
    let world = World::new().hosts(1, 2, Host::AllOpen, &ports, 1).hosts(2, 2, Host::Refusing, &ports, 30);
    let swept = check(&world, &ports);
    let all_open: BTreeSet<Ipv4Addr> =
        world.hosts.iter().filter(|(_, kind)| **kind == Host::AllOpen).map(|(&addr, _)| addr).collect();
    assert_eq!(swept.suspects, all_open);
    let n_handed_on = swept.opened.iter().filter(|(addr, _)| all_open.contains(addr)).count();
    assert!(n_handed_on < 600, "{n_handed_on} ports of two hosts were handed on");
}

#[test]
fn no_host_is_asked_faster_than_its_cap() {
    let ports = ports(200);
    let mut world = World::new().hosts(1, 3, Host::Dark, &ports, 1);
    world.pace.per_host = 500;
    let swept = check(&world, &ports);
    for (addr, at) in &swept.sent_at {
        let most = at.iter().map(|from| {
            let second = from.after(Duration::from_secs(1));
            at.iter().filter(|at| (*from..second).contains(at)).count()
        });
        assert!(most.max().is_some_and(|most| most <= 510), "{addr} was asked too fast");
    }
    assert!(swept.took > Duration::from_millis(700));
}

#[test]
fn forged_and_stray_answers_are_counted_and_believed_by_nobody() {
    let ports = ports(10);
    let world = World::new().hosts(1, 1, Host::Dark, &ports, 1);
    let plan = world.plan(&ports);
    let mut syn = Syn::new([7, 99], FIRST_PORT);
    let mut nets = Nets::new(1_000_000);
    let addr = *world.hosts.keys().next().expect("a host");
    nets.add(NetKey::of(addr.into()), 0);
    let template = syn.template(LinkHeader::None, OURS.into());
    let mut lanes = [Lane::new(0, LinkHeader::None, template, SLOT_LEN)];
    let mut engine =
        Engine::new(plan.clone(), std::iter::once(0..10), leave(&plan), syn, world.pace.clone(), nets);
    let mut news = News::default();
    engine.poll(64, &mut Out { now: Tick(1), lanes: &mut lanes, news: &mut news });
    let question = Question::read(lanes[0].batch.frames().next().expect("a frame"));
    for guess in 0..1_000u32 {
        let forged = Question { sequence: question.sequence.wrapping_add(1 + guess), ..question };
        engine.hear(&Arriving { question: forged, flags: 0x12 }.heard(), Tick(2), &mut news);
        engine.hear(&Arriving { question: forged, flags: 0 }.heard(), Tick(2), &mut news);
    }
    // The same number from another port or another host proves nothing either.
    let elsewhere = Question { port: question.port + 1, ..question };
    engine.hear(&Arriving { question: elsewhere, flags: 0x12 }.heard(), Tick(2), &mut news);
    assert!(news.settled.is_empty() && news.opened.is_empty());
    assert_eq!(engine.counts().n_forged, 2_001);
    engine.hear(&Arriving { question, flags: 0x12 }.heard(), Tick(2), &mut news);
    assert_eq!(news.opened.len(), 1);
}

#[test]
fn an_open_port_that_answers_late_is_not_lost() {
    let ports = ports(20);
    // The first answers come after the second questions went out, and before anything else is known of the way.
    let world = World { delay: Duration::from_millis(700), ..World::new() };
    let swept = check(&world.hosts(1, 1, Host::Dropping, &ports, 4), &ports);
    assert_eq!(swept.counts.sample.n_lost, 0, "late isn't lost");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_world_is_swept_to_its_end(
        seed: u64, loss in 0u32..40, duplicates in 0u32..200, delay_us in 0u64..30_000,
        n_refusing in 1u16..30, n_dropping in 0u16..30, n_dark in 0u16..30, every in 1usize..40,
        per_host in prop::sample::select(vec![200u32, 5_000, 1_000_000]),
    ) {
        let ports = ports(40);
        let mut world = World { seed, loss, duplicates, delay: Duration::from_micros(delay_us), ..World::new() }
            .hosts(1, n_refusing, Host::Refusing, &ports, every)
            .hosts(2, n_dropping, Host::Dropping, &ports, every)
            .hosts(3, n_dark, Host::Dark, &ports, every);
        world.pace.per_host = per_host;
        check(&world, &ports);
    }
}
