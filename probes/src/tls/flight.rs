//! Reads the first flight of a TLS server up to its certificate: records joined and cut as RFC 5246 §6.2.1
//! allows, bounded at every level.

use crate::seen::{Cursor, Miss};

/// More than any first flight needs.
pub const MAX_FLIGHT: usize = 64 * 1024;
/// 2^14 and what TLS 1.2 may add (RFC 5246 §6.2.3).
const MAX_RECORD: usize = 16 * 1024 + 2048;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION: u8 = 23;

pub const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_HELLO_DONE: u8 = 14;

/// What the server showed in clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flight {
    /// As negotiated; from `supported_versions` if the server sent that.
    pub version: Option<u16>,
    pub cipher_suite: Option<u16>,
    /// DER, leaf first; empty for TLS 1.3, which encrypts them.
    pub certificates: Vec<Vec<u8>>,
    /// The description of the alert that ended it (RFC 8446 §6).
    pub alert: Option<u8>,
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

/// Reads what has arrived. `end`: no more will come, so what is whole must do.
pub fn read(bytes: &[u8], end: bool) -> Result<Flight, FlightError> {
    let mut flight = Flight::default();
    let mut handshake: Vec<u8> = Vec::new();
    let mut n_taken = 0;
    let mut records = Cursor::whole(bytes);
    loop {
        match record(&mut records.clone()) {
            Err(error) => {
                // Known for sure only by what is there: no TLS at all, or something whole before the break.
                return match error {
                    FlightError::Incomplete if end && flight.version.is_some() => Ok(flight),
                    FlightError::Incomplete if end => Err(FlightError::NotTls),
                    FlightError::Incomplete if bytes.len() >= MAX_FLIGHT => Err(FlightError::TooLong),
                    FlightError::NotTls if flight.version.is_some() => Err(FlightError::Malformed),
                    error => Err(error),
                };
            }
            Ok((kind, content)) => {
                // The same record again, this time for good.
                let _ = record(&mut records);
                match kind {
                    ALERT => {
                        let [level, description] = content else { return Err(FlightError::Malformed) };
                        // Warnings (unrecognized_name, for one) don't end a handshake.
                        if *level == 2 {
                            flight.alert = Some(*description);
                            return Ok(flight);
                        }
                    }
                    HANDSHAKE => {
                        handshake.extend_from_slice(content);
                        if take_messages(&handshake, &mut n_taken, &mut flight)? {
                            return Ok(flight);
                        }
                    }
                    // Encryption begins: TLS 1.3, or a resumption that wasn't offered.
                    _ if flight.version.is_some() => return Ok(flight),
                    _ => return Err(FlightError::Malformed),
                }
            }
        }
    }
}

fn record<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), FlightError> {
    let incomplete = |_| FlightError::Incomplete;
    let kind = cursor.u8().map_err(incomplete)?;
    if !matches!(kind, CHANGE_CIPHER_SPEC | ALERT | HANDSHAKE | APPLICATION) {
        return Err(FlightError::NotTls);
    }
    // TLS and SSL 3 are 3.x; TLCP is 1.1.
    let major = cursor.u8().map_err(incomplete)?;
    let minor = cursor.u8().map_err(incomplete)?;
    if !matches!((major, minor), (3, 0..=4) | (1, 1)) {
        return Err(FlightError::NotTls);
    }
    let length = usize::from(cursor.u16().map_err(incomplete)?);
    if length > MAX_RECORD {
        return Err(FlightError::NotTls);
    }
    Ok((kind, cursor.take(length).map_err(incomplete)?))
}

/// Takes whole handshake messages from `n_taken` on; `true` once the certificate or the end of the flight is in.
fn take_messages(handshake: &[u8], n_taken: &mut usize, flight: &mut Flight) -> Result<bool, FlightError> {
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
        match kind {
            SERVER_HELLO => server_hello(body, flight).map_err(|_| FlightError::Malformed)?,
            CERTIFICATE => {
                flight.certificates = super::certificate_list(body).map_err(|_| FlightError::Malformed)?;
                return Ok(true);
            }
            SERVER_HELLO_DONE => return Ok(true),
            _ => {}
        }
    }
}

fn server_hello(body: &[u8], flight: &mut Flight) -> Result<(), Miss> {
    let mut body = Cursor::whole(body);
    let mut version = body.u16()?;
    body.take(32)?;
    let n_session = usize::from(body.u8()?);
    body.take_bounded(n_session, 32)?;
    let suite = body.u16()?;
    body.u8()?;
    if !body.is_empty() {
        let length = usize::from(body.u16()?);
        let mut extensions = Cursor::whole(body.take(length)?);
        while !extensions.is_empty() {
            let kind = extensions.u16()?;
            let length = usize::from(extensions.u16()?);
            let data = extensions.take(length)?;
            // supported_versions (RFC 8446 §4.2.1) says what the old field can't.
            if let (43, &[major, minor]) = (kind, data) {
                version = u16::from_be_bytes([major, minor]);
            }
        }
    }
    flight.version = Some(version);
    flight.cipher_suite = Some(suite);
    Ok(())
}
