//! The kernel's packet filter (classic BPF) for replies to our ports: what it lets through, everything else never
//! reaches this process. A coarse sieve: whoever receives the packets parses them and checks the cookie.

use std::ops::RangeInclusive;

use libc::sock_filter;

/// What to let through besides TCP and UDP to our ports and the ICMP that may concern them.
#[derive(Debug, Clone)]
pub struct FilterConfig {
    pub our_ports: RangeInclusive<u16>,
    pub arp: bool,
    pub neighbour_discovery: bool,
    /// Packets that pass are cut to this.
    pub snap_len: u32,
}

/// `ICMPv4` replies to our own requests: echo and timestamp.
const ICMP_REPLIES: &[u32] = &[0, 14];
/// `ICMPv4` that quotes a packet of ours: unreachable, time exceeded, parameter problem.
const ICMP_QUOTES: &[u32] = &[3, 11, 12];
/// `ICMPv6` reply to our own request: echo.
const ICMP6_REPLIES: &[u32] = &[129];
/// `ICMPv6` that quotes a packet of ours: unreachable, too big, time exceeded, parameter problem.
const ICMP6_QUOTES: &[u32] = &[1, 2, 3, 4];
const ICMP6_ADVERTISEMENT: u32 = 136;

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
const LOAD_BYTE_X: u16 = 0x50;
const LOAD_HALF_X: u16 = 0x48;
/// X = 4 × (byte & 15): the length of an IPv4 header.
const LOAD_X_HEADER: u16 = 0xb1;
const LOAD_X: u16 = 0x01;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const ADD_X: u16 = 0x0c;
const A_TO_X: u16 = 0x07;
const JUMP: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// What the kernel knows of a packet outside its bytes (`SKF_AD_OFF` and behind, linux/filter.h).
const ABOUT_PROTOCOL: u32 = 0xffff_f000;
const ABOUT_VLAN_TAG: u32 = 0xffff_f000 + 44;

/// The program for a socket whose packets begin with their network header (`SOCK_DGRAM`).
pub fn program(config: &FilterConfig) -> Vec<sock_filter> {
    let mut code = Assembly::default();
    // A tag means the packet belongs to a VLAN's own interface, except 0, which only carries a priority.
    code.put(LOAD_WORD, ABOUT_VLAN_TAG);
    code.put(AND, 0xfff);
    code.unless(IF_EQUAL, 0, Label::Reject);
    code.put(LOAD_WORD, ABOUT_PROTOCOL);
    code.when(IF_EQUAL, 0x0800, Label::Ipv4);
    code.when(IF_EQUAL, 0x86dd, Label::Ipv6);
    if config.arp {
        code.when(IF_EQUAL, 0x0806, Label::Arp);
    }
    code.jump(Label::Reject);
    if config.arp {
        code.mark(Label::Arp);
        code.put(LOAD_HALF, 6);
        code.when(IF_EQUAL, 2, Label::Accept);
        code.jump(Label::Reject);
    }
    ipv4(&mut code);
    ipv6(&mut code, config.neighbour_discovery);

    code.mark(Label::Ports);
    code.put(LOAD_HALF_X, 2);
    code.mark(Label::PortRange);
    code.unless(IF_AT_LEAST, u32::from(*config.our_ports.start()), Label::Reject);
    code.when(IF_GREATER, u32::from(*config.our_ports.end()), Label::Reject);
    code.mark(Label::Accept);
    code.put(RETURN, config.snap_len);
    code.mark(Label::Reject);
    code.put(RETURN, 0);
    code.finish()
}

fn ipv4(code: &mut Assembly) {
    code.mark(Label::Ipv4);
    // Version 4 and at least five words of header, in one byte.
    code.put(LOAD_BYTE, 0);
    code.unless(IF_AT_LEAST, 0x45, Label::Reject);
    code.when(IF_GREATER, 0x4f, Label::Reject);
    code.put(LOAD_HALF, 6);
    code.when(IF_ANY_BIT, 0x1fff, Label::Reject);
    code.put(LOAD_X_HEADER, 0);
    code.put(LOAD_BYTE, 9);
    code.when(IF_EQUAL, 6, Label::Ports);
    code.when(IF_EQUAL, 17, Label::Ports);
    code.unless(IF_EQUAL, 1, Label::Reject);
    code.put(LOAD_BYTE_X, 0);
    code.when_any(ICMP_REPLIES, Label::Accept);
    code.when_any(ICMP_QUOTES, Label::Quote4);
    code.jump(Label::Reject);
    // The quoted packet begins 8 bytes into the message; its source port is its first field.
    code.mark(Label::Quote4);
    code.put(LOAD_BYTE_X, 8 + 9);
    code.when(IF_EQUAL, 1, Label::Accept);
    code.when(IF_EQUAL, 6, Label::QuotedPort4);
    code.unless(IF_EQUAL, 17, Label::Reject);
    code.mark(Label::QuotedPort4);
    code.put(LOAD_BYTE_X, 8);
    code.put(AND, 15);
    code.put(SHIFT_LEFT, 2);
    code.put(ADD_X, 0);
    code.put(A_TO_X, 0);
    code.put(LOAD_HALF_X, 8);
    code.jump(Label::PortRange);
}

