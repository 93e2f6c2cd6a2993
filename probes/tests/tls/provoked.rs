//! Faults that show only to one who says something malformed; and that nobody does who wasn't told to.

use std::time::Duration;

use probes::tls::assess::facts::{Answered, Provoked, Reason, ServerFacts, Told};
use probes::tls::assess::seam::{Limits, Purpose, SessionSeen, Wish};
use probes::tls::codes::Version;
use probes::tls::provoke::{CLAIMED, Reaction};

use crate::peer::{Act, Peer, Then, assess};
use crate::readings::named;
use crate::server::{RSA, Server, alert, hello, offered};

fn intrusive() -> Limits {
    Limits { intrusive: true, ..Limits::default() }
}

/// Heartbeats are on, tickets are given out, and keys may be encrypted to the certificate.
fn old() -> Server {
    let extensions = vec![0, 15, 0, 1, 1, 0, 35, 0, 0];
    Server { extensions, ..Server::with(Version::Tls12, &[0xc02f, 0x002f]) }
}

/// Reacts to what comes behind the hello by `react(how many such things came before, what came)`.
struct Provocable<F> {
    server: Server,
    react: F,
    n_provoked: usize,
    renegotiation: Option<Reaction>,
    /// What it says of the session id that it was sent with its ticket.
    echo: fn(&[u8]) -> Vec<u8>,
}

fn provocable<F: FnMut(usize, &[u8]) -> Act>(react: F) -> Provocable<F> {
    Provocable { server: old(), react, n_provoked: 0, renegotiation: None, echo: <[u8]>::to_vec }
}

impl<F: FnMut(usize, &[u8]) -> Act> Peer for Provocable<F> {
    fn hear(&mut self, number: u32, received: &[u8]) -> Act {
        let n_hello = match received {
            [22, _, _, high, low, ..] => 5 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return self.server.hear(number, received),
        };
        match received.split_at_checked(n_hello) {
            Some((hello, [])) => match resumed(hello, self.echo) {
                Some(bytes) => Act::Say(bytes, Then::Hold),
                None => self.server.answer(hello),
            },
            Some((_, provocation)) => {
                self.n_provoked += 1;
                (self.react)(self.n_provoked - 1, provocation)
            }
            None => Act::Wait,
        }
    }

    fn session(&mut self, wish: Wish) -> Option<SessionSeen> {
        let seen = SessionSeen { chain: vec![RSA.to_vec()], is_whole: true, ..SessionSeen::default() };
        match wish.purpose {
            Purpose::Ticket => Some(SessionSeen { ticket: b"ticket".to_vec(), ..seen }),
            Purpose::Renegotiation => Some(SessionSeen { renegotiation: self.renegotiation, ..seen }),
            Purpose::Certificates | Purpose::Page | Purpose::SessionId => None,
        }
    }
}

/// An abbreviated handshake for a hello with our ticket.
fn resumed(received: &[u8], echo: fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let ticket = offered(received)?.extensions.remove(&35)?;
    if ticket != b"ticket" {
        return None;
    }
    let n_id = usize::from(received[43]);
    let id = echo(&received[44..44 + n_id]);
    let mut bytes = hello(0x0303, 0xc02f, [7; 32], &[]);
    // Behind the random, where `hello` says that there is none.
    bytes[43] = u8::try_from(id.len()).unwrap();
    bytes.splice(44..44, id.iter().copied());
    for at in [4, 8] {
        bytes[at] += bytes[43];
    }
    bytes.extend([20, 3, 3, 0, 1, 1]);
    Some(bytes)
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], length.as_slice(), content].concat()
}

fn say(bytes: Vec<u8>) -> Act {
    Act::Say(bytes, Then::Close)
}

