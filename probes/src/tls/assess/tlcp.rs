//! TLCP (GB/T 38636-2020): found by a record and a hello of version 0x0101, its suites struck out like any others.
//! The server's certificates and its signature come in clear; checking them is for the judge.

use super::asker::Verdict;
use super::facts::{Answered, ConnectionNo, Reason, Told};
use super::offer::{all_tlcp_suites, tlcp};
use super::story::{First, Teller};
use crate::tls::codes::{Authentication, Version, tlcp_suite};
use crate::tls::flight::Flight;
use crate::tls::hello::ClientHello;
use crate::tls::message::Share;
use crate::tls::sm2;

/// First without a server name, as the standard of 2020 has it; then with one, for servers of many names.
pub(super) async fn find(teller: &mut Teller) -> Option<First> {
    let suites = all_tlcp_suites();
    let mut by = Vec::new();
    let mut unclear = None;
    let name = teller.subject.server_name.as_ref().map(|name| name.as_str().to_owned());
    let second = if name.is_some() { "TLCP, with a server name" } else { "TLCP, again" };
    for (asked, server_name) in [("TLCP", None), (second, name.as_deref())] {
        let reply = teller.asker.ask(asked, &tlcp(&suites, server_name)).await;
        let number = reply.number;
        by.push(number);
        match reply.verdict() {
            Verdict::Taken(flight) => {
                let is_tlcp = flight.version == Some(Version::Tlcp.code());
                teller.found.version(Version::Tlcp).offered =
                    if is_tlcp { Told::yes(number) } else { Told::unknown(Reason::Inconsistent, [number]) };
                if is_tlcp {
                    let needs_name = server_name.is_some();
                    teller.found.features.tlcp_needs_server_name = Told::of(needs_name, number);
                }
                return is_tlcp.then_some(First { number, flight });
            }
            Verdict::Refused => {}
            Verdict::Unclear(reason) => unclear = Some(reason),
        }
    }
    teller.found.version(Version::Tlcp).offered = match unclear {
        Some(reason) => Told::unknown(reason, by),
        None => Told::no(by),
    };
    None
}

pub(super) async fn strike_out(teller: &mut Teller, first: First) {
    let needs_name = teller.found.features.tlcp_needs_server_name.is_yes();
    let name =
        teller.subject.server_name.as_ref().map(|name| name.as_str().to_owned()).filter(|_| needs_name);
    let ask_with = |suites: &[u16]| -> ClientHello { tlcp(suites, name.as_deref()) };
    let mut remaining = all_tlcp_suites();
    let mut current = first;
    let complete = loop {
        let First { number, flight } = &current;
        let code = flight.cipher_suite.filter(|code| remaining.contains(code));
        let Some(code) = code.filter(|_| flight.version == Some(Version::Tlcp.code())) else {
            break Told::unknown(Reason::Inconsistent, [*number]);
        };
        remaining.retain(|known| *known != code);
        teller.found.take_suite(Version::Tlcp, code, flight, *number);
        teller.found.take_flight(Version::Tlcp, name.as_deref(), flight, *number);
        let random = teller.asker.random_of(*number);
        take_signature(&mut teller.found.features.tlcp_handshake_signature, flight, &random, *number);
        if remaining.is_empty() {
            break Told::yes(*number);
        }
        let asked = format!("TLCP, {} more suites", remaining.len());
        let (numbers, reply) = teller.asker.ask_twice(&asked, &ask_with(&remaining)).await;
        let number = reply.number;
        match reply.verdict() {
            Verdict::Taken(flight) => current = First { number, flight },
            Verdict::Refused => break Told { answer: Answered::Yes, by: numbers },
            Verdict::Unclear(reason) => break Told::unknown(reason, numbers),
        }
    };
    teller.found.version(Version::Tlcp).suites.complete = complete;
}

/// Verifies the signature over both randoms and what goes with them; the first one that holds or doesn't is enough.
fn take_signature(told: &mut Told, flight: &Flight, client_random: &[u8; 32], by: ConnectionNo) {
    if !matches!(told.answer, Answered::Unknown(_)) {
        return;
    }
    let (Some(signing), Some(hello), Some(exchange)) =
        (flight.certificates.first(), &flight.hello, &flight.key_exchange)
    else {
        return;
    };
    // Identities sign in another way.
    let is_sm2 = flight
        .cipher_suite
        .and_then(tlcp_suite)
        .is_some_and(|suite| suite.authentication == Authentication::Sm2);
    if exchange.signature.is_empty() || !is_sm2 {
        return;
    }
    let message = match (&exchange.share, flight.certificates.get(1)) {
        (Share::Nothing, Some(encryption)) => {
            sm2::handshake_message(client_random, &hello.random, encryption)
        }
        // Suites with a share of the server's sign that.
        (Share::Curve { .. }, _) => sm2::exchange_message(client_random, &hello.random, &exchange.signed),
        _ => return,
    };
    if let Some(holds) = sm2::has_signed(signing, &message, &exchange.signature) {
        *told = Told::of(holds, by);
    }
}
