//! Frames over a pair of Ethernet interfaces: what goes out arrives, what answers comes back, nothing else does.

use std::time::Duration;

use rawsock::{Link, LiveWire, PacketProtocol, Wire, WireConfig};

use super::inside::{Got, V4, V6, batch, echo, framed, inside, interface, receive_until, syn, veth};

fn mac() -> [u8; 6] {
    match interface("near").link {
        Link::Ethernet { mac } => mac,
        other => panic!("{other:?}"),
    }
}

/// The transport's source and destination port, and flags.
fn tcp(got: &Got) -> (u16, u16, u8) {
    let at = if got.protocol == PacketProtocol::Ipv4 { 20 } else { 40 };
    let port = |at: usize| u16::from_be_bytes([got.bytes[at], got.bytes[at + 1]]);
    (port(at), port(at + 2), got.bytes[at + 13])
}

#[test]
fn a_syn_is_answered_to_our_ports_alone() {
    inside("veth::a_syn_is_answered_to_our_ports_alone", veth, |_| {
        for [source, target] in [V4, V6] {
            let route = rawsock::route_to(target).unwrap();
            let far = rawsock::resolve_neighbour(&route, Duration::from_secs(2)).unwrap().unwrap();
            let mut wire = LiveWire::open(&WireConfig::new(interface("near"), 61000..=61009)).unwrap();
            // Port 81 is asked twice: the first time from a port that isn't ours, whose reply must not come.
            let frames = [(61010, 81), (61000, 80), (61009, 81)]
                .map(|(from, to)| framed(far, mac(), &syn(source, from, target, to)));
            assert_eq!(wire.send(&mut batch(&frames)).unwrap(), 3);
            let got = receive_until(&mut wire, |got| got.len() >= 2);
            // Closed ports of a namespace without services: RST and ACK.
            assert_eq!(got.iter().map(tcp).collect::<Vec<_>>(), [(80, 61000, 0x14), (81, 61009, 0x14)]);
            for packet in &got {
                assert_eq!(packet.link_source, Some(far));
                assert!(packet.age < Duration::from_secs(1));
            }
            let counters = wire.counters();
            assert_eq!((counters.n_sent, counters.n_received, counters.n_refused), (3, 2, 0));
            assert_eq!(counters.n_dropped_by_kernel, 0);
        }
    });
}

#[test]
fn an_echo_is_answered() {
    inside("veth::an_echo_is_answered", veth, |_| {
        for [source, target] in [V4, V6] {
            let route = rawsock::route_to(target).unwrap();
            let far = rawsock::resolve_neighbour(&route, Duration::from_secs(2)).unwrap().unwrap();
            let mut wire = LiveWire::open(&WireConfig::new(interface("near"), 61000..=61000)).unwrap();
            wire.send(&mut batch(&[framed(far, mac(), &echo(source, target))])).unwrap();
            let got = receive_until(&mut wire, |got| !got.is_empty());
            let (at, kind) = if target.is_ipv4() { (20, 0) } else { (40, 129) };
            assert_eq!((got.len(), got[0].bytes[at]), (1, kind));
        }
    });
}

#[test]
fn arp_and_advertisements_come_if_asked_for() {
    inside("veth::arp_and_advertisements_come_if_asked_for", veth, |_| {
        let far = rawsock::resolve_neighbour(&rawsock::route_to(V4[1]).unwrap(), Duration::from_secs(2));
        let far = far.unwrap().unwrap();
        for is_asked in [false, true] {
            let mut config = WireConfig::new(interface("near"), 61000..=61000);
            (config.arp, config.neighbour_discovery) = (is_asked, is_asked);
            let mut wire = LiveWire::open(&config).unwrap();
            let (
                [std::net::IpAddr::V4(a), std::net::IpAddr::V4(b)],
                [std::net::IpAddr::V6(c), std::net::IpAddr::V6(d)],
            ) = (V4, V6)
            else {
                panic!()
            };
            let frames = [
                rawsock::arp_request(mac(), a, b).to_vec(),
                rawsock::neighbour_solicitation(mac(), c, d).to_vec(),
                framed(far, mac(), &echo(V4[0], V4[1])),
            ];
            assert_eq!(wire.send(&mut batch(&frames)).unwrap(), 3);
            // The echo's answer is the last to be sent.
            let is_echo = |got: &Got| got.protocol == PacketProtocol::Ipv4;
            let got = receive_until(&mut wire, |got| got.iter().any(is_echo) && (!is_asked || got.len() > 2));
            let others: Vec<_> = got.iter().filter(|got| !is_echo(got)).map(|got| got.protocol).collect();
            let expected: &[_] = if is_asked { &[PacketProtocol::Arp, PacketProtocol::Ipv6] } else { &[] };
            assert_eq!(others, expected);
        }
    });
}

#[test]
fn a_batch_longer_than_one_call_goes_out_whole_and_in_order() {
    inside("veth::a_batch_longer_than_one_call_goes_out_whole_and_in_order", veth, |_| {
        let route = rawsock::route_to(V4[1]).unwrap();
        let far = rawsock::resolve_neighbour(&route, Duration::from_secs(2)).unwrap().unwrap();
        let mut wire = LiveWire::open(&WireConfig::new(interface("near"), 20000..=29999)).unwrap();
        let frames: Vec<_> =
            (20000..21500).map(|port| framed(far, mac(), &syn(V4[0], port, V4[1], 80))).collect();
        let mut batch = batch(&frames);
        let mut n_sent = 0;
        while !batch.is_empty() {
            n_sent += wire.send(&mut batch).unwrap();
        }
        assert_eq!(n_sent, 1500);
        let got = receive_until(&mut wire, |got| got.len() >= 1500);
        let ports: Vec<u16> = got.iter().map(|got| tcp(got).1).collect();
        assert_eq!(ports, (20000..21500).collect::<Vec<u16>>());
    });
}
