//! The bare loop: one frame sent over and over with `sendmmsg`, nothing computed. What a machine and its interface
//! give at most, for comparing the engine with.
//!
//! `flood TARGET [FRAMES] [BATCH] [bypass|qdisc] [dropped|answered]` sends TCP SYN packets to port 80 of the target:
//! with a wrong checksum, so that it drops them, or with a right one, and then its answers are received too.

use std::error::Error;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rawsock::{Batch, Interface, Link, LiveWire, Wire, WireConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |n: usize, otherwise: &str| arguments.get(n).map_or(otherwise, |it| it).to_owned();
    let target: IpAddr = argument(0, "")
        .parse()
        .map_err(|_| "usage: flood TARGET [FRAMES] [BATCH] [bypass|qdisc] [dropped|answered]")?;
    let n_frames: u64 = argument(1, "1000000").parse()?;
    let n_slots: usize = argument(2, "256").parse()?;

    let route = rawsock::route_to(target)?;
    let interface = Interface::by_index(route.interface)?;
    let mut frame = Vec::new();
    if let Link::Ethernet { mac } = interface.link {
        let neighbour = rawsock::resolve_neighbour(&route, Duration::from_secs(1))?;
        frame.extend(neighbour.ok_or("the target's link address isn't known")?);
        frame.extend(mac);
        frame.extend(if target.is_ipv4() { [0x08, 0x00] } else { [0x86, 0xdd] });
    }
    let is_answered = argument(4, "dropped") == "answered";
    frame.extend(packet(route.source, target, is_answered));

    let mut config = WireConfig::new(interface, 61000..=61000);
    config.qdisc_bypass = argument(3, "bypass") != "qdisc";
    let mut wire = LiveWire::open(&config)?;
    let mut batch = Batch::new(n_slots, frame.len(), &frame);
    let (mut n_sent, start) = (0, Instant::now());
    while n_sent < n_frames {
        while batch.slot().is_some() {
            batch.commit(frame.len());
        }
        n_sent += u64::try_from(wire.send(&mut batch)?)?;
        if is_answered {
            wire.receive(&mut |_| {})?;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    wire.receive(&mut |_| {})?;
    let counters = wire.counters();
    #[expect(clippy::cast_precision_loss, reason = "a rate to be read by people")]
    let rate = n_sent as f64 / seconds;
    #[expect(clippy::print_stdout, reason = "its only output")]
    {
        println!(
            "{n_sent} frames in {seconds:.3} s: {rate:.0} frames/s; no room {} times, {} replies, {} dropped",
            counters.n_send_retried, counters.n_received, counters.n_dropped_by_kernel
        );
    }
    Ok(())
}

/// A TCP SYN from port 61000 to port 80.
fn packet(source: IpAddr, target: IpAddr, is_right: bool) -> Vec<u8> {
    let (mut packet, addresses) = match (source, target) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            let addresses = [source.octets(), target.octets()].concat();
            let mut header = vec![0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0];
            header.extend(&addresses);
            let checksum = !sum(&header);
            header.splice(10..12, checksum.to_be_bytes());
            (header, addresses)
        }
        (IpAddr::V6(source), IpAddr::V6(target)) => {
            let addresses = [source.octets(), target.octets()].concat();
            ([&[0x60, 0, 0, 0, 0, 20, 6, 64], &addresses[..]].concat(), addresses)
        }
        _ => Default::default(),
    };
    let mut tcp = [61000u16.to_be_bytes(), 80u16.to_be_bytes()].concat();
    tcp.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0]);
    let checksum = !sum(&[&addresses[..], &[0, 6, 0, 20], &tcp].concat());
    tcp.splice(16..18, (if is_right { checksum } else { !checksum }).to_be_bytes());
    packet.extend(tcp);
    packet
}

/// The ones' complement sum of an even number of bytes (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks_exact(2).map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
    let sum: u32 = words.sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or(0)
}
