//! What the kernel is asked for, against what the program `ip` says of the same.

use std::net::IpAddr;
use std::time::Duration;

use rawsock::{Interface, Link, Route, RouteKind};

use super::inside::{Namespaces, V4, V6, inside, interface, ip, veth};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn routed(namespaces: &Namespaces) {
    veth(namespaces);
    for words in [
        "route add 192.0.2.0/24 via 10.99.0.2 src 10.99.0.1",
        "route add 198.51.100.0/25 via inet6 2001:db8:99::2 dev near",
        "route add unreachable 203.0.113.0/26",
        "route add prohibit 203.0.113.64/26",
        "route add blackhole 203.0.113.128/26",
        "route add local 198.51.100.128/25 dev lo",
        "-6 route add 2001:db8:1::/64 via 2001:db8:99::2",
        "-6 route add unreachable 2001:db8:2::/64",
        "-6 route add prohibit 2001:db8:3::/64",
        "-6 route add blackhole 2001:db8:4::/64",
        "neigh add 10.99.0.7 lladdr 02:00:00:00:00:07 nud permanent dev near",
        "-6 neigh add 2001:db8:99::7 lladdr 02:00:00:00:00:08 nud permanent dev near",
    ] {
        ip(&format!("-n {} {words}", namespaces.near));
    }
}

#[track_caller]
fn check(target: &str, kind: RouteKind, next_hop: &str, interface_name: &str) {
    let route = rawsock::route_to(address(target)).unwrap();
    assert_eq!((route.kind, route.next_hop), (kind, address(next_hop)), "{target}");
    if interface_name.is_empty() {
        assert_eq!((route.interface, route.source.is_unspecified()), (0, true), "{target}");
        return;
    }
    assert_eq!(route.interface, interface(interface_name).index, "{target}");
    let said = ip(&format!("route get {target}"));
    assert!(said.contains(&format!("src {}", route.source)), "{target}: {route:?}, but ip says {said}");
}

#[test]
fn routes_are_those_that_ip_says() {
    inside("kernel::routes_are_those_that_ip_says", routed, |_| {
        use RouteKind::{Blackhole, Broadcast, Local, Multicast, Prohibit, Unicast, Unreachable};
        check("10.99.0.2", Unicast, "10.99.0.2", "near");
        check("192.0.2.9", Unicast, "10.99.0.2", "near");
        check("198.51.100.5", Unicast, "2001:db8:99::2", "near");
        check("2001:db8:1::5", Unicast, "2001:db8:99::2", "near");
        check("2001:db8:99::5", Unicast, "2001:db8:99::5", "near");
        for local in ["127.0.0.1", "127.200.3.4", "10.99.0.1", "198.51.100.200", "::1", "2001:db8:99::1"] {
            check(local, Local, local, "lo");
        }
        check("10.99.255.255", Broadcast, "10.99.255.255", "near");
        check("ff02::1", Multicast, "ff02::1", "near");
        for (target, kind) in [
            ("203.0.113.1", Unreachable),
            ("203.0.113.70", Prohibit),
            ("203.0.113.130", Blackhole),
            ("8.8.8.8", Unreachable),
            ("2001:db8:2::1", Unreachable),
            ("2001:db8:3::1", Prohibit),
            ("2001:db8:4::1", Blackhole),
            ("2001:db8:5::1", Unreachable),
        ] {
            check(target, kind, target, "");
        }
    });
}

#[test]
fn neighbours_are_found_in_the_table_or_asked_for() {
    inside("kernel::neighbours_are_found_in_the_table_or_asked_for", routed, |far| {
        let near = interface("near").index;
        let permanent = [("10.99.0.7", 7), ("2001:db8:99::7", 8)];
        for (neighbour, last) in permanent {
            assert_eq!(rawsock::neighbour(near, address(neighbour)).unwrap(), Some([2, 0, 0, 0, 0, last]));
        }
        let said = ip(&format!("-n {far} link show far"));
        for target in [V4[1], V6[1], address("192.0.2.1"), address("198.51.100.1"), address("2001:db8:1::1")]
        {
            let route = rawsock::route_to(target).unwrap();
            assert_eq!(
                rawsock::neighbour(near, route.next_hop).unwrap(),
                None,
                "the kernel never sent there"
            );
            let found = rawsock::resolve_neighbour(&route, Duration::from_secs(3)).unwrap();
            let text = found.unwrap().map(|byte| format!("{byte:02x}")).join(":");
            assert!(said.contains(&text), "{target}: {text}, but ip says {said}");
        }
        for dark in ["10.99.0.99", "2001:db8:99::99"] {
            let route = rawsock::route_to(address(dark)).unwrap();
            assert_eq!(rawsock::resolve_neighbour(&route, Duration::from_millis(200)).unwrap(), None);
        }
        let elsewhere = Route { interface: 9999, ..rawsock::route_to(V4[1]).unwrap() };
        assert!(rawsock::resolve_neighbour(&elsewhere, Duration::from_millis(200)).is_err());
    });
}

#[test]
fn interfaces_and_their_addresses_are_listed() {
    inside("kernel::interfaces_and_their_addresses_are_listed", veth, |_| {
        let all = Interface::all().unwrap();
        let near = interface("near");
        assert_eq!(all.iter().find(|it| it.name == "lo").unwrap().link, Link::Loopback);
        assert_eq!(Interface::by_index(near.index).unwrap(), near);
        assert!(matches!(near.link, Link::Ethernet { .. }) && near.is_up && near.mtu == 1500);
        let mut addresses: Vec<_> =
            near.addresses().unwrap().into_iter().filter(|it| !it.is_link_local).collect();
        addresses.sort_by_key(|it| it.address);
        let plain: Vec<_> = addresses.iter().map(|it| (it.address, it.prefix_len)).collect();
        assert_eq!(plain, [(V4[0], 16), (V6[0], 64)]);
        assert!(Interface::by_index(9999).is_err() && Interface::by_name("nosuch").is_err());
    });
}
