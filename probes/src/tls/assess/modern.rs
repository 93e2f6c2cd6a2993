//! TLS 1.3: suites and groups by hellos without a key share. A server that could go on asks for the share of the
//! group that it would like (RFC 8446 §4.1.4), and so names suite and group without a key being made.

use super::asker::Verdict;
use super::exchange::Answer;
use super::facts::{Answered, ChainKind, ConnectionNo, GroupFacts, List, Order, Reason, Told};
use super::offer::{Modern, all_groups};
use super::story::{First, Teller};
use crate::tls::codes::{Version, offered_in_13};
use crate::tls::hello::ClientHello;

fn hello(teller: &Teller, suites: &[u16], groups: &[u16], with_shares: bool) -> ClientHello {
    Modern { server_name: teller.server_name(), suites, groups, with_shares }.hello()
}

/// Whether there is TLS 1.3. The second question brings key shares, for servers that can't ask.
pub(super) async fn find(teller: &mut Teller) -> Option<First> {
    let (suites, groups) = (offered_in_13(), all_groups());
    let mut by = Vec::new();
    let mut unclear = None;
    for (asked, with_shares) in [("TLS 1.3", false), ("TLS 1.3, again, with key shares", true)] {
        let hello = hello(teller, &suites, &groups, with_shares);
        let reply = teller.asker.ask(asked, &hello).await;
        let number = reply.number;
        by.push(number);
        match reply.verdict() {
            Verdict::Taken(flight) => {
                let chosen = flight.version.and_then(Version::from_code);
                let offered = match chosen {
                    Some(Version::Tls13) => Told::yes(number),
                    // It didn't look at the list of versions, and took us for a client of TLS 1.2.
                    Some(version) if version.is_classic() => Told::no([number]),
                    Some(_) | None => Told::unknown(Reason::Inconsistent, [number]),
                };
                let is_there = offered.is_yes();
                teller.found.version(Version::Tls13).offered = offered;
                return is_there.then_some(First { number, flight });
            }
            Verdict::Refused => {}
            Verdict::Unclear(reason) => unclear = Some(reason),
        }
    }
    teller.found.version(Version::Tls13).offered = match unclear {
        Some(reason) => Told::unknown(reason, by),
        None => Told::no(by),
    };
    None
}

/// What is still to be asked about.
struct Remaining {
    suites: Vec<u16>,
    groups: Vec<u16>,
}

/// Suites and groups are struck out together, since an answer names one of each; when the two don't go together any
/// more, each goes on with all of the other.
pub(super) async fn strike_out(teller: &mut Teller, first: First) {
    let with_shares = first.flight.hello.as_ref().is_some_and(|hello| !hello.is_retry());
    let mut remaining = Remaining { suites: offered_in_13(), groups: all_groups() };
    take(teller, &mut remaining, &first);
    let mut suites_done = None;
    let mut groups_done = None;
    // With a share of its own choice at hand a server names no other group.
    if with_shares {
        groups_done = Some(Told::unknown(Reason::NeedsSession, [first.number]));
    }
    let is_odd = remaining.suites.len() == offered_in_13().len();
    if is_odd {
        suites_done = Some(Told::unknown(Reason::Inconsistent, [first.number]));
        groups_done.get_or_insert_with(|| Told::unknown(Reason::Inconsistent, [first.number]));
    }
    while suites_done.is_none() || groups_done.is_none() {
        // Both at once as long as both go on.
        let suites = if suites_done.is_none() { remaining.suites.clone() } else { offered_in_13() };
        let groups = if groups_done.is_none() { remaining.groups.clone() } else { all_groups() };
        let both = suites_done.is_none() && groups_done.is_none();
        let Step { answer, numbers } = ask(teller, &mut remaining, &suites, &groups, with_shares, both).await;
        match answer {
            Stride::Further => {}
            Stride::Stopped(end) if both => {
                // One of the two is at its end, or they don't go together: the suites are asked for alone.
                let all = all_groups();
                suites_done = loop {
                    let suites = remaining.suites.clone();
                    let step = ask(teller, &mut remaining, &suites, &all, with_shares, false).await;
                    match step.answer {
                        Stride::Further => {}
                        Stride::Stopped(end) => break Some(end.told(step.numbers)),
                    }
                };
                if matches!(end, End::Unclear(_)) {
                    groups_done = Some(end.told(numbers));
                }
            }
            Stride::Stopped(end) if suites_done.is_none() => suites_done = Some(end.told(numbers)),
            Stride::Stopped(end) => groups_done = Some(end.told(numbers)),
        }
    }
    teller.found.version(Version::Tls13).suites.complete = suites_done.unwrap_or_default();
    teller.found.groups_in_13.complete = groups_done.unwrap_or_default();
    find_order(teller, with_shares).await;
}

