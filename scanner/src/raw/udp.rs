//! The dialect of UDP: a question of a protocol that the port is known for, with a cookie wherever the protocol gives
//! something back.
//!
//! A port's n-th question is the n-th of its payloads, round and round; the port that it is sent from says which. An
//! answer whose protocol returns a cookie must return ours. Of an ICMP error the length and the checksum that it quotes
//! must be those of the datagram we sent, into which the cookie went.

use std::net::IpAddr;

use model::observation::Reply;
use model::scope::Admitted;
use model::shape::Shape;
use model::unreachable::{IcmpError, Unreachable};
use probes::packet::{Cookies, Heard, LinkHeader, Path, Quoted, Template};
use probes::udp::{AnswersFrom, Tied, UDP_PROBES, UdpProbe};

use super::dialect::{Answer, Dialect, Question, Understood};
use super::lane::Lane;
use super::syn::N_PORTS;
use crate::questions::Questions;

const UDP: u8 = 17;
/// An Ethernet frame with the longest packet that fits without fragments.
const FRAME_LEN: usize = 1_514;

/// UDP from a range of our own ports.
pub(crate) struct Udp {
    cookies: Cookies,
    first_port: u16,
    questions: Questions,
}

/// A datagram that came to one of our ports.
struct Datagram<'a> {
    from: IpAddr,
    to: IpAddr,
    from_port: u16,
    to_port: u16,
    payload: &'a [u8],
}

impl Udp {
    /// `first_port` is the first of [`N_PORTS`].
    pub(crate) fn new(key: [u64; 2], first_port: u16, questions: Questions) -> Udp {
        Udp { cookies: Cookies::new(key), first_port, questions }
    }

    fn port_of(&self, question: Question) -> u16 {
        let nth = match question {
            Question::Nth(nth) => u16::from(nth).min(N_PORTS - 2),
            Question::Trap => N_PORTS - 1,
        };
        self.first_port + nth
    }

    fn question_of(&self, port: u16) -> Option<Question> {
        let nth = port.checked_sub(self.first_port).filter(|&nth| nth < N_PORTS)?;
        let nth = u8::try_from(nth).ok()?;
        Some(if u16::from(nth) == N_PORTS - 1 { Question::Trap } else { Question::Nth(nth) })
    }

