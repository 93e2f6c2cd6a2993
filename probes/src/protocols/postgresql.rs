//! PostgreSQL: `SSLRequest`, TLS where it is granted, then a startup message whose answer says how one would
//! have to authenticate (message formats, protocol 3.0). No password is ever sent.

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// Length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// `Terminate`.
const TERMINATE: &[u8] = &[b'X', 0, 0, 0, 4];
const MAX_MESSAGE: usize = 16 * 1024;

/// An error as the server sends it whatever it was asked: `E`, length, and fields that begin with a severity.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"E")?;
    let length = cursor.len32()?;
    if !(8..=MAX_MESSAGE).contains(&length) {
        return Err(Miss::No);
    }
    cursor.tag(b"S")?;
    let error = cursor.take(length - 5)?;
    error_facts(error).ok_or(Miss::No)
}

/// `None` unless it has the fields of a PostgreSQL error.
fn error_facts(fields: &[u8]) -> Option<ServiceFacts> {
    let text = |letter: u8| {
        fields.split(|&b| b == 0).find_map(|field| field.split_first().filter(|(first, _)| **first == letter))
    };
    let (_, code) = text(b'C').filter(|(_, code)| code.len() == 5)?;
    let (_, message) = text(b'M')?;
    Some(identified("postgresql").product("PostgreSQL").info(message).fact("error", code))
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Database { state: State::Fresh, starttls: b"not offered" })
}

struct Database {
    state: State,
    starttls: &'static [u8],
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Fresh,
    AskedForTls,
    InTls,
    Started,
}

impl Talk for Database {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        match self.state {
            State::Fresh => {
                self.state = State::AskedForTls;
                Turn::say(SSL_REQUEST)
            }
            State::AskedForTls => {
                let mut cursor = seen.cursor();
                match cursor.u8()? {
                    // A lone letter and then silence; more at once would be something else's text.
                    b'S' if cursor.is_empty() => {
                        (self.state, self.starttls) = (State::InTls, b"offered");
                        Ok(Turn::StartTls)
                    }
                    b'N' if cursor.is_empty() => {
                        self.state = State::Started;
                        Ok(Turn::Say { used: 1, bytes: startup() })
                    }
                    b'E' => Turn::done(recognise(seen)?),
                    _ => Err(Miss::No),
                }
            }
            State::InTls if seen.end => Turn::done(self.facts()),
            State::InTls => {
                self.state = State::Started;
                Turn::say(startup())
            }
            State::Started => self.answer(seen),
        }
    }
}

impl Database {
    fn facts(&self) -> ServiceFacts {
        identified("postgresql").product("PostgreSQL").fact("starttls", self.starttls)
    }

    fn answer(&self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let mut cursor = seen.cursor();
        match cursor.rest().first() {
            Some(b'E') => {
                let error = recognise(seen)?;
                Turn::done(self.facts().enriched_by(error))
            }
            Some(b'R') => {
                cursor.take(1)?;
                let length = cursor.len32()?;
                let body = cursor.take_bounded(length.saturating_sub(4), MAX_MESSAGE)?;
                let method = Cursor::whole(body).u32()?;
                let facts = self.facts();
                if method != 0 {
                    let name = match method {
                        3 => "cleartext password",
                        5 => "md5",
                        7 | 9 => "gssapi or sspi",
                        10 => "sasl",
                        _ => "other",
                    };
                    let facts =
                        facts.access(Access::AuthenticationRequired).fact("auth-methods", name.as_bytes());
                    return Turn::done(facts);
                }
                let facts = facts.access(Access::NoAuthentication);
                Ok(Turn::Done { facts: with_parameters(facts, &mut cursor)?, farewell: TERMINATE })
            }
            Some(_) => Err(Miss::No),
            None => Err(cursor.short()),
        }
    }
}

/// Reads `ParameterStatus` messages until the version or the end of them.
fn with_parameters(facts: ServiceFacts, cursor: &mut Cursor<'_>) -> Result<ServiceFacts, Miss> {
    loop {
        let message = cursor.u8().and_then(|kind| {
            let length = cursor.len32()?;
            Ok((kind, cursor.take_bounded(length.saturating_sub(4), MAX_MESSAGE)?))
        });
        match message {
            Ok((b'S', body)) => {
                if let Some(version) = body.strip_prefix(b"server_version\0") {
                    let version = version.strip_suffix(b"\0").unwrap_or(version);
                    return Ok(facts.version(version));
                }
            }
            Ok((b'N' | b'K', _)) => {}
            Ok(_) => return Ok(facts),
            Err(Miss::More) => return Err(Miss::More),
            Err(_) => return Ok(facts),
        }
    }
}

fn startup() -> Vec<u8> {
    let body: &[u8] = b"\0\x03\0\0user\0postgres\0database\0postgres\0application_name\0sentrypost\0\0";
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), body].concat()
}
