//! The UDP dialect in the engine against a simulated network: hosts that refuse no faster than Linux does, servers that
//! answer from elsewhere, forgeries; time is virtual.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use model::observation::Reply;
use model::unreachable::IcmpError;
use pnet::packet::Packet;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::udp::{UdpPacket, ipv4_checksum};
use probes::packet::{Heard, LinkHeader, Quoted};

use super::clock::Tick;
use super::dialect::Dialect;
use super::engine::{Counts, Engine, News, Out, Pace};
use super::lane::Lane;
use super::nets::{NetKey, Nets};
use super::tests::{Dice, leave};
use super::udp::Udp;
use crate::options::{Options, UdpOptions};
use crate::plan::{Block, Plan};
use crate::questions::Questions;
use crate::run::Settled;

const OURS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const FIRST_PORT: u16 = 61_000;
/// As Linux has it.
const BURST: f64 = 6.0;

/// What a host does about ports that nobody listens on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Closed {
    /// It refuses, so many times a second behind a burst.
    Refuses(f64),
    RefusesAll,
    Drops,
    /// A filter before it refuses in its own name.
    Filtered,
}

#[derive(Debug)]
struct World {
    hosts: BTreeMap<Ipv4Addr, Closed>,
    open: BTreeSet<(Ipv4Addr, u16)>,
    /// Ports whose closed neighbours are dropped instead.
    dropped: BTreeSet<(Ipv4Addr, u16)>,
    loss: u32,
    options: Options,
}

#[derive(Debug)]
struct Swept {
    settled: BTreeMap<(Ipv4Addr, u16), Settled>,
    said: BTreeMap<(Ipv4Addr, u16), Vec<u8>>,
    counts: Counts,
    took: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    target: Ipv4Addr,
    port: u16,
    source_port: u16,
    sum: u32,
    payload: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Arriving {
    Says { from_port: u16, asked: Asked, payload: Vec<u8> },
    Error { from: Ipv4Addr, asked: Asked },
}

impl Asked {
    fn read(frame: &[u8]) -> Asked {
        let ip = Ipv4Packet::new(frame).expect("an IP header");
        assert_eq!(ip.get_source(), OURS);
        let udp = UdpPacket::new(ip.payload()).expect("a UDP header");
        assert_eq!(udp.get_checksum(), ipv4_checksum(&udp, &OURS, &ip.get_destination()));
        Asked {
            target: ip.get_destination(),
            port: udp.get_destination(),
            source_port: udp.get_source(),
            sum: u32::from(udp.get_length()) << 16 | u32::from(udp.get_checksum()),
            payload: udp.payload().to_vec(),
        }
    }
}

impl Arriving {
    fn heard(&self) -> Heard<'_> {
        match self {
            Arriving::Says { from_port, asked, payload } => Heard::Udp {
                from: asked.target.into(),
                to: OURS.into(),
                from_port: *from_port,
                to_port: asked.source_port,
                ttl: 60,
                payload,
            },
            Arriving::Error { from, asked } => Heard::Unreachable {
                from: (*from).into(),
                error: no_port(),
                quoted: Quoted {
                    from: OURS.into(),
                    to: asked.target.into(),
                    protocol: 17,
                    from_port: asked.source_port,
                    to_port: asked.port,
                    sequence: asked.sum,
                },
            },
        }
    }
}

fn no_port() -> IcmpError {
    "icmp 3/3".parse().expect("an error")
}

/// What a server on a port says: a resolver, a TFTP server, one that nobody knows.
fn answer(asked: &Asked) -> Option<Arriving> {
    let (from_port, payload) = match asked.port {
        53 => {
            let id = asked.payload.get(..2)?;
            (53, [id, b"\x81\x80\0\x01\0\0\0\0\0\0", asked.payload.get(12..)?].concat())
        }
        69 => (40_001, b"\0\x05\0\x01File not found\0".to_vec()),
        port => (port, b"hello".to_vec()),
    };
    Some(Arriving::Says { from_port, asked: asked.clone(), payload })
}

impl World {
    fn new() -> World {
        World {
            hosts: BTreeMap::new(),
            open: BTreeSet::new(),
            dropped: BTreeSet::new(),
            loss: 0,
            options: Options::default(),
        }
    }

