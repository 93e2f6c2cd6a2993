//! What is asked in which order. Things that are most likely answered come first, so that silence later can be told
//! from a server that never speaks.

use super::Subject;
use super::asker::{Asker, Verdict};
use super::exchange::Answer;
use super::facts::{ChainKind, ConnectionNo, Reason, ServerFacts, SuiteFacts, Told};
use super::findings::Findings;
use super::offer::PROTOCOLS;
use super::{classic, intrusive, modern, particulars, resumption, sessions, tlcp};
use crate::tls::codes::Version;
use crate::tls::flight::Flight;
use crate::tls::ssl2::CIPHERS;

/// An answer that is used twice: to tell a version, and as the first of its suites.
pub(super) struct First {
    pub(super) number: ConnectionNo,
    pub(super) flight: Box<Flight>,
}

/// What all questions share.
pub(super) struct Teller {
    pub(super) asker: Asker,
    pub(super) found: Findings,
    pub(super) subject: Subject,
    /// Protocols inside TLS that weren't chosen yet; none once the server minds that they are offered.
    pub(super) protocols: Vec<&'static str>,
    /// Where the server has shown that it has no more groups than it has chosen.
    pub(super) came_back: Option<(Version, ConnectionNo)>,
    /// Where that was shown twice.
    pub(super) no_more_groups: Option<(Version, [ConnectionNo; 2])>,
    /// The kind of certificate that came in TLS 1.2 where no server name was sent.
    pub(super) nameless: Option<ChainKind>,
}

impl Teller {
    pub(super) fn server_name(&self) -> Option<&str> {
        self.subject.server_name.as_ref().map(|name| name.as_str())
    }

    /// Takes up what a session of TLS 1.2 without a server name has shown.
    pub(super) fn take_nameless(&mut self, chain: &[Vec<u8>], by: ConnectionNo) {
        if let Some(kind) = ChainKind::of_chain(chain) {
            self.nameless = Some(kind);
            self.found.take_chain(None, kind, chain, by);
        }
    }
}

pub(super) async fn tell(asker: Asker, subject: Subject) -> ServerFacts {
    let protocols = PROTOCOLS.to_vec();
    let found = Findings::new();
    let mut teller =
        Teller { asker, found, subject, protocols, came_back: None, no_more_groups: None, nameless: None };
    let mut classic = classic::find_highest(&mut teller).await;
    let modern = modern::find(&mut teller).await;
    let tlcp = tlcp::find(&mut teller).await;
    // Somebody who answers in another protocol, or not at all, isn't asked fifty times.
    let is_tls = !classic.is_empty() || modern.is_some() || tlcp.is_some();
    let may_be = teller.asker.has_foreign.is_none() && !teller.asker.had_no_start_tls;
    if is_tls || may_be {
        classic::find_others(&mut teller, &mut classic).await;
        find_ssl2(&mut teller).await;
    }
    if let Some(first) = modern {
        modern::strike_out(&mut teller, first).await;
    }
    let highest = classic.iter().map(|(dialect, _)| *dialect).max_by_key(|dialect| dialect.version);
    for (dialect, first) in classic {
        classic::strike_out(&mut teller, dialect, first).await;
    }
    if let Some(first) = tlcp {
        tlcp::strike_out(&mut teller, first).await;
    }
    if let Some(dialect) = highest {
        particulars::ask_particulars(&mut teller, dialect).await;
    }
    modern::find_sm2(&mut teller).await;
    sessions::find(&mut teller).await;
    let ticket = resumption::find(&mut teller).await;
    if let Some(dialect) = highest {
        particulars::find_nameless(&mut teller, dialect).await;
    }
    intrusive::find(&mut teller, highest, ticket).await;
    // Refusals without a word count only if the server still speaks afterwards.
    if teller.asker.silent.iter().any(|number| *number > teller.asker.last_heard) {
        teller.asker.check_alive().await;
    }
    let Teller { asker, found, .. } = teller;
    found.finish(asker)
}

async fn find_ssl2(teller: &mut Teller) {
    let mut by = Vec::new();
    for asked in ["SSL 2.0", "SSL 2.0, again"] {
        let reply = teller.asker.ask_ssl2(asked).await;
        let number = reply.number;
        by.push(number);
        let facts = teller.found.version(Version::Ssl2);
        if let Ok(Answer::Ssl2(hello)) = &reply.answer {
            facts.offered = Told::yes(number);
            facts.suites.complete = Told::yes(number);
            facts.suites.entries = hello.ciphers.iter().map(|code| ssl2_suite(*code, number)).collect();
            if !hello.certificate.is_empty() {
                let ders = [hello.certificate.clone()];
                teller.found.take_chain(None, ChainKind::Ssl2, &ders, number);
            }
            return;
        }
        facts.offered = match reply.verdict() {
            Verdict::Refused => Told::no(by.clone()),
            // A hello of another version: it understood us, and wouldn't.
            Verdict::Taken(_) => Told::no(by.clone()),
            Verdict::Unclear(reason) => Told::unknown(reason, by.clone()),
        };
        if let Err(Reason::CapReached | Reason::Refusing) = teller.asker.given_up.map_or(Ok(()), Err) {
            return;
        }
    }
}

fn ssl2_suite(code: u32, by: ConnectionNo) -> SuiteFacts {
    let known = CIPHERS.iter().find(|(known, _)| *known == code);
    let name = known.map_or_else(|| format!("0x{code:06X}"), |(_, name)| (*name).to_owned());
    SuiteFacts { code, name, group: None, prime_bits: None, export_key_bits: None, by }
}