    /// What a question to a port is; `None` if nothing may be sent there.
    fn probe(&self, port: u16, question: Question) -> Option<&'static UdpProbe> {
        let n = usize::from(self.n_payloads(port));
        let nth = match question {
            Question::Nth(nth) => usize::from(nth).checked_rem(n)?,
            Question::Trap => 0,
        };
        self.questions.to(port).nth(nth)
    }

    fn payload(&self, probe: &UdpProbe, path: &Path) -> Vec<u8> {
        self.questions.payload(probe, self.cookies.of(path), path.source)
    }

    fn datagram(&self, datagram: &Datagram<'_>, ttl: u8) -> Understood {
        let Some(question) = self.question_of(datagram.to_port) else { return Understood::Foreign };
        let port = self.asked_port(datagram, question);
        // Nothing is ever asked there.
        let Some(probe) = self.probe(port, question) else { return Understood::Forged };
        if self.tied(probe, port, datagram) == Some(Tied::NotOurs) {
            return Understood::Forged;
        }
        Understood::Answer(Answer {
            addr: datagram.from,
            port,
            question,
            reply: Reply::Open,
            shape: Some(Shape { ttl, ..Shape::default() }),
            payload: Some(datagram.payload.to_vec()),
        })
    }

    /// The port that an answer is about: the one that it comes from, but for protocols whose servers open another.
    fn asked_port(&self, datagram: &Datagram<'_>, question: Question) -> u16 {
        let wander = UDP_PROBES.iter().filter(|probe| {
            probe.answers_from == AnswersFrom::AnyPort && !probe.ports.contains(&datagram.from_port)
        });
        let asked = wander.flat_map(|probe| probe.ports.iter().map(move |&port| (probe, port)));
        let is_it = |&(probe, port): &(&UdpProbe, u16)| {
            self.probe(port, question).is_some_and(|asked| asked.id == probe.id)
                && self.tied(probe, port, datagram).is_some_and(|tied| tied != Tied::NotOurs)
        };
        asked.into_iter().find(is_it).map_or(datagram.from_port, |(_, port)| port)
    }

    /// How a datagram is tied to a question to a port; `None` if it is of another protocol.
    fn tied(&self, probe: &UdpProbe, port: u16, datagram: &Datagram<'_>) -> Option<Tied> {
        let reply = probe.recognise(datagram.payload)?;
        let path = Path {
            source: datagram.to,
            target: datagram.from,
            source_port: datagram.to_port,
            target_port: port,
            protocol: UDP,
        };
        Some(probe.tied(self.cookies.of(&path), &reply))
    }

    fn error(&self, from: IpAddr, error: IcmpError, quoted: &Quoted) -> Understood {
        let Some(question) = self.question_of(quoted.from_port).filter(|_| quoted.protocol == UDP) else {
            return Understood::Foreign;
        };
        let path = Path {
            source: quoted.from,
            target: quoted.to,
            source_port: quoted.from_port,
            target_port: quoted.to_port,
            protocol: UDP,
        };
        if self.quoted(&path, question) != Some(quoted.sequence) {
            return Understood::Forged;
        }
        let reply = match error.reason() {
            // From anybody but the host itself it is a filter that says so.
            Unreachable::Port if from == quoted.to => Reply::Refused,
            _ => Reply::Icmp(error),
        };
        Understood::Answer(Answer {
            addr: quoted.to,
            port: quoted.to_port,
            question,
            reply,
            shape: None,
            payload: None,
        })
    }

    /// Length and checksum of the datagram that was sent for a question, as they stand behind its ports.
    fn quoted(&self, path: &Path, question: Question) -> Option<u32> {
        let payload = self.payload(self.probe(path.target_port, question)?, path);
        let template = Template::udp(LinkHeader::None, path.source);
        let mut frame = template.bytes().to_vec();
        frame.resize(template.len_with(payload.len()), 0);
        template.patch_udp(&mut frame, path.target, [path.source_port, path.target_port], 0, &payload)?;
        let header_at = template.len_with(0).checked_sub(8)?;
        frame.get(header_at + 4..)?.first_chunk().copied().map(u32::from_be_bytes)
    }
}

impl Dialect for Udp {
    fn template(&mut self, link: LinkHeader, source: IpAddr) -> Template {
        Template::udp(link, source)
    }

    fn write(&mut self, lane: &mut Lane, to: Admitted, port: u16, question: Question) -> Option<usize> {
        let probe = self.probe(port, question)?;
        let source_port = self.port_of(question);
        let path =
            Path { source: lane.source, target: to.addr(), source_port, target_port: port, protocol: UDP };
        let payload = self.payload(probe, &path);
        let id = (self.cookies.of(&path) >> 48) as u16;
        let slot = lane.batch.slot()?;
        lane.template.patch_udp(slot, to.addr(), [source_port, port], id, &payload)
    }

    fn understand(&self, heard: &Heard<'_>) -> Understood {
        match *heard {
            Heard::Udp { from, to, from_port, to_port, ttl, payload } => {
                self.datagram(&Datagram { from, to, from_port, to_port, payload }, ttl)
            }
            Heard::Unreachable { from, error, ref quoted } => self.error(from, error, quoted),
            Heard::Tcp(_) | Heard::Echo(_) => Understood::Foreign,
        }
    }

    fn n_payloads(&self, port: u16) -> u8 {
        u8::try_from(self.questions.to(port).count()).unwrap_or(u8::MAX)
    }

    /// Earlier questions of the same payload; refusals stay away for want of leave too.
    fn lost_before(&self, port: u16, reply: Reply, nth: u8) -> Option<u8> {
        (reply == Reply::Open).then(|| nth / self.n_payloads(port).max(1))
    }

    fn refusals_are_limited(&self) -> bool {
        true
    }

    fn slot_len(&self) -> usize {
        FRAME_LEN
    }
}
