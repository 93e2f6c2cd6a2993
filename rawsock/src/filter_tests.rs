//! The filter against crafted packets and against the same rules in plain Rust.

use proptest::prelude::*;

use super::*;

/// A packet as the kernel shows it to a filter.
#[derive(Debug, Clone)]
struct Seen {
    protocol: u16,
    vlan_tag: u16,
    bytes: Vec<u8>,
}

/// Runs the program as the kernel does: a load out of range ends it with 0. Panics on what the kernel's verifier
/// would refuse.
fn run(program: &[sock_filter], seen: &Seen) -> u32 {
    let (mut a, mut x, mut at) = (0u32, 0u32, 0usize);
    let load = |offset: u32, len: usize| -> Option<u32> {
        let bytes = seen.bytes.get(offset as usize..offset as usize + len)?;
        Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    };
    loop {
        let sock_filter { code, jt, jf, k } = program[at];
        at += 1;
        let mut branch = |taken: bool| at += usize::from(if taken { jt } else { jf });
        let loaded = match code {
            LOAD_WORD if k == ABOUT_PROTOCOL => Some(u32::from(seen.protocol)),
            LOAD_WORD if k == ABOUT_VLAN_TAG => Some(u32::from(seen.vlan_tag)),
            LOAD_BYTE => load(k, 1),
            LOAD_HALF => load(k, 2),
            LOAD_BYTE_X => load(k + x, 1),
            LOAD_HALF_X => load(k + x, 2),
            LOAD_X_HEADER => {
                let Some(byte) = load(k, 1) else { return 0 };
                x = 4 * (byte & 15);
                continue;
            }
            LOAD_X => {
                x = k;
                continue;
            }
            AND => Some(a & k),
            SHIFT_LEFT => Some(a << k),
            ADD_X => Some(a + x),
            A_TO_X => {
                x = a;
                continue;
            }
            JUMP => {
                at += k as usize;
                continue;
            }
            IF_EQUAL => {
                branch(a == k);
                continue;
            }
            IF_GREATER => {
                branch(a > k);
                continue;
            }
            IF_AT_LEAST => {
                branch(a >= k);
                continue;
            }
            IF_ANY_BIT => {
                branch(a & k != 0);
                continue;
            }
            RETURN => return k,
            _ => panic!("the program has no instruction {code:#x}"),
        };
        let Some(value) = loaded else { return 0 };
        a = value;
    }
}

/// The rules once more, in plain Rust. None where a field is missing.
fn wanted(config: &FilterConfig, seen: &Seen) -> Option<bool> {
    let bytes = &seen.bytes;
    let half = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let is_ours = |at: usize| half(at).map(|port| config.our_ports.contains(&port));
    if seen.vlan_tag & 0xfff != 0 {
        return Some(false);
    }
    match seen.protocol {
        0x0806 => Some(config.arp && half(6)? == 2),
        0x0800 => {
            let first = *bytes.first()?;
            let header_len = usize::from(first & 15) * 4;
            if first >> 4 != 4 || header_len < 20 || half(6)? & 0x1fff != 0 {
                return Some(false);
            }
            match *bytes.get(9)? {
                6 | 17 => is_ours(header_len + 2),
                1 => match *bytes.get(header_len)? {
                    0 | 14 => Some(true),
                    3 | 11 | 12 => match *bytes.get(header_len + 17)? {
                        1 => Some(true),
                        6 | 17 => {
                            let quoted = usize::from(bytes.get(header_len + 8)? & 15) * 4;
                            is_ours(header_len + 8 + quoted)
                        }
                        _ => Some(false),
                    },
                    _ => Some(false),
                },
                _ => Some(false),
            }
        }
        0x86dd => {
            if bytes.first()? >> 4 != 6 {
                return Some(false);
            }
            match *bytes.get(6)? {
                6 | 17 => is_ours(42),
                44 => {
                    if half(42)? & 0xfff8 != 0 {
                        return Some(false);
                    }
                    if matches!(*bytes.get(40)?, 6 | 17) { is_ours(50) } else { Some(false) }
                }
                58 => match *bytes.get(40)? {
                    129 => Some(true),
                    136 => Some(config.neighbour_discovery),
                    1..=4 => match *bytes.get(54)? {
                        58 => Some(true),
                        6 | 17 => is_ours(88),
                        _ => Some(false),
                    },
                    _ => Some(false),
                },
                _ => Some(false),
            }
        }
        _ => Some(false),
    }
}

