//! Reads the first flight of a server, of SSL 3.0 to TLS 1.3 and TLCP: records joined and cut as RFC 5246 §6.2.1
//! allows, bounded at every level. What was asked, and what an answer means, is the caller's to know.

use super::message::{
    CertificateRequest, KeyExchange, ServerHello, SessionTicket, certificate_list, certificate_status,
};
use super::record::{ContentKind, NoRecord, next_record};
use crate::seen::{Cursor, Miss};

/// More than any first flight needs.
pub const MAX_FLIGHT: usize = 64 * 1024;

pub const SERVER_HELLO: u8 = 2;
pub const NEW_SESSION_TICKET: u8 = 4;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_STATUS: u8 = 22;

/// What the server showed in clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flight {
    /// As negotiated; from `supported_versions` if the server sent that.
    pub version: Option<u16>,
    pub cipher_suite: Option<u16>,
    /// Of the first record.
    pub record_version: Option<u16>,
    pub hello: Option<ServerHello>,
    /// DER, leaf first; empty for TLS 1.3, which encrypts them.
    pub certificates: Vec<Vec<u8>>,
    /// A stapled OCSP response, DER.
    pub staple: Option<Vec<u8>>,
    pub key_exchange: Option<KeyExchange>,
    pub certificate_request: Option<CertificateRequest>,
    /// The description of the alert that ended it (RFC 8446 §6).
    pub alert: Option<u8>,
    /// Alerts that didn't end it.
    pub warnings: Vec<u8>,
    /// Encryption began at once, without certificate and key exchange: an older session goes on.
    pub is_resumed: bool,
    /// Everything that a flight of its kind holds is here.
    pub is_whole: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlightError {
    #[error("the flight isn't complete yet")]
    Incomplete,
    #[error("the peer doesn't speak TLS")]
    NotTls,
    #[error("the flight breaks the rules of TLS")]
    Malformed,
    #[error("the flight is longer than {MAX_FLIGHT} bytes")]
    TooLong,
}

/// How much of a flight is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Certificate,
    Done,
}

/// Reads what has arrived, up to the certificate. `end`: no more will come, so what is whole must do.
pub fn read(bytes: &[u8], end: bool) -> Result<Flight, FlightError> {
    read_until(bytes, end, Until::Certificate)
}

/// Reads what has arrived. An answer other than `Incomplete` isn't changed by further bytes.
pub fn read_until(bytes: &[u8], end: bool, until: Until) -> Result<Flight, FlightError> {
    let mut flight = Flight::default();
    let mut handshake: Vec<u8> = Vec::new();
    let mut n_taken = 0;
    let mut records = Cursor::whole(bytes);
    loop {
        let record = match next_record(&mut records) {
            Ok(record) => record,
            // Known for sure only by what is there: no TLS at all, or something whole before the break.
            Err(NoRecord::Incomplete) if end => return at_end(flight),
            Err(NoRecord::Incomplete) if bytes.len() >= MAX_FLIGHT => return Err(FlightError::TooLong),
            Err(NoRecord::Incomplete) => return Err(FlightError::Incomplete),
            Err(NoRecord::NotTls) if flight.version.is_some() => return Err(FlightError::Malformed),
            Err(NoRecord::NotTls) => return Err(FlightError::NotTls),
        };
        flight.record_version.get_or_insert(record.version);
        match record.kind {
            ContentKind::Alert => {
                let &[level, description] = record.content else { return Err(FlightError::Malformed) };
                // Warnings (unrecognized_name, for one) don't end a handshake.
                if level == 2 {
                    flight.alert = Some(description);
                    flight.is_whole = true;
                    return Ok(flight);
                }
                if flight.warnings.len() < 8 {
                    flight.warnings.push(description);
                }
            }
            ContentKind::Handshake => {
                handshake.extend_from_slice(record.content);
                if take_messages(&handshake, &mut n_taken, &mut flight, until)? {
                    flight.is_whole = true;
                    return Ok(flight);
                }
            }
            // Encryption begins: TLS 1.3, or an older session is resumed.
            _ if flight.version.is_some() => {
                let is_change = record.kind == ContentKind::ChangeCipherSpec;
                flight.is_resumed = is_change && flight.version.is_some_and(|version| version < 0x0304);
                flight.is_whole = true;
                return Ok(flight);
            }
            _ => return Err(FlightError::Malformed),
        }
    }
}

