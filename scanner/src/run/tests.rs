//! Tests of run folders: torn files, kills, resumption, coverage.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::addr::AddrRange;
use model::coverage::HostCoverage;
use model::id::{CountingMint, Mint};
use model::observation::{Endpoint, Method, PortState, Reply, ServiceFacts};
use model::port::Transport;
use model::shape::Shape;

use super::*;
use crate::options::Options;
use crate::plan::{Block, Plan};

pub(super) fn manifest(plan: Plan) -> Manifest {
    let mut mint = CountingMint::default();
    let started_at: DateTime<Utc> = "2026-11-22T08:00:00Z".parse().unwrap();
    Manifest {
        run: mint.mint().to_string().parse().unwrap(),
        started_at,
        software: "sentrypost 0.0.0".to_owned(),
        policy: "2026-11-22".to_owned(),
        method: Method::Connect,
        scope_day: started_at.date_naive(),
        scope_hash: "00".to_owned(),
        options: Options { no_payload: "9100-9107".parse().ok(), ..Options::default() },
        plan,
        shard: None,
        names: BTreeMap::from([("192.0.2.1".parse().unwrap(), vec!["portal.example".parse().unwrap()])]),
        tool: None,
        tls: None,
    }
}

pub(super) fn plan(addresses: &str, ports: &str) -> Plan {
    let range: AddrRange = addresses.parse().unwrap();
    Plan::new(u64::MAX - 5, [Block { addresses: vec![range].into(), ports: ports.parse().unwrap() }]).unwrap()
}

fn new_run(plan: Plan) -> (tempfile::TempDir, RunFolder) {
    let runs = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(runs.path(), manifest(plan), &[]).unwrap();
    (runs, folder)
}

fn observation(folder: &RunFolder, addr: &str, port: u16) -> Observation {
    Observation {
        run: folder.manifest().run,
        at: folder.manifest().started_at,
        endpoint: Endpoint { addr: addr.parse().unwrap(), transport: Transport::Tcp, port },
        names: Vec::new(),
        state: PortState::Open,
        method: Method::Connect,
        rtt_us: Some(7),
        shape: None,
        service: ServiceFacts::default(),
    }
}

#[test]
fn a_manifest_reads_back_and_a_run_is_interrupted_until_it_says_otherwise() {
    let (runs, folder) = new_run(plan("192.0.2.0/30", "22,80"));
    let read = RunFolder::open(folder.path()).unwrap();
    assert_eq!(read.manifest(), folder.manifest());
    let listed = RunFolder::list(runs.path()).unwrap();
    assert_eq!(listed.len(), 1);
    let summary = listed[0].as_ref().unwrap().summary().unwrap();
    assert_eq!(
        (summary.state, summary.totals.n_probes, summary.totals.n_done()),
        (RunState::Interrupted, 8, 0)
    );
    assert!(matches!(
        RunFolder::create(runs.path(), folder.manifest().clone(), &[]),
        Err(RunError::Exists { .. })
    ));
    assert_eq!(RunFolder::list(&runs.path().join("none")).unwrap().len(), 0);
}

#[test]
fn a_run_never_is_without_what_was_refused_before_it() {
    let runs = tempfile::tempdir().unwrap();
    let refused = ["portal.example", "mail.example"].map(|name| RefusalRecord {
        at: "2026-11-22T08:00:00Z".parse().unwrap(),
        addr: None,
        names: vec![name.parse().unwrap()],
        reason: Reason::Told("示例".to_owned()),
    });
    let created = RunFolder::create(runs.path(), manifest(plan("192.0.2.1", "1-10")), &refused).unwrap();
    // As a kill at once after it was made leaves it.
    let folder = RunFolder::open(created.path()).unwrap();
    let read = || folder.refusals().unwrap().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(read(), refused);
    drop(HeldRun::take(&folder).unwrap());
    assert_eq!(read(), refused, "taking the run up repeats none");
}

#[test]
fn a_second_process_is_kept_out_and_sees_the_run_running() {
    let (_runs, folder) = new_run(plan("192.0.2.0/30", "22,80"));
    let (mut held, _) = HeldRun::take(&folder).unwrap();
    let error = HeldRun::take(&folder).expect_err("the run is held");
    assert!(
        error.to_string().ends_with("is being carried out by another process; wait for it, or stop it first")
    );
    assert_eq!(folder.summary().unwrap().state, RunState::Running);
    let totals = Totals { n_probes: 8, n_refused: 8, ..Totals::default() };
    let at = folder.manifest().started_at;
    held.end(&EndState { end: End::Failed, at, reason: Some("the disk is full".to_owned()), totals })
        .unwrap();
    drop(held);
    let summary = folder.summary().unwrap();
    assert_eq!((summary.state, summary.reason.as_deref()), (RunState::Failed, Some("the disk is full")));
    let (mut held, _) = HeldRun::take(&folder).unwrap();
    held.end(&EndState { end: End::Finished, at, reason: None, totals }).unwrap();
    drop(held);
    assert_eq!(folder.summary().unwrap().state, RunState::Finished);
    assert!(matches!(HeldRun::take(&folder), Err(RunError::Finished { .. })));
}