fn config(arp: bool, neighbour_discovery: bool) -> FilterConfig {
    FilterConfig { our_ports: 61000..=61015, arp, neighbour_discovery, snap_len: 2048 }
}

fn ipv4(protocol: u8, options: usize, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 20 + options];
    bytes[0] = 0x45 + u8::try_from(options / 4).unwrap();
    bytes[6..8].copy_from_slice(&fragment.to_be_bytes());
    bytes[9] = protocol;
    bytes.extend_from_slice(payload);
    bytes
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    (bytes[0], bytes[6]) = (0x60, next);
    bytes.extend_from_slice(payload);
    bytes
}

fn ports(source: u16, destination: u16) -> Vec<u8> {
    [source.to_be_bytes(), destination.to_be_bytes(), [0; 2], [0; 2]].concat()
}

fn icmp(kind: u8, quoted: &[u8]) -> Vec<u8> {
    [&[kind, 0, 0, 0, 0, 0, 0, 0], quoted].concat()
}

#[track_caller]
fn check(config: &FilterConfig, protocol: u16, bytes: &[u8], expected: bool) {
    let seen = Seen { protocol, vlan_tag: 0, bytes: bytes.to_vec() };
    let result = run(&program(config), &seen);
    assert_eq!(result, if expected { 2048 } else { 0 });
    assert_eq!(wanted(config, &seen).unwrap_or(false), expected, "the plain rules differ");
}

#[test]
fn lets_through_what_comes_back_to_our_ports() {
    let plain = config(false, false);
    for (port, expected) in [(61000, true), (61015, true), (60999, false), (61016, false), (0, false)] {
        for protocol in [6, 17] {
            check(&plain, 0x0800, &ipv4(protocol, 0, 0, &ports(80, port)), expected);
            check(&plain, 0x0800, &ipv4(protocol, 40, 0x4000, &ports(80, port)), expected);
            check(&plain, 0x86dd, &ipv6(protocol, &ports(80, port)), expected);
            let fragment = [&[protocol, 0, 0, 1, 0, 0, 0, 0], &ports(80, port)[..]].concat();
            check(&plain, 0x86dd, &ipv6(44, &fragment), expected);
        }
        check(&plain, 0x0800, &ipv4(132, 0, 0, &ports(80, port)), false);
        check(&plain, 0x88cc, &ipv4(6, 0, 0, &ports(80, port)), false);
    }
}

#[test]
fn only_the_first_fragment_has_ports() {
    let plain = config(false, false);
    check(&plain, 0x0800, &ipv4(17, 0, 0x2000, &ports(53, 61001)), true);
    check(&plain, 0x0800, &ipv4(17, 0, 0x2001, &ports(53, 61001)), false);
    let later = [&[17, 0, 0, 8, 0, 0, 0, 0], &ports(53, 61001)[..]].concat();
    check(&plain, 0x86dd, &ipv6(44, &later), false);
}

#[test]
fn lets_through_icmp_that_quotes_our_ports_or_our_echo() {
    let plain = config(false, false);
    for kind in 0..=255 {
        let is_reply = [0, 14].contains(&kind);
        let is_quote = [3, 11, 12].contains(&kind);
        for (quoted, is_ours) in [
            (ipv4(6, 0, 0, &ports(61001, 80)), true),
            (ipv4(17, 8, 0, &ports(61001, 80)), true),
            (ipv4(6, 0, 0, &ports(61016, 80)), false),
            (ipv4(6, 0, 0, &ports(80, 61001)), false),
            (ipv4(1, 0, 0, &[8; 8]), true),
            (ipv4(47, 0, 0, &ports(61001, 80)), false),
        ] {
            let expected = is_reply || is_quote && is_ours;
            check(&plain, 0x0800, &ipv4(1, 4, 0, &icmp(kind, &quoted)), expected);
        }
        let is_reply = kind == 129;
        let is_quote = (1..=4).contains(&kind);
        for (quoted, is_ours) in [
            (ipv6(6, &ports(61001, 80)), true),
            (ipv6(17, &ports(61017, 80)), false),
            (ipv6(58, &[128; 8]), true),
            (ipv6(43, &ports(61001, 80)), false),
        ] {
            let expected = is_reply || is_quote && is_ours;
            check(&plain, 0x86dd, &ipv6(58, &icmp(kind, &quoted)), expected);
        }
    }
}

