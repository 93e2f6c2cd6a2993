//! TLS 1.3: suites and groups by hellos without a key share. A server that could go on asks for the share of the
//! group that it would like (RFC 8446 §4.1.4), and so names suite and group without a key being made.

use super::asker::Verdict;
use super::classic::Times;
use super::facts::{Answered, ConnectionNo, GroupFacts, List, Order, Reason, Told};
use super::offer::{Modern, all_groups, all_signatures};
use super::story::{First, Teller};
use crate::tls::codes::{self, Version, offered_in_13};
use crate::tls::hello::ClientHello;

fn hello(teller: &Teller, suites: &[u16], groups: &[u16], with_shares: bool) -> ClientHello {
    let signatures = all_signatures();
    Modern { server_name: teller.server_name(), suites, groups, signatures: &signatures, with_shares }.hello()
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
    let is_odd = remaining.suites.len() == offered_in_13().len();
    let mut suites_done = is_odd.then(|| Told::unknown(Reason::Inconsistent, [first.number]));
    let mut groups_done = suites_done.clone();
    // With a share of its own choice at hand a server names no other group.
    if with_shares {
        groups_done = Some(Told::unknown(Reason::NeedsSession, [first.number]));
    }
    let mut joint_refusal = None;
    // A group came after the refusal of both, which so was one of the suites.
    let mut is_shown = false;
    while suites_done.is_none() && groups_done.is_none() {
        let (suites, groups) = (remaining.suites.clone(), remaining.groups.clone());
        let step = ask(teller, &mut remaining, &suites, &groups, with_shares, Times::Once).await;
        match step.answer {
            Stride::Further(_) => {}
            // One of the two is at its end, or they don't go together.
            Stride::Stopped(End::Refused) => {
                joint_refusal = step.numbers.first().copied();
                break;
            }
            Stride::Stopped(end) => groups_done = Some(end.told(step.numbers)),
        }
    }
    // Groups come with all suites, in the reverse of the order in which they were chosen: that tells whose order rules.
    while groups_done.is_none() {
        let mut known = teller.found.codes(Version::Tls13);
        // Whoever follows our order passes over what stands in front, and so refuses it.
        let passes_over =
            joint_refusal.is_some() && teller.found.version(Version::Tls13).order == Order::Client;
        let suites = if passes_over {
            [remaining.suites.as_slice(), &known].concat()
        } else {
            known.reverse();
            [known.as_slice(), &remaining.suites].concat()
        };
        let groups = remaining.groups.clone();
        let step = ask(teller, &mut remaining, &suites, &groups, with_shares, Times::Twice).await;
        match step.answer {
            Stride::Further(suite) if passes_over => {
                let refusals = joint_refusal.take().into_iter().chain(step.numbers);
                if known.contains(&suite) {
                    suites_done = Some(End::Refused.told(refusals.collect()));
                }
                continue;
            }
            Stride::Further(suite) => note_order(teller, &known, suite),
            Stride::Stopped(end) => groups_done = Some(end.told(step.numbers)),
        }
        // A group of those that had been offered would have been taken, so the refusal was one of the suites.
        let has_gone_further =
            groups_done.is_none() && teller.found.codes(Version::Tls13).len() == known.len();
        let follows_us = teller.found.version(Version::Tls13).order == Order::Client;
        let is_time = has_gone_further && !follows_us || groups_done.is_some() && is_shown;
        if is_time && joint_refusal.is_some() {
            suites_done = confirm_suites(teller, &mut remaining, with_shares, &mut joint_refusal).await;
        }
        is_shown |= has_gone_further;
    }
    while suites_done.is_none() {
        let (suites, all) = (remaining.suites.clone(), all_groups());
        let step = ask(teller, &mut remaining, &suites, &all, with_shares, Times::Twice).await;
        if let Stride::Stopped(end) = step.answer {
            suites_done = Some(end.told(step.numbers));
        }
    }
    teller.found.version(Version::Tls13).suites.complete = suites_done.unwrap_or_default();
    teller.found.groups_in_13.complete = groups_done.unwrap_or_default();
    if teller.found.version(Version::Tls13).order == Order::Unknown {
        find_order(teller, with_shares).await;
    }
}

