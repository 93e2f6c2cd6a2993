//! Whole sweeps over loopback and namespaces.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::observation::{Certainty, ServiceFacts};
use scanner::identify::IdentifyLimits;
use scanner::{Identifier, OpenPort, Options, Outcome};

use super::world::{Listeners, Run};

fn says(protocol: &'static str) -> Option<Arc<dyn Identifier>> {
    Some(Arc::new(move |_: OpenPort| async move {
        ServiceFacts {
            certainty: Certainty::Identified,
            protocol: Some(protocol.to_owned()),
            ..ServiceFacts::default()
        }
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_every_open_port_and_proves_the_others_closed() {
    let listeners = Listeners::bind("127.77.1.1", [21_022, 25_000, 29_990]);
    let run = Run::new("127.77.1.1-2", "21000-29000,29990", Options::default());
    let swept = run.sweep(says("示例")).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done()), (Outcome::Finished, 16_004));
    let addr = "127.77.1.1".parse().unwrap();
    assert_eq!(run.observed(), [21_022, 25_000, 29_990].map(|port| (addr, port)));
    assert_eq!(run.states("127.77.1.1"), BTreeMap::from([("open", 3), ("closed", 7999)]));
    assert_eq!(run.states("127.77.1.2"), BTreeMap::from([("closed", 8002)]));
    assert_eq!(listeners.count(), BTreeMap::from([(21_022, 1), (25_000, 1), (29_990, 1)]));
    assert!(run.observations().iter().all(|seen| seen.service.protocol.as_deref() == Some("示例")));
    assert!(run.observations().iter().all(|seen| seen.rtt_us.is_some()));
}

#[tokio::test]
async fn sweeps_ipv6_on_a_single_thread() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        println!("skipped: this machine has no IPv6");
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let run = Run::new("::1", &port.to_string(), Options::default());
    run.sweep(None).await.unwrap();
    assert_eq!(run.observed(), [("::1".parse().unwrap(), port)]);
    assert_eq!(run.observations()[0].service.certainty, Certainty::NotAsked);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_out_of_scope_is_touched_and_it_is_written_down() {
    let inside = Listeners::bind("127.77.2.1", [22_201]);
    let outside = Listeners::bind("127.77.2.2", [22_201]);
    let run = Run::new("127.77.2.1-3", "22200-22209", Options::default()).admitting("127.77.2.1");
    let swept = run.sweep(None).await.unwrap();
    assert_eq!((swept.totals.n_not_admitted, swept.totals.n_refused, swept.totals.n_open), (20, 9, 1));
    assert_eq!((inside.count().len(), outside.count().len()), (1, 0));
    let mut refusals: Vec<String> =
        run.folder.refusals().unwrap().map(|refusal| refusal.unwrap().reason.to_string()).collect();
    refusals.sort();
    let expected = ["127.77.2.2", "127.77.2.3"];
    assert_eq!(
        refusals,
        expected.map(|addr| format!("{addr} is out of scope: no registered asset holds it"))
    );
    assert_eq!(run.states("127.77.2.2"), BTreeMap::new(), "what was kept back isn't covered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_on_the_no_payload_list_is_connected_once_and_closed_cleanly() {
    let listeners = Listeners::bind("127.77.3.1", [29_100, 29_200]);
    let options = Options { no_payload: "29100-29107".parse().ok(), ..Options::default() };
    let run = Run::new("127.77.3.1", "29000-29200", options);
    let greets = |mut open: OpenPort| async move {
        use tokio::io::AsyncWriteExt;
        open.stream.as_mut().unwrap().write_all(b"hello").await.unwrap();
        ServiceFacts { certainty: Certainty::Silent, ..ServiceFacts::default() }
    };
    run.sweep(Some(Arc::new(greets))).await.unwrap();
    let mut received = BTreeMap::new();
    for (port, mut stream) in listeners.accept_all() {
        let mut bytes = Vec::new();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.read_to_end(&mut bytes).expect("an orderly end, not a reset");
        assert_eq!(received.insert(port, bytes), None, "one connection for each port");
    }
    assert_eq!(received, BTreeMap::from([(29_100, Vec::new()), (29_200, b"hello".to_vec())]));
    let asked: Vec<_> =
        run.observations().iter().map(|seen| (seen.endpoint.port, seen.service.certainty)).collect();
    assert!(asked.contains(&(29_100, Certainty::NotAsked)) && asked.contains(&(29_200, Certainty::Silent)));
}

#[tokio::test(flavor = "multi_thread")]
async fn identification_keeps_to_the_cap_of_its_host() {
    const CAP: usize = 5;
    let _listeners = Listeners::bind("127.77.4.1", 24_000..24_060);
    let options = Options { per_host: CAP as u16, ..Options::default() };
    let run = Run::new("127.77.4.1", "23900-24100", options);
    let (now, most, begun) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let most_seen = most.clone();
    let counts = move |open: OpenPort| {
        let (now, most) = (now.clone(), most.clone());
        let wants_two = begun.fetch_add(1, Ordering::SeqCst).is_multiple_of(3);
        async move {
            let first = open.gate.permit().await;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(3)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            drop((first, open.stream));
            if wants_two {
                let _second = open.gate.permit().await;
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(3)).await;
                now.fetch_sub(1, Ordering::SeqCst);
            }
            ServiceFacts::default()
        }
    };
    let swept = run.sweep(Some(Arc::new(counts))).await.unwrap();
    assert_eq!((swept.totals.n_open, swept.totals.n_observations, swept.totals.n_refused), (60, 60, 141));
    let most = most_seen.load(Ordering::SeqCst);
    assert!((2..=CAP).contains(&most), "{most} at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identification_that_breaks_down_costs_one_observation_its_facts() {
    let _listeners = Listeners::bind("127.77.5.1", [25_001, 25_002]);
    let run = Run::new("127.77.5.1", "25000-25003", Options::default());
    let breaks = |open: OpenPort| async move {
        assert!(open.port != 25_001, "hostile bytes");
        ServiceFacts { certainty: Certainty::Silent, ..ServiceFacts::default() }
    };
    let swept = run.sweep(Some(Arc::new(breaks))).await.unwrap();
    assert_eq!(swept.outcome, Outcome::Finished);
    let mut seen: Vec<_> =
        run.observations().into_iter().map(|seen| (seen.endpoint.port, seen.service)).collect();
    seen.sort_by_key(|&(port, _)| port);
    assert_eq!(seen[0].1.facts.get("identification").map(String::as_str), Some("broke down"));
    assert_eq!(seen[1].1.certainty, Certainty::Silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_identification_works_through_the_gate_even_with_one_connection_at_a_time() {
    let listener = std::net::TcpListener::bind("127.77.9.1:29901").unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::Write;
            // A peer that goes away early is its own affair.
            drop(stream.and_then(|mut stream| stream.write_all(b"SSH-2.0-Example_1.0\r\n")));
        }
    });
    let options = Options { per_host: 1, ..Options::default() };
    let run = Run::new("127.77.9.1", "29900-29910", options);
    let swept = run.sweep(Some(Arc::new(IdentifyLimits::default()))).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_open, swept.totals.n_refused), (Outcome::Finished, 1, 10));
    assert_eq!(run.observations()[0].service.protocol.as_deref(), Some("ssh"));
}
