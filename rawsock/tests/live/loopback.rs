//! The loopback: raw IP sockets out, and each reply once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use rawsock::{LiveWire, RawError, Wire, WireConfig};

use super::inside::{batch, inside, interface, ip, receive_until, syn, veth};

#[test]
fn each_reply_comes_once() {
    let set_up = |namespaces: &super::inside::Namespaces| {
        veth(namespaces);
        ip(&format!("-n {} route add local 198.51.100.0/24 dev lo", namespaces.near));
    };
    inside("loopback::each_reply_comes_once", set_up, |_| {
        let v4 = |address: [u8; 4]| IpAddr::V4(Ipv4Addr::from(address));
        let local = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let mut wire = LiveWire::open(&WireConfig::new(interface("lo"), 61000..=61009)).unwrap();
        let pairs = [
            (v4([127, 0, 0, 1]), v4([127, 9, 8, 7])),
            (v4([10, 99, 0, 1]), v4([10, 99, 0, 1])),
            (v4([127, 0, 0, 1]), v4([198, 51, 100, 77])),
            (local, local),
        ];
        let frames = pairs.map(|(source, target)| syn(source, 61003, target, 9));
        let mut batch = batch(&frames);
        while !batch.is_empty() {
            wire.send(&mut batch).unwrap();
        }
        let got = receive_until(&mut wire, |got| got.len() >= 4);
        // A late second copy would come before the answer to one more question.
        wire.send(&mut super::inside::batch(&[syn(local, 61004, local, 9)])).unwrap();
        let more = receive_until(&mut wire, |got| !got.is_empty());
        assert_eq!((got.len(), more.len()), (4, 1));
        let answering: Vec<_> = got.iter().take(3).map(|got| got.bytes[12..16].to_vec()).collect();
        assert_eq!(answering, [vec![127, 9, 8, 7], vec![10, 99, 0, 1], vec![198, 51, 100, 77]]);
        assert!(got.iter().all(|got| got.link_source.is_none_or(|source| source == [0; 6])));
    });
}

#[test]
fn an_open_port_answers() {
    inside(
        "loopback::an_open_port_answers",
        |_| {},
        |_| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let mut wire = LiveWire::open(&WireConfig::new(interface("lo"), 61000..=61000)).unwrap();
            let port = listener.local_addr().unwrap().port();
            wire.send(&mut batch(&[syn(here, 61000, here, port)])).unwrap();
            let got = receive_until(&mut wire, |got| !got.is_empty());
            assert_eq!(got[0].bytes[33], 0x12, "SYN and ACK");
        },
    );
}

#[test]
fn a_frame_that_cannot_be_sent_is_taken_off_and_told() {
    inside(
        "loopback::a_frame_that_cannot_be_sent_is_taken_off_and_told",
        |_| {},
        |_| {
            let mut wire = LiveWire::open(&WireConfig::new(interface("lo"), 61000..=61000)).unwrap();
            let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let nowhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
            let frames = [syn(here, 61000, nowhere, 9), vec![0x45, 0, 0], syn(here, 61000, here, 9)];
            let mut batch = batch(&frames);
            let refused = wire.send(&mut batch);
            assert!(matches!(refused, Err(RawError::FrameRefused { .. })), "{refused:?}");
            let short = wire.send(&mut batch);
            assert!(matches!(short, Err(RawError::BadFrame { len: 3, .. })), "{short:?}");
            assert_eq!(wire.send(&mut batch).unwrap(), 1);
            assert_eq!(receive_until(&mut wire, |got| !got.is_empty()).len(), 1);
            assert_eq!((wire.counters().n_sent, wire.counters().n_refused), (1, 2));
        },
    );
}
