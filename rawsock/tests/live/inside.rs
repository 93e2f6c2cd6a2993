//! Network namespaces, and running a test again inside one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::time::{Duration, Instant};

use rawsock::{Interface, LiveWire, Packet, PacketProtocol, Wire};

const INSIDE: &str = "RAWSOCK_TEST_INSIDE_NAMESPACE";

/// Two namespaces, gone when this is.
pub struct Namespaces {
    pub near: String,
    pub far: String,
}

impl Namespaces {
    fn make(test: &str) -> Option<Namespaces> {
        let name = |side| format!("rawsock-{side}-{}-{}", test.replace("::", "-"), std::process::id());
        let made = Namespaces { near: name("near"), far: name("far") };
        let add = |name: &str| Command::new("ip").args(["netns", "add", name]).output();
        let is_made = [&made.near, &made.far].map(|name| add(name).is_ok_and(|it| it.status.success()));
        is_made.iter().all(|is_made| *is_made).then_some(made)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in [&self.near, &self.far] {
            drop(Command::new("ip").args(["netns", "del", name]).output());
        }
    }
}

/// Runs `ip` with these words; it must succeed.
#[track_caller]
pub fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Carries out the body of the test named `test` in a namespace of its own, made ready by `set_up`: the test runs
/// again in a child inside the near one, where this calls `body`.
pub fn inside(test: &str, set_up: impl FnOnce(&Namespaces), body: impl FnOnce(&str)) {
    if let Ok(far) = std::env::var(INSIDE) {
        body(&far);
        return;
    }
    let Some(namespaces) = Namespaces::make(test) else {
        println!("skipped: a network namespace takes root and the program ip");
        return;
    };
    ip(&format!("-n {} link set lo up", namespaces.near));
    ip(&format!("-n {} link set lo up", namespaces.far));
    set_up(&namespaces);
    let child = Command::new("ip")
        .args(["netns", "exec", &namespaces.near])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, &namespaces.far)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let is_passed = child.status.success() && said.contains("1 passed");
    assert!(is_passed, "{said}{}", String::from_utf8_lossy(&child.stderr));
}

/// `near` and `far`, tied, with 10.99.0.1 and 2001:db8:99::1 here, …2 there.
pub fn veth(namespaces: &Namespaces) {
    let Namespaces { near, far } = namespaces;
    ip(&format!("-n {near} link add near type veth peer name far netns {far}"));
    for (namespace, name, n) in [(near, "near", 1), (far, "far", 2)] {
        ip(&format!("-n {namespace} addr add 10.99.0.{n}/16 dev {name}"));
        ip(&format!("-n {namespace} -6 addr add 2001:db8:99::{n}/64 dev {name} nodad"));
        ip(&format!("-n {namespace} link set {name} up"));
    }
    // The kernel notices the carrier a while after both ends are up; IPv6 answers only then.
    let until = Instant::now() + Duration::from_secs(5);
    let is_up =
        |namespace: &str| ip(&format!("-n {namespace} -6 route show table local")).contains("multicast");
    while !(is_up(near) && is_up(far)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn interface(name: &str) -> Interface {
    Interface::by_name(name).unwrap()
}

/// A packet that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub protocol: PacketProtocol,
    pub bytes: Vec<u8>,
    pub link_source: Option<[u8; 6]>,
    pub age: Duration,
}

/// Receives until `enough` or for five seconds.
pub fn receive_until(wire: &mut LiveWire, mut enough: impl FnMut(&[Got]) -> bool) -> Vec<Got> {
    let (mut got, until) = (Vec::new(), Instant::now() + Duration::from_secs(5));
    while !enough(&got) && Instant::now() < until {
        wire.wait(Duration::from_millis(50)).unwrap();
        wire.receive(&mut |packet: Packet<'_>| {
            let Packet { bytes, protocol, link_source, age, .. } = packet;
            got.push(Got { protocol, bytes: bytes.to_vec(), link_source, age });
        })
        .unwrap();
    }
    got
}

/// A TCP SYN as an IP packet.
pub fn syn(source: IpAddr, source_port: u16, target: IpAddr, port: u16) -> Vec<u8> {
    let mut tcp = [source_port.to_be_bytes(), port.to_be_bytes()].concat();
    tcp.extend([0, 0, 0, 7, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0]);
    transport(source, target, 6, 16, &tcp)
}

/// An echo request as an IP packet.
pub fn echo(source: IpAddr, target: IpAddr) -> Vec<u8> {
    let (protocol, kind) = if target.is_ipv4() { (1, 8) } else { (58, 128) };
    let message = [kind, 0, 0, 0, 0x12, 0x34, 0, 1];
    transport(source, target, protocol, 2, &message)
}

/// An IP packet whose payload has its checksum at this offset.
fn transport(source: IpAddr, target: IpAddr, protocol: u8, checksum_at: usize, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let (mut packet, mut pseudo): (Vec<u8>, Vec<u8>) = match (source, target) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            let addresses = [source.octets(), target.octets()].concat();
            let [high, low] = (20 + len).to_be_bytes();
            let mut header = vec![0x45, 0, high, low, 0, 1, 0x40, 0, 64, protocol, 0, 0];
            header.extend(&addresses);
            let checksum = checksum(&header);
            header[10..12].copy_from_slice(&checksum.to_be_bytes());
            (header, addresses)
        }
        (IpAddr::V6(source), IpAddr::V6(target)) => {
            let addresses = [source.octets(), target.octets()].concat();
            let [high, low] = len.to_be_bytes();
            ([&[0x60, 0, 0, 0, high, low, protocol, 64], &addresses[..]].concat(), addresses)
        }
        _ => panic!("two families"),
    };
    let mut payload = payload.to_vec();
    if protocol == 1 {
        pseudo.clear();
    } else {
        pseudo.extend([0, protocol]);
        pseudo.extend(len.to_be_bytes());
    }
    pseudo.extend(&payload);
    let checksum = checksum(&pseudo).to_be_bytes();
    payload[checksum_at..checksum_at + 2].copy_from_slice(&checksum);
    packet.extend(payload);
    packet
}

fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// An Ethernet frame around an IP packet.
pub fn framed(to: [u8; 6], from: [u8; 6], packet: &[u8]) -> Vec<u8> {
    let ether_type = if packet[0] >> 4 == 4 { [0x08, 0] } else { [0x86, 0xdd] };
    [&to[..], &from, &ether_type, packet].concat()
}

pub fn batch(frames: &[Vec<u8>]) -> rawsock::Batch {
    let longest = frames.iter().map(Vec::len).max().unwrap();
    let mut batch = rawsock::Batch::new(frames.len(), longest, &[]);
    for frame in frames {
        batch.slot().unwrap()[..frame.len()].copy_from_slice(frame);
        batch.commit(frame.len());
    }
    batch
}

pub const V4: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(10, 99, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 99, 0, 2))];
pub const V6: [IpAddr; 2] = [
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 2)),
];
