//! TLS 1.2: whether sessions go on by a ticket and by an id. The driver's library holds the session that brings one;
//! whether it is taken shows in clear, in the answer to a hello of ours.

use super::asker::Verdict;
use super::facts::{Reason, Told};
use super::offer::{Classic, Form};
use super::seam::{Purpose, Wish};
use super::sessions::{ANY, hold};
use super::story::Teller;
use crate::tls::codes::Version;
use crate::tls::hello::ClientHello;
use crate::tls::message::extension;

/// Suites of TLS 1.2 in which the library holds sessions.
const HELD: &[u16] = &[0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
const GROUPS: &[u16] = &[29, 23, 24, 25];

/// The ticket of the server, if it gave one and takes it back.
pub(super) async fn find(teller: &mut Teller) -> Option<Vec<u8>> {
    if !teller.found.speaks(Version::Tls12) {
        let is_older = !teller.found.classic().is_empty();
        let reason = if is_older { Reason::NeedsSession } else { Reason::NotApplicable };
        let features = &mut teller.found.features;
        features.resumption_by_id = Told::unknown(reason, []);
        features.resumption_by_ticket = Told::unknown(reason, []);
        return None;
    }
    let codes = teller.found.codes(Version::Tls12);
    if !codes.iter().any(|code| HELD.contains(code)) {
        let features = &mut teller.found.features;
        features.resumption_by_id = Told::unknown(Reason::NeedsSession, []);
        features.resumption_by_ticket = Told::unknown(Reason::NeedsSession, []);
        return None;
    }
    let ticket = by_ticket(teller).await;
    by_id(teller).await;
    ticket
}

async fn by_ticket(teller: &mut Teller) -> Option<Vec<u8>> {
    let told = &teller.found.features.session_tickets;
    if told.is_no() {
        teller.found.features.resumption_by_ticket = told.clone();
        return None;
    }
    let wish = Wish { purpose: Purpose::Ticket, ..ANY };
    let Some((number, seen)) = hold(teller, "TLS 1.2, a session for its ticket", wish).await else {
        teller.found.features.resumption_by_ticket = Told::unknown(Reason::NeedsSession, []);
        return None;
    };
    if seen.ticket.is_empty() {
        // Only one who has finished is given one.
        let told =
            if seen.is_whole { Told::no([number]) } else { Told::unknown(Reason::NeedsSession, [number]) };
        teller.found.features.resumption_by_ticket = told;
        return None;
    }
    let lifetime = seen.ticket_lifetime.filter(|seconds| *seconds > 0);
    teller.found.features.ticket_lifetime = Told::of(lifetime.is_some(), number);
    teller.found.features.ticket_lifetime_seconds = lifetime;
    let hello = with_ticket(teller, &seen.ticket, &[0x5e; 32]);
    let told = ask(teller, "TLS 1.2, with the ticket", &hello).await;
    let is_taken = told.is_yes();
    teller.found.features.resumption_by_ticket = told;
    is_taken.then_some(seen.ticket)
}

/// Without a server name, where one would be sent otherwise: the certificate that comes then is seen along with it.
async fn by_id(teller: &mut Teller) {
    let wish = Wish { purpose: Purpose::SessionId, ..ANY };
    let mut with_name = teller.server_name().is_none();
    let asked =
        if with_name { "TLS 1.2, a session for its id" } else { "TLS 1.2, a nameless session for its id" };
    let mut held = hold(teller, asked, Wish { with_name, ..wish }).await;
    match &held {
        Some((number, seen)) if !with_name => teller.take_nameless(&seen.chain, *number),
        None if !with_name => {
            with_name = true;
            held = hold(teller, "TLS 1.2, a session for its id", wish).await;
        }
        _ => {}
    }
    let Some((number, seen)) = held else {
        teller.found.features.resumption_by_id = Told::unknown(Reason::NeedsSession, []);
        return;
    };
    let gives_id = !seen.session_id.is_empty();
    if !teller.found.features.session_ids.is_yes() {
        teller.found.features.session_ids = Told::of(gives_id, number);
    }
    teller.found.features.resumption_by_id = if !seen.is_whole {
        Told::unknown(Reason::NeedsSession, [number])
    } else if gives_id {
        let mut hello = hello(teller, with_name);
        hello.session_id = seen.session_id;
        if let Some(extensions) = &mut hello.extensions {
            extensions.retain(|known| known.kind != extension::SESSION_TICKET);
        }
        ask(teller, "TLS 1.2, with the session id", &hello).await
    } else {
        Told::no([number])
    };
}

/// What the session was held with, as far as a server may insist on it.
fn hello(teller: &Teller, with_name: bool) -> ClientHello {
    let suites = teller.found.codes(Version::Tls12);
    let signatures = super::offer::all_signatures();
    Classic {
        version: Version::Tls12,
        form: Form::Full,
        server_name: teller.server_name().filter(|_| with_name),
        suites: &suites,
        groups: GROUPS,
        signatures: &signatures,
        protocols: &[],
        signal: None,
    }
    .hello()
}

/// The id is of our making: the server says it again if it takes the ticket (RFC 5077 §3.4).
pub(super) fn with_ticket(teller: &Teller, ticket: &[u8], session_id: &[u8]) -> ClientHello {
    let mut hello = hello(teller, true);
    hello.session_id = session_id.to_vec();
    for known in hello.extensions.iter_mut().flatten() {
        if known.kind == extension::SESSION_TICKET {
            known.data = ticket.to_vec();
        }
    }
    hello
}

/// An older session goes on, or a new one begins.
async fn ask(teller: &mut Teller, asked: &str, hello: &ClientHello) -> Told {
    let (numbers, reply) = teller.asker.ask_twice(asked, hello).await;
    let number = reply.number;
    match reply.verdict() {
        Verdict::Taken(flight) if flight.is_resumed => Told::yes(number),
        Verdict::Taken(flight) if flight.is_whole => Told::no([number]),
        Verdict::Taken(_) => Told::unknown(Reason::Malformed, [number]),
        Verdict::Refused => Told::no(numbers),
        Verdict::Unclear(reason) => Told::unknown(reason, numbers),
    }
}