struct Step {
    answer: Stride,
    numbers: Vec<ConnectionNo>,
}

enum Stride {
    Further,
    Stopped(End),
}

enum End {
    Refused,
    Unclear(Reason),
}

impl End {
    fn told(&self, by: Vec<ConnectionNo>) -> Told {
        match self {
            End::Refused => Told { answer: Answered::Yes, by },
            End::Unclear(reason) => Told::unknown(*reason, by),
        }
    }
}

async fn ask(
    teller: &mut Teller,
    remaining: &mut Remaining,
    suites: &[u16],
    groups: &[u16],
    with_shares: bool,
    is_try: bool,
) -> Step {
    if suites.is_empty() || groups.is_empty() {
        return Step { answer: Stride::Stopped(End::Refused), numbers: Vec::new() };
    }
    let hello = hello(teller, suites, groups, with_shares);
    let asked = format!("TLS 1.3, {} suites, {} groups", suites.len(), groups.len());
    // A refusal of both at once is looked into anyway.
    let (numbers, reply) = if is_try {
        let reply = teller.asker.ask(&asked, &hello).await;
        (vec![reply.number], reply)
    } else {
        teller.asker.ask_twice(&asked, &hello).await
    };
    let number = reply.number;
    let answer = match reply.verdict() {
        Verdict::Taken(flight) => {
            let is_offered = flight.cipher_suite.is_some_and(|code| suites.contains(&code))
                && flight
                    .hello
                    .as_ref()
                    .and_then(|hello| hello.group())
                    .is_none_or(|code| groups.contains(&code));
            if is_offered && take(teller, remaining, &First { number, flight }) {
                Stride::Further
            } else {
                Stride::Stopped(End::Unclear(Reason::Inconsistent))
            }
        }
        Verdict::Refused => Stride::Stopped(End::Refused),
        Verdict::Unclear(reason) => Stride::Stopped(End::Unclear(reason)),
    };
    Step { answer, numbers }
}

/// Takes up the suite and the group of an answer; false if neither is new.
fn take(teller: &mut Teller, remaining: &mut Remaining, First { number, flight }: &First) -> bool {
    if flight.version != Some(Version::Tls13.code()) {
        return false;
    }
    let mut is_new = false;
    if let Some(code) = flight.cipher_suite.filter(|code| remaining.suites.contains(code)) {
        remaining.suites.retain(|known| *known != code);
        teller.found.take_suite(Version::Tls13, code, flight, *number);
        is_new = true;
    }
    let group = flight.hello.as_ref().and_then(|hello| hello.group());
    if let Some(code) = group.filter(|code| remaining.groups.contains(code)) {
        remaining.groups.retain(|known| *known != code);
        let List { entries, .. } = &mut teller.found.groups_in_13;
        entries.push(GroupFacts::new(code, *number));
        is_new = true;
    }
    is_new
}

const RSA: &[u16] = &[0x0804, 0x0805, 0x0806];
const ECDSA: &[u16] = &[0x0403, 0x0503, 0x0603, 0x0807];

/// The certificates of a server that speaks nothing but TLS 1.3, by kind: only a whole handshake shows them.
pub(super) async fn find_certificates(teller: &mut Teller) {
    if !teller.found.speaks(Version::Tls13) || !teller.found.classic().is_empty() {
        return;
    }
    for (asked, kind, schemes) in [
        ("TLS 1.3, a session with RSA", ChainKind::Rsa, RSA),
        ("TLS 1.3, a session with ECDSA", ChainKind::Ecdsa, ECDSA),
    ] {
        if !teller.asker.may_hold_sessions() {
            return;
        }
        let reply = teller.asker.ask_session(asked, schemes).await;
        if let Ok(Answer::Session(seen)) = reply.answer {
            let name = teller.subject.server_name.as_ref().map(|name| name.as_str().to_owned());
            teller.found.take_session(name.as_deref(), kind, &seen, reply.number);
        }
    }
}

async fn find_order(teller: &mut Teller, with_shares: bool) {
    let mut suites = teller.found.codes(Version::Tls13);
    let (Some(&first), true) = (suites.first(), suites.len() > 1) else { return };
    suites.reverse();
    let hello = hello(teller, &suites, &all_groups(), with_shares);
    let reply = teller.asker.ask("TLS 1.3, suites in reverse", &hello).await;
    if let Verdict::Taken(flight) = reply.verdict() {
        teller.found.version(Version::Tls13).order = match flight.cipher_suite {
            Some(code) if code == first => Order::Server,
            Some(code) if suites.first() == Some(&code) => Order::Client,
            _ => Order::Unknown,
        };
    }
}