fn ipv6(code: &mut Assembly, neighbour_discovery: bool) {
    code.mark(Label::Ipv6);
    code.put(LOAD_BYTE, 0);
    code.put(AND, 0xf0);
    code.unless(IF_EQUAL, 0x60, Label::Reject);
    code.put(LOAD_X, 40);
    code.put(LOAD_BYTE, 6);
    code.when(IF_EQUAL, 6, Label::Ports);
    code.when(IF_EQUAL, 17, Label::Ports);
    code.when(IF_EQUAL, 58, Label::Icmp6);
    code.unless(IF_EQUAL, 44, Label::Reject);
    // A fragment: only the first has ports.
    code.put(LOAD_HALF, 42);
    code.when(IF_ANY_BIT, 0xfff8, Label::Reject);
    code.put(LOAD_X, 48);
    code.put(LOAD_BYTE, 40);
    code.when(IF_EQUAL, 6, Label::Ports);
    code.when(IF_EQUAL, 17, Label::Ports);
    code.jump(Label::Reject);
    code.mark(Label::Icmp6);
    code.put(LOAD_BYTE, 40);
    code.when_any(ICMP6_REPLIES, Label::Accept);
    if neighbour_discovery {
        code.when(IF_EQUAL, ICMP6_ADVERTISEMENT, Label::Accept);
    }
    code.when_any(ICMP6_QUOTES, Label::Quote6);
    code.jump(Label::Reject);
    code.mark(Label::Quote6);
    code.put(LOAD_BYTE, 48 + 6);
    code.when(IF_EQUAL, 58, Label::Accept);
    code.when(IF_EQUAL, 6, Label::QuotedPort6);
    code.unless(IF_EQUAL, 17, Label::Reject);
    code.mark(Label::QuotedPort6);
    code.put(LOAD_HALF, 88);
    code.jump(Label::PortRange);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Arp,
    Ipv4,
    Quote4,
    QuotedPort4,
    Ipv6,
    Icmp6,
    Quote6,
    QuotedPort6,
    Ports,
    PortRange,
    Accept,
    Reject,
}

/// Instructions whose jumps still name labels. Jumps only lead forward, as the kernel demands.
#[derive(Default)]
struct Assembly {
    instructions: Vec<(sock_filter, Option<Label>, Option<Label>)>,
    marks: Vec<(Label, usize)>,
}

impl Assembly {
    fn put(&mut self, code: u16, k: u32) {
        self.instructions.push((sock_filter { code, jt: 0, jf: 0, k }, None, None));
    }

    fn when(&mut self, code: u16, k: u32, target: Label) {
        self.instructions.push((sock_filter { code, jt: 0, jf: 0, k }, Some(target), None));
    }

    fn unless(&mut self, code: u16, k: u32, target: Label) {
        self.instructions.push((sock_filter { code, jt: 0, jf: 0, k }, None, Some(target)));
    }

    fn when_any(&mut self, values: &[u32], target: Label) {
        for value in values {
            self.when(IF_EQUAL, *value, target);
        }
    }

    fn jump(&mut self, target: Label) {
        self.when(JUMP, 0, target);
    }

    fn mark(&mut self, label: Label) {
        self.marks.push((label, self.instructions.len()));
    }

    fn finish(self) -> Vec<sock_filter> {
        let distance = |from: usize, label: Option<Label>| -> u8 {
            let Some(label) = label else { return 0 };
            let mark = self.marks.iter().find(|(marked, _)| *marked == label);
            let to = mark.map(|(_, at)| *at).expect("every label that is jumped to is marked");
            let distance = to.checked_sub(from + 1).expect("jumps lead forward");
            u8::try_from(distance).expect("the program is shorter than 256 instructions")
        };
        let resolve = |(at, (instruction, when, unless)): (usize, &(sock_filter, Option<Label>, _))| {
            let mut instruction = *instruction;
            if instruction.code == JUMP {
                instruction.k = u32::from(distance(at, *when));
            } else {
                instruction.jt = distance(at, *when);
                instruction.jf = distance(at, *unless);
            }
            instruction
        };
        self.instructions.iter().enumerate().map(resolve).collect()
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
