//! SSL 3.0 to TLS 1.2: which versions, and of each the suites in the server's order, by striking out what it chose.

use super::asker::{Reply, Verdict};
use super::exchange::Answer;
use super::facts::{Answered, ConnectionNo, Order, Reason, Told};
use super::offer::{Classic, Form, all_groups, all_signatures};
use super::story::{First, Teller};
use crate::tls::codes::{self, Version, offered_before_13};
use crate::tls::message::{KeyExchange, Share};

/// How a server of some version wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) version: Version,
    pub(super) form: Form,
    /// So many suites in one hello.
    pub(super) n_suites: usize,
}

/// For servers that stumble over long lists.
const SHORT_LIST: usize = 64;

impl Dialect {
    pub(super) fn full(version: Version) -> Dialect {
        Dialect { version, form: Form::Full, n_suites: usize::MAX }
    }

    /// The second way to ask: little enough for anybody.
    fn modest(version: Version) -> Dialect {
        let form = if version == Version::Ssl3 { Form::Bare } else { Form::Plain };
        Dialect { version, form, n_suites: SHORT_LIST }
    }
}

/// What is offered beside the dialect.
#[derive(Clone, Copy)]
pub(super) struct Wares<'a> {
    pub(super) suites: &'a [u16],
    pub(super) groups: &'a [u16],
    pub(super) signatures: &'a [u16],
    pub(super) with_name: bool,
    pub(super) signal: Option<u16>,
}