fn answers(provoked: &Provoked) -> [(&'static str, &Told); 5] {
    [
        ("heartbleed", &provoked.heartbleed),
        ("early-change", &provoked.early_change),
        ("ticketbleed", &provoked.ticketbleed),
        ("client-renegotiation", &provoked.client_renegotiation),
        ("padding-oracle", &provoked.padding_oracle),
    ]
}

#[track_caller]
fn check(peer: &mut dyn Peer, yes: &[&str]) -> ServerFacts {
    let facts = assess(peer, &named(), &intrusive()).facts;
    for (name, told) in answers(&facts.features.provoked) {
        let expected = if yes.contains(&name) { Answered::Yes } else { Answered::No };
        assert_eq!(told.answer, expected, "{name}: {:#?}", facts.connections);
        assert!(!told.by.is_empty(), "{name} has its connections");
    }
    facts
}

fn sound(_: usize, said: &[u8]) -> Act {
    match said.first() {
        Some(24) => Act::Say(Vec::new(), Then::Close),
        _ => say(alert(0x0303, 10)),
    }
}

fn refuses(react: impl FnMut(usize, &[u8]) -> Act) -> Provocable<impl FnMut(usize, &[u8]) -> Act> {
    Provocable { renegotiation: Some(Reaction::Alert(100)), ..provocable(react) }
}

#[test]
fn a_server_that_takes_it_well_has_none_of_the_faults() {
    check(&mut refuses(sound), &[]);
}

#[test]
fn a_heartbeat_that_brings_more_than_it_was_sent_leaks() {
    let leaky = record(24, &[&[2, 0, CLAIMED], [0x41; 32].as_slice()].concat());
    let mut peer = refuses(|n, said| if said[0] == 24 { say(leaky.clone()) } else { sound(n, said) });
    check(&mut peer, &["heartbleed"]);
    // As short as what was sent: nothing came along.
    let mut peer = refuses(|n, said| match said[0] {
        24 => say(record(24, &[2, 0, 0])),
        _ => sound(n, said),
    });
    check(&mut peer, &[]);
}

#[test]
fn who_decrypts_after_an_early_change_has_changed_too_early() {
    for code in [20, 21] {
        let mut peer = refuses(|n, said| match said[0] {
            20 => say(alert(0x0303, code)),
            _ => sound(n, said),
        });
        check(&mut peer, &["early-change"]);
    }
}

#[test]
fn an_id_that_comes_back_longer_than_it_went_leaks() {
    let padded = |id: &[u8]| [id, &[0x41; 32][id.len()..]].concat();
    check(&mut Provocable { echo: padded, ..refuses(sound) }, &["ticketbleed"]);
}

#[test]
fn a_handshake_inside_a_session_is_renegotiation() {
    check(
        &mut Provocable { renegotiation: Some(Reaction::GoesOn), ..provocable(sound) },
        &["client-renegotiation"],
    );
}

/// Keys come in the same order each time; the first of each five is padded well.
fn to_keys(mut answer: impl FnMut(usize) -> Act) -> impl FnMut(usize, &[u8]) -> Act {
    let mut n = 0;
    move |before, said| {
        if said.first() != Some(&22) {
            return sound(before, said);
        }
        n += 1;
        answer(n - 1)
    }
}

#[test]
fn who_tells_good_padding_from_bad_is_an_oracle() {
    let by_alert = to_keys(|n| say(alert(0x0303, if n % 5 == 0 { 20 } else { 47 })));
    check(&mut refuses(by_alert), &["padding-oracle"]);
    let by_reset = to_keys(|n| match n % 5 {
        4 => Act::Say(Vec::new(), Then::Reset),
        _ => say(alert(0x0303, 20)),
    });
    check(&mut refuses(by_reset), &["padding-oracle"]);
    let by_silence = to_keys(|n| if n % 5 == 0 { Act::Wait } else { say(alert(0x0303, 20)) });
    check(&mut refuses(by_silence), &["padding-oracle"]);
}

#[track_caller]
fn check_unknown(peer: &mut dyn Peer, expected: &[(&str, Reason)]) {
    let facts = assess(peer, &named(), &intrusive()).facts;
    for (name, reason) in expected {
        let told = answers(&facts.features.provoked).into_iter().find(|(known, _)| known == name).unwrap().1;
        assert_eq!(told.answer, Answered::Unknown(*reason), "{name}: {:#?}", facts.connections);
    }
}

#[test]
fn what_does_not_repeat_itself_is_no_fault() {
    let moody = to_keys(|n| say(alert(0x0303, if n == 0 { 47 } else { 20 })));
    check_unknown(&mut refuses(moody), &[("padding-oracle", Reason::Inconsistent)]);
    let mut n_changes = 0;
    let moody = |n: usize, said: &[u8]| {
        if said[0] != 20 {
            return sound(n, said);
        }
        n_changes += 1;
        say(alert(0x0303, if n_changes == 1 { 20 } else { 10 }))
    };
    check_unknown(&mut refuses(moody), &[("early-change", Reason::Inconsistent)]);
}

#[test]
fn silence_and_garbage_tell_nothing() {
    check_unknown(
        &mut refuses(|_, _| Act::Wait),
        &[("heartbleed", Reason::TimedOut), ("early-change", Reason::TimedOut)],
    );
    check_unknown(
        &mut refuses(|_, _| say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())),
        &[("heartbleed", Reason::Malformed), ("early-change", Reason::Malformed)],
    );
    let crumbs = |_: usize, _: &[u8]| say(vec![21, 3, 3, 0, 2, 2]);
    let facts = assess(&mut refuses(crumbs), &named(), &intrusive()).facts;
    assert!(facts.features.provoked.early_change.is_no(), "cut off is closed");
}