#[test]
fn arp_replies_and_advertisements_only_if_asked_for() {
    let reply = [0, 1, 8, 0, 6, 4, 0, 2, 0, 0];
    let request = [0, 1, 8, 0, 6, 4, 0, 1, 0, 0];
    let advertisement = ipv6(58, &icmp(136, &[]));
    for (arp, neighbour_discovery) in [(false, false), (true, false), (false, true), (true, true)] {
        let config = config(arp, neighbour_discovery);
        check(&config, 0x0806, &reply, arp);
        check(&config, 0x0806, &request, false);
        check(&config, 0x86dd, &advertisement, neighbour_discovery);
        check(&config, 0x86dd, &ipv6(58, &icmp(135, &[])), false);
    }
}

#[test]
fn packets_of_a_vlan_are_left_to_its_interface() {
    let bytes = ipv4(6, 0, 0, &ports(80, 61000));
    for (vlan_tag, expected) in [(0, true), (0xe000, true), (1, false), (0xe064, false)] {
        let seen = Seen { protocol: 0x0800, vlan_tag, bytes: bytes.clone() };
        assert_eq!(run(&program(&config(false, false)), &seen) != 0, expected, "{vlan_tag:#x}");
    }
}

#[test]
fn a_packet_cut_anywhere_is_rejected_or_still_has_its_port() {
    let plain = config(true, true);
    let program = program(&plain);
    for (protocol, whole) in [
        (0x0800, ipv4(6, 8, 0, &ports(80, 61000))),
        (0x0800, ipv4(1, 0, 0, &icmp(3, &ipv4(6, 4, 0, &ports(61000, 80))))),
        (0x86dd, ipv6(58, &icmp(1, &ipv6(17, &ports(61000, 80))))),
    ] {
        for n in 0..whole.len() {
            let seen = Seen { protocol, vlan_tag: 0, bytes: whole[..n].to_vec() };
            assert_eq!(run(&program, &seen) != 0, wanted(&plain, &seen) == Some(true), "cut to {n}");
        }
    }
}

fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    // Random bytes seldom reach the inner branches: the fields that decide are drawn from what matters.
    let decisive = prop::sample::select(vec![0u8, 1, 2, 3, 4, 6, 11, 14, 17, 44, 58, 129, 136]);
    let first = prop::sample::select(vec![0x45u8, 0x46, 0x4f, 0x44, 0x60, 0x6f, 0x00]);
    let places = prop::sample::select(vec![6usize, 9, 20, 24, 29, 37, 40, 54]);
    let ours = prop::sample::select(vec![22usize, 26, 28, 42, 48, 50, 52, 88]);
    (
        prop::collection::vec(any::<u8>(), 0..120),
        first,
        prop::collection::vec((places, decisive), 0..6),
        prop::collection::vec(ours, 0..3),
        any::<bool>(),
    )
        .prop_map(|(mut bytes, first, fields, ours, whole)| {
            let mut set = |at: usize, value: u8| {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            };
            set(0, first);
            if whole {
                (6..8).for_each(|at| set(at, 0));
            }
            fields.iter().for_each(|(at, value)| set(*at, *value));
            for at in ours {
                let [high, low] = 61005u16.to_be_bytes();
                set(at, high);
                set(at + 1, low);
            }
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn agrees_with_the_plain_rules(
        bytes in any_packet(),
        protocol in prop::sample::select(vec![0x0800u16, 0x86dd, 0x0806, 0x1234]),
        vlan_tag in prop::sample::select(vec![0u16, 0, 0, 0x2000, 5]),
        (arp, neighbour_discovery) in any::<(bool, bool)>(),
    ) {
        let config = config(arp, neighbour_discovery);
        let seen = Seen { protocol, vlan_tag, bytes };
        let expected = if wanted(&config, &seen) == Some(true) { 2048 } else { 0 };
        prop_assert_eq!(run(&program(&config), &seen), expected);
    }

    #[test]
    fn every_port_range_is_kept_exactly(a in any::<u16>(), b in any::<u16>(), port in any::<u16>()) {
        let our_ports = a.min(b)..=a.max(b);
        let config = FilterConfig { our_ports: our_ports.clone(), ..config(false, false) };
        let seen = Seen { protocol: 0x0800, vlan_tag: 0, bytes: ipv4(6, 0, 0, &ports(80, port)) };
        prop_assert_eq!(run(&program(&config), &seen) != 0, our_ports.contains(&port));
    }
}
