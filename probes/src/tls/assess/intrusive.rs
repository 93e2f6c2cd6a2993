//! Faults that show only to one who says something malformed or unusual. Nothing of this is asked unless the limits
//! allow it; what was a fault once is asked again, and only what shows twice is one.

use super::asker::Verdict;
use super::classic::Dialect;
use super::exchange::Answer;
use super::facts::{ConnectionNo, Reason, Told};
use super::offer::{Classic, all_groups, all_signatures};
use super::resumption::with_ticket;
use super::seam::{Purpose, Wish};
use super::sessions::{ANY, hold};
use super::story::Teller;
use crate::tls::codes::{self, Authentication, Cipher, Exchange, Version};
use crate::tls::hello::ClientHello;
use crate::tls::provoke::{BadKey, CLAIMED, Provocation, Reaction};

/// Bytes of a heartbeat's type and length.
const HEARTBEAT_HEAD: usize = 3;
/// bad_record_mac and decryption_failed.
const COULD_NOT_DECRYPT: [u8; 2] = [20, 21];

/// `highest`: the best of SSL 3.0 to TLS 1.2, as the server wants to be asked. `ticket`: one that it takes.
pub(super) async fn find(teller: &mut Teller, highest: Option<Dialect>, ticket: Option<Vec<u8>>) {
    if !teller.asker.may_provoke() {
        return;
    }
    let Some(dialect) = highest else {
        let not = || Told::unknown(Reason::NotApplicable, []);
        let provoked = &mut teller.found.features.provoked;
        (provoked.heartbleed, provoked.early_change, provoked.ticketbleed) = (not(), not(), not());
        (provoked.client_renegotiation, provoked.padding_oracle) = (not(), not());
        return;
    };
    teller.found.features.provoked.heartbleed = heartbleed(teller, dialect).await;
    teller.found.features.provoked.early_change = early_change(teller, dialect).await;
    teller.found.features.provoked.ticketbleed = ticketbleed(teller, ticket).await;
    teller.found.features.provoked.client_renegotiation = client_renegotiation(teller).await;
    teller.found.features.provoked.padding_oracle = padding_oracle(teller).await;
}

fn hello(teller: &Teller, dialect: Dialect, suites: &[u16]) -> ClientHello {
    let (groups, signatures) = (all_groups(), all_signatures());
    let Dialect { version, form, .. } = dialect;
    let server_name = teller.server_name();
    let (protocols, signal) = (&[][..], None);
    Classic {
        version,
        form,
        server_name,
        suites,
        groups: &groups,
        signatures: &signatures,
        protocols,
        signal,
    }
    .hello()
}

/// What a provocation came to: `Ok(true)` shows the fault.
type Shown = Result<bool, Reason>;

/// Provokes, and once more if it showed the fault.
async fn provoke(
    teller: &mut Teller,
    asked: &str,
    hello: &ClientHello,
    provocation: Provocation,
    tell: impl Fn(Reaction) -> Shown,
) -> Told {
    let mut by = Vec::new();
    loop {
        let reply = teller.asker.provoke(asked, hello, provocation).await;
        by.push(reply.number);
        let shown = match reply.answer {
            Ok(Answer::Reaction(reaction)) => tell(reaction),
            _ => Err(match reply.verdict() {
                Verdict::Unclear(reason) => reason,
                // It answered this very hello before.
                Verdict::Taken(_) | Verdict::Refused => Reason::Inconsistent,
            }),
        };
        match shown {
            Ok(true) if by.len() < 2 => {}
            Ok(true) => return Told { answer: super::facts::Answered::Yes, by },
            Ok(false) if by.len() == 2 => return Told::unknown(Reason::Inconsistent, by),
            Ok(false) => return Told::no(by),
            Err(reason) => return Told::unknown(reason, by),
        }
    }
}

async fn heartbleed(teller: &mut Teller, dialect: Dialect) -> Told {
    let told = &teller.found.features.heartbeat;
    // Who doesn't do heartbeats answers none.
    if told.is_no() {
        return told.clone();
    }
    let suites = teller.found.codes(dialect.version);
    let hello = hello(teller, dialect, &suites);
    provoke(teller, "a heartbeat that claims too much", &hello, Provocation::Heartbeat, |reaction| {
        match reaction {
            Reaction::Heartbeat(n) => Ok(n >= HEARTBEAT_HEAD + usize::from(CLAIMED)),
            Reaction::TimedOut => Err(Reason::TimedOut),
            Reaction::GoesOn | Reaction::Other => Err(Reason::Malformed),
            Reaction::Alert(_) | Reaction::Closed | Reaction::Reset => Ok(false),
        }
    })
    .await
}

async fn early_change(teller: &mut Teller, dialect: Dialect) -> Told {
    let suites = teller.found.codes(dialect.version);
    let hello = hello(teller, dialect, &suites);
    provoke(teller, "a change of ciphers too early", &hello, Provocation::EarlyChange, |reaction| {
        match reaction {
            // It tried to decrypt what followed.
            Reaction::Alert(code) => Ok(COULD_NOT_DECRYPT.contains(&code)),
            Reaction::Closed | Reaction::Reset => Ok(false),
            Reaction::TimedOut => Err(Reason::TimedOut),
            Reaction::Heartbeat(_) | Reaction::GoesOn | Reaction::Other => Err(Reason::Malformed),
        }
    })
    .await
}

