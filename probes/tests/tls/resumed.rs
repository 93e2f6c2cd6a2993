//! Tickets and ids by which sessions go on, in clear and as a library tells them.

use probes::tls::assess::facts::{Answered, Reason};
use probes::tls::assess::seam::{Limits, Purpose, SessionSeen, Wish};
use probes::tls::codes::Version;
use probes::tls::flight::{Clear, Until, read_clear, read_until};
use probes::tls::message::SessionTicket;
use probes::tls::record::handshake_record;
use proptest::prelude::*;

use crate::peer::{Act, Peer, Then, assess};
use crate::readings::named;
use crate::server::{RSA, Server, hello, offered};

const TICKET: &[u8] = &[0, 0, 28, 32, 0, 6, b't', b'i', b'c', b'k', b'e', b't'];
/// Lifetime, age, nonce, ticket, early data.
const TICKET_13: &[u8] =
    &[0, 9, 58, 128, 1, 2, 3, 4, 1, 0, 0, 3, b'1', b'.', b'3', 0, 8, 0, 42, 0, 4, 0, 0, 64, 0];

#[test]
fn a_ticket_is_read_whole_or_not_at_all() {
    let told = SessionTicket::read(TICKET).unwrap();
    assert_eq!((told.lifetime, told.ticket.as_slice(), told.max_early_data), (7200, &b"ticket"[..], None));
    let told = SessionTicket::read_in_13(TICKET_13).unwrap();
    assert_eq!((told.lifetime, told.ticket.as_slice()), (604_800, &b"1.3"[..]));
    assert_eq!(told.max_early_data, Some(16_384));
    for n in 0..TICKET.len() {
        assert!(SessionTicket::read(&TICKET[..n]).is_err(), "cut at {n}");
    }
    for n in 0..TICKET_13.len() {
        assert!(SessionTicket::read_in_13(&TICKET_13[..n]).is_err(), "cut at {n}");
    }
}

/// What a whole handshake shows in clear: a flight, a ticket, and then encryption.
fn whole() -> Vec<u8> {
    let Act::Say(mut bytes, _) = Server::with(Version::Tls12, &[0xc02f]).answer(&our_hello()) else {
        panic!("it answers");
    };
    bytes.extend(handshake_record(0x0303, 4, TICKET));
    bytes.extend([20, 3, 3, 0, 1, 1]);
    bytes.extend(handshake_record(0x0303, 4, &[9; 40]));
    bytes
}

fn our_hello() -> Vec<u8> {
    probes::tls::hello::ClientHello::compatible(None, 1).to_record()
}

#[test]
fn what_is_said_in_clear_ends_where_encryption_begins() {
    let bytes = whole();
    let all = read_clear(&bytes);
    assert_eq!(all.ticket.as_ref().map(|ticket| ticket.lifetime), Some(7200));
    for n in 0..bytes.len() {
        let Clear { ticket, .. } = read_clear(&bytes[..n]);
        assert!(ticket.is_none() || ticket == all.ticket, "cut at {n}");
    }
}

proptest! {
    #[test]
    fn any_bytes_in_clear_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_clear(&bytes);
        let _ = SessionTicket::read(&bytes);
        let _ = SessionTicket::read_in_13(&bytes);
    }
}

/// Gives out ids and tickets, and goes on by those that it `takes`.
struct Resuming {
    server: Server,
    takes: &'static [Purpose],
    lifetime: u32,
}

const ID: [u8; 32] = [0x1d; 32];

impl Peer for Resuming {
    fn hear(&mut self, number: u32, received: &[u8]) -> Act {
        let hello_of_tls = received.first().filter(|kind| **kind == 22).and_then(|_| offered(received));
        let is_known = hello_of_tls.is_some_and(|offered| {
            let ticket = offered.extensions.get(&35).is_some_and(|ticket| ticket == b"ticket");
            let id = received.get(44..76).is_some_and(|id| id == ID);
            ticket && self.takes.contains(&Purpose::Ticket) || id && self.takes.contains(&Purpose::SessionId)
        });
        if !is_known {
            return self.server.hear(number, received);
        }
        let mut bytes = hello(0x0303, 0xc02f, [7; 32], &[]);
        bytes.extend(handshake_record(0x0303, 4, TICKET));
        bytes.extend([20, 3, 3, 0, 1, 1]);
        Act::Say(bytes, Then::Hold)
    }

    fn session(&mut self, wish: Wish) -> Option<SessionSeen> {
        let seen = SessionSeen { chain: vec![RSA.to_vec()], is_whole: true, ..SessionSeen::default() };
        match wish.purpose {
            Purpose::Ticket => {
                Some(SessionSeen { ticket: b"ticket".to_vec(), ticket_lifetime: Some(self.lifetime), ..seen })
            }
            Purpose::SessionId => Some(SessionSeen { session_id: ID.to_vec(), ..seen }),
            Purpose::Certificates | Purpose::Page | Purpose::Renegotiation => None,
        }
    }
}

#[track_caller]
fn check(takes: &'static [Purpose]) {
    let extensions = vec![0, 35, 0, 0];
    let server = Server { extensions, ..Server::with(Version::Tls12, &[0xc02f]) };
    let mut peer = Resuming { server, takes, lifetime: 7200 };
    let features = assess(&mut peer, &named(), &Limits::default()).facts.features;
    let expected = |purpose| if takes.contains(&purpose) { Answered::Yes } else { Answered::No };
    assert_eq!(features.resumption_by_ticket.answer, expected(Purpose::Ticket));
    assert_eq!(features.resumption_by_id.answer, expected(Purpose::SessionId));
    assert_eq!(features.ticket_lifetime_seconds, Some(7200));
}

#[test]
fn sessions_go_on_by_what_the_server_takes() {
    check(&[Purpose::Ticket, Purpose::SessionId]);
    check(&[Purpose::Ticket]);
    check(&[Purpose::SessionId]);
    check(&[]);
}

#[test]
fn without_a_session_resumption_cannot_be_told() {
    let mut server = Server::with(Version::Tls12, &[0xc02f]);
    let features = assess(&mut server, &named(), &Limits::default()).facts.features;
    assert_eq!(features.resumption_by_id.answer, Answered::Unknown(Reason::NeedsSession));
    assert!(features.resumption_by_ticket.is_no(), "it never answers that it knows tickets");
    let mut server = Server::with(Version::Tls13, &[0x1301]);
    let features = assess(&mut server, &named(), &Limits::default()).facts.features;
    assert_eq!(features.resumption_by_id.answer, Answered::Unknown(Reason::NotApplicable));
}

#[test]
fn an_abbreviated_handshake_is_told_from_a_whole_one() {
    let mut bytes = hello(0x0303, 0xc02f, [7; 32], &[]);
    bytes.extend([20, 3, 3, 0, 1, 1]);
    let flight = read_until(&bytes, false, Until::Done).unwrap();
    assert!(flight.is_resumed && flight.is_whole && flight.certificates.is_empty());
    assert!(!read_until(&whole(), false, Until::Done).unwrap().is_resumed);
    for n in 0..bytes.len() {
        assert!(
            !read_until(&bytes[..n], true, Until::Done).is_ok_and(|flight| flight.is_resumed),
            "cut at {n}"
        );
    }
}