fn at_end(mut flight: Flight) -> Result<Flight, FlightError> {
    if flight.version.is_none() {
        // A warning and then nothing is a refusal too.
        flight.alert = Some(*flight.warnings.last().ok_or(FlightError::NotTls)?);
    }
    Ok(flight)
}

/// Takes whole handshake messages from `n_taken` on; `true` once what is wanted is in.
fn take_messages(
    handshake: &[u8],
    n_taken: &mut usize,
    flight: &mut Flight,
    until: Until,
) -> Result<bool, FlightError> {
    let malformed = |_| FlightError::Malformed;
    loop {
        let mut cursor = Cursor::whole(handshake.get(*n_taken..).unwrap_or_default());
        let message = (|| {
            let kind = cursor.u8()?;
            let length = cursor.u24()?;
            Ok::<_, Miss>((kind, length, cursor.take(length)))
        })();
        let Ok((kind, length, body)) = message else { return Ok(false) };
        if length > MAX_FLIGHT {
            return Err(FlightError::TooLong);
        }
        // The first message of a server is its hello and nothing else.
        if flight.version.is_none() && kind != SERVER_HELLO {
            return Err(FlightError::NotTls);
        }
        let Ok(body) = body else { return Ok(false) };
        *n_taken += cursor.n_used();
        let version = flight.version.unwrap_or_default();
        match kind {
            SERVER_HELLO if flight.hello.is_none() => {
                let hello = ServerHello::read(body).map_err(malformed)?;
                flight.version = Some(hello.version);
                flight.cipher_suite = Some(hello.suite);
                // Nothing else comes in clear.
                let is_all = hello.version >= 0x0304;
                flight.hello = Some(hello);
                if is_all && until == Until::Done {
                    return Ok(true);
                }
            }
            SERVER_HELLO => return Err(FlightError::Malformed),
            CERTIFICATE => {
                flight.certificates = certificate_list(body).map_err(malformed)?;
                if until == Until::Certificate {
                    return Ok(true);
                }
            }
            CERTIFICATE_STATUS => flight.staple = Some(certificate_status(body).map_err(malformed)?),
            SERVER_KEY_EXCHANGE if until == Until::Done => {
                let suite = flight.cipher_suite.unwrap_or_default();
                flight.key_exchange = Some(KeyExchange::read(body, version, suite).map_err(malformed)?);
            }
            CERTIFICATE_REQUEST if until == Until::Done => {
                flight.certificate_request =
                    Some(CertificateRequest::read(body, version).map_err(malformed)?);
            }
            SERVER_HELLO_DONE => return Ok(true),
            _ => {}
        }
    }
}

/// What a whole handshake of TLS 1.2 or older showed in clear beside its flight.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clear {
    pub session_id: Vec<u8>,
    pub ticket: Option<SessionTicket>,
}

/// Reads everything that a server said in clear, up to where its encryption begins; what is broken ends it too.
pub fn read_clear(bytes: &[u8]) -> Clear {
    let mut clear = Clear::default();
    let mut handshake = Vec::new();
    let mut records = Cursor::whole(bytes.get(..MAX_FLIGHT).unwrap_or(bytes));
    while let Ok(record) = next_record(&mut records) {
        match record.kind {
            ContentKind::Handshake => handshake.extend_from_slice(record.content),
            ContentKind::Alert => {}
            ContentKind::ChangeCipherSpec | ContentKind::Application | ContentKind::Heartbeat => break,
        }
    }
    let mut messages = Cursor::whole(&handshake);
    while let Ok((kind, body)) = next_message(&mut messages) {
        match kind {
            SERVER_HELLO => {
                clear.session_id = ServerHello::read(body).map(|hello| hello.session_id).unwrap_or_default();
            }
            NEW_SESSION_TICKET => clear.ticket = SessionTicket::read(body).ok(),
            _ => {}
        }
    }
    clear
}

/// Kind and body of a handshake message.
pub fn next_message<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Miss> {
    let kind = cursor.u8()?;
    let length = cursor.u24()?;
    Ok((kind, cursor.take(length)?))
}
