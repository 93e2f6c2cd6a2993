//! The order in which one port is asked. Keeps what was tried; time and results are the [`Identifier`]'s.
//!
//! [`Identifier`]: crate::identifier::Identifier

use std::collections::VecDeque;

use model::host_name::HostName;

use crate::conversation::Beginning;
use crate::seen::Clue;
use crate::table::{self, Entry, Opening, PROBES, ToHttp};

/// One conversation to hold.
#[derive(Debug, Clone)]
pub(crate) enum Attempt {
    Clear(Beginning),
    InTls(Beginning),
    /// Our own hello, for servers that no sane library would talk to.
    OldHello,
    /// Asks a protocol that is recognised already for more.
    Enrich {
        entry: &'static Entry,
        in_tls: bool,
    },
    /// A handshake for one more server name.
    NameInTls(Option<HostName>),
    NameByOldHello(Option<HostName>),
}

impl Attempt {
    pub(crate) fn is_extra(&self) -> bool {
        matches!(self, Attempt::Enrich { .. } | Attempt::NameInTls(_) | Attempt::NameByOldHello(_))
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Attempt::InTls(_) | Attempt::OldHello | Attempt::NameInTls(_))
    }

    /// Inside TLS or not, and how it begins.
    pub(crate) fn shape(&self) -> (bool, Beginning) {
        match self {
            Attempt::Clear(beginning) => (false, *beginning),
            Attempt::InTls(beginning) => (true, *beginning),
            Attempt::OldHello | Attempt::NameByOldHello(_) => {
                (false, table::by_name("tls").map_or(Beginning::Nothing, Beginning::Ask))
            }
            Attempt::Enrich { entry, in_tls } => (*in_tls, Beginning::Ask(entry)),
            Attempt::NameInTls(_) => (true, Beginning::Nothing),
        }
    }

    fn name(&self) -> (bool, &'static str) {
        let (in_tls, beginning) = self.shape();
        let name = match beginning {
            Beginning::ListenThenHttp | Beginning::Http => "http",
            Beginning::Listen => "listen",
            Beginning::Ask(entry) => entry.name,
            Beginning::Nothing => "nothing",
        };
        (in_tls, name)
    }
}

pub(crate) struct Plan {
    port: u16,
    fragile: bool,
    /// What an answer suggested; before everything else.
    urgent: VecDeque<Attempt>,
    /// What is done once the protocol is known.
    extra: VecDeque<Attempt>,
    tried: Vec<(bool, &'static str)>,
    /// A session stands inside TLS: from now on everything is asked there.
    tls_is_entered: bool,
    /// The handshake is refused, so nothing can be asked inside.
    tls_is_refused: bool,
    /// It hangs up before we say anything.
    closes_unasked: bool,
    closes_on_http: bool,
    n_inside: usize,
}

/// Where a port suggests nothing and an HTTP request is met with silence, these come before TLS, whose servers hang
/// up on it or say so.
const LIKELIER_THAN_TLS: u8 = 85;

/// How many protocols are tried inside TLS after listening and HTTP.
const MAX_INSIDE: usize = 5;

impl Plan {
    pub(crate) fn new(port: u16, fragile: bool) -> Plan {
        Plan {
            port,
            fragile,
            urgent: VecDeque::new(),
            extra: VecDeque::new(),
            tried: Vec::new(),
            tls_is_entered: false,
            tls_is_refused: false,
            closes_unasked: false,
            closes_on_http: false,
            n_inside: 0,
        }
    }

    pub(crate) fn is_fragile(&self) -> bool {
        self.fragile
    }

    /// Whether the usual service of the port greets.
    pub(crate) fn expects_greeting(&self) -> bool {
        self.fragile || hinted(self.port, false).any(|entry| entry.opening == Opening::Server)
    }

    pub(crate) fn take(&mut self) -> Option<Attempt> {
        if let Some(urgent) = self.take_urgent() {
            return Some(urgent);
        }
        let attempt = if self.fragile {
            [Attempt::Clear(Beginning::Listen)].into_iter().find(|attempt| !self.was_tried(attempt))
        } else if self.tls_is_entered {
            self.next_inside()
        } else if self.tls_is_refused {
            None
        } else {
            self.next_outside()
        }?;
        self.mark(&attempt);
        Some(attempt)
    }

    pub(crate) fn take_urgent(&mut self) -> Option<Attempt> {
        self.urgent.pop_front()
    }

    pub(crate) fn take_extra(&mut self) -> Option<Attempt> {
        self.extra.pop_front()
    }

    pub(crate) fn has_extra(&self) -> bool {
        !self.extra.is_empty()
    }

    pub(crate) fn put_back(&mut self, attempt: Attempt) {
        self.urgent.push_front(attempt);
    }

    fn was_tried(&self, attempt: &Attempt) -> bool {
        self.tried.contains(&attempt.name())
    }

    fn mark(&mut self, attempt: &Attempt) {
        self.tried.push(attempt.name());
    }

    fn hurry(&mut self, attempt: Attempt) {
        if !self.was_tried(&attempt) && !self.fragile {
            self.mark(&attempt);
            self.urgent.push_back(attempt);
        }
    }

