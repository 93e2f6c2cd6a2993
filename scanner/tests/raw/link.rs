//! Targets on our own link: whose link addresses must be asked for, and some of whom aren't there.

use std::collections::BTreeMap;

use scanner::raw::Discovery;

use super::world::{Run, World, inside, ip, pace};

#[track_caller]
fn check(test: &str, there: [&'static str; 2], targets: &str, method: Discovery, absent: &str) {
    let set_up = |world: &mut World| {
        world.tie();
        world.listen([105]);
        for addr in there {
            ip(&format!("-n {} addr add {addr} dev far nodad", world.far));
        }
        true
    };
    inside(test, set_up, || {
        let mut raw = pace(20_000);
        raw.discover = vec![method];
        let run = Run::new(targets, "101-110", raw);
        let report = run.finish();
        assert_eq!(report.n_absent, 14, "{report:?}");
        for addr in there {
            let addr = addr.split('/').next().unwrap();
            assert_eq!(run.count(addr), BTreeMap::from([("open", 1), ("closed", 9)]), "{addr}");
        }
        assert_eq!(run.count(absent), BTreeMap::from([("unverifiable", 10)]));
    });
}

#[test]
fn hosts_on_the_link_are_found_by_arp() {
    let there = ["10.99.0.20/24", "10.99.0.29/24"];
    let test = "link::hosts_on_the_link_are_found_by_arp";
    check(test, there, "10.99.0.16/28", Discovery::Arp, "10.99.0.21");
}

#[test]
fn hosts_on_the_link_are_found_by_neighbour_discovery() {
    let there = ["fd99::14/64", "fd99::1d/64"];
    let test = "link::hosts_on_the_link_are_found_by_neighbour_discovery";
    check(test, there, "fd99::10/124", Discovery::Nd, "fd99::15");
}