    fn host(mut self, last: u8, closed: Closed, open: &[u16]) -> World {
        let addr = Ipv4Addr::new(198, 51, 100, last);
        self.hosts.insert(addr, closed);
        self.open.extend(open.iter().map(|&port| (addr, port)));
        self
    }

    fn plan(&self, ports: &[u16]) -> Plan {
        let addresses = self.hosts.keys().map(|&addr| model::addr::AddrRange::single(addr.into()));
        let ports = model::port::PortSet::new(ports.iter().copied()).expect("ports");
        Plan::new(3, [Block { addresses: addresses.collect(), ports }]).expect("a plan")
    }

    fn engine(&self, plan: &Plan) -> (Engine<Udp>, [Lane; 1]) {
        let mut udp = Udp::new([7, 99], FIRST_PORT, Questions::of(&self.options));
        let template = udp.template(LinkHeader::None, OURS.into());
        let lanes = [Lane::new(0, LinkHeader::None, template, udp.slot_len())];
        let mut nets = Nets::new(1_000_000);
        for &addr in self.hosts.keys() {
            nets.add(NetKey::of(addr.into()), 0);
        }
        let pace = Pace { per_host: 1_000, confidence: 0.9999 };
        let n = plan.n_probes();
        (Engine::new(plan.clone(), std::iter::once(0..n), leave(plan), udp, pace, nets), lanes)
    }

    fn sweep(&self, ports: &[u16]) -> Swept {
        let plan = self.plan(ports);
        let (mut engine, mut lanes) = self.engine(&plan);
        let mut dice = Dice(5);
        let mut leaves: BTreeMap<Ipv4Addr, (f64, Tick)> = BTreeMap::new();
        let mut arriving: BinaryHeap<Reverse<(Tick, u64, Arriving)>> = BinaryHeap::new();
        let (mut now, mut n_arriving, mut news) = (Tick(1_000), 0, News::default());
        while !engine.is_done(now) {
            let (n_sent, wake) = engine.poll(64, &mut Out { now, lanes: &mut lanes, news: &mut news });
            for frame in lanes[0].batch.frames() {
                let asked = Asked::read(frame);
                if dice.of_1000(self.loss) {
                    continue;
                }
                let Some(reply) = self.reply(&asked, now, &mut leaves) else { continue };
                if !dice.of_1000(self.loss) {
                    n_arriving += 1;
                    arriving.push(Reverse((now.after(Duration::from_millis(4)), n_arriving, reply)));
                }
            }
            lanes[0].batch.clear();
            while arriving.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
                let Some(Reverse((_, _, reply))) = arriving.pop() else { break };
                engine.hear(&reply.heard(), now, &mut news);
            }
            let arrives = arriving.peek().map(|Reverse((at, ..))| *at);
            now = match (n_sent, wake.into_iter().chain(arrives).min()) {
                (0, Some(next)) => next.max(Tick(now.0 + 1)),
                (0, None) if !engine.is_done(now) => panic!("nothing to do and not done at {now:?}"),
                _ => Tick(now.0 + 64),
            };
            assert!(now < Tick(3_600_000_000), "an hour is enough");
        }
        let order = plan.order();
        let endpoint = |index| {
            let probe = order.at(index).and_then(|at| plan.probe(at)).expect("an index of the plan");
            (v4(probe.addr), probe.port)
        };
        Swept {
            settled: news.settled.iter().map(|&(index, settled)| (endpoint(index), settled)).collect(),
            said: news
                .opened
                .iter()
                .map(|open| {
                    ((v4(open.probe.addr), open.probe.port), open.payload.clone().unwrap_or_default())
                })
                .collect(),
            counts: *engine.counts(),
            took: now.since(Tick(1_000)),
        }
    }

    fn reply(
        &self,
        asked: &Asked,
        now: Tick,
        leaves: &mut BTreeMap<Ipv4Addr, (f64, Tick)>,
    ) -> Option<Arriving> {
        let endpoint = (asked.target, asked.port);
        if self.open.contains(&endpoint) {
            return answer(asked);
        }
        let refused = Arriving::Error { from: asked.target, asked: asked.clone() };
        match *self.hosts.get(&asked.target)? {
            _ if self.dropped.contains(&endpoint) => None,
            Closed::Drops => None,
            Closed::RefusesAll => Some(refused),
            Closed::Filtered => {
                Some(Arriving::Error { from: Ipv4Addr::new(198, 51, 100, 254), asked: asked.clone() })
            }
            Closed::Refuses(a_second) => {
                let (left, since) = leaves.entry(asked.target).or_insert((BURST, now));
                *left = (*left + now.since(*since).as_secs_f64() * a_second).min(BURST);
                *since = now;
                (*left >= 1.0).then(|| {
                    *left -= 1.0;
                    refused
                })
            }
        }
    }

    /// Sweeps; every endpoint ends as `expected` says, but for `allowed` that may end in silence.
    #[track_caller]
    fn check(&self, ports: &[u16], allowed: usize, expected: impl Fn(Ipv4Addr, u16) -> Reply) -> Swept {
        let swept = self.sweep(ports);
        assert_eq!(swept.settled.len(), self.hosts.len() * ports.len(), "every port has an end");
        let mut n_silent = 0;
        for (&(addr, port), &settled) in &swept.settled {
            let right = expected(addr, port);
            if settled == Settled::Reply(Reply::Silent) && right != Reply::Silent {
                n_silent += 1;
            } else {
                assert_eq!(settled, Settled::Reply(right), "{addr}:{port}");
            }
            assert_eq!(swept.said.contains_key(&(addr, port)), settled == Settled::Reply(Reply::Open));
        }
        assert!(n_silent <= allowed, "{n_silent} that answer were missed: {:?}", swept.counts);
        assert_eq!(swept.counts.sample.n_lost > 0, self.loss > 0, "{:?}", swept.counts);
        swept
    }
}

