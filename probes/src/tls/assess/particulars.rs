//! SSL 3.0 to TLS 1.2: what is asked once the suites are known: groups, fallbacks, SHA-1, and what a client sees that
//! sends no name.

use super::asker::Verdict;
use super::classic::{Dialect, Times, Wares, ask};
use super::exchange::Answer;
use super::facts::{Answered, ChainKind, GroupFacts, Order, Reason, Told};
use super::offer::{all_groups, all_signatures};
use super::story::Teller;
use crate::tls::codes::{self, Authentication, Exchange, Version};
use crate::tls::hello::FALLBACK_SCSV;
use crate::tls::message::Share;

const INAPPROPRIATE_FALLBACK: u8 = 86;

/// What is asked of the highest version alone, in the dialect in which it has answered.
pub(super) async fn ask_particulars(teller: &mut Teller, dialect: Dialect) {
    find_groups(teller, dialect).await;
    let classic = teller.found.classic();
    find_fallback(teller, &classic, dialect).await;
    if dialect.version == Version::Tls12 {
        find_sha1(teller, dialect).await;
    }
}

fn with_exchange(teller: &Teller, version: Version, exchanges: &[Exchange]) -> Vec<u16> {
    let mut codes = teller.found.codes(version);
    codes.retain(|code| codes::suite(*code).is_some_and(|suite| exchanges.contains(&suite.exchange)));
    codes
}

/// secp256r1, secp384r1, secp521r1 and the three of brainpool.
const CERTIFICATE_CURVES: &[u16] = &[23, 24, 25, 26, 27, 28];

/// Strikes out groups. A certificate on a curve needs that curve to be offered, so suites with RSA come first where
/// there are any.
async fn find_groups(teller: &mut Teller, dialect: Dialect) {
    let mut suites = with_exchange(teller, dialect.version, &[Exchange::Ecdhe]);
    if suites.is_empty() {
        teller.found.groups_before_13.complete = Told::unknown(Reason::NotApplicable, []);
        return;
    }
    let is_rsa =
        |code: &u16| codes::suite(*code).is_some_and(|suite| suite.authentication == Authentication::Rsa);
    let bound_to_curve = !suites.iter().any(is_rsa);
    if !bound_to_curve {
        suites.retain(is_rsa);
    }
    let signatures = all_signatures();
    let mut groups = all_groups();
    // What came with a suite when all were offered is the server's first choice.
    let known = teller.found.version(dialect.version).suites.entries.iter();
    let known: Vec<GroupFacts> = known.filter_map(|suite| suite.group.clone()).collect();
    for group in known {
        strike(teller, &mut groups, group);
    }
    if let Some((_, by)) = teller.no_more_groups.filter(|(version, _)| *version == dialect.version) {
        teller.found.groups_before_13.complete = Told { answer: Answered::Yes, by: by.to_vec() };
        return;
    }
    // It has passed over these once.
    let came_back = teller.came_back.filter(|(version, _)| *version == dialect.version);
    let mut came_back = came_back.map(|(_, number)| number);
    // Offered behind all others once they are missed: the curve that the certificate is on.
    let mut anchors: Vec<u16> = Vec::new();
    loop {
        let asked = format!("{}, {} more groups", dialect.version.name(), groups.len());
        let offered = [groups.as_slice(), &anchors].concat();
        let wares = Wares::new(&suites, &offered, &signatures);
        let times = if came_back.is_some() { Times::Once } else { Times::Twice };
        let (mut numbers, mut reply) = ask(teller, &asked, dialect, wares, times).await;
        match came_back.take() {
            Some(earlier) if matches!(reply.answer, Ok(Answer::Alert(_))) => numbers.insert(0, earlier),
            // Anything but a plain refusal is asked about again.
            Some(_) if !matches!(reply.answer, Ok(Answer::Flight(_)) | Err(_)) => {
                (numbers, reply) = ask(teller, &asked, dialect, wares, Times::Twice).await;
            }
            _ => {}
        }
        let number = reply.number;
        let complete = match reply.verdict() {
            Verdict::Taken(flight) => {
                let group = flight.key_exchange.as_ref().and_then(|exchange| match exchange.share {
                    Share::Curve { group, .. } => Some(group),
                    _ => None,
                });
                match group {
                    Some(code) if groups.contains(&code) => {
                        strike(teller, &mut groups, GroupFacts::new(code, number));
                        continue;
                    }
                    // It comes back to its certificate's curve, which says that there is nothing else only if
                    // our order decides.
                    Some(code) if anchors.contains(&code) => {
                        match teller.found.version(dialect.version).order {
                            Order::Client => Told { answer: Answered::Yes, by: numbers },
                            Order::Server | Order::Unknown => Told::unknown(Reason::Inconsistent, numbers),
                        }
                    }
                    // A server that chooses what wasn't offered has one group, whatever it is asked.
                    Some(_) | None => Told::unknown(Reason::Inconsistent, numbers),
                }
            }
            Verdict::Refused if bound_to_curve && anchors.is_empty() => {
                let struck = teller.found.groups_before_13.entries.iter().map(|group| group.code);
                anchors = struck.filter(|code| CERTIFICATE_CURVES.contains(code)).collect();
                if !anchors.is_empty() {
                    continue;
                }
                Told { answer: Answered::Yes, by: numbers }
            }
            Verdict::Refused => Told { answer: Answered::Yes, by: numbers },
            Verdict::Unclear(reason) => Told::unknown(reason, numbers),
        };
        teller.found.groups_before_13.complete = complete;
        return;
    }
}