#[test]
fn what_a_server_has_not_cannot_be_at_fault() {
    let mut modern = Server::with(Version::Tls13, &[0x1301]);
    let not = Reason::NotApplicable;
    check_unknown(&mut modern, &[("heartbleed", not), ("early-change", not), ("padding-oracle", not)]);
    let mut server = Server::with(Version::Tls12, &[0xc02f]);
    let facts = assess(&mut server, &named(), &intrusive()).facts;
    assert!(facts.features.provoked.heartbleed.is_no(), "heartbeats are off");
    check_unknown(&mut server, &[("padding-oracle", not), ("client-renegotiation", Reason::NeedsSession)]);
}

/// Everything that was sent, by connection, in front of another peer.
struct Overheard<P> {
    peer: P,
    said: Vec<Vec<u8>>,
    wishes: Vec<Wish>,
}

impl<P: Peer> Peer for Overheard<P> {
    fn hear(&mut self, number: u32, received: &[u8]) -> Act {
        let at = usize::try_from(number).unwrap() - 1;
        self.said.resize(self.said.len().max(at + 1), Vec::new());
        self.said[at] = received.to_vec();
        self.peer.hear(number, received)
    }

    fn session(&mut self, wish: Wish) -> Option<SessionSeen> {
        self.wishes.push(wish);
        self.peer.session(wish)
    }

    fn pieces(&self) -> (usize, Duration) {
        self.peer.pieces()
    }
}

/// Exactly one hello whose lengths agree at every level, of SSL 2.0 or of TLS; no heartbeat, no change of ciphers.
fn is_one_sound_hello(said: &[u8]) -> bool {
    let word =
        |at: usize| said.get(at..at + 2).map_or(0, |two| usize::from(u16::from_be_bytes([two[0], two[1]])));
    if said.first() == Some(&0x80) {
        let (n_ciphers, n_id, n_challenge) = (word(5), word(7), word(9));
        return said.len() == 2 + word(0) - 0x8000
            && said.len() == 11 + n_ciphers + n_id + n_challenge
            && said[2] == 1
            && n_ciphers % 3 == 0
            && n_id == 0;
    }
    let n = word(3);
    let is_hello = said.first() == Some(&22) && said.get(5) == Some(&1) && word(7) + 4 == n;
    if !is_hello || said.len() != 5 + n {
        return false;
    }
    let mut at = 5 + 4 + 34;
    let n_id = usize::from(said[at]);
    at += 1 + n_id;
    let n_suites = word(at);
    at += 2 + n_suites;
    at += 1 + usize::from(said[at]);
    let mut is_sound = matches!(n_id, 0 | 32) && n_suites % 2 == 0;
    if at < said.len() {
        is_sound &= at + 2 + word(at) == said.len();
        at += 2;
        while at < said.len() {
            at += 4 + word(at + 2);
        }
    }
    is_sound && at == said.len()
}

#[test]
fn nothing_malformed_is_ever_said_without_being_told_to() {
    let leaky = |_: usize, _: &[u8]| say(record(24, &[2; 64]));
    let with_all =
        old().and(Version::Tls13, &[0x1301]).and(Version::Tls10, &[0x002f]).and(Version::Ssl3, &[0x000a]);
    let with_all = with_all.and(Version::Ssl2, &[0x0700]).and(Version::Tlcp, &[0xe053, 0xe011]);
    let peer = Provocable { server: with_all, ..provocable(leaky) };
    let mut peer = Overheard { peer, said: Vec::new(), wishes: Vec::new() };
    let facts = assess(&mut peer, &named(), &Limits::default()).facts;
    assert!(facts.connections.len() > 20);
    for (at, said) in peer.said.iter().enumerate() {
        assert!(said.is_empty() || is_one_sound_hello(said), "connection {}: {said:02x?}", at + 1);
    }
    assert_eq!(peer.peer.n_provoked, 0);
    assert!(peer.wishes.iter().any(|wish| wish.purpose == Purpose::Ticket));
    assert!(peer.wishes.iter().all(|wish| wish.purpose != Purpose::Renegotiation));
    for (name, told) in answers(&facts.features.provoked) {
        assert_eq!(told.answer, Answered::Unknown(Reason::NotAsked), "{name}");
    }
    // The same peer shows what this test would see otherwise.
    let mut peer = Overheard { said: Vec::new(), wishes: Vec::new(), ..peer };
    assess(&mut peer, &named(), &intrusive());
    assert!(peer.said.iter().any(|said| !said.is_empty() && !is_one_sound_hello(said)));
    assert!(peer.peer.n_provoked > 0);
}

#[test]
fn two_provoked_assessments_agree() {
    let run = || assess(&mut refuses(sound), &named(), &intrusive()).facts;
    assert_eq!(run(), run());
}
