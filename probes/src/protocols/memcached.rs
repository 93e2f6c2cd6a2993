//! memcached: `version` in the text protocol.

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Asked, Clue, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// The bare `ERROR` with which it answers a line that it doesn't know; others say that too, so it is only a
/// clue.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"ERROR")?;
    let line = cursor.line(64)?;
    if line.is_empty() && seen.asked != Asked::Nothing {
        Err(Miss::Clue(Clue::Probe("memcached")))
    } else {
        Err(Miss::No)
    }
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Version { asked: false })
}

struct Version {
    asked: bool,
}

impl Talk for Version {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(b"version\r\n");
        }
        let facts = identified("memcached").product("memcached");
        let farewell = b"quit\r\n";
        let mut cursor = seen.cursor();
        if cursor.tag(b"CLIENT_ERROR unauthenticated").is_ok() {
            return Ok(Turn::Done { facts: facts.access(Access::AuthenticationRequired), farewell });
        }
        let mut cursor = seen.cursor();
        match cursor.tag(b"VERSION ") {
            Err(Miss::No) if b"CLIENT_ERROR unauthenticated".starts_with(seen.bytes) && !seen.end => {
                return Err(Miss::More);
            }
            tagged => tagged?,
        }
        let version = cursor.line(128)?;
        if !version.first().is_some_and(u8::is_ascii_digit) {
            return Err(Miss::No);
        }
        Ok(Turn::Done { facts: facts.version(version).access(Access::NoAuthentication), farewell })
    }
}
