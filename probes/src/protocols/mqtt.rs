//! MQTT 3.1.1: a `CONNECT` without user and an empty client id, so that no session of anyone else is taken over.

use model::observation::Access;

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

/// Protocol level 4, clean session, keep-alive 10 s.
const CONNECT: &[u8] = b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0";
const DISCONNECT: &[u8] = &[0xe0, 0];

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Connect { asked: false })
}

struct Connect {
    asked: bool,
}

impl Talk for Connect {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(CONNECT);
        }
        let mut cursor = seen.cursor();
        cursor.tag(&[0x20, 2])?;
        let flags = cursor.u8()?;
        let code = cursor.u8()?;
        if flags > 1 || code > 5 {
            return Err(Miss::No);
        }
        let facts = identified("mqtt").fact("return-code", code.to_string().as_bytes());
        match code {
            0 => Ok(Turn::Done { facts: facts.access(Access::NoAuthentication), farewell: DISCONNECT }),
            4 | 5 => Turn::done(facts.access(Access::AuthenticationRequired)),
            // Version, client id or availability: nothing is known of access.
            _ => Turn::done(facts),
        }
    }
}
