//! Targets and routers on our own link: whose link addresses must be asked for, and some of whom aren't there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::addr::AddrRange;
use scanner::Outcome;
use scanner::raw::Discovery;

use super::world::{FAR, Run, World, inside, ip, pace};

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

#[test]
fn hosts_on_the_link_are_found_without_privileges_once_sockets_are_open() {
    let set_up = |world: &mut World| {
        world.tie();
        world.listen([105]);
        for addr in ["10.99.0.20/24", "fd99::14/64"] {
            ip(&format!("-n {} addr add {addr} dev far nodad", world.far));
        }
        true
    };
    let test = "link::hosts_on_the_link_are_found_without_privileges_once_sockets_are_open";
    inside(test, set_up, || {
        let run = Run::new("10.99.0.20,fd99::14", "101-110", pace(20_000));
        let start = run.start();
        rawsock::drop_capabilities().unwrap();
        assert!(!rawsock::has_net_raw());
        assert_eq!(run.session(start, run.scope(|_| None)).0.unwrap().outcome, Outcome::Finished);
        for addr in ["10.99.0.20", "fd99::14"] {
            assert_eq!(run.count(addr), BTreeMap::from([("open", 1), ("closed", 9)]), "{addr}");
        }
    });
}

/// Whom the far end was asked for by ARP so far.
fn asked_for() -> Vec<String> {
    let far = std::env::var(FAR).unwrap();
    let seen = ip(&format!("netns exec {far} nft list set arp w seen"));
    let elements = seen.split_once("elements = {").map_or("", |(_, elements)| elements).replace('}', "");
    let mut seen: Vec<String> = elements.split(',').map(|addr| addr.trim().to_owned()).collect();
    seen.sort_unstable();
    seen
}

#[test]
fn hosts_outside_their_scan_window_are_not_asked_for_and_found_once_it_opens() {
    let set_up = |world: &mut World| {
        world.tie();
        world.listen([105]);
        ip(&format!("-n {} addr add 10.99.0.20/24 dev far", world.far));
        // Whoever is asked for stays in this set.
        world.rules(
            "table arp w { set seen { type ipv4_addr; flags dynamic; size 65535; }
                chain i { type filter hook input priority 0;
                    arp operation request add @seen { arp daddr ip }; } }",
        )
    };
    let test = "link::hosts_outside_their_scan_window_are_not_asked_for_and_found_once_it_opens";
    inside(test, set_up, || {
        let (by_day, by_night) = ("10.99.0.20-10.99.0.21", "10.99.0.28-10.99.0.29");
        let run = Run::new(&format!("{by_day},{by_night}"), "101-110", pace(20_000));
        let night: AddrRange = by_night.parse().unwrap();
        let scope = run.scope(|range| (range == night).then(|| "20:00-22:00".parse().unwrap()));
        let at =
            |time: &str| scope.at(format!("2026-11-22T{time}:00+08:00").parse::<DateTime<Utc>>().unwrap());

        let (swept, start) = run.session(run.start(), at("16:00"));
        assert_eq!(swept.unwrap().outcome, Outcome::PutOff);
        assert_eq!(asked_for(), ["10.99.0.20", "10.99.0.21"]);
        assert_eq!(run.count("10.99.0.20"), BTreeMap::from([("open", 1), ("closed", 9)]));

        // It comes up between the sessions.
        let far = std::env::var(FAR).unwrap();
        ip(&format!("-n {far} addr add 10.99.0.28/24 dev far"));
        let (swept, _) = run.session(start.unwrap(), at("20:30"));
        assert_eq!(swept.unwrap().outcome, Outcome::Finished);
        assert_eq!(run.count("10.99.0.28"), BTreeMap::from([("open", 1), ("closed", 9)]));
        assert_eq!(run.count("10.99.0.29"), BTreeMap::from([("unverifiable", 10)]));
        assert!(asked_for().contains(&"10.99.0.29".to_owned()));
    });
}

#[test]
fn next_hop_that_does_not_answer_is_named() {
    let set_up = |world: &mut World| {
        world.tie();
        ip(&format!("-n {} route add 10.97.0.0/16 via 10.99.0.77", world.near));
        true
    };
    inside("link::next_hop_that_does_not_answer_is_named", set_up, || {
        let run = Run::new("10.97.0.1", "101-110", pace(20_000));
        let expected =
            "none of the addresses can be reached: the next hop 10.99.0.77 doesn't answer on its link";
        assert_eq!(run.sweep().unwrap_err().to_string(), expected);
        assert_eq!(run.folder.summary().unwrap().totals.n_done(), 0);
    });
}
