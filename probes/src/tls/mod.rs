//! TLS as an assessor needs it: a hello that offers what no sane library offers, and a reader of the server's
//! first flight. Sessions (TLS 1.3, HTTP inside) are the driver's, with a library.

pub mod assess;
pub mod codes;
pub mod flight;
pub mod hello;
pub mod judge;
pub mod message;
pub mod primes;
pub mod provoke;
pub mod record;
pub mod sm2;
pub mod ssl2;
pub mod staple;
pub mod start_tls;

use model::observation::{PresentedChain, ServiceFacts, TlsFacts};

use crate::certificate::{MAX_CHAIN, certificate_facts};
use crate::facts::{Tell, identified};
use crate::seen::{Clue, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};
use flight::{Flight, FlightError};

/// A server's TLS record in answer to anything: an alert, or the beginning of a handshake. A hello of a *client*
/// is an echo of ours, and no sign of TLS.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    let kind = cursor.u8()?;
    if !matches!(kind, 0x15 | 0x16) {
        return Err(Miss::No);
    }
    cursor.tag(&[3])?;
    let minor = cursor.u8()?;
    let length = cursor.u16()?;
    let first = cursor.u8()?;
    let sound = minor <= 4
        && match kind {
            0x15 => length == 2 && matches!(first, 1 | 2),
            _ => first == flight::SERVER_HELLO,
        };
    if sound { Err(Miss::Clue(Clue::Tls)) } else { Err(Miss::No) }
}

pub(crate) fn talk(peer: &Peer) -> Box<dyn Talk> {
    Box::new(OldHello { peer: peer.clone(), asked: false })
}

/// Sends our hello and reads the flight. What it finds is in [`ServiceFacts::tls`]; the protocol inside stays
/// unknown.
struct OldHello {
    peer: Peer,
    asked: bool,
}

impl Talk for OldHello {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            let hello = hello::ClientHello::compatible(self.peer.server_name.as_ref(), self.peer.seed);
            return Turn::say(hello.to_record());
        }
        let flight = match flight::read(seen.bytes, seen.end) {
            Ok(flight) => flight,
            Err(FlightError::Incomplete) => return Err(Miss::More),
            Err(FlightError::NotTls | FlightError::Malformed | FlightError::TooLong) => return Err(Miss::No),
        };
        Turn::done(facts(&flight, &self.peer))
    }
}

fn facts(flight: &Flight, peer: &Peer) -> ServiceFacts {
    let chain: Vec<_> =
        flight.certificates.iter().take(MAX_CHAIN).filter_map(|der| certificate_facts(der).ok()).collect();
    let presented = if chain.is_empty() {
        Vec::new()
    } else {
        vec![PresentedChain { server_name: peer.server_name.clone(), chain }]
    };
    let version = flight.version.map(|version| version_name(version).to_owned());
    let mut facts = ServiceFacts { protocol: None, ..identified("tls") };
    if let Some(alert) = flight.alert {
        facts = facts.fact("tls-alert", alert.to_string().as_bytes());
    }
    if let Some(suite) = flight.cipher_suite {
        facts = facts.fact("tls-cipher-suite", format!("0x{suite:04X}").as_bytes());
    }
    facts.tls = Some(TlsFacts { version, after_start_tls: false, presented });
    facts
}

/// The name of a protocol version as it stands in a hello.
pub fn version_name(version: u16) -> &'static str {
    match version {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        0x0101 => "TLCP 1.1",
        _ => "other",
    }
}
