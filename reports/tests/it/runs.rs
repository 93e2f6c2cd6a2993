//! Files of a run: observations and coverage go to Parquet and come back.

use std::collections::BTreeMap;

use model::coverage::{Coverage, HostCoverage};
use model::id::{CountingMint, RunId};
use model::observation::{
    Certainty, Endpoint, FirstBytes, Method, Observation, PortState, Reply, ServiceFacts, TlsFacts,
};
use model::port::Transport;
use model::shape::Shape;
use reports::coverage::{self, PortCounts};
use reports::{ReportError, observations};

use crate::town;

fn observation(port: u16) -> Observation {
    Observation {
        run: RunId::mint(&mut CountingMint::default()),
        at: town::instant("2026-11-22T08:00:00.123456Z"),
        endpoint: Endpoint { addr: "2001:db8::1".parse().unwrap(), transport: Transport::Tcp, port },
        names: vec!["portal.example.invalid".parse().unwrap(), "www.example.invalid".parse().unwrap()],
        state: PortState::Open,
        method: Method::Connect,
        rtt_us: (port > 1).then_some(250),
        shape: (port > 1).then_some(Shape { ttl: 57, window: 64_240, options: [2, 4, 8, 1, 3, 0, 0, 0] }),
        service: ServiceFacts {
            certainty: Certainty::Identified,
            protocol: Some("http".into()),
            product: Some("nginx".into()),
            tls: Some(TlsFacts { version: Some("TLS 1.3".into()), ..TlsFacts::default() }),
            facts: BTreeMap::from([("title".to_owned(), "示例\n门户".to_owned())]),
            first_bytes: FirstBytes::of(b"HTTP/1.1 200 OK\r\n\0\xff"),
            ..ServiceFacts::default()
        },
    }
}

#[test]
fn observations_read_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("observations-0.parquet");
    for n in [0, 1, 300] {
        let written: Vec<Observation> = (1..=n).map(observation).collect();
        assert_eq!(observations::write_parquet(&path, written.iter()).unwrap(), written.len());
        assert_eq!(observations::read_parquet(&path).unwrap(), written);
    }
}

#[test]
fn a_torn_file_of_observations_is_an_error_and_not_an_empty_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("observations-0.parquet");
    observations::write_parquet(&path, [observation(1)].iter()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 4, 11, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(
            matches!(observations::read_parquet(&path), Err(ReportError::Damaged { .. })),
            "{length} bytes"
        );
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(observations::read_parquet(&path), Err(ReportError::Unreadable { .. })));
}

#[test]
fn coverage_is_a_row_for_each_span_of_ports() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coverage.parquet");
    let answering = HostCoverage::settle(vec![
        (22, Reply::Open),
        (23, Reply::Refused),
        (24, Reply::Refused),
        (80, Reply::Silent),
    ]);
    let silent = HostCoverage::settle(vec![(22, Reply::Silent), (23, Reply::Silent)]);
    let hosts =
        BTreeMap::from([("192.0.2.1".parse().unwrap(), answering), ("192.0.2.2".parse().unwrap(), silent)]);
    let coverage = Coverage { transport: Transport::Tcp, method: Method::Connect, hosts };
    coverage::write_parquet(&path, &coverage).unwrap();
    let rows = coverage::read_parquet(&path).unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.addr.as_str(), row.first_port, row.last_port, row.state.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("192.0.2.1", 22, 22, "open"),
            ("192.0.2.1", 23, 24, "closed"),
            ("192.0.2.1", 80, 80, "filtered(silence)"),
            ("192.0.2.2", 22, 23, "unverifiable"),
        ]
    );
    let counts = coverage::counts_by_host(&coverage);
    let first = counts[&"192.0.2.1".parse::<std::net::IpAddr>().unwrap()];
    assert_eq!(first, PortCounts { n_open: 1, n_closed: 2, n_filtered: 1, n_unverifiable: 0 });
}

#[test]
fn how_hosts_were_asked_and_what_was_lost_reads_back() {
    use reports::asked::{AskedRow, SessionRow, ppm, read, write_hosts, write_sessions};
    let folder = tempfile::tempdir().unwrap();
    let asked = AskedRow {
        addr: "2001:db8::1".into(),
        n_sent: 1_200,
        n_open: 3,
        n_refused: 997,
        n_measured: 1_000,
        n_lost: 12,
        loss_ppm: ppm(0.012),
        confidence_ppm: ppm(0.9999),
        takes_everything: false,
        refused_ttl: Some(57),
    };
    let session = SessionRow {
        n_sent: 1_300,
        n_repeats: 100,
        n_received: 1_001,
        n_late: 1,
        n_forged: 2,
        n_measured: 1_000,
        n_lost: 12,
        loss_at_most_ppm: ppm(0.0199),
    };
    let (hosts, sessions) = (folder.path().join("hosts.parquet"), folder.path().join("sessions.parquet"));
    write_hosts(&hosts, std::slice::from_ref(&asked)).unwrap();
    write_sessions(&sessions, std::slice::from_ref(&session)).unwrap();
    assert_eq!(read::<AskedRow>(&hosts).unwrap(), [asked]);
    assert_eq!(read::<SessionRow>(&sessions).unwrap(), [session]);
    assert_eq!([ppm(0.999_999_96), ppm(f64::NAN), ppm(-1.0), ppm(2.0)], [1_000_000, 0, 0, 1_000_000]);
}