/// Asks once more for suites that were refused along with groups of which some were taken later.
async fn confirm_suites(
    teller: &mut Teller,
    remaining: &mut Remaining,
    with_shares: bool,
    joint_refusal: &mut Option<ConnectionNo>,
) -> Option<Told> {
    let number = joint_refusal.take()?;
    let (suites, all) = (remaining.suites.clone(), all_groups());
    let mut step = ask(teller, remaining, &suites, &all, with_shares, Times::Once).await;
    if !matches!(step.answer, Stride::Stopped(End::Refused)) {
        return None;
    }
    step.numbers.insert(0, number);
    Some(End::Refused.told(step.numbers))
}

/// By what was chosen of all known suites, offered in the reverse of the order in which they were chosen.
fn note_order(teller: &mut Teller, reversed: &[u16], chosen: u16) {
    let order = match reversed {
        [_] | [] => return,
        [.., first] if *first == chosen => Order::Server,
        [last, ..] if *last == chosen => Order::Client,
        _ => Order::Unknown,
    };
    let known = &mut teller.found.version(Version::Tls13).order;
    if *known == Order::Unknown {
        *known = order;
    }
}

struct Step {
    answer: Stride,
    numbers: Vec<ConnectionNo>,
}

enum Stride {
    /// With the suite that was chosen.
    Further(u16),
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
    times: Times,
) -> Step {
    if suites.is_empty() || groups.is_empty() {
        return Step { answer: Stride::Stopped(End::Refused), numbers: Vec::new() };
    }
    let hello = hello(teller, suites, groups, with_shares);
    let asked = format!("TLS 1.3, {} suites, {} groups", suites.len(), groups.len());
    let (numbers, reply) = match times {
        Times::Once => {
            let reply = teller.asker.ask(&asked, &hello).await;
            (vec![reply.number], reply)
        }
        Times::Twice => teller.asker.ask_twice(&asked, &hello).await,
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
            let suite = flight.cipher_suite.unwrap_or_default();
            if is_offered && take(teller, remaining, &First { number, flight }) {
                Stride::Further(suite)
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

async fn find_order(teller: &mut Teller, with_shares: bool) {
    let mut suites = teller.found.codes(Version::Tls13);
    if suites.len() < 2 {
        return;
    }
    suites.reverse();
    let hello = hello(teller, &suites, &all_groups(), with_shares);
    let reply = teller.asker.ask("TLS 1.3, suites in reverse", &hello).await;
    if let Verdict::Taken(flight) = reply.verdict() {
        note_order(teller, &suites, flight.cipher_suite.unwrap_or_default());
    }
}

/// SM2 with SM3 (RFC 8998), and the other value in use for it.
const SM2_SIGNATURES: &[u16] = &[0x0708, 0x0704];
const CURVE_SM2: &[u16] = &[41, 0x11ee];

/// Whether there is a certificate of SM2 in TLS 1.3 too, asked where anything else is national: a client that takes no
/// other signature is only gone on with by a server that has one.
pub(super) async fn find_sm2(teller: &mut Teller) {
    let is_national = |code: &u16| codes::suite(*code).is_some_and(|suite| suite.is_national());
    let has_curve = teller.found.groups_in_13.entries.iter().any(|group| CURVE_SM2.contains(&group.code));
    let has_suite = teller.found.codes(Version::Tls13).iter().any(is_national);
    if !teller.found.speaks(Version::Tls13) || !(has_curve || has_suite || teller.found.speaks(Version::Tlcp))
    {
        return;
    }
    let suites = teller.found.codes(Version::Tls13);
    let groups: Vec<u16> = teller.found.groups_in_13.entries.iter().map(|group| group.code).collect();
    // Shares are brought along, since who asks for one hasn't looked at signatures yet.
    let hello = Modern {
        server_name: teller.server_name(),
        suites: &suites,
        groups: &groups,
        signatures: SM2_SIGNATURES,
        with_shares: true,
    }
    .hello();
    let (numbers, reply) = teller.asker.ask_twice("TLS 1.3, signed with SM2", &hello).await;
    let number = reply.number;
    teller.found.features.sm2_certificate_in_13 = match reply.verdict() {
        Verdict::Taken(flight) if flight.hello.as_ref().is_some_and(|hello| hello.is_retry()) => {
            Told::unknown(Reason::NeedsSession, [number])
        }
        Verdict::Taken(_) => Told::yes(number),
        Verdict::Refused => Told::no(numbers),
        Verdict::Unclear(reason) => Told::unknown(reason, numbers),
    };
}
