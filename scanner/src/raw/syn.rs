//! The dialect of half-open TCP: a SYN with a cookie for a sequence number; a SYN-ACK, a RST or an ICMP error that
//! proves it saw that number.
//!
//! The port that a question is sent from says which question it is, so that an answer says which was answered.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use model::observation::Reply;
use model::scope::Admitted;
use model::unreachable::IcmpError;
use probes::packet::{Cookies, Heard, LinkHeader, Path, Quoted, Segment, Template};

use super::dialect::{Answer, Dialect, Question, Understood};
use super::lane::Lane;

const TCP: u8 = 6;

/// Ports that a run sends from: one for each question to a port, and one for traps.
pub(crate) const N_PORTS: u16 = 16;
/// Of those, how many number the questions.
const N_NUMBERED: u16 = N_PORTS - 1;

/// Half-open TCP from a range of our own ports.
#[derive(Debug)]
pub(crate) struct Syn {
    cookies: Cookies,
    first_port: u16,
    timestamp: u32,
}

impl Syn {
    /// `first_port` is the first of [`N_PORTS`].
    pub(crate) fn new(key: [u64; 2], first_port: u16) -> Syn {
        // The clock that a SYN claims begins anywhere.
        Syn { cookies: Cookies::new(key), first_port, timestamp: key[0] as u32 | 1 }
    }

    fn port_of(&self, question: Question) -> u16 {
        match question {
            Question::Nth(nth) => self.first_port + u16::from(nth).min(N_NUMBERED - 1),
            Question::Trap => self.first_port + N_PORTS - 1,
        }
    }

    fn question_of(&self, port: u16) -> Option<Question> {
        let nth = port.checked_sub(self.first_port).filter(|&nth| nth < N_PORTS)?;
        let nth = u8::try_from(nth).ok()?;
        Some(if u16::from(nth) == N_NUMBERED { Question::Trap } else { Question::Nth(nth) })
    }

    fn segment(&self, segment: &Segment) -> Understood {
        let Some(question) = self.question_of(segment.to_port) else { return Understood::Foreign };
        let reply = if segment.is_reset() {
            Reply::Refused
        } else if segment.is_syn_ack() {
            Reply::Open
        } else {
            return Understood::Foreign;
        };
        let path = Path {
            source: segment.to,
            target: segment.from,
            source_port: segment.to_port,
            target_port: segment.from_port,
            protocol: TCP,
        };
        let sequence = self.cookies.sequence(&path);
        let is_ours = segment.acknowledged == sequence.wrapping_add(1)
            // Some stacks refuse without counting the SYN.
            || (segment.is_reset() && segment.acknowledged == sequence);
        if !is_ours {
            return Understood::Forged;
        }
        Understood::Answer(Answer {
            addr: segment.from,
            port: segment.from_port,
            question,
            reply,
            shape: Some(segment.shape),
            payload: None,
        })
    }

    fn error(&self, error: IcmpError, quoted: &Quoted) -> Understood {
        let Some(question) = self.question_of(quoted.from_port).filter(|_| quoted.protocol == TCP) else {
            return Understood::Foreign;
        };
        let path = Path {
            source: quoted.from,
            target: quoted.to,
            source_port: quoted.from_port,
            target_port: quoted.to_port,
            protocol: TCP,
        };
        if quoted.sequence != self.cookies.sequence(&path) {
            return Understood::Forged;
        }
        Understood::Answer(Answer {
            addr: quoted.to,
            port: quoted.to_port,
            question,
            reply: Reply::Icmp(error),
            shape: None,
            payload: None,
        })
    }
}

impl Dialect for Syn {
    fn template(&mut self, link: LinkHeader, source: IpAddr) -> Template {
        Template::syn(link, source, self.timestamp)
    }

    fn write(&mut self, lane: &mut Lane, to: Admitted, port: u16, question: Question) -> Option<usize> {
        let source_port = self.port_of(question);
        let path =
            Path { source: lane.source, target: to.addr(), source_port, target_port: port, protocol: TCP };
        let cookie = self.cookies.of(&path);
        let slot = lane.batch.slot()?;
        // The sequence number is the cookie's lower half; its upper half makes the packet's number.
        lane.template.patch_tcp(slot, to.addr(), [source_port, port], cookie as u32, (cookie >> 48) as u16);
        Some(lane.template.len_with(0))
    }

    fn understand(&self, heard: &Heard<'_>) -> Understood {
        match heard {
            Heard::Tcp(segment) => self.segment(segment),
            Heard::Unreachable { error, quoted, .. } => self.error(*error, quoted),
            Heard::Udp { .. } | Heard::Echo(_) => Understood::Foreign,
        }
    }
}

/// A range of ports for a run: outside the kernel's own range, so that no connection of this machine is mistaken
/// for ours, and with nothing bound in it. `seed` spreads runs over the places that there are.
pub(crate) fn free_ports(
    seed: u64,
    local: &RangeInclusive<u16>,
    is_bound: impl Fn(u16) -> bool,
) -> Option<u16> {
    /// Below are services and what people configure by hand.
    const LOWEST: u16 = 20_000;
    let n_places = (u16::MAX - LOWEST) / N_PORTS;
    let start = u16::try_from(seed % u64::from(n_places)).ok()?;
    (0..n_places).map(|nth| LOWEST + (start + nth) % n_places * N_PORTS).find(|&first| {
        let last = first + (N_PORTS - 1);
        let is_outside = last < *local.start() || first > *local.end();
        is_outside && !(first..=last).any(&is_bound)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_a_run_are_free_and_outside_the_kernels_range() {
        let local = 32_768..=60_999;
        for seed in 0..5_000 {
            let first = free_ports(seed, &local, |port| port % 1_000 == 0).expect("there is room");
            assert!(!(32_753..=60_999).contains(&first), "{first}");
            assert!((first..first + N_PORTS).all(|port| port % 1_000 != 0), "{first}");
        }
        assert_eq!(free_ports(1, &(1..=u16::MAX), |_| false), None);
        assert_eq!(free_ports(1, &local, |_| true), None);
    }
}