/// One byte short of what the faulty ones send back: no more than one byte of theirs comes along.
const SHORT_ID: [u8; 31] = [0x5e; 31];

async fn ticketbleed(teller: &mut Teller, ticket: Option<Vec<u8>>) -> Told {
    let Some(ticket) = ticket else {
        let told = &teller.found.features.resumption_by_ticket;
        return if told.is_no() {
            told.clone()
        } else {
            Told::unknown(Reason::NeedsSession, told.by.clone())
        };
    };
    let hello = with_ticket(teller, &ticket, &SHORT_ID);
    let (numbers, reply) = teller.asker.ask_twice("the ticket, with an id of 31 bytes", &hello).await;
    let number = reply.number;
    match reply.verdict() {
        Verdict::Taken(flight) => {
            let id = flight.hello.map(|hello| hello.session_id).unwrap_or_default();
            if id.len() > SHORT_ID.len() && id.starts_with(&SHORT_ID) {
                Told::yes(number)
            } else if flight.is_resumed {
                Told::no([number])
            } else {
                // It didn't take the ticket this time, and so had no id to say again.
                Told::unknown(Reason::Inconsistent, [number])
            }
        }
        Verdict::Refused => Told::no(numbers),
        Verdict::Unclear(reason) => Told::unknown(reason, numbers),
    }
}

async fn client_renegotiation(teller: &mut Teller) -> Told {
    if !teller.found.speaks(Version::Tls12) {
        return Told::unknown(Reason::NeedsSession, []);
    }
    let wish = Wish { purpose: Purpose::Renegotiation, ..ANY };
    let Some((number, seen)) = hold(teller, "TLS 1.2, another handshake inside a session", wish).await else {
        return Told::unknown(Reason::NeedsSession, []);
    };
    match seen.renegotiation {
        Some(Reaction::GoesOn) => Told::yes(number),
        Some(Reaction::Alert(_) | Reaction::Closed | Reaction::Reset) => Told::no([number]),
        Some(Reaction::TimedOut) => Told::unknown(Reason::TimedOut, [number]),
        Some(Reaction::Heartbeat(_) | Reaction::Other) => Told::unknown(Reason::Malformed, [number]),
        None => Told::unknown(Reason::NeedsSession, [number]),
    }
}

/// Suites in which the client encrypts a secret to the certificate.
fn encrypting(teller: &Teller, version: Version) -> Vec<u16> {
    let mut suites = teller.found.codes(version);
    suites.retain(|code| {
        codes::suite(*code).is_some_and(|suite| {
            suite.exchange == Exchange::Static
                && suite.authentication == Authentication::Rsa
                && !suite.export
                && suite.cipher != Cipher::Null
        })
    });
    suites
}

async fn padding_oracle(teller: &mut Teller) -> Told {
    let classic = teller.found.classic();
    let with_suites = classic.iter().map(|version| (*version, encrypting(teller, *version)));
    let Some((version, suites)) = with_suites.into_iter().find(|(_, suites)| !suites.is_empty()) else {
        return Told::unknown(Reason::NotApplicable, []);
    };
    let hello = hello(teller, Dialect::full(version), &suites);
    let mut by = Vec::new();
    let first = match reactions(teller, &hello, &mut by).await {
        Ok(first) => first,
        Err(reason) => return Told::unknown(reason, by),
    };
    if first.iter().all(|reaction| Some(reaction) == first.first()) {
        let is_silent = first.contains(&Reaction::TimedOut);
        return if is_silent { Told::unknown(Reason::TimedOut, by) } else { Told::no(by) };
    }
    match reactions(teller, &hello, &mut by).await {
        Ok(second) if second == first => Told { answer: super::facts::Answered::Yes, by },
        Ok(_) => Told::unknown(Reason::Inconsistent, by),
        Err(reason) => Told::unknown(reason, by),
    }
}

/// How the server takes each kind of bad key.
async fn reactions(
    teller: &mut Teller,
    hello: &ClientHello,
    by: &mut Vec<ConnectionNo>,
) -> Result<Vec<Reaction>, Reason> {
    let mut seen = Vec::new();
    for how in BadKey::ALL {
        let asked = format!("a key with padding that is wrong: {how:?}").to_lowercase();
        let reply = teller.asker.provoke(&asked, hello, Provocation::BadKey(how)).await;
        by.push(reply.number);
        match reply.answer {
            Ok(Answer::Reaction(reaction)) => seen.push(reaction),
            _ => {
                return Err(match reply.verdict() {
                    Verdict::Unclear(reason) => reason,
                    Verdict::Taken(_) | Verdict::Refused => Reason::Inconsistent,
                });
            }
        }
    }
    Ok(seen)
}
