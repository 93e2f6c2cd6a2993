//! Tests of plans: every probe once, overlapping blocks merged, plans read back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn block(addresses: &str, ports: &str) -> Block {
    let ranges = addresses.split(',').map(|range| range.parse::<AddrRange>().expect(range));
    Block { addresses: ranges.collect(), ports: ports.parse().expect(ports) }
}

fn listed(plan: &Plan) -> Vec<(String, u16)> {
    (0..plan.n_probes())
        .map(|position| plan.probe(position).expect("a position below n"))
        .map(|probe| (probe.addr.to_string(), probe.port))
        .collect()
}

#[track_caller]
fn check(blocks: Vec<Block>, expected: &[(&str, u16)]) {
    let plan = Plan::new(1, blocks).expect("a small plan");
    let mut got = listed(&plan);
    got.sort();
    let mut expected: Vec<(String, u16)> =
        expected.iter().map(|&(addr, port)| (addr.to_owned(), port)).collect();
    expected.sort();
    assert_eq!(got, expected);
    assert_eq!(plan.probe(plan.n_probes()), None);
    for position in 0..plan.n_probes() {
        let probe = plan.probe(position).expect("a position below n");
        assert_eq!(plan.locate(probe.addr, probe.port), Some((position, probe.host)));
    }
    assert_eq!(plan.locate([198, 51, 100, 9].into(), 80), None);
}

#[test]
fn every_address_meets_every_port_of_its_block() {
    check(
        vec![block("192.0.2.1-2", "22,80"), block("2001:db8::1", "443")],
        &[("192.0.2.1", 22), ("192.0.2.1", 80), ("192.0.2.2", 22), ("192.0.2.2", 80), ("2001:db8::1", 443)],
    );
}

#[test]
fn an_address_in_two_blocks_is_probed_once_per_port() {
    check(
        vec![block("192.0.2.1-2", "22,80"), block("192.0.2.2-3", "80,443")],
        &[
            ("192.0.2.1", 22),
            ("192.0.2.1", 80),
            ("192.0.2.2", 22),
            ("192.0.2.2", 80),
            ("192.0.2.2", 443),
            ("192.0.2.3", 80),
            ("192.0.2.3", 443),
        ],
    );
}

#[test]
fn endpoints_make_a_plan_of_nothing_else() {
    let addr = |text: &str| text.parse::<IpAddr>().expect(text);
    let endpoints = [
        (addr("192.0.2.9"), 22),
        (addr("192.0.2.1"), 80),
        (addr("192.0.2.9"), 22),
        (addr("192.0.2.9"), 443),
        (addr("192.0.2.2"), 80),
    ];
    let plan = Plan::of_endpoints(1, endpoints).expect("four endpoints");
    let got: BTreeSet<(String, u16)> = listed(&plan).into_iter().collect();
    let expected = [("192.0.2.1", 80), ("192.0.2.2", 80), ("192.0.2.9", 22), ("192.0.2.9", 443)];
    assert_eq!(got, expected.map(|(addr, port)| (addr.to_owned(), port)).into());
    assert_eq!(plan.n_probes(), 4);
    assert_eq!(Plan::of_endpoints(1, []), Err(PlanError::Empty));
}

#[test]
fn refuses_more_probes_than_a_run_takes() {
    let error = Plan::new(1, [block("2001:db8::/64", "1-2")]).expect_err("2^65 probes");
    assert_eq!(
        error.to_string(),
        "too many: 36893488147419103232 probes, where a run takes at most 1099511627776; narrow the addresses or the ports"
    );
    assert!(
        Plan::new(1, [block("10.0.0.0/8", "all")]).is_ok_and(|plan| plan.n_probes() == (1 << 24) * 65_535)
    );
}

#[test]
fn hosts_tell_where_their_ports_lie() {
    let plan = Plan::new(3, [block("192.0.2.0/30", "1-5"), block("2001:db8::1-2001:db8::2", "7,9")])
        .expect("a plan");
    for (nth, (start, addr, ports)) in (0u64..).zip(plan.hosts()) {
        for (offset, &port) in (0u64..).zip(ports.as_slice()) {
            assert_eq!(plan.probe(start + offset), Some(Probe { addr, port, host: nth }));
        }
    }
    assert_eq!(plan.hosts().count() as u64, plan.n_hosts());
}

fn small_block() -> impl Strategy<Value = Block> {
    (0u8..20, 0u8..6, prop::collection::btree_set(1u16..12, 1..5)).prop_map(|(first, len, ports)| {
        let at = |n: u8| IpAddr::from([192, 0, 2, n]);
        let range = AddrRange::new(at(first), at(first + len)).expect("an ordered range");
        Block { addresses: vec![range].into(), ports: PortSet::new(ports).expect("ports") }
    })
}

proptest! {
    #[test]
    fn blocks_are_covered_exactly_once_and_survive_a_manifest(
        seed: u64,
        blocks in prop::collection::vec(small_block(), 1..6),
    ) {
        let wanted: BTreeSet<(String, u16)> = blocks
            .iter()
            .flat_map(|block| block.addresses.iter().flat_map(|addr| {
                block.ports.as_slice().iter().map(move |&port| (addr.to_string(), port))
            }))
            .collect();
        let plan = Plan::new(seed, blocks).expect("a small plan");
        let listed = listed(&plan);
        prop_assert_eq!(listed.len(), wanted.len());
        prop_assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), wanted);
        let written = toml::to_string(&plan).expect("a plan is TOML");
        prop_assert_eq!(toml::from_str::<Plan>(&written).expect("what was written reads back"), plan);
    }
}
