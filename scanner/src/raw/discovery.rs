//! The dialect of host discovery: is anybody there at all?
//!
//! An echo and a timestamp request, a SYN to 443 and to 80, an ACK to 80: what one filter drops another lets pass. In
//! the plan of a discovery a "port" is the number of such a question, and whatever proves that a host is there
//! counts as a refusal.

use std::collections::HashMap;
use std::net::IpAddr;

use model::observation::Reply;
use model::port::PortSet;
use model::scope::Admitted;
use probes::packet::{Cookies, Heard, LinkHeader, Path, Template};
use serde::{Deserialize, Serialize};

use super::dialect::{Answer, Dialect, Question, Understood};
use super::lane::Lane;
use crate::plan::{Block, Plan, PlanError};

const TCP: u8 = 6;
const ICMP: u8 = 1;
/// Questions of one kind that can be told apart.
const N_ASKS: u16 = 8;

/// How hosts are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Discovery {
    /// Echo and timestamp requests.
    Icmp,
    /// A SYN to 443 and to 80, an ACK to 80.
    Tcp,
    /// Who answers for an address on our own link: ARP for IPv4, neighbour discovery for IPv6.
    Arp,
    Nd,
}

impl Discovery {
    pub const ALL: [Discovery; 4] = [Discovery::Icmp, Discovery::Tcp, Discovery::Arp, Discovery::Nd];

    pub fn as_str(self) -> &'static str {
        match self {
            Discovery::Icmp => "icmp",
            Discovery::Tcp => "tcp",
            Discovery::Arp => "arp",
            Discovery::Nd => "nd",
        }
    }
}

/// One question of a discovery; its number stands where a plan has a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Echo = 1,
    Https,
    Ack,
    Http,
    Timestamp,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Echo, Kind::Https, Kind::Ack, Kind::Http, Kind::Timestamp];

    fn of_number(number: u16) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    fn number(self) -> u16 {
        self as u16
    }

    fn target_port(self) -> u16 {
        match self {
            Kind::Https => 443,
            Kind::Http | Kind::Ack => 80,
            Kind::Echo | Kind::Timestamp => 0,
        }
    }
}

/// The hosts of a plan and the questions to them; `None` if the methods send no packet of their own.
pub(crate) fn plan_of(plan: &Plan, methods: &[Discovery]) -> Option<Result<Plan, PlanError>> {
    let icmp = [Kind::Echo, Kind::Timestamp].into_iter().filter(|_| methods.contains(&Discovery::Icmp));
    let tcp = [Kind::Https, Kind::Ack, Kind::Http].into_iter().filter(|_| methods.contains(&Discovery::Tcp));
    let numbers = PortSet::new(icmp.chain(tcp).map(Kind::number))?;
    // The same blocks in the same order, so that hosts keep their numbers.
    let blocks = plan.blocks().iter();
    let blocks = blocks.map(|block| Block { addresses: block.addresses.clone(), ports: numbers.clone() });
    Some(Plan::new(plan.seed() ^ 1, blocks))
}

/// Asks hosts whether they are there, from the same ports as the scan that follows.
pub(crate) struct Looking {
    cookies: Cookies,
    first_port: u16,
    templates: HashMap<(IpAddr, [u8; 6]), Templates>,
}

struct Templates {
    echo: Template,
    syn: Template,
    ack: Template,
    /// IPv6 has none.
    timestamp: Option<Template>,
}

impl Looking {
    /// `first_port` is the first of sixteen.
    pub(crate) fn new(key: [u64; 2], first_port: u16) -> Looking {
        Looking { cookies: Cookies::new(key), first_port, templates: HashMap::new() }
    }

    fn cookie(&self, source: IpAddr, target: IpAddr, kind: Kind, source_port: u16) -> u32 {
        let protocol = match kind {
            Kind::Echo | Kind::Timestamp => ICMP,
            Kind::Https | Kind::Http | Kind::Ack => TCP,
        };
        // A number that no TCP path has keeps the two ICMP questions apart.
        let target_port = if kind == Kind::Timestamp { kind.number() } else { kind.target_port() };
        self.cookies.sequence(&Path { source, target, source_port, target_port, protocol })
    }

    /// Requests share no port: which of them it is stands in the cookie.
    fn echo(&self, from: IpAddr, to: IpAddr, kind: Kind, number: u32) -> Understood {
        let nth = (0..N_ASKS).find(|&nth| self.cookie(to, from, kind, nth) == number);
        nth.map_or(Understood::Forged, |nth| found(from, kind, nth))
    }