fn strike(teller: &mut Teller, groups: &mut Vec<u16>, group: GroupFacts) {
    groups.retain(|code| *code != group.code);
    let entries = &mut teller.found.groups_before_13.entries;
    if entries.iter().all(|known| known.code != group.code) {
        entries.push(group);
    }
}

/// Pretends to have come down from a higher version (RFC 7507).
async fn find_fallback(teller: &mut Teller, classic: &[Version], dialect: Dialect) {
    let above = if teller.found.speaks(Version::Tls13) { classic.first() } else { classic.get(1) };
    let Some(&version) = above else {
        teller.found.features.fallback_scsv = Told::unknown(Reason::NotApplicable, []);
        return;
    };
    let suites = teller.found.codes(version);
    let (groups, signatures) = (all_groups(), all_signatures());
    let asked = format!("{}, as a fallback", version.name());
    let wares = Wares { signal: Some(FALLBACK_SCSV), ..Wares::new(&suites, &groups, &signatures) };
    let dialect = Dialect { version, ..dialect };
    let (_, mut reply) = ask(teller, &asked, dialect, wares, Times::Once).await;
    if !matches!(reply.answer, Ok(Answer::Alert(INAPPROPRIATE_FALLBACK) | Answer::Flight(_)) | Err(_)) {
        (_, reply) = ask(teller, &asked, dialect, wares, Times::Once).await;
    }
    let number = reply.number;
    teller.found.features.fallback_scsv = match reply.verdict() {
        // Without the signal it took the same hello; some hang up rather than say why.
        Verdict::Refused => Told::yes(number),
        Verdict::Taken(_) => Told::no([number]),
        Verdict::Unclear(reason) => Told::unknown(reason, [number]),
    };
}

/// Offers nothing but SHA-1 to sign with.
async fn find_sha1(teller: &mut Teller, dialect: Dialect) {
    let suites = with_exchange(teller, dialect.version, &[Exchange::Ecdhe, Exchange::Dhe]);
    if suites.is_empty() {
        teller.found.features.sha1_signatures = Told::unknown(Reason::NotApplicable, []);
        return;
    }
    let groups = all_groups();
    let wares = Wares::new(&suites, &groups, &[0x0203, 0x0201, 0x0202]);
    let (numbers, reply) = ask(teller, "TLS 1.2, signed with SHA-1", dialect, wares, Times::Twice).await;
    let number = reply.number;
    teller.found.features.sha1_signatures = match reply.verdict() {
        Verdict::Taken(flight) => {
            let scheme = flight.key_exchange.as_ref().and_then(|exchange| exchange.scheme);
            Told::of(scheme.is_some_and(|scheme| scheme >> 8 == 2), number)
        }
        Verdict::Refused => Told::no(numbers),
        Verdict::Unclear(reason) => Told::unknown(reason, numbers),
    };
}

/// What a client sees that sends no name, by kind of certificate; but for a kind that a session has shown.
pub(super) async fn find_nameless(teller: &mut Teller, dialect: Dialect) {
    if teller.server_name().is_none() {
        return;
    }
    let (groups, signatures) = (all_groups(), all_signatures());
    let of = |teller: &Teller, wanted: Authentication| {
        let mut codes = teller.found.codes(dialect.version);
        codes.retain(|code| codes::suite(*code).is_some_and(|suite| suite.authentication == wanted));
        codes
    };
    for wanted in [Authentication::Rsa, Authentication::Ecdsa] {
        let suites = of(teller, wanted);
        let is_shown = dialect.version == Version::Tls12 && teller.nameless == Some(ChainKind::of(wanted));
        if suites.is_empty() || is_shown {
            continue;
        }
        let asked = format!("{}, without a server name", dialect.version.name());
        let wares = Wares { with_name: false, ..Wares::new(&suites, &groups, &signatures) };
        let (_, reply) = ask(teller, &asked, dialect, wares, Times::Once).await;
        let number = reply.number;
        if let Verdict::Taken(flight) = reply.verdict() {
            teller.found.take_flight(dialect.version, None, &flight, number);
        }
    }
}
