//! Redis and its kin (Valkey, KeyDB, Dragonfly): `INFO server` tells the version, or that a password is wanted.

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Asked, Miss, Seen, after, contains};
use crate::talk::{Peer, Talk, Turn};

const MAX_INFO: usize = 32 * 1024;

/// An error as every Redis writes it, whatever it was asked.
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"-")?;
    let line = cursor.line(512)?;
    if line.starts_with(b"NOAUTH ") || contains(line, b"operation not permitted") {
        return Ok(identified("redis").product("Redis").access(Access::AuthenticationRequired));
    }
    if line.starts_with(b"DENIED ") {
        return Ok(identified("redis").product("Redis").fact("protected-mode", b"yes"));
    }
    let knows_get = contains(line, b"wrong number of arguments for 'get'");
    let error = line.starts_with(b"ERR ") && (knows_get || contains(line, b"unknown command"));
    if error || line.starts_with(b"NOPERM ") || line.starts_with(b"LOADING ") || line.starts_with(b"MISCONF ")
    {
        return Ok(identified("redis").product("Redis"));
    }
    // `-ERR` is also how POP3 refuses.
    Err(Miss::No)
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Info { asked: false })
}

struct Info {
    asked: bool,
}

impl Talk for Info {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(b"INFO server\r\n");
        }
        let mut cursor = seen.cursor();
        if cursor.tag(b"-").is_ok() {
            return Turn::done(recognise(&Seen { asked: Asked::Other, ..*seen })?);
        }
        let mut cursor = seen.cursor();
        cursor.tag(b"$")?;
        let length = std::str::from_utf8(cursor.line(16)?).ok().and_then(|digits| digits.parse().ok());
        let info = cursor.take_bounded(length.ok_or(Miss::No)?, MAX_INFO)?;
        let line = |key: &[u8]| after(info, key, b"\r\n");
        let (product, version) = [
            ("Valkey", b"valkey_version:".as_slice()),
            ("Dragonfly", b"dragonfly_version:"),
            ("KeyDB", b"keydb_version:"),
            ("Redis", b"redis_version:"),
        ]
        .into_iter()
        .find_map(|(product, key)| Some((product, line(key)?)))
        .ok_or(Miss::No)?;
        let mut facts =
            identified("redis").product(product).version(version).access(Access::NoAuthentication);
        for (fact, key) in [("os", b"os:".as_slice()), ("mode", b"redis_mode:")] {
            if let Some(value) = line(key) {
                facts = facts.fact(fact, value);
            }
        }
        Turn::done(facts)
    }
}
