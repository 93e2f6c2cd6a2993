//! An interface that goes down, and one that has no room.

use std::time::{Duration, Instant};

use rawsock::{Batch, LiveWire, RawError, Wire, WireConfig};

use super::bare::Tun;
use super::inside::{V4, V6, batch, framed, inside, interface, ip, receive_until, syn, veth};

fn is_down<T>(result: &Result<T, RawError>) -> bool {
    matches!(result, Err(RawError::InterfaceDown { name }) if name == "near")
}

#[test]
fn an_interface_that_goes_down_is_named_and_works_again_when_up() {
    inside("faults::an_interface_that_goes_down_is_named_and_works_again_when_up", veth, |_| {
        let route = rawsock::route_to(V4[1]).unwrap();
        let far = rawsock::resolve_neighbour(&route, Duration::from_secs(2)).unwrap().unwrap();
        let mut wire = LiveWire::open(&WireConfig::new(interface("near"), 61000..=61000)).unwrap();
        let mut batch = batch(&[framed(far, [2; 6], &syn(V4[0], 61000, V4[1], 80))]);
        ip("link set near down");
        let waited = Instant::now();
        let told = wire.wait(Duration::from_secs(5));
        assert!(is_down(&told) && waited.elapsed() < Duration::from_secs(4), "{told:?}");
        assert_eq!(wire.receive(&mut |_| {}).unwrap(), 0, "told once");
        for _ in 0..2 {
            let told = wire.send(&mut batch);
            assert!(is_down(&told) && batch.len() == 1, "{told:?}");
        }
        let told = LiveWire::open(&WireConfig::new(interface("near"), 1..=1)).map(|_| ());
        assert!(is_down(&told), "{told:?}");
        ip("link set near up");
        assert_eq!(wire.send(&mut batch).unwrap(), 1);
        ip("link del near");
        batch.slot();
        batch.commit(54);
        let told = wire.send(&mut batch);
        assert!(is_down(&told), "{told:?}");
        // What had arrived before comes first.
        let told = (0..10).map(|_| wire.receive(&mut |_| {})).find(Result::is_err);
        assert!(told.as_ref().is_some_and(is_down), "{told:?}");
    });
}

#[test]
fn threads_that_send_lose_nothing_when_the_interface_goes_down_for_a_while() {
    let test = "faults::threads_that_send_lose_nothing_when_the_interface_goes_down_for_a_while";
    inside(test, veth, |_| {
        let route = rawsock::route_to(V4[1]).unwrap();
        let far = rawsock::resolve_neighbour(&route, Duration::from_secs(2)).unwrap().unwrap();
        let mut config = WireConfig::new(interface("near"), 61000..=61000);
        config.n_senders = 2;
        let mut wire = LiveWire::open(&config).unwrap();
        let frame = framed(far, [2; 6], &syn(V4[0], 61000, V4[1], 80));
        let mut batch = Batch::new(64, frame.len(), &frame);
        let (mut n_taken, mut n_down, until) = (0, 0, Instant::now() + Duration::from_secs(20));
        for turn in 0..40 {
            if turn == 20 {
                ip("link set near down");
            }
            while batch.slot().is_some() {
                batch.commit(frame.len());
            }
            while !batch.is_empty() && Instant::now() < until {
                match wire.send(&mut batch) {
                    Ok(n) => n_taken += n as u64,
                    told => {
                        assert!(is_down(&told), "{told:?}");
                        n_down += 1;
                        ip("link set near up");
                    }
                }
            }
        }
        while wire.counters().n_sent < n_taken && Instant::now() < until {
            std::thread::yield_now();
        }
        assert_eq!((n_taken, wire.counters().n_sent), (40 * 64, 40 * 64));
        assert!(n_down > 0, "it was told");
        ip("link set near down");
        batch.slot();
        batch.commit(frame.len());
        let begun = Instant::now();
        assert!(wire.send(&mut batch).is_ok(), "a thread takes it, and can't get rid of it");
        drop(wire);
        assert!(begun.elapsed() < Duration::from_secs(10), "it ends all the same");
    });
}

#[test]
fn a_full_queue_leaves_frames_in_the_batch() {
    inside(
        "faults::a_full_queue_leaves_frames_in_the_batch",
        |_| {},
        |_| {
            let Some(tun) = Tun::make("near") else { return };
            ip("link set near txqueuelen 100 up");
            // Past the queue discipline the driver's refusal is told; behind one it drops what it has no room for unseen.
            let mut wire = LiveWire::open(&WireConfig::new(interface("near"), 61000..=61000)).unwrap();
            let packet = syn(V4[0], 61000, V4[1], 80);
            let mut batch = Batch::new(1024, packet.len(), &packet);
            while batch.slot().is_some() {
                batch.commit(packet.len());
            }
            let mut n_sent = 0;
            while wire.counters().n_send_retried == 0 && !batch.is_empty() {
                n_sent += wire.send(&mut batch).unwrap();
            }
            assert!(n_sent < 1024 && batch.len() == 1024 - n_sent, "{n_sent} sent, {} left", batch.len());
            // Room again once someone reads; every frame gets there, once. The kernel sends some of its own too.
            let n_ours = || tun.read_all().iter().filter(|read| **read == packet).count();
            let (mut n_read, until) = (0, Instant::now() + Duration::from_secs(5));
            while (n_read < 1024 || !batch.is_empty()) && Instant::now() < until {
                n_read += n_ours();
                wire.send(&mut batch).unwrap();
            }
            assert_eq!((n_read, n_ours(), wire.counters().n_sent), (1024, 0, 1024));
        },
    );
}

#[test]
fn a_ring_that_overflows_is_counted() {
    inside("faults::a_ring_that_overflows_is_counted", veth, |_| {
        let target = V6[1];
        let route = rawsock::route_to(target).unwrap();
        let far = rawsock::resolve_neighbour(&route, Duration::from_secs(2)).unwrap().unwrap();
        let mut config = WireConfig::new(interface("near"), 1..=65535);
        config.ring_bytes = 128 << 10;
        let mut wire = LiveWire::open(&config).unwrap();
        let frame = framed(far, [2; 6], &syn(V6[0], 61000, target, 80));
        let mut batch = batch(std::slice::from_ref(&frame));
        let mut n_sent = 0;
        while wire.counters().n_dropped_by_kernel == 0 && n_sent < 100_000 {
            n_sent += wire.send(&mut batch).unwrap();
            batch.slot();
            batch.commit(frame.len());
        }
        let n_kept = receive_until(&mut wire, |got| !got.is_empty()).len();
        assert!(n_kept > 0 && n_sent < 100_000, "{n_kept} kept of {n_sent}");
    });
}