    /// In clear: hints, listening and HTTP, what is silent to that, TLS, then what is likely.
    fn next_outside(&self) -> Option<Attempt> {
        let hints = hinted(self.port, false)
            .filter(|entry| entry.opening == Opening::Client)
            .map(|entry| if entry.talk.is_some() { Beginning::Ask(entry) } else { Beginning::Http })
            .map(Attempt::Clear);
        let tls_hint = hinted(self.port, true).next().map(|entry| Attempt::InTls(inside(entry)));
        // Where the port suggests HTTP among others, it is tried at once instead of after listening.
        let general = [Attempt::Clear(Beginning::ListenThenHttp)];
        let tls = [Attempt::InTls(Beginning::ListenThenHttp)];
        let first = tls_hint.into_iter().chain(hints).chain(general);
        let likely = self.likely().map(|entry| Attempt::Clear(Beginning::Ask(entry)));
        // A port that hangs up unasked hangs up on everything; three connections prove it.
        let likely: Vec<Attempt> = likely.filter(|_| !self.closes_unasked).collect();
        let has_hint = hinted(self.port, false).chain(hinted(self.port, true)).next().is_some();
        let may_wait = !has_hint && !self.closes_on_http && !self.closes_unasked;
        let waiting = self.likely().filter(|entry| {
            let waits = matches!(entry.to_http, ToHttp::Waits | ToHttp::Varies);
            may_wait && waits && entry.likelihood >= LIKELIER_THAN_TLS
        });
        let waiting = waiting.map(|entry| Attempt::Clear(Beginning::Ask(entry)));
        first.chain(waiting).chain(tls).chain(likely).find(|attempt| match attempt {
            Attempt::InTls(_) => !self.tried.iter().any(|(in_tls, _)| *in_tls),
            _ => !self.was_tried(attempt),
        })
    }

    fn next_inside(&mut self) -> Option<Attempt> {
        if self.n_inside > MAX_INSIDE {
            return None;
        }
        self.n_inside += 1;
        let hints = hinted(self.port, true).chain(hinted(self.port, false)).map(inside);
        let likely = self.likely().map(Beginning::Ask);
        let mut inside = hints.chain([Beginning::ListenThenHttp]).chain(likely).map(Attempt::InTls);
        inside.find(|attempt| !self.was_tried(attempt))
    }

    /// Protocols that are asked on any port, those first that react to HTTP as this port did.
    fn likely(&self) -> impl Iterator<Item = &'static Entry> + use<> {
        let closes = self.closes_on_http;
        let mut likely: Vec<&'static Entry> =
            PROBES.iter().filter(|entry| entry.likelihood > 0 && entry.talk.is_some()).collect();
        likely.sort_by_key(|entry| {
            let fits = match entry.to_http {
                ToHttp::Answers => 2,
                ToHttp::Closes => u8::from(!closes),
                ToHttp::Waits => u8::from(closes),
                ToHttp::Varies => 0,
            };
            (fits, std::cmp::Reverse(entry.likelihood))
        });
        likely.into_iter()
    }

    /// Takes in a conversation that identified nothing.
    pub(crate) fn learn(
        &mut self,
        attempt: &Attempt,
        clue: Option<Clue>,
        tls_is_entered: bool,
        closed: bool,
        had_written: bool,
    ) {
        self.tls_is_entered |= tls_is_entered;
        if matches!(attempt, Attempt::Clear(_)) && closed {
            self.closes_unasked |= !had_written;
            self.closes_on_http |= matches!(attempt.name(), (false, "http"));
        }
        match clue {
            Some(Clue::Tls) if matches!(attempt, Attempt::InTls(_)) => {
                self.tls_is_refused = !self.tls_is_entered;
                self.hurry(Attempt::OldHello);
            }
            Some(Clue::Tls) => self.hurry(Attempt::InTls(Beginning::ListenThenHttp)),
            Some(Clue::HttpInTls) => self.hurry(Attempt::InTls(Beginning::Http)),
            Some(Clue::Probe(name)) => {
                if let Some(entry) = table::by_name(name) {
                    let ask = Beginning::Ask(entry);
                    // A clue from a handshake that failed came in clear.
                    let inside = attempt.is_tls() && self.tls_is_entered;
                    self.hurry(if inside { Attempt::InTls(ask) } else { Attempt::Clear(ask) });
                }
            }
            None => {}
        }
    }

    /// `in_tls`: the protocol was found inside a session.
    pub(crate) fn add_enrichment(&mut self, entry: &'static Entry, after: &Attempt, in_tls: bool) {
        if after.name().1 != entry.name && entry.name != "http" {
            self.extra.push_back(Attempt::Enrich { entry, in_tls });
        }
    }

    pub(crate) fn add_names(&mut self, names: Vec<Option<HostName>>, by_old_hello: bool) {
        self.extra.extend(
            names.into_iter().map(|name| {
                if by_old_hello { Attempt::NameByOldHello(name) } else { Attempt::NameInTls(name) }
            }),
        );
    }
}

fn hinted(port: u16, in_tls: bool) -> impl Iterator<Item = &'static Entry> {
    PROBES.iter().filter(move |entry| if in_tls { entry.tls_ports } else { entry.ports }.contains(&port))
}

/// How to begin inside TLS where `entry` is expected.
fn inside(entry: &'static Entry) -> Beginning {
    match (entry.opening, entry.talk) {
        (Opening::Server, _) => Beginning::ListenThenHttp,
        (Opening::Client, Some(_)) => Beginning::Ask(entry),
        (Opening::Client, None) => Beginning::Http,
    }
}
