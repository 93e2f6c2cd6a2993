//! Hosts that answer everything, and hosts that aren't there.

use std::collections::BTreeMap;

use model::shape::{Cluster, Doubt, Member};
use scanner::raw::Discovery;

use super::world::{FAR, Run, World, inside, ip, pace};

const HONEST: &str = "10.98.3.2";
const LIAR: &str = "10.98.3.9";

/// All ports of the one, and of the other those that are; one of its ports is open.
#[track_caller]
fn check_suspect() {
    let run = Run::new("10.98.3.2,10.98.3.9", "101-800", pace(20_000));
    run.finish();
    assert_eq!(run.count(LIAR), BTreeMap::from([("suspect-open", 700)]));
    assert_eq!(run.count(HONEST), BTreeMap::from([("open", 1), ("closed", 699)]));
}

#[test]
fn host_that_accepts_everything_is_suspect() {
    let set_up = |world: &mut World| {
        world.tie();
        world.listen([7, 200]);
        let redirect = format!("ip daddr {LIAR} tcp dport 1-65535 redirect to :7");
        let chain = format!("chain p {{ type nat hook prerouting priority -100; {redirect}; }}");
        world.rules(&format!("table inet t {{ {chain} }}"))
    };
    inside("hosts::host_that_accepts_everything_is_suspect", set_up, check_suspect);
}

/// Puts a SYN proxy before some addresses of the far end, which accept no connection themselves.
fn put_syn_proxy_before(world: &mut World, addrs: &str) -> bool {
    world.tie();
    world.listen([200]);
    let raw = format!("ip daddr {addrs} tcp flags syn / syn,ack notrack");
    let proxy =
        format!("ip daddr {addrs} ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm");
    let prerouting = format!("chain p {{ type filter hook prerouting priority -300; {raw}; }}");
    let input = format!("chain i {{ type filter hook input priority 0; {proxy}; }}");
    world.far(&["sysctl", "-qw", "net.ipv4.tcp_syncookies=1"]);
    world.rules(&format!("table ip t {{ {prerouting} {input} }}"))
}

#[test]
fn host_behind_a_syn_proxy_is_suspect() {
    let set_up = |world: &mut World| put_syn_proxy_before(world, LIAR);
    inside("hosts::host_behind_a_syn_proxy_is_suspect", set_up, check_suspect);
}

#[test]
fn hosts_behind_one_syn_proxy_are_a_cluster() {
    let set_up = |world: &mut World| put_syn_proxy_before(world, "10.98.3.9-10.98.3.12");
    inside("hosts::hosts_behind_one_syn_proxy_are_a_cluster", set_up, || {
        let run = Run::new("10.98.3.2,10.98.3.9-10.98.3.12", "101-300", pace(20_000));
        run.finish();
        let clusters = run.folder.clusters().unwrap();
        let members = |cluster: &Cluster| cluster.members.iter().map(|it| it.addr.to_string()).collect();
        let members: Vec<Vec<String>> = clusters.iter().map(members).collect();
        assert_eq!(members, [["10.98.3.9", "10.98.3.10", "10.98.3.11", "10.98.3.12"]], "{clusters:?}");
        let [cluster] = clusters.as_slice() else { unreachable!("just compared") };
        let why = |member: &Member| member.why == [Doubt::TakesEverything];
        // No more ports are kept of a suspect host than tell what it is.
        assert!(cluster.members.iter().all(|member| why(member) && member.n_ports > 10), "{cluster:?}");
    });
}

#[test]
fn discovery_leaves_dark_hosts_out() {
    // Three of 256 are there: one answers echoes, one only a SYN to 443, one an ACK to 80; all drop the rest.
    let set_up = |world: &mut World| {
        world.tie();
        world.listen([443, 8080]);
        world.rules(
            "table inet t { chain i { type filter hook input priority 0;
                ip daddr { 10.98.4.7, 10.98.4.8, 10.98.4.9 } tcp dport 8080 accept;
                ip daddr 10.98.4.7 icmp type echo-request accept;
                ip daddr 10.98.4.8 tcp dport 443 accept;
                ip daddr 10.98.4.9 tcp dport 80 tcp flags & (syn | ack) == ack accept;
                ip daddr 10.98.0.0/16 drop; } }",
        )
    };
    inside("hosts::discovery_leaves_dark_hosts_out", set_up, || {
        let mut raw = pace(20_000);
        raw.discover = vec![Discovery::Icmp, Discovery::Tcp];
        let run = Run::new("10.98.4.0/24", "8080-8089", raw);
        let report = run.finish();
        assert_eq!(report.n_absent, 253, "{report:?}");
        for addr in ["10.98.4.7", "10.98.4.8", "10.98.4.9"] {
            assert_eq!(run.count(addr), BTreeMap::from([("open", 1), ("filtered(silence)", 9)]), "{addr}");
        }
        assert_eq!(run.count("10.98.4.10"), BTreeMap::from([("unverifiable", 10)]));
        assert!(report.n_sent < 3 * 10 * 8, "{report:?}");
    });
}

#[test]
fn addresses_outside_the_plan_are_never_asked() {
    let set_up = |world: &mut World| {
        world.tie();
        // Whoever is asked stays in this set.
        world.rules(
            "table inet w { set seen { type ipv4_addr; flags dynamic; size 65535; }
                chain i { type filter hook prerouting priority -400;
                    ip daddr 10.98.0.0/16 add @seen { ip daddr }; } }",
        )
    };
    inside("hosts::addresses_outside_the_plan_are_never_asked", set_up, || {
        let run = Run::new("10.98.0.16/30,10.98.0.200", "101-120", pace(20_000));
        run.finish();
        let far = std::env::var(FAR).unwrap();
        let seen = ip(&format!("netns exec {far} nft list set inet w seen"));
        let elements = seen.split_once("elements = {").unwrap().1.replace('}', "");
        let mut seen: Vec<&str> = elements.split(',').map(str::trim).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["10.98.0.16", "10.98.0.17", "10.98.0.18", "10.98.0.19", "10.98.0.200"]);
    });
}