#[test]
fn an_open_port_without_an_observation_is_not_done() {
    let plan = plan("192.0.2.1", "1-10");
    let (order, n_probes) = (plan.order(), plan.n_probes());
    let index_of = |port: u16| (0..n_probes).find(|&i| order.at(i) == Some(u64::from(port) - 1)).unwrap();
    let (_runs, folder) = new_run(plan);
    let (mut held, progressed) = HeldRun::take(&folder).unwrap();
    assert_eq!(progressed.done.gaps(0..10).flatten().count(), 10);
    let open = Settled::Reply(Reply::Open);
    let mut entries =
        [(index_of(3), open), (index_of(4), open), (index_of(5), Settled::Reply(Reply::Refused))];
    held.append(&mut entries, &[observation(&folder, "192.0.2.1", 3)], &[]).unwrap();
    drop(held);
    assert_eq!(folder.summary().unwrap().totals.n_open, 2);
    let (_held, progressed) = HeldRun::take(&folder).unwrap();
    let left: Vec<u64> = progressed.done.gaps(0..10).flatten().collect();
    assert_eq!(left.len(), 8);
    assert!(left.contains(&index_of(4)) && !left.contains(&index_of(3)) && !left.contains(&index_of(5)));
    assert_eq!((progressed.totals.n_open, progressed.totals.n_observations), (1, 1));
    assert_eq!(progressed.observed.len(), 1);
}

#[test]
fn coverage_is_the_same_in_slices_of_any_size() {
    let plan = plan("192.0.2.0/29", "22,80,443");
    let order = plan.order();
    let (_runs, folder) = new_run(plan.clone());
    let mut expected: BTreeMap<IpAddr, Vec<(u16, Reply)>> = BTreeMap::new();
    let mut entries = Vec::new();
    for index in 0..plan.n_probes() {
        let probe = plan.probe(order.at(index).unwrap()).unwrap();
        // Hosts with every mixture: silent ones, answering ones, one that was kept back, holes.
        let settled = Settled::of_code(((index * 5 + probe.host) % 8) as u8).unwrap();
        if index % 7 == 3 {
            continue;
        }
        entries.push((index, settled));
        if let Settled::Reply(reply) = settled {
            expected.entry(probe.addr).or_default().push((probe.port, reply));
        }
    }
    let (mut held, _) = HeldRun::take(&folder).unwrap();
    held.append(&mut entries, &[], &[]).unwrap();
    let expected: BTreeMap<IpAddr, HostCoverage> =
        expected.into_iter().map(|(addr, replies)| (addr, HostCoverage::settle(replies))).collect();
    for slice in [1, 4, 7, 1 << 20] {
        assert_eq!(folder.coverage_in_slices(slice).unwrap().hosts, expected, "slices of {slice}");
    }
}

#[test]
fn a_newer_or_damaged_folder_is_named_and_hides_no_other() {
    let (runs, folder) = new_run(plan("192.0.2.1", "1-10"));
    let other = runs.path().join("0-empty");
    fs::create_dir(&other).unwrap();
    let manifest_path = folder.path().join(MANIFEST);
    let text = fs::read_to_string(&manifest_path).unwrap();
    let check = |text: &str, expected: &str| {
        fs::write(&manifest_path, text).unwrap();
        let listed = RunFolder::list(runs.path()).unwrap();
        assert_eq!(listed.len(), 1, "a folder that a kill left without a manifest is no run");
        let error = listed[0].as_ref().expect_err("a bad manifest").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(
        &text.replace("format = 1", "format = 2"),
        "was written by a newer version (format 2, known up to 1)",
    );
    check("format = 3\nnothing = \"else\"", "was written by a newer version (format 3");
    check(&text.replace("method = \"connect\"", "method = \"telepathy\""), "can't be read as a manifest");
    fs::write(&manifest_path, text).unwrap();
    assert!(RunFolder::open(folder.path()).is_ok());
    assert!(matches!(RunFolder::open(&other), Err(RunError::NotARun { .. })));
}

#[test]
fn hosts_that_answer_alike_and_refuse_from_elsewhere_are_a_cluster() {
    let (_runs, folder) = new_run(plan("192.0.2.0/29", "80,443"));
    let (mut run, _) = HeldRun::take(&folder).unwrap();
    let shape = Shape { ttl: 250, window: 8_192, options: [2, 0, 0, 0, 0, 0, 0, 0] };
    let mut observations = Vec::new();
    let mut hosts = Vec::new();
    for last in 1..=5 {
        let addr = format!("192.0.2.{last}");
        for port in [80, 443] {
            observations.push(Observation { shape: Some(shape), ..observation(&folder, &addr, port) });
        }
        hosts.push(HostFacts {
            addr: addr.parse().unwrap(),
            n_sent: 2,
            n_open: 2,
            n_refused: 1,
            n_measured: 2,
            n_lost: 0,
            loss: 0.0,
            confidence: 1.0,
            is_suspect: false,
            // The last answers for itself.
            refused_ttl: Some(if last == 5 { 250 } else { 60 }),
        });
    }
    run.append(&mut [], &observations, &[]).unwrap();
    assert_eq!(folder.clusters().unwrap(), [], "nothing is known of refusals yet");
    run.tell_session(&RawReport { hosts, ..RawReport::default() }).unwrap();
    let clusters = folder.clusters().unwrap();
    assert_eq!(clusters.len(), 1);
    assert_eq!((clusters[0].shape, clusters[0].hops), (shape, 5));
    let members: Vec<String> = clusters[0].members.iter().map(|member| member.addr.to_string()).collect();
    assert_eq!(members, ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    assert!(clusters[0].members.iter().all(|member| member.n_ports == 2));
    let read: Vec<_> = folder.observations().unwrap().map(|seen| seen.unwrap().shape).collect();
    assert_eq!(read, vec![Some(shape); 10]);
}