impl<'a> Wares<'a> {
    pub(super) fn new(suites: &'a [u16], groups: &'a [u16], signatures: &'a [u16]) -> Wares<'a> {
        Wares { suites, groups, signatures, with_name: true, signal: None }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    /// A refusal only counts if it is repeated.
    Twice,
}

const NO_APPLICATION_PROTOCOL: u8 = 120;

/// Offers, along with protocols that weren't chosen yet. Refusing those is no refusal of the rest.
pub(super) async fn ask(
    teller: &mut Teller,
    asked: &str,
    dialect: Dialect,
    wares: Wares<'_>,
    times: Times,
) -> (Vec<ConnectionNo>, Reply) {
    loop {
        let Dialect { version, form, .. } = dialect;
        let Wares { suites, groups, signatures, with_name, signal } = wares;
        let server_name = teller.server_name().filter(|_| with_name);
        let protocols = teller.protocols.as_slice();
        let hello =
            Classic { version, form, server_name, suites, groups, signatures, protocols, signal }.hello();
        let (numbers, reply) = match times {
            Times::Once => {
                let reply = teller.asker.ask(asked, &hello).await;
                (vec![reply.number], reply)
            }
            Times::Twice => teller.asker.ask_twice(asked, &hello).await,
        };
        let minds = matches!(reply.answer, Ok(Answer::Alert(NO_APPLICATION_PROTOCOL)));
        if !minds || teller.protocols.is_empty() || form != Form::Full {
            return (numbers, reply);
        }
        teller.protocols.clear();
    }
}

/// The highest version of TLS 1.2 and below, if there is any.
pub(super) async fn find_highest(teller: &mut Teller) -> Vec<(Dialect, First)> {
    let mut firsts = Vec::new();
    find_version(teller, Version::Tls12, &[], &mut firsts).await;
    firsts
}

/// All versions below that. A hello of some version is an offer of everything below it, so that its refusal is one of
/// each of those as well; each is asked for itself at least once, but for TLS 1.0 between two that were refused in
/// words.
pub(super) async fn find_others(teller: &mut Teller, firsts: &mut Vec<(Dialect, First)>) {
    let mut refusals = Vec::new();
    for version in [Version::Tls12, Version::Tls11, Version::Tls10, Version::Ssl3] {
        let facts = teller.found.version(version);
        let is_known = version == Version::Tls12 || facts.offered.is_yes();
        let is_wordless = |number: &ConnectionNo| teller.asker.silent.contains(number);
        let is_said = refusals.len() >= 2 && !refusals.iter().any(is_wordless);
        if is_known {
            // Nothing is left to be asked.
        } else if version == Version::Tls10 && is_said {
            teller.found.version(version).offered = Told::no(refusals.clone());
        } else {
            find_version(teller, version, &refusals, firsts).await;
        }
        // A version that is spoken may be spoken instead of those below, and tells nothing of them.
        let offered = &teller.found.version(version).offered;
        if offered.is_no() {
            refusals.clone_from(&offered.by);
        } else {
            refusals.clear();
        }
    }
}

/// Asks for one version in the fullest way, then in the most modest one; in that alone if higher versions have been
/// refused already.
async fn find_version(
    teller: &mut Teller,
    version: Version,
    refusals: &[ConnectionNo],
    firsts: &mut Vec<(Dialect, First)>,
) {
    let mut by: Vec<ConnectionNo> = refusals.to_vec();
    let mut unclear = None;
    let (groups, signatures) = (all_groups(), all_signatures());
    let modest_groups: Vec<u16> = groups.iter().copied().filter(|group| (19..=41).contains(group)).collect();
    let dialects = [Dialect::full(version), Dialect::modest(version)];
    for dialect in dialects.into_iter().skip(usize::from(!refusals.is_empty())) {
        let suites = offered_before_13();
        let suites = suites.get(..dialect.n_suites.min(suites.len())).unwrap_or_default();
        let groups = if dialect.form == Form::Full { &groups } else { &modest_groups };
        let again = match dialect.form {
            Form::Full => "",
            Form::Plain | Form::Bare if refusals.is_empty() => ", again and shorter",
            Form::Plain | Form::Bare => ", in short",
        };
        let asked = format!("{}{again}", version.name());
        let wares = Wares::new(suites, groups, &signatures);
        let (_, reply) = ask(teller, &asked, dialect, wares, Times::Once).await;
        let number = reply.number;
        by.push(number);
        match reply.verdict() {
            Verdict::Taken(flight) => {
                let chosen = flight.version.and_then(Version::from_code);
                match chosen {
                    Some(chosen) if chosen == version => {
                        teller.found.version(version).offered = Told::yes(number);
                        firsts.push((dialect, First { number, flight }));
                    }
                    // It came down to a version that it likes better, which proves that it hasn't this one.
                    Some(lower) if lower < version && lower.is_classic() => {
                        teller.found.version(version).offered = Told::no(by);
                        if !teller.found.speaks(lower) {
                            teller.found.version(lower).offered = Told::yes(number);
                            firsts.push((Dialect { version: lower, ..dialect }, First { number, flight }));
                        }
                    }
                    Some(_) | None => {
                        teller.found.version(version).offered = Told::unknown(Reason::Inconsistent, by);
                    }
                }
                return;
            }
            Verdict::Refused => {}
            Verdict::Unclear(reason) => unclear = Some(reason),
        }
    }
    teller.found.version(version).offered = match unclear {
        Some(reason) => Told::unknown(reason, by),
        None => Told::no(by),
    };
}

/// Reads off all suites of a version.
pub(super) async fn strike_out(teller: &mut Teller, dialect: Dialect, first: First) {
    let version = dialect.version;
    let all = offered_before_13();
    let first_offered = all.get(..dialect.n_suites.min(all.len())).unwrap_or_default();
    let mut strike = Strike {
        remaining: all.to_vec(),
        groups: all_groups(),
        n_unseen: all_groups().len(),
        choices: Vec::new(),
        came_back: None,
        no_more_groups: None,
    };
    let complete = match take(teller, dialect, &first, first_offered, &mut strike) {
        Ok(()) => strike_lists(teller, dialect, &mut strike).await,
        Err(reason) => Told::unknown(reason, [first.number]),
    };
    teller.found.version(version).suites.complete = complete;
    match strike.order(&teller.found.codes(version)) {
        Some(order) => teller.found.version(version).order = order,
        None => find_order(teller, dialect).await,
    }
    if teller.found.version(version).order == Order::Client {
        // Asked in turns from both ends, the server's choices followed ours.
        let place = |code: u32| all.iter().position(|known| u32::from(*known) == code);
        teller.found.version(version).suites.entries.sort_by_key(|suite| place(suite.code));
    }
    if strike.came_back.is_some() {
        teller.came_back = strike.came_back.map(|number| (version, number));
    }
    if let Some(by) = strike.no_more_groups {
        teller.no_more_groups = Some((version, by));
    }
}

/// What is still to be asked about, and what has been.
struct Strike {
    remaining: Vec<u16>,
    /// Those that came already stand behind the others, so that a server which follows us shows another each time.
    groups: Vec<u16>,
    n_unseen: usize,
    choices: Vec<Choice>,
    /// The connection on which a server that had followed our order of groups chose one that it had chosen before,
    /// though all that it never chose stood in front: a refusal of those.
    came_back: Option<ConnectionNo>,
    /// The connections that told twice that it has no more groups.
    no_more_groups: Option<[ConnectionNo; 2]>,
}

/// What was offered, in its order, and what was chosen.
struct Choice {
    offered: Vec<u16>,
    chosen: u16,
}

/// With so many suites a server's own order isn't ours by chance: lists were offered from both ends in turns.
const N_TELLING: usize = 6;

impl Strike {
    /// Whose order decides, as far as the choices tell.
    fn order(&self, found: &[u16]) -> Option<Order> {
        let follows_us = self.choices.iter().all(|choice| {
            let first = choice.offered.iter().find(|code| found.contains(code));
            first == Some(&choice.chosen)
        });
        match found.len() {
            0 | 1 => Some(Order::Unknown),
            _ if !follows_us => Some(Order::Server),
            N_TELLING.. => Some(Order::Client),
            _ => None,
        }
    }

    fn take_group(&mut self, group: u16, number: ConnectionNo) {
        let Some(at) = self.groups.iter().position(|code| *code == group) else { return };
        let is_new = at < self.n_unseen;
        let n_seen = self.groups.len() - self.n_unseen;
        if is_new {
            self.n_unseen -= 1;
            self.came_back = None;
        } else if n_seen >= 2 && at == self.n_unseen {
            self.came_back.get_or_insert(number);
        }
        self.groups.remove(at);
        // The one seen longest ago comes first of those seen.
        self.groups.push(group);
    }
}

async fn strike_lists(teller: &mut Teller, dialect: Dialect, strike: &mut Strike) -> Told {
    let mut by = Vec::new();
    let mut n_tried = 0;
    let mut is_reversed = false;
    let signatures = all_signatures();
    // Lists are refused one after the other; one that isn't is offered again without what was chosen.
    while n_tried < strike.remaining.len() {
        let n = dialect.n_suites.min(strike.remaining.len() - n_tried);
        let mut suites: Vec<u16> = strike.remaining.iter().skip(n_tried).take(n).copied().collect();
        is_reversed = !is_reversed;
        if is_reversed {
            suites.reverse();
        }
        let asked = format!("{}, {} more suites", dialect.version.name(), suites.len());
        let groups = strike.groups.clone();
        let wares = Wares::new(&suites, &groups, &signatures);
        let follows_us = strike.order(&teller.found.codes(dialect.version)) == Some(Order::Client);
        let times = if follows_us { Times::Once } else { Times::Twice };
        let (mut numbers, mut reply) = ask(teller, &asked, dialect, wares, times).await;
        if follows_us && !matches!(reply.answer, Ok(Answer::Flight(_)) | Err(_)) {
            let passed_over = match reply.answer {
                Ok(Answer::Alert(_)) => pass_over(teller, dialect, &suites, strike).await,
                _ => None,
            };
            if let Some(number) = passed_over {
                n_tried += n;
                by.extend([reply.number, number]);
                continue;
            }
            let wares = Wares::new(&suites, &groups, &signatures);
            (numbers, reply) = ask(teller, &asked, dialect, wares, Times::Twice).await;
        }
        let number = reply.number;
        match reply.verdict() {
            Verdict::Taken(flight) => {
                let is_offered = flight.cipher_suite.is_some_and(|code| suites.contains(&code));
                let result = if is_offered {
                    take(teller, dialect, &First { number, flight }, &suites, strike)
                } else {
                    Err(Reason::Inconsistent)
                };
                if let Err(reason) = result {
                    return Told::unknown(reason, [number]);
                }
            }
            Verdict::Refused => {
                n_tried += n;
                by.extend(numbers);
            }
            Verdict::Unclear(reason) => return Told::unknown(reason, numbers),
        }
    }
    Told { answer: Answered::Yes, by }
}

/// Asks a server that follows our order for the same suites again, and for the groups that never came, but with those
/// behind them that it has taken before: choosing one of these is refusing all others, and a sign of life. The
/// connection that told so.
async fn pass_over(
    teller: &mut Teller,
    dialect: Dialect,
    suites: &[u16],
    strike: &mut Strike,
) -> Option<ConnectionNo> {
    let known = teller.found.codes(dialect.version);
    let is_ecdhe =
        |code: &&u16| codes::suite(**code).is_some_and(|suite| suite.exchange == codes::Exchange::Ecdhe);
    let known: Vec<u16> = known.iter().filter(is_ecdhe).copied().collect();
    if known.is_empty() || suites.len() + known.len() > dialect.n_suites {
        return None;
    }
    let offered = [suites, &known].concat();
    let (groups, signatures) = (strike.groups.clone(), all_signatures());
    let asked = format!("{}, {} suites again, before known ones", dialect.version.name(), suites.len());
    let wares = Wares::new(&offered, &groups, &signatures);
    let (_, reply) = ask(teller, &asked, dialect, wares, Times::Once).await;
    let number = reply.number;
    let Verdict::Taken(flight) = reply.verdict() else { return None };
    flight.cipher_suite.filter(|code| known.contains(code))?;
    if let Some(KeyExchange { share: Share::Curve { group, .. }, .. }) = &flight.key_exchange {
        let at = groups.iter().position(|code| code == group);
        match strike.came_back {
            Some(earlier) if at == Some(strike.n_unseen) => strike.no_more_groups = Some([earlier, number]),
            _ => strike.take_group(*group, number),
        }
    }
    Some(number)
}

/// Takes up a flight that chose one of the remaining suites.
fn take(
    teller: &mut Teller,
    dialect: Dialect,
    First { number, flight }: &First,
    offered: &[u16],
    strike: &mut Strike,
) -> Result<(), Reason> {
    let Dialect { version, form, .. } = dialect;
    let code = flight.cipher_suite.filter(|_| flight.version == Some(version.code()));
    let at = code.and_then(|code| strike.remaining.iter().position(|known| *known == code));
    let (Some(code), Some(at)) = (code, at) else { return Err(Reason::Inconsistent) };
    strike.remaining.remove(at);
    strike.choices.push(Choice { offered: offered.to_vec(), chosen: code });
    if let Some(KeyExchange { share: Share::Curve { group, .. }, .. }) = &flight.key_exchange {
        strike.take_group(*group, *number);
    }
    teller.found.take_suite(version, code, flight, *number);
    let name = teller.subject.server_name.as_ref().map(|name| name.as_str().to_owned());
    let name = name.as_deref().filter(|_| form != Form::Bare);
    teller.found.take_flight(version, name, flight, *number);
    if form == Form::Full {
        teller.found.take_features(flight, *number);
        let chosen = &teller.found.features.protocols;
        teller.protocols.retain(|protocol| !chosen.iter().any(|known| known == protocol));
    }
    Ok(())
}

/// Offers the suites in the reverse of the order in which they were chosen; for few of them, whose order in our lists
/// may be the server's by chance.
async fn find_order(teller: &mut Teller, dialect: Dialect) {
    let mut suites = teller.found.codes(dialect.version);
    let (Some(&first), true) = (suites.first(), suites.len() > 1) else { return };
    suites.reverse();
    suites.truncate(dialect.n_suites);
    let (groups, signatures) = (all_groups(), all_signatures());
    let asked = format!("{}, suites in reverse", dialect.version.name());
    let wares = Wares::new(&suites, &groups, &signatures);
    let (_, reply) = ask(teller, &asked, dialect, wares, Times::Once).await;
    if let Verdict::Taken(flight) = reply.verdict() {
        teller.found.version(dialect.version).order = match flight.cipher_suite {
            Some(code) if code == first => Order::Server,
            Some(code) if suites.first() == Some(&code) => Order::Client,
            _ => Order::Unknown,
        };
    }
}