fn v4(addr: IpAddr) -> Ipv4Addr {
    match addr {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => panic!("{v6} in a world of IPv4"),
    }
}

/// Ports that nothing is known of, which makes for two payloads each.
fn ports(n: u16) -> Vec<u16> {
    (60_000..60_000 + n).collect()
}

#[test]
fn closed_ports_are_asked_as_slowly_as_the_host_refuses() {
    let world = World::new().host(1, Closed::Refuses(1.0), &[]);
    let swept = world.check(&ports(40), 0, |_, _| Reply::Refused);
    assert!((30..60).contains(&swept.took.as_secs()), "six at once, then one a second: {:?}", swept.took);
    assert_eq!(swept.counts.sample.n_lost, 0, "what was held back wasn't lost");
}

#[test]
fn a_host_that_refuses_everything_at_once_is_asked_each_port_once() {
    let world = World::new().host(1, Closed::RefusesAll, &[60_007]);
    let swept =
        world.check(&ports(200), 0, |_, port| if port == 60_007 { Reply::Open } else { Reply::Refused });
    let Counts { n_sent, n_traps, n_canaries, .. } = swept.counts;
    assert_eq!(n_sent, 200 + n_traps + n_canaries);
    assert!(n_canaries <= 200 / 50);
}

#[test]
fn silent_ports_of_a_host_that_refuses_others_do_not_take_for_ever() {
    let mut world = World::new().host(1, Closed::Refuses(1.0), &[]);
    let all = ports(120);
    let addr = *world.hosts.keys().next().expect("a host");
    world.dropped = all.iter().skip(4).map(|&port| (addr, port)).collect();
    let dropped = world.dropped.clone();
    let swept =
        world.check(
            &all,
            0,
            |addr, port| {
                if dropped.contains(&(addr, port)) { Reply::Silent } else { Reply::Refused }
            },
        );
    assert!(swept.took < Duration::from_secs(40), "{:?}", swept.took);
}

#[test]
fn hosts_that_drop_are_asked_at_full_pace() {
    let world = World::new().host(1, Closed::Drops, &[53]).host(2, Closed::Drops, &[]);
    let mut all = ports(60);
    all.push(53);
    let swept = world.check(&all, 0, |addr, port| match (addr.octets()[3], port) {
        (1, 53) => Reply::Open,
        _ => Reply::Silent,
    });
    assert!(swept.took < Duration::from_secs(12), "{:?}", swept.took);
}