    fn question_of(&self, to_port: u16) -> Option<(bool, u16)> {
        let nth = to_port.checked_sub(self.first_port)?;
        match nth {
            0..N_ASKS => Some((false, nth)),
            _ if nth < 2 * N_ASKS => Some((true, nth - N_ASKS)),
            _ => None,
        }
    }
}

fn found(addr: IpAddr, kind: Kind, nth: u16) -> Understood {
    Understood::Answer(Answer {
        addr,
        port: kind.number(),
        question: Question::Nth(u8::try_from(nth).unwrap_or(0)),
        reply: Reply::Refused,
        shape: None,
        payload: None,
    })
}

/// The link address of the target, by which lanes from one source differ.
fn next_hop(link: LinkHeader) -> [u8; 6] {
    match link {
        LinkHeader::None => [0; 6],
        LinkHeader::Ethernet { target, .. } => target,
    }
}

impl Dialect for Looking {
    fn template(&mut self, link: LinkHeader, source: IpAddr) -> Template {
        let templates = Templates {
            echo: Template::echo(link, source),
            syn: Template::syn(link, source, 1),
            ack: Template::ack(link, source),
            timestamp: match source {
                IpAddr::V4(source) => Some(Template::timestamp(link, source)),
                IpAddr::V6(_) => None,
            },
        };
        let echo = templates.echo.clone();
        self.templates.insert((source, next_hop(link)), templates);
        echo
    }

    fn write(&mut self, lane: &mut Lane, to: Admitted, port: u16, question: Question) -> Option<usize> {
        let (Question::Nth(nth), Some(kind)) = (question, Kind::of_number(port)) else { return None };
        let nth = u16::from(nth) % N_ASKS;
        let source_port = match kind {
            Kind::Echo | Kind::Timestamp => nth,
            Kind::Https | Kind::Http => self.first_port + nth,
            Kind::Ack => self.first_port + N_ASKS + nth,
        };
        let cookie = self.cookie(lane.source, to.addr(), kind, source_port);
        let link = LinkHeader::Ethernet { source: [0; 6], target: lane.next_hop };
        let templates = self.templates.get(&(lane.source, next_hop(link)))?;
        let template = match kind {
            Kind::Echo => &templates.echo,
            Kind::Timestamp => templates.timestamp.as_ref()?,
            Kind::Https | Kind::Http => &templates.syn,
            Kind::Ack => &templates.ack,
        };
        let slot = lane.batch.slot()?;
        let len = template.len_with(0);
        // The link address of a target on the link stands there already.
        let kept = if lane.neighbours.is_some() { 6 } else { 0 };
        slot.get_mut(kept..len)?.copy_from_slice(template.bytes().get(kept..)?);
        match kind {
            Kind::Echo | Kind::Timestamp => {
                template.patch_icmp(slot, to.addr(), (cookie >> 16) as u16, cookie as u16);
            }
            Kind::Https | Kind::Http | Kind::Ack => {
                template.patch_tcp(slot, to.addr(), [source_port, kind.target_port()], cookie, 0);
            }
        }
        Some(len)
    }

    fn understand(&self, heard: &Heard<'_>) -> Understood {
        match heard {
            Heard::Echo(echo) => {
                let kind = if echo.is_timestamp { Kind::Timestamp } else { Kind::Echo };
                let number = u32::from(echo.id) << 16 | u32::from(echo.sequence);
                self.echo(echo.from, echo.to, kind, number)
            }
            Heard::Tcp(segment) => {
                let Some((is_ack, nth)) = self.question_of(segment.to_port) else {
                    return Understood::Foreign;
                };
                let kind = match (is_ack, segment.from_port) {
                    (true, 80) => Kind::Ack,
                    (false, 80) => Kind::Http,
                    (false, 443) => Kind::Https,
                    _ => return Understood::Foreign,
                };
                let cookie = self.cookie(segment.to, segment.from, kind, segment.to_port);
                // A RST to an ACK carries on where that said it was; everything else counts the SYN.
                let is_ours = if is_ack {
                    segment.is_reset() && segment.sequence == cookie
                } else {
                    segment.acknowledged == cookie.wrapping_add(1)
                };
                if is_ours { found(segment.from, kind, nth) } else { Understood::Forged }
            }
            // What a router says of a host isn't the host.
            Heard::Unreachable { .. } | Heard::Udp { .. } => Understood::Foreign,
        }
    }

    fn is_one_answer_enough(&self) -> bool {
        true
    }
}