#[test]
fn a_filter_that_refuses_for_the_host_is_the_reason() {
    World::new().host(1, Closed::Filtered, &[]).check(&ports(20), 0, |_, _| Reply::Icmp(no_port()));
}

#[test]
fn a_server_that_answers_from_a_port_of_its_own_is_seen_at_the_one_that_was_asked() {
    let world = World::new().host(1, Closed::RefusesAll, &[53, 69, 60_001]);
    let open = |port: u16| [53, 69, 60_001].contains(&port);
    let swept =
        world.check(
            &[53, 69, 123, 60_001, 60_002],
            0,
            |_, port| {
                if open(port) { Reply::Open } else { Reply::Refused }
            },
        );
    let addr = *world.hosts.keys().next().expect("a host");
    assert!(swept.said[&(addr, 69)].ends_with(b"not found\0"));
    assert_eq!(swept.said[&(addr, 60_001)], b"hello");
}

#[test]
fn what_gets_lost_is_asked_again() {
    let mut world = World { loss: 50, ..World::new() };
    for last in 1..=120 {
        world = world.host(last, Closed::RefusesAll, &[53, 60_003]);
    }
    let open = |port: u16| [53, 60_003].contains(&port);
    world.check(&[53, 60_003, 60_004], 3, |_, port| if open(port) { Reply::Open } else { Reply::Refused });
}

#[test]
fn fragile_ports_are_sent_nothing_unless_they_are_included() {
    let addr = Ipv4Addr::new(198, 51, 100, 1);
    let mut world = World::new().host(1, Closed::RefusesAll, &[]);
    world.options.no_payload = "60001".parse().ok();
    let swept = world.sweep(&[47_808, 60_001, 60_002]);
    assert_eq!(swept.counts.n_sent, 1);
    assert_eq!(swept.settled[&(addr, 47_808)], Settled::NotAsked);
    assert_eq!(swept.settled[&(addr, 60_001)], Settled::NotAsked);
    world.options.no_payload = None;
    world.options.udp = UdpOptions { include_fragile: true, ..UdpOptions::default() };
    world.check(&[47_808, 60_001, 60_002], 0, |_, _| Reply::Refused);
}

#[test]
fn forged_and_stray_answers_are_counted_and_believed_by_nobody() {
    let world = World::new().host(1, Closed::Drops, &[53]);
    let plan = world.plan(&[53]);
    let (mut engine, mut lanes) = world.engine(&plan);
    let mut news = News::default();
    engine.poll(64, &mut Out { now: Tick(1), lanes: &mut lanes, news: &mut news });
    let asked = Asked::read(lanes[0].batch.frames().next().expect("a frame"));
    let mut hear = |arriving: &Arriving| {
        engine.hear(&arriving.heard(), Tick(2), &mut news);
        (engine.counts().n_forged, engine.counts().n_stray, news.opened.len(), news.settled.len())
    };
    let Some(Arriving::Says { payload, .. }) = answer(&asked) else { panic!("a resolver answers") };
    let mut other_id = payload.clone();
    other_id[0] ^= 1;
    let says = |from_port, payload: &[u8]| Arriving::Says {
        from_port,
        asked: asked.clone(),
        payload: payload.to_vec(),
    };
    assert_eq!(hear(&says(53, &other_id)), (1, 0, 0, 0));
    assert_eq!(hear(&says(60_000, &payload)), (1, 1, 0, 0), "a port that isn't in the plan");
    let error = |sum| Arriving::Error { from: asked.target, asked: Asked { sum, ..asked.clone() } };
    assert_eq!(hear(&error(asked.sum ^ 1)), (2, 1, 0, 0), "another checksum");
    assert_eq!(hear(&error(asked.sum ^ 1 << 16)), (3, 1, 0, 0), "another length");
    let moved = Asked { target: Ipv4Addr::new(198, 51, 100, 2), ..asked.clone() };
    assert_eq!(hear(&Arriving::Error { from: moved.target, asked: moved }), (4, 1, 0, 0), "another host");
    assert_eq!(hear(&error(asked.sum)), (4, 1, 0, 1), "its own");
}
